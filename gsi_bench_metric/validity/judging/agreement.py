"""How far two judges say the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["weighted_kappa"]

_CATEGORIES = 11  # 0 to 10


def weighted_kappa(a: Sequence[float], b: Sequence[float]) -> float | None:
    """Cohen's kappa with quadratic weights over the whole scores 0–10 (Cohen 1968); 1 full agreement, 0 that of chance.

    None where chance alone agrees fully: both gave one and the same score throughout, or there are no scores.

    >>> weighted_kappa([1, 2, 3], [1, 2, 3])
    1.0
    >>> weighted_kappa([5, 5], [5, 5]) is None
    True
    """
    first, second = (np.clip(np.rint(np.asarray(scores, float)), 0, _CATEGORIES - 1).astype(int) for scores in (a, b))
    if len(first) != len(second):
        raise ValueError(f"expected scores of the same edits, found {len(first)} and {len(second)}")
    seen = np.zeros((_CATEGORIES, _CATEGORIES))
    np.add.at(seen, (first, second), 1.0)
    by_chance = np.outer(seen.sum(1), seen.sum(0)) / max(len(first), 1)
    grid = np.arange(_CATEGORIES)
    weights = (grid[:, None] - grid[None, :]) ** 2
    expected = float((weights * by_chance).sum())
    return None if expected == 0 else 1 - float((weights * seen).sum()) / expected
