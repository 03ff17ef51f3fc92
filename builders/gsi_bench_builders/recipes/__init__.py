"""Recipes: how a split is made, each readable top to bottom, and what all of them share."""
