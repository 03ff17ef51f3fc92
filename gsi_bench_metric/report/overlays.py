"""Pictures of a report: boxes drawn on them, and where they changed. Everything comes out as a small JPEG data URL."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gsi_bench_dataset.pixel_frame import box_corners, project_to_source, reference_frame
from gsi_bench_dataset.records import Detection, Sample
from gsi_bench_metric.images import RGB

__all__ = ["FOUND", "GOAL", "ORIGINAL", "Box", "boxes_of", "change_map", "data_url", "drawn"]

# Blue: where it was; green: where it should be; orange: what the detector found. Told apart by colour-blind readers too.
ORIGINAL, GOAL, FOUND = (86, 180, 233), (0, 158, 115), (230, 120, 0)
# What lies above is thinner, so that boxes on the same place all show.
_INK = {ORIGINAL: 6, GOAL: 6, FOUND: 2}
_WIDTH = 420  # pixels of a picture in the page
_EDGES = [(a, b) for a in range(8) for b in range(a + 1, 8) if bin(a ^ b).count("1") == 1]
_LARGEST_CHANGE = 64  # mean difference of 0–255 values from which on the colour is the brightest

Box = tuple[NDArray[np.float64], tuple[int, int, int]]  # corners (8, 2) in source pixels, colour


def boxes_of(sample: Sample, found: Sequence[Detection] | None, size: tuple[int, int], *, before: bool) -> list[Box]:
    """The boxes to draw on the source (`before`) or on the edited picture; none where the pixel frame is unknown.

    `size` = (width, height) of the source in pixels.
    """
    if sample.pixel_frame == "unknown":
        return []
    boxes = []
    goal_rotation = sample.new_rotation_matrix or sample.rotation_matrix
    if before:
        boxes.append((sample.original_bbox_3d, sample.rotation_matrix, ORIGINAL))
    if sample.new_bbox_3d is not None or sample.new_rotation_matrix is not None:
        boxes.append((sample.new_bbox_3d or sample.original_bbox_3d, goal_rotation, GOAL))
    boxes += [(d.bbox_3d, d.rotation_matrix, FOUND) for d in found or () if d.rotation_matrix and d.state != "absent"]
    drawn_boxes = []
    for box, rotation, colour in boxes:
        corners = project_to_source(box_corners(box, rotation), sample.camera_intrinsics, sample.pixel_frame, size)
        if np.isfinite(corners).all():
            drawn_boxes.append((corners, colour))
    return drawn_boxes


def drawn(rgb: RGB, boxes: Sequence[Box]) -> RGB:
    """The picture at the page's size with the boxes' edges on it, dark-rimmed so that they show on any ground."""
    small, scale = _resized(rgb)
    for above in (False, True):
        for corners, colour in boxes:
            points = np.clip(corners * scale, -4 * _WIDTH, 4 * _WIDTH)
            rim = 2 if colour != FOUND else 0
            ink, width = (colour, _INK[colour]) if above else ((20, 20, 20), _INK[colour] + rim)
            for a, b in _EDGES:
                ends = [(points[i] * 16).round().astype(int).tolist() for i in (a, b)]
                cv2.line(small, ends[0], ends[1], ink, width, cv2.LINE_AA, shift=4)
    return small


def change_map(source: RGB, edited: RGB, left_out: Sequence[Sequence[float]]) -> RGB:
    """Where the edited picture differs from the source: bright on a grey source.

    `left_out`: boxes `[x1, y1, x2, y2]` in the evaluated 896-pixel window that locality does not look at; outlined in white.
    """
    difference = np.abs(source.astype(np.float32) - edited.astype(np.float32)).mean(-1)
    smooth = cv2.GaussianBlur(difference, (0, 0), max(1.0, max(source.shape) / 300))
    amount = np.clip(smooth / _LARGEST_CHANGE, 0, 1)
    colours = cv2.cvtColor(cv2.applyColorMap((255 * amount).astype(np.uint8), cv2.COLORMAP_INFERNO), cv2.COLOR_BGR2RGB)
    grey = np.repeat(cv2.cvtColor(source, cv2.COLOR_RGB2GRAY)[..., None], 3, -1) * 0.45
    weight = np.sqrt(amount)[..., None]
    picture, scale = _resized(np.asarray(grey * (1 - weight) + colours * weight, dtype=np.uint8))
    frame_scale, offset, _ = reference_frame((source.shape[1], source.shape[0]))
    for x1, y1, x2, y2 in left_out:
        pixels = (np.array([[x1, y1], [x2, y2]]) + offset) / frame_scale * scale
        start, end = pixels.round().astype(int).tolist()
        cv2.rectangle(picture, start, end, (255, 255, 255), 1, cv2.LINE_AA)
    return picture


def data_url(rgb: RGB) -> str:
    """A JPEG at the page's size as a data URL."""
    small, _ = _resized(rgb)
    buffer = io.BytesIO()
    Image.fromarray(small).save(
        buffer, format="JPEG", quality=80, subsampling=0, optimize=True
    )  # thin coloured lines stay clear
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def _resized(rgb: RGB) -> tuple[RGB, float]:
    """The picture at the page's width (a copy), and the scale."""
    height, width = rgb.shape[:2]
    scale = _WIDTH / width
    if scale == 1:
        return np.ascontiguousarray(rgb).copy(), 1.0
    size = (_WIDTH, max(1, round(height * scale)))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(rgb, size, interpolation=way), dtype=np.uint8), scale
