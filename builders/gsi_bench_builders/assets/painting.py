"""Surfaces painted point by point: crusts, peels, glazes that a pattern of two colours cannot show."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gsi_bench_builders.assets.material import Picture

__all__ = ["Shades", "blend", "clouds", "painted", "ramp"]

Shades: TypeAlias = NDArray[np.float64]


def painted(width: int, height: int, colour_at: Callable[[Shades, Shades], Shades]) -> Picture:
    """An image from a function of u (left to right) and v (bottom to top), each height×width, to height×width×3 sRGB."""
    u, v = np.meshgrid((np.arange(width) + 0.5) / width, 1 - (np.arange(height) + 0.5) / height)
    return Picture.of(np.rint(np.clip(colour_at(u, v), 0, 1) * 255).astype(np.uint8))


def blend(first: ArrayLike, second: ArrayLike, part: Shades) -> Shades:
    """`part` (0–1 a point) of the second colour in the first; both are one colour or one a point."""
    t = np.clip(part, 0, 1)[..., None]
    return np.asarray(np.asarray(first, dtype=np.float64) * (1 - t) + np.asarray(second, dtype=np.float64) * t)


def ramp(value: Shades, low: float, high: float) -> Shades:
    """0 … 1 between two values, softly (either may be the larger)."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


def clouds(rng: np.random.Generator, u: Shades, v: Shades, waves_u: int, waves_v: float) -> Shades:
    """Smooth noise, about -1 … 1, without a seam where u comes round."""
    terms = 16
    total = np.zeros_like(u)
    for _ in range(terms):
        around, along = int(rng.integers(0, waves_u + 1)), rng.uniform(-waves_v, waves_v)
        total += np.cos(2 * np.pi * (around * u + along * v) + rng.uniform(0, 2 * np.pi))
    return np.asarray(total / np.sqrt(terms * 2))
