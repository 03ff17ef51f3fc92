"""Rigid motions: how an object, or a camera, gets from one pose to another, and a share of the way."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from numpy.typing import NDArray

from gsi_bench_builders.scene import Camera, Thing

__all__ = ["Motion"]

Array = NDArray[np.float64]


@dataclasses.dataclass(frozen=True, eq=False)
class Motion:
    """A turn and a shift.

    Attributes:
        turn: what the old rotation is multiplied with from the left to give the new one, 3×3: for an object in world axes,
            for a camera (its rotation leads from the world to it) from old camera axes to new ones.
        step: from the old position to the new one, world, metres.
    """

    turn: Array
    step: Array

    @classmethod
    def between(cls, before: Thing | Camera, after: Thing | Camera) -> Motion:
        """The motion from one pose to another."""
        turn = np.array(after.rotation) @ np.array(before.rotation).T
        return cls(turn, np.array(after.position) - before.position)

    @property
    def heading_rad(self) -> float:
        """Of an object's turn about the vertical, counter-clockwise from above > 0."""
        return math.atan2(self.turn[1, 0], self.turn[0, 0])

    def part(self, amount: float) -> Motion:
        """A share of it: of the turn about the same axis (Rodrigues), and of the shift. May be negative, or above 1."""
        return Motion(_power(self.turn, amount), amount * self.step)


def _power(turn: Array, amount: float) -> Array:
    axis = np.array([turn[2, 1] - turn[1, 2], turn[0, 2] - turn[2, 0], turn[1, 0] - turn[0, 1]])
    sine = float(np.linalg.norm(axis)) / 2
    if sine < 1e-12:
        return np.eye(3)
    angle = amount * math.atan2(sine, (float(np.trace(turn)) - 1) / 2)
    x, y, z = axis / (2 * sine)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.asarray(np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * cross @ cross)
