"""Values of a pair's JSON: each looked at once, each problem kept with the pair's name and the key, none raised."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from gsi_bench_dataset.records import camera_problems, turn_problems
from gsi_bench_dataset.safety.names import name_problem, printable

__all__ = ["Checker"]

_LONGEST = 2000  # characters of a text
_LARGEST = 1e6  # metres, pixels or degrees
_UNIT = 1e-3  # by how much a unit vector's length may miss 1: texts with few decimals
Matrix = tuple[tuple[float, ...], ...]


class Checker:
    """Collects what is wrong with one pair.

    Args:
        where: its file, for messages.
        problems: where they are kept.
    """

    def __init__(self, where: str, problems: list[str]):
        self._where, self._problems = where, problems
        self.count = 0

    def call(self, name: str) -> None:
        """From here on messages name the pair too."""
        if name and name not in self._where:
            self._where = f"{self._where} ({name})"

    def say(self, key: str, problem: str) -> None:
        """Keeps a problem."""
        self.count += 1
        self._problems.append(_on_a_line(f"{self._where}: {key + ': ' if key else ''}{problem}"))

    def object(self, key: str, value: Any, keys: Collection[str] | None) -> dict[str, Any] | None:
        """An object with these keys at most (None: any); None where it is none."""
        if not isinstance(value, dict):
            self.say(key, f"expected an object, found {_shown(value)}")
            return None
        for odd in sorted(value.keys() - set(keys)) if keys is not None else ():
            self.say(f"{key}.{odd}" if key else odd, f"no such key; expected one of {', '.join(keys or ())}")
        return value

    def list(self, key: str, value: Any) -> Sequence[Any]:
        """A list; empty where it is none."""
        if isinstance(value, list):
            return value
        self.say(key, f"expected a list, found {_shown(value)}")
        return []

    def text(self, key: str, value: Any) -> str:
        """A text of one line; empty where it is none."""
        if isinstance(value, str) and value.strip() and len(value) <= _LONGEST and value.isprintable():
            return value
        self.say(key, f"expected a text of one line, found {_shown(value)}")
        return ""

    def texts(self, key: str, value: Any, keys: Collection[str] | None = None) -> dict[str, str]:
        """An object of texts; `keys`: which may stand in it."""
        if not isinstance(value, dict):
            self.say(key, f"expected an object of texts, found {_shown(value)}")
            return {}
        if keys is not None:
            value = self.object(key, value, keys) or {}
        return {name: self.text(f"{key}.{name}", text) for name, text in value.items()}

    def plain_name(self, key: str, value: Any) -> str:
        """A text that may become a file's name; empty where it is none."""
        if not isinstance(value, str):
            self.say(key, f"expected a plain name, found {_shown(value)}")
            return ""
        problem = name_problem(value)
        if problem is not None:
            self.say(key, f"{printable(value)} {problem}")
            return ""
        return value

    def choice(self, key: str, value: Any, expected: Collection[str]) -> str:
        """One of several texts; empty where it is none of them."""
        if isinstance(value, str) and value in expected:
            return value
        self.say(key, f"expected one of {', '.join(expected)}, found {_shown(value)}")
        return ""

    def number(self, key: str, value: Any, least: float = -_LARGEST, most: float = _LARGEST) -> float:
        """A finite number within limits; 0 where it is none."""
        if not isinstance(value, bool) and isinstance(value, int | float) and least <= value <= most:
            return float(value)
        self.say(key, f"expected a number from {least:g} to {most:g}, found {_shown(value)}")
        return 0.0

    def vector(self, key: str, value: Any, length: int) -> tuple[float, ...]:
        """Finite numbers; zeros where they are none."""
        if not isinstance(value, list) or len(value) != length:
            self.say(key, f"expected {length} numbers, found {_shown(value)}")
            return (0.0,) * length
        return tuple(self.number(f"{key}[{i}]", part) for i, part in enumerate(value))

    def matrix(self, key: str, value: Any) -> Matrix:
        """A matrix of three rows; that of no turn where it is none."""
        if not isinstance(value, list) or len(value) != 3:
            self.say(key, f"expected three rows of three numbers, found {_shown(value)}")
            return ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
        return tuple(self.vector(f"{key}[{i}]", row, 3) for i, row in enumerate(value))

    def camera(self, key: str, value: Any) -> Matrix:
        """A camera matrix `[[fx, 0, cx], [0, fy, cy], [0, 0, 1]]`, pixels of the source."""
        before = self.count
        found = self.matrix(key, value)
        if self.count == before:
            for problem in camera_problems(found):
                self.say(key, problem.removeprefix("camera_intrinsics: "))
        return found

    def rotation(self, key: str, value: Any) -> Matrix:
        """A rotation: three rows at right angles, each of length 1, that do not mirror."""
        before = self.count
        found = self.matrix(key, value)
        if self.count > before:
            return found
        problems = turn_problems(rotation=found)
        if not problems and not np.allclose(np.array(found) @ np.array(found).T, np.eye(3), atol=_UNIT):
            problems = ["expected three rows at right angles, each of length 1"]
        if not problems and np.linalg.det(np.array(found)) < 0:
            problems = ["it mirrors; expected a turn, of determinant 1"]
        for problem in problems:
            self.say(key, problem.removeprefix("rotation: "))
        return found

    def unit(self, key: str, value: Any) -> tuple[float, ...]:
        """A vector of three numbers, of length 1."""
        before = self.count
        found = self.vector(key, value, 3)
        length = math.sqrt(sum(part * part for part in found))
        if self.count == before and abs(length - 1) > _UNIT:
            self.say(key, f"expected a vector of length 1, found one of length {length:.4g}")
        return found


def _on_a_line(text: str) -> str:
    """Keys and names come from outside: what does not print is escaped, what is endless is cut."""
    plain = "".join(mark if mark.isprintable() else ascii(mark)[1:-1] for mark in text[:_LONGEST])
    return plain if len(text) <= _LONGEST else f"{plain}…"


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, list | dict):
        return f"{'an object' if isinstance(value, dict) else 'a list'} of {len(value)}"
    return printable(value, 60)
