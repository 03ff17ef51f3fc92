"""What an edit makes of a box that stands on the ground: moved along it, turned about the vertical, scaled about its base.

Boxes `[x, y, z, w, h, l, yaw]`, metres, radians, camera frame; rotations (3, 3) object -> camera; `up` a unit vector (3,)
against gravity. The same is what the builders' edits do to an object.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gsi_bench_dataset.layout.pixel_frame import projected_rectangle
from gsi_bench_metric.geometry.poses import base_centre, ground_axes, yaw_rotation

__all__ = ["ground_frame", "is_seen", "moved", "scaled", "turned"]

Array = NDArray[np.float64]


def ground_frame(up: ArrayLike) -> Array:
    """Rows (3, 3): right and away, level, as the camera sees them; up."""
    vertical = np.asarray(up, dtype=np.float64)
    return np.stack([*ground_axes(vertical), vertical])


def moved(box: ArrayLike, step: ArrayLike, up: ArrayLike) -> Array:
    """The box (7,) after a way (3,) of metres to the right, away and up."""
    found = np.array(box, dtype=np.float64)
    found[:3] += np.asarray(step, dtype=np.float64) @ ground_frame(up)
    return found


def turned(box: ArrayLike, rotation: ArrayLike, turn_deg: float) -> tuple[Array, Array]:
    """The box (7,) and rotation (3, 3) after a turn about the box's own vertical, counter-clockwise > 0, seen from above."""
    # A box's own y points down: clockwise seen from above is positive about it.
    found = np.array(box, dtype=np.float64)
    after = np.asarray(rotation, dtype=np.float64) @ yaw_rotation(-math.radians(turn_deg))
    found[6] = math.atan2(after[0, 2], after[2, 2])
    return found, after


def scaled(box: ArrayLike, rotation: ArrayLike, factor: float, up: ArrayLike) -> Array:
    """The box (7,) at `factor` times its size, the middle of its base where it was."""
    found = np.array(box, dtype=np.float64)
    base = base_centre(found, np.asarray(rotation, dtype=np.float64), np.asarray(up, dtype=np.float64))
    found[:3] = base + factor * (found[:3] - base)
    found[3:6] *= factor
    return found


def is_seen(box: ArrayLike, rotation: ArrayLike, K: ArrayLike, size: tuple[int, int]) -> bool:
    """Whether a box is in front of the camera and its middle in the image of (width, height) pixels."""
    rectangle = projected_rectangle(box, rotation, K)
    if rectangle is None:
        return False
    middle = (rectangle[:2] + rectangle[2:]) / 2
    return bool((middle >= 0).all() and (middle <= size).all())
