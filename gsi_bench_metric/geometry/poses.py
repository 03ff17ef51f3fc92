"""Where single objects stand and how they are turned: numpy float64, metres, radians, one camera's frame.

`up` is a unit vector against gravity in that frame. Turns about it are counter-clockwise > 0, seen from above. Boxes
`[x, y, z, w, h, l, yaw]` have full sizes along the object's own x, y, z; rotations (3, 3) take object to camera.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "SYMMETRY_PERIOD",
    "base_centre",
    "diagonal",
    "ground_axes",
    "inside_polygon",
    "polygon_distance",
    "rotation_angle",
    "size_factor",
    "sweep",
    "turn_about",
    "wrapped",
    "yaw_rotation",
]

Array = NDArray[np.float64]

# After how much of a turn about the vertical an object looks the same again; 0: after any.
SYMMETRY_PERIOD = {None: 2 * math.pi, "none": 2 * math.pi, "2-fold": math.pi, "4-fold": math.pi / 2, "continuous": 0.0}
THRESHOLDS = np.arange(1, 11) / 20  # .05, .10, … .50
_ROUNDING = 1e-9


def sweep(error: float) -> float:
    """Share of the thresholds .05, .10, … .50 that a relative error (>= 0) does not exceed; NaN: 0.

    >>> sweep(0.0), sweep(0.25), sweep(0.51)
    (1.0, 0.6, 0.0)
    """
    return float((error <= THRESHOLDS + _ROUNDING).mean())


def wrapped(angle: float, period: float) -> float:
    """The smallest turn that looks the same: in (−period/2, period/2]; 0 where every turn does (period 0)."""
    if period == 0:
        return 0.0
    return float(angle - period * math.ceil(angle / period - 0.5))


def yaw_rotation(yaw: float) -> Array:
    """Object -> camera rotation (3, 3) of a box of which only the yaw entry is known, as `boxes.axis_angle_y`."""
    c, s = math.cos(yaw), math.sin(yaw)
    return np.array([[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]])


def turn_about(up: Array, before: Array, after: Array) -> float:
    """The part about `up` of the turn between two rotations (3, 3), in (−π, π]."""
    turn = after @ before.T
    axial = np.array([turn[2, 1] - turn[1, 2], turn[0, 2] - turn[2, 0], turn[1, 0] - turn[0, 1]])
    # Swing-twist: of the quaternion (w, v) the twist about u is 2 atan2(v·u, w), and v / w = axial / (1 + trace).
    twist = 2 * math.atan2(float(axial @ up), 1 + float(np.trace(turn)))
    if abs(1 + float(np.trace(turn))) < 1e-9:  # half a turn: v is parallel to the axis, and atan2 above saw 0/0
        return math.pi if float(up @ turn @ up) > 0 else 0.0
    return wrapped(twist, 2 * math.pi)


def rotation_angle(a: Array, b: Array) -> float:
    """Angle in [0, π] between two rotations (3, 3)."""
    return math.acos(min(1.0, max(-1.0, (float((a * b).sum()) - 1) / 2)))


def extent_along(box: Array, rotation: Array, axis: Array) -> float:
    """Full size of a box (7,) along a unit vector."""
    return float(np.abs(axis @ rotation) @ box[3:6])


def base_centre(box: Array, rotation: Array, up: Array) -> Array:
    """The point (3,) below the box's centre at the height of its lowest corner."""
    return np.asarray(box[:3] - up * extent_along(box, rotation, up) / 2)


def diagonal(box: ArrayLike) -> float:
    """Length of a box's diagonal."""
    return float(np.linalg.norm(np.asarray(box, dtype=np.float64)[3:6]))


def size_factor(before: Array, after: Array, axes: ArrayLike = (True, True, True)) -> float:
    """Size after / size before of boxes (7,): geometric mean over the chosen axes.

    Axes without a size before or after make it 0 or infinite, never NaN.
    """
    chosen = np.asarray(axes, dtype=bool)
    with np.errstate(divide="ignore"):
        logs = np.log(after[3:6][chosen]) - np.log(np.maximum(before[3:6][chosen], 1e-9))
    return float(np.exp(logs.mean()))


def ground_axes(up: Array) -> tuple[Array, Array]:
    """(right, forward) unit vectors on the ground as the camera sees them; a camera that looks straight down: image up."""
    forward = np.array([0.0, 0.0, 1.0]) - up * up[2]
    if np.linalg.norm(forward) < 1e-3:
        forward = np.array([0.0, -1.0, 0.0]) + up * up[1]
    forward = forward / np.linalg.norm(forward)
    return np.cross(forward, up), forward


def inside_polygon(point: Array, corners: Array) -> bool:
    """Whether a point (2,) lies in a polygon (n, 2), its border included up to rounding."""
    if polygon_distance(point, corners, inside=False) < 1e-6:
        return True
    x, y = point
    (x1, y1), (x2, y2) = corners.T, np.roll(corners, -1, axis=0).T
    crosses = (y1 > y) != (y2 > y)
    with np.errstate(divide="ignore", invalid="ignore"):
        at = x1 + (y - y1) / (y2 - y1) * (x2 - x1)
    return bool((crosses & (x < at)).sum() % 2)


def polygon_distance(point: Array, corners: Array, *, inside: bool = True) -> float:
    """Distance of a point (2,) from a polygon (n, 2); with `inside` it is 0 in it, else to the nearest side."""
    if inside and inside_polygon(point, corners):
        return 0.0
    start, side = corners, np.roll(corners, -1, axis=0) - corners
    share = ((point - start) * side).sum(1) / np.maximum((side**2).sum(1), 1e-18)
    nearest = start + np.clip(share, 0, 1)[:, None] * side
    return float(np.linalg.norm(nearest - point, axis=1).min())
