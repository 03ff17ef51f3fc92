"""Names that a user may give, and what each stands for: protocols, detectors, judges, editors."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

from gsi_bench_dataset.safety.names import printable

__all__ = ["Registry"]

T = TypeVar("T")


class Registry(Generic[T]):
    """What a name stands for, as `package.module:attribute`. The module is imported when it is asked for, never before.

    Whoever adds a protocol, a detector, a judge or an editor writes its own module and one line of its registry.

    Args:
        kind: what is named, for messages.
        places: name -> where it is.
        error: what an unknown name raises.
        further: what else a user may write instead of a name, for messages.
    """

    def __init__(self, kind: str, places: Mapping[str, str], error: type[ValueError], further: str = ""):
        self._kind, self._places, self._error, self._further = kind, dict(places), error, further

    @property
    def names(self) -> tuple[str, ...]:
        """All names, in the order of the registry."""
        return tuple(self._places)

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in self._places

    def add(self, name: str, place: str) -> None:
        """Adds a name, or gives it another meaning, in this process: for what lies outside of this package, and for tests."""
        self._places[name] = place

    def remove(self, name: str) -> None:
        """Takes a name out again."""
        del self._places[name]

    def require(self, name: str) -> None:
        """Does nothing for a known name.

        Raises:
            ValueError: of this registry's own class; says which names there are.
        """
        if name not in self:
            raise self._error(f"no {self._kind} {printable(name)}; expected {self.expected()}")

    def expected(self) -> str:
        """What a user may write, in words."""
        names = ", ".join(sorted(self._places))
        return f"{names}{self._further}" if self._further else f"one of {names}"

    def __getitem__(self, name: str) -> T:
        """What the name stands for.

        Raises:
            ValueError: see `require`.
            ImportError: its module needs what is not installed.
        """
        self.require(name)
        module, _, attribute = self._places[name].partition(":")
        found: T = getattr(importlib.import_module(module), attribute)
        return found
