"""Strict reader of English instructions: words -> `Operation`, or the word that was not understood.

The whole sentence must match one known shape, from its first verb to its last word; a sentence that merely contains familiar
words ("Turn off the lamp", "Make the cup red") is not understood. Nothing is guessed: numbers that the words do not fix stay
None. How the released evaluation reads instructions, with its quirks, is a separate matter and lives in the metric.
"""

from __future__ import annotations

import re

from gsi_bench_dataset.language.english import move, place, remove, rotate, scale, view
from gsi_bench_dataset.language.english.amounts import in_digits
from gsi_bench_dataset.language.english.names import name_problem
from gsi_bench_dataset.language.reading import NotUnderstood, Places, blame, first_fitting, opened, words
from gsi_bench_dataset.records import Operation

__all__ = ["parse", "read"]

# In order of preference. The view first: "the camera" is the whole object of its verbs. Moves before places, so that "the edge
# of the table" is a spot and "in front of the bowl" a relation.
_SHAPES = (*view.SHAPES, *move.SHAPES, *place.SHAPES, *rotate.SHAPES, *scale.SHAPES, *remove.SHAPES)
_VERBS = words(
    "move shift relocate slide push pull drag put place lift raise lower rotate turn spin pan tilt scale resize "
    "make enlarge expand increase shrink reduce double halve triple remove delete erase take look view change "
    "give changeview get"
)
_CAPTION = re.compile(r"\s*\([^()]*\)")
_PLEASE = re.compile(r"^(?:(?:can|could|would|will) you\b[,\s]*)?(?:please\b[,\s]*)?", re.IGNORECASE)
_PLEASE_LAST = re.compile(r"[,\s]+please[\s.!?]*$", re.IGNORECASE)
_UNCHANGED = re.compile(
    r"[\s,.;]*\b(?:while\s+|and\s+)?(?:keep(?:ing)?|leav(?:e|ing))\s+(?:(?:all\s+)?(?:the\s+)?(?:other|others|rest|remaining|"
    r"background)\b|everything\s+else\b)(?:(?!\b(?:except|but|apart|only|then)\b)[^.;\d])*\b"
    r"(?:unchanged|intact|untouched|the same|as (?:it|they) (?:is|are))\s*\.?$",
    re.IGNORECASE,
)
_COLOUR_COMMA = re.compile(
    r"(?<=\w),(?= (?:big|small|red|green|blue|black|white|round|old|little|large|tall|brown|yellow)\b)", re.I
)


def parse(prompt: str) -> Operation | None:
    """The operation that a sentence asks for, or None if any part of it is not understood; `read` says which.

    `distance_m` is the length of the move; only where the words place the target relative to another object ("10 cm in
    front of the bowl": `reference` set and `frame` camera) it is the distance from that object. A `place` tells the spot
    on its receptacle in `direction`: center, front, behind, left, right, edge (any), or None (anywhere on it).

    >>> operation = parse("Move the mug 15 cm to the left, while keeping other objects unchanged.")
    >>> operation.kind, operation.direction, operation.distance_m
    ('move', 'left', 0.15)
    >>> parse("Make the cup 2.0 times smaller.").factor
    0.5
    >>> parse("Turn off the lamp.") is None
    True
    """
    result = read(prompt)
    return result if isinstance(result, Operation) else None


def read(prompt: str) -> Operation | NotUnderstood:
    """As `parse`, with the word that was not understood in the place of None.

    >>> print(read("Move the cup 20 pixels to the left."))
    '20 pixels': pixels are no length in the scene
    """
    text = opened(prompt, _bare, _in_digits)
    if isinstance(text, NotUnderstood):
        return text
    result = _fitting(text)
    return _guilty(text) if result is None else result


def _in_digits(text: str) -> str | NotUnderstood:
    return NotUnderstood(text[:20], "is Chinese") if re.search(r"[\u4e00-\u9fff]", text) else in_digits(text)


def _guilty(text: str) -> NotUnderstood:
    """The word that keeps a sentence from fitting any shape."""
    verb, *rest = text.split()
    if verb.lower() not in _VERBS:
        return NotUnderstood(verb, "is no verb of an operation")
    word = blame([verb, *rest], " ".join, lambda t: isinstance(_fitting(t), Operation), longest=3)
    if word is not None:
        return NotUnderstood(word, "is not understood here")
    hidden = name_problem(" ".join(rest)) if rest else None
    return hidden or NotUnderstood([verb, *rest][-1], "the sentence has no known form")


def _fitting(text: str) -> Operation | NotUnderstood | None:
    """Commas are left out for the shapes; a name may not run across one."""
    joined = " ".join(text.replace(",", " ").split())
    commas = ", " in text

    def problem(name: str, places: Places, definite: bool) -> NotUnderstood | None:
        if commas and name not in text:
            return NotUnderstood(",", "a name cannot hold this")
        return name_problem(name, places=places, definite=definite)

    return first_fitting(joined, _SHAPES, problem)


def _bare(prompt: str) -> str:
    """The sentence without "please", captions in parentheses and a clause about what stays."""
    text = " ".join(prompt.split())
    # Captions are free text and may nest; they may say anything, "left" and "camera" included.
    while (shorter := _CAPTION.sub("", text)) != text:
        text = shorter
    polite = _PLEASE.sub("", text)
    if polite != text:
        text = polite.rstrip("?")
    text = _PLEASE_LAST.sub("", text)
    text = _COLOUR_COMMA.sub("", _UNCHANGED.sub("", text))
    return text.rstrip(" .!,")
