"""How sure a mean is: bootstrap intervals and paired tests that resample whole scenes.

Edits of one scene are not independent, so scenes are drawn, not edits (cluster bootstrap; Cameron, Gelbach, Miller 2008). With
fewer than `MIN_SCENES` scenes there is no interval and no p-value: they would look surer than they are. Everything is seeded.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["MIN_SCENES", "PairedDifference", "mean_interval", "paired_difference"]

MIN_SCENES = 10
DRAWS = 4000
LEVEL = 0.95
SEED = 20604

Array = NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class PairedDifference:
    """Mean of a − b over n edits of `scenes` scenes; interval and p-value are None under `MIN_SCENES` scenes."""

    difference: float
    n: int
    scenes: int
    low: float | None = None
    high: float | None = None
    p_value: float | None = None


def mean_interval(values: ArrayLike, scenes: Sequence[str], *, seed: int = SEED) -> tuple[Array, Array] | None:
    """95 % percentile interval (low, high), each (K,), of the column means of values (n, K), clustered by scene.

    None under `MIN_SCENES` scenes.

    Raises:
        ValueError: not one scene for each row.
    """
    sums, counts = _by_scene(values, scenes)
    if len(counts) < MIN_SCENES:
        return None
    weights = np.random.default_rng(seed).multinomial(len(counts), np.full(len(counts), 1 / len(counts)), size=DRAWS)
    means = (weights @ sums) / (weights @ counts)[:, None]
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    return low, high


def paired_difference(a: ArrayLike, b: ArrayLike, scenes: Sequence[str], *, seed: int = SEED) -> PairedDifference:
    """Mean of a − b over the same edits (n,), its interval, and the two-sided p-value of "no difference".

    The p-value flips the sign of whole scenes at random: if neither editor is better, a scene's difference is as likely to
    point either way. It counts the observed arrangement, so it is never 0.

    Raises:
        ValueError: a, b and scenes differ in length, or are empty.
    """
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if a.shape != b.shape or a.ndim != 1 or not len(a):
        raise ValueError(f"expected two equally long lists of numbers, found shapes {a.shape} and {b.shape}")
    difference = a - b
    sums, counts = _by_scene(difference[:, None], scenes)
    mean = float(difference.mean())
    interval = mean_interval(difference[:, None], scenes, seed=seed)
    if interval is None:
        return PairedDifference(mean, len(a), len(counts))
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], size=(DRAWS, len(counts)))
    # A hair below the observed value: sums in another order differ in the last bit.
    extreme = np.abs(signs @ sums[:, 0]) >= abs(sums.sum()) * (1 - 1e-12)
    p_value = (1 + int(extreme.sum())) / (1 + DRAWS)
    (low,), (high,) = interval
    return PairedDifference(mean, len(a), len(counts), float(low), float(high), p_value)


def _by_scene(values: ArrayLike, scenes: Sequence[str]) -> tuple[Array, Array]:
    """Column sums (S, K) and row counts (S,) of values (n, K) by scene, scenes in sorted order."""
    rows = np.asarray(values, dtype=np.float64)
    if rows.ndim != 2 or len(rows) != len(scenes):
        raise ValueError(f"expected one scene for each row, found {len(scenes)} scenes for values of shape {rows.shape}")
    names, index = np.unique(np.asarray(scenes, dtype=object).astype(str), return_inverse=True)
    sums = np.zeros((len(names), rows.shape[1]))
    np.add.at(sums, index, rows)
    return sums, np.bincount(index, minlength=len(names)).astype(np.float64)
