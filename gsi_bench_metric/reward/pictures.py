"""Images as trainers hand them over, as one file format each: PNG in memory, which every step of scoring reads."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from gsi_bench_dataset.records import EncodedImage
from gsi_bench_dataset.safety.images import MAX_PIXELS, TooManyPixelsError, require_format, require_size
from gsi_bench_metric.imaging.images import DAMAGED, RGB, rgb_of
from gsi_bench_metric.imaging.pictures import Picture

__all__ = ["NoImage", "RewardError", "as_list", "as_picture"]

_SLACK = 0.02  # of 1: what a decoder's rounding or a bicubic resize may leave beside 0–1


class RewardError(ValueError):
    """A reward that cannot be computed as asked; the message says what was expected and what was found."""


class NoImage(ValueError):  # noqa: N818 - no mistake of the caller's: what a model made is no image
    """What an editor made shows nothing that can be looked at: it is worth 0."""


def as_list(images: Any) -> list[Any]:
    """The images of a batch one by one.

    Args:
        images: a sequence of images, an array or tensor (B, …) of them. One alone is none.

    Raises:
        RewardError: no batch.
    """
    if isinstance(images, (np.ndarray, torch.Tensor)):
        if images.ndim != 4:
            raise RewardError(f"images: expected a batch (B, 3, H, W) or (B, H, W, 3), found {tuple(images.shape)}")
        return list(images)
    if isinstance(images, (str, bytes, bytearray, os.PathLike, Image.Image)) or not isinstance(images, Sequence):
        raise RewardError(f"images: expected a list, an array or a tensor of images, found {type(images).__name__}")
    return list(images)


def as_picture(image: Any, which: str = "image") -> Picture:
    """One image, ready to be scored.

    Args:
        image: PIL; uint8 (H, W, 3) or (3, H, W); float (3, H, W) or (H, W, 3) of 0–1; the bytes of a file, or its path.
        which: what to call it in errors.

    Raises:
        RewardError: of another kind, or of values that may be meant in two ways.
        NoImage: numbers that are none, an empty image, or a file that is damaged.
    """
    if isinstance(image, EncodedImage):
        return Picture(image)
    if isinstance(image, (bytes, bytearray)):
        return Picture(EncodedImage(bytes(image), which))
    if isinstance(image, (str, os.PathLike)):
        return Picture(Path(image))
    if isinstance(image, Image.Image):
        return _encoded(_of_pil(image, which), which)
    if isinstance(image, torch.Tensor):
        image = image.detach().to(torch.float32 if image.is_floating_point() else image.dtype).cpu().numpy()
    if isinstance(image, np.ndarray):
        return _encoded(_of_array(image, which), which)
    raise RewardError(
        f"{which}: expected a PIL image, an array or tensor of uint8 or of floats 0–1, bytes or a path, "
        f"found {type(image).__name__}"
    )


def _of_pil(image: Image.Image, which: str) -> RGB:
    try:
        require_format(image, most=MAX_PIXELS)
        return rgb_of(image)
    except DAMAGED as error:
        raise NoImage(f"{which}: no readable image ({error})") from error


def _of_array(values: np.ndarray[Any, Any], which: str) -> RGB:
    if values.ndim != 3 or 3 not in (values.shape[0], values.shape[2]):
        raise RewardError(f"{which}: expected (3, H, W) or (H, W, 3), found {values.shape}")
    rgb = values if values.shape[2] == 3 else np.moveaxis(values, 0, 2)
    if not rgb.size:
        raise NoImage(f"{which}: empty, {values.shape}")
    try:
        require_size((rgb.shape[1], rgb.shape[0]))
    except TooManyPixelsError as error:
        raise RewardError(f"{which}: {error}") from error
    if rgb.dtype == np.uint8:
        return np.ascontiguousarray(rgb)
    if rgb.dtype.kind != "f":
        raise RewardError(f"{which}: expected uint8, or floats 0–1, found {rgb.dtype}")
    if not np.isfinite(rgb).all():
        raise NoImage(f"{which}: holds numbers that are not finite")
    low, high = float(rgb.min()), float(rgb.max())
    if low < -_SLACK or high > 1 + _SLACK:
        raise RewardError(f"{which}: expected floats of 0–1, found {low:.3g} to {high:.3g}; rescale them first")
    return np.asarray(np.rint(np.clip(rgb, 0, 1) * 255), dtype=np.uint8)


def _encoded(rgb: RGB, which: str) -> Picture:
    """As a PNG: hashes and records go by files."""
    stream = io.BytesIO()
    Image.fromarray(rgb).save(stream, "PNG", compress_level=1)
    return Picture(EncodedImage(stream.getvalue(), which))
