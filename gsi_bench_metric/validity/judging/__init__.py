"""Validity of judges: images with a known appearance score, and how far two judges agree."""
