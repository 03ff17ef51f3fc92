"""Which turns leave a shape looking the same, from points on its surface.

Shape only: a label may break the symmetry that is found here. That is the safe side, for a turn that may not be seen must not
be asked for; so is everything in doubt: what is nearly symmetric counts as symmetric.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from gsi_bench_builders.scene import Symmetry, turn_about_z

__all__ = ["ORDER", "estimate_symmetry", "most_symmetric", "surface_points"]

# From the least to the most symmetric.
ORDER: tuple[Symmetry, ...] = ("none", "2-fold", "4-fold", "continuous")

# A finer symmetry than four-fold has no name of its own: any of these turns makes it "continuous".
_FINE_DEG = (45, 60, 72, 120)
# Two measures tell shapes apart. A handle: many turned points (2 %) have no neighbour within three median distances of
# neighbours and 3 % of the radius; of points spread at random 0.2 % have none within three medians. A square that is
# no circle: neighbours are farther on the whole, by more than 6 % of the radius in the square mean.
_NEIGHBOURS, _RADII, _FAR_SHARE = 3.0, 0.03, 0.02
_SPREAD_RADII = 0.06


def estimate_symmetry(points: NDArray[np.floating]) -> Symmetry:
    """The symmetry about the vertical through the origin of a shape given by points spread over its surface (n×3, z up).

    Points are compared with each other, so some hundred are needed; with fewer than 100 nothing can be said, which counts
    as "continuous". Vertices will not do where they are uneven: see `surface_points`.
    """
    if len(points) < 100:
        return "continuous"
    points = points.astype(np.float32)  # enough for what is compared, and twice as fast
    apart = _nearest(points, points, skip_self=True)
    radius = float(np.hypot(points[:, 0], points[:, 1]).max())
    limit = _NEIGHBOURS * float(np.median(apart)) + _RADII * radius
    spread = float((apart**2).mean()) + (_SPREAD_RADII * radius) ** 2

    def same(degrees: float) -> bool:
        off = _nearest(points @ np.array(turn_about_z(math.radians(degrees)), dtype=np.float32).T, points)
        return float((off > limit).mean()) <= _FAR_SHARE and float((off**2).mean()) <= spread

    if any(same(degrees) for degrees in _FINE_DEG):
        return "continuous"
    if not same(180):
        return "none"
    return "4-fold" if same(90) else "2-fold"


def most_symmetric(*found: Symmetry) -> Symmetry:
    """The one that allows the fewest turns to be seen.

    >>> most_symmetric("2-fold", "none")
    '2-fold'
    """
    return max(found, key=ORDER.index)


def surface_points(
    vertices: NDArray[np.float64], triangles: NDArray[np.int64], count: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Points spread evenly over a surface, count×3; none where it has no area."""
    a, b, c = (vertices[triangles[:, corner]] for corner in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    if not len(area) or not area.sum() > 0:
        return np.empty((0, 3))
    # Even steps along the summed area, each jittered: fewer holes than independent draws.
    places = (np.arange(count) + rng.random(count)) / count
    chosen = np.searchsorted(np.cumsum(area) / area.sum(), places).clip(max=len(area) - 1)
    u, v = np.sqrt(rng.random(count))[:, None], rng.random(count)[:, None]
    return np.asarray((1 - u) * a[chosen] + u * (1 - v) * b[chosen] + u * v * c[chosen])


def _nearest(points: NDArray[np.floating], among: NDArray[np.floating], *, skip_self: bool = False) -> NDArray[np.floating]:
    """Distance of each point to the nearest of others."""
    square = (points**2).sum(axis=1)[:, None] + (among**2).sum(axis=1) - 2 * points @ among.T
    if skip_self:
        np.fill_diagonal(square, np.inf)
    return np.asarray(np.sqrt(np.maximum(square.min(axis=1), 0)))
