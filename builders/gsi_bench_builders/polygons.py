"""Convex polygons in the plane: hulls, areas, what lies in what, what is left of one in another. Corners are n×2."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

__all__ = ["area_of", "clip", "clip_below", "depth_inside", "gap", "hull", "inside", "overlap_share"]

Points = NDArray[np.float64]


def hull(points: Iterable[tuple[float, float]] | Points) -> Points:
    """The convex hull of points, counter-clockwise (Andrew's chains); none of its corners lies on a side.

    >>> hull([(0, 0), (1, 0), (1, 1), (0, 1), (0.5, 0.5), (0.5, 0)]).tolist()
    [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]
    """
    ordered = sorted({(float(x), float(y)) for x, y in points})
    corners: list[tuple[float, float]] = []
    for sweep in (ordered, ordered[::-1]):
        chain: list[tuple[float, float]] = []
        for point in sweep:
            while len(chain) > 1 and _turn(chain[-2], chain[-1], point) <= 0:
                chain.pop()
            chain.append(point)
        corners += chain[:-1]
    return np.array(corners)


def _turn(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def area_of(polygon: Points) -> float:
    """Its area, > 0 where the corners go round counter-clockwise; 0 for less than a triangle."""
    if len(polygon) < 3:
        return 0.0
    x, y = polygon.T
    return 0.5 * float(x @ np.roll(y, -1) - y @ np.roll(x, -1))


def inside(points: Points, polygon: Points, slack: float = 0.0) -> bool:
    """Whether all points lie in a convex polygon of either direction, its sides included.

    Args:
        slack: how far out still counts, times the length of the side.
    """
    side = np.roll(polygon, -1, axis=0) - polygon
    to_point = np.atleast_2d(points)[:, None] - polygon[None]
    cross = side[None, :, 0] * to_point[..., 1] - side[None, :, 1] * to_point[..., 0]
    return bool((cross >= -slack).all() or (cross <= slack).all())


def depth_inside(points: Points, polygon: Points) -> Points:
    """How deep points (…×2) lie in a convex polygon (m×2, either way round): distance to its nearest side, < 0 outside."""
    x, y = polygon[:, 0], polygon[:, 1]
    edge_x, edge_y = np.append(x[1:], x[0]) - x, np.append(y[1:], y[0]) - y
    # Twice the area, positive where the corners go round counter-clockwise and inwards is to the left of each side.
    sign = np.sign(np.sum(x * edge_y - y * edge_x))
    scale = sign / np.hypot(edge_x, edge_y)
    return np.asarray(((points[..., 1, None] - y) * edge_x - (points[..., 0, None] - x) * edge_y) * scale).min(axis=-1)


def gap(first: Points, second: Points) -> float:
    """The widest separation of two convex outlines (n×2) along a side's normal, metres; < 0 where they overlap.

    The outlines are at least this far apart.
    """
    widest = -math.inf
    for outline in (first, second):
        side = np.roll(outline, -1, axis=0) - outline
        normals = np.stack([side[:, 1], -side[:, 0]], axis=1) / np.linalg.norm(side, axis=1, keepdims=True)
        a, b = first @ normals.T, second @ normals.T
        widest = max(widest, float(np.maximum(a.min(axis=0) - b.max(axis=0), b.min(axis=0) - a.max(axis=0)).max()))
    return widest


def clip(polygon: Points, heights: Points) -> Points:
    """The part of a convex polygon (m×k) where a height that is linear in it, given at its corners (m,), is not positive."""
    kept: list[Points] = []
    for i, j in zip(range(len(polygon)), np.roll(np.arange(len(polygon)), -1), strict=True):
        if heights[i] <= 0:
            kept.append(polygon[i])
        if (heights[i] < 0 < heights[j]) or (heights[j] < 0 < heights[i]):
            share = heights[i] / (heights[i] - heights[j])
            kept.append(polygon[i] + share * (polygon[j] - polygon[i]))
    return np.array(kept).reshape(-1, polygon.shape[1])


def clip_below(polygon: Points, normal: Points, limit: float) -> Points:
    """The part of a convex polygon (m×k) where the first `len(normal)` coordinates satisfy `p · normal <= limit`."""
    return clip(polygon, polygon[:, : len(normal)] @ normal - limit)


def overlap_share(first: Points, second: Points) -> float:
    """The part of the first convex outline that lies over the second, both counter-clockwise, 0–1."""
    area = area_of(first)
    if area <= 0:
        return 0.0
    common = first
    for start, end in zip(second, np.roll(second, -1, axis=0), strict=True):
        side, offset = end - start, common - start
        common = clip(common, side[1] * offset[:, 0] - side[0] * offset[:, 1])
    return area_of(common) / area
