"""From the builders' world to the evaluation's camera frame: boxes, rotations, motions, images of numbers.

`N` is the world (z up), `C` the camera (OpenCV: x right, y down, z forward). A box's own axes in the evaluation are object
right, down, forward: those of an object (right, forward, up) turned by `Q`. Formulas: docs/builders.md.

Nothing else in this package knows the evaluation's axes, an engine's or a file's: whoever needs them asks here. Only Unity's
are known to `engines/thor/conversions.py`, which brings them to `N`.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from gsi_bench_builders.motion import Motion
from gsi_bench_builders.scene import UP, Camera, Matrix3, Thing, Vector3, matrix3
from gsi_bench_dataset.records import EncodedImage

__all__ = [
    "camera_motion",
    "camera_region",
    "depth_png",
    "evaluation_box",
    "from_file_axes",
    "from_graphics_pose",
    "graphics_pose",
    "ids_png",
    "rgb_png",
    "thing_pose",
    "to_camera_direction",
    "unproject",
    "up_in_camera",
    "z_up",
]

# Evaluation's object axes (right, down, forward) in an object's own (right, forward, up), transposed.
_Q_T = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
_DEEPEST_MM = 2**16 - 1


def evaluation_box(thing: Thing, camera: Camera) -> tuple[tuple[float, ...], Matrix3]:
    """(`[x, y, z, w, h, l, yaw]`, object -> camera) of an object in a camera's frame, metres and radians."""
    rotation = np.array(camera.rotation) @ np.array(thing.rotation) @ _Q_T
    x, y, z = camera.to_camera(np.array(thing.position)).tolist()
    width, depth, height = thing.size
    yaw = math.atan2(rotation[0, 2], rotation[2, 2])
    return (x, y, z, width, height, depth, yaw), matrix3(rotation)


def thing_pose(box: Sequence[float], rotation: Matrix3, camera: Camera) -> tuple[Vector3, Matrix3, Vector3]:
    """(position, rotation, size) of an object in the world, of its box in a camera's frame: what `evaluation_box` undoes.

    Args:
        box: `[x, y, z, w, h, l, …]`, metres.
        rotation: object (right, down, forward) -> camera.
    """
    own = np.array(camera.rotation).T @ np.array(rotation) @ _Q_T.T
    x, y, z = (np.array(box[:3]) @ np.array(camera.rotation) + camera.position).tolist()
    width, height, depth = (float(v) for v in box[3:6])
    return (x, y, z), matrix3(own), (width, depth, height)


def to_camera_direction(camera: Camera, direction: Vector3) -> Vector3:
    """A world direction in the camera's frame."""
    x, y, z = (np.array(camera.rotation) @ np.array(direction)).tolist()
    return x, y, z


def up_in_camera(camera: Camera) -> Vector3:
    """The world's vertical in the camera's frame."""
    return to_camera_direction(camera, UP)


def camera_region(camera: Camera, corners: NDArray[np.float64]) -> tuple[Vector3, ...]:
    """Corners of a region (world, n×3) in the camera's frame."""
    return tuple((x, y, z) for x, y, z in camera.to_camera(corners).tolist())


def camera_motion(before: Camera, after: Camera) -> tuple[Vector3, Matrix3]:
    """(the new camera's centre in the old one's frame, the rotation that takes old camera coordinates to new ones)."""
    x, y, z = before.to_camera(np.array(after.position)).tolist()
    return (x, y, z), matrix3(Motion.between(before, after).turn)


def unproject(camera: Camera, pixels: NDArray[np.float64], depth_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """World points (n×3) seen at pixels (n×2, x and y, centres at half) at a depth along the viewing axis."""
    k = camera.intrinsics
    flat = (pixels - (k[0][2], k[1][2])) / (k[0][0], k[1][1])
    points = np.column_stack([flat, np.ones(len(flat))]) * depth_m[:, None]
    return np.asarray(points @ np.array(camera.rotation) + camera.position)


def graphics_pose(camera: Camera) -> NDArray[np.float64]:
    """The camera as OpenGL, glTF and Blender place it, 4×4 own -> world: it looks along its own -z, with y up."""
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = np.array(camera.rotation).T @ np.diag([1.0, -1.0, -1.0]), camera.position
    return pose


def from_graphics_pose(pose: ArrayLike) -> tuple[Matrix3, Vector3]:
    """(rows right, down, forward in the world; centre) of a camera that is given as `graphics_pose` gives it, 4×4."""
    matrix = np.asarray(pose, dtype=np.float64)
    x, y, z = matrix[:3, 3].tolist()
    return matrix3((matrix[:3, :3] @ np.diag([1.0, -1.0, -1.0])).T), (x, y, z)


def z_up(matrix: ArrayLike) -> NDArray[np.float64]:
    """Vectors, or a pose's columns (3×n), of a world whose y is up, as that world's with z up: y becomes z, z becomes -y."""
    x, y, z = np.asarray(matrix, dtype=np.float64)
    return np.stack([x, -z, y])


def from_file_axes(points: NDArray[np.float64], up: Literal["y", "z"]) -> NDArray[np.float64]:
    """Points (n×3) of a mesh file in an object's own axes. In y-up files z points towards the viewer, in z-up files y away."""
    return points if up == "z" else np.stack([points[:, 0], -points[:, 2], points[:, 1]], axis=1)


def rgb_png(rgb: NDArray[np.uint8]) -> EncodedImage:
    """An image as a file."""
    return _png(Image.fromarray(rgb))


def depth_png(depth_m: NDArray[np.float32]) -> EncodedImage:
    """Depth in whole millimetres, 16 bit; 0 where nothing is or it is too far for that."""
    millimetres = np.where(np.isfinite(depth_m), np.rint(depth_m * 1000.0), 0)
    return _png(Image.fromarray(np.where(millimetres > _DEEPEST_MM, 0, millimetres).astype(np.uint16)))


def ids_png(ids: NDArray[np.uint16]) -> EncodedImage:
    """Numbers of objects, 16 bit."""
    return _png(Image.fromarray(ids.astype(np.uint16)))


def _png(image: Image.Image) -> EncodedImage:
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return EncodedImage(stream.getvalue())
