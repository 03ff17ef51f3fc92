"""How the camera moved between two images of one scene: by matched key points about, by all pixels exactly."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from gsi_bench_metric.detectors.tracker.camera_motion.reprojection import CameraMotion, Reprojection
from gsi_bench_metric.detectors.tracker.config import CameraConfig, TrackerConfig
from gsi_bench_metric.detectors.tracker.surface import Scene
from gsi_bench_metric.imaging.alignment import structure
from gsi_bench_metric.imaging.images import RGB
from gsi_bench_metric.imaging.keypoints import sift_features
from gsi_bench_metric.imaging.viewpoint import ratio_matches

__all__ = ["camera_motion"]

Array = NDArray[np.float64]

_NO_DISTORTION = np.zeros(4)


def camera_motion(scene: Scene, edited: RGB) -> CameraMotion | None:
    """The motion, or None where too little of the scene is found again.

    Key points tell where the camera is about; then all pixels tell exactly, and whether it is so at all.
    """
    config = scene.config
    views = Reprojection(scene, edited)
    found = views.best(np.eye(3), np.zeros(3))
    for enough, prepared in ((config.camera.no_guess, lambda p: p), (config.camera.enough, lambda p: _evened(p, config))):
        if found.agreement > enough:
            break
        guess = _by_key_points(scene, prepared(scene.rgb), prepared(edited))
        if guess is not None:
            found = max(found, views.best(*guess), key=lambda f: f.agreement)
    return found if found.agreement > config.camera.least_agreement else None


def _by_key_points(scene: Scene, source: RGB, edited: RGB) -> tuple[Array, Array] | None:
    """Rotation and translation from the source's depth under matched key points.

    Lepetit et al. 2009 (EPnP) in RANSAC, refined over its inliers (Levenberg-Marquardt on reprojection), by OpenCV.
    """
    config = scene.config
    (here, a), (there, b) = _features(source, config.camera), _features(edited, config.camera)
    if min(len(here), len(there)) < config.camera.least_inliers:
        return None
    first, second = ratio_matches(a, b)
    here, there = here[first], there[second]
    columns, rows = (np.clip(here[:, i].astype(int), 0, limit - 1) for i, limit in enumerate(scene.size))
    depth = scene.depth[rows, columns].astype(np.float64)
    known = np.isfinite(depth)
    if known.sum() < config.camera.least_inliers:
        return None
    rays = np.column_stack([here, np.ones(len(here))]) @ np.linalg.inv(scene.K).T
    points, pixels = (rays * depth[:, None])[known], there[known].astype(np.float64)
    cv2.setRNGSeed(0)
    found, turn, step, inliers = cv2.solvePnPRansac(
        points,
        pixels,
        scene.K,
        _NO_DISTORTION,
        iterationsCount=config.camera.tries,
        reprojectionError=config.camera.agree_px,
        confidence=config.camera.certainty,
        flags=cv2.SOLVEPNP_EPNP,
    )
    if not found or inliers is None or len(inliers) < config.camera.least_inliers:
        return None
    chosen = inliers[:, 0]
    turn, step = cv2.solvePnPRefineLM(points[chosen], pixels[chosen], scene.K, _NO_DISTORTION, turn, step)
    rotation, translation = np.asarray(cv2.Rodrigues(turn)[0], dtype=np.float64), np.asarray(step, dtype=np.float64)[:, 0]
    # Few matches can agree on a camera far outside of the scene.
    near = np.linalg.norm(translation) < config.camera.farthest * np.median(points[:, 2])
    return (rotation, translation) if near else None


def _evened(rgb: RGB, config: TrackerConfig) -> RGB:
    """Brightness relative to its surroundings, as an image: what another light leaves as it is."""
    grey = 128 + structure(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32), config.alignment)
    return np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[..., None], 3, -1)


def _features(rgb: RGB, config: CameraConfig) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """SIFT key points (K, 2) in pixels, centres at half numbers, and descriptors (K, 128). Small images are enlarged."""
    factor = max(1.0, config.feature_width / rgb.shape[1])
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    if factor > 1:
        grey = cv2.resize(grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
    points, descriptors = sift_features(np.asarray(grey, np.uint8), config.least_contrast)
    return (points + np.float32(0.5)) / np.float32(factor), descriptors
