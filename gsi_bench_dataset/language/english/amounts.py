"""English amounts: numbers in digits and words, decimal commas, units, fractions.

Before a sentence is matched, `in_digits` writes every amount in one way ("half a metre" -> "0.5 metre"), so that shapes know
only digits with a decimal point.
"""

from __future__ import annotations

import functools
import re
from decimal import Decimal

from gsi_bench_dataset.language.reading import Match, NotUnderstood

__all__ = ["ANGLE", "DISTANCE", "NUMBER", "NUMBER_WORDS", "PERCENT", "UNIT_WORDS", "in_digits", "metres", "number"]

# Unit -> its length in metres, and how it may be written.
_LENGTHS = {
    "mm|millimet(?:er|re)s?": "0.001",
    "cm|cms|centimet(?:er|re)s?": "0.01",
    "m|met(?:er|re)s?": "1",
    'in|inch|inches|"|″': "0.0254",
    "ft|foot|feet": "0.3048",
}
_LENGTH_UNIT = "|".join(_LENGTHS)
# Units that no operation is measured in -> why.
_NO_UNITS = {
    r"px|pixels?": "pixels are no length in the scene",
    r"yards?|yd|km|kilomet(?:er|re)s?|miles?|dm|decimet(?:er|re)s?|nm|µm|microns?": "a unit that is not used here",
    r"rad|radians?|turns?|rounds?|minutes?|hours?|o'clock": "an angle is said in degrees",
    r"units?|steps?|blocks?|tiles?|spaces?|squares?|notches|notch|levels?|paces?|widths?|lengths?": "no unit",
}

_ONES = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS = ("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_VALUES = {word: value for value, word in enumerate((*_ONES, *_TEENS), 1)}
_VALUES |= {ten: 20 + 10 * i for i, ten in enumerate(_TENS)}
_VALUES |= {f"{ten}{gap}{one}": _VALUES[ten] + i for ten in _TENS for i, one in enumerate(_ONES, 1) for gap in "- "}
_VALUES |= {"a hundred": 100, "one hundred": 100}
NUMBER_WORDS = frozenset(
    (*_ONES[1:], *_TEENS, *_TENS, "hundred", "half", "quarter", "third", "dozen", "several", "few", "couple")
)
_WORD = "|".join(sorted(_VALUES, key=len, reverse=True))

NUMBER = r"(?P<number>\d+(?:\.\d+)?|\.\d+)"
DISTANCE = rf"{NUMBER}[\s-]*(?P<unit>{_LENGTH_UNIT})"
_ANGLE_UNIT, _PERCENT_UNIT, _TIMES_UNIT = r"degrees?|deg|°", r"%|percent|per cent", r"times|x|×"
ANGLE = rf"{NUMBER}[\s-]*(?:{_ANGLE_UNIT})"
PERCENT = rf"{NUMBER}\s*(?:{_PERCENT_UNIT})"
# Behind a number in words only units that are words: "the one in the bowl" speaks of no inch.
_UNIT_IN_WORDS = rf"(?:mm|cm|(?:milli|centi)?met(?:er|re)s?|inch|inches|foot|feet|ft|{_ANGLE_UNIT}|{_PERCENT_UNIT}|times)(?!\w)"
_UNIT = rf"(?:(?:{_LENGTH_UNIT}|{_ANGLE_UNIT}|{_PERCENT_UNIT}|{_TIMES_UNIT})(?!\w))"
UNIT_WORDS = re.compile(
    rf"(?:mm|cms?|(?:milli|centi)?met(?:er|re)s?|inch|inches|foot|feet|ft|degrees?|deg|percent|times|{'|'.join([*_NO_UNITS][:3])})"
)

_TURNS = {
    r"(?:an? |one )?quarter(?:[ -]turn| of a turn)": "90 degrees",
    r"(?:half (?:of )?a|(?:a |one )?half)[ -]turn": "180 degrees",
    r"(?:a )?three[ -]quarters?(?:[ -]turn| of a turn)": "270 degrees",
    r"(?:a|one) (?:full|complete|whole) (?:turn|rotation|revolution)": "360 degrees",
}
# A number in words -> what it adds to the number `n` in it.
_IN_WORDS = {
    rf"(?P<n>\d+|{_WORD}) and a half": "0.5",
    r"(?:a |one )?half(?: of)?(?: an?)?": "0.5",
    r"(?:(?:an? |one )?quarter of an?|an? quarter)": "0.25",
    r"three[ -]quarters? of an?": "0.75",
    rf"(?P<n>{_WORD})": "0",
    r"an?": "1",
}
_FULL_WIDTH = str.maketrans("０１２３４５６７８９．％", "0123456789.%")


def in_digits(text: str) -> str | NotUnderstood:
    """The sentence with all its amounts in digits, or the number that cannot be read.

    >>> in_digits("Move the cup 0,2 m up"), in_digits("Turn the cup a quarter turn to the left")
    ('Move the cup 0.2 m up', 'Turn the cup 90 degrees to the left')
    >>> print(in_digits("Move the cup 1,500 mm up"))
    '1,500': may be a decimal or a thousands separator
    """
    text = text.translate(_FULL_WIDTH)
    for pattern, degrees in _TURNS.items():
        text = re.sub(rf"\b{pattern}\b", degrees, text, flags=re.IGNORECASE)
    for pattern, more in _IN_WORDS.items():
        in_words = rf"(?<![\w-]){pattern}[ -](?P<unit>{_UNIT_IN_WORDS})"
        text = re.sub(in_words, functools.partial(_amount, Decimal(more)), text, flags=re.IGNORECASE)
    text = re.sub(rf"(?<= factor of )(?P<n>{_WORD}|one half|half)\b", _factor, text, flags=re.IGNORECASE)
    # The comma of a decimal: its fraction cannot be a group of thousands, and a unit or "factor of" says that it is one number.
    decimal = (
        rf"(?<![\w.,])(?:(\d+),(\d{{1,2}}|\d{{4,}})|(0),(\d+))(?=\s*-?{_UNIT})|(?<=factor of )(\d+),(\d{{1,2}}|\d{{4,}})\b"
    )
    text = re.sub(decimal, lambda m: ".".join(g for g in m.groups() if g is not None), text, flags=re.IGNORECASE)
    if separated := re.search(r"\d[\d.]*(?:[,'’]\d+)+|\d+(?:\.\d+){2,}|\d+ \d{3}\b", text):
        return NotUnderstood(separated[0], "may be a decimal or a thousands separator")
    for pattern, why in _NO_UNITS.items():
        if found := re.search(rf"\b(?:\d[\d.]*|{_WORD}|half an?)[\s-]*(?:{pattern})(?!\w)", text, re.IGNORECASE):
            return NotUnderstood(found[0], why)
    return text


def _amount(more: Decimal, match: Match) -> str:
    return f"{_worth(match.groupdict().get('n')) + more} {match['unit']}"


def _worth(word: str | None) -> Decimal:
    return Decimal(0) if word is None else Decimal(_VALUES.get(word.lower(), word))


def _factor(match: Match) -> str:
    return "0.5" if "half" in match["n"].lower() else str(_worth(match["n"]))


def number(match: Match) -> float:
    """The number of a sentence."""
    return float(match["number"])


def metres(match: Match) -> float | None:
    """The distance of a sentence, None where it says none: the float that the decimal means."""
    if match.groupdict().get("number") is None:
        return None
    length = next(length for pattern, length in _LENGTHS.items() if re.fullmatch(pattern, match["unit"], re.IGNORECASE))
    return float(Decimal(match["number"]) * Decimal(length))
