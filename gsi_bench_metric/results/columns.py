"""What edits add to a row, as columns of numbers: a dictionary for each of a million edits would take a gigabyte."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from gsi_bench_metric.results.statistics import mean_interval

__all__ = ["Columns"]


class Columns:
    """Numbers by key, each on the edits that have it. Edits are added in the order of the scores.

    Attributes:
        size: edits that were added.
    """

    def __init__(self) -> None:
        self.size = 0
        self._scenes = array("q")  # of each edit, by number
        self._values: dict[str, array[float]] = {}
        self._edits: dict[str, array[int]] = {}  # of each value, the edit that it is of

    def add(self, scene: int, values: Mapping[str, float]) -> None:
        """Adds an edit of a scene, which is known by its place among the scenes' sorted names."""
        for name, value in values.items():
            if name not in self._values:
                self._values[name], self._edits[name] = array("d"), array("q")
            self._values[name].append(value)
            self._edits[name].append(self.size)
        self._scenes.append(scene)
        self.size += 1

    def scenes(self) -> NDArray[np.int64]:
        """The scene of each edit."""
        return np.frombuffer(self._scenes, np.int64)

    def names(self) -> list[str]:
        """In the order in which they were met."""
        return list(self._values)

    def known(self, key: str) -> array[float]:
        """The numbers of a key."""
        return self._values.get(key, array("d"))

    def lacking(self, key: str) -> NDArray[np.int64]:
        """The edits without a number of a key."""
        there = np.zeros(self.size, bool)
        there[self.edits(key)] = True
        return np.flatnonzero(~there)

    def edits(self, key: str) -> NDArray[np.int64]:
        """The edits with a number of a key."""
        return np.frombuffer(self._edits.get(key, array("q")), np.int64)

    def spread(self, key: str) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """The number of every edit, 0 where it has none, and which have one."""
        values, there = np.zeros(self.size), np.zeros(self.size, bool)
        values[self.edits(key)], there[self.edits(key)] = np.frombuffer(self.known(key)), True
        return values, there

    def means(self, suffix: str = "") -> dict[str, float]:
        """Mean of each key over the edits that have it and, where there are scenes enough, its interval; {} of nothing.

        Intervals are `<key>_low` and `<key>_high`.
        """
        row: dict[str, float] = {}
        together: dict[bytes, list[str]] = defaultdict(list)  # keys of the same edits
        for name in self._values:
            together[self.edits(name).tobytes()].append(name)
        for names in together.values():
            table = np.ascontiguousarray(np.stack([np.frombuffer(self._values[name]) for name in names], axis=1))
            row |= dict(zip((name + suffix for name in names), table.mean(axis=0).tolist(), strict=True))
            interval = mean_interval(table, self.scenes()[self.edits(names[0])])
            if interval is not None:
                for name, low, high in zip(names, *(side.tolist() for side in interval), strict=True):
                    row[f"{name}{suffix}_low"], row[f"{name}{suffix}_high"] = low, high
        return row
