"""Samples looked at by people: a page that shows each edit, their decisions, and the dataset that these leave."""
