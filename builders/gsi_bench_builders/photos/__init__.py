"""Photographs as scenes of known boxes: read, proved, brought upright, and asked what a renderer would be asked."""
