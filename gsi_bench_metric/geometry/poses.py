"""Where single objects stand and how they are turned: numpy float64, metres, radians, one camera's frame.

`up` is a unit vector against gravity in that frame. Turns about it are counter-clockwise > 0, seen from above. Boxes
`[x, y, z, w, h, l, yaw]` have full sizes along the object's own x, y, z; rotations (3, 3) take object to camera.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gsi_bench_metric.geometry.symmetry import wrapped

__all__ = [
    "Pose",
    "base_centre",
    "diagonal",
    "ground_axes",
    "inside_polygon",
    "polygon_distance",
    "rotation_angle",
    "side_logs",
    "size_factor",
    "sweep",
    "tilt_between",
    "turn_about",
    "turn_between",
    "vertical",
    "yaw_rotation",
]

Array = NDArray[np.float64]

THRESHOLDS = np.arange(1, 11) / 20  # .05, .10, … .50
_ROUNDING = 1e-9
_LEAST_SIDE = 1e-9  # metres


@dataclasses.dataclass(frozen=True)
class Pose:
    """Where an object stands, and how far that is known.

    Attributes:
        box: (7,) `[x, y, z, w, h, l, yaw]`, metres, camera frame of its image.
        rotation: (3, 3), object -> camera.
        confidence: of the detector, 0–1; None: it gives none.
        sigma: (7,) standard deviation of each entry of the box; None: not known.
        unobservable: freedoms that the image does not show: position, turn, tilt, size, height, shape, presence.
        rectangle: (4,) x1, y1, x2, y2 around it, pixels of the detector's 896 frame; None: not known.
        own_axes: whether the axes are known to be the object's own; else the same box may be described along others, and the
            numbers are those of a network that does not know the object.
    """

    box: Array
    rotation: Array
    confidence: float | None = None
    sigma: Array | None = None
    unobservable: frozenset[str] = frozenset()
    rectangle: Array | None = None
    own_axes: bool = True

    @classmethod
    def of(cls, box: ArrayLike, rotation: ArrayLike | None = None) -> Pose:
        """A pose from plain numbers; without a rotation that of the box's yaw."""
        numbers = np.array(box, dtype=np.float64)
        return cls(numbers, yaw_rotation(numbers[6]) if rotation is None else np.array(rotation, dtype=np.float64))

    @property
    def centre(self) -> Array:
        """Of the box (3,)."""
        return self.box[:3]

    @property
    def sigma_m(self) -> float:
        """Standard deviation of the position, metres; 0 where none is known."""
        return 0.0 if self.sigma is None else float(np.linalg.norm(self.sigma[:3]))

    def base(self, up: Array) -> Array:
        """The base's centre (3,)."""
        return base_centre(self.box, self.rotation, up)


def vertical(up: Sequence[float] | None, rotation: ArrayLike) -> Array:
    """The unit vector (3,) against gravity in the camera's frame: the one rule for it.

    Args:
        up: as it is known of the scene; None: not known.
        rotation: (3, 3) of the object that stands for the scene then: its own y axis is taken for the vertical, and the end
            that is higher in an upright image for its top. In the official data the axis points down.

    >>> vertical(None, np.eye(3)).tolist() == vertical(None, np.diag([1.0, -1.0, -1.0])).tolist() == [0.0, -1.0, 0.0]
    True
    """
    if up is not None:
        found = np.array(up, dtype=np.float64)
    else:
        axis = np.asarray(rotation, dtype=np.float64)[:, 1]
        found = -axis if axis[1] >= 0 else axis.copy()
    return np.asarray(found / np.linalg.norm(found) + 0.0)


def turn_between(before: Pose, after: Pose, up: Array, period: float, expected: Array | None = None) -> float | None:
    """Turn about `up` from one pose to another, modulo symmetry, radians; None where an image does not show it.

    Args:
        before, after: of the same object.
        up: (3,) unit vector against gravity.
        period: of its symmetry, see `symmetry.period_of`.
        expected: (3, 3) the rotation to compare with in place of that of `before`.
    """
    if "turn" in before.unobservable | after.unobservable or not period:
        return None
    return wrapped(turn_about(up, before.rotation if expected is None else expected, after.rotation), period)


def tilt_between(before: Pose, after: Pose, up: Array, expected: Array | None = None) -> float | None:
    """How far an object leans in one pose from how it should stand, radians in [0, π]; None where an image does not show it.

    The direction of the object that points up before is followed: which of its axes that is does not matter, nor any turn
    about it.

    Args:
        before, after: of the same object.
        up: (3,) unit vector against gravity, in the frame of `before`.
        expected: (3, 3) the rotation to compare with in place of that of `before`, if another one is asked.

    >>> stands, lies = Pose.of([0, 0, 2, 1, 1, 1, 0]), Pose.of([0, 0, 2, 1, 1, 1, 0], [[1, 0, 0], [0, 0, -1], [0, 1, 0]])
    >>> round(math.degrees(tilt_between(stands, lies, np.array([0.0, -1.0, 0.0]))))
    90
    """
    if "tilt" in before.unobservable | after.unobservable:
        return None
    own = before.rotation.T @ up
    should, does = (before.rotation if expected is None else expected) @ own, after.rotation @ own
    return math.atan2(float(np.linalg.norm(np.cross(should, does))), float(should @ does))


def sweep(error: float) -> float:
    """Share of the thresholds .05, .10, … .50 that a relative error (>= 0) does not exceed; NaN: 0.

    >>> sweep(0.0), sweep(0.25), sweep(0.51)
    (1.0, 0.6, 0.0)
    """
    return float((error <= THRESHOLDS + _ROUNDING).mean())


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


def side_logs(before: Array, after: Array) -> Array:
    """Logarithms (3,) of size after / size before along the three sides of boxes (7,); a side without a size counts as 1 nm."""
    return np.asarray(np.log(np.maximum(after[3:6], _LEAST_SIDE)) - np.log(np.maximum(before[3:6], _LEAST_SIDE)))


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
