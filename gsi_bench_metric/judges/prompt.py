"""What a model is shown, and what its reply is worth: the contract between questions and the models that answer them."""

from __future__ import annotations

import dataclasses
import enum
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from gsi_bench_dataset.reads import Reads
from gsi_bench_dataset.records import Sample

__all__ = [
    "MOST_OBJECTS",
    "Prompt",
    "Question",
    "Verdict",
    "View",
    "json_objects",
    "looks_like_refusal",
    "number_in_text",
    "text_hash",
    "thoughts_unfinished",
    "without_thoughts",
]


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


MOST_OBJECTS = 1000  # places in a reply where a JSON object is looked for; a wall of brackets would take hours

# What models that reason write before they answer. Some begin within the prompt, so that only the end is in the reply.
_TAGS = "think|thinking|thought|thoughts|reasoning"
_MARK = re.compile(
    rf"\{{|<(?P<open>{_TAGS})(?:\s[^<>]{{0,80}})?>|\[(?P<square>THINK)\]|</(?:{_TAGS})\s*>|\[/THINK\]", re.IGNORECASE
)


def without_thoughts(reply: str) -> str:
    """The answer in a reply: what stands outside of `<think>…</think>`, and behind a `</think>` that nothing opened.

    Tags inside of a JSON object are text. Thoughts that do not end are left in: an answer may stand there, and a reader that
    finds exactly one takes it.

    >>> without_thoughts('<think>{"score": 3}, no.</think>{"score": 9}'), without_thoughts('so 9.</think> {"score": 9}')
    ('{"score": 9}', ' {"score": 9}')
    """
    return _sorted_out(reply)[0]


def thoughts_unfinished(reply: str) -> bool:
    """Whether a reply begins thoughts and does not end them.

    >>> thoughts_unfinished("<think>It is"), thoughts_unfinished("<think>It is</think>")
    (True, False)
    """
    return _sorted_out(reply)[1]


def _sorted_out(reply: str) -> tuple[str, bool]:
    """(what is no thought, whether thoughts do not end)."""
    decoder, kept, start, at, left = json.JSONDecoder(), "", 0, 0, MOST_OBJECTS
    while (mark := _MARK.search(reply, at)) is not None:
        at = mark.end()
        name = mark["open"] or mark["square"]
        if mark[0] == "{":
            at, left = _end_of_object(decoder, reply, mark.start()) if left else at, max(left - 1, 0)
        elif name is None:  # an end without a beginning: all of it were thoughts
            kept, start = "", at
        else:
            end = re.compile(rf"</{name}\s*>|\[/{name}\]", re.IGNORECASE).search(reply, at)
            if end is None:
                return kept + reply[start : mark.start()] + reply[at:], True
            kept, start, at = kept + reply[start : mark.start()], end.end(), end.end()
    return kept + reply[start:], False


def _end_of_object(decoder: json.JSONDecoder, text: str, start: int) -> int:
    try:
        return decoder.raw_decode(text, start)[1]
    except (ValueError, RecursionError):
        return start + 1


def json_objects(reply: str) -> Iterator[Mapping[str, Any]]:
    """Every JSON object that stands in a text, in a fence or not; those inside of others are theirs.

    >>> list(json_objects('yes: {"a": {"b": 1}} or {"c"'))
    [{'a': {'b': 1}}]
    """
    decoder, at, left = json.JSONDecoder(), reply.find("{"), MOST_OBJECTS
    while at >= 0 and left:
        left -= 1
        try:
            thing, end = decoder.raw_decode(reply, at)
        except (ValueError, RecursionError):
            end = at + 1
        else:
            yield thing
        at = reply.find("{", end)


_NUMBER = re.compile(r"\s*(\d{1,3}(?:\.\d{1,20})?)\s*(?:/\s*10(?:\.0{1,20})?\s*)?", re.ASCII)


def number_in_text(value: str) -> float | None:
    """The number that a text is, also as so many of 10, which is the scale that was asked for; None where it is more than that.

    >>> [number_in_text(text) for text in ("9", " 9.5 ", "9/10", "9/100", "about 9", "-1", "")]
    [9.0, 9.5, 9.0, None, None, None, None]
    """
    match = _NUMBER.fullmatch(value)
    return None if match is None else float(match[1])
