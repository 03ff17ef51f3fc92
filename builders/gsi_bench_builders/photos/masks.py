"""Which pixels show which box, by depth: what lies in a box, and not in the surface under it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gsi_bench_builders.frames import unproject
from gsi_bench_builders.photos.limits import LIMITS
from gsi_bench_builders.photos.seeing import holds
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
        rows, columns = np.nonzero(depth_m[part] > 0)
        pixels = np.column_stack([columns + part[1].start, rows + part[0].start]) + 0.5
        points = unproject(camera, pixels, depth_m[part][rows, columns].astype(np.float64))
        inside = holds(thing, points, LIMITS.mask_slack_m, min(LIMITS.mask_foot_m, 0.2 * thing.size[2]))
        numbers[part][rows[inside], columns[inside]] = n + 1
    return numbers


def _part_of(camera: Camera, thing: Thing) -> tuple[slice, slice]:
    """Rows and columns in which a box is seen; all of them where it reaches behind the camera."""
    pixels = camera.project(thing.corners())
    if not np.isfinite(pixels).all():
        return slice(0, camera.height), slice(0, camera.width)
    (left, top), (right, bottom) = np.floor(pixels.min(axis=0)) - 2, np.ceil(pixels.max(axis=0)) + 2
    rows = np.clip([top, bottom], 0, camera.height).astype(int).tolist()
    columns = np.clip([left, right], 0, camera.width).astype(int).tolist()
    return slice(*rows), slice(*columns)
