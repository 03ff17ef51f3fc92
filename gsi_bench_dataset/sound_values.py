"""The short way for sound values: what a field's value is after the checks, or `ODD` where they must look closer.

Almost all values are sound, and a dataset of a million samples has a hundred million of them. `schema` asks here first; only
what is `ODD` goes through its checks, which convert, and say what is wrong.
"""

from __future__ import annotations

import functools
import marshal
import math
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

__all__ = ["ODD", "LastMade", "Quick", "quick_check", "records_of"]

ODD: Any = object()  # stands for a value that must be looked at closer

Quick = Callable[[Any], Any]  # a value -> the value in canonical form, or ODD

_FLOATS = {float}


def quick_check(depth: int, kind: Any, item: Any, metadata: Mapping[str, Any]) -> Quick:
    """The short way of a field.

    Args:
        depth: 1 for a vector, 2 for a matrix, 0 for anything else.
        kind: the class of the value, where `depth` is 0.
        item: the class of a tuple's items; None: it is no tuple.
        metadata: see `schema.spec`.
    """
    if depth:
        return _vector(metadata.get("shape")) if depth == 1 else _matrix(metadata.get("shape"))
    if item is not None:
        return _items(item)
    if kind is float:
        return _finite if metadata.get("finite", True) else _float
    allowed = metadata.get("one_of")
    return _one_of(kind, frozenset(allowed)) if allowed else _exactly(kind)


def _exactly(kind: type) -> Quick:
    return lambda value: value if type(value) is kind else ODD


def _one_of(kind: type, allowed: frozenset[Any]) -> Quick:
    return lambda value: value if type(value) is kind and value in allowed else ODD


def _float(value: Any) -> Any:
    return value if type(value) is float else ODD


def _finite(value: Any) -> Any:
    return value if type(value) is float and math.isfinite(value) else ODD


def _items(item: type) -> Quick:
    wanted = {item}

    def check(value: Any) -> Any:
        if type(value) is not tuple or (value and set(map(type, value)) != wanted):
            return ODD
        return value

    return check


def _vector(shape: tuple[int, ...] | None) -> Quick:
    length = None if shape is None else shape[0]

    def check(value: Any) -> Any:
        if (type(value) is not list and type(value) is not tuple) or not value or (length is not None and len(value) != length):
            return ODD
        # A sum is finite only where all numbers are; where sound numbers leave the range together, the checks look closer.
        return tuple(value) if set(map(type, value)) == _FLOATS and math.isfinite(sum(value)) else ODD

    return check


def _matrix(shape: tuple[int, ...] | None) -> Quick:
    rows, row = (None, _vector(None)) if shape is None else (shape[0], _vector(shape[1:]))

    def check(value: Any) -> Any:
        if (type(value) is not list and type(value) is not tuple) or not value or (rows is not None and len(value) != rows):
            return ODD
        made = tuple(map(row, value))
        return ODD if ODD in made or (rows is None and len(set(map(len, made))) > 1) else made

    return check


def records_of(value: Sequence[Any], item: Any) -> tuple[Any, ...]:
    """The records of a list, each made by `item.from_row`.

    The edits of a scene follow each other and list the same objects: these are read once, and shared, as no record changes.
    """
    given: Any = value
    try:
        plain = marshal.dumps(given, 2)  # tells 1, 1.0 and True apart
    except ValueError:  # something else than plain values; the record says what
        return _records(value, item)
    return _last_records(plain, item)


@functools.lru_cache(maxsize=8)
def _last_records(plain: bytes, item: Any) -> tuple[Any, ...]:
    return _records(marshal.loads(plain), item)


def _records(value: Sequence[Any], item: Any) -> tuple[Any, ...]:
    return tuple(item.from_row(v) if isinstance(v, Mapping) else v for v in value)


class LastMade:
    """What was made of the last values that were asked about, each known by being the same object; values never change."""

    def __init__(self, make: Callable[[Any], Any], most: int = 4) -> None:
        self._make = make
        self._kept: deque[tuple[Any, Any]] = deque(maxlen=most)

    def __call__(self, value: Any) -> Any:
        """What `make` makes of it. May be called in several threads."""
        for known, made in tuple(self._kept):
            if known is value:
                return made
        made = self._make(value)
        self._kept.append((value, made))
        return made
