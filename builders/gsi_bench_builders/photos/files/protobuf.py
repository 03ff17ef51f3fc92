"""Protocol buffers without their compiler: the fields of a message by number, as bytes and numbers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

__all__ = ["Message", "MessageError"]

_VARINT, _WIDE, _BYTES, _NARROW = 0, 1, 2, 5


class MessageError(ValueError):
    """Bytes that are no message, or one of another schema."""


class Message:
    """A message: what stands under each number, in order."""

    def __init__(self, data: bytes):
        self._fields: dict[int, list[tuple[int, bytes | int]]] = {}
        for number, kind, value in _entries(data):
            self._fields.setdefault(number, []).append((kind, value))

    def messages(self, number: int) -> list[Message]:
        """Messages within."""
        return [Message(value) for value in self._of(number, _BYTES)]

    def text(self, number: int) -> str:
        """The last text; empty where there is none."""
        found = self._of(number, _BYTES)
        return found[-1].decode("utf-8", "replace") if found else ""

    def whole(self, number: int) -> int:
        """The last whole number; 0 where there is none."""
        found = [value for kind, value in self._fields.get(number, []) if kind == _VARINT]
        return int(found[-1]) if found else 0

    def floats(self, number: int) -> NDArray[np.float64]:
        """All 32-bit numbers, packed or not."""
        parts = []
        for kind, value in self._fields.get(number, []):
            if not isinstance(value, bytes) or kind not in (_BYTES, _NARROW) or len(value) % 4:
                raise MessageError(f"field {number}: expected 32-bit numbers")
            parts.append(value)
        return np.frombuffer(b"".join(parts), "<f4").astype(np.float64)

    def matrix(self, number: int, rows: int, columns: int) -> NDArray[np.float64]:
        """Numbers of a matrix, row by row.

        Raises:
            MessageError: there are not so many.
        """
        found = self.floats(number)
        if found.size != rows * columns:
            raise MessageError(f"field {number}: expected {rows * columns} numbers, found {found.size}")
        return found.reshape(rows, columns)

    def _of(self, number: int, wanted: int) -> list[bytes]:
        found = []
        for kind, value in self._fields.get(number, []):
            if kind != wanted or not isinstance(value, bytes):
                raise MessageError(f"field {number}: expected bytes")
            found.append(value)
        return found


def _entries(data: bytes) -> Iterator[tuple[int, int, bytes | int]]:
    """(number, kind, value) of what stands in a message."""
    place, end = 0, len(data)
    while place < end:
        key, place = _varint(data, place)
        number, kind = key >> 3, key & 7
        if number == 0:
            raise MessageError("a field of number 0")
        if kind == _VARINT:
            value, place = _varint(data, place)
            yield number, kind, value
            continue
        if kind == _BYTES:
            length, place = _varint(data, place)
        elif kind in (_WIDE, _NARROW):
            length = 8 if kind == _WIDE else 4
        else:
            raise MessageError(f"field {number}: of a kind that is not known")
        if place + length > end:
            raise MessageError(f"field {number}: cut off")
        yield number, kind, data[place : place + length]
        place += length


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if place >= len(data) or shift > 63:
            raise MessageError("a number that is cut off or too long")
        value |= (data[place] & 0x7F) << shift
        place += 1
        if not data[place - 1] & 0x80:
            return value, place
        shift += 7
