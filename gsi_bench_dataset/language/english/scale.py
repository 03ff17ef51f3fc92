"""English changes of an object's size, all sides alike."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from gsi_bench_dataset.language.english.amounts import NUMBER, PERCENT, number
from gsi_bench_dataset.language.english.words import OBJECT, about_an_object, shape
from gsi_bench_dataset.language.reading import Build, Match, NotUnderstood, Shape, hundredths
from gsi_bench_dataset.records import Operation

__all__ = ["PATTERNS", "SHAPES"]

_FRACTIONS = {"half": 0.5, "third": 1 / 3, "quarter": 0.25, "twice": 2.0, "double": 2.0}
_LARGEST = 10.0  # a bare "by 50" is rather a percentage that lost its sign


def _scale(factor: Callable[[Match], float], grows: bool | None = None) -> Build:
    """A change of size by `factor`, which must be larger or smaller than 1 where the verb says so."""

    def build(match: Match) -> Operation | NotUnderstood:
        value = factor(match)
        if value <= 0:
            return NotUnderstood(match["number"], "no size is left")
        if grows is not None and (value > 1) != grows:
            said = match.groupdict().get("number") or match.groupdict().get("fraction") or ""
            return NotUnderstood(said, "contradicts the verb")
        return Operation(kind="scale", factor=value)

    return about_an_object(build)


def _more(match: Match) -> float:
    return hundredths(100 + Decimal(match["number"]))


def _less(match: Match) -> float:
    return hundredths(100 - Decimal(match["number"]))


def _percent(match: Match) -> float:
    return hundredths(Decimal(match["number"]))


def _times(match: Match) -> Operation | NotUnderstood:
    """'1.5 times larger' is 1.5, '2 times smaller' and '0.5 times smaller' are both half; '0.5 times larger' is nothing."""
    value = number(match)
    if match["sense"].lower() == "smaller":
        value = 1 / value if value > 1 else value
    elif value < 1:
        return NotUnderstood(match["number"], "contradicts the verb")
    return Operation(kind="scale", factor=value) if value > 0 else NotUnderstood(match["number"], "no size is left")


def _bare_factor(match: Match) -> Operation | NotUnderstood:
    value = number(match)
    if not 0 < value <= _LARGEST:
        return NotUnderstood(match["number"], "is no factor")
    return Operation(kind="scale", factor=value)


def _fraction(match: Match) -> float:
    return _FRACTIONS[match["fraction"].lower().split()[-1]]


def _by_fraction(sign: int) -> Callable[[Match], float]:
    return lambda match: 1 + sign * _fraction(match)


def _shapes() -> tuple[Shape, ...]:
    bigger, smaller = "(?:scale up|enlarge|expand)", "(?:scale down|shrink)"
    of_size = "the (?:size|scale) of "
    # "Increase the brightness by half" speaks of no size, so "increase" and "reduce" need the word.
    grow, shrink = (
        rf"(?:{bigger} (?:{of_size})?|increase {of_size}|enlarge )",
        rf"(?:{smaller} (?:{of_size})?|reduce {of_size})",
    )
    size = r"(?:its )?(?:original |current )?size"
    fraction = r"(?P<fraction>(?:a |one )?half|an? third|one third|a quarter|one quarter)"
    small, large = rf"{fraction}", "(?P<fraction>twice|double)"
    either = r"(?P<fraction>(?:a |one )?half|an? third|one third|a quarter|one quarter|twice|double)"
    times_size = rf"{NUMBER} ?(?:times|x) (?:its|the) (?:original |current )?size"
    part_of_size = r" (?:of )?(?:its|the) (?:original |current )?size"
    sized = (
        (rf"{grow}{OBJECT} by {PERCENT}", _scale(_more)),
        (rf"{shrink}{OBJECT} by {PERCENT}", _scale(_less)),
        (rf"(?:increase|enlarge) {OBJECT}'s size by {PERCENT}", _scale(_more)),
        (rf"(?:reduce|shrink) {OBJECT}'s size by {PERCENT}", _scale(_less)),
        (rf"make {OBJECT} {PERCENT} (?:larger|bigger)", _scale(_more)),
        (rf"make {OBJECT} {PERCENT} smaller", _scale(_less)),
        (rf"(?:scale|make) {OBJECT} {NUMBER} ?(?:times|x) (?P<sense>larger|bigger|smaller)", about_an_object(_times)),
        (rf"(?:scale|resize) {OBJECT} by a factor of {NUMBER}", _scale(number)),
        (rf"enlarge {OBJECT} by a factor of {NUMBER}", _scale(number, grows=True)),
        (rf"(?:scale|resize) {OBJECT} by {NUMBER}(?: ?(?:times|x))?", about_an_object(_bare_factor)),
        (rf"(?:scale|resize|make) {OBJECT} (?:to )?{times_size}", _scale(number)),
        # "Enlarge it to half its size" has two meanings.
        (rf"enlarge {OBJECT} to {times_size}", _scale(number, grows=True)),
        (rf"(?:shrink|reduce) {OBJECT} to {times_size}", _scale(number, grows=False)),
        (rf"(?:scale|resize) {OBJECT} to {PERCENT} of {size}", _scale(_percent)),
        (rf"enlarge {OBJECT} to {PERCENT} of {size}", _scale(_percent, grows=True)),
        (rf"(?:shrink|reduce) {OBJECT} to {PERCENT} of {size}", _scale(_percent, grows=False)),
    )
    in_fractions = (
        (rf"(?:scale|resize|make) {OBJECT} (?:to )?{either}{part_of_size}", _scale(_fraction)),
        (rf"enlarge {OBJECT} to {either}{part_of_size}", _scale(_fraction, grows=True)),
        (rf"(?:shrink|reduce) {OBJECT} to {either}{part_of_size}", _scale(_fraction, grows=False)),
        (rf"{grow}{OBJECT} by {small}", _scale(_by_fraction(1))),
        (rf"{shrink}{OBJECT} by {small}", _scale(_by_fraction(-1))),
        (rf"make {OBJECT} {large} as (?:large|big)", _scale(_fraction)),
        (rf"make {OBJECT} (?P<fraction>half) as (?:large|big)", _scale(_fraction)),
        (rf"make {OBJECT} {NUMBER} times as (?:large|big)", _scale(number)),
        (rf"double {of_size}{OBJECT}", _scale(lambda _: 2.0)),
        (rf"halve {of_size}{OBJECT}", _scale(lambda _: 0.5)),
        (rf"triple {of_size}{OBJECT}", _scale(lambda _: 3.0)),
    )
    # A size changes where the object is: "in front of the bowl" can only say which one is meant, "to the left" nothing at all.
    return tuple(shape(pattern, build) for pattern, build in (*sized, *in_fractions))


SHAPES = _shapes()

# "1.5 times larger" is 2.5 times the size to some; these are not.
PATTERNS = {
    "scale/up": (
        "Scale up {t} by {p}%",
        "Increase the size of {t} by {p}%",
        "Enlarge {t} by {p} percent",
        "Make {t} {p}% larger",
        "Scale {t} by a factor of {f}",
        "Resize {t} to {f} times its original size",
        "Enlarge {t} to {f} times its original size",
    ),
    "scale/down": (
        "Scale down {t} by {p}%",
        "Reduce the size of {t} by {p}%",
        "Shrink {t} by {p} percent",
        "Make {t} {p}% smaller",
        "Scale {t} by a factor of {f}",
        "Resize {t} to {f} times its original size",
        "Shrink {t} to {f} times its original size",
    ),
}
