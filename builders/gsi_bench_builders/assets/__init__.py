"""Embedded assets: parametric household objects that are made from a seed, and adapters to assets that users bring."""
