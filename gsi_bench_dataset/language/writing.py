"""Sentences that say what is asked, in English and Chinese at once: drawn from all patterns, or the plainest of each.

Besides our own there is the phrasing of the reference's generators, which knows fewer sentences.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

import numpy as np

from gsi_bench_dataset.language.chinese import reference as reference_chinese
from gsi_bench_dataset.language.chinese import writer as chinese
from gsi_bench_dataset.language.english import reference as reference_english
from gsi_bench_dataset.language.english import writer as english

__all__ = ["Phrasing", "Slots", "amounts", "centimetres", "plainest", "say"]

# Slot -> (English, Chinese), or one text for both.
Slots: TypeAlias = Mapping[str, "str | tuple[str, str]"]
# Whose sentences: ours, or those of the reference's tables, rooms or photographs.
Phrasing: TypeAlias = Literal["ours", "reference_table", "reference_room", "reference_photo"]
_REFERENCE = {
    "reference_table": (reference_english.TABLES, {**chinese.PATTERNS, **reference_chinese.TABLES}),
    "reference_room": (reference_english.ROOMS, chinese.PATTERNS),
    "reference_photo": (reference_english.PHOTOS, chinese.PATTERNS),
}

_PLEASE_SHARE, _TAIL_SHARE = 0.25, 0.35


def say(key: str, slots: Slots, rng: np.random.Generator, phrasing: Phrasing = "ours") -> tuple[str, str]:
    """An English and a Chinese sentence, each drawn from the patterns of `key`, ours perhaps polite, perhaps with a tail.

    Tails say that all else stays as it is: not where the view changes or where the target takes its load along.

    Raises:
        KeyError: no such key, the reference's generators have no sentence for it, or a slot is missing.
    """
    if phrasing != "ours":
        ways = [patterns[key] for patterns in _REFERENCE[phrasing]]
        en, zh = (_filled(w[int(rng.integers(len(w)))], slots, language) for language, w in enumerate(ways))
        return f"{en}.", f"{zh}。"
    plain = key.startswith(("travel/", "pan/")) or "load" in slots
    texts = []
    for language, patterns, tails in ((0, english.PATTERNS, english.TAILS), (1, chinese.PATTERNS, chinese.TAILS)):
        pattern = patterns[key][int(rng.integers(len(patterns[key])))]
        polite, tailed = rng.random() < _PLEASE_SHARE, rng.random() < _TAIL_SHARE and not plain
        tail = tails[int(rng.integers(len(tails)))] if tailed else ""
        filled = _filled(pattern, slots, language)
        texts.append((_polite(filled) if language == 0 else f"请{filled}") + tail if polite else filled + tail)
    return f"{texts[0]}.", f"{texts[1]}。"


def plainest(key: str, slots: Slots) -> tuple[str, str]:
    """The plainest English and Chinese sentence of `key`.

    Raises:
        KeyError: no such key, or a slot is missing.

    >>> plainest("move/left", {"t": ("the mug", "杯子"), "d": ("15 cm", "15厘米")})
    ('Move the mug 15 cm to the left.', '将杯子向左移动15厘米。')
    """
    return f"{_filled(english.PATTERNS[key][0], slots, 0)}.", f"{_filled(chinese.PATTERNS[key][0], slots, 1)}。"


def _filled(pattern: str, slots: Slots, language: int) -> str:
    return pattern.format(**{name: s if isinstance(s, str) else s[language] for name, s in slots.items()})


def _polite(sentence: str) -> str:
    return f"Please {sentence[0].lower()}{sentence[1:]}"


def centimetres(distance_cm: int, rng: np.random.Generator) -> dict[str, str | tuple[str, str]]:
    """{d}, the unit written out or not; {c}: the number alone, {m}: in metres."""
    d = (f"{distance_cm} {('cm', 'centimeters')[int(rng.integers(2))]}", f"{distance_cm}厘米")
    return {"d": d, "c": str(distance_cm), "m": f"{distance_cm / 100:g}"}


def amounts(factor: float) -> dict[str, str | tuple[str, str]]:
    """{p}: the change in percent, {f}: the factor, {q}: the new size in percent of the old.

    Raises:
        ValueError: the change is no whole percent, so that the words would not say what is done.
    """
    percent = round(factor * 100)
    if factor <= 0 or percent == 100 or percent / 100 != factor:
        raise ValueError(f"factor: expected a whole percent other than 100, above 0; found {factor}")
    return {"p": str(abs(percent - 100)), "f": f"{factor:g}", "q": str(percent)}
