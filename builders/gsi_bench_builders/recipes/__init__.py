"""Recipes: where a split's scenes come from, each readable top to bottom; `registry` has them by the split's name."""
