"""Lines and outlines that surfaces are made of: splines, rounded corners, arcs, polygons. Pure functions; metres."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from gsi_bench_builders.assets.mesh import Points

__all__ = ["arc", "fillet", "polygon", "rounded_rectangle", "spline"]


def spline(points: Sequence[Sequence[float]], count: int = 32, closed: bool = False) -> Points:
    """A smooth line (Catmull-Rom, centripetal enough for gentle shapes) through points of any dimension, `count` samples."""
    p = np.asarray(points, dtype=np.float64)
    p = np.concatenate([p[-1:], p, p[:2]]) if closed else np.concatenate([2 * p[:1] - p[1:2], p, 2 * p[-1:] - p[-2:-1]])
    spans = len(p) - 3
    t = np.linspace(0, spans, count, endpoint=not closed)
    k = np.minimum(t.astype(int), spans - 1)
    f = (t - k)[:, None]
    a, b, c, d = p[k], p[k + 1], p[k + 2], p[k + 3]
    return np.asarray(0.5 * (2 * b + (c - a) * f + (2 * a - 5 * b + 4 * c - d) * f**2 + (3 * b - a - 3 * c + d) * f**3))


def fillet(points: Sequence[Sequence[float]], radius: float | Sequence[float], steps: int = 5, closed: bool = False) -> Points:
    """A polyline with its corners rounded, as far as its sides are long enough.

    Args:
        points: n×2 or n×3.
        radius: one for all corners, or one a point (0: stays sharp).
        steps: pieces of each round.
        closed: whether the last point joins the first; else the ends stay as they are.
    """
    p = np.asarray(points, dtype=np.float64)
    n = len(p)
    radii = np.broadcast_to(np.asarray(radius, dtype=np.float64), (n,))
    out: list[Points] = []
    for i in range(n):
        if radii[i] <= 0 or (not closed and i in (0, n - 1)):
            out.append(p[i : i + 1])
            continue
        out.append(_round_corner(p[i - 1], p[i], p[(i + 1) % n], float(radii[i]), steps))
    return np.concatenate(out)


def _round_corner(before: Points, corner: Points, after: Points, radius: float, steps: int) -> Points:
    a, b = before - corner, after - corner
    la, lb = float(np.linalg.norm(a)), float(np.linalg.norm(b))
    if min(la, lb) == 0:
        return corner[None]
    a, b = a / la, b / lb
    half = math.acos(float(np.clip(a @ b, -1, 1))) / 2
    if half < 1e-3 or half > math.pi / 2 - 1e-3:
        return corner[None]
    cut = min(radius / math.tan(half), 0.499 * la, 0.499 * lb)
    r = cut * math.tan(half)
    middle = corner + (a + b) / np.linalg.norm(a + b) * (r / math.sin(half))
    start, end = corner + a * cut - middle, corner + b * cut - middle
    opening = math.pi - 2 * half
    t = np.linspace(0, 1, steps + 1)[:, None]
    return np.asarray(middle + (np.sin((1 - t) * opening) * start + np.sin(t * opening) * end) / math.sin(opening))


def arc(radius: float, start_deg: float, end_deg: float, steps: int = 12, centre: Sequence[float] = (0.0, 0.0)) -> Points:
    """Points of a circle's piece, 2D, both ends included."""
    t = np.radians(np.linspace(start_deg, end_deg, steps + 1))
    return np.stack([np.cos(t), np.sin(t)], axis=1) * radius + centre


def polygon(sides: int, radius: float) -> Points:
    """A regular polygon, counter-clockwise, n×2."""
    return arc(radius, 0, 360, sides)[:-1]


def rounded_rectangle(width: float, depth: float, radius: float, steps: int = 6) -> Points:
    """Outline around the origin, counter-clockwise, n×2."""
    w, d = width / 2, depth / 2
    return fillet([(-w, -d), (w, -d), (w, d), (-w, d)], min(radius, 0.499 * min(width, depth)), steps, closed=True)
