"""A turn by what is painted on an object: key points of the source found again where a turn would carry them.

Of a key point the pixel is known, and that it lies in the object's box: under a turn it can only go along a short line of the
edited image. So few matches tell a turn, whatever the object's shape; a solid with its outline makes the line shorter.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from gsi_bench_metric.detectors.tracker.config import TrackerConfig
from gsi_bench_metric.detectors.tracker.shapes import box_of, depth_of
from gsi_bench_metric.detectors.tracker.surface import Scene
from gsi_bench_metric.detectors.tracker.turn_config import TurnConfig
from gsi_bench_metric.detectors.tracker.turns.looks import Part, Turning, turned_by
from gsi_bench_metric.imaging.images import RGB
from gsi_bench_metric.imaging.keypoints import sift_features

__all__ = ["Matches", "matches_of", "painted_likelihood"]

Array = NDArray[np.float64]

_SQUARE = np.ones((3, 3), np.uint8)


@dataclasses.dataclass(frozen=True)
class Matches:
    """Key points that look alike: pixels (M, 2) of the source and of the edited image, pixel centres at half numbers."""

    before: Array
    after: Array


def matches_of(scene: Scene, part: Part, edited: RGB, changed: NDArray[np.float32]) -> Matches:
    """Key points on an object that are found again elsewhere; only where the image `changed` (H, W), 0–1."""
    config = scene.config.turns
    (before, looks), (after, others) = (_features(rgb, part, config) for rgb in (scene.rgb, edited))
    inside = cv2.erode(part.before.astype(np.uint8), _SQUARE, iterations=config.inside_px) > 0
    kept = _at(changed, before) > config.changed
    kept &= _at(inside, (before - _corner(part)) * part.scale)
    before, looks = before[kept], looks[kept]
    kept = _at(changed, after) > config.changed
    after, others = after[kept], others[kept]
    if not len(before) or not len(after):
        return Matches(np.zeros((0, 2)), np.zeros((0, 2)))
    distance = 2 - 2 * looks @ others.T
    nearest = distance.argmin(1)
    best = distance[np.arange(len(before)), nearest]
    same = np.linalg.norm(after[None] - after[nearest][:, None], axis=-1) <= config.apart_px
    second = np.minimum(np.where(same, 2.0, distance).min(1), 2.0)
    good = (best < config.ratio**2 * second) & (best < config.furthest)
    return Matches(before[good], after[nearest[good]])


def painted_likelihood(scene: Scene, part: Part, matches: Matches, turning: Turning, angles: Array) -> Array:
    """Log likelihood (A,) of angles (A,) against any angle, by all matches."""
    config = scene.config.turns
    rays = np.concatenate([matches.before, np.ones((len(matches.before), 1))], 1) @ np.linalg.inv(scene.K).T
    depths = _depths(turning, rays, scene.config)
    known = np.isfinite(depths).all(1)
    if not known.any():
        return np.zeros(len(angles))
    points = rays[known][:, None] * depths[known][..., None] - turning.pivot
    off = []
    for angle in angles:
        pixels = (points @ turned_by(scene.up, angle).T + turning.pivot) @ scene.K.T
        with np.errstate(divide="ignore", invalid="ignore"):
            beside = pixels[..., :2] / pixels[..., 2:] - matches.after[known][:, None]
        off.append(np.linalg.norm(beside, axis=-1).min(1))
    spread = max(config.agree_px, config.agree * part.side)
    agree = np.exp(-0.5 * (np.nan_to_num(np.array(off).T, nan=np.inf) / spread) ** 2)
    # What fits many turns tells little of any.
    worth = np.clip(-np.log(np.maximum(agree.mean(1, keepdims=True), config.rarest)), 0, config.most)
    return np.asarray((agree * worth).sum(0))


def _depths(turning: Turning, rays: Array, numbers: TrackerConfig) -> Array:
    """Depths (M, D) in metres that points of rays (M, 3) may lie at; inf where a ray misses the box."""
    config, nearest, fit, thing = numbers.turns, numbers.surface.nearest_m, turning.fit, turning.thing
    axes, centre = np.array(thing.rotation_matrix), np.array(thing.bbox_3d[:3])
    enter, leave = box_of(thing).spans(np.broadcast_to(-centre @ axes, rays.shape), rays @ axes)
    enter = np.where((enter <= leave) & (enter > nearest), enter, np.inf)
    through = np.where(np.isfinite(enter), leave - enter, 0.0)[:, None]
    share = np.linspace(0, 1, config.depths)
    if fit.overlap <= config.of_shape:
        return np.asarray(enter[:, None] + config.front * share * through)
    surface = depth_of(fit.solid, thing, rays, nearest).astype(np.float64)
    surface = np.where(np.isfinite(surface), surface, enter + 0.5 * through[:, 0])
    return np.asarray(surface[:, None] + config.loose * (2 * share - 1) * through)


def _features(rgb: RGB, part: Part, config: TurnConfig) -> tuple[Array, NDArray[np.float32]]:
    """Key points (K, 2) in pixels of the whole image, and their RootSIFT (Arandjelović and Zisserman 2012), (K, 128)."""
    scale = config.feature_px / part.side
    grey = cv2.cvtColor(np.ascontiguousarray(rgb[part.window]), cv2.COLOR_RGB2GRAY)
    way = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    small = np.asarray(cv2.resize(grey, None, fx=scale, fy=scale, interpolation=way), dtype=np.uint8)
    points, looks = sift_features(small, config.contrast, config.edges)
    looks = np.sqrt(looks / np.maximum(looks.sum(1, keepdims=True), 1e-6))
    return (points.astype(np.float64) + 0.5) / scale + _corner(part), looks


def _corner(part: Part) -> Array:
    return np.array([part.window[1].start, part.window[0].start], dtype=np.float64)


def _at(image: NDArray[Any], points: Array) -> NDArray[Any]:
    """Values (K,) of an image (H, W) at points (K, 2)."""
    columns, rows = (np.clip(points[:, i].astype(np.int64), 0, image.shape[1 - i] - 1) for i in (0, 1))
    return image[rows, columns]
