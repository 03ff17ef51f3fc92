"""One box, described along other axes: what a detector that does not know the object may say of the same thing.

A box (sides, rotation) has 24 such descriptions. The sides change places, the rotation makes up for it, and not a point of the
box moves.
"""

from __future__ import annotations

import dataclasses
import itertools
import math

import numpy as np
from numpy.typing import NDArray

from gsi_bench_metric.geometry.poses import Pose, rotation_angle, side_logs, tilt_between

__all__ = ["descriptions", "most_alike"]

Array = NDArray[np.float64]


def _relabellings() -> Array:
    """The 24 rotations (24, 3, 3) that take axes to axes, that which changes nothing first."""
    found = []
    for order in itertools.permutations(range(3)):
        for signs in itertools.product((1.0, -1.0), repeat=3):
            matrix = np.zeros((3, 3))
            matrix[order, range(3)] = signs
            if np.linalg.det(matrix) > 0:
                found.append(matrix)
    return np.array(found)


_ALL = _relabellings()
_ABOUT_Y = _ALL[_ALL[:, 1, 1] == 1.0]  # those that a box of which only the yaw is known can mean


def descriptions(pose: Pose, *, upright: bool = False) -> list[Pose]:
    """The same box along other axes, as it is given first; `upright`: its own y axis stays."""
    found = []
    for matrix in _ABOUT_Y if upright else _ALL:
        exchange = np.abs(matrix.T)
        box = np.concatenate([pose.box[:3], exchange @ pose.box[3:6], pose.box[6:]])
        sigma = pose.sigma
        if sigma is not None:
            sigma = np.concatenate([sigma[:3], exchange @ sigma[3:6], sigma[6:]])
        found.append(dataclasses.replace(pose, box=box, rotation=pose.rotation @ matrix, sigma=sigma))
    return found


def most_alike(
    pose: Pose,
    like: Pose,
    up: Array,
    *,
    side: float,
    tilt: float,
    expected: Array | None = None,
    upright: bool = False,
) -> Pose:
    """The description of a box under which it is most like another one, and as it is given where that is like it already.

    Turns about the vertical are taken as they are said wherever the sides agree: which side of a square thing is its front is
    more than its box tells. A box that lies on its head, or has its sides exchanged, may be the same box as before.

    Args:
        pose: of a detector that does not know the object.
        like: another pose of the same object.
        up: (3,) unit vector against gravity, in the frame of `like`.
        side: proportions of two sides that differ by less than this factor are the same.
        tilt: leaning less than this, radians, it stands as before.
        expected: (3, 3) the rotation that the object should have by now; None: that of `like`.
        upright: whatever its rotation says, its own y axis is the vertical.
    """
    leans = None if upright else tilt_between(like, pose, up, expected)
    if _unlike(like, pose) <= math.log(side) and (leans is None or leans <= tilt):
        return pose
    rotation = like.rotation if expected is None else expected
    options = [p for p in descriptions(pose, upright=leans is None) if _unlike(like, p) <= math.log(side)]

    def turns(option: Pose) -> tuple[float, float]:
        """From the rotation that is expected, then from that before; equal but for rounding is equal."""
        return round(rotation_angle(option.rotation, rotation), 6), round(rotation_angle(option.rotation, like.rotation), 6)

    return min(options, key=turns, default=pose)


def _unlike(a: Pose, b: Pose) -> float:
    """How far the proportions of two boxes differ: the largest logarithm, of the size of either as a whole left out."""
    logs = side_logs(a.box, b.box)
    return float(np.abs(logs - logs.mean()).max())
