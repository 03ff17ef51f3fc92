"""Numbers that were chosen: frozen dataclasses. Each field names its unit, its reason and the scenes it was set on."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any, ClassVar

__all__ = ["Numbers", "tuned"]


def tuned(value: Any, unit: str, why: str, seeds: str = "") -> Any:
    """A field that holds a chosen number, or a tuple of them.

    Args:
        value: the number.
        unit: what it counts.
        why: what it does, and the reason for its size as far as one is known.
        seeds: the seeds of the scenes it was set on; empty: those of its class.
    """
    return dataclasses.field(default=value, metadata={"unit": unit, "why": why, "seeds": seeds})


@dataclasses.dataclass(frozen=True)
class Numbers:
    """Base of such classes: every field is `tuned`, or holds further `Numbers`.

    Attributes:
        SEEDS: what numbers were set on that do not say so themselves; empty: on no scenes.
    """

    SEEDS: ClassVar[str] = ""

    def to_json(self) -> dict[str, Any]:
        """Plain values by name, for settings, reports and keys."""
        return dataclasses.asdict(self)

    def describe(self) -> list[tuple[str, Any, str, str]]:
        """(name, value, unit, reason) of every number, in order; those of a field's own numbers are called `field.name`."""
        return [(name, value, told["unit"], told["why"]) for name, value, told in self._numbers()]

    def provenance(self) -> dict[str, str]:
        """The seeds of the scenes that each number was set on, by the names of `describe`."""
        return {name: told["seeds"] for name, _, told in self._numbers()}

    def _numbers(self) -> Iterator[tuple[str, Any, dict[str, str]]]:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if isinstance(value, Numbers):
                yield from ((f"{field.name}.{name}", inner, told) for name, inner, told in value._numbers())
            else:
                told = dict(field.metadata)
                yield field.name, value, told | {"seeds": told["seeds"] or self.SEEDS}
