"""Validity of judges: images whose appearance score is known, and how far two judges agree."""
