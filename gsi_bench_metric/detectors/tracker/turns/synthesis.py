"""What the source would show, had its target been turned: for objects of which no image after a turn is known.

The object gets the shape that has its outline (`shapes`). Sides that the source shows keep what is painted on them. What the
others look like nobody knows: once they get the colours that the object has at their height, once colours that it has not.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from gsi_bench_dataset.layout.pixel_frame import box_corners
from gsi_bench_dataset.records import SceneObject
from gsi_bench_metric.detectors.tracker.shapes import BOX, Fit, depth_of, fits
from gsi_bench_metric.detectors.tracker.surface import Scene, Surface, pixel_rays
from gsi_bench_metric.detectors.tracker.turns.looks import window_of
from gsi_bench_metric.imaging.images import RGB

__all__ = ["Turned", "turned_images"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclasses.dataclass(frozen=True)
class Turned:
    """An image of a turned object.

    Attributes:
        rgb: (H, W, 3).
        known: the share of the object's pixels that the source knows, 0–1.
        overlap: of its shape's outline and the object's in the source, 0–1.
        shaped: whether the shape is the object's for certain: the sample tells it, or the box itself fits best.
    """

    rgb: RGB
    known: float
    overlap: float
    shaped: bool


@dataclasses.dataclass(frozen=True)
class _Look:
    """One object in a part of the source: the part, its pixels that show the object (h, w), all its pixels' rays, and the part
    without the object."""

    scene: Scene
    thing: SceneObject
    part: tuple[slice, slice]
    shown: Mask
    rays: Array
    empty: RGB


def turned_images(scene: Scene, surface: Surface, turned: SceneObject) -> Iterator[Turned]:
    """The source with one object turned, under each shape and each look of its hidden sides.

    Args:
        scene: the source view.
        surface: of the object in it.
        turned: the object as it would stand.
    """
    config = scene.config.synthesis
    whole = surface.mask
    if not whole.any():
        return
    part = _about(scene, whole, (surface.thing, turned))
    shown, rays = whole[part], pixel_rays(scene.K, *part)
    found = fits(surface.thing, scene.up, rays, shown, scene.config)
    hole = cv2.dilate(shown.astype(np.uint8), np.ones((3, 3), np.uint8), iterations=config.hole_px)
    source = np.ascontiguousarray(scene.rgb[part])
    empty = np.asarray(cv2.inpaint(source, hole, config.inpaint_px, cv2.INPAINT_TELEA), dtype=np.uint8)
    look = _Look(scene, surface.thing, part, shown, rays, empty)
    boxy = not scene.shaped and found[0].solid.name == BOX and found[0].overlap >= config.boxy
    for fit in found[:1] if boxy else found:
        if fit.overlap >= config.as_like * found[0].overlap:
            yield from _painted(look, turned, fit, shaped=scene.shaped or boxy)


def _about(scene: Scene, shown: Mask, things: Sequence[SceneObject]) -> tuple[slice, slice]:
    """Rows and columns with all that shows objects, or could; the whole image where a box reaches behind the camera."""
    corners = np.concatenate([box_corners(thing.bbox_3d, thing.rotation_matrix) for thing in things]) @ scene.K.T
    if (corners[:, 2] <= 0).any():
        return slice(0, scene.size[1]), slice(0, scene.size[0])
    points = np.concatenate([corners[:, :2] / corners[:, 2:], np.argwhere(shown)[:, ::-1]])
    # A pixel is as wide as 1: the margin goes that much further to the right and down.
    return window_of(np.concatenate([points, points + 1]), 2 * scene.config.synthesis.hole_px + 2, scene.size)


def _painted(look: _Look, turned: SceneObject, fit: Fit, *, shaped: bool) -> Iterator[Turned]:
    """The turned object on the empty scene: each of its pixels is looked up where the source shows that piece of it. Sides that
    it does not show are once of the object's colours, once of colours that it has not."""
    scene, thing, config = look.scene, look.thing, look.scene.config
    after = depth_of(fit.solid, turned, look.rays, config.surface.nearest_m)
    rows, columns = np.nonzero(np.isfinite(after))
    back = np.array(thing.rotation_matrix) @ np.array(turned.rotation_matrix).T
    points = look.rays[rows, columns] * after[rows, columns, None] - np.array(turned.bbox_3d[:3])
    points = points @ back.T + np.array(thing.bbox_3d[:3])
    pixels = points @ scene.K.T
    pixels = pixels[:, :2] / np.maximum(pixels[:, 2:], 1e-6) - 0.5 - (look.part[1].start, look.part[0].start)
    near, limits = np.round(pixels).astype(np.int64), np.array(look.shown.shape[::-1])
    inside = ((near >= 0) & (near < limits)).all(-1)
    near = np.clip(near, 0, limits - 1)
    off = np.abs(fit.depth[near[:, 1], near[:, 0]] - points[:, 2])
    seen = inside & look.shown[near[:, 1], near[:, 0]] & (off < config.synthesis.same_depth * max(thing.bbox_3d[3:6]))
    # An image of the places to look up: OpenCV takes no row longer than 32767.
    place = np.zeros((*look.shown.shape, 2), np.float32)
    place[rows, columns] = pixels
    source = np.ascontiguousarray(scene.rgb[look.part])
    painted = cv2.remap(source, place[..., 0], place[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[rows, columns]
    own = _at_heights(look, fit, points @ scene.up)
    for hidden in (own, 255 - own[:, ::-1]):
        made = scene.rgb.copy()
        made[look.part] = look.empty
        made[rows + look.part[0].start, columns + look.part[1].start] = np.where(seen[:, None], painted, hidden)
        yield Turned(made, float(seen.mean()) if len(seen) else 0.0, fit.overlap, shaped)


def _at_heights(look: _Look, fit: Fit, heights: Array) -> NDArray[np.uint8]:
    """The median colour (P, 3) that the source shows of the object at heights (P,), along `up` from the camera."""
    seen = look.shown & np.isfinite(fit.depth)
    colours = look.scene.rgb[look.part][seen if seen.any() else look.shown]
    if not seen.any():
        return np.repeat(np.median(colours, axis=0)[None], len(heights), 0).round().astype(np.uint8)
    levels = (look.rays[seen] * fit.depth[seen][:, None]) @ look.scene.up
    edges = np.linspace(levels.min(), levels.max(), look.scene.config.synthesis.levels + 1)[1:-1]
    known, wanted = np.digitize(levels, edges), np.digitize(heights, edges)
    table = np.repeat(np.median(colours, axis=0)[None], len(edges) + 1, 0)
    for level in np.unique(known):
        table[level] = np.median(colours[known == level], axis=0)
    return np.asarray(table[wanted].round(), dtype=np.uint8)
