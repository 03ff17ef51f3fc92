"""What a source would show, had an object turned that fills its box: cartons, books, printed slabs. Their surface is the box's.

Faces that the source shows keep what is painted on them. What the others look like nobody knows: once they get the colours
that the object has at their height, once colours that it has not.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from gsi_bench_dataset.layout.pixel_frame import box_corners
from gsi_bench_dataset.records import SceneObject
from gsi_bench_metric.detectors.tracker.surface import Scene, Surface, box_depth, pixel_rays
from gsi_bench_metric.imaging.images import RGB

__all__ = ["turned_boxes"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
_SQUARE = np.ones((3, 3), np.uint8)


@dataclasses.dataclass(frozen=True)
class _Look:
    """One object in a part of the source: the part, its pixels that show the object (h, w), all its pixels' rays, depth of its
    box there, and the part without the object."""

    scene: Scene
    thing: SceneObject
    part: tuple[slice, slice]
    shown: Mask
    rays: Array
    depth: NDArray[np.float32]
    empty: RGB


def turned_boxes(scene: Scene, surface: Surface, turned: SceneObject) -> Iterator[RGB]:
    """The source with one object turned, under each look of its hidden sides; nothing where it does not fill its box, or where
    the source shows too little of the turned one.

    Args:
        scene: the source view.
        surface: of the object in it.
        turned: the object as it would stand.
    """
    config, thing = scene.config.boxes, surface.thing
    if not surface.mask.any():
        return
    part = _about(scene, surface.mask, (thing, turned))
    shown, rays = surface.mask[part], pixel_rays(scene.K, *part)
    depth = box_depth(thing.bbox_3d, thing.rotation_matrix, scene.config.surface, rays)
    filled = np.isfinite(depth)
    if (filled & shown).sum() < config.boxy * (filled | shown).sum():
        return
    hole = cv2.dilate(shown.astype(np.uint8), _SQUARE, iterations=config.hole_px)
    source = np.ascontiguousarray(scene.rgb[part])
    empty = np.asarray(cv2.inpaint(source, hole, config.inpaint_px, cv2.INPAINT_TELEA), dtype=np.uint8)
    yield from _painted(_Look(scene, thing, part, shown, rays, depth, empty), turned)


def _about(scene: Scene, shown: Mask, things: Sequence[SceneObject]) -> tuple[slice, slice]:
    """Rows and columns with all that shows objects, or could; the whole image where a box reaches behind the camera."""
    corners = np.concatenate([box_corners(thing.bbox_3d, thing.rotation_matrix) for thing in things]) @ scene.K.T
    width, height = scene.size
    if (corners[:, 2] <= 0).any():
        return slice(0, height), slice(0, width)
    points = np.concatenate([corners[:, :2] / corners[:, 2:], np.argwhere(shown)[:, ::-1]])
    margin = 2 * scene.config.boxes.hole_px + 2
    low, high = np.floor(points.min(0) - margin), np.ceil(points.max(0) + 1 + margin)
    columns, rows = (
        slice(int(np.clip(a, 0, length - 1)), int(np.clip(b, 1, length)))
        for a, b, length in zip(low, high, (width, height), strict=True)
    )
    return rows, columns


def _painted(look: _Look, turned: SceneObject) -> Iterator[RGB]:
    """The turned object on the empty scene: each of its pixels is looked up where the source shows that piece of it."""
    scene, thing, config = look.scene, look.thing, look.scene.config.boxes
    after = box_depth(turned.bbox_3d, turned.rotation_matrix, scene.config.surface, look.rays)
    rows, columns = np.nonzero(np.isfinite(after))
    back = np.array(thing.rotation_matrix) @ np.array(turned.rotation_matrix).T
    points = look.rays[rows, columns] * after[rows, columns, None] - np.array(turned.bbox_3d[:3])
    points = points @ back.T + np.array(thing.bbox_3d[:3])
    pixels = points @ scene.K.T
    pixels = pixels[:, :2] / np.maximum(pixels[:, 2:], 1e-6) - 0.5 - (look.part[1].start, look.part[0].start)
    near, limits = np.round(pixels).astype(np.int64), np.array(look.shown.shape[::-1])
    inside = ((near >= 0) & (near < limits)).all(-1)
    near = np.clip(near, 0, limits - 1)
    off = np.abs(look.depth[near[:, 1], near[:, 0]] - points[:, 2])
    seen = inside & look.shown[near[:, 1], near[:, 0]] & (off < config.same_depth * max(thing.bbox_3d[3:6]))
    if not len(seen) or seen.mean() < config.least_known:
        return
    # An image of the places to look up: OpenCV takes no row longer than 32767.
    place = np.zeros((*look.shown.shape, 2), np.float32)
    place[rows, columns] = pixels
    source = np.ascontiguousarray(scene.rgb[look.part])
    painted = cv2.remap(source, place[..., 0], place[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[rows, columns]
    own = _at_heights(look, points @ scene.up)
    for hidden in (own, 255 - own[:, ::-1]):
        made = scene.rgb.copy()
        made[look.part] = look.empty
        made[rows + look.part[0].start, columns + look.part[1].start] = np.where(seen[:, None], painted, hidden)
        yield made


def _at_heights(look: _Look, heights: Array) -> NDArray[np.uint8]:
    """The median colour (P, 3) that the source shows of the object at heights (P,), along `up` from the camera."""
    seen = look.shown & np.isfinite(look.depth)
    colours = look.scene.rgb[look.part][seen]
    levels = (look.rays[seen] * look.depth[seen][:, None]) @ look.scene.up
    edges = np.linspace(levels.min(), levels.max(), look.scene.config.boxes.levels + 1)[1:-1]
    known, wanted = np.digitize(levels, edges), np.digitize(heights, edges)
    table = np.repeat(np.median(colours, axis=0)[None], len(edges) + 1, 0)
    for level in np.unique(known):
        table[level] = np.median(colours[known == level], axis=0)
    return np.asarray(table[wanted].round(), dtype=np.uint8)
