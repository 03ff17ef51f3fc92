"""Global drift between a source and an edited picture: one similarity warp and one tone curve, fitted on what did not change.

Editors shift, zoom and re-tone pictures as a whole. Before anything is measured, that is fitted (robust Lucas-Kanade over an
image pyramid; Baker and Matthews 2004, with Tukey's weights), reported and removed. What changed between the pictures is
taken for outliers, so an edit does not pull the fit.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from gsi_bench_metric.imaging.images import RGB

__all__ = ["Alignment", "align", "correlation", "structure"]

Array = NDArray[np.float32]
Mask = NDArray[np.bool_]

_COARSEST = 32  # px, longer side of the top of the pyramid
_FINEST = 256  # px: more costs time and adds nothing to four numbers
_STEPS = 12  # at each level, at most
_SETTLED_PX, _UNMOVED_PX = 0.005, 0.02
_KNOTS = 6  # of the tone curve
_SETTLED_TONE = 0.05  # of 255
_ENOUGH = 5000  # at most, for the curve and for medians
_NOTHING_PX = 0.15  # a smaller mean displacement is not told from none: nothing is warped, so nothing is blurred
_LESS, _TRIM = 0.97, 80  # a warp must lower the mean difference by as much; differences above this percentile count as it
_SAME_TONE = 2.5  # of 255: a curve that stays within this is none
_TONE_LESS, _MOST_GAIN = 0.9, 2.0  # what a less simple tone must leave of the difference; of one channel
_TUKEY = 4.685
_SURROUNDINGS_PX, _FLAT, _STRUCTURE_RANGE = 8.0, 6.0, 40.0
_WINDOW_PX, _TEXTURE, _SAME_STRUCTURE = 17, 0.01, 0.6  # of what is compared for structure; least deviation, least correlation
_FOUND = 0.12  # of the range: a pixel that differs by less, after the fit, is found again


@dataclasses.dataclass(frozen=True)
class Alignment:
    """How an edited picture lies over its source.

    Attributes:
        matrix: 2×3, maps source pixels (x, y), centres at whole numbers, to edited pixels: a similarity.
        tone: 3×K edited values 0–255 that belong to the source values `np.linspace(0, 255, K)`, per channel R, G, B.
        drift_px: mean displacement over the picture that the warp stands for, before small ones were taken for none; 0 where
            the warp makes the pictures no more alike.
        found: share of the scene (outside of `ignore`) that the edited picture shows again, 0–1.
    """

    matrix: NDArray[np.float64]
    tone: NDArray[np.float64]
    drift_px: float
    found: float

    @property
    def warps(self) -> bool:
        """Whether there is a displacement to remove."""
        return not np.array_equal(self.matrix, _IDENTITY)

    def to_source(self, edited: RGB) -> RGB:
        """The edited picture (H, W, 3) warped and toned back into the source's frame; or as it is, with nothing to remove."""
        warped = _warp(edited, self.matrix) if self.warps else edited
        return _untoned(warped, self.tone) if not np.array_equal(self.tone, _no_curve()) else warped

    def covered(self, shape: tuple[int, int]) -> Mask:
        """Source pixels (H, W) that the edited picture shows at all: a zoom or shift loses the rest."""
        if not self.warps:
            return np.ones(shape, bool)
        ones = np.full(shape, 255, np.uint8)
        return np.asarray(_warp(ones, self.matrix, border=cv2.BORDER_CONSTANT) > 230)


_IDENTITY = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])


def _no_curve() -> NDArray[np.float64]:
    return np.tile(np.linspace(0, 255, _KNOTS), (3, 1))


def align(source: RGB, edited: RGB, ignore: Mask | None = None, finest: int = _FINEST) -> Alignment:
    """Fits the drift of `edited` against `source`, both (H, W, 3) RGB uint8 of one size.

    Args:
        source: the picture before.
        edited: the picture after.
        ignore: (H, W), True where the edit may have changed the scene; None: nowhere known.
        finest: px, longer side that larger pictures are fitted at.

    Raises:
        ValueError: the pictures differ in size.
    """
    if source.shape != edited.shape:
        raise ValueError(f"expected pictures of one size, found {source.shape} and {edited.shape}")
    keep = np.ones(source.shape[:2], bool) if ignore is None else ~ignore
    scale = min(1.0, finest / max(source.shape[:2]))
    before, after, weight = (_resized(p.astype(np.float32), scale) for p in (source, edited, keep.astype(np.float32)))
    tone = _fit_tone(before, after, weight)
    small = _similarity(before, after, weight, tone)
    if not np.array_equal(tone, _no_curve()) or _mean_displacement(small, (before.shape[0], before.shape[1])) > _UNMOVED_PX:
        tone = _fit_tone(before, _warp(after, small), weight)
        small = _similarity(before, after, weight, tone, small)
    matrix = _rescaled(small, scale)
    drift = _mean_displacement(matrix, (source.shape[0], source.shape[1]))
    if drift > _NOTHING_PX and not _explains(before, _untoned(after, tone), weight, small):
        drift = 0.0
    if drift < _NOTHING_PX:
        matrix = small = _IDENTITY
    tone = _fit_tone(before, _warp(after, small), weight)
    if np.abs(tone - _no_curve()).max() < _SAME_TONE:
        tone = _no_curve()
    return Alignment(matrix, tone, drift, _found(before, _untoned(_warp(after, small), tone), weight))


def _similarity(
    before: Array, after: Array, weight: Array, tone: NDArray[np.float64], start: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """The warp from `before` to `after`, coarse to fine."""
    a, b = structure(_grey(_toned(before, tone))), structure(_grey(after))
    levels = [(a, b, weight)]
    while max(levels[-1][0].shape) > 2 * _COARSEST:
        levels.append(tuple(_resized(p, 0.5) for p in levels[-1]))  # type: ignore[arg-type]
    if start is not None:
        levels = levels[:2]
    matrix = _IDENTITY if start is None else start
    for level in reversed(levels):
        factor = level[0].shape[1] / a.shape[1]
        matrix = _rescaled(_refine(*level, _rescaled(matrix, 1 / factor)), factor)
    return matrix


def _refine(a: Array, b: Array, weight: Array, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Gauss-Newton with Tukey's weights at one level."""
    height, width = a.shape
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    x0, y0 = (width - 1) / 2, (height - 1) / 2
    gx, gy = cv2.Sobel(a, cv2.CV_32F, 1, 0, scale=1 / 8), cv2.Sobel(a, cv2.CV_32F, 0, 1, scale=1 / 8)
    u, v = x - x0, y - y0
    # Similarity about the middle: shift x, shift y, log zoom, turn.
    jacobian = np.stack([gx, gy, gx * u + gy * v, gy * u - gx * v], -1).reshape(-1, 4)
    shown = np.ones_like(a)
    for _ in range(_STEPS):
        moved = _warp(b, matrix)
        seen = _warp(shown, matrix, border=cv2.BORDER_CONSTANT) * weight
        residual = moved - a
        told = np.abs(residual[seen > 0.5])
        scale = 1.4826 * float(np.median(told[:: 1 + len(told) // _ENOUGH])) + 0.5 if len(told) else 1.0
        w = (np.clip(1 - (residual / (_TUKEY * scale)) ** 2, 0, 1) ** 2 * seen).reshape(-1, 1)
        normal = jacobian.T @ (w * jacobian) + 1e-3 * np.eye(4, dtype=np.float32)
        step = np.linalg.solve(normal.astype(np.float64), (jacobian.T @ (w * residual.reshape(-1, 1))).astype(np.float64))[:, 0]
        # The residual grows where the edited picture lies too far along: go back (inverse compositional).
        matrix = _composed(matrix, _invert(_about(step, x0, y0)))
        if np.abs(step[:2]).max() + np.abs(step[2:]).max() * max(x0, y0) < _SETTLED_PX:
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
    """The same warp for pictures 1/scale times the size (pixel centres at whole numbers)."""
    to_large = np.array([[1 / scale, 0, 0.5 / scale - 0.5], [0, 1 / scale, 0.5 / scale - 0.5]])
    return _composed(_composed(to_large, matrix), _invert(to_large))


def _mean_displacement(matrix: NDArray[np.float64], shape: tuple[int, int]) -> float:
    x, y = np.meshgrid(np.linspace(0, shape[1] - 1, 9), np.linspace(0, shape[0] - 1, 9))
    points = np.stack([x, y, np.ones_like(x)], -1)
    return float(np.linalg.norm(points @ matrix.T - points[..., :2], axis=-1).mean())


def _warp(picture: NDArray[Any], matrix: NDArray[np.float64], border: int = cv2.BORDER_REPLICATE) -> NDArray[Any]:
    """The edited picture as seen in the source's frame."""
    if np.array_equal(matrix, _IDENTITY):
        return picture
    size = (picture.shape[1], picture.shape[0])
    flags = (cv2.INTER_CUBIC if picture.ndim == 3 else cv2.INTER_LINEAR) | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(picture, matrix, size, flags=flags, borderMode=border))


def _fit_tone(before: Array, after: Array, weight: Array) -> NDArray[np.float64]:
    """Edited values at the knots, per channel: none, a gain, or a robust piecewise-linear curve, the simplest that will do.

    Another light changes every place in its own way. A curve through that makes the pictures less alike, and is none.
    """
    kept = np.flatnonzero(weight > 0.5)
    kept = kept[:: max(1, len(kept) // _ENOUGH)]
    best = _no_curve()
    if len(kept) < 50:
        return best
    x, y = (p.reshape(-1, 3)[kept].astype(np.float64) for p in (before, after))
    cost = _unlikeness(x, y, best)
    for fitted in (_gains(x, y), _curves(x, y)):
        left = _unlikeness(x, y, fitted)
        if left < _TONE_LESS * cost:
            best, cost = fitted, left
    return best


def _unlikeness(x: NDArray[np.float64], y: NDArray[np.float64], tone: NDArray[np.float64]) -> float:
    """Mean difference of source values x (P, 3) and edited values y that a tone was removed from, for most of them."""
    rest = np.abs(_untoned(y, tone) - x).max(-1)
    return float(np.minimum(rest, np.percentile(rest, _TRIM)).mean())


def _gains(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    gains = np.median((y + 1) / (x + 1), axis=0).clip(1 / _MOST_GAIN, _MOST_GAIN)
    return np.asarray(gains[:, None] * np.linspace(0, 255, _KNOTS))


def _curves(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """A smooth and rising curve for each channel."""
    knots = np.linspace(0, 255, _KNOTS)
    curve = _no_curve()
    rows = np.arange(len(x))
    for channel in range(3):
        place = np.clip(x[:, channel] / 255 * (_KNOTS - 1), 0, _KNOTS - 1 - 1e-6)
        low = place.astype(int)
        share = place - low
        basis = np.zeros((len(x), _KNOTS))
        basis[rows, low], basis[rows, low + 1] = 1 - share, share
        curve[channel] = _robust_curve(basis, x[:, channel], y[:, channel], knots)
    return np.asarray(np.maximum.accumulate(np.clip(curve, 0, 255), axis=1))


def _robust_curve(
    basis: NDArray[np.float64], x: NDArray[np.float64], y: NDArray[np.float64], knots: NDArray[np.float64]
) -> NDArray[np.float64]:
    values = knots.copy()
    # Bends cost, and so does leaving the identity, a little: values that the picture lacks follow their neighbours.
    bend = np.diff(np.eye(_KNOTS), 2, axis=0)
    for _ in range(6):
        residual = y - basis @ values
        scale = 1.4826 * np.median(np.abs(residual)) + 0.5
        w = np.clip(1 - (residual / (_TUKEY * scale)) ** 2, 0, 1) ** 2
        strength = 1e-3 * len(x)
        normal = basis.T @ (w[:, None] * basis) + strength * bend.T @ bend + 1e-6 * len(x) * np.eye(_KNOTS)
        before, values = values, np.linalg.solve(normal, basis.T @ (w * y) + 1e-6 * len(x) * knots)
        if np.abs(values - before).max() < _SETTLED_TONE:
            break
    return np.asarray(values)


def _toned(picture: Array, tone: NDArray[np.float64]) -> Array:
    knots = np.linspace(0, 255, tone.shape[1])
    return np.stack([np.interp(picture[..., c], knots, tone[c]) for c in range(3)], -1).astype(np.float32)


def _untoned(picture: NDArray[Any], tone: NDArray[np.float64]) -> NDArray[Any]:
    """Edited values back to source values."""
    knots = np.linspace(0, 255, tone.shape[1])
    rising = tone + 1e-3 * np.arange(len(knots))
    table = np.stack([np.interp(np.arange(256), rising[c], knots) for c in range(3)])
    if picture.dtype == np.uint8:
        return np.stack([table[c][picture[..., c]] for c in range(3)], -1).round().astype(np.uint8)
    levels = np.arange(256)
    return np.stack([np.interp(picture[..., c], levels, table[c]) for c in range(3)], -1).astype(picture.dtype)


def _explains(before: Array, after: Array, weight: Array, matrix: NDArray[np.float64]) -> bool:
    """Whether a warp makes the pictures more alike: the shadows of another light pull at the fit and stay where they are."""
    seen = (weight > 0) & (_warp(np.full(weight.shape, 255, np.uint8), matrix, border=cv2.BORDER_CONSTANT) > 230)
    if not seen.any():
        return False
    wanted = structure(_grey(before))
    without, within = (np.abs(structure(_grey(b)) - wanted)[seen] for b in (after, _warp(after, matrix)))
    costs = [np.minimum(rest, np.percentile(rest, _TRIM)).mean() for rest in (without, within)]
    return bool(costs[1] < _LESS * costs[0])


def _found(before: Array, after: NDArray[Any], weight: Array) -> float:
    """Share of pixels that look alike but for a local change of brightness, or whose surroundings have the same structure.

    The latter holds for a scene that was rendered or photographed again in quite another light, and for no other scene.
    """
    a, b = before / 255, np.asarray(after, np.float32) / 255
    smooth = [cv2.GaussianBlur(p, (0, 0), 1.5) for p in (a, b)]
    gain = np.clip((smooth[0] * smooth[1]).sum(-1) / np.maximum((smooth[0] ** 2).sum(-1), 1e-4), 0.5, 1.5)
    alike = np.abs(smooth[1] - gain[..., None] * smooth[0]).max(-1) <= _FOUND / 2
    correlated, deviation = correlation(a.mean(-1), b.mean(-1))
    alike |= (deviation > _TEXTURE) & (correlated > _SAME_STRUCTURE)
    total = float(weight.sum())
    return float((weight * alike).sum()) / total if total else 1.0


def correlation(a: Array, b: Array) -> tuple[Array, Array]:
    """Of the surroundings of each pixel of two grey pictures (H, W) on 0–1, less where they are flat; and the standard
    deviation of the flatter ones."""
    window = (_WINDOW_PX, _WINDOW_PX)
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


def structure(grey: Array) -> Array:
    """Of a grey picture (H, W) on 0–255, brightness relative to its surroundings in units of their contrast, which other light
    leaves as it is."""
    mean = cv2.GaussianBlur(grey, (0, 0), _SURROUNDINGS_PX)
    deviation = cv2.sqrt(cv2.GaussianBlur((grey - mean) ** 2, (0, 0), _SURROUNDINGS_PX))
    return np.asarray((grey - mean) / (deviation + _FLAT) * _STRUCTURE_RANGE, dtype=np.float32)


def _grey(picture: Array) -> Array:
    return np.asarray(picture @ np.array([0.299, 0.587, 0.114], np.float32))
