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
from gsi_bench_metric.imaging.images import RGB

__all__ = ["outline_shown", "outline_stands", "seen_beside", "shrunk"]

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
    small, size = shrunk(surface.mask, config.look_px)
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
    (own, size), (other, _) = (shrunk(mask, config.look_px) for mask in (surface.mask, shape))
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


def shrunk(mask: Mask, look_px: float) -> tuple[Mask, tuple[int, int]]:
    """A mask at the size that images are compared at, `look_px` on its longer side at most, and that size (width, height)."""
    scale = min(1.0, look_px / max(mask.shape))
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
