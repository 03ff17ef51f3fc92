"""What an edited picture says at each pixel: its colour, and whether it still shows what the source shows there.

Everything is compared in the source's frame, after drift and tone were removed, at the sharpness of the blurrier picture.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from gsi_bench_metric.imaging.images import RGB

__all__ = ["Evidence", "Unrest", "change", "compare", "explained", "fill", "opponent", "shrunk", "spread"]

Array = NDArray[np.float32]
Mask = NDArray[np.bool_]

_BLURS = (0.0, 0.5, 0.8, 1.2, 1.7, 2.3, 3.0)
_DETAIL_PX, _SOFTER = 4.0, 0.95  # detail is what is smaller; blurring must make the pictures more alike by as much
_NOISY = 0.01  # of the range: above it both pictures are smoothed
_GRAIN_PX, _LIGHT_PX = 1.5, 5
_THINNED = 2  # every so many rows and columns are enough for a median
_ROUGHLY = 2.0
_DARK = 0.1  # of the range: colours of darker things are not trusted
_BRIGHTNESS, _COLOUR = 0.045, 0.06  # what two pictures of the same thing differ by
_SLOPE_PX = 0.35  # of misplacement that is forgiven
_SHADE = (0.33, 3.0)  # local brightening that may be light alone ...
_SHADE_COST = 0.6  # ... and how surely it is (log units)


class Unrest(NamedTuple):
    """By how much two pictures of the same things differ all over.

    Attributes:
        noise: from pixel to pixel, in units of the range.
        light: of the logarithm of local brightness.
        tint: of the colour channels.
    """

    noise: float
    light: float
    tint: float


@dataclasses.dataclass(frozen=True)
class Evidence:
    """Both pictures in comparable form.

    Attributes:
        source, edited: H×W×3 opponent colours at the common sharpness.
        changed: H×W, how surely the edited picture shows something else than the source there, 0–1.
        known: H×W, False where the edited picture does not reach.
        unrest: of the edited picture against the source.
        soften: what brings another picture of the source's sharpness to the common one.
    """

    source: Array
    edited: Array
    changed: Array
    known: Mask
    unrest: Unrest
    soften: tuple[float, ...]

    def sized(self, width: int) -> tuple[Array, Array]:
        """Source and edited picture at a width, once for all objects."""
        if width not in self._sizes:
            self._sizes[width] = (shrunk(self.source, width), shrunk(self.edited, width))
        return self._sizes[width]

    @functools.cached_property
    def _sizes(self) -> dict[int, tuple[Array, Array]]:
        return {}


def compare(source: RGB, edited: RGB, known: Mask) -> Evidence:
    """Evidence of an edited picture that drift was removed from; both H×W×3 RGB uint8."""
    a, b = (p.astype(np.float32) / 255 for p in (source, edited))
    soften = [_common_blur(a, b, known)]
    a = _blurred(a, soften[0])
    grain = _grain(a, b)
    if grain > _NOISY:
        soften.append(min(1.5, 40 * grain))
        a, b = _blurred(a, soften[1]), _blurred(b, soften[1])
    noise = _noise(a, b, known)
    a, b = opponent(a), opponent(b)
    unrest = _unrest(a, b, known, noise)
    changed = np.where(known, change(a, b, unrest), 0).astype(np.float32)
    return Evidence(a, b, changed, known, unrest, tuple(soften))


def opponent(rgb: Array, soften: tuple[float, ...] = ()) -> Array:
    """Brightness, and red-green and yellow-blue relative to it (so that light changes them little), of RGB on 0–1."""
    for sigma in soften:
        rgb = _blurred(rgb, sigma)
    r, g, b = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    bright = (r + g + b) / 3
    return np.stack([bright, (r - g) / 2 / (bright + _DARK), ((r + g) / 4 - b / 2) / (bright + _DARK)], -1)


def change(a: Array, b: Array, unrest: Unrest) -> Array:
    """How surely two pictures in opponent colours differ at each pixel, 0–1, forgiving light and a fraction of a pixel."""
    mean_a, mean_b = (cv2.blur(p[..., 0], (3, 3)) for p in (a, b))
    gain = np.clip((mean_b + 0.02) / (mean_a + 0.02), *_SHADE)
    slope = sum(np.abs(cv2.Sobel(a[..., 0], cv2.CV_32F, *way, scale=1 / 8)) for way in ((1, 0), (0, 1)))
    tolerance = (_SLOPE_PX * slope) ** 2 + 2 * unrest.noise**2
    squared = (b[..., 0] - gain * a[..., 0]) ** 2 / (_BRIGHTNESS**2 + tolerance)
    tolerance = tolerance + (unrest.noise / (a[..., 0] + _DARK)) ** 2 + unrest.tint**2
    # A sum over so short an axis would take numpy several times as long.
    squared += ((b[..., 1] - a[..., 1]) ** 2 + (b[..., 2] - a[..., 2]) ** 2) / (_COLOUR**2 + tolerance)
    squared += (np.log(gain) / np.hypot(_SHADE_COST, 2 * unrest.light)) ** 2
    return np.asarray(cv2.GaussianBlur(1 - np.exp(-squared / 4), (0, 0), 0.6), dtype=np.float32)


def explained(evidence: Evidence, mask: Mask) -> Array:
    """How well the source's pixels explain the edited ones of a mask, 0–1 (P,), under one change of light on all of them."""
    a, b = evidence.source[mask], evidence.edited[mask]
    gain = float(np.clip((a[:, 0] * b[:, 0]).sum() / max(float((a[:, 0] ** 2).sum()), 1e-6), *_SHADE))
    bright, colour = np.hypot((2 * _BRIGHTNESS, 2 * _COLOUR), spread(evidence.unrest))
    squared = ((b[:, 0] - gain * a[:, 0]) / bright) ** 2 + ((b[:, 1:] - a[:, 1:]) ** 2).sum(-1) / colour**2
    return np.asarray(np.exp(-squared / 2), dtype=np.float32)


def spread(unrest: Unrest) -> tuple[float, float]:
    """What the unrest of pictures adds to the deviation of brightness and colour of the same thing."""
    return float(np.hypot(1.5 * unrest.noise, 0.5 * unrest.light)), float(np.hypot(1.5 * unrest.noise, unrest.tint))


def shrunk(picture: Array, width: int) -> Array:
    """H×W×C at most `width` wide."""
    if width >= picture.shape[1]:
        return picture
    return np.asarray(
        cv2.resize(picture, (width, round(picture.shape[0] * width / picture.shape[1])), interpolation=cv2.INTER_AREA)
    )


def fill(picture: Array, valid: Mask) -> Array:
    """The picture where `valid`, elsewhere spread from there, smoothly: push-pull over a pyramid (Gortler et al. 1996)."""
    weights = [valid.astype(np.float32)]
    sums = [picture * weights[0][..., None]]
    while min(weights[-1].shape) > 2:
        weights.append(np.asarray(cv2.pyrDown(weights[-1]), dtype=np.float32))
        sums.append(np.asarray(cv2.pyrDown(sums[-1]), dtype=np.float32))
    guess = sums[-1] / np.maximum(weights[-1], 1e-6)[..., None]
    for weight, total in zip(weights[-2::-1], sums[-2::-1], strict=True):
        guess = cv2.pyrUp(guess, dstsize=(weight.shape[1], weight.shape[0]))
        own = np.minimum(weight * 4, 1)[..., None]
        guess = own * (total / np.maximum(weight, 1e-6)[..., None]) + (1 - own) * guess
    return np.asarray(guess, dtype=np.float32)


def _common_blur(a: Array, b: Array, known: Mask) -> float:
    """How much the source must be blurred to be as soft as the edited picture; 0 where that one is as sharp, or noisy.

    By what most pixels say: something sharp that an edit took away does not make the rest soft.
    """
    before, after = (_detail(p) for p in (a, b))
    costs: list[float] = []
    for sigma in _BLURS:
        rest = np.abs(_thinned(_blurred(before, sigma) - after, known))
        costs.append(float(np.minimum(rest, np.percentile(rest, 80)).mean()))
        if len(costs) > 2 and costs[-1] > costs[-2] > costs[-3]:
            break  # it only gets worse
    best = int(np.argmin(costs))
    if best == 0 or costs[best] > _SOFTER * costs[0]:
        return 0.0
    if best == len(costs) - 1:
        return _BLURS[best]
    # Between the neighbours, where a parabola through the three is lowest.
    curve = np.polyfit(_BLURS[best - 1 : best + 2], costs[best - 1 : best + 2], 2)
    return float(np.clip(-curve[1] / (2 * curve[0]), _BLURS[best - 1], _BLURS[best + 1]))


def _detail(rgb: Array) -> Array:
    grey = np.asarray(cv2.transform(rgb, np.full((1, 3), 1 / 3, np.float32)), dtype=np.float32)
    return grey - _blurred(grey, _DETAIL_PX)


def _grain(a: Array, b: Array) -> float:
    """Standard deviation of what differs from pixel to pixel; other light differs over larger distances."""
    difference = b - a
    fine = difference - _blurred(difference, _GRAIN_PX)
    return 1.4826 * float(np.median(np.abs(fine[::2, ::2])))


def _noise(a: Array, b: Array, known: Mask) -> float:
    """Of two RGB pictures, light apart."""
    gain = (cv2.blur(b, (_LIGHT_PX, _LIGHT_PX)) + 0.02) / (cv2.blur(a, (_LIGHT_PX, _LIGHT_PX)) + 0.02)
    return _deviation(_thinned(np.asarray(b - gain * a, dtype=np.float32), known))


def _unrest(a: Array, b: Array, known: Mask, noise: float) -> Unrest:
    """Of two pictures in opponent colours."""
    before, after = (_thinned(np.asarray(cv2.blur(p, (_LIGHT_PX, _LIGHT_PX)), dtype=np.float32), known) for p in (a, b))
    light = np.log((after[:, 0] + 0.02) / (before[:, 0] + 0.02))
    tint = np.linalg.norm(after[:, 1:] - before[:, 1:], axis=1)
    return Unrest(noise, _ROUGHLY * float(np.percentile(np.abs(light), 80)), _ROUGHLY * float(np.percentile(tint, 80)))


def _thinned(picture: Array, known: Mask) -> Array:
    """Some of the known pixels (P, ...)."""
    few = (slice(None, None, _THINNED), slice(None, None, _THINNED))
    return picture[few][known[few]]


def _deviation(values: Array) -> float:
    """Standard deviation of the bulk of values (..., ) from their medians over the first axis."""
    return 1.4826 * float(np.median(np.abs(values - np.median(values, axis=0))))


def _blurred(picture: Array, sigma: float) -> Array:
    return picture if sigma < 0.3 else np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), dtype=np.float32)
