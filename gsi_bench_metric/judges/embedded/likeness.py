"""How much of an object's looks an edited picture keeps, without a model: the object's own pixels, laid over each other.

The pose that the tracker found says where every source pixel of the object should be seen afterwards. The edited picture is
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

__all__ = ["Laid", "lay_over"]

Array = NDArray[np.float64]
Picture = NDArray[np.float32]
Mask = NDArray[np.bool_]

SIDE = 96  # px, of the patch that is compared: LPIPS needs 31, and more costs time
_MARGIN = 0.12  # of the object's size, round it
_FACING = 0.15  # cosine to the line of sight below which a surface is seen too flat to compare
_LEAST_SEEN = 25  # pixels of the source
_REFINE_STEPS, _REFINE_MOST = 30, 0.12  # of the patch: a larger remaining shift is no remainder


@dataclasses.dataclass(frozen=True)
class Laid:
    """An object before and after, in one patch.

    Attributes:
        before, after: S×S×3 on 0–1; outside of `seen` both show the source.
        seen: S×S, pixels of the object that both pictures should show.
        expected: share of the source's visible surface that the pose brings before the camera, 0–1.
    """

    before: Picture
    after: Picture
    seen: Mask
    expected: float


def lay_over(scene: Scene, surface: Surface, found: Detection, others: Sequence[Surface], edited: RGB) -> Laid | None:
    """The patch of one object; None where too little of it should be seen to compare.

    Args:
        scene, surface: the source view and what it shows of the object.
        found: where the object is in the edited picture.
        others: objects that may stand before it, where they were.
        edited: (H, W, 3), of the source's size, global drift and tone removed.
    """
    points, normals = _carried(surface, found)
    with np.errstate(divide="ignore", invalid="ignore"):
        pixels = points @ scene.K.T
        pixels = pixels[:, :2] / pixels[:, 2:]
    width, height = scene.size
    sight = -points / np.linalg.norm(points, axis=1, keepdims=True)
    ok = (points[:, 2] > 0.01) & ((normals * sight).sum(1) > _FACING)
    inside = (pixels >= 0).all(1) & (pixels[:, 0] < width) & (pixels[:, 1] < height)
    ok &= inside
    ok[ok] = ~_hidden(points[ok], pixels[ok], scene, others)
    if ok.sum() < _LEAST_SEEN:
        return None
    return _patch(scene.rgb, edited, surface.pixels[ok], pixels[ok], float(ok.mean()))


def _carried(surface: Surface, found: Detection) -> tuple[Array, Array]:
    """Points and normals of the surface under the pose of a detection."""
    before, after = np.array(surface.thing.bbox_3d), np.array(found.bbox_3d)
    turn_before = np.array(surface.thing.rotation_matrix)
    turn_after = turn_before if found.rotation_matrix is None else np.array(found.rotation_matrix)
    scale = after[3:6] / np.maximum(before[3:6], 1e-6)
    local = (surface.points - before[:3]) @ turn_before
    return (local * scale) @ turn_after.T + after[:3], surface.normals @ turn_before @ turn_after.T


def _hidden(points: Array, pixels: Array, scene: Scene, others: Sequence[Surface]) -> Mask:
    """Points behind another object, or behind the object's own nearer side."""
    at = np.floor(pixels).astype(int)
    nearest = np.full(scene.rgb.shape[:2], np.inf)
    for other in others:
        nearest[other.mask] = np.minimum(nearest[other.mask], scene.depth[other.mask])
    # Own points, on a grid twice as coarse: a larger object's pixels lie apart.
    coarse = at // 2
    own = np.full((nearest.shape[0] // 2 + 1, nearest.shape[1] // 2 + 1), np.inf)
    np.minimum.at(own, (coarse[:, 1], coarse[:, 0]), points[:, 2])
    behind = np.minimum(nearest[at[:, 1], at[:, 0]], own[coarse[:, 1], coarse[:, 0]])
    return np.asarray(points[:, 2] > 1.03 * behind + 0.004)


def _patch(source: RGB, edited: RGB, origin: NDArray[np.int64], goal: Array, expected: float) -> Laid | None:
    """Both pictures in the source's crop round the object, at the patch's size."""
    low, high = origin.min(0), origin.max(0) + 1
    size = float(max(high - low))
    left, top = (low + high) / 2 - (0.5 + _MARGIN) * size
    step = (1 + 2 * _MARGIN) * size / SIDE
    grid_x, grid_y = np.meshgrid((np.arange(SIDE) + 0.5) * step + left, (np.arange(SIDE) + 0.5) * step + top)
    # A smooth map from the source's pixels to the edited picture's: an affine part, and what the surface adds to it.
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
    to = np.stack([grid_x, grid_y, np.ones_like(grid_x)], -1) @ affine + np.where(weight[..., None] > 0.5, bent, 0)
    # Both are blurred to the coarser of the two samplings, so that a size that was changed as asked is no loss of detail.
    zoom = float(np.sqrt(abs(np.linalg.det(affine[:2]))))
    before = _sampled(source, grid_x, grid_y, step, max(1.0, 1 / max(zoom, 1e-3)))
    after = _sampled(edited, to[..., 0], to[..., 1], step * zoom, max(1.0, zoom))
    # Rims are mixed with the background, before and after with another one.
    seen = cv2.erode((weight > 0.9).astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    if seen.sum() < _LEAST_SEEN:
        return None
    after = _refined(before, after, seen)
    return Laid(before, np.where(seen[..., None], after, before), seen, expected)


def _sampled(rgb: RGB, x: Array, y: Array, step: float, coarser: float) -> Picture:
    """A picture read at places a `step` of its pixels apart, blurred so that nothing between them is skipped."""
    sigma = 0.5 * float(np.sqrt(max((step * coarser) ** 2 - 1, 0.0)))
    low = np.floor([x.min(), y.min()]).astype(int) - int(4 * sigma) - 3
    high = np.ceil([x.max(), y.max()]).astype(int) + int(4 * sigma) + 3
    low, high = np.clip(low, 0, [rgb.shape[1] - 1, rgb.shape[0] - 1]), np.clip(high, 1, [rgb.shape[1], rgb.shape[0]])
    high = np.maximum(high, low + 1)
    part: NDArray[Any] = rgb[low[1] : high[1], low[0] : high[0]].astype(np.float32) / 255
    if sigma > 0.1:
        part = cv2.GaussianBlur(part, (0, 0), sigma)
    at_x, at_y = (x - 0.5 - low[0]).astype(np.float32), (y - 0.5 - low[1]).astype(np.float32)
    return np.asarray(cv2.remap(part, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), dtype=np.float32)


def _refined(before: Picture, after: Picture, seen: Mask) -> Picture:
    """`after` with a small remaining affine shift taken out, where one is found that explains more."""
    grey = [cv2.GaussianBlur(cv2.cvtColor(p, cv2.COLOR_RGB2GRAY), (0, 0), 1.0) for p in (before, after)]
    warp: NDArray[Any] = np.eye(2, 3, dtype=np.float32)
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, _REFINE_STEPS, 1e-3)
    wide = cv2.dilate(seen.astype(np.uint8), np.ones((5, 5), np.uint8))
    try:
        _, warp = cv2.findTransformECC(grey[0], grey[1], warp, cv2.MOTION_AFFINE, stop, wide, 5)
    except cv2.error:  # no texture to hold on to, or nothing alike: then there is nothing to refine
        return after
    corners = np.array([[0, 0, 1], [SIDE, 0, 1], [0, SIDE, 1], [SIDE, SIDE, 1]], np.float64)
    if np.abs(corners @ warp.T - corners[:, :2]).max() > _REFINE_MOST * SIDE:
        return after
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    moved = cv2.warpAffine(after, warp, (SIDE, SIDE), flags=flags, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
    return moved if _apart(before, moved, seen) < _apart(before, after, seen) else after


def _apart(a: Picture, b: Picture, seen: Mask) -> float:
    return float(np.abs(a - b)[seen].mean())
