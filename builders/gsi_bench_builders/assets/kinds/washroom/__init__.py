"""Furniture of bathrooms, and what belongs to it."""
