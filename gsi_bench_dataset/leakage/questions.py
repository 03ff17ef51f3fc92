"""What two samples have in common in words: the same sentence, the same template of one, the same question.

Both kinds of splits are worded by one set of templates, so that a template, and even a whole sentence such as "Remove the
mug.", is in both by design: an editor has learnt nothing of a test split by reading it. What would tell it an answer is the
same sentence about the same object at the same place. That is a question, and an overlap whatever the images show.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeAlias

__all__ = ["Question", "question_of", "sentence_of", "template_of"]

Question: TypeAlias = tuple[str, str, tuple[int, ...]]

_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")
_PLACES = 3  # metres to millimetres, radians to a twentieth of a degree


def sentence_of(words: str) -> str:
    """A sentence without what does not matter: case, spaces, the mark at its end.

    >>> sentence_of("Move  the Mug left. ")
    'move the mug left'
    """
    return " ".join(words.split()).casefold().rstrip(".。!！ ")


def template_of(row: Mapping[str, Any]) -> str:
    """The sentence of a row with # for numbers and @ for the names of its objects.

    >>> template_of({"prompt": "Move the red mug 15 cm left.", "target": "mug", "operation": None, "objects": None})
    'move the red @ # cm left'
    """
    operation = row.get("operation") or {}
    names = {row["target"], operation.get("reference"), operation.get("receptacle")}
    names |= {thing["category"] for thing in row.get("objects") or ()}
    text = sentence_of(row["prompt"])
    for name in sorted((n.casefold() for n in names if n), key=len, reverse=True):
        text = re.sub(rf"\b{re.escape(name)}(?:s|es)?\b", "@", text)
    return _NUMBER.sub("#", text)


def question_of(row: Mapping[str, Any]) -> Question:
    """The sentence, the name of the object, and its box in the camera's frame, to the millimetre."""
    box = tuple(round(float(number) * 10**_PLACES) for number in row["original_bbox_3d"])
    return sentence_of(row["prompt"]), str(row["target"]).casefold(), box
