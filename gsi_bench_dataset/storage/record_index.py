"""Where the records of a store stand, in 24 bytes a record: a run of a million edits has four million of them.

Keys are not kept, only 64 bits of a hash. Two keys may share it, so a place that is found may be another record's: who reads
there compares the key, and goes on to the next place.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Place", "RecordIndex"]

_MOST_RECENT = 50_000  # places in a dictionary, about 15 MB, before they are sorted in
_64_BITS = 2**64 - 1


class Place(NamedTuple):
    """Where a value stands: bytes of a segment, which is known by its number."""

    segment: int
    offset: int
    length: int


class _Sorted(NamedTuple):
    """Places by hash; of one hash in the order in which they came."""

    hashes: NDArray[np.uint64]
    offsets: NDArray[np.uint64]
    lengths: NDArray[np.uint32]
    segments: NDArray[np.uint32]


class RecordIndex:
    """Places by kind and key. `places` may be called from several threads, everything else from one."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()  # records by kind, those of one key once
        self._sorted = _Sorted(np.empty(0, "u8"), np.empty(0, "u8"), np.empty(0, "u4"), np.empty(0, "u4"))
        self._recent: dict[int, tuple[Place, ...]] = {}
        self._many = _arrays()  # of a store that is being opened: sorted in at its end
        self._many_kinds: array[int] = array("B")
        self._kinds: list[str] = []

    def __len__(self) -> int:
        return self.counts.total()

    def places(self, kind: str, key: str) -> Iterator[Place]:
        """Where the record may stand, the first that was kept before later ones."""
        wanted = _hash(kind, key)
        hashes, offsets, lengths, segments = self._sorted
        recent = self._recent.get(wanted, ())
        at = int(np.searchsorted(hashes, np.uint64(wanted)))
        while at < len(hashes) and int(hashes[at]) == wanted:
            yield Place(int(segments[at]), int(offsets[at]), int(lengths[at]))
            at += 1
        yield from recent

    def add(self, kind: str, key: str, place: Place) -> None:
        """Takes in one place, found from now on."""
        wanted = _hash(kind, key)
        known = self._recent.get(wanted, ())
        if not known and not self._is_sorted_in(wanted):
            self.counts[kind] += 1
        self._recent[wanted] = (*known, place)
        if len(self._recent) >= _MOST_RECENT:
            self._sort_in_recent()

    def add_later(self, kind: str, key: str, place: Place) -> None:
        """Takes in one of many places, found after `settle`."""
        if kind not in self._kinds:
            self._kinds.append(kind)
        for column, value in zip(self._many, (_hash(kind, key), place.offset, place.length, place.segment), strict=True):
            column.append(value)
        self._many_kinds.append(self._kinds.index(kind))

    def settle(self) -> None:
        """Makes what `add_later` took in findable."""
        if not self._many_kinds:
            return
        self._sort_in_recent()
        kinds = np.frombuffer(self._many_kinds, np.uint8)
        hashes = np.frombuffer(self._many[0], np.uint64)
        first = np.zeros(len(hashes), bool)
        first[np.unique(hashes, return_index=True)[1]] = True  # of each key, the one that counts
        first &= ~np.isin(hashes, self._sorted.hashes)
        for number, name in enumerate(self._kinds):
            if new := int((first & (kinds == number)).sum()):
                self.counts[name] += new
        self._sort_in(self._many)
        self._many, self._many_kinds, self._kinds = _arrays(), array("B"), []

    def _is_sorted_in(self, wanted: int) -> bool:
        hashes = self._sorted.hashes
        at = int(np.searchsorted(hashes, np.uint64(wanted)))
        return at < len(hashes) and int(hashes[at]) == wanted

    def _sort_in_recent(self) -> None:
        columns = _arrays()
        for wanted, places in self._recent.items():
            for place in places:
                for column, value in zip(columns, (wanted, place.offset, place.length, place.segment), strict=True):
                    column.append(value)
        if columns[0]:
            self._sort_in(columns)
            self._recent = {}  # after they are found among the sorted: another thread may look now

    def _sort_in(self, columns: list[array[int]]) -> None:
        known: Any = self._sorted
        joined: list[Any] = [
            np.concatenate([old, np.frombuffer(new, old.dtype)]) for old, new in zip(known, columns, strict=True)
        ]
        order = np.argsort(joined[0], kind="stable")
        self._sorted = _Sorted(*(column[order] for column in joined))


def _arrays() -> list[array[int]]:
    return [array("Q"), array("Q"), array("I"), array("I")]


def _hash(kind: str, key: str) -> int:
    return hash((kind, key)) & _64_BITS
