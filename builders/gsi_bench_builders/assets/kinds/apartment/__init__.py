"""Furniture of living rooms and studios, and what belongs to it."""
