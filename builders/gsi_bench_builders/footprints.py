"""What an object covers of the ground, seen from above: the one place that says so."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gsi_bench_builders.polygons import hull
from gsi_bench_builders.scene import UP, Thing

__all__ = ["footprint", "swept_footprint"]

Points = NDArray[np.float64]

_BASE = [0, 4, 6, 2]  # corners of the box's underside, counter-clockwise, among `Thing.corners`
_CIRCLE = np.linspace(0, 2 * np.pi, 24, endpoint=False)
# The polygon is drawn around the circle, not in it, so that it holds all of what is round.
_CIRCLE_POINTS = np.column_stack([np.cos(_CIRCLE), np.sin(_CIRCLE)]) / np.cos(np.pi / 24)


def footprint(thing: Thing) -> Points:
    """The outline of an object's box, counter-clockwise, n×2: its four sides where it stands, its hull where it leans."""
    corners = thing.corners()[:, :2]
    return corners[_BASE] if thing.rotation[2] == UP else hull(corners)


def swept_footprint(thing: Thing) -> Points:
    """What it covers however it is turned where it is round, seen from above: a circle; else its footprint."""
    width, depth, _ = thing.size
    if thing.info.symmetry == "continuous" and thing.is_upright and abs(width - depth) < 0.01 * width:
        return np.asarray(thing.position[:2] + _CIRCLE_POINTS * max(width, depth) / 2)
    return footprint(thing)
