"""From Unity's world to the builders' and back: points, turns, cameras, boxes, depth. Pure; nothing else knows Unity's axes.

Frames. `U`, Unity's world: left-handed, x right, y up, z forward; metres and degrees. `N`, the builders' world: right-handed,
x right, y forward, z up. `C`, the camera: x right, y down, z forward. Rotation matrices take an object's own axes to the world.

- `P` swaps y and z: x_N = P x_U, and R_N = P R_U P. Its determinant is -1: it is also what changes the handedness.
- Unity's angles (x, y, z) mean R_U = Ry(y) Rx(x) Rz(z). A positive yaw y turns clockwise seen from above, so in `N` it is a
  turn about +z by minus that angle.
- The agent's camera is R_U = Ry(yaw) Rx(horizon); a positive horizon looks down.
- Unity's field of view spans the height of the image: f = (height / 2) / tan(fov / 2), and both focal lengths are equal.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from gsi_bench_builders.scene import Camera, Matrix3, Thing, Vector3, matrix3

__all__ = [
    "AgentView",
    "Box",
    "Pivot",
    "aligned_box",
    "camera_of",
    "carried_pivot",
    "euler_matrix",
    "euler_of",
    "field_of_view_deg",
    "metric_depth",
    "oriented_box",
    "to_neutral_point",
    "to_neutral_rotation",
    "to_unity_point",
    "to_unity_rotation",
    "view_of",
    "xyz",
]

Array = NDArray[np.float64]

_P = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
_FLIP_Y = np.diag([1.0, -1.0, 1.0])
# Corners of Unity's oriented boxes on the positive side of the object's own x, y, z; the other four are on the negative one.
_POSITIVE = ((0, 3, 4, 7), (4, 5, 6, 7), (0, 1, 4, 5))
_FLAT_M = 1e-6  # a side shorter than this has no direction of its own
_ROLL = 1e-4  # sine of the largest roll that still counts as none: 0.006 degrees


@dataclasses.dataclass(frozen=True)
class Box:
    """An oriented box in `N`: its centre, full extents along its own right, forward, up axes, and own axes -> world."""

    centre: Vector3
    size: Vector3
    rotation: Matrix3


@dataclasses.dataclass(frozen=True)
class Pivot:
    """Where Unity has an object: its transform's position and angles, `U`, metres and degrees."""

    position: Vector3
    angles: Vector3


@dataclasses.dataclass(frozen=True)
class AgentView:
    """How the agent's camera stands, `U`: its centre, metres; yaw clockwise from above and horizon downwards, degrees."""

    position: Vector3
    yaw: float
    horizon: float


def _about_x(angle_deg: float) -> Array:
    c, s = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    return np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]])


def _about_y(angle_deg: float) -> Array:
    c, s = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    return np.array([[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]])


def _about_z(angle_deg: float) -> Array:
    c, s = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def xyz(value: Mapping[str, float]) -> Vector3:
    """Unity's `{"x": …, "y": …, "z": …}` as a tuple. KeyError, TypeError or ValueError where it is none."""
    return (float(value["x"]), float(value["y"]), float(value["z"]))


def euler_matrix(angles: Sequence[float]) -> Array:
    """Unity's angles (x, y, z), degrees, as a 3×3 matrix, own axes -> `U`."""
    x, y, z = angles
    return _about_y(y) @ _about_x(x) @ _about_z(z)


def euler_of(rotation: Array) -> Vector3:
    """Unity's angles of a matrix (own axes -> `U`), degrees in 0 … 360; the inverse of `euler_matrix`.

    An object that lies on its nose (x = 90°) has no yaw apart from its roll: the roll is then 0.
    """
    sine = float(np.clip(-rotation[1, 2], -1.0, 1.0))
    x = math.degrees(math.asin(sine))
    if abs(sine) > 1 - 1e-10:
        y, z = math.degrees(math.atan2(-rotation[2, 0], rotation[0, 0])), 0.0
    else:
        y = math.degrees(math.atan2(rotation[0, 2], rotation[2, 2]))
        z = math.degrees(math.atan2(rotation[1, 0], rotation[1, 1]))
    # Twice: a tiny negative angle modulo 360 is 360 itself in floating point.
    x, y, z = (a % 360.0 % 360.0 for a in (x, y, z))
    return x, y, z


def to_neutral_point(point: Sequence[float]) -> Vector3:
    """A point of `U` in `N`."""
    x, y, z = (float(v) for v in point)
    return x, z, y


def to_unity_point(point: Sequence[float]) -> Vector3:
    """A point of `N` in `U`: the same swap."""
    return to_neutral_point(point)


def to_neutral_rotation(rotation: Array) -> Matrix3:
    """A rotation of `U` in `N`. Columns: where the object's right, forward, up point."""
    return matrix3(_P @ rotation @ _P)


def to_unity_rotation(rotation: Matrix3) -> Array:
    """A rotation of `N` in `U`: the same change of axes."""
    return np.asarray(_P @ np.array(rotation) @ _P)


def camera_of(view: AgentView, fov_deg: float, width: int, height: int) -> Camera:
    """The agent's camera as the builders know it.

    Args:
        view: of the camera itself (`cameraPosition`), not of the agent's feet.
        fov_deg: Unity's `fieldOfView`, vertical.
        width, height: of the image, pixels.
    """
    own = _about_y(view.yaw) @ _about_x(view.horizon)
    rows = _FLIP_Y @ own.T @ _P
    focal = height / 2 / math.tan(math.radians(fov_deg) / 2)
    return Camera(to_neutral_point(view.position), matrix3(rows), focal, width, height)


def view_of(camera: Camera) -> AgentView:
    """How the agent must stand to see what a camera sees; the inverse of `camera_of`.

    Raises:
        ValueError: the camera is rolled, which the agent's cannot be.
    """
    right, _, forward = (np.array(row) for row in camera.rotation)
    if abs(right[2]) > _ROLL:
        raise ValueError(f"the camera is rolled by {math.degrees(math.asin(right[2])):.2f}°; the agent's camera cannot roll")
    yaw = math.degrees(math.atan2(forward[0], forward[1])) if math.hypot(*forward[:2]) > 1e-9 else _yaw_of_right(right)
    horizon = -math.degrees(math.asin(float(np.clip(forward[2], -1.0, 1.0))))
    return AgentView(to_unity_point(camera.position), yaw % 360.0 % 360.0, horizon)


def _yaw_of_right(right: Array) -> float:
    return math.degrees(math.atan2(-right[1], right[0]))


def field_of_view_deg(camera: Camera) -> float:
    """Unity's vertical field of view of a camera."""
    return math.degrees(2 * math.atan(camera.height / 2 / camera.focal))


def oriented_box(corners: Array) -> Box:
    """The box of Unity's `objectOrientedBoundingBox.cornerPoints` (8×3, `U`, in Unity's order).

    Its axes are those of the object, so its rotation is the object's; a box without thickness is completed by a cross product.

    Raises:
        ValueError: not 8×3 finite numbers, or fewer than two sides have a length.
    """
    if corners.shape != (8, 3) or not np.isfinite(corners).all():
        raise ValueError(f"an oriented box has 8 finite corners; found {corners.shape[0]} × {corners.shape[-1]}")
    edges = []
    for positive in _POSITIVE:
        negative = [i for i in range(8) if i not in positive]
        edges.append(corners[list(positive)].mean(axis=0) - corners[negative].mean(axis=0))
    lengths = [float(np.linalg.norm(edge)) for edge in edges]
    flat = [i for i, length in enumerate(lengths) if length < _FLAT_M]
    if len(flat) > 1:
        raise ValueError(f"an oriented box has at least two sides; found lengths {', '.join(f'{n:.3g}' for n in lengths)} m")
    axes = [edge / max(length, _FLAT_M) for edge, length in zip(edges, lengths, strict=True)]
    for i in flat:
        axes[i] = np.cross(axes[(i + 1) % 3], axes[(i + 2) % 3])
    rotation = to_neutral_rotation(np.stack(axes, axis=1))
    return Box(to_neutral_point(corners.mean(axis=0)), (lengths[0], lengths[2], lengths[1]), rotation)


def aligned_box(centre: Sequence[float], size: Sequence[float]) -> Box:
    """The box of Unity's `axisAlignedBoundingBox` (`U`): its axes are the world's, whatever the object's are."""
    x, y, z = (float(s) for s in size)
    return Box(to_neutral_point(centre), (x, z, y), matrix3(np.eye(3)))


def carried_pivot(pivot: Pivot, before: Thing, after: Thing) -> Pivot:
    """Where the pivot is when the object's box has gone from one pose to another: it goes along rigidly.

    A turn about the box's centre moves the pivot on a circle, and a scaling moves it towards or from the centre.

    Raises:
        ValueError: the scales of the three axes differ.
    """
    factors = np.array(after.size) / before.size
    if np.ptp(factors) > 1e-6 * factors.max():
        raise ValueError(f"{after.id}: scaled by {factors.round(4).tolist()} along its axes; only all alike can be done")
    turn = np.array(after.rotation) @ np.array(before.rotation).T
    offset = np.array(to_neutral_point(pivot.position)) - before.position
    position = np.array(after.position) + turn @ (offset * factors[0])
    rotation = turn @ np.array(to_neutral_rotation(euler_matrix(pivot.angles)))
    return Pivot(to_unity_point(position), euler_of(to_unity_rotation(matrix3(rotation))))


def metric_depth(depth: NDArray[np.float32], gain: float, far_m: float) -> NDArray[np.float32]:
    """Depth along the viewing axis in metres, inf where nothing is.

    Args:
        depth: as the client hands it out, H×W, metres; read-only and upside down in memory.
        gain: what to multiply it with; see `ThorOptions.depth_gain`.
        far_m: the far plane; what is as far as that is the background.
    """
    metres = np.ascontiguousarray(depth, dtype=np.float32) * np.float32(gain)
    # A pixel without a surface is at the far plane, to within what the shader's 24 bits leave.
    return np.where((metres > 0) & (metres < 0.999 * far_m), metres, np.float32(np.inf)).astype(np.float32)
