"""A long list of records in little memory: what came first is kept packed, some hundred records to a block.

A score is 1.5 KB as an object, a million of them 1.5 GB. Packed it is 150 bytes; going through all takes some 20 s a million,
so what needs many passes gathers its numbers in one.
"""

from __future__ import annotations

import pickle
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar, overload

__all__ = ["Packed"]

T = TypeVar("T")

BLOCK = 512  # records that are packed together
PLAIN = 20_000  # records up to this number stay objects, so that a usual run never unpacks


class Packed(Sequence[T]):
    """A list that is only appended to. Up to `PLAIN` records are kept as they are; records must pickle, and never change."""

    def __init__(self, items: Iterable[T] = ()) -> None:
        self._blocks: list[bytes] = []
        self._last: list[T] = []  # those after the blocks
        self._open: tuple[int, list[T]] = (-1, [])  # the block that was read last
        for item in items:
            self.append(item)

    def append(self, item: T) -> None:
        """Adds a record at the end."""
        self._last.append(item)
        if len(self._last) >= (BLOCK if self._blocks else max(PLAIN, BLOCK)):
            whole = len(self._last) // BLOCK * BLOCK
            for start in range(0, whole, BLOCK):
                self._blocks.append(zlib.compress(pickle.dumps(self._last[start : start + BLOCK], 5), 1))
            self._last = self._last[whole:]

    def __len__(self) -> int:
        return len(self._blocks) * BLOCK + len(self._last)

    def __iter__(self) -> Iterator[T]:
        for block in self._blocks:
            yield from _unpacked(block)
        yield from self._last

    @overload
    def __getitem__(self, at: int) -> T: ...
    @overload
    def __getitem__(self, at: slice) -> list[T]: ...
    def __getitem__(self, at: int | slice) -> T | list[T]:
        if isinstance(at, slice):
            return [self[i] for i in range(*at.indices(len(self)))]
        index = at + len(self) if at < 0 else at
        if not 0 <= index < len(self):
            raise IndexError(f"expected a position under {len(self)}, found {at}")
        block, within = divmod(index, BLOCK)
        if block >= len(self._blocks):
            return self._last[index - len(self._blocks) * BLOCK]
        if self._open[0] != block:
            self._open = block, _unpacked(self._blocks[block])
        return self._open[1][within]

    def reordered(self, order: Sequence[int]) -> Packed[T]:
        """The records at these positions, in this order, some thousand in hand at a time."""
        made: Packed[T] = Packed()
        for start in range(0, len(order), PLAIN):
            wanted = order[start : start + PLAIN]
            there = {at: self[at] for at in sorted(wanted)}  # each block is unpacked once
            for at in wanted:
                made.append(there[at])
        return made

    def __repr__(self) -> str:
        return f"Packed({len(self)} records)" if self._blocks else repr(self._last)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, (str, bytes)):
            return NotImplemented
        return len(self) == len(other) and all(mine == theirs for mine, theirs in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]


def _unpacked(block: bytes) -> list[T]:
    found: list[T] = pickle.loads(zlib.decompress(block))  # of this process's own making
    return found
