"""Small images for a page: thumbnails and change maps as data URLs."""

from __future__ import annotations

import base64
import io

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["CHANGE_SCALE", "change_map", "colour_stops", "data_url", "file_url", "fit", "shrink"]

RGB = NDArray[np.uint8]

CHANGE_SCALE = 50.0  # colour difference (CIE 1976 ΔE) at the bright end; fixed, so that maps of different edits compare
_COLOURS = cv2.COLORMAP_INFERNO  # perceptually uniform, readable in grey
_QUALITY = 80


def fit(size: tuple[int, int], longest: int) -> tuple[int, int]:
    """(width, height) brought down so that the longer side is at most `longest`.

    >>> fit((2000, 1000), 400), fit((300, 200), 400)
    ((400, 200), (300, 200))
    """
    scale = min(1.0, longest / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def shrink(rgb: RGB, size: tuple[int, int]) -> RGB:
    """The image at (width, height)."""
    return np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.LANCZOS))


def change_map(before: RGB, after: RGB) -> RGB:
    """How far the colour at each pixel is from what it was, as an image: dark = unchanged, bright = `CHANGE_SCALE` or more.

    Both are smoothed by one pixel first, so that the noise of a file format does not show.
    """
    difference = np.linalg.norm(_lab(before) - _lab(after), axis=-1)
    levels = np.clip(difference / CHANGE_SCALE * 255, 0, 255).astype(np.uint8)
    return np.asarray(cv2.applyColorMap(levels, _COLOURS)[..., ::-1])


def colour_stops(count: int = 9) -> list[tuple[int, str]]:
    """(percent, colour) along the change map's scale, for its legend."""
    levels = np.linspace(0, 255, count).round().astype(np.uint8)
    colours = cv2.applyColorMap(levels[:, None], _COLOURS)[:, 0, ::-1]
    return [(round(100 * i / (count - 1)), "#{:02x}{:02x}{:02x}".format(*colour)) for i, colour in enumerate(colours)]


def data_url(rgb: RGB) -> str:
    """The image as a JPEG in a data URL."""
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, format="JPEG", quality=_QUALITY, optimize=True)
    return file_url(buffer.getvalue(), "jpeg")


def file_url(data: bytes, kind: str) -> str:
    """An image file as it is in a data URL; `kind`: jpeg, png, …"""
    return f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"


def _lab(rgb: RGB) -> NDArray[np.float32]:
    scaled = rgb.astype(np.float32) / 255
    return np.asarray(cv2.cvtColor(cv2.GaussianBlur(scaled, (0, 0), 1.0), cv2.COLOR_RGB2LAB))
