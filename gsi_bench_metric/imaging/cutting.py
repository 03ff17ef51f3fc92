"""GrabCut (Rother et al. 2004) by OpenCV: an object cut out by its colours, from a guess of what is object."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from gsi_bench_metric.imaging.images import RGB

__all__ = ["grab_cut"]


def grab_cut(rgb: RGB, labels: NDArray[np.uint8], rounds: int) -> NDArray[np.bool_]:
    """The pixels (H, W) of the object; equal inputs give equal answers.

    Args:
        rgb: (H, W, 3).
        labels: (H, W) of OpenCV's GC_BGD, GC_FGD (sure) and GC_PR_BGD, GC_PR_FGD (at first); written over.
        rounds: of GrabCut.
    """
    cv2.setRNGSeed(0)  # it begins with k-means
    models, nowhere = (np.zeros((1, 65)), np.zeros((1, 65))), (0, 0, 0, 0)  # no rectangle: the labels say where to begin
    cv2.grabCut(np.ascontiguousarray(rgb[..., ::-1]), labels, nowhere, *models, rounds, cv2.GC_INIT_WITH_MASK)
    return np.asarray((labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD))
