"""What editors do to a whole image besides the edit: compression, blur, noise, other tones, a resampled or moved canvas.

Pure functions of an image and a seeded generator. Lengths in pixels are those of an image 512 wide and scale with the width,
so that a small image is harmed as much as a large one.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gsi_bench_dataset.safety.images import open_image
from gsi_bench_metric.imaging.images import RGB

__all__ = ["DEGRADATIONS", "degrade"]

REFERENCE_WIDTH = 512  # pixels

Array = NDArray[np.float32]
Change = Callable[[RGB, np.random.Generator], RGB]

_GAINS, _OFFSET, _GAMMA = (1.1, 0.95, 0.9), 8.0, 0.9  # red, green, blue; levels of 255; exponent on 0–1
_NOISE = 10.0  # standard deviation, levels of 255


def degrade(name: str, rgb: RGB, seed: int) -> RGB:
    """The image (H, W, 3) uint8 with a named degradation of `DEGRADATIONS`; the same seed gives the same pixels.

    Raises:
        KeyError: no such degradation.
    """
    return DEGRADATIONS[name](rgb, np.random.default_rng(seed))


def jpeg(rgb: RGB, quality: int) -> RGB:
    """Through a JPEG file and back."""
    stream = io.BytesIO()
    Image.fromarray(rgb).save(stream, format="JPEG", quality=quality)
    return np.asarray(open_image(stream.getvalue(), ("JPEG",)).convert("RGB"))


def blurred(rgb: RGB, sigma: float) -> RGB:
    """Gaussian blur; `sigma` in reference pixels."""
    return np.asarray(cv2.GaussianBlur(rgb, (0, 0), sigma * _scale(rgb)), dtype=np.uint8)


def noisy(rgb: RGB, rng: np.random.Generator) -> RGB:
    """Independent normal noise in every channel."""
    return _levels(rgb + rng.normal(0.0, _NOISE, rgb.shape))


def toned(rgb: RGB) -> RGB:
    """Another gain in every channel, a raised black, a gamma: what another camera's development looks like."""
    bright = np.clip(rgb * np.array(_GAINS) + _OFFSET, 0, 255) / 255
    return _levels(255 * bright**_GAMMA)


def regenerated(rgb: RGB, rng: np.random.Generator) -> RGB:
    """Through half the resolution and back, gently warped, compressed: what a latent code does to an image."""
    height, width = rgb.shape[:2]
    half = cv2.resize(rgb, (max(1, width // 2), max(1, height // 2)), interpolation=cv2.INTER_AREA)
    full = np.asarray(cv2.resize(half, (width, height), interpolation=cv2.INTER_CUBIC), dtype=np.uint8)
    field = _smooth_field(rng, height, width) * _scale(rgb)
    return jpeg(_sampled(full, field[..., 0], field[..., 1]), 75)


def shifted(rgb: RGB, pixels: float) -> RGB:
    """The whole image moved right and down along the diagonal by `pixels` reference pixels in all; the border is repeated."""
    step = pixels * _scale(rgb) / 2**0.5
    still = np.zeros(rgb.shape[:2], np.float32)
    return _sampled(rgb, still - step, still - step)


def zoomed(rgb: RGB, factor: float) -> RGB:
    """The whole image magnified about its middle; what comes into the frame repeats the border."""
    height, width = rgb.shape[:2]
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    x = (columns - (width - 1) / 2) * (1 / factor - 1)
    y = (rows - (height - 1) / 2) * (1 / factor - 1)
    return _sampled(rgb, x, y)


DEGRADATIONS: Mapping[str, Change] = {
    "jpeg": lambda rgb, _: jpeg(rgb, 30),
    "blur": lambda rgb, _: blurred(rgb, 2.0),
    "noise": noisy,
    "tone": lambda rgb, _: toned(rgb),
    "regenerated": regenerated,
    "shift1": lambda rgb, _: shifted(rgb, 1),
    "shift2": lambda rgb, _: shifted(rgb, 2),
    "shift4": lambda rgb, _: shifted(rgb, 4),
    "shift8": lambda rgb, _: shifted(rgb, 8),
    "zoom_out": lambda rgb, _: zoomed(rgb, 0.98),
    "zoom_in": lambda rgb, _: zoomed(rgb, 1.02),
}


def _scale(rgb: RGB) -> float:
    return rgb.shape[1] / REFERENCE_WIDTH


def _levels(values: NDArray[np.float64]) -> RGB:
    return np.asarray(np.clip(np.rint(values), 0, 255), dtype=np.uint8)


def _smooth_field(rng: np.random.Generator, height: int, width: int) -> Array:
    """Random displacements (H, W, 2) that change slowly over the image; root mean square 1 in each direction."""
    coarse = rng.normal(0.0, 1.0, (6, 6, 2)).astype(np.float32)
    field = np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), dtype=np.float32)
    return np.asarray(field / np.sqrt((field**2).mean(axis=(0, 1))), dtype=np.float32)


def _sampled(rgb: RGB, x: NDArray[np.floating], y: NDArray[np.floating]) -> RGB:
    """The image read at every pixel's place plus (x, y), each (H, W); between pixels by Lanczos, outside from the border."""
    height, width = rgb.shape[:2]
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    to_x, to_y = (columns + x).astype(np.float32), (rows + y).astype(np.float32)
    return np.asarray(cv2.remap(rgb, to_x, to_y, cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REPLICATE), dtype=np.uint8)
