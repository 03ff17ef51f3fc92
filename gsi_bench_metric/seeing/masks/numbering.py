"""From one mask an object to one image of object numbers: held against the boxes, the nearer object first.

The number of an object is its position among the known objects, from 1; 0 is background.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from gsi_bench_dataset.records import SceneObject
from gsi_bench_metric.detectors.tracker.config import TRACKER
from gsi_bench_metric.detectors.tracker.hulls import holds
from gsi_bench_metric.detectors.tracker.surface import box_depth, pixel_rays
from gsi_bench_metric.seeing.base import Array, Mask, View
from gsi_bench_metric.seeing.config import SEEING, NumberingConfig

__all__ = [
    "MISFITS",
    "Numbered",
    "connected_at",
    "crop_of",
    "in_front",
    "largest_within",
    "misfit",
    "near_first",
    "numbered",
    "widened",
]

# Why a mask cannot be its object's.
MISFITS = {
    "size": "expected a mask of {expected} pixels, found {found}",
    "empty": "the mask is empty",
    "beside": "the mask misses its box",
    "mostly_beside": "the mask misses its box: {percent:.0f} % of it lie in the box's outline",
    "little": "the mask fills {percent:.1f} % of its box's outline",
}


@dataclasses.dataclass(frozen=True)
class Numbered:
    """Object numbers of a view.

    Attributes:
        numbers: (H, W).
        by_box: objects of which no usable mask was found, each with the reason; the outline of their box stands for them.
        unseen: objects whose box is not seen in the image.
    """

    numbers: NDArray[np.int64]
    by_box: dict[str, str]
    unseen: tuple[str, ...]


def numbered(view: View, masks: Sequence[Mask | None], config: NumberingConfig = SEEING.numbering) -> Numbered:
    """One image of object numbers.

    Args:
        view: the image.
        masks: (H, W) of each of its objects; None: none was found.
        config: the limits.
    """
    kept: list[Mask | None] = []
    by_box: dict[str, str] = {}
    unseen = []
    for thing, mask, silhouette in zip(view.things, masks, view.silhouettes, strict=True):
        if silhouette is None:
            unseen.append(thing.id)
            kept.append(None)
            continue
        near = widened(silhouette, config)
        problem = None if mask is None else misfit(mask, silhouette, near, view.shape, config)
        if mask is not None and problem is None:
            kept.append(mask & near)
        else:
            by_box[thing.id] = "no mask was found" if problem is None else MISFITS[problem[0]].format(**problem[1])
            kept.append(silhouette)
    numbers = _nearest(view, kept)
    for number, (thing, silhouette) in enumerate(zip(view.things, view.silhouettes, strict=True), 1):
        if silhouette is not None and thing.id not in by_box and not (numbers == number).any():
            by_box[thing.id] = "nearer objects hold all of its mask"
            numbers[silhouette & (numbers == 0)] = number
    return Numbered(numbers, by_box, tuple(unseen))


def misfit(
    mask: Mask, silhouette: Mask, near: Mask, shape: tuple[int, int], config: NumberingConfig = SEEING.numbering
) -> tuple[str, dict[str, Any]] | None:
    """Why a mask cannot be its object's; None where it can.

    Args:
        mask: (H, W).
        silhouette: (H, W), the outline of the object's box.
        near: (H, W), see `widened`.
        shape: (height, width) that the mask should have.
        config: the limits.

    Returns:
        A name (size, empty, beside, mostly_beside or little) and the facts of its words.
    """
    if mask.shape != shape:
        return "size", {"expected": f"{shape[1]}×{shape[0]}", "found": f"{mask.shape[1]}×{mask.shape[0]}"}
    area, inside = int(mask.sum()), int((mask & near).sum())
    if not inside:
        return ("beside" if area else "empty"), {}
    if inside < config.least_inside * area:
        return "mostly_beside", {"percent": 100 * inside / area}
    if inside < config.least_filled * silhouette.sum():
        return "little", {"percent": 100 * inside / float(silhouette.sum())}
    return None


def widened(silhouette: Mask, config: NumberingConfig = SEEING.numbering) -> Mask:
    """The outline of a box (H, W) with some slack about it."""
    rows, columns = np.nonzero(silhouette)
    reach = math.ceil(config.slack * math.hypot(float(np.ptp(rows)), float(np.ptp(columns))))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    return np.asarray(cv2.dilate(silhouette.astype(np.uint8), kernel) > 0)


def _nearest(view: View, masks: Sequence[Mask | None]) -> NDArray[np.int64]:
    """Of the objects that claim a pixel the one whose box is met first there; one in another's box comes before that."""
    numbers = np.zeros(view.shape, np.int64)
    distance = np.full(view.shape, np.inf, np.float32)
    for number, (thing, whole) in enumerate(zip(view.things, masks, strict=True), 1):
        if whole is None or not whole.any():
            continue
        within = [m for t, m in zip(view.things, masks, strict=True) if m is not None and _holds(thing, t)]
        mask = whole & ~np.any(within, axis=0) if within else whole
        if not mask.any():
            continue
        part = _around(mask)
        met = box_depth(thing.bbox_3d, thing.rotation_matrix, TRACKER.surface, pixel_rays(view.K, *part))
        # Beside the box its middle: the object is there, and how far is not known.
        met = np.where(np.isfinite(met), met, np.float32(thing.bbox_3d[2]))
        first = mask[part] & (met < distance[part])
        numbers[part][first], distance[part][first] = number, met[first]
    return numbers


def near_first(view: View) -> list[int]:
    """Positions of the objects, the nearest first; what stands in another's box before that one."""
    near = sorted(range(len(view.things)), key=lambda i: sum(v * v for v in view.things[i].bbox_3d[:3]))
    order: list[int] = []
    for number in near:
        within = [i for i in near if i not in order and _holds(view.things[number], view.things[i])]
        order += [i for i in (*within, number) if i not in order]
    return order


def in_front(view: View, number: int, masks: Mapping[int, Mask]) -> Mask:
    """Pixels (H, W) that show other objects before the box of the object at position `number`.

    Args:
        view: the image.
        number: position of the object.
        masks: (H, W) of other objects, by position.
    """
    found = np.zeros(view.shape, np.bool_)
    silhouette = view.silhouettes[number]
    for other, mask in masks.items():
        shared = mask if silhouette is None else mask & silhouette
        if not shared.any():
            continue
        part = _around(shared)
        if _holds(view.things[number], view.things[other]):
            found[part] |= mask[part]
            continue
        if _holds(view.things[other], view.things[number]):
            continue
        rays = pixel_rays(view.K, *part)
        own, its = (
            box_depth(view.things[i].bbox_3d, view.things[i].rotation_matrix, TRACKER.surface, rays) for i in (number, other)
        )
        found[part] |= mask[part] & (its < own)
    return found


def _holds(outer: SceneObject, inner: SceneObject) -> bool:
    return outer is not inner and holds(outer, inner, TRACKER.surface)


def _around(mask: Mask) -> tuple[slice, slice]:
    rows, columns = np.nonzero(mask)
    return slice(int(rows.min()), int(rows.max()) + 1), slice(int(columns.min()), int(columns.max()) + 1)


def largest_within(mask: Mask, inside: Mask) -> Mask:
    """The connected part of a mask that has most pixels inside of a silhouette, cut to it; (H, W) both."""
    cut = (mask & inside).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(cut, connectivity=8)
    if count <= 2:
        return cut > 0
    return np.asarray(labels == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax()))


def connected_at(mask: Mask, point: tuple[float, float]) -> Mask | None:
    """The connected part of a mask (H, W) at a point (x, y), pixels; None where the mask is not set there."""
    height, width = mask.shape
    x, y = (min(max(int(v), 0), side - 1) for v, side in zip(point, (width, height), strict=True))
    if not mask[y, x]:
        return None
    _, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    return np.asarray(labels == labels[y, x])


def crop_of(rectangle: tuple[int, int, int, int], margin: Array | float, shape: tuple[int, int]) -> tuple[slice, slice]:
    """Rows and columns of a rectangle with a margin (share of each side, at least that many pixels) inside of an image."""
    x1, y1, x2, y2 = rectangle
    corners = np.array([[x1, y1], [x2, y2]])
    beside = np.ceil(np.asarray(margin, dtype=np.float64) * (corners[1] - corners[0]))
    low = np.maximum(corners[0] - beside, 0).astype(int)
    high = np.minimum(corners[1] + beside, shape[::-1]).astype(int)
    return slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))
