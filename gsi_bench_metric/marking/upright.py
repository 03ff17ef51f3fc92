"""A detector's box named and turned as boxes.json wants it: right, down, forward, its down along gravity. Pure."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["overlap", "upright_box"]

Array = NDArray[np.float64]


def upright_box(box: ArrayLike, rotation: ArrayLike, up: ArrayLike, most_deg: float) -> tuple[Array, Array, float]:
    """The same box with the axis that is nearest to the vertical as its down, and levelled.

    Args:
        box: (6,) centre x, y, z and full sizes along the columns of `rotation`, metres, camera frame.
        rotation: (3, 3) object -> camera.
        up: (3,) unit vector against gravity, camera frame.
        most_deg: a box that leans further keeps its lean: what it shows may lie or lean.

    Returns:
        (6,) box, (3, 3) rotation, how far its axis was off the vertical, degrees.

    >>> box, turn, off = upright_box([0, 0, 2, 1, 2, 3], np.eye(3), [0, 0, -1], 10)  # seen from straight above
    >>> box.tolist(), turn[:, 1].tolist(), off
    ([0.0, 0.0, 2.0, 2.0, 3.0, 1.0], [0.0, 0.0, 1.0], 0.0)
    """
    numbers, turn, vertical = (np.asarray(v, dtype=np.float64) for v in (box, rotation, up))
    along = turn.T @ vertical
    k = int(np.abs(along).argmax())
    order = [(k + 2) % 3, k, (k + 1) % 3]  # one after the other in a circle: no mirror image
    named = turn[:, order]
    if along[k] > 0:  # that axis points up
        named = named * (-1, -1, 1)
    off = math.degrees(math.acos(min(1.0, float(abs(along[k])))))
    if off <= most_deg:
        named = _turning(named[:, 1], -vertical) @ named
    return np.concatenate([numbers[:3], numbers[3:6][order]]), named + 0.0, off


def overlap(one: ArrayLike, other: ArrayLike) -> float:
    """Intersection over union of rectangles x0, y0, x1, y1.

    >>> overlap([0, 0, 2, 2], [0, 0, 2, 1]), overlap([0, 0, 1, 1], [5, 5, 6, 6])
    (0.5, 0.0)
    """
    a, b = np.asarray(one, dtype=np.float64), np.asarray(other, dtype=np.float64)
    shared = float(np.prod(np.maximum(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0)))
    whole = float(np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2])) - shared
    return shared / whole if whole > 0 else 0.0


def _turning(start: Array, end: Array) -> Array:
    """The least rotation (3, 3) that takes one unit vector to another, less than half a turn away."""
    axis, cosine = np.cross(start, end), float(start @ end)
    cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    return np.asarray(np.eye(3) + cross + cross @ cross / (1 + cosine))
