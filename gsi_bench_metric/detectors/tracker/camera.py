"""How the camera moved between two pictures of one scene: matched key points, lifted by the source's depth, and PnP."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
from numpy.typing import NDArray

from gsi_bench_metric.detectors.tracker.surface import Scene
from gsi_bench_metric.images import RGB
from gsi_bench_metric.viewpoint import ratio_matches

__all__ = ["CameraMotion", "camera_motion"]

Array = NDArray[np.float64]

_TRIES, _AGREE_PX, _CERTAINTY = 2000, 2.0, 0.9999
_NO_DISTORTION = np.zeros(4)
_LEAST_INLIERS = 12
_FEATURE_WIDTH = 640.0
_LEAST_CONTRAST = 0.015
_LEAST_SHARE = 0.25  # of the matches


@dataclasses.dataclass(frozen=True)
class CameraMotion:
    """Takes source camera coordinates to the new camera's: x' = rotation x + translation. `inliers` of the matches agree."""

    rotation: Array
    translation: Array
    inliers: int
    matches: int


def camera_motion(scene: Scene, edited: RGB) -> CameraMotion | None:
    """The motion, or None where too little of the scene is found again.

    Lepetit et al. 2009 (EPnP) in RANSAC, refined over its inliers (Levenberg-Marquardt on reprojection), by OpenCV.
    """
    (here, a), (there, b) = _features(scene.rgb), _features(edited)
    if min(len(here), len(there)) < _LEAST_INLIERS:
        return None
    first, second = ratio_matches(a, b)
    here, there = here[first], there[second]
    columns, rows = (np.clip(here[:, i].astype(int), 0, limit - 1) for i, limit in enumerate(scene.size))
    depth = scene.depth[rows, columns].astype(np.float64)
    known = np.isfinite(depth)
    if known.sum() < _LEAST_INLIERS:
        return None
    rays = np.column_stack([here, np.ones(len(here))]) @ np.linalg.inv(scene.K).T
    points, pixels = (rays * depth[:, None])[known], there[known].astype(np.float64)
    cv2.setRNGSeed(0)
    found, turn, step, inliers = cv2.solvePnPRansac(
        points,
        pixels,
        scene.K,
        _NO_DISTORTION,
        iterationsCount=_TRIES,
        reprojectionError=_AGREE_PX,
        confidence=_CERTAINTY,
        flags=cv2.SOLVEPNP_EPNP,
    )
    if not found or inliers is None or len(inliers) < max(_LEAST_INLIERS, _LEAST_SHARE * known.sum()):
        return None
    chosen = inliers[:, 0]
    turn, step = cv2.solvePnPRefineLM(points[chosen], pixels[chosen], scene.K, _NO_DISTORTION, turn, step)
    rotation, translation = np.asarray(cv2.Rodrigues(turn)[0], dtype=np.float64), np.asarray(step, dtype=np.float64)[:, 0]
    # Few matches can agree on a camera far outside of the scene.
    if not np.linalg.norm(translation) < np.median(points[:, 2]):
        return None
    return CameraMotion(rotation, translation, len(inliers), int(known.sum()))


def _features(rgb: RGB) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """SIFT key points (K, 2) in pixels, centres at half numbers, and descriptors (K, 128). Small pictures are enlarged."""
    factor = max(1.0, _FEATURE_WIDTH / rgb.shape[1])
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    if factor > 1:
        grey = cv2.resize(grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
    sift = cv2.SIFT_create(contrastThreshold=_LEAST_CONTRAST)  # type: ignore[attr-defined]  # missing in OpenCV's stubs
    found, descriptors = sift.detectAndCompute(grey, None)
    if descriptors is None:
        return np.zeros((0, 2), np.float32), np.zeros((0, 128), np.float32)
    # OpenCV counts centres as whole numbers.
    points = np.array([k.pt for k in found], dtype=np.float32).reshape(-1, 2) + 0.5
    return points / np.float32(factor), descriptors
