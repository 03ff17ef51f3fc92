"""Global drift between a source and an edited image: one similarity warp and one tone curve, fitted on what did not change.

Editors shift, zoom and re-tone images as a whole. Before anything is measured, that is fitted (robust Lucas-Kanade over an
image pyramid; Baker and Matthews 2004, with Tukey's weights), reported and removed. What changed between the images is
taken for outliers, so an edit does not pull the fit.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from gsi_bench_metric.imaging.alignment_config import ALIGNMENT, AlignmentConfig
from gsi_bench_metric.imaging.images import RGB

__all__ = ["Alignment", "align", "correlation", "structure"]

Array = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclasses.dataclass(frozen=True)
class Alignment:
    """How an edited image lies over its source.

    Attributes:
        matrix: 2×3, maps source pixels (x, y), centres at whole numbers, to edited pixels: a similarity.
        tone: 3×K edited values 0–255 that belong to the source values `np.linspace(0, 255, K)`, per channel R, G, B.
        drift_px: mean displacement over the image that the warp stands for, before small ones were taken for none; 0 where
            the warp makes the images no more alike.
        found: share of the scene (outside of `ignore`) that the edited image shows again, 0–1.
        config: the numbers it was fitted with.
    """

    matrix: NDArray[np.float64]
    tone: NDArray[np.float64]
    drift_px: float
    found: float
    config: AlignmentConfig

    @property
    def warps(self) -> bool:
        """Whether there is a displacement to remove."""
        return not np.array_equal(self.matrix, _IDENTITY)

    def to_source(self, edited: RGB) -> RGB:
        """The edited image (H, W, 3) warped and toned back into the source's frame; or as it is, with nothing to remove."""
        warped = _warp(edited, self.matrix) if self.warps else edited
        if np.array_equal(self.tone, _no_curve(self.config)):
            return warped
        return _untoned(warped, self.tone, self.config)

    def covered(self, shape: tuple[int, int], known: Mask | None = None) -> Mask:
        """Source pixels (H, W) that the edited image shows at all: a zoom or shift loses the rest.

        `known`: (H, W), False where the edited image shows nothing of the source; None: nowhere.
        """
        if not self.warps:
            return np.ones(shape, bool) if known is None else known
        ones = np.full(shape, 255, np.uint8) if known is None else known.astype(np.uint8) * 255
        return np.asarray(_warp(ones, self.matrix, border=cv2.BORDER_CONSTANT) > self.config.covered)


_IDENTITY = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])


def _no_curve(config: AlignmentConfig) -> NDArray[np.float64]:
    return np.tile(np.linspace(0, 255, config.knots), (3, 1))


def align(
    source: RGB,
    edited: RGB,
    ignore: Mask | None = None,
    *,
    finest: int | None = None,
    config: AlignmentConfig = ALIGNMENT,
) -> Alignment:
    """Fits the drift of `edited` against `source`, both (H, W, 3) RGB uint8 of one size.

    Args:
        source: the image before.
        edited: the image after.
        ignore: (H, W), True where the edit may have changed the scene; None: nowhere known.
        finest: px, longer side that larger images are fitted at; None: what `config` says.
        config: the numbers of the fit.

    Raises:
        ValueError: the images differ in size.
    """
    if source.shape != edited.shape:
        raise ValueError(f"expected images of one size, found {source.shape} and {edited.shape}")
    keep = np.ones(source.shape[:2], bool) if ignore is None else ~ignore
    scale = min(1.0, (finest or config.finest_px) / max(source.shape[:2]))
    before, after, weight = (_resized(p.astype(np.float32), scale) for p in (source, edited, keep.astype(np.float32)))
    tone = _fit_tone(before, after, weight, config)
    small = _similarity(before, after, weight, tone, config=config)
    toned = not np.array_equal(tone, _no_curve(config))
    if toned or _mean_displacement(small, (before.shape[0], before.shape[1])) > config.unmoved_px:
        tone = _fit_tone(before, _warp(after, small), weight, config)
        small = _similarity(before, after, weight, tone, config=config, start=small)
    matrix = _rescaled(small, scale)
    drift = _mean_displacement(matrix, (source.shape[0], source.shape[1]))
    if drift > config.nothing_px and not _explains(before, _untoned(after, tone, config), weight, small, config):
        drift = 0.0
    if drift < config.nothing_px:
        matrix = small = _IDENTITY
    tone = _fit_tone(before, _warp(after, small), weight, config)
    if np.abs(tone - _no_curve(config)).max() < config.same_tone:
        tone = _no_curve(config)
    found = _found(before, _untoned(_warp(after, small), tone, config), weight, config)
    return Alignment(matrix, tone, drift, found, config)


def _similarity(
    before: Array,
    after: Array,
    weight: Array,
    tone: NDArray[np.float64],
    *,
    config: AlignmentConfig,
    start: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """The warp from `before` to `after`, coarse to fine."""
    a, b = structure(_grey(_toned(before, tone)), config), structure(_grey(after), config)
    levels = [(a, b, weight)]
    while max(levels[-1][0].shape) > 2 * config.coarsest_px:
        levels.append(tuple(_resized(p, 0.5) for p in levels[-1]))  # type: ignore[arg-type]
    if start is not None:
        levels = levels[:2]
    matrix = _IDENTITY if start is None else start
    for level in reversed(levels):
        factor = level[0].shape[1] / a.shape[1]
        matrix = _rescaled(_refine(*level, _rescaled(matrix, 1 / factor), config), factor)
    return matrix


def _refine(a: Array, b: Array, weight: Array, matrix: NDArray[np.float64], config: AlignmentConfig) -> NDArray[np.float64]:
    """Gauss-Newton with Tukey's weights at one level."""
    height, width = a.shape
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    x0, y0 = (width - 1) / 2, (height - 1) / 2
    gx, gy = cv2.Sobel(a, cv2.CV_32F, 1, 0, scale=1 / 8), cv2.Sobel(a, cv2.CV_32F, 0, 1, scale=1 / 8)
    u, v = x - x0, y - y0
    # Similarity about the middle: shift x, shift y, log zoom, turn.
    jacobian = np.stack([gx, gy, gx * u + gy * v, gy * u - gx * v], -1).reshape(-1, 4)
    shown = np.ones_like(a)
    for _ in range(config.steps):
        moved = _warp(b, matrix)
        seen = _warp(shown, matrix, border=cv2.BORDER_CONSTANT) * weight
        residual = moved - a
        told = np.abs(residual[seen > config.seen])
        scale = config.residual_unknown
        if len(told):
            scale = 1.4826 * float(np.median(told[:: 1 + len(told) // config.medians_of])) + config.least_residual
        w = (np.clip(1 - (residual / (config.tukey * scale)) ** 2, 0, 1) ** 2 * seen).reshape(-1, 1)
        normal = jacobian.T @ (w * jacobian) + config.damping * np.eye(4, dtype=np.float32)
        step = np.linalg.solve(normal.astype(np.float64), (jacobian.T @ (w * residual.reshape(-1, 1))).astype(np.float64))[:, 0]
        # The residual grows where the edited image lies too far along: go back (inverse compositional).
        matrix = _composed(matrix, _invert(_about(step, x0, y0)))
        if np.abs(step[:2]).max() + np.abs(step[2:]).max() * max(x0, y0) < config.settled_px:
            break
    return matrix


def _about(step: NDArray[np.float64], x0: float, y0: float) -> NDArray[np.float64]:
    dx, dy, log_zoom, turn = step
    c, s = np.exp(log_zoom) * np.cos(turn), np.exp(log_zoom) * np.sin(turn)
    return np.array([[c, -s, x0 + dx - c * x0 + s * y0], [s, c, y0 + dy - s * x0 - c * y0]])


def _composed(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """First b, then a."""
    return np.asarray((np.vstack([a, [0, 0, 1]]) @ np.vstack([b, [0, 0, 1]]))[:2])


def _invert(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(cv2.invertAffineTransform(matrix))


def _rescaled(matrix: NDArray[np.float64], scale: float) -> NDArray[np.float64]:
    """The same warp for images 1/scale times the size (pixel centres at whole numbers)."""
    to_large = np.array([[1 / scale, 0, 0.5 / scale - 0.5], [0, 1 / scale, 0.5 / scale - 0.5]])
    return _composed(_composed(to_large, matrix), _invert(to_large))


def _mean_displacement(matrix: NDArray[np.float64], shape: tuple[int, int]) -> float:
    x, y = np.meshgrid(np.linspace(0, shape[1] - 1, 9), np.linspace(0, shape[0] - 1, 9))
    points = np.stack([x, y, np.ones_like(x)], -1)
    return float(np.linalg.norm(points @ matrix.T - points[..., :2], axis=-1).mean())


def _warp(picture: NDArray[Any], matrix: NDArray[np.float64], border: int = cv2.BORDER_REPLICATE) -> NDArray[Any]:
    """The edited image as seen in the source's frame."""
    if np.array_equal(matrix, _IDENTITY):
        return picture
    size = (picture.shape[1], picture.shape[0])
    flags = (cv2.INTER_CUBIC if picture.ndim == 3 else cv2.INTER_LINEAR) | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(picture, matrix, size, flags=flags, borderMode=border))


def _fit_tone(before: Array, after: Array, weight: Array, config: AlignmentConfig) -> NDArray[np.float64]:
    """Edited values at the knots, per channel: none, a gain, or a robust piecewise-linear curve, the simplest that will do.

    Another light changes every place in its own way. A curve through that makes the images less alike, and is none.
    """
    kept = np.flatnonzero(weight > config.seen)
    kept = kept[:: max(1, len(kept) // config.medians_of)]
    best = _no_curve(config)
    if len(kept) < config.least_pixels:
        return best
    x, y = (p.reshape(-1, 3)[kept].astype(np.float64) for p in (before, after))
    cost = _unlikeness(x, y, best, config)
    for fitted in (_gains(x, y, config), _curves(x, y, config)):
        left = _unlikeness(x, y, fitted, config)
        if left < config.tone_less * cost:
            best, cost = fitted, left
    return best


def _unlikeness(x: NDArray[np.float64], y: NDArray[np.float64], tone: NDArray[np.float64], config: AlignmentConfig) -> float:
    """Mean difference of source values x (P, 3) and edited values y that a tone was removed from, for most of them."""
    rest = np.abs(_untoned(y, tone, config) - x).max(-1)
    return float(np.minimum(rest, np.percentile(rest, config.trim)).mean())


def _gains(x: NDArray[np.float64], y: NDArray[np.float64], config: AlignmentConfig) -> NDArray[np.float64]:
    floor = config.gain_floor
    gains = np.median((y + floor) / (x + floor), axis=0).clip(1 / config.most_gain, config.most_gain)
    return np.asarray(gains[:, None] * np.linspace(0, 255, config.knots))


def _curves(x: NDArray[np.float64], y: NDArray[np.float64], config: AlignmentConfig) -> NDArray[np.float64]:
    """A smooth and rising curve for each channel."""
    knots = np.linspace(0, 255, config.knots)
    curve = _no_curve(config)
    rows = np.arange(len(x))
    for channel in range(3):
        place = np.clip(x[:, channel] / 255 * (config.knots - 1), 0, config.knots - 1 - 1e-6)
        low = place.astype(int)
        share = place - low
        basis = np.zeros((len(x), config.knots))
        basis[rows, low], basis[rows, low + 1] = 1 - share, share
        curve[channel] = _robust_curve(basis, x[:, channel], y[:, channel], knots, config)
    return np.asarray(np.maximum.accumulate(np.clip(curve, 0, 255), axis=1))


def _robust_curve(
    basis: NDArray[np.float64],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    knots: NDArray[np.float64],
    config: AlignmentConfig,
) -> NDArray[np.float64]:
    values = knots.copy()
    # Bends cost, and so does leaving the identity, a little: values that the image lacks follow their neighbours.
    bend = np.diff(np.eye(config.knots), 2, axis=0)
    for _ in range(config.tone_rounds):
        residual = y - basis @ values
        scale = 1.4826 * np.median(np.abs(residual)) + config.least_tone_residual
        w = np.clip(1 - (residual / (config.tukey * scale)) ** 2, 0, 1) ** 2
        strength, stay = config.bend_cost * len(x), config.leave_cost * len(x)
        normal = basis.T @ (w[:, None] * basis) + strength * bend.T @ bend + stay * np.eye(config.knots)
        before, values = values, np.linalg.solve(normal, basis.T @ (w * y) + stay * knots)
        if np.abs(values - before).max() < config.settled_tone:
            break
    return np.asarray(values)


def _toned(picture: Array, tone: NDArray[np.float64]) -> Array:
    knots = np.linspace(0, 255, tone.shape[1])
    return np.stack([np.interp(picture[..., c], knots, tone[c]) for c in range(3)], -1).astype(np.float32)


def _untoned(picture: NDArray[Any], tone: NDArray[np.float64], config: AlignmentConfig) -> NDArray[Any]:
    """Edited values back to source values."""
    knots = np.linspace(0, 255, tone.shape[1])
    rising = tone + config.rise * np.arange(len(knots))
    table = np.stack([np.interp(np.arange(256), rising[c], knots) for c in range(3)])
    if picture.dtype == np.uint8:
        return np.stack([table[c][picture[..., c]] for c in range(3)], -1).round().astype(np.uint8)
    levels = np.arange(256)
    return np.stack([np.interp(picture[..., c], levels, table[c]) for c in range(3)], -1).astype(picture.dtype)


def _explains(before: Array, after: Array, weight: Array, matrix: NDArray[np.float64], config: AlignmentConfig) -> bool:
    """Whether a warp makes the images more alike: the shadows of another light pull at the fit and stay where they are."""
    seen = (weight > 0) & (_warp(np.full(weight.shape, 255, np.uint8), matrix, border=cv2.BORDER_CONSTANT) > config.covered)
    if not seen.any():
        return False
    wanted = structure(_grey(before), config)
    without, within = (np.abs(structure(_grey(b), config) - wanted)[seen] for b in (after, _warp(after, matrix)))
    costs = [np.minimum(rest, np.percentile(rest, config.trim)).mean() for rest in (without, within)]
    return bool(costs[1] < config.less * costs[0])


def _found(before: Array, after: NDArray[Any], weight: Array, config: AlignmentConfig) -> float:
    """Share of pixels that look alike but for a local change of brightness, or whose surroundings have the same structure.

    The latter holds for a scene that was rendered or photographed again in quite another light, and for no other scene.
    """
    a, b = before / 255, np.asarray(after, np.float32) / 255
    smooth = [cv2.GaussianBlur(p, (0, 0), config.found_blur_px) for p in (a, b)]
    gain = np.clip((smooth[0] * smooth[1]).sum(-1) / np.maximum((smooth[0] ** 2).sum(-1), 1e-4), *config.found_gain)
    alike = np.abs(smooth[1] - gain[..., None] * smooth[0]).max(-1) <= config.found
    correlated, deviation = correlation(a.mean(-1), b.mean(-1), config)
    alike |= (deviation > config.texture) & (correlated > config.same_structure)
    total = float(weight.sum())
    return float((weight * alike).sum()) / total if total else 1.0


def correlation(a: Array, b: Array, config: AlignmentConfig = ALIGNMENT) -> tuple[Array, Array]:
    """Of the surroundings of each pixel of two grey images (H, W) on 0–1, less where they are flat; and the standard
    deviation of the flatter ones."""
    window = (config.window_px, config.window_px)
    means = [cv2.blur(p, window) for p in (a, b)]
    deviations = [np.sqrt(np.maximum(cv2.blur(p * p, window) - m * m, 0)) for p, m in zip((a, b), means, strict=True)]
    covariance = cv2.blur(a * b, window) - means[0] * means[1]
    correlated = covariance / (deviations[0] * deviations[1] + 1e-4)
    return np.asarray(correlated, dtype=np.float32), np.minimum(*deviations)


def _resized(picture: Array, scale: float) -> Array:
    if scale == 1.0:
        return picture
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))


def structure(grey: Array, config: AlignmentConfig = ALIGNMENT) -> Array:
    """Of a grey image (H, W) on 0–255, brightness relative to its surroundings in units of their contrast, which other light
    leaves as it is."""
    mean = cv2.GaussianBlur(grey, (0, 0), config.surroundings_px)
    deviation = cv2.sqrt(cv2.GaussianBlur((grey - mean) ** 2, (0, 0), config.surroundings_px))
    return np.asarray((grey - mean) / (deviation + config.flat) * config.structure_range, dtype=np.float32)


def _grey(picture: Array) -> Array:
    return np.asarray(picture @ np.array([0.299, 0.587, 0.114], np.float32))
