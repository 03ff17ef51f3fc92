"""Polygons in space cut into triangles, corners that point inwards included."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["triangles_of"]


def triangles_of(corners: NDArray[np.float64]) -> list[tuple[int, int, int]]:
    """Triangles (numbers of corners) of a nearly flat polygon without holes, n×3; n - 2 of them, by cutting off ears.

    >>> triangles_of(np.array([(0.0, 0, 0), (2, 0, 0), (2, 2, 0), (1, 0.5, 0), (0, 2, 0)]))
    [(1, 2, 3), (0, 1, 3), (0, 3, 4)]
    """
    flat = _flattened(corners)
    left = list(range(len(flat)))
    found = []
    while len(left) > 3:
        ear = next((i for i in range(len(left)) if _is_ear(flat, left, i)), 0)
        before, at, after = left[ear - 1], left[ear], left[(ear + 1) % len(left)]
        found.append((before, at, after))
        del left[ear]
    found.append((left[0], left[1], left[2]))
    return found


def _flattened(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """The corners seen along the polygon's normal, counter-clockwise, n×2."""
    following = np.roll(corners, -1, axis=0)
    normal = np.cross(corners, following).sum(axis=0)  # Newell's
    axis = int(np.argmax(np.abs(normal)))
    kept = [(1, 2), (2, 0), (0, 1)][axis]
    flat = corners[:, kept]
    return flat if normal[axis] >= 0 else flat * (1, -1)


def _is_ear(flat: NDArray[np.float64], left: list[int], at: int) -> bool:
    a, b, c = flat[left[at - 1]], flat[left[at]], flat[left[(at + 1) % len(left)]]
    if _turn(a, b, c) <= 0:
        return False
    others = [n for k, n in enumerate(left) if k not in (at, (at + 1) % len(left), (at - 1) % len(left))]
    return not any(_turn(a, b, flat[n]) >= 0 and _turn(b, c, flat[n]) >= 0 and _turn(c, a, flat[n]) >= 0 for n in others)


def _turn(a: NDArray[np.float64], b: NDArray[np.float64], c: NDArray[np.float64]) -> float:
    return float((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))
