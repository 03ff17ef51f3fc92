"""From faults, changes and reasons to sentences. The words stand in `english` and `chinese`, this joins them.

A template is a format string. Its slots name a value and how it is written: `{amount:cm}`, `{subject}`, `{0:percent}`.
"""

from __future__ import annotations

import dataclasses
import math
import string
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from gsi_bench_dataset.records import Change, Fault, Reason, Score
from gsi_bench_metric.protocols.text import chinese, english

__all__ = ["LANGUAGES", "Phrase", "explanation", "reason", "reason_text", "say", "sentence", "told"]

_NEXT_TO_M = 0.3  # another object up to here is "next to" the target
_MOST_NAMES = 3
_LEAST_TURN, _LEAST_SCALE = math.radians(1), 0.01  # smaller changes are none


class Language(Protocol):
    """What a module of words holds."""

    TEMPLATES: Mapping[str, str]  # by message; faults as "fault.<kind>", what was done "done.<kind>", asked "asked.<kind>"
    UNITS: Mapping[str, Callable[[Any], str]]  # how a slot is written
    AND: str  # between two actions that were done
    PARTS: str  # between the parts of a sentence
    SENTENCES: str  # between whole sentences
    NAMES: tuple[str, str]  # between names: all but the last, the last


LANGUAGES: Mapping[str, Language] = {"en": english, "zh": chinese}


@dataclasses.dataclass(frozen=True)
class Phrase:
    """A message with its values, which every language can say."""

    message: str
    values: Mapping[str, Any] = dataclasses.field(default_factory=dict)


class _Slots(string.Formatter):
    def __init__(self, units: Mapping[str, Callable[[Any], str]]):
        self._units = units

    def format_field(self, value: Any, format_spec: str) -> str:
        return self._units[format_spec](value) if format_spec in self._units else format(value, format_spec)


def say(message: str, language: str = "en", *numbers: float, **values: Any) -> str:
    """One message in a language.

    Raises:
        KeyError: no such message or language.
    """
    words = LANGUAGES[language]
    return _Slots(words.UNITS).vformat(words.TEMPLATES[message], numbers, values)


def reason(name: str, message: str, *numbers: float, subject: str | None = None) -> Reason:
    """A `Reason` with a sentence in every language; `text` is the English one."""
    found = Reason(name, "", message, tuple(float(n) for n in numbers) or None, subject)
    return dataclasses.replace(found, text=reason_text(found))


def reason_text(found: Reason, language: str = "en") -> str:
    """The sentence of a reason; as it is where only its English text is known, such as an error's."""
    if found.message is None:
        return found.text
    return say(found.message, language, *(found.numbers or ()), subject=found.subject)


def sentence(phrases: Sequence[Phrase], language: str = "en") -> str:
    """Phrases that are whole sentences, one after the other."""
    words = LANGUAGES[language]
    return words.SENTENCES.join(say(p.message, language, **p.values) for p in phrases)


def explanation(score: Score, language: str = "en") -> str:
    """What was asked, what was done and what is wrong, as one sentence without its end; empty where nothing is known.

    Scores of older files hold the English sentence alone: it is given back in every language.
    """
    if score.state == "no_picture" and score.reasons:
        return reason_text(score.reasons[0], language)
    if score.ic is None:
        why = [reason_text(r, language) for r in score.reasons if r.name not in _NOTES]
        return say("not_scored", language, why=why[-1]) if why else score.explanation or ""
    return told(score, language) if score.done or score.faults or score.changed else score.explanation or ""


class _Found(Protocol):
    """A score, or what one is made of."""

    @property
    def done(self) -> tuple[Change, ...]: ...
    @property
    def asked(self) -> tuple[Change, ...]: ...
    @property
    def faults(self) -> tuple[Fault, ...]: ...
    @property
    def changed(self) -> tuple[Change, ...]: ...
    @property
    def reasons(self) -> tuple[Reason, ...]: ...


def told(found: _Found, language: str = "en") -> str:
    """What an edit did, was asked and did wrong, as one sentence without its end."""
    words = LANGUAGES[language]
    parts = [
        words.AND.join(_done(change, language) for change in found.done),
        _asked(found.asked, language),
        *_faults(found.faults, language),
        *(reason_text(r, language) for r in found.reasons if r.name in _LOST),
        _changed(found.changed, language),
    ]
    return words.PARTS.join(part for part in parts if part)


# Reasons that are faults of the edit, and those that say what was done to the image or not measured.
_LOST = ("scene_lost", "not_detected", "low_confidence", "left_frame")
_NOTES = ("resized", "fitted", "stretched", "cut", "padded", "not_judged", "no_depth", "too_small", "blank", "goal_suspect")


def _facts(item: Change | Fault) -> dict[str, Any]:
    return {"amount": item.amount, "direction": item.direction, "subject": item.subject}


def _done(change: Change, language: str) -> str:
    return say(f"done.{_size_of(change)}", language, **_facts(change))


def _size_of(change: Change) -> str:
    """The kind of a change, or that there was next to none."""
    kind, amount = change.kind, change.amount
    if kind in ("moved", "camera_moved", "camera_turned") and change.direction is None:
        return f"{kind}.not"
    if kind == "turned":
        return "turned.unseen" if amount is None else "turned.not" if abs(amount) < _LEAST_TURN else kind
    if kind == "scaled":
        return "scaled.unseen" if amount is None else "scaled.not" if abs(amount - 1) < _LEAST_SCALE else kind
    return "put.right" if kind == "put" and not amount else kind


def _asked(asked: Sequence[Change], language: str) -> str:
    words = LANGUAGES[language]
    ends = "".join(say("asked.ends_from", language, **_facts(c)) for c in asked if c.kind == "ends_from")
    rest = [c for c in asked if c.kind != "ends_from"]
    return words.AND.join(say(f"asked.{c.kind}{_same_way(c)}", language, **_facts(c)) for c in rest) + ends


def _same_way(change: Change) -> str:
    """Whether the direction need not be said again."""
    return ".same" if change.kind in ("moved", "camera_moved") and change.direction is None else ""


def _faults(faults: Sequence[Fault], language: str) -> list[str]:
    """Each fault; of more copies than are worth a phrase each, how many there are."""
    copies = [fault for fault in faults if fault.kind == "copied"]
    many = len(copies) > _MOST_NAMES
    said = [_fault(f, language) for f in faults if f.kind != "lost" and not (many and f.kind == "copied")]
    return [*said, say("fault.copied.many", language, count=len(copies), **_facts(copies[0]))] if many else said


def _fault(fault: Fault, language: str) -> str:
    without = fault.kind in ("too_much", "opposite") and fault.amount is None
    without = without or (fault.kind in ("moved_too", "copied") and not fault.direction)
    return say(f"fault.{fault.kind}{'.without' if without else ''}", language, **_facts(fault))


def _changed(changed: Sequence[Change], language: str) -> str:
    if not changed:
        return ""
    if len(changed) > _MOST_NAMES:
        return say("changed.many", language, count=len(changed))
    words = LANGUAGES[language]
    near = changed[0].amount is not None and changed[0].amount <= _NEXT_TO_M
    names = [say("changed.near" if near and i == 0 else "changed.name", language, **_facts(c)) for i, c in enumerate(changed)]
    between, last = words.NAMES
    return say("changed", language, names=names[0] if len(names) == 1 else f"{between.join(names[:-1])}{last}{names[-1]}")
