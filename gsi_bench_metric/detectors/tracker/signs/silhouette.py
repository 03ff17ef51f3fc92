"""Whether an object's old outline still stands in the edited image.

An editor that fails to remove an object often leaves its shape in other colours, and a flash gives it other colours too. What
the colours no longer tell, the outline does: where the source has an edge across the outline, the edited image has one too.
Only what is gone takes its outline along.
"""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
from numpy.typing import NDArray

from gsi_bench_metric.detectors.tracker.config import SilhouetteConfig
from gsi_bench_metric.detectors.tracker.follow import Found
from gsi_bench_metric.detectors.tracker.results import outline
from gsi_bench_metric.detectors.tracker.surface import Scene, Surface
from gsi_bench_metric.imaging.cutting import grab_cut
from gsi_bench_metric.imaging.images import RGB

__all__ = ["outline_shown", "outline_stands", "seen_beside", "silhouette"]

Array = NDArray[np.float32]
Mask = NDArray[np.bool_]

_SQUARE = np.ones((3, 3), np.uint8)


def outline_stands(scene: Scene, surface: Surface, edited: RGB) -> float:
    """The share of an object's outline in the source that stands in the edited image too, by the strength of its edges, 0–1.

    Args:
        scene: the source view.
        surface: of the object.
        edited: (H, W, 3), in the source's frame: drift and tone removed.

    0 where the source shows no outline of it.
    """
    config = scene.config.silhouette
    small, size = _small(silhouette(scene, surface), config)
    across, band = _across(small, config)
    before, after = (_edges(rgb, size, across, config) for rgb in (scene.rgb, edited))
    if not band.any():
        return 0.0
    clear = band & (before > np.percentile(before[band], config.unclear))
    total = float(before[clear].sum())
    near = cv2.dilate(after, _SQUARE)  # an edge may lie a pixel beside
    return float(np.minimum(near, before)[clear].sum()) / total if total else 0.0


def outline_shown(scene: Scene, surface: Surface, shape: Mask, edited: RGB) -> float:
    """The share of another outline, that of `shape` (H, W), where the edited image has an edge across it, 0–1.

    Args:
        scene: the source view.
        surface: of the object, whose own outline in the source says how strong an edge is.
        shape: pixels that something would cover.
        edited: (H, W, 3), in the source's frame.

    1 where the source shows no outline of the object: then nothing is told.
    """
    config = dataclasses.replace(scene.config.silhouette, blur_px=scene.config.silhouette.shown_blur_px)
    (own, size), (other, _) = (_small(mask, config) for mask in (silhouette(scene, surface), shape))
    across, band = _across(own, config)
    if not band.any():
        return 1.0
    usual = float(np.median(_edges(scene.rgb, size, across, config)[band]))
    across, band = _across(other, config)
    if not band.any() or not usual:
        return 1.0
    near = cv2.dilate(_edges(edited, size, across, config), _SQUARE)
    return float((near[band] > config.weak * usual).mean())


def seen_beside(scene: Scene, surface: Surface, found: Found) -> bool:
    """Whether a pose is seen beside the pixels that showed an object, and beside its reflection in what it stood on.

    When the object goes, they show what it hid, and a table without it: as new as the object would be there.
    """
    old = surface.mask.copy()
    rows = np.flatnonzero(old.any(axis=1))
    below = old[rows[0] : rows[-1] + 1][::-1][: old.shape[0] - rows[-1] - 1]
    old[rows[-1] + 1 : rows[-1] + 1 + len(below)] |= below
    pixels = np.round(outline(scene, surface, found)).astype(np.int64)
    columns, rows = pixels[((pixels >= 0) & (pixels < scene.size)).all(-1)].T
    return bool(old[rows, columns].sum() < scene.config.silhouette.uncovered * len(pixels))


def silhouette(scene: Scene, surface: Surface) -> Mask:
    """The pixels (H, W) that show an object: as the sample says, else cut out of what its box covers (GrabCut, Rother 2004)."""
    if scene.masked or surface.mask.sum() < scene.config.silhouette.least_pixels:
        return surface.mask
    return _cut_out(scene.rgb, surface.mask, scene.config.silhouette)


def _small(mask: Mask, config: SilhouetteConfig) -> tuple[Mask, tuple[int, int]]:
    """A mask at the size that images are compared at, and that size (width, height)."""
    scale = min(1.0, config.look_px / max(mask.shape))
    size = (max(1, round(mask.shape[1] * scale)), max(1, round(mask.shape[0] * scale)))
    return np.asarray(cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.5), size


def _across(mask: Mask, config: SilhouetteConfig) -> tuple[Array, Mask]:
    """Unit vectors (H, W, 2) across the outline, and the pixels about it; none at the image's border, where nothing ends."""
    inside = mask.astype(np.uint8)
    distance = cv2.distanceTransform(inside, cv2.DIST_L2, 5) - cv2.distanceTransform(1 - inside, cv2.DIST_L2, 5)
    smooth = cv2.GaussianBlur(distance, (0, 0), config.smooth_px)
    slope = np.stack([cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)], -1)
    band = np.abs(smooth) < config.band_px
    margin = config.margin_px
    band[:margin] = band[-margin:] = False
    band[:, :margin] = band[:, -margin:] = False
    return slope / np.maximum(np.linalg.norm(slope, axis=-1, keepdims=True), 1e-6), band


def _edges(rgb: RGB, size: tuple[int, int], across: Array, config: SilhouetteConfig) -> Array:
    """How strong edges across the outline are (H, W), all channels together."""
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    smooth = cv2.GaussianBlur(small, (0, 0), config.blur_px)
    steps = [cv2.Sobel(smooth, cv2.CV_32F, *way) * across[..., i, None] for i, way in enumerate(((1, 0), (0, 1)))]
    return np.asarray(np.linalg.norm(steps[0] + steps[1], axis=-1), dtype=np.float32)


def _cut_out(rgb: RGB, covered: Mask, config: SilhouetteConfig) -> Mask:
    """The object in what its box covers: the middle is taken for it, what lies clearly outside for background."""
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
    return whole


def _around(covered: Mask, config: SilhouetteConfig) -> tuple[slice, slice]:
    """Rows and columns of what a box covers, and some of what lies about it."""
    ends = []
    extents = [np.flatnonzero(covered.any(axis)) for axis in (1, 0)]
    margin = round(config.beside * max(np.ptp(extent) for extent in extents)) + 4
    for extent, size in zip(extents, covered.shape, strict=True):
        ends.append(slice(max(0, int(extent[0]) - margin), min(size, int(extent[-1]) + margin + 1)))
    return ends[0], ends[1]
