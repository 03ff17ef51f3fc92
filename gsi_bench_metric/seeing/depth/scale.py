"""An estimated depth brought to the scale of the known boxes: a robust fit, and what is left of it."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from gsi_bench_metric.detectors.tracker.config import TRACKER
from gsi_bench_metric.detectors.tracker.surface import box_depth, pixel_rays
from gsi_bench_metric.seeing.base import Array, Depth, View
from gsi_bench_metric.seeing.config import SEEING, ScaleConfig
from gsi_bench_metric.seeing.options import UnseenError

__all__ = ["Scaled", "fit", "to_boxes"]


@dataclasses.dataclass(frozen=True)
class Scaled:
    """A depth in the scale of the boxes.

    Attributes:
        depth: (H, W) metres, 0 where not known.
        scale, shift_m: what it was made with: scale * estimate + shift.
        residual: median error at the boxes, as a share of the depth.
    """

    depth: Depth
    scale: float
    shift_m: float
    residual: float


def to_boxes(view: View, depth: Depth, numbers: NDArray[np.int64], config: ScaleConfig = SEEING.scale) -> Scaled:
    """Scales a depth so that the known objects lie where their boxes' fronts are.

    Args:
        view: the image.
        depth: (H, W), up to scale; not finite or <= 0 where not known.
        numbers: (H, W) of the view's objects.
        config: the chosen numbers.

    Raises:
        UnseenError: the depth has another size, no box tells anything of it, or it does not fit the boxes.
    """
    if depth.shape != view.shape:
        height, width = view.shape
        raise UnseenError(f"expected a depth of {width}×{height} pixels, found {' × '.join(map(str, depth.shape[::-1]))}")
    estimate, known, box = _samples(view, depth, numbers, config)
    if not len(known):
        raise UnseenError("no known box is seen where the depth is known, so its scale cannot be told")
    scale, shift = fit(estimate, known, box, config)
    residual = float(np.median(np.abs(scale * estimate + shift - known) / known))
    if scale <= 0 or not residual <= config.most_residual:
        raise UnseenError(
            f"the depth does not fit the known boxes: after scaling it is {100 * residual:.0f} % off, at most"
            f" {100 * config.most_residual:.0f} % are taken"
        )
    with np.errstate(invalid="ignore"):
        there = np.isfinite(depth) & (depth > 0)
        found = np.where(there, scale * np.where(there, depth, 0) + shift, 0)
    return Scaled(np.maximum(found, 0).astype(np.float32), scale, shift, residual)


def _samples(
    view: View, depth: Depth, numbers: NDArray[np.int64], config: ScaleConfig
) -> tuple[Array, Array, NDArray[np.int64]]:
    """(estimate, depth of the box's front, number of the box) at pixels of the objects, as many of each box."""
    found: list[tuple[Array, Array, NDArray[np.int64]]] = [(np.zeros(0), np.zeros(0), np.zeros(0, np.int64))]
    with np.errstate(invalid="ignore"):
        usable = np.isfinite(depth) & (depth > 0)
    for number, thing in enumerate(view.things, 1):
        rows, columns = np.nonzero((numbers == number) & usable)
        if len(rows) < config.least_points:
            continue
        every = np.linspace(0, len(rows) - 1, min(config.points, len(rows))).astype(int)
        rows, columns = rows[every], columns[every]
        rays = pixel_rays(view.K, slice(0, view.shape[0]), slice(0, view.shape[1]))[rows, columns]
        met = box_depth(thing.bbox_3d, thing.rotation_matrix, TRACKER.surface, rays)
        hit = np.isfinite(met)
        found.append((depth[rows, columns][hit].astype(np.float64), met[hit].astype(np.float64), np.full(hit.sum(), number)))
    estimate, known, box = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return estimate, known, box


def fit(estimate: Array, known: Array, box: NDArray[np.int64], config: ScaleConfig = SEEING.scale) -> tuple[float, float]:
    """(scale, shift) with scale * estimate + shift = known for most of the points (n,), Tukey's weights on relative errors.

    The shift is 0 where the boxes are too few or lie at too much the same depth to tell it.
    """
    ratio = float(np.median(known / estimate))
    middles = np.array([np.median(known[box == number]) for number in np.unique(box)])
    if len(middles) < config.least_boxes or np.ptp(middles) < config.spread * np.median(middles):
        return ratio, 0.0
    scale, shift = ratio, 0.0
    columns = np.stack([estimate, np.ones_like(estimate)], -1) / known[:, None]
    for _ in range(config.steps):
        error = columns @ (scale, shift) - 1
        sigma = 1.4826 * float(np.median(np.abs(error))) + 1e-9
        weight = np.clip(1 - (error / (config.tukey * sigma)) ** 2, 0, None)
        solved, *_ = np.linalg.lstsq(weight[:, None] * columns, weight, rcond=None)
        settled = abs(solved[0] - scale) < 1e-6 * abs(scale) + 1e-12 and abs(solved[1] - shift) < 1e-6
        scale, shift = float(solved[0]), float(solved[1])
        if settled:
            break
    return scale, shift
