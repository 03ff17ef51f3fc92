"""A sample at a glance: the part of the source that the edit is about, with the original and the wanted box."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from gsi_bench_dataset.layout.pixel_frame import BOX_EDGES, box_corners, project_to_source
from gsi_bench_dataset.records import Sample
from gsi_bench_metric.imaging.images import RGB, load_rgb
from gsi_bench_metric.pages.images import shrink

__all__ = ["thumbnail"]

_WIDTH, _HEIGHT = 280, 190
_AROUND = 1.6  # as much wider than the boxes is what is shown
_LEAST = 0.55  # of the image's width
_WHITE, _GREEN = (255, 255, 255), (34, 197, 94)

Array = NDArray[np.float64]


def thumbnail(sample: Sample) -> RGB:
    """RGB (190, 280, 3)."""
    rgb = load_rgb(sample.image)
    height, width = rgb.shape[:2]
    boxes = _boxes(sample, (width, height))
    x, y, wide, high = _window([corners for corners, _ in boxes], width, height)
    scale = _WIDTH / wide
    canvas = shrink(rgb[y : y + high, x : x + wide], (_WIDTH, _HEIGHT)).copy()
    for corners, colour in boxes:
        pixels = ((corners - (x, y)) * scale).round().astype(int)
        for a, b in BOX_EDGES:
            cv2.line(canvas, pixels[a].tolist(), pixels[b].tolist(), colour, 2, cv2.LINE_AA)
    return canvas


def _boxes(sample: Sample, size: tuple[int, int]) -> list[tuple[Array, tuple[int, int, int]]]:
    """Corners (8, 2) in source pixels and colour, of the boxes with known pixels."""
    kind = sample.operation.kind if sample.operation else ""
    if sample.pixel_frame == "unknown" or kind == "view":
        return []
    found: list[tuple[ArrayLike | None, ArrayLike, tuple[int, int, int]]] = [
        (sample.original_bbox_3d, sample.rotation_matrix, _WHITE)
    ]
    if kind != "remove":
        turned = sample.new_rotation_matrix or sample.rotation_matrix
        found.append((sample.new_bbox_3d or sample.original_bbox_3d, turned, _GREEN))
    corners = [
        (project_to_source(box_corners(box, turn), sample.camera_intrinsics, sample.pixel_frame, size), colour)
        for box, turn, colour in found
        if box is not None
    ]
    return [(points, colour) for points, colour in corners if np.isfinite(points).all()]


def _window(corners: list[Array], width: int, height: int) -> tuple[int, int, int, int]:
    """x, y, width, height of what is shown, in the thumbnail's shape as far as the image allows."""
    shape = _WIDTH / _HEIGHT
    widest = min(width, round(height * shape))
    if not corners:
        wide = widest
        middle = np.array([width / 2, height / 2])
    else:
        every = np.clip(np.concatenate(corners), 0, (width, height))
        low, high = every.min(0), every.max(0)
        needed = max(float(high[0] - low[0]), float(high[1] - low[1]) * shape) * _AROUND
        wide = round(min(max(needed, _LEAST * width), widest))
        middle = (low + high) / 2
    tall = max(1, round(wide / shape))
    x = int(np.clip(middle[0] - wide / 2, 0, width - wide))
    y = int(np.clip(middle[1] - tall / 2, 0, max(0, height - tall)))
    return x, y, wide, min(tall, height)
