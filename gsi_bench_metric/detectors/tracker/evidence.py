"""What an edited image says at each pixel: its colour, and whether it still shows what the source shows there.

Everything is compared in the source's frame, after drift and tone were removed, at the sharpness of the blurrier image.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from gsi_bench_metric.detectors.tracker.config import TRACKER, EvidenceConfig
from gsi_bench_metric.imaging.images import RGB

__all__ = ["Evidence", "Unrest", "change", "compare", "explained", "fill", "opponent", "shrunk", "spread"]

Array = NDArray[np.float32]
Mask = NDArray[np.bool_]


class Unrest(NamedTuple):
    """By how much two images of the same objects differ all over.

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
    """Both images in comparable form.

    Attributes:
        source, edited: H×W×3 opponent colours at the common sharpness.
        changed: H×W, how surely the edited image shows something else than the source there, 0–1.
        known: H×W, False where the edited image does not reach.
        unrest: of the edited image against the source.
        soften: what brings another image of the source's sharpness to the common one.
        config: the numbers it was taken with.
    """

    source: Array
    edited: Array
    changed: Array
    known: Mask
    unrest: Unrest
    soften: tuple[float, ...]
    config: EvidenceConfig = TRACKER.evidence

    def sized(self, width: int) -> tuple[Array, Array]:
        """Source and edited image at a width, once for all objects."""
        if width not in self._sizes:
            self._sizes[width] = (shrunk(self.source, width), shrunk(self.edited, width))
        return self._sizes[width]

    def without(self, mask: Mask) -> Evidence:
        """The same, but in a mask (H, W) and a pixel about it nothing has changed, and nothing looks like anything."""
        wide = cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        edited = np.where(wide[..., None], np.float32(self.config.like_nothing), self.edited)
        return dataclasses.replace(self, edited=edited, changed=np.where(wide, np.float32(0), self.changed))

    @functools.cached_property
    def _sizes(self) -> dict[int, tuple[Array, Array]]:
        return {}


def compare(source: RGB, edited: RGB, known: Mask, config: EvidenceConfig = TRACKER.evidence) -> Evidence:
    """Evidence of an edited image that drift was removed from; both H×W×3 RGB uint8."""
    a, b = (p.astype(np.float32) / 255 for p in (source, edited))
    soften = [_common_blur(a, b, known, config)]
    a = _blurred(a, soften[0], config)
    grain = _grain(a, b, config)
    if grain > config.noisy:
        soften.append(min(config.most_grain_blur, config.grain_blur * grain))
        a, b = _blurred(a, soften[1], config), _blurred(b, soften[1], config)
    noise = _noise(a, b, known, config)
    a, b = opponent(a, config), opponent(b, config)
    unrest = _unrest(a, b, known, noise, config)
    changed = np.where(known, change(a, b, unrest, config), 0).astype(np.float32)
    return Evidence(a, b, changed, known, unrest, tuple(soften), config)


def opponent(rgb: Array, config: EvidenceConfig, soften: tuple[float, ...] = ()) -> Array:
    """Brightness, and red-green and yellow-blue relative to it (so that light changes them little), of RGB on 0–1."""
    for sigma in soften:
        rgb = _blurred(rgb, sigma, config)
    r, g, b = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    bright = (r + g + b) / 3
    return np.stack([bright, (r - g) / 2 / (bright + config.dark), ((r + g) / 4 - b / 2) / (bright + config.dark)], -1)


def change(a: Array, b: Array, unrest: Unrest, config: EvidenceConfig) -> Array:
    """How surely two images in opponent colours differ at each pixel, 0–1, forgiving light and a fraction of a pixel."""
    mean_a, mean_b = (cv2.blur(p[..., 0], (config.gain_px, config.gain_px)) for p in (a, b))
    gain = np.clip((mean_b + config.ratio_floor) / (mean_a + config.ratio_floor), *config.shade)
    slope = sum(np.abs(cv2.Sobel(a[..., 0], cv2.CV_32F, *way, scale=1 / 8)) for way in ((1, 0), (0, 1)))
    tolerance = (config.slope_px * slope) ** 2 + 2 * unrest.noise**2
    squared = (b[..., 0] - gain * a[..., 0]) ** 2 / (config.brightness**2 + tolerance)
    tolerance = tolerance + (unrest.noise / (a[..., 0] + config.dark)) ** 2 + unrest.tint**2
    # A sum over so short an axis would take numpy several times as long.
    squared += ((b[..., 1] - a[..., 1]) ** 2 + (b[..., 2] - a[..., 2]) ** 2) / (config.colour**2 + tolerance)
    squared += (np.log(gain) / np.hypot(config.shade_cost, config.shade_light * unrest.light)) ** 2
    return np.asarray(cv2.GaussianBlur(1 - np.exp(-squared / config.doubt), (0, 0), config.change_blur_px), dtype=np.float32)


def explained(evidence: Evidence, mask: Mask) -> Array:
    """How well the source's pixels explain the edited ones of a mask, 0–1 (P,), under one change of light on all of them."""
    a, b, config = evidence.source[mask], evidence.edited[mask], evidence.config
    gain = float(np.clip((a[:, 0] * b[:, 0]).sum() / max(float((a[:, 0] ** 2).sum()), 1e-6), *config.shade))
    usual = (config.settled_spread * config.brightness, config.settled_spread * config.colour)
    bright, colour = np.hypot(usual, spread(evidence.unrest, config))
    squared = ((b[:, 0] - gain * a[:, 0]) / bright) ** 2 + ((b[:, 1:] - a[:, 1:]) ** 2).sum(-1) / colour**2
    return np.asarray(np.exp(-squared / 2), dtype=np.float32)


def spread(unrest: Unrest, config: EvidenceConfig) -> tuple[float, float]:
    """What the unrest of images adds to the deviation of brightness and colour of the same object."""
    noise = config.noise_spread * unrest.noise
    return float(np.hypot(noise, config.light_spread * unrest.light)), float(np.hypot(noise, unrest.tint))


def shrunk(picture: Array, width: int) -> Array:
    """H×W×C at most `width` wide."""
    if width >= picture.shape[1]:
        return picture
    return np.asarray(
        cv2.resize(picture, (width, round(picture.shape[0] * width / picture.shape[1])), interpolation=cv2.INTER_AREA)
    )


def fill(picture: Array, valid: Mask, config: EvidenceConfig) -> Array:
    """The image where `valid`, elsewhere spread from there, smoothly: push-pull over a pyramid (Gortler et al. 1996)."""
    weights = [valid.astype(np.float32)]
    sums = [picture * weights[0][..., None]]
    while min(weights[-1].shape) > 2:
        weights.append(np.asarray(cv2.pyrDown(weights[-1]), dtype=np.float32))
        sums.append(np.asarray(cv2.pyrDown(sums[-1]), dtype=np.float32))
    guess = sums[-1] / np.maximum(weights[-1], 1e-6)[..., None]
    for weight, total in zip(weights[-2::-1], sums[-2::-1], strict=True):
        guess = cv2.pyrUp(guess, dstsize=(weight.shape[1], weight.shape[0]))
        own = np.minimum(weight * config.fill_trust, 1)[..., None]
        guess = own * (total / np.maximum(weight, 1e-6)[..., None]) + (1 - own) * guess
    return np.asarray(guess, dtype=np.float32)


def _common_blur(a: Array, b: Array, known: Mask, config: EvidenceConfig) -> float:
    """How much the source must be blurred to be as soft as the edited image; 0 where that one is as sharp, or noisy.

    By what most pixels say: something sharp that an edit took away does not make the rest soft.
    """
    before, after = (_detail(p, config) for p in (a, b))
    costs: list[float] = []
    for sigma in config.blurs:
        rest = np.abs(_thinned(_blurred(before, sigma, config) - after, known, config))
        costs.append(float(np.minimum(rest, np.percentile(rest, config.bulk)).mean()))
        if len(costs) > 2 and costs[-1] > costs[-2] > costs[-3]:
            break  # it only gets worse
    best = int(np.argmin(costs))
    if best == 0 or costs[best] > config.softer * costs[0]:
        return 0.0
    if best == len(costs) - 1:
        return config.blurs[best]
    # Between the neighbours, where a parabola through the three is lowest.
    curve = np.polyfit(config.blurs[best - 1 : best + 2], costs[best - 1 : best + 2], 2)
    return float(np.clip(-curve[1] / (2 * curve[0]), config.blurs[best - 1], config.blurs[best + 1]))


def _detail(rgb: Array, config: EvidenceConfig) -> Array:
    grey = np.asarray(cv2.transform(rgb, np.full((1, 3), 1 / 3, np.float32)), dtype=np.float32)
    return grey - _blurred(grey, config.detail_px, config)


def _grain(a: Array, b: Array, config: EvidenceConfig) -> float:
    """Standard deviation of what differs from pixel to pixel; other light differs over larger distances."""
    difference = b - a
    fine = difference - _blurred(difference, config.grain_px, config)
    return 1.4826 * float(np.median(np.abs(fine[:: config.thinned, :: config.thinned])))


def _noise(a: Array, b: Array, known: Mask, config: EvidenceConfig) -> float:
    """Of two RGB images, light apart."""
    window, floor = (config.light_px, config.light_px), config.ratio_floor
    gain = (cv2.blur(b, window) + floor) / (cv2.blur(a, window) + floor)
    return _deviation(_thinned(np.asarray(b - gain * a, dtype=np.float32), known, config))


def _unrest(a: Array, b: Array, known: Mask, noise: float, config: EvidenceConfig) -> Unrest:
    """Of two images in opponent colours."""
    window, floor = (config.light_px, config.light_px), config.ratio_floor
    before, after = (_thinned(np.asarray(cv2.blur(p, window), dtype=np.float32), known, config) for p in (a, b))
    light = np.log((after[:, 0] + floor) / (before[:, 0] + floor))
    tint = np.linalg.norm(after[:, 1:] - before[:, 1:], axis=1)
    lights, tints = (config.roughly * float(np.percentile(values, config.bulk)) for values in (np.abs(light), tint))
    return Unrest(noise, lights, tints)


def _thinned(picture: Array, known: Mask, config: EvidenceConfig) -> Array:
    """Some of the known pixels (P, ...)."""
    few = (slice(None, None, config.thinned), slice(None, None, config.thinned))
    return picture[few][known[few]]


def _deviation(values: Array) -> float:
    """Standard deviation of the bulk of values (..., ) from their medians over the first axis."""
    return 1.4826 * float(np.median(np.abs(values - np.median(values, axis=0))))


def _blurred(picture: Array, sigma: float, config: EvidenceConfig) -> Array:
    if sigma < config.least_blur_px:
        return picture
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), dtype=np.float32)
