"""What a visitor or a program sends beside files: texts, numbers, choices, small JSON values; each checked here and named."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from gsi_bench_dataset.safety.names import printable

__all__ = ["MOST_NUMBER", "MOST_TEXT", "ValueProblemError", "choice", "number", "plain_json", "shown", "text", "tick"]

MOST_TEXT = 300  # characters; the longest that is meant is a search or a sample's id
MOST_NUMBER = 1e9  # metres, pixels, degrees or millimetres: what is larger is a mistake
_MOST_PARTS, _DEEPEST = 64, 4  # of a JSON value; a rectangle has four parts, a camera three
_QUOTED = 60
_BLANKS = "\t\n\r"  # what comes along when a text is pasted


class ValueProblemError(ValueError):
    """A value that is not taken. `name` and `facts` are for the interface's own words."""

    def __init__(self, name: str, **facts: Any):
        self.name, self.facts = name, facts
        super().__init__(f"{name}: {facts}")


def text(value: Any, what: str, most: int = MOST_TEXT) -> str:
    """A text of a bounded length, without control characters.

    Raises:
        ValueProblemError: it is none.
    """
    if not isinstance(value, str) or len(value) > most or any(map(_odd, value)):
        raise ValueProblemError("value_text", what=what, most=most, found=shown(value))
    return value


def number(value: Any, what: str, least: float = -MOST_NUMBER, most: float = MOST_NUMBER) -> float:
    """A finite number within limits; neither a text nor a truth value.

    Raises:
        ValueProblemError: it is none.
    """
    # An int may be larger than every float: it is compared, never converted.
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise ValueProblemError("value_number", what=what, least=f"{least:g}", most=f"{most:g}", found=shown(value))
    return value


def choice(value: Any, what: str, expected: Sequence[Any]) -> Any:
    """One of the values that are offered.

    Raises:
        ValueProblemError: it is none of them.
    """
    if not isinstance(value, str) or value not in expected:
        offered = ", ".join(shown(one) for one in expected[:20])
        raise ValueProblemError("value_choice", what=what, expected=offered or "–", found=shown(value))
    return value


def tick(value: Any, what: str) -> bool:
    """True or false.

    Raises:
        ValueProblemError: neither.
    """
    if not isinstance(value, bool):
        raise ValueProblemError("value_tick", what=what, found=shown(value))
    return value


def plain_json(value: Any, what: str) -> Any:
    """A small JSON value that names no file.

    Raises:
        ValueProblemError: too long, nested too deeply, or a file where none belongs.
    """
    level, parts = [value], 0
    for _ in range(_DEEPEST):
        parts += len(level)
        named = any(isinstance(part, dict) and part.keys() & {"path", "meta", "url"} for part in level)
        long = any(isinstance(part, str) and len(part) > MOST_TEXT for part in level)
        long = long or sum(len(part) for part in level if isinstance(part, list | dict)) > _MOST_PARTS
        if named or long or parts > _MOST_PARTS:
            break
        level = [inner for part in level if isinstance(part, list | dict) for inner in _inside(part)]
        if not level:
            return value
    raise ValueProblemError("value_json", what=what, most=_MOST_PARTS, deepest=_DEEPEST, found=shown(value))


def shown(value: Any) -> str:
    """A value as messages show it: short, on one line, and without a walk through all of it.

    >>> shown([1, 2]), shown(None), shown("mug"), shown(float("nan"))
    ('a list of 2', 'nothing', "'mug'", 'nan')
    """
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return printable(value[: _QUOTED + 1], _QUOTED)
    if isinstance(value, bool | float):
        return str(value)
    if isinstance(value, int):
        return str(value) if abs(value) < 10**15 else f"a whole number of {round(math.log10(abs(value)))} digits"
    if isinstance(value, list | tuple | dict):
        return f"{'an object' if isinstance(value, dict) else 'a list'} of {len(value)}"
    return f"a value of type {type(value).__name__}"


def _odd(mark: str) -> bool:
    """Whether a character is a control character, or half of one that UTF-16 splits."""
    number_ = ord(mark)
    return (number_ < ord(" ") and mark not in _BLANKS) or 0x7F <= number_ < 0xA0 or 0xD800 <= number_ < 0xE000


def _inside(part: list[Any] | dict[Any, Any]) -> list[Any]:
    return [*part.keys(), *part.values()] if isinstance(part, dict) else part
