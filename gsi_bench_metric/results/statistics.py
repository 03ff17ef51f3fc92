"""How sure a mean is: intervals and paired tests that take whole scenes as their unit.

Edits of one scene are not independent, so what varies is the scene. With fewer than `MIN_SCENES` scenes there is no interval
and no p-value: they would look surer than they are. `benchmarks/coverage.py` shows how often the intervals hold.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv  # type: ignore[import-untyped]

__all__ = ["LEVEL", "MIN_SCENES", "PairedDifference", "mean_interval", "paired_difference", "paired_differences"]

MIN_SCENES = 10
LEVEL = 0.95
BOUNDS = (0.0, 100.0)  # of every number in a row
# Assumed of a scene that was not seen: how alike its edits are. Scenes that agree completely cannot tell it.
ALIKE = 0.5
DRAWS = 4000
ENUMERATED = 13  # scenes whose signs are all tried: 2^12 arrangements, as the first sign can stay
SEED = 20604
_WHOLE_SCENES = 2000  # up to here all arrangements are kept in memory: 4,001 × 2,000 numbers, 64 MB
_DRAWN_AT_ONCE = 2_000_000  # signs of scenes in hand beyond that: 16 MB
_AT_ONCE = 128  # pairs: arrangements × pairs stay under 10 MB
# Differences of numbers on 0-100 below this are sums in another order.
DECIMALS = 9

Array = NDArray[np.float64]
Scenes = Sequence[str] | NDArray[np.int64]  # names, or numbers in the order of the names


@dataclasses.dataclass(frozen=True)
class PairedDifference:
    """Mean of a − b over n edits of `scenes` scenes; interval and p-value are None under `MIN_SCENES` scenes.

    The interval holds exactly the differences that the test does not reject: p < 0.05 exactly when it leaves out 0.
    """

    difference: float
    n: int
    scenes: int
    low: float | None = None
    high: float | None = None
    p_value: float | None = None


def mean_interval(values: ArrayLike, scenes: Scenes, bounds: tuple[float, float] = BOUNDS) -> tuple[Array, Array] | None:
    """95 % interval (low, high), each (K,), of the column means of values (n, K), clustered by scene.

    A Clopper-Pearson interval for as many independent edits as the mean is worth. That number comes from the variance between
    scenes, with one scene added that was not seen and lies at the far end of the scale: where all edits are right, there may
    be ones that are not. Values beyond the bounds, which official SSIM and LPIPS can take, widen them. NaN gives NaN.

    None under `MIN_SCENES` scenes.

    Raises:
        ValueError: not one scene for each row.
    """
    sums, counts = _by_scene(values, scenes)
    if len(counts) < MIN_SCENES:
        return None
    rows = np.asarray(values, dtype=np.float64)
    least = np.minimum(bounds[0], rows.min(axis=0))
    extent = np.maximum(bounds[1], rows.max(axis=0)) - least
    share = np.clip((rows.mean(axis=0) - least) / extent, 0.0, 1.0)
    n, units = len(rows), len(rows) ** 2 / float(counts @ counts)  # scenes of one size that are worth as much
    size = n / units
    # Linearised variance of a ratio of sums; rows sum to (values - least) / extent.
    residuals = (sums - counts[:, None] * least) / extent - counts[:, None] * share
    between = len(counts) / (len(counts) - 1) * (residuals**2).sum(axis=0) / n**2
    simple = (((rows - least) / extent - share) ** 2).sum(axis=0) / n**2
    alike = np.divide(between, simple * size, out=np.zeros_like(between), where=simple > 0)  # 1: a scene is worth one edit
    unseen = np.clip(alike, (1 + (size - 1) * ALIKE) / size, 1.0) * np.maximum(share, 1 - share) ** 2
    variance = between + unseen / (units * max(units - 1, 1.0))
    smoothed = (share * units + 1) / (units + 2)  # never 0 or 1, where a share would have no variance
    worth = smoothed * (1 - smoothed) / variance
    right, wrong = share * worth, (1 - share) * worth
    tail = (1 - LEVEL) / 2
    low = np.where(right > 0, betaincinv(right, wrong + 1, tail), right)  # `right` is 0, or NaN
    high = np.where(wrong > 0, betaincinv(right + 1, wrong, 1 - tail), 1 - wrong)
    return least + extent * low, least + extent * high


def paired_difference(a: ArrayLike, b: ArrayLike, scenes: Scenes, *, seed: int = SEED) -> PairedDifference:
    """Mean of a − b over the same edits (n,), and test and interval by one procedure.

    The test flips the sign of whole scenes: if the true difference is d, a scene's a − b − d is as likely to point either way.
    Up to `ENUMERATED` scenes all arrangements are tried, else `DRAWS` random ones and the observed one, so p is never 0. The
    interval holds every d with p ≥ 0.05. An arrangement is at least as extreme as the observed one exactly if d lies between
    the mean of the flipped scenes and the mean of the others, so both come from sorting these means.

    Raises:
        ValueError: a, b and scenes differ in length, or are empty.
    """
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if a.shape != b.shape or a.ndim != 1 or not len(a):
        raise ValueError(f"expected two equally long lists of numbers, found shapes {a.shape} and {b.shape}")
    return paired_differences((a - b)[:, None], scenes, seed=seed)[0]


def paired_differences(differences: ArrayLike, scenes: Scenes, *, seed: int = SEED) -> list[PairedDifference]:
    """`paired_difference` of K pairs on the same edits at once, from their differences a − b (n, K): one for each column.

    Raises:
        ValueError: not one scene for each row, or no rows.
    """
    rows = _rounded(differences)
    if rows.ndim != 2 or not len(rows):
        raise ValueError(f"expected differences of edits × pairs, found shape {rows.shape}")
    sums, counts = _by_scene(rows, scenes)
    means = _rounded([column.mean() for column in np.ascontiguousarray(rows.T)])  # summed as one pair alone is
    found = [PairedDifference(float(mean), len(rows), len(counts)) for mean in means]
    if len(counts) < MIN_SCENES:
        return found
    sound = np.flatnonzero(np.isfinite(means)).tolist()
    for start in range(0, len(sound), _AT_ONCE):
        columns = sound[start : start + _AT_ONCE]
        for column, low, high in zip(columns, *_between_parts(sums[:, columns], counts, seed), strict=True):
            found[column] = _tested(found[column], low, high)
    return found


def _tested(found: PairedDifference, low: Array, high: Array) -> PairedDifference:
    """The difference with interval and p-value, from the ends (A,) of what each arrangement is compatible with."""
    arrangements = len(low)
    allowed = math.ceil((1 - LEVEL) * arrangements - 1e-9) - 1  # with that many or fewer, p is under 0.05
    mean = found.difference
    compatible = int((low <= 0).sum() if mean > 0 else (high >= 0).sum()) if mean else arrangements
    return dataclasses.replace(
        found,
        low=float(np.partition(low, allowed)[allowed]),
        high=float(-np.partition(-high, allowed)[allowed]),
        p_value=compatible / arrangements,
    )


def _between_parts(sums: Array, counts: Array, seed: int) -> tuple[Array, Array]:
    """(smaller, larger) of the means of the flipped scenes and of the others (K, A), for every arrangement of signs.

    `sums` (S, K) of the differences by scene, `counts` (S,) of edits. Nothing flipped, or all, is compatible with any
    difference: from -inf to inf.
    """
    if len(counts) > _WHOLE_SCENES:
        return _between_parts_drawn(sums, counts, seed)
    flipped = _arrangements(len(counts), seed)
    parts = flipped, 1.0 - flipped
    sizes = [part @ counts for part in parts]
    whole = (sizes[0] == 0) | (sizes[1] == 0)
    means = np.stack([part @ sums / np.maximum(size, 1.0)[:, None] for part, size in zip(parts, sizes, strict=True)])
    low, high = _rounded(means.min(axis=0)), _rounded(means.max(axis=0))
    return np.where(whole[:, None], -np.inf, low).T, np.where(whole[:, None], np.inf, high).T


def _between_parts_drawn(sums: Array, counts: Array, seed: int) -> tuple[Array, Array]:
    """The same for many scenes: the arrangements are drawn some at a time, in the same order, and none is kept."""
    rng, scenes = np.random.default_rng(seed), len(counts)
    lows, highs = [np.full((1, sums.shape[1]), -np.inf)], [np.full((1, sums.shape[1]), np.inf)]  # of nothing flipped
    rows = max(1, _DRAWN_AT_ONCE // scenes)
    for start in range(0, DRAWS, rows):
        flipped = rng.integers(0, 2, (min(rows, DRAWS - start), scenes)).astype(np.float64)
        sizes, totals = flipped @ counts, flipped @ sums
        whole = ((sizes == 0) | (sizes == counts.sum()))[:, None]
        means = np.stack(
            [
                totals / np.maximum(sizes, 1.0)[:, None],
                (sums.sum(axis=0) - totals) / np.maximum(counts.sum() - sizes, 1.0)[:, None],
            ]
        )
        lows.append(np.where(whole, -np.inf, _rounded(means.min(axis=0))))
        highs.append(np.where(whole, np.inf, _rounded(means.max(axis=0))))
    return np.concatenate(lows).T, np.concatenate(highs).T


@functools.lru_cache(maxsize=8)
def _arrangements(scenes: int, seed: int) -> Array:
    """Which scenes are flipped (A, S), 0 or 1. Many pairs are tested on as many scenes: kept, and never written to."""
    if scenes <= ENUMERATED:
        flipped = (np.arange(2 ** (scenes - 1))[:, None] >> np.arange(scenes)) & 1
    else:
        drawn = np.random.default_rng(seed).integers(0, 2, (DRAWS, scenes))
        flipped = np.vstack([np.zeros((1, scenes), dtype=drawn.dtype), drawn])
    found = flipped.astype(np.float64)
    found.setflags(write=False)
    return found


def _rounded(values: ArrayLike) -> Array:
    return np.round(np.asarray(values, dtype=np.float64), DECIMALS) + 0.0  # no -0


def _by_scene(values: ArrayLike, scenes: Scenes) -> tuple[Array, Array]:
    """Column sums (S, K) and row counts (S,) of values (n, K) by scene, scenes in sorted order."""
    rows = np.asarray(values, dtype=np.float64)
    if rows.ndim != 2 or len(rows) != len(scenes):
        raise ValueError(f"expected one scene for each row, found {len(scenes)} scenes for values of shape {rows.shape}")
    named = scenes if isinstance(scenes, np.ndarray) else np.asarray(scenes, dtype=object).astype(str)
    names, index = np.unique(named, return_inverse=True)
    sums = np.zeros((len(names), rows.shape[1]))
    np.add.at(sums, index, rows)
    return sums, np.bincount(index, minlength=len(names)).astype(np.float64)
