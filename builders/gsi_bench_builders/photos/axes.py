"""Are a box's nine numbers its axes as rows or as columns? The points that it must hold decide; and which axis is up."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gsi_bench_builders.photos.limits import FAR, LIMITS
from gsi_bench_builders.scene import Matrix3, Vector3, matrix3

__all__ = ["Order", "Oriented", "by_count", "by_own_points", "upright_axes"]

Array = NDArray[np.float64]
Order = Literal["rows", "columns"]
_ORDERS: tuple[Order, Order] = ("rows", "columns")
_CLEARLY = 1.05  # times as many points: less is no decision
_SAME = 0.02  # axes that differ by less are the same either way


@dataclasses.dataclass(frozen=True)
class Oriented:
    """A box as corpora have it: centre, full lengths along its axes, and nine numbers that are these axes somehow."""

    centre: Array
    lengths: Array
    nine: Array

    @classmethod
    def of(cls, centre: ArrayLike, lengths: ArrayLike, nine: ArrayLike) -> Oriented:
        """From lists of 3, 3 and 9 numbers.

        Raises:
            ValueError: other numbers of numbers, or axes that are none.
        """
        found = cls(*(np.asarray(v, dtype=np.float64).ravel() for v in (centre, lengths, nine)))
        if (len(found.centre), len(found.lengths), len(found.nine)) != (3, 3, 9):
            raise ValueError("expected 3 numbers of a centre, 3 of lengths and 9 of axes")
        matrix = found.nine.reshape(3, 3)
        if not (np.abs(np.concatenate([found.centre, found.lengths, found.nine])) < FAR).all():
            raise ValueError(f"expected numbers below {FAR:g}")
        if not np.allclose(matrix @ matrix.T, np.eye(3), atol=1e-3):
            raise ValueError(f"expected axes of length 1 at right angles, found {found.nine.round(3).tolist()}")
        return found

    def axes(self, order: Order) -> Array:
        """3×3, its columns are the axes."""
        matrix: Array = self.nine.reshape(3, 3)
        return matrix.T if order == "rows" else matrix

    def holds(self, points: Array, order: Order, grown: float = LIMITS.noise_m) -> NDArray[np.bool_]:
        """Which points (n×3) lie in it."""
        own = np.abs((points - self.centre) @ self.axes(order))
        return np.asarray((own <= self.lengths / 2 + grown).all(axis=1))

    @property
    def reach_up(self) -> float:
        """How far it reaches up from its centre, if one of its axes is the vertical."""
        return float(self.lengths[int(np.argmax(np.abs(self.nine.reshape(3, 3)[2])))]) / 2

    @property
    def either_way(self) -> bool:
        """Whether it is the same box whichever way its axes are read."""
        across = np.abs(self.axes("rows").T @ self.axes("columns"))
        places = across.argmax(axis=0)
        aligned = bool((across.max(axis=0) > 1 - _SAME**2).all())
        return aligned and np.allclose(self.lengths[places], self.lengths, rtol=_SAME)


def by_own_points(boxes: Sequence[Oriented], points: Sequence[Array]) -> tuple[Order | None, list[bool]]:
    """The order in which boxes hold the points that are theirs, and which of them do; None where nothing tells.

    Args:
        points: of each box, n×3; empty where it has none.
    """
    telling = [(b, p) for b, p in zip(boxes, points, strict=True) if len(p) >= LIMITS.least_points and not b.either_way]
    held = {order: sum(int(b.holds(p, order).sum()) for b, p in telling) for order in _ORDERS}
    order = _clearer(held)
    sound = [
        not len(p) or max(float(b.holds(p, o).mean()) for o in ((order,) if order else _ORDERS)) >= LIMITS.least_inside
        for b, p in zip(boxes, points, strict=True)
    ]
    return order, sound


def by_count(boxes: Sequence[Oriented], points: Array) -> Order | None:
    """The order in which boxes hold more of all points (n×3) that are seen; None where nothing tells."""
    telling = [b for b in boxes if not b.either_way]
    counts = dict.fromkeys(_ORDERS, 0)
    for box in telling:
        near = points[np.linalg.norm(points - box.centre, axis=1) <= np.linalg.norm(box.lengths) / 2]
        # Without what it stands on, which is in it whichever way it is turned.
        near = near[near[:, 2] > box.centre[2] - box.reach_up + LIMITS.lift_m]
        for order in _ORDERS:
            counts[order] += int(box.holds(near, order, LIMITS.flesh_m).sum())
    return _clearer(counts) if max(counts.values()) >= LIMITS.least_points else None


def _clearer(counts: dict[Order, int]) -> Order | None:
    rows, columns = counts["rows"], counts["columns"]
    if rows > _CLEARLY * columns:
        return "rows"
    return "columns" if columns > _CLEARLY * rows else None


def upright_axes(box: Oriented, order: Order) -> tuple[Vector3, Vector3, Matrix3]:
    """(centre, size, rotation) as `Thing` has them: up is the axis nearest to the vertical, right the longer of the others.

    A corpus that names no front has none: right and forward are chosen by size, so that equal boxes come out equal.
    """
    axes, lengths = box.axes(order), box.lengths
    up = int(np.argmax(np.abs(axes[2])))
    first, second = (i for i in range(3) if i != up)
    right = first if lengths[first] >= lengths[second] else second
    forward = second if right == first else first
    vertical = axes[:, up] * (1 if axes[2, up] >= 0 else -1)
    across = axes[:, right] * _towards_x(axes[:, right])
    rotation = np.stack([across, np.cross(vertical, across), vertical], axis=1)
    x, y, z = (float(v) for v in box.centre)
    return (x, y, z), (float(lengths[right]), float(lengths[forward]), float(lengths[up])), matrix3(rotation)


def _towards_x(axis: Array) -> int:
    """The sign that makes an axis point to +x, or to +y where it has no x."""
    angle = math.atan2(axis[1], axis[0])
    return 1 if -math.pi / 2 < angle <= math.pi / 2 else -1
