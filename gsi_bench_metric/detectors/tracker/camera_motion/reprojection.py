"""Camera motion by the whole image: every pixel whose depth is known, laid over the new view.

Key points find a camera that went far, but are few on plain objects and fewer still in another light. Here all pixels speak:
brightness relative to its surroundings is compared where each surface point should be seen (direct image alignment; Kerl et al.
2013, with Tukey's weights), coarse to fine, from one or more first guesses; what hid, appeared or moved counts as outliers.
"""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
from numpy.typing import NDArray

from gsi_bench_metric.detectors.tracker.config import ReprojectionConfig
from gsi_bench_metric.detectors.tracker.surface import Scene
from gsi_bench_metric.imaging.alignment import correlation, structure
from gsi_bench_metric.imaging.images import RGB

__all__ = ["CameraMotion", "Reprojection"]

Array = NDArray[np.float64]
Picture = NDArray[np.float32]


@dataclasses.dataclass(frozen=True)
class CameraMotion:
    """Takes source camera coordinates to the new camera's: x' = rotation x + translation.

    `agreement`: share of what both views show that is the same, 0–1.
    """

    rotation: Array
    translation: Array
    agreement: float


@dataclasses.dataclass(frozen=True)
class _Level:
    """Both views at one size.

    Attributes:
        known: h×w, where the source's depth is.
        points: (N, 3) of these pixels, in the source's camera frame.
        source: (N,), their structure.
        edited: structure of the edited image, and its slopes along x and y.
        K: 3×3, pixels of this size, centres at half numbers.
    """

    known: NDArray[np.bool_]
    points: Array
    source: Picture
    edited: tuple[Picture, Picture, Picture]
    K: Array


class Reprojection:
    """A source scene and an image from another camera, ready to be laid over each other."""

    def __init__(self, scene: Scene, edited: RGB):
        self._config, self._alignment = config, alignment = scene.config.reprojection, scene.config.alignment
        width, height = scene.size
        widths = [w for w in config.widths if w <= max(width, config.widths[0])]
        sizes = [(w, round(height * w / width)) for w in widths]
        greys = [cv2.cvtColor(p, cv2.COLOR_RGB2GRAY).astype(np.float32) for p in (scene.rgb, edited)]
        self._greys = [_shrunk(g, sizes[-1]) for g in greys]
        self._things = cv2.resize(scene.things.astype(np.uint8), sizes[-1], interpolation=cv2.INTER_NEAREST) > 0
        before, after = (structure(g, alignment) for g in self._greys)
        self._levels = [_level(scene, size, before, after) for size in sizes]

    def best(self, rotation: Array, translation: Array) -> CameraMotion:
        """The motion near a first guess that lays the images best over each other: coarse to fine, or fine at once, which
        is right where the guess is better than what a coarse view can tell."""
        motions = []
        for levels in (self._levels, self._levels[-1:]):
            motion = (rotation, translation)
            for level in levels:
                motion = _refined(level, *motion, self._config)
            motions.append(CameraMotion(*motion, self.agreement(*motion)))
        return max(motions, key=lambda m: m.agreement)

    def agreement(self, rotation: Array, translation: Array) -> float:
        """Share of the textured pixels in both views whose surroundings are the same, 0–1; 0 where too little is in both.

        The known objects count as much as everything else: tiles repeat, objects do not.
        """
        config, level = self._config, self._levels[-1]
        before, after = self._greys
        columns, rows, _, shown = _seen_at(level, rotation, translation)
        if shown.mean() < config.least_shown:
            return 0.0
        carried, counted = before.copy(), level.known.copy()
        carried[level.known] = np.where(shown, _sampled(after, columns, rows), carried[level.known])
        counted[level.known] = shown
        alike, deviation = correlation(before / 255, carried / 255, self._alignment)
        counted &= deviation > config.texture
        parts = [alike[part] > config.same_structure for part in (counted, counted & self._things) if part.any()]
        return float(np.mean([part.mean() for part in parts])) if parts else 0.0


def _level(scene: Scene, size: tuple[int, int], before: Picture, after: Picture) -> _Level:
    source, edited = _shrunk(before, size), _shrunk(after, size)
    K = np.diag([size[0] / scene.size[0], size[1] / scene.size[1], 1.0]) @ scene.K
    depth = cv2.resize(scene.depth.astype(np.float32), size, interpolation=cv2.INTER_NEAREST)
    known = np.isfinite(depth)
    rows, columns = np.nonzero(known)
    rays = np.column_stack([columns + 0.5, rows + 0.5, np.ones(len(rows))]) @ np.linalg.inv(K).T
    along, down = (np.asarray(cv2.Sobel(edited, cv2.CV_32F, *way, scale=1 / 8), np.float32) for way in ((1, 0), (0, 1)))
    return _Level(known, rays * depth[known][:, None], source[known], (edited, along, down), K)


def _shrunk(picture: Picture, size: tuple[int, int]) -> Picture:
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), dtype=np.float32)


def _seen_at(
    level: _Level, rotation: Array, translation: Array, thinned: int = 1
) -> tuple[Picture, Picture, Array, NDArray[np.bool_]]:
    """Columns and rows (centres at whole numbers) where the points are seen, the points as the new camera sees them, and
    which of them lie within its image; of every n-th point."""
    points = level.points[::thinned] @ rotation.T + translation
    ahead = points[:, 2] > 1e-3
    pixels = points @ level.K.T
    columns, rows = ((pixels[:, i] / np.where(ahead, pixels[:, 2], 1) - 0.5).astype(np.float32) for i in (0, 1))
    height, width = level.edited[0].shape
    return columns, rows, points, ahead & (columns >= 0) & (columns <= width - 1) & (rows >= 0) & (rows <= height - 1)


def _sampled(picture: Picture, columns: Picture, rows: Picture) -> Picture:
    wide = 4096  # of an image that OpenCV's remap writes, at most 32767
    count = len(columns)
    padded = [np.pad(c, (0, -count % wide)).reshape(-1, wide) for c in (columns, rows)]
    return np.asarray(cv2.remap(picture, padded[0], padded[1], cv2.INTER_LINEAR).reshape(-1)[:count], dtype=np.float32)


def _refined(level: _Level, rotation: Array, translation: Array, config: ReprojectionConfig) -> tuple[Array, Array]:
    """Gauss-Newton on the six freedoms of the camera at one size."""
    focal = level.K[[0, 1], [0, 1]]
    thinned = 1 + len(level.points) // config.most_points
    for _ in range(config.steps):
        columns, rows, points, shown = _seen_at(level, rotation, translation, thinned)
        if shown.mean() < config.least_shown:
            break
        points, place = points[shown], (columns[shown], rows[shown])
        value, gx, gy = (_sampled(p, *place).astype(np.float64) for p in level.edited)
        residual = value - level.source[::thinned][shown]
        scale = 1.4826 * float(np.median(np.abs(residual))) + config.least_residual
        weight = np.clip(1 - (residual / (config.tukey * scale)) ** 2, 0, None) ** 2
        x, y = gx * focal[0] / points[:, 2], gy * focal[1] / points[:, 2]
        push = np.column_stack([x, y, -(x * points[:, 0] + y * points[:, 1]) / points[:, 2]])
        jacobian = np.hstack([np.cross(points, push), push])  # turn, then shift
        normal = jacobian.T @ (weight[:, None] * jacobian)
        step = -np.linalg.solve(normal + config.damping * np.diag(np.diag(normal) + 1e-9), jacobian.T @ (weight * residual))
        turn = cv2.Rodrigues(step[:3])[0]
        rotation, translation = turn @ rotation, turn @ translation + step[3:]
        if focal[0] * (np.linalg.norm(step[:3]) + np.linalg.norm(step[3:]) / np.median(points[:, 2])) < config.settled_px:
            break
    return rotation, translation
