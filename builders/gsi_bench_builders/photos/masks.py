"""Which pixels show which box, by depth: what lies in a box, and not in the surface under it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gsi_bench_builders.photos.limits import LIMITS
from gsi_bench_builders.scene import Camera, Thing

__all__ = ["numbered_by_depth"]


def numbered_by_depth(things: Sequence[Thing], camera: Camera, depth_m: NDArray[np.float32]) -> NDArray[np.uint16]:
    """An image of object numbers, 1 + the place in `things`; 0 where no box holds what is seen.

    Of boxes that hold one place the smallest has it: a cushion lies in its sofa's box. A box's foot is left out, for there the
    depth of what carries it is as near.

    Args:
        things: of the scene, in its order; surfaces have no pixels.
        camera: of the depth.
        depth_m: H×W, 0 where not known.
    """
    numbers = np.zeros(depth_m.shape, dtype=np.uint16)
    for n in sorted(range(len(things)), key=lambda n: -float(np.prod(things[n].size))):
        thing = things[n]
        if thing.info.part_of_room:
            continue
        part = _part_of(camera, thing)
        numbers[part][_within(camera, thing, depth_m[part], part)] = n + 1
    return numbers


def _within(camera: Camera, thing: Thing, depth_m: NDArray[np.float32], part: tuple[slice, slice]) -> NDArray[np.bool_]:
    """Which pixels of a part of the image show a place in a box. A place along an own axis is linear in column and row."""
    own = np.array(thing.rotation).T
    rays = own @ np.array(camera.rotation).T @ np.linalg.inv(np.array(camera.intrinsics))
    start = own @ (np.array(camera.position) - thing.position)
    columns = np.arange(part[1].start, part[1].stop, dtype=np.float32) + np.float32(0.5)
    rows = np.arange(part[0].start, part[0].stop, dtype=np.float32)[:, None] + np.float32(0.5)
    inside = depth_m > 0
    foot = min(LIMITS.mask_foot_m, 0.2 * thing.size[2])
    for axis, (across, down, along) in enumerate(rays.astype(np.float32)):
        half = thing.size[axis] / 2 + LIMITS.mask_slack_m
        place = depth_m * (across * columns + (down * rows + along)) + np.float32(start[axis])
        inside &= (place <= half) & (place >= (foot - half if axis == 2 else -half))
    return np.asarray(inside)


def _part_of(camera: Camera, thing: Thing) -> tuple[slice, slice]:
    """Rows and columns in which a box is seen; all of them where it reaches behind the camera."""
    pixels = camera.project(thing.corners())
    if not np.isfinite(pixels).all():
        return slice(0, camera.height), slice(0, camera.width)
    (left, top), (right, bottom) = np.floor(pixels.min(axis=0)) - 2, np.ceil(pixels.max(axis=0)) + 2
    rows = np.clip([top, bottom], 0, camera.height).astype(int).tolist()
    columns = np.clip([left, right], 0, camera.width).astype(int).tolist()
    return slice(*rows), slice(*columns)
