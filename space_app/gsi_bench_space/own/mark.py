"""Marking an object: two corners of a rectangle, or one click on the object."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from gsi_bench_metric.imaging.images import RGB
from gsi_bench_metric.pages.images import fit, shrink
from gsi_bench_metric.photos.standing import Rectangle
from gsi_bench_space.problem import OwnError

__all__ = ["around", "between"]

Mask = NDArray[np.bool_]
Window = tuple[int, int, int, int]  # x1, y1, x2, y2

_WORKING = 160  # pixels of the longer side of what is cut: GrabCut then takes a tenth of a second
# How large the object may be: radius within which colours count as its own at first, as a share of the image's longer side.
# The rectangle with the sharpest border wins.
_RADII = (0.03, 0.05, 0.08, 0.14, 0.22)
_SEED, _REACH = 0.5, 2.5  # of that radius: surely the object; surely not the object
_AT_REACH, _CUT_SHORT = 0.93, 0.3  # what reaches so far was cut short, and its border counts less by this factor
_ROUNDS = 5


def between(a: tuple[float, float], b: tuple[float, float]) -> Rectangle:
    """The rectangle between two corners, in any order.

    >>> between((30, 40), (10, 60))
    (10, 40, 30, 60)
    """
    return min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]), max(a[1], b[1])


def around(rgb: RGB, point: tuple[float, float]) -> Rectangle:
    """A rectangle around what lies at a point (x, y), found by OpenCV's GrabCut (Rother et al. 2004) from that click alone.

    Colours near the click are taken for the object's, those further away for the background's, at several sizes. Where both are
    alike the rectangle is wrong: it is a proposal.

    Args:
        rgb: uint8 (H, W, 3).
        point: in its pixels.

    Raises:
        OwnError: nothing stands out there.
    """
    longer = max(rgb.shape[:2])
    found = [_cut(rgb, point, share * longer) for share in _RADII]
    sharpness, rectangle = max((cut for cut in found if cut is not None), default=(0.0, None))
    if rectangle is None or sharpness <= 0:
        raise OwnError("own_nothing_there")
    return rectangle


def _cut(rgb: RGB, point: tuple[float, float], radius: float) -> tuple[float, Rectangle] | None:
    """(sharpness of its border, rectangle) of what GrabCut takes for an object of about that radius; None: nothing found."""
    height, width = rgb.shape[:2]
    reach = _REACH * radius
    x1, y1 = (max(0, int(v - reach)) for v in point)
    x2, y2 = (min(side, int(v + reach) + 1) for v, side in zip(point, (width, height), strict=True))
    small = shrink(rgb[y1:y2, x1:x2], fit((x2 - x1, y2 - y1), _WORKING))
    scale = np.array([(x2 - x1) / small.shape[1], (y2 - y1) / small.shape[0]])
    click = np.clip((np.array(point) - (x1, y1)) / scale, 0, np.array(small.shape[1::-1]) - 1)
    y, x = np.indices(small.shape[:2])
    distance = np.hypot((x - click[0]) * scale[0], (y - click[1]) * scale[1]) / radius
    labels = np.full(small.shape[:2], cv2.GC_BGD, np.uint8)
    for reached, label in ((_REACH, cv2.GC_PR_BGD), (1.0, cv2.GC_PR_FGD), (_SEED, cv2.GC_FGD)):
        labels[distance < reached] = label
    if not (distance < _SEED).any() or (distance < 1).all():
        return None
    mask = _connected(_grabbed(small, labels), click)
    if not mask.any():
        return None
    rows, columns = np.nonzero(mask)
    low, high = np.array([columns.min(), rows.min()]) * scale, np.array([columns.max() + 1, rows.max() + 1]) * scale
    rectangle = (float(low[0] + x1), float(low[1] + y1), float(high[0] + x1), float(high[1] + y1))
    short = bool((mask & (distance > _AT_REACH * _REACH)).any())
    return _sharpness(small, mask) * (_CUT_SHORT if short else 1.0), rectangle


def _grabbed(rgb: RGB, labels: NDArray[np.uint8]) -> Mask:
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(0)  # GrabCut starts from random clusters
    bgr = np.ascontiguousarray(rgb[..., ::-1])
    cv2.grabCut(bgr, labels, (0, 0, 0, 0), *models, _ROUNDS, cv2.GC_INIT_WITH_MASK)
    return np.asarray((labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD))


def _connected(mask: Mask, click: NDArray[np.float64]) -> Mask:
    """The part at the click, thin bridges to other parts cut; nothing where nothing is left."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
    _, parts = cv2.connectedComponents(cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, kernel))
    rows, columns = np.nonzero(parts)
    if not len(rows):
        return np.zeros_like(mask)
    nearest = np.hypot(columns - click[0], rows - click[1]).argmin()
    return np.asarray(parts == parts[rows[nearest], columns[nearest]])


def _sharpness(rgb: RGB, mask: Mask) -> float:
    """Mean step in colour (CIE Lab) along a region's border; the window's own border does not count."""
    lab = cv2.cvtColor(cv2.GaussianBlur(rgb, (0, 0), 1.0).astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    steps = np.sqrt(sum((cv2.Sobel(lab, cv2.CV_32F, *way) ** 2).sum(-1) for way in ((1, 0), (0, 1))))
    kernel, region = np.ones((3, 3), np.uint8), mask.astype(np.uint8)
    rim = cv2.dilate(region, kernel) > cv2.erode(region, kernel, borderValue=(1,))
    return float(steps[rim].mean()) if rim.any() else 0.0
