"""Which pixels show which object where the sample does not say: what boxes cover, and what of that is the object.

A box is met long before the object in it: a sofa's at its front, though a cushion on the seat stands free. And it covers more
than the object: what stands behind is seen in its corners.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from gsi_bench_dataset.records import SceneObject
from gsi_bench_metric.detectors.tracker.config import SilhouetteConfig, SurfaceConfig
from gsi_bench_metric.imaging.cutting import grab_cut
from gsi_bench_metric.imaging.images import RGB

__all__ = ["cut_out", "first_met", "holds", "in_box"]

Depth = NDArray[np.float32]
Mask = NDArray[np.bool_]

_SQUARE = np.ones((3, 3), np.uint8)


def holds(outer: SceneObject, inner: SceneObject, config: SurfaceConfig) -> bool:
    """Whether the middle of an object lies in the box of a larger one: on its seat, on its shelf, under its arm.

    Then that box's faces do not hide it.
    """
    if np.prod(inner.bbox_3d[3:6]) >= np.prod(outer.bbox_3d[3:6]):
        return False
    arm = (np.array(inner.bbox_3d[:3]) - outer.bbox_3d[:3]) @ np.array(outer.rotation_matrix)
    return bool((np.abs(arm) <= np.array(outer.bbox_3d[3:6]) / 2 + config.held_m).all())


def first_met(things: Sequence[SceneObject], met: Sequence[Depth], config: SurfaceConfig) -> NDArray[np.int64]:
    """The number (H, W) of the object, from 1, whose box each pixel's ray meets first; 0: none.

    Args:
        things: the objects.
        met: (H, W) of each, where rays enter its box; inf where they miss it.
        config: says when one box holds another; then the inner one comes first.
    """
    first = [depth.copy() for depth in met]
    for outer, a in zip(things, first, strict=True):
        for inner, b in zip(things, met, strict=True):
            if outer is not inner and holds(outer, inner, config):
                a[np.isfinite(b)] = np.inf
    far = np.full(met[0].shape, np.float32(1e6))
    return np.asarray(np.stack([far, *first]).argmin(0))


def in_box(points: NDArray[np.float64], thing: SceneObject, config: SurfaceConfig) -> NDArray[np.bool_]:
    """Which points (..., 3) lie in a box, or as near to it as depth is wrong by."""
    own = (points - np.array(thing.bbox_3d[:3])) @ np.array(thing.rotation_matrix)
    return np.asarray((np.abs(own) <= np.array(thing.bbox_3d[3:6]) / 2 + config.beside_box_m).all(-1))


def cut_out(rgb: RGB, covered: Mask, config: SilhouetteConfig) -> Mask:
    """The object in what its box covers (GrabCut, Rother 2004): the middle is taken for it, what lies clearly outside for
    background. All that it covers where that is too little to have colours, or hardly anything of it is found.
    """
    if covered.sum() < config.least_pixels:
        return covered
    rows, columns = _around(covered, config)
    part, inside = rgb[rows, columns], covered[rows, columns].astype(np.uint8)
    scale = min(1.0, config.cut_px / max(inside.shape))
    size = (max(1, round(inside.shape[1] * scale)), max(1, round(inside.shape[0] * scale)))
    small = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    inside = np.asarray(cv2.resize(inside, size, interpolation=cv2.INTER_NEAREST), dtype=np.uint8)
    side = float(np.sqrt(inside.sum()))
    labels = np.full(inside.shape, cv2.GC_BGD, np.uint8)
    labels[cv2.dilate(inside, _SQUARE, iterations=2) > 0] = cv2.GC_PR_BGD
    labels[inside > 0] = cv2.GC_PR_FGD
    labels[cv2.erode(inside, _SQUARE, iterations=max(1, round(config.core * side))) > 0] = cv2.GC_FGD
    if not (labels == cv2.GC_FGD).any():
        return covered
    seen = grab_cut(small, labels, config.cut_rounds)
    found = cv2.morphologyEx(seen.astype(np.uint8), cv2.MORPH_OPEN, _SQUARE)
    count, parts, statistics, _ = cv2.connectedComponentsWithStats(found)
    if count < 2:
        return covered
    largest = (parts == 1 + int(statistics[1:, cv2.CC_STAT_AREA].argmax())).astype(np.uint8)
    whole = np.zeros(covered.shape, bool)
    shape = (columns.stop - columns.start, rows.stop - rows.start)
    whole[rows, columns] = cv2.resize(largest, shape, interpolation=cv2.INTER_NEAREST) > 0
    whole &= covered
    return whole if whole.sum() >= config.least_cut * covered.sum() else covered


def _around(covered: Mask, config: SilhouetteConfig) -> tuple[slice, slice]:
    """Rows and columns of what a box covers, and some of what lies about it."""
    ends = []
    extents = [np.flatnonzero(covered.any(axis)) for axis in (1, 0)]
    margin = round(config.beside * max(np.ptp(extent) for extent in extents)) + 4
    for extent, size in zip(extents, covered.shape, strict=True):
        ends.append(slice(max(0, int(extent[0]) - margin), min(size, int(extent[-1]) + margin + 1)))
    return ends[0], ends[1]
