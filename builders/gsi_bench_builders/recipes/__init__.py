"""Recipes: how scenes of a kind come about."""
