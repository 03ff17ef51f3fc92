"""Boxes, poses, motions and symmetries: pure functions of arrays, metres and radians. Knows no records."""
