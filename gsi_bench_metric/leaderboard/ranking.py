"""Ranks from intervals: between which places an editor stands for sure. Pure functions of numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

__all__ = ["Rank", "Standing", "rank_bounds", "rank_of", "ranking_measure", "standings"]

# The number that a table is ordered by: the paper's average where all were judged, else without AC, else compliance.
_ORDERED_BY = ("average", "average_ic_sa_el", "ic")

Row = Mapping[str, float]


class Rank(NamedTuple):
    """The best and the worst place that the intervals leave open."""

    best: int
    worst: int

    @property
    def words(self) -> str:
        """As it is printed: `2`, `2–4`."""
        return str(self.best) if self.best == self.worst else f"{self.best}–{self.worst}"


class Standing(NamedTuple):
    """A row in its place: its number in the list given, its rank; None where there is no interval or no number."""

    position: int
    rank: Rank | None


def rank_bounds(intervals: Sequence[tuple[float, float] | None]) -> list[Rank | None]:
    """Rank bounds of every editor, from the intervals of all: best = 1 + those whose lower bound exceeds its upper one,
    worst = all − those whose upper bound is below its lower one.

    An editor without an interval (None) has no rank; to the others it may be better or worse.

    >>> [rank.words for rank in rank_bounds([(60, 70), (40, 55), (50, 65)])]
    ['1–2', '2–3', '1–3']
    """
    known = [found for found in intervals if found is not None]
    ranks: list[Rank | None] = []
    for own in intervals:
        if own is None:
            ranks.append(None)
            continue
        better = sum(low > own[1] for low, _ in known)
        worse = sum(high < own[0] for _, high in known)
        ranks.append(Rank(1 + better, len(intervals) - worse))
    return ranks


def rank_of(rows: Sequence[Row], key: str) -> list[Rank | None]:
    """Rank bounds by one number, among the rows that have it. `key` may name an operation: `ic/move`."""
    having = [index for index, row in enumerate(rows) if _has(row, key)]
    ranks: list[Rank | None] = [None] * len(rows)
    for index, rank in zip(having, rank_bounds([_interval(rows[index], key) for index in having]), strict=True):
        ranks[index] = rank
    return ranks


def standings(rows: Sequence[Row], key: str) -> list[Standing]:
    """The rows from the highest number down, equal ones in the order given; rows without the number come last."""
    ranks = rank_of(rows, key)
    order = sorted(range(len(rows)), key=lambda i: -rows[i][key] if _has(rows[i], key) else math.inf)
    return [Standing(index, ranks[index]) for index in order]


def ranking_measure(rows: Sequence[Row]) -> str:
    """The number that most rows have, and of these the fullest: `average`, `average_ic_sa_el` or `ic`."""
    return max(_ORDERED_BY, key=lambda key: sum(_has(row, key) for row in rows))  # of equals the first


def _has(row: Row, key: str) -> bool:
    return key in row and math.isfinite(row[key])


def _interval(row: Row, key: str) -> tuple[float, float] | None:
    name, slash, operation = key.partition("/")
    low, high = (row.get(f"{name}_{side}{slash}{operation}", math.nan) for side in ("low", "high"))
    return (low, high) if math.isfinite(low) and math.isfinite(high) else None
