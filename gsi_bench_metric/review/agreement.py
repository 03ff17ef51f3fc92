"""How far two reviewers decide alike."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence

__all__ = ["Agreement", "agreement", "cohen_kappa"]


@dataclasses.dataclass(frozen=True)
class Agreement:
    """Of two reviewers of one split.

    Attributes:
        first, second: their names.
        n: samples that both decided.
        same: of those, that both decided alike.
        kappa: Cohen's; None where chance alone agrees fully, or nothing was decided by both.
        apart: ids that they decided otherwise, in order.
    """

    first: str
    second: str
    n: int
    same: int
    kappa: float | None
    apart: tuple[str, ...]


def cohen_kappa(a: Sequence[str], b: Sequence[str]) -> float | None:
    """Cohen's kappa (1960) of two lists of verdicts on the same samples; 1 full agreement, 0 that of chance.

    None where chance alone agrees fully: both gave one and the same verdict throughout, or there are none.

    Raises:
        ValueError: lists of different lengths.

    >>> cohen_kappa(["keep", "keep", "drop", "drop"], ["keep", "drop", "drop", "drop"])
    0.5
    >>> cohen_kappa(["keep", "keep"], ["keep", "keep"]) is None
    True
    """
    if len(a) != len(b):
        raise ValueError(f"expected verdicts on the same samples, found {len(a)} and {len(b)}")
    n, first, second = len(a), Counter(a), Counter(b)
    # Whole numbers until the last step: "always the same verdict" must be found exactly.
    by_chance = sum(first[verdict] * second[verdict] for verdict in first)
    if by_chance == n * n:
        return None
    seen = sum(x == y for x, y in zip(a, b, strict=True))
    return (n * seen - by_chance) / (n * n - by_chance)


def agreement(first: str, second: str, a: Mapping[str, str], b: Mapping[str, str]) -> Agreement:
    """Of two reviewers' verdicts by id."""
    both = sorted(a.keys() & b.keys())
    apart = tuple(id_ for id_ in both if a[id_] != b[id_])
    kappa = cohen_kappa([a[id_] for id_ in both], [b[id_] for id_ in both])
    return Agreement(first, second, len(both), len(both) - len(apart), kappa, apart)
