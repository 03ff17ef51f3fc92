"""How much of an object's looks an edited image keeps, without a model: the object's own pixels, laid over each other.

The pose that the tracker found says where every source pixel of the object should be seen afterwards. The edited image is
read there, a small remaining shift is fitted, and light is taken out as far as light may change (a slow change of brightness,
the same for red, green and blue). What is left is compared: colour, LPIPS, and how much of it is there at all.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from gsi_bench_dataset.records import Detection
from gsi_bench_metric.detectors.tracker.surface import Scene, Surface
from gsi_bench_metric.imaging.images import RGB
from gsi_bench_metric.judges.embedded.config import EMBEDDED, LikenessConfig

__all__ = ["Laid", "lay_over"]

Array = NDArray[np.float64]
Picture = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclasses.dataclass(frozen=True)
class Laid:
    """An object before and after, in one patch.

    Attributes:
        before, after: S×S×3 on 0–1; outside of `seen` both show the source.
        seen: S×S, pixels of the object that both images should show.
        expected: share of the source's visible surface that the pose brings before the camera, 0–1.
    """

    before: Picture
    after: Picture
    seen: Mask
    expected: float


def lay_over(
    scene: Scene,
    surface: Surface,
    found: Detection,
    others: Sequence[Surface],
    edited: RGB,
    *,
    config: LikenessConfig = EMBEDDED.likeness,
) -> Laid | None:
    """The patch of one object; None where too little of it should be seen to compare.

    Args:
        scene, surface: the source view and what it shows of the object.
        found: where the object is in the edited image.
        others: objects that may stand before it, where they were.
        edited: (H, W, 3), of the source's size, global drift and tone removed.
        config: the numbers of the comparison.
    """
    points, normals = _carried(surface, found)
    with np.errstate(divide="ignore", invalid="ignore"):
        pixels = points @ scene.K.T
        pixels = pixels[:, :2] / pixels[:, 2:]
    width, height = scene.size
    sight = -points / np.linalg.norm(points, axis=1, keepdims=True)
    ok = (points[:, 2] > config.nearest_m) & ((normals * sight).sum(1) > config.facing)
    inside = (pixels >= 0).all(1) & (pixels[:, 0] < width) & (pixels[:, 1] < height)
    ok &= inside
    ok[ok] = ~_hidden(points[ok], pixels[ok], scene, others, config)
    if ok.sum() < config.least_seen:
        return None
    return _patch((scene.rgb, edited), surface.pixels[ok], pixels[ok], float(ok.mean()), config)


def _carried(surface: Surface, found: Detection) -> tuple[Array, Array]:
    """Points and normals of the surface under the pose of a detection."""
    before, after = np.array(surface.thing.bbox_3d), np.array(found.bbox_3d)
    turn_before = np.array(surface.thing.rotation_matrix)
    turn_after = turn_before if found.rotation_matrix is None else np.array(found.rotation_matrix)
    scale = after[3:6] / np.maximum(before[3:6], 1e-6)
    local = (surface.points - before[:3]) @ turn_before
    return (local * scale) @ turn_after.T + after[:3], surface.normals @ turn_before @ turn_after.T


def _hidden(points: Array, pixels: Array, scene: Scene, others: Sequence[Surface], config: LikenessConfig) -> Mask:
    """Points behind another object, or behind the object's own nearer side."""
    at = np.floor(pixels).astype(int)
    nearest = np.full(scene.rgb.shape[:2], np.inf)
    for other in others:
        nearest[other.mask] = np.minimum(nearest[other.mask], scene.depth[other.mask])
    # Own points, on a coarser grid: a larger object's pixels lie apart.
    coarse, cell = at // config.own_px, config.own_px
    own = np.full((nearest.shape[0] // cell + 1, nearest.shape[1] // cell + 1), np.inf)
    np.minimum.at(own, (coarse[:, 1], coarse[:, 0]), points[:, 2])
    behind = np.minimum(nearest[at[:, 1], at[:, 0]], own[coarse[:, 1], coarse[:, 0]])
    return np.asarray(points[:, 2] > config.hidden * behind + config.hidden_m)


def _patch(
    images: tuple[RGB, RGB], origin: NDArray[np.int64], goal: Array, expected: float, config: LikenessConfig
) -> Laid | None:
    """Source and edited image in the source's crop round the object, at the patch's size."""
    source, edited = images
    low, high = origin.min(0), origin.max(0) + 1
    size = float(max(high - low))
    left, top = (low + high) / 2 - (0.5 + config.margin) * size
    step = (1 + 2 * config.margin) * size / config.side
    grid_x, grid_y = np.meshgrid((np.arange(config.side) + 0.5) * step + left, (np.arange(config.side) + 0.5) * step + top)
    # A smooth map from the source's pixels to the edited image's: an affine part, and what the surface adds to it.
    homogeneous = np.column_stack([origin + 0.5, np.ones(len(origin))])
    affine, *_ = np.linalg.lstsq(homogeneous, goal, rcond=None)
    shape = source.shape[:2]
    mask = np.zeros(shape, np.float32)
    mask[origin[:, 1], origin[:, 0]] = 1
    bend = np.zeros((*shape, 2), np.float32)
    bend[origin[:, 1], origin[:, 0]] = goal - homogeneous @ affine
    at_x, at_y = (grid_x - 0.5).astype(np.float32), (grid_y - 0.5).astype(np.float32)
    weight = cv2.remap(mask, at_x, at_y, cv2.INTER_LINEAR)
    bent = cv2.remap(bend, at_x, at_y, cv2.INTER_LINEAR) / np.maximum(weight, 1e-3)[..., None]
    to = np.stack([grid_x, grid_y, np.ones_like(grid_x)], -1) @ affine + np.where(weight[..., None] > config.bent, bent, 0)
    # Both are blurred to the coarser of the two samplings, so that a size that was changed as asked is no loss of detail.
    zoom = float(np.sqrt(abs(np.linalg.det(affine[:2]))))
    before = _sampled(source, grid_x, grid_y, (step, max(1.0, 1 / max(zoom, 1e-3))), config)
    after = _sampled(edited, to[..., 0], to[..., 1], (step * zoom, max(1.0, zoom)), config)
    # Rims are mixed with the background, before and after with another one.
    seen = cv2.erode((weight > config.whole).astype(np.uint8), np.ones((config.rim_px, config.rim_px), np.uint8)).astype(bool)
    if seen.sum() < config.least_seen:
        return None
    after = _refined(before, after, seen, config)
    return Laid(before, np.where(seen[..., None], after, before), seen, expected)


def _sampled(rgb: RGB, x: Array, y: Array, apart: tuple[float, float], config: LikenessConfig) -> Picture:
    """An image read at places `apart` = (step of its pixels, factor), blurred so that nothing between them is skipped."""
    step, coarser = apart
    sigma = config.resampling * float(np.sqrt(max((step * coarser) ** 2 - 1, 0.0)))
    low = np.floor([x.min(), y.min()]).astype(int) - int(4 * sigma) - 3
    high = np.ceil([x.max(), y.max()]).astype(int) + int(4 * sigma) + 3
    low, high = np.clip(low, 0, [rgb.shape[1] - 1, rgb.shape[0] - 1]), np.clip(high, 1, [rgb.shape[1], rgb.shape[0]])
    high = np.maximum(high, low + 1)
    part: NDArray[Any] = rgb[low[1] : high[1], low[0] : high[0]].astype(np.float32) / 255
    if sigma > config.least_blur_px:
        part = cv2.GaussianBlur(part, (0, 0), sigma)
    at_x, at_y = (x - 0.5 - low[0]).astype(np.float32), (y - 0.5 - low[1]).astype(np.float32)
    return np.asarray(cv2.remap(part, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), dtype=np.float32)


def _refined(before: Picture, after: Picture, seen: Mask, config: LikenessConfig) -> Picture:
    """`after` with a small remaining affine shift taken out, where one is found that explains more."""
    blur, window, side = config.refine_blur_px, config.refine_window_px, config.side
    grey = [cv2.GaussianBlur(cv2.cvtColor(p, cv2.COLOR_RGB2GRAY), (0, 0), blur) for p in (before, after)]
    warp: NDArray[Any] = np.eye(2, 3, dtype=np.float32)
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, config.refine_steps, config.refine_settled)
    wide = cv2.dilate(seen.astype(np.uint8), np.ones((window, window), np.uint8))
    try:
        _, warp = cv2.findTransformECC(grey[0], grey[1], warp, cv2.MOTION_AFFINE, stop, wide, window)
    except cv2.error:  # no texture to hold on to, or nothing alike: then there is nothing to refine
        return after
    corners = np.array([[0, 0, 1], [side, 0, 1], [0, side, 1], [side, side, 1]], np.float64)
    if np.abs(corners @ warp.T - corners[:, :2]).max() > config.refine_most * side:
        return after
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    moved = cv2.warpAffine(after, warp, (side, side), flags=flags, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
    return moved if _apart(before, moved, seen) < _apart(before, after, seen) else after


def _apart(a: Picture, b: Picture, seen: Mask) -> float:
    return float(np.abs(a - b)[seen].mean())
