"""Modelling by signed distances: soft shapes that grow into each other, such as a rubber duck or a game controller.

A field gives for points (n×3) their distance to a surface, negative inside. `skin` turns a field into a mesh.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gsi_bench_builders.assets.mesh import Mesh, Points

__all__ = ["Field", "ball", "bar", "brick", "carved", "skin", "union"]

Field: TypeAlias = Callable[[Points], NDArray[np.float64]]


def ball(centre: Sequence[float], radii: ArrayLike) -> Field:
    """A sphere, or an ellipsoid with three radii (its distance is good near the surface)."""
    r = np.broadcast_to(np.asarray(radii, dtype=np.float64), (3,))

    def field(p: Points) -> NDArray[np.float64]:
        q = (p - centre) / r
        near, slope = np.linalg.norm(q, axis=1), np.linalg.norm(q / r, axis=1)
        return np.asarray(near * (near - 1) / np.maximum(slope, 1e-9))

    return field


def bar(start: Sequence[float], end: Sequence[float], radius: float, end_radius: float | None = None) -> Field:
    """A round bar with round ends, tapering to `end_radius`."""
    a, along = np.asarray(start, dtype=np.float64), np.asarray(end, dtype=np.float64) - start
    taper = 0.0 if end_radius is None else end_radius - radius

    def field(p: Points) -> NDArray[np.float64]:
        t = np.clip((p - a) @ along / (along @ along), 0, 1)
        return np.asarray(np.linalg.norm(p - a - t[:, None] * along, axis=1) - radius - taper * t)

    return field


def brick(centre: Sequence[float], size: Sequence[float], radius: float) -> Field:
    """A box with rounded edges, full extents `size`."""
    half = np.asarray(size, dtype=np.float64) / 2 - radius

    def field(p: Points) -> NDArray[np.float64]:
        q = np.abs(p - centre) - half
        return np.asarray(np.linalg.norm(np.maximum(q, 0), axis=1) + np.minimum(q.max(axis=1), 0) - radius)

    return field


def union(blend: float, *fields: Field) -> Field:
    """Shapes grown together with a fillet of about `blend`."""

    def field(p: Points) -> NDArray[np.float64]:
        out = fields[0](p)
        for other in fields[1:]:
            out = _smaller(out, other(p), blend)
        return out

    return field


def carved(blend: float, body: Field, *holes: Field) -> Field:
    """A body without its holes, their edges rounded by about `blend`."""

    def field(p: Points) -> NDArray[np.float64]:
        out = body(p)
        for hole in holes:
            out = -_smaller(-out, hole(p), blend)
        return out

    return field


def _smaller(a: NDArray[np.float64], b: NDArray[np.float64], blend: float) -> NDArray[np.float64]:
    near = np.maximum(blend - np.abs(a - b), 0) / blend
    return np.asarray(np.minimum(a, b) - near * near * blend / 4)


def skin(field: Field, low: Sequence[float], high: Sequence[float], cell: float) -> Mesh:
    """The surface of a field within a box, faces of about `cell` (naive surface nets, then pulled onto the surface)."""
    axes = [np.arange(a - cell, b + 2 * cell, cell) for a, b in zip(low, high, strict=True)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    inside = (field(grid.reshape(-1, 3)) < 0).reshape(grid.shape[:3])
    corners = sum(
        inside[i : i - 1 or None, j : j - 1 or None, k : k - 1 or None].astype(int) for i, j, k in np.ndindex(2, 2, 2)
    )
    crossed = (corners > 0) & (corners < 8)
    number = np.full(crossed.shape, -1, dtype=np.int32)
    number[crossed] = np.arange(crossed.sum())
    vertices = _settled(field, grid[:-1, :-1, :-1][crossed] + cell / 2, cell)
    return Mesh(vertices, np.concatenate([_quads(inside, number, axis) for axis in range(3)]))


def _quads(inside: NDArray[np.bool_], number: NDArray[np.int32], axis: int) -> NDArray[np.int32]:
    """A face around every grid edge along `axis` that passes the surface, looking to the end that is outside."""
    solid, cells = np.moveaxis(inside, axis, 0), np.moveaxis(number, axis, 0)
    if axis == 1:  # moving y to the front leaves x, z behind it, which is left-handed
        solid, cells = solid.swapaxes(1, 2), cells.swapaxes(1, 2)
    a, b = solid[:-1, 1:-1, 1:-1], solid[1:, 1:-1, 1:-1]
    around = np.stack([cells[:, :-1, :-1], cells[:, 1:, :-1], cells[:, 1:, 1:], cells[:, :-1, 1:]], axis=-1)
    return np.concatenate([around[a & ~b], around[b & ~a][:, ::-1]]).astype(np.int32)


def _settled(field: Field, points: Points, cell: float) -> Points:
    """Points pulled onto the surface by Newton steps, no further than they must go."""
    step = cell * 0.02
    for _ in range(3):
        slope = np.stack([field(points + d) - field(points - d) for d in np.eye(3) * step], axis=1) / (2 * step)
        move = field(points)[:, None] * slope / np.maximum((slope * slope).sum(axis=1, keepdims=True), 0.05)
        length = np.linalg.norm(move, axis=1, keepdims=True)
        points = points - move * np.minimum(1, cell * 0.6 / np.maximum(length, 1e-12))
    return points
