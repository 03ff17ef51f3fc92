"""How credible the place looks where an object was taken away: nothing of it left, colours and grain of the surroundings."""

from __future__ import annotations

import dataclasses
import math

import cv2
import numpy as np
from numpy.typing import NDArray

from gsi_bench_metric.imaging.images import RGB
from gsi_bench_metric.judges.embedded.config import EMBEDDED, FillingConfig

__all__ = ["Filling", "look_at_filling"]

Mask = NDArray[np.bool_]
Lab = NDArray[np.float32]


@dataclasses.dataclass(frozen=True)
class Filling:
    """What the place looks like.

    Attributes:
        remains: share of it that still shows the object, 0–1.
        fitting: share whose colours are found round it, 0–1.
        grain: log of its fine contrast over that of its surroundings.
        seam: step of colour along its outline, CIELAB units a pixel, over what is usual round it.
    """

    remains: float
    fitting: float
    grain: float
    seam: float


def look_at_filling(
    source: RGB, edited: RGB, place: Mask, others: Mask, *, config: FillingConfig = EMBEDDED.filling
) -> Filling | None:
    """Looks at where the object was.

    Args:
        source, edited: (H, W, 3) of one size, drift and tone removed.
        place: (H, W), the pixels of the object in the source.
        others: (H, W), the pixels of other objects.
        config: the numbers of the look.

    Returns:
        None where nothing of the surroundings is seen.
    """
    rows, columns = np.nonzero(place)
    size = max(int(np.ptp(rows)), int(np.ptp(columns))) + 1
    margin = int(config.ring * size) + config.ring_px
    top, left = max(0, rows.min() - margin), max(0, columns.min() - margin)
    window = slice(top, rows.max() + margin), slice(left, columns.max() + margin)
    scale = min(1.0, config.side / size)
    before, after = (_lab(edited_or_source[window], scale) for edited_or_source in (source, edited))
    masks = (_shrunk(mask[window], before.shape[:2]) for mask in (place, others))
    where, elsewhere = masks
    wide = cv2.dilate(where.astype(np.uint8), np.ones((config.edge_px, config.edge_px), np.uint8)).astype(bool)
    ring = ~wide & ~elsewhere
    if ring.sum() < config.least_ring or not where.any():
        return None
    return Filling(
        _remains(before, after, where, wide, config),
        _fitting(after, where, ring, config),
        _grain(after, where, ring, config),
        _seam(after, where, ring, config),
    )


def _remains(before: Lab, after: Lab, where: Mask, wide: Mask, config: FillingConfig) -> float:
    """Where the object was distinct from the ground, how much of it is still there."""
    levels = np.asarray(np.clip(before * [2.55, 1, 1] + [0, 128, 128], 0, 255), dtype=np.uint8)
    ground = cv2.inpaint(levels, wide.astype(np.uint8), config.inpaint_px, cv2.INPAINT_TELEA).astype(np.float32)
    ground = (ground - [0, 128, 128]) / [2.55, 1, 1]
    telling = where & (np.linalg.norm(before - ground, axis=-1) > config.unlike_the_ground)
    if not telling.any():
        return 0.0
    return float((np.linalg.norm(before - after, axis=-1)[telling] < config.like_the_object).mean())


def _fitting(after: Lab, where: Mask, ring: Mask, config: FillingConfig) -> float:
    # Lightness is 0 to 100, a and b are -128 to 127; one bin more at both ends.
    middle = math.ceil(128 / config.bin) + 1
    light, hues = int(100 // config.bin) + 3, 2 * middle
    known = np.zeros((light, hues, hues), np.uint8)
    bins = np.clip(np.floor(after / config.bin).astype(int) + np.array([1, middle, middle]), 0, [light - 1, hues - 1, hues - 1])
    known[tuple(bins[ring].T)] = 1
    padded = np.pad(known, 1)
    near = np.zeros_like(known)
    for a in range(3):
        for b in range(3):
            for c in range(3):
                near |= padded[a : a + light, b : b + hues, c : c + hues]
    return float(near[tuple(bins[where].T)].mean())


def _grain(after: Lab, where: Mask, ring: Mask, config: FillingConfig) -> float:
    light = after[..., 0]
    fine = np.abs(light - cv2.GaussianBlur(light, (0, 0), config.grain_px))
    inner = cv2.erode(where.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    # The median: edges of objects that end at the place are no grain.
    here = float(np.median(fine[inner if inner.any() else where]))
    return float(np.log((here + config.least_grain) / (float(np.median(fine[ring])) + config.least_grain)))


def _seam(after: Lab, where: Mask, ring: Mask, config: FillingConfig) -> float:
    smooth = cv2.GaussianBlur(after, (0, 0), config.seam_blur_px)
    across, down = (cv2.Sobel(smooth, cv2.CV_32F, *order, scale=1 / 8) for order in ((1, 0), (0, 1)))
    step = np.sqrt((across**2 + down**2).sum(-1))
    kernel = np.ones((3, 3), np.uint8)
    outline = cv2.dilate(where.astype(np.uint8), kernel) > cv2.erode(where.astype(np.uint8), kernel)
    return float(np.median(step[outline]) - np.median(step[ring]))


def _lab(rgb: RGB, scale: float) -> Lab:
    size = (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale)))
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB))


def _shrunk(mask: Mask, shape: tuple[int, ...]) -> Mask:
    return np.asarray(cv2.resize(mask.astype(np.uint8), (shape[1], shape[0]), interpolation=cv2.INTER_NEAREST), dtype=bool)
