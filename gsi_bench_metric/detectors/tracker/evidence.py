"""What an edited picture says at each pixel: its colour, and whether it still shows the background.

Everything is compared in the source's frame, after drift and tone were removed, and at the sharpness of the blurrier of the two.
"""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
from numpy.typing import NDArray

from gsi_bench_metric.images import RGB

__all__ = ["Evidence", "compare", "opponent"]

Array = NDArray[np.float32]

_BLURS = (0.0, 0.7, 1.2, 2.0, 3.0)
_DARK = 0.1  # of the range: colours of darker things are not trusted
_SIGMA_L, _SIGMA_C = 0.045, 0.06  # what two pictures of the same thing differ by, of the range: brightness, colour
_SLOPE = 0.35  # px of misplacement that is forgiven
_SHADE = (0.4, 2.2)  # range of local brightening that is light, not change
_SHADE_COST = 0.45


@dataclasses.dataclass(frozen=True)
class Evidence:
    """Both pictures in comparable form.

    Attributes:
        source: H×W×3 opponent colours at the common sharpness.
        edited: the same of the edited picture, in the source's frame.
        changed: H×W, how surely the edited picture shows something else than the source there, 0–1.
        known: H×W, False where the edited picture does not reach.
        noise: of the edited picture against the source, in units of the range.
        blur: sigma, px, that was given to the source.
    """

    source: Array
    edited: Array
    changed: Array
    known: NDArray[np.bool_]
    noise: float
    blur: float


def compare(source: RGB, edited: RGB, known: NDArray[np.bool_]) -> Evidence:
    """Evidence of an edited picture that drift was removed from, both H×W×3 RGB uint8."""
    a, b = (p.astype(np.float32) / 255 for p in (source, edited))
    blur = _common_blur(a, b, known)
    a = _blurred(a, blur)
    noise = _noise(a, b)
    if noise > 0.01:
        soft = min(1.5, 40 * noise)
        a, b = _blurred(a, soft), _blurred(b, soft)
        noise = _noise(a, b)
    a, b = opponent(a), opponent(b)
    changed = change(a, b, noise)
    return Evidence(a, b, np.where(known, changed, 0).astype(np.float32), known, noise, blur)


def opponent(rgb: Array) -> Array:
    """Brightness, and red-green and yellow-blue relative to it (so that light changes them little), of RGB on 0–1, last axis."""
    r, g, b = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    bright = (r + g + b) / 3
    return np.stack([bright, (r - g) / 2 / (bright + _DARK), ((r + g) / 4 - b / 2) / (bright + _DARK)], -1)


def change(a: Array, b: Array, noise: float) -> Array:
    """How surely two pictures differ at each pixel, forgiving light and a fraction of a pixel."""
    mean_a, mean_b = (cv2.blur(p[..., 0], (3, 3)) for p in (a, b))
    gain = np.clip((mean_b + 0.02) / (mean_a + 0.02), *_SHADE)
    slope = np.abs(cv2.Sobel(a[..., 0], cv2.CV_32F, 1, 0, scale=1 / 8)) + np.abs(cv2.Sobel(a[..., 0], cv2.CV_32F, 0, 1, scale=1 / 8))
    tolerance = (_SLOPE * slope) ** 2 + 2 * noise**2
    squared = (b[..., 0] - gain * a[..., 0]) ** 2 / (_SIGMA_L**2 + tolerance)
    dark = (noise / (a[..., 0] + _DARK)) ** 2 + tolerance
    squared += ((b[..., 1] - a[..., 1]) ** 2 + (b[..., 2] - a[..., 2]) ** 2) / (_SIGMA_C**2 + dark)
    squared += (np.log(gain) / _SHADE_COST) ** 2
    return np.asarray(cv2.GaussianBlur(1 - np.exp(-squared / 4), (0, 0), 0.6), dtype=np.float32)


def _common_blur(a: Array, b: Array, known: NDArray[np.bool_]) -> float:
    """How much the source must be blurred to be as soft as the edited picture."""
    rough = [_roughness(_blurred(a, s), known) for s in _BLURS]
    wanted = _roughness(b, known)
    # Noise makes an edited picture rougher than the source: then nothing is to be done.
    return float(np.interp(-wanted, -np.array(rough), _BLURS))


def _roughness(picture: Array, known: NDArray[np.bool_]) -> float:
    grey = picture.mean(-1)
    return float(np.percentile(np.abs(cv2.Laplacian(grey, cv2.CV_32F))[known], 97))


def _noise(a: Array, b: Array) -> float:
    return 1.4826 * float(np.median(np.abs((b - a) - np.median(b - a, axis=(0, 1)))))


def _blurred(picture: Array, sigma: float) -> Array:
    return picture if sigma < 0.3 else np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), dtype=np.float32)
