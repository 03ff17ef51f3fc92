"""The last few values by key: what is made anew only when it has not been asked for lately."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

__all__ = ["Recent"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Recent(Generic[K, V]):
    """Keeps the values asked for last; the one that was not asked for longest goes first. May be used by several threads.

    Args:
        most: how many are kept, 1 or more.
    """

    def __init__(self, most: int):
        if most < 1:
            raise ValueError(f"most: expected 1 or more, found {most}")
        self._most = most
        self._kept: OrderedDict[K, V] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: K, make: Callable[[], V]) -> V:
        """The value of the key; where it is not kept, `make` gives it. What `make` raises is raised, and nothing is kept.

        Two threads that miss at once both make it, and both get the first one's: none waits for another's work.
        """
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        made = make()
        with self._lock:
            value = self._kept.setdefault(key, made)
            self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return value
