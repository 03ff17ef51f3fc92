"""Simple editors to compare real ones with: after, copy, paste, blur, blank. They write images; scoring judges them.

They know what no real editor knows (the goal box), and do with it as little as possible.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from gsi_bench_dataset.layout.pixel_frame import box_corners, project_to_source
from gsi_bench_dataset.records import Sample
from gsi_bench_metric.imaging.images import RGB, load_rgb

__all__ = ["BASELINES", "after", "blank", "blur", "copy", "paste"]

_Rectangle = tuple[int, int, int, int]


def copy(sample: Sample) -> RGB:
    """The source as it is."""
    return load_rgb(sample.image)


def blank(sample: Sample) -> RGB:
    """Mid-grey of the source's size."""
    return np.full_like(load_rgb(sample.image), 128)


def blur(sample: Sample) -> RGB:
    """The whole source blurred, sigma 1 % of its longer side."""
    rgb = load_rgb(sample.image)
    return np.asarray(cv2.GaussianBlur(rgb, (0, 0), 0.01 * max(rgb.shape)), dtype=np.uint8)


def paste(sample: Sample) -> RGB:
    """Cuts the target's rectangle out, fills the hole from its border, pastes the rectangle into the goal's rectangle.

    move, place, scale: pasted at the goal's size and place; remove: not pasted; rotate: mirrored in place; view, or a target
    that no pixel can be named for (`pixel_frame` unknown, outside of the image): the source as it is.
    """
    rgb = load_rgb(sample.image)
    kind = sample.operation.kind if sample.operation else None
    here = _rectangle(sample, sample.original_bbox_3d, rgb)
    if here is None or kind in (None, "view"):
        return rgb
    x1, y1, x2, y2 = here
    patch = rgb[y1:y2, x1:x2].copy()
    if kind == "rotate":
        return _put(rgb, patch[:, ::-1], here)
    hole = np.zeros(rgb.shape[:2], np.uint8)
    hole[y1:y2, x1:x2] = 255
    filled = np.asarray(cv2.inpaint(rgb, hole, 3, cv2.INPAINT_TELEA), dtype=np.uint8)
    there = _rectangle(sample, sample.new_bbox_3d, rgb) if sample.new_bbox_3d and kind != "remove" else None
    return filled if there is None else _put(filled, patch, there)


def after(sample: Sample) -> RGB:
    """The ground-truth after-image: what no editor can do better.

    Raises:
        ValueError: the sample has none.
    """
    if sample.edited_image is None:
        raise ValueError(f"sample {sample.id!r} has no ground-truth after-image; leave the editor 'after' out")
    return load_rgb(sample.edited_image)


BASELINES: dict[str, Callable[[Sample], RGB]] = {"after": after, "copy": copy, "paste": paste, "blur": blur, "blank": blank}


def _rectangle(sample: Sample, box: tuple[float, ...], rgb: RGB) -> _Rectangle | None:
    """Pixel rectangle of a box inside the image, None where it is unknown or less than 2 pixels wide."""
    if sample.pixel_frame == "unknown":
        return None
    height, width = rgb.shape[:2]
    corners = box_corners(box, sample.rotation_matrix)
    pixels = project_to_source(corners, sample.camera_intrinsics, sample.pixel_frame, (width, height))
    if not np.isfinite(pixels).all():
        return None
    low = np.clip(np.floor(pixels.min(0)), 0, (width, height)).astype(int)
    high = np.clip(np.ceil(pixels.max(0)), 0, (width, height)).astype(int)
    return (*low.tolist(), *high.tolist()) if (high - low >= 2).all() else None


def _put(rgb: RGB, patch: NDArray[np.uint8], at: _Rectangle) -> RGB:
    x1, y1, x2, y2 = at
    result = rgb.copy()
    result[y1:y2, x1:x2] = cv2.resize(patch, (x2 - x1, y2 - y1), interpolation=cv2.INTER_AREA)
    return result
