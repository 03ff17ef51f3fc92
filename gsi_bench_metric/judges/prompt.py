"""What a model is shown, and what its reply is worth: the contract between questions and the models that answer them."""

from __future__ import annotations

import dataclasses
import enum
import hashlib
import re
from collections.abc import Mapping
from typing import Any, Protocol

from gsi_bench_dataset.reads import Reads
from gsi_bench_dataset.records import Sample

__all__ = ["Prompt", "Question", "Verdict", "View", "looks_like_refusal", "text_hash"]


class View(enum.Enum):
    """An image's place in a prompt."""

    SOURCE = "source"
    EDITED = "edited"


@dataclasses.dataclass(frozen=True)
class Prompt:
    """One question about one edit.

    Attributes:
        system: the system message; None: none.
        parts: the user's message in its order: text, and the places of the two images.
        schema: JSON schema of the reply, for servers that hold a model to one.
    """

    system: str | None
    parts: tuple[str | View, ...]
    schema: Mapping[str, Any] | None = None

    def to_json(self) -> list[Any]:
        """For a key: everything that the model reads but the images themselves."""
        return [self.system, [part if isinstance(part, str) else {"picture": part.value} for part in self.parts], self.schema]


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What a reply says: a score on 0–10, or why there is none. A refusal is final, anything else worth asking once more."""

    score: float | None
    problem: str | None = None
    refused: bool = False


class Question(Protocol):
    """A pinned way to ask, and to read the reply."""

    name: str
    hash: str  # SHA-256 of the pinned text
    reads: Reads  # the fields of a sample that asking and reading go by
    reader: int  # raised when replies are read in another way; replies on record are then read anew, and not asked for again

    def ask(self, sample: Sample) -> Prompt:
        """The prompt for an edit."""
        ...

    def read(self, reply: str, sample: Sample) -> Verdict:
        """The score in a reply."""
        ...

    def again(self, problem: str) -> str:
        """What is said when a reply cannot be read."""
        ...


def text_hash(text: str) -> str:
    """SHA-256 of a text in UTF-8, as of the file that holds it."""
    return hashlib.sha256(text.encode()).hexdigest()


# Said instead of an answer, at the beginning: "I can't assist with …", "Sorry, but I am unable to …", 抱歉，我无法…
_REFUSAL = re.compile(
    r"\W*(?:(?:i['’]?m|i am|we are|we['’]re) (?:very |so |really )?sorry|sorry|apologies|my apologies|unfortunately)?"
    r"\W*(?:but )?"
    r"(?:(?:i|we)(?: am|['’]m| are|['’]re)? ?(?:can['’]?t|cannot|can not|won['’]?t|will not|must decline|decline|unable to|"
    r"not able to|not allowed to)|as an ai\b[^.]{0,80}\b(?:can['’]?t|cannot|unable|not able))"
    r"|\W*(?:很?抱歉|对不起|我无法|我不能)",
    re.IGNORECASE,
)


_BEGINNING = 200  # characters: a refusal comes at once, and the search must not take long on a wall of brackets


def looks_like_refusal(reply: str) -> bool:
    """Whether a reply that holds no score declines to give one.

    >>> looks_like_refusal("I'm sorry, but I can't help with that."), looks_like_refusal("The mug cannot be seen.")
    (True, False)
    """
    return _REFUSAL.match(reply[:_BEGINNING]) is not None
