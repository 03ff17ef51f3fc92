"""SIFT key points (Lowe 2004) by OpenCV, for whoever matches two images of one scene."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["sift_features"]


def sift_features(grey: NDArray[np.uint8], least_contrast: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Key points (K, 2) in pixels, whose centres OpenCV counts as whole numbers, and descriptors (K, 128).

    Args:
        grey: (H, W).
        least_contrast: OpenCV's contrast threshold; its default of 0.04 finds few on plain objects.
    """
    sift = cv2.SIFT_create(contrastThreshold=least_contrast)  # type: ignore[attr-defined]  # missing in OpenCV's stubs
    found, descriptors = sift.detectAndCompute(grey, None)
    if descriptors is None:
        return np.zeros((0, 2), np.float32), np.zeros((0, 128), np.float32)
    return np.array([point.pt for point in found], dtype=np.float32).reshape(-1, 2), descriptors
