"""Chinese amounts: numbers in digits and characters, decimal commas, units, halves.

Before a sentence is matched, `in_digits` writes every amount in one way ("二十厘米" -> "20厘米", "半米" -> "0.5米").
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

from gsi_bench_dataset.language.reading import Match, NotUnderstood

__all__ = ["ANGLE", "DISTANCE", "NUMBER", "PERCENT", "TIMES", "in_digits", "metres", "number"]

_LENGTHS = {
    "毫米|mm": "0.001",
    "厘米|公分|cm": "0.01",
    "米|公尺|m": "1",
    "英寸": "0.0254",
    "英尺": "0.3048",
}
_LENGTH_UNIT, _ANGLE_UNIT, _PERCENT_UNIT, _TIMES_UNIT = "|".join(_LENGTHS), "度|°", "%", "倍"
_UNIT = rf"(?:{_LENGTH_UNIT}|{_ANGLE_UNIT}|{_PERCENT_UNIT}|{_TIMES_UNIT})"
_NO_UNITS = {
    "个?像素|px": "pixels are no length in the scene",
    "分米|公里|千米|码|寸|尺|英里|步|格|里": "a unit that is not used here",
    "圈|周|弧度|分钟|小时": "an angle is said in degrees",
}
NUMBER = r"(?P<number>\d+(?:\.\d+)?)"
DISTANCE = rf"{NUMBER}(?P<unit>{_LENGTH_UNIT})(?:的距离|远)?"
ANGLE = rf"{NUMBER}(?:{_ANGLE_UNIT})"
PERCENT = rf"{NUMBER}(?:{_PERCENT_UNIT})"
TIMES = rf"{NUMBER}倍(?:大小)?"

_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "壹": 1, "贰": 2, "叁": 3}
_CHARACTERS = "".join(_DIGITS) + "十百点"
_TURNS = {"半圈|半周": "180度", "四分之一圈|四分之一周": "90度", "四分之三圈|四分之三周": "270度", "一整?圈|一周": "360度"}


def in_digits(text: str) -> str | NotUnderstood:
    """The sentence with all its amounts in digits, or the number that cannot be read.

    >>> in_digits("把杯子向左移动二十厘米"), in_digits("把杯子向左移动0,2米")
    ('把杯子向左移动20厘米', '把杯子向左移动0.2米')
    >>> print(in_digits("把杯子向左移动一百二十像素"))
    '一百二十像素': pixels are no length in the scene
    """
    text = "".join(unicodedata.normalize("NFKC", c) if c in "０１２３４５６７８９．％℃㎝㎜" else c for c in text)
    for pattern, degrees in _TURNS.items():
        text = re.sub(rf"(?<=[转动])(?:{pattern})", degrees, text)
    text = re.sub(rf"半个?(?={_UNIT})", "0.5", text)
    text = re.sub(rf"([{_CHARACTERS}\d]+)(米|倍|英尺|英寸|厘米)半(?!径)", _and_a_half, text)
    text = re.sub(r"百分之([" + _CHARACTERS + r"\d.]+)", lambda m: f"{_value(m[1])}%", text)
    text = re.sub(rf"[{_CHARACTERS}]+(?={_UNIT})", lambda m: _value(m[0]), text)
    text = re.sub(r"(?<=[的到])一半(?:大小)?$", "0.5倍", text)
    decimal = rf"(?<![\d.,，])(?:(\d+)[,，](\d{{1,2}}|\d{{4,}})|(0)[,，](\d+))(?={_UNIT})"
    text = re.sub(decimal, lambda m: ".".join(g for g in m.groups() if g is not None), text)
    if separated := re.search(r"\d[\d.]*(?:[,，'’]\d+)+|\d+(?:\.\d+){2,}", text):
        return NotUnderstood(separated[0], "may be a decimal or a thousands separator")
    for pattern, why in _NO_UNITS.items():
        if found := re.search(rf"(?:[\d.]+|[{_CHARACTERS}半几]+)个?(?:{pattern})", text):
            return NotUnderstood(found[0], why)
    return text


def _and_a_half(match: Match) -> str:
    return f"{Decimal(_value(match[1])) + Decimal('0.5')}{match[2]}"


def _value(characters: str) -> str:
    """A number up to a few hundred in digits; what is no such number stays, and no shape takes it."""
    if re.fullmatch(r"\d+(?:\.\d+)?", characters):
        return characters
    whole, point, fraction = characters.partition("点")
    found = re.fullmatch(r"(?:(?P<h>.)百)?零?(?:(?P<t>.?)十)?(?P<o>.)?", whole)
    digit = {c: str(d) for c, d in _DIGITS.items()}
    if found is None or not whole or any(c not in digit for c in (found["h"] or "") + (found["t"] or "") + (found["o"] or "")):
        return characters
    tens = 0 if found["t"] is None else _DIGITS.get(found["t"], 1)
    value = 100 * _DIGITS.get(found["h"] or "零", 0) + 10 * tens + _DIGITS.get(found["o"] or "零", 0)
    if point and (not fraction or any(c not in digit for c in fraction)):
        return characters
    return f"{value}.{''.join(digit[c] for c in fraction)}" if point else str(value)


def number(match: Match) -> float:
    """The number of a sentence."""
    return float(match["number"])


def metres(match: Match) -> float:
    """The distance of a sentence: the float that the decimal means."""
    length = next(length for pattern, length in _LENGTHS.items() if re.fullmatch(pattern, match["unit"], re.IGNORECASE))
    return float(Decimal(match["number"]) * Decimal(length))
