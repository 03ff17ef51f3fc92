"""Chinese changes of an object's size, all sides alike."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from gsi_bench_dataset.language.chinese.amounts import PERCENT, TIMES
from gsi_bench_dataset.language.chinese.words import OBJECT, TAKE, shape
from gsi_bench_dataset.language.reading import Build, Match, NotUnderstood, hundredths
from gsi_bench_dataset.records import Operation

__all__ = ["PATTERNS", "SHAPES"]

_SIZE, _BEFORE = r"的(?:尺寸|大小)", r"(?:为|到|至|成)(?:原来|原始(?:尺寸|大小)?)(?:大小|尺寸)?的?"


def _scale(factor: Callable[[Decimal], float], grows: bool | None = None) -> Build:
    def build(match: Match) -> Operation | NotUnderstood:
        value = factor(Decimal(match["number"]))
        if value <= 0:
            return NotUnderstood(match["number"], "no size is left")
        if grows is not None and (value > 1) != grows:
            return NotUnderstood(match["number"], "contradicts the verb")  # "enlarge to half the size" says two things
        return Operation(kind="scale", factor=value)

    return build


def _more(percent: Decimal) -> float:
    return hundredths(100 + percent)


def _less(percent: Decimal) -> float:
    return hundredths(100 - percent)


SHAPES = (
    shape(rf"{TAKE}{OBJECT}{_SIZE}(?:增大|增加|放大|扩大){PERCENT}", _scale(_more)),
    shape(rf"{TAKE}{OBJECT}{_SIZE}(?:减小|减少|缩小){PERCENT}", _scale(_less)),
    shape(rf"{TAKE}{OBJECT}(?:放大|扩大){PERCENT}", _scale(_more)),
    shape(rf"{TAKE}{OBJECT}缩小{PERCENT}", _scale(_less)),
    shape(rf"{TAKE}{OBJECT}缩放(?:{_BEFORE}|到){TIMES}", _scale(float)),
    shape(rf"{TAKE}{OBJECT}(?:放大|扩大)(?:{_BEFORE}|到){TIMES}", _scale(float, grows=True)),
    shape(rf"{TAKE}{OBJECT}缩小(?:{_BEFORE}|到){TIMES}", _scale(float, grows=False)),
    shape(rf"{TAKE}{OBJECT}缩放{_BEFORE}{PERCENT}", _scale(hundredths)),
    shape(rf"{TAKE}{OBJECT}(?:放大|扩大){_BEFORE}{PERCENT}", _scale(hundredths, grows=True)),
    shape(rf"{TAKE}{OBJECT}缩小{_BEFORE}{PERCENT}", _scale(hundredths, grows=False)),
)

PATTERNS = {
    "scale/up": (
        "将{t}放大{p}%",
        "把{t}的尺寸增大{p}%",
        "将{t}缩放为原来的{f}倍大小",
        "把{t}放大到原来的{f}倍",
        "将{t}放大到原来大小的{q}%",
    ),
    "scale/down": (
        "将{t}缩小{p}%",
        "把{t}的尺寸减小{p}%",
        "将{t}缩放为原来的{f}倍大小",
        "把{t}缩小到原来的{f}倍",
        "将{t}缩小到原来大小的{q}%",
    ),
}
