"""How the camera moved between two pictures of one scene: matched key points, lifted by the source's depth, and PnP."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
from numpy.typing import NDArray

from gsi_bench_metric.detectors.tracker.surface import Scene
from gsi_bench_metric.images import RGB
from gsi_bench_metric.viewpoint import keypoints, ratio_matches

__all__ = ["CameraMotion", "camera_motion"]

Array = NDArray[np.float64]

_TRIES, _AGREE_PX, _CERTAINTY = 2000, 2.0, 0.9999
_NO_DISTORTION = np.zeros(4)
_LEAST_INLIERS = 12
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
    a, b = keypoints(scene.rgb), keypoints(edited)
    if a.descriptors is None or b.descriptors is None or min(len(a.points), len(b.points)) < _LEAST_INLIERS:
        return None
    first, second = ratio_matches(a.descriptors, b.descriptors)
    # OpenCV's key points have pixel centres at whole numbers.
    here, there = a.points[first] + 0.5, b.points[second] + 0.5
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
    rotation = np.asarray(cv2.Rodrigues(turn)[0], dtype=np.float64)
    return CameraMotion(rotation, np.asarray(step, dtype=np.float64)[:, 0], len(inliers), int(known.sum()))
