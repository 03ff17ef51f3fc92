"""The known surface of each object of a source view: points with colour and normal, lifted from depth and mask.

Without depth a pixel's ray is cut with the object's box; without a mask the object's pixels are those whose ray meets its box
before any other. Frames: OpenCV camera, metres; pixel centres lie at half numbers.
"""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
from numpy.typing import NDArray

from gsi_bench_dataset.pixel_frame import reference_frame
from gsi_bench_dataset.records import Sample, SceneObject
from gsi_bench_metric.images import RGB

__all__ = ["Scene", "Surface", "read_scene", "source_intrinsics"]

Array = NDArray[np.float64]

_FAR = 1e6
_AGREEING = 0.95  # share of mirrored points that the source view allows
_EDGE_M = 0.02  # a step in depth, relative to the distance, over which no normal is taken


@dataclasses.dataclass(frozen=True)
class Surface:
    """What the source view shows of one object.

    Attributes:
        thing: the object.
        points: P×3, metres.
        normals: P×3, unit, towards the camera.
        pixels: P×2 source pixels (column, row), whole numbers.
        base: where its box touches the ground: centre of the box's lower face.
        height: of its box along `up`, metres.
        mask: H×W, the pixels that show it.
        mirrored: M×3×3 reflections (along, across, up) under which the surface agrees with the source view, for its hidden
            sides; None where there is none.
    """

    thing: SceneObject
    points: Array
    normals: Array
    pixels: NDArray[np.int64]
    base: Array
    height: float
    mask: NDArray[np.bool_]
    mirrored: Array | None = None


@dataclasses.dataclass(frozen=True)
class Scene:
    """A source view and everything that is known to stand in it.

    Attributes:
        K: 3×3, pixels of the source.
        up: unit vector against gravity.
        depth: H×W metres, inf where unknown; None where the sample has none.
        measured: whether depth and mask were given (else they follow from boxes).
    """

    rgb: RGB
    K: Array
    up: Array
    depth: NDArray[np.float32]
    surfaces: tuple[Surface, ...]
    measured: bool


def read_scene(sample: Sample, rgb: RGB, depth_mm: NDArray[np.uint16] | None, ids: NDArray[np.uint16] | None) -> Scene:
    """Everything known of a sample's source view; pictures are decoded already (H×W)."""
    height, width = rgb.shape[:2]
    K = source_intrinsics(sample, (width, height))
    things = sample.objects or (_target_alone(sample),)
    up = _up(sample, things)
    boxes_depth = [_box_depth(thing, K, (height, width)) for thing in things]
    if ids is None:
        ids = _ids_of_boxes(boxes_depth)
    if depth_mm is not None:
        depth = np.where(depth_mm > 0, depth_mm / 1000.0, np.inf).astype(np.float32)
    else:
        depth = np.full((height, width), np.inf, np.float32)
        for number, found in enumerate(boxes_depth):
            depth = np.where((ids == number + 1) & np.isfinite(found), found, depth).astype(np.float32)
    rays = _rays(K, (height, width))
    normals = _normals(rays * np.where(np.isfinite(depth), depth, 0)[..., None], depth)
    surfaces = tuple(
        _surface(thing, ids == number + 1, depth, rays, normals, up) for number, thing in enumerate(things)
    )

    return Scene(rgb, K, up, depth, surfaces, depth_mm is not None)


def level_axes(up: Array) -> Array:
    """Rows: along (camera's right, level), across (away from the camera, level), up."""
    right = np.array([1.0, 0, 0]) - up * up[0]
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(right, up), up])


def _mirrors(surface: Surface, depth: NDArray[np.float32], K: Array, up: Array) -> Array | None:
    """Reflections in the box's upright planes, and half a turn, that put no point where the source view shows something else."""
    if len(surface.points) < 20:
        return None
    axes = level_axes(up)
    local = (surface.points - surface.base) @ axes.T
    found = []
    for column in (0, 2):
        normal = axes @ np.array(surface.thing.rotation_matrix)[:, column]
        normal[2] = 0
        normal /= max(np.linalg.norm(normal), 1e-9)
        flip = np.eye(3) - 2 * np.outer(normal, normal)
        if _agrees(local @ flip.T @ axes + surface.base, surface, depth, K):
            found.append(flip)
    if len(found) == 2 and _agrees(local @ (found[0] @ found[1]).T @ axes + surface.base, surface, depth, K):
        found.append(found[0] @ found[1])
    return np.stack(found) if found else None


def _agrees(points: Array, surface: Surface, depth: NDArray[np.float32], K: Array) -> bool:
    """Whether points lie on or behind what the source view shows, and behind the object where it is not hidden."""
    height, width = depth.shape
    homogeneous = points @ K.T
    u, v = (homogeneous[:, :2] / homogeneous[:, 2:]).T
    inside = (u >= 0) & (u < width) & (v >= 0) & (v < height)
    row, column = v[inside].astype(int), u[inside].astype(int)
    own = cv2.dilate(surface.mask.astype(np.uint8), np.ones((3, 3), np.uint8))[row, column] > 0
    tolerance = 0.02 * surface.base[2]
    behind = depth[row, column] < homogeneous[inside, 2] + tolerance
    return bool((behind & own | (depth[row, column] < homogeneous[inside, 2] - tolerance) & ~own).mean() > _AGREEING)


def source_intrinsics(sample: Sample, size: tuple[int, int]) -> Array:
    """K in pixels of the source picture of `size` = (width, height)."""
    K = np.array(sample.camera_intrinsics, dtype=np.float64)
    if sample.pixel_frame != "reference896":
        return K
    scale, offset, _ = reference_frame(size)
    to_source = np.eye(3)
    to_source[:2, :2] /= scale
    to_source[:2, 2] = np.broadcast_to(np.asarray(offset) / scale, 2)
    return np.asarray(to_source @ K)


def _target_alone(sample: Sample) -> SceneObject:
    return SceneObject("target", sample.target, sample.original_bbox_3d, sample.rotation_matrix, is_target=True)


def _up(sample: Sample, things: tuple[SceneObject, ...]) -> Array:
    if sample.up is not None:
        up = np.array(sample.up)
    else:
        axis = np.array(next((t for t in things if t.is_target), things[0]).rotation_matrix)[:, 1]
        up = -axis if axis[1] > 0 else axis
    return np.asarray(up / np.linalg.norm(up))


def _rays(K: Array, shape: tuple[int, int]) -> Array:
    """Points at depth 1 of each pixel, H×W×3."""
    x, y = np.meshgrid(np.arange(shape[1]) + 0.5, np.arange(shape[0]) + 0.5)
    pixels = np.stack([x, y, np.ones_like(x)], -1)
    return np.asarray(pixels @ np.linalg.inv(K).T)


def _box_depth(thing: SceneObject, K: Array, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Depth at which each pixel's ray enters a box, inf where it misses (slab method)."""
    rotation, box = np.array(thing.rotation_matrix), np.array(thing.bbox_3d)
    direction = _rays(K, shape) @ rotation
    origin = -box[:3] @ rotation
    with np.errstate(divide="ignore", invalid="ignore"):
        near, far = ((sign * box[3:6] / 2 - origin) / direction for sign in (-1, 1))
    enter = np.minimum(near, far).max(-1)
    leave = np.maximum(near, far).min(-1)
    return np.where((enter <= leave) & (enter > 0.01), enter, np.inf).astype(np.float32)


def _ids_of_boxes(depths: list[NDArray[np.float32]]) -> NDArray[np.uint16]:
    stack = np.stack([np.full_like(depths[0], _FAR), *depths])
    return stack.argmin(0).astype(np.uint16)


def _normals(points: Array, depth: NDArray[np.float32]) -> Array:
    """Unit normals towards the camera of a picture of points H×W×3, from differences with the neighbours."""
    smooth = points.astype(np.float32)
    right = np.roll(smooth, -1, 1) - np.roll(smooth, 1, 1)
    down = np.roll(smooth, -1, 0) - np.roll(smooth, 1, 0)
    normal = np.cross(down, right)
    length = np.linalg.norm(normal, axis=-1, keepdims=True)
    ray = -points / np.maximum(np.linalg.norm(points, axis=-1, keepdims=True), 1e-9)
    normal = np.where(length > 1e-12, normal / np.maximum(length, 1e-12), ray)
    normal = np.where((normal * ray).sum(-1, keepdims=True) < 0, -normal, normal)
    jump = np.maximum(np.abs(np.roll(depth, -1, 1) - np.roll(depth, 1, 1)), np.abs(np.roll(depth, -1, 0) - np.roll(depth, 1, 0)))
    normal = np.where((~np.isfinite(jump) | (jump > 3 * _EDGE_M * depth))[..., None], ray, normal)
    return np.asarray(cv2.blur(normal.astype(np.float32), (3, 3)), dtype=np.float64)


def _surface(
    thing: SceneObject, mask: NDArray[np.bool_], depth: NDArray[np.float32], rays: Array, normals: Array, up: Array
) -> Surface:
    mask = mask & np.isfinite(depth)
    rows, columns = np.nonzero(mask)
    points = rays[rows, columns] * depth[rows, columns, None]
    height = float((np.abs(np.array(thing.rotation_matrix).T @ up) * np.array(thing.bbox_3d[3:6])).sum())
    base = np.array(thing.bbox_3d[:3]) - up * height / 2
    return Surface(thing, points, normals[rows, columns], np.stack([columns, rows], -1), base, height, mask)
