"""What a camera sees of boxes: where rays enter and leave them, which pixels a box covers, which depth points lie in it."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gsi_bench_builders.photos.limits import LIMITS
from gsi_bench_builders.scene import Camera, Thing

__all__ = ["Covered", "box_samples", "clean_depth", "depth_at", "holds", "known_depth", "ray_spans", "sampled", "world_points"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


def ray_spans(camera: Camera, thing: Thing, pixels: Array) -> tuple[Array, Array]:
    """Depths (n,) along the viewing axis at which the rays of pixels (n×2) enter and leave a box; NaN where they miss it."""
    k = camera.intrinsics
    flat = (pixels - (k[0][2], k[1][2])) / (k[0][0], k[1][1])
    rays = np.column_stack([flat, np.ones(len(flat))]) @ np.array(camera.rotation)  # world, one metre along the axis
    own = np.array(thing.rotation)
    start = (np.array(camera.position) - thing.position) @ own
    ways = rays @ own
    half = np.array(thing.size) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        first, second = (-half - start) / ways, (half - start) / ways
    enter = np.nanmax(np.minimum(first, second), axis=1)
    leave = np.nanmin(np.maximum(first, second), axis=1)
    missed = (leave <= enter) | (leave <= 0)
    return np.where(missed, np.nan, np.maximum(enter, 0.0)), np.where(missed, np.nan, leave)


@dataclasses.dataclass(frozen=True)
class Covered:
    """Samples of a box's image.

    Attributes:
        pixels: n×2, pixels, also beyond the image's edges.
        enter, leave: n, depths at which their rays meet the box.
        inside: n, whether they lie in the image.
        area: pixels that one sample stands for.
        step: between samples, pixels.
        cut: whether the box's image reaches beyond the image.
    """

    pixels: Array
    enter: Array
    leave: Array
    inside: Mask
    area: float
    step: float
    cut: bool


def box_samples(camera: Camera, thing: Thing) -> Covered | None:
    """An even grid over a box's image; None where the box reaches behind the camera."""
    corners = camera.project(thing.corners())
    if not np.isfinite(corners).all():
        return None
    low, high = corners.min(axis=0), corners.max(axis=0)
    step = max(float((high - low).max()) / LIMITS.cells, 1.0)
    spans = zip(low, high, strict=True)
    columns, rows = (np.arange(a + step / 2, b, step) if b - a > step else np.array([(a + b) / 2]) for a, b in spans)
    grid = np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2)
    enter, leave = ray_spans(camera, thing, grid)
    hit = np.isfinite(enter)
    pixels, size = grid[hit], (camera.width, camera.height)
    inside = (pixels >= 0).all(axis=1) & (pixels < size).all(axis=1)
    cut = bool((low < 0).any() or (high > size).any())
    return Covered(pixels, enter[hit], leave[hit], inside, step * step, step, cut)


def depth_at(depth_m: NDArray[np.float32], pixels: Array) -> Array:
    """Depth (n,) at pixels (n×2) of an image; 0 where it is not known, and outside."""
    height, width = depth_m.shape
    x, y = np.floor(pixels).astype(int).T
    inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
    found = np.zeros(len(pixels))
    found[inside] = depth_m[y[inside], x[inside]]
    return found


def sampled(found: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    """An image of numbers in another (width, height): the nearest pixel's, for the mean of two surfaces is none."""
    width, height = size
    rows = np.minimum(((np.arange(height) + 0.5) * found.shape[0] / height).astype(int), found.shape[0] - 1)
    columns = np.minimum(((np.arange(width) + 0.5) * found.shape[1] / width).astype(int), found.shape[1] - 1)
    return np.asarray(found[rows[:, None], columns])


def known_depth(depth_m: NDArray[np.float32]) -> NDArray[np.float32]:
    """The depth with 0 for all that none can be."""
    with np.errstate(invalid="ignore"):
        return np.where((depth_m > 0) & (depth_m < LIMITS.farthest_m), depth_m, np.float32(0))


def clean_depth(depth_m: NDArray[np.float32]) -> NDArray[np.float32]:
    """The depth without what lies on edges, 0 there: sensors, and whoever enlarges their images, invent points in between."""
    depth_m = known_depth(depth_m)
    near, far = depth_m.copy(), depth_m.copy()
    for axis in (0, 1):
        for shift in (1, -1):
            other = np.roll(depth_m, shift, axis=axis)
            near, far = np.minimum(near, other), np.maximum(far, other)
    edge = far - near > LIMITS.edge_share * np.maximum(depth_m, 1e-6)
    return np.where(edge, np.float32(0), depth_m)


def world_points(camera: Camera, depth_m: NDArray[np.float32], most: int) -> tuple[Array, Array]:
    """(world points n×3, their pixels n×2) of an image of depth of the camera's size, about `most` of them, evenly."""
    stride = max(1, int(np.sqrt(depth_m.size / most)))
    rows, columns = np.mgrid[stride // 2 : depth_m.shape[0] : stride, stride // 2 : depth_m.shape[1] : stride]
    found = depth_m[rows, columns].astype(np.float64).ravel()
    pixels = np.column_stack([columns.ravel(), rows.ravel()]) + 0.5
    known = found > 0
    k = camera.intrinsics
    flat = (pixels[known] - (k[0][2], k[1][2])) / (k[0][0], k[1][1])
    points = np.column_stack([flat, np.ones(len(flat))]) * found[known][:, None]
    return points @ np.array(camera.rotation) + np.array(camera.position), pixels[known]


def holds(thing: Thing, points: Array, grown: float = 0.0, foot: float = 0.0) -> Mask:
    """Which points (n×3, world) lie in a box that is larger by `grown` on every side, its foot raised by `foot`, metres."""
    own = (points - np.array(thing.position)) @ np.array(thing.rotation)
    half = np.array(thing.size) / 2 + grown
    inside = (np.abs(own) <= half).all(axis=1)
    return np.asarray(inside & (own[:, 2] >= -half[2] + foot))
