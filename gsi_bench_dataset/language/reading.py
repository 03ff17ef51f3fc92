"""How a sentence is read, whatever its language: the first shape that it fits wholly gives its operation.

Nothing is guessed. A sentence that fits no shape, or with names that hold words that say more than a name, is refused together
with the word that was not understood: an instruction that is read wrongly does more harm than one that is not read.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Literal

from gsi_bench_dataset.records import Operation
from gsi_bench_dataset.safety.files import printable_path

__all__ = [
    "LONGEST",
    "Build",
    "Match",
    "NotUnderstood",
    "Places",
    "Shape",
    "blame",
    "first_fitting",
    "hundredths",
    "opened",
    "unread_instructions",
    "words",
]

# An instruction is a sentence; matching a book against the shapes would take minutes.
LONGEST = 1000

Match = re.Match[str]
# "carrier" allows what something stands on or in ("the bowl on the tray"), "none" nothing.
Places = Literal["any", "carrier", "none"]


@dataclasses.dataclass(frozen=True)
class NotUnderstood:
    """Why a sentence was not read.

    Attributes:
        word: the word or words that were not understood, as they stand in the sentence.
        why: what is wrong with them; the same text for the same reason, so that reasons can be counted.
    """

    word: str
    why: str

    def __str__(self) -> str:
        return f"{self.word!r}: {self.why}"


# An operation, or why the words make none.
Build = Callable[[Match], "Operation | NotUnderstood"]


def words(text: str) -> frozenset[str]:
    """The words of a list, which reads better as a text than in quotes."""
    return frozenset(text.split())


def hundredths(percent: Decimal) -> float:
    """A percentage as a factor: the float that the decimal means, which sums of floats miss (1 - 71 / 100 is not 0.29)."""
    return float(percent / 100)


@dataclasses.dataclass(frozen=True)
class Shape:
    """A sentence that is understood.

    Attributes:
        pattern: fits the whole sentence. Its groups `object` and `other` are names of objects.
        build: what it means.
        object_places, other_places: what the names may say of where their objects are. Words for that could as well say where
            the object should go.
        definite: the names must speak of objects that are there ("the cup"), because "a cup" would be a new one.
    """

    pattern: re.Pattern[str]
    build: Build
    object_places: Places = "any"
    other_places: Places = "any"
    definite: bool = False


# name, its places, definite -> the word that makes it more than a name.
NameCheck = Callable[[str, Places, bool], "NotUnderstood | None"]


def first_fitting(text: str, shapes: Iterable[Shape], name_problem: NameCheck) -> Operation | NotUnderstood | None:
    """What the first shape makes of a bare sentence that fits it; None where none fits.

    Where shapes fit but no name or meaning does, the reason comes from the shape that left the fewest words to its names.
    """
    refused: tuple[int, NotUnderstood] | None = None
    for shape in shapes:
        match = shape.pattern.fullmatch(text)
        if match is None:
            continue
        groups = match.groupdict()
        roles = (groups.get("object"), shape.object_places), (groups.get("other"), shape.other_places)
        names = [(name, places) for name, places in roles if name is not None]
        checks = (name_problem(name, places, shape.definite) for name, places in names)
        result = next((problem for problem in checks if problem is not None), None) or shape.build(match)
        if isinstance(result, Operation):
            return result
        length = sum(len(name) for name, _ in names)
        if refused is None or length < refused[0]:
            refused = length, result
    return refused[1] if refused else None


def opened(prompt: str, bare: Callable[[str], str], in_digits: Callable[[str], str | NotUnderstood]) -> str | NotUnderstood:
    """The sentence that shapes are tried on, or why there is none.

    Args:
        prompt: as it was given.
        bare: leaves out what says nothing of the edit: "please", captions.
        in_digits: writes number words as digits; or what is wrong with them.
    """
    if len(prompt) > LONGEST:
        return NotUnderstood(f"{prompt[:20]}…", "longer than an instruction")
    text = bare(prompt)
    return in_digits(text) if text else NotUnderstood(prompt, "says nothing")


def blame(
    parts: Sequence[str], joined: Callable[[Sequence[str]], str], fits: Callable[[str], bool], longest: int, *, first: int = 1
) -> str | None:
    """The fewest neighbouring words without which the sentence is understood; None where no such words exist.

    Args:
        parts: the sentence in words. Only the first 30 are tried, so that a long text costs no time.
        joined: words -> sentence.
        fits: whether a sentence is understood.
        longest: how many words to leave out at most.
        first: the first word that may be left out; before it stands the verb.
    """
    for count in range(1, longest + 1):
        for start in range(first, min(len(parts), 30) - count + 1):
            if fits(joined([*parts[:start], *parts[start + count :]])):
                return joined(parts[start : start + count])
    return None


def unread_instructions(not_understood: Mapping[str, NotUnderstood]) -> list[str]:
    """What to say of samples with an instruction that was not read: their number for each reason, with one of them.

    >>> unread_instructions({"a_edit_0": NotUnderstood("20 pixels", "pixels are no length in the scene")})
    ['1 instruction not understood (operation left empty): pixels are no length in the scene, such as "20 pixels" in a_edit_0']
    """
    reasons: dict[str, list[str]] = {}
    for sample_id, reason in not_understood.items():
        reasons.setdefault(reason.why, []).append(sample_id)
    return [
        f"{len(ids)} instruction{'s' if len(ids) > 1 else ''} not understood (operation left empty): {why}, such as"
        f' "{printable_path(not_understood[ids[0]].word)}" in {printable_path(ids[0])}'
        for why, ids in sorted(reasons.items(), key=lambda item: -len(item[1]))
    ]
