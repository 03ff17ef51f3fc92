"""The reference's test that an edit kept the camera: SIFT matches and an essential matrix, by OpenCV.

The numbers come from OpenCV's own functions with the reference's settings, so they follow the installed build. The test has
known blind spots (docs/metric-quirks.md, quirks 24–27): an unchanged background can fail it, a shifted image passes.
"""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["ViewpointError", "ViewpointKeypoints", "keypoints", "ratio_matches", "same_viewpoint"]

_RATIO = 0.75  # Lowe's ratio test
_MIN_MATCHES = 10
_ROWS = 128  # descriptors matched together: their distances stay in the cache
_FOCAL_PX = 1000.0
_MAX_ANGLE_DEG = 10.0


class ViewpointError(ValueError):
    """OpenCV cannot decide; the reference's run ends here with an exception."""


@dataclasses.dataclass(frozen=True)
class ViewpointKeypoints:
    """SIFT key points (K, 2) in pixels and descriptors (K, 128), None where there are none; size = (height, width)."""

    points: NDArray[np.float32]
    descriptors: NDArray[np.float32] | None
    size: tuple[int, int]


def keypoints(rgb: NDArray[np.uint8]) -> ViewpointKeypoints:
    """SIFT key points of an RGB uint8 image (H, W, 3), OpenCV's default settings.

    The image goes in as it is: OpenCV then weighs red as blue on the way to grey, and so does the reference.
    """
    sift = cv2.SIFT_create()  # type: ignore[attr-defined]  # missing in OpenCV's stubs
    found, descriptors = sift.detectAndCompute(rgb, None)
    points = np.array([k.pt for k in found], dtype=np.float32).reshape(-1, 2)
    return ViewpointKeypoints(points, descriptors, (rgb.shape[0], rgb.shape[1]))


def same_viewpoint(source: ViewpointKeypoints, edited: ViewpointKeypoints) -> bool | None:
    """Whether the relative rotation is below 10°; None for fewer than 10 matches.

    Raises:
        ViewpointError: where OpenCV raises or gives no rotation (no key points, one key point, no essential matrix).
    """
    angle = rotation_between(source, edited)
    return None if angle is None else angle < _MAX_ANGLE_DEG


def rotation_between(source: ViewpointKeypoints, edited: ViewpointKeypoints) -> float | None:
    """Angle in degrees of the camera's turn between two images; None for fewer than 10 matches.

    Raises:
        ViewpointError: see `same_viewpoint`.
    """
    if source.descriptors is None or len(source.descriptors) == 0:
        return None  # OpenCV matches nothing: too few, no error
    if edited.descriptors is None or len(edited.descriptors) == 0:
        raise ViewpointError("the edited image has no SIFT key points")
    if len(edited.descriptors) == 1:
        raise ViewpointError("the edited image has a single SIFT key point")
    from_source, to_edited = ratio_matches(source.descriptors, edited.descriptors)
    if len(from_source) < _MIN_MATCHES:
        return None
    here, there = source.points[from_source], edited.points[to_edited]
    height, width = source.size
    try:
        essential, _ = cv2.findEssentialMat(
            here, there, focal=_FOCAL_PX, pp=(width / 2, height / 2), method=cv2.RANSAC, prob=0.999, threshold=1.0
        )
        _, rotation, _, _ = cv2.recoverPose(essential, here, there)
    except cv2.error as error:
        raise ViewpointError(f"no camera motion fits the {len(here)} matches") from error
    cosine = (np.trace(rotation) - 1) / 2
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


def ratio_matches(source: NDArray[np.float32], edited: NDArray[np.float32]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Lowe's ratio test: indices of source descriptors (K, 128), ascending, and of the edited ones (L, 128) nearest to them.

    Equal to OpenCV's brute-force `knnMatch(k=2)` with the same test, at a third of its time: SIFT's entries are whole numbers
    to 255, so that |a|² + |b|² − 2ab is exact in float32 (below 2^24), and matrix products may compute it.
    """
    here, there = torch.from_numpy(source), torch.from_numpy(edited)
    squares, twice = (there * there).sum(1), (-2 * there.T).contiguous()
    kept: list[Tensor] = []
    nearest: list[Tensor] = []
    for start in range(0, len(here), _ROWS):
        rows = here[start : start + _ROWS]
        distances = torch.addmm(squares, rows, twice)
        first, second = _two_smallest(distances)
        own = (rows * rows).sum(1)
        # As OpenCV: float32 roots (numpy's are correctly rounded, torch's are not), compared in float64.
        near, far = (np.sqrt((d + own).numpy()).astype(np.float64) for d in (first, second))
        good = torch.from_numpy(np.flatnonzero(near < _RATIO * far))
        kept.append(start + good)
        nearest.append(distances[good].argmin(1))
    return torch.cat(kept).numpy(), torch.cat(nearest).numpy()


def _two_smallest(distances: Tensor) -> tuple[Tensor, Tensor]:
    """The smallest and the second smallest of each row, the same where the smallest stands there twice."""
    first, columns = distances.min(1)
    rows = torch.arange(len(distances))
    distances[rows, columns] = torch.inf
    second = distances.amin(1)
    distances[rows, columns] = first
    return first, second
