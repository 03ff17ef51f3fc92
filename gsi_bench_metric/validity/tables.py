"""What tables of a validity page are made of: cells in words, numbers as they are printed."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from gsi_bench_metric.validity.grid import Bar

__all__ = ["DASH", "Cell", "Table", "coefficient", "measure", "number", "whole", "with_unit"]

DASH = "–"


@dataclasses.dataclass(frozen=True)
class Cell:
    """A number in words, a smaller line below it, and a verdict that colours it: met, missed or nothing."""

    text: str
    small: str = ""
    verdict: str = ""


@dataclasses.dataclass(frozen=True)
class Table:
    """Rows are (label, note, cells)."""

    stub: str
    headings: Sequence[str]
    rows: Sequence[tuple[str, str, Sequence[Cell]]]


def number(value: float | None, bar: Bar | None = None) -> str:
    """One decimal, none where it says nothing more; a dash for nothing. Nothing is rounded to 0, to 100 or over its bar.

    >>> number(49.96), number(100.0), number(99.99), number(0.01), number(-1e-12), number(None)
    ('50', '100', '> 99.9', '< 0.1', '0', '–')
    >>> number(98.96), number(98.96, Bar(low=99))
    ('99', '98.96')
    """
    if value is None:
        return DASH
    if abs(value - round(value)) < 1e-9:
        return f"{round(value)}"
    if 0 < value < 0.05:
        return "< 0.1"
    return "> 99.9" if 99.95 <= value < 100 else _rounded(value, 1, bar).removesuffix(".0")


def _rounded(value: float, decimals: int, bar: Bar | None) -> str:
    """At least so many decimals, and as many as show that the bar is missed."""
    while bar is not None and not bar.met(value) and bar.met(round(value, decimals)):
        decimals += 1
    return f"{value:.{decimals}f}"


def whole(value: float | None) -> str:
    """No decimals."""
    return DASH if value is None else f"{value:.0f}"


def coefficient(value: float | None) -> str:
    """Three decimals."""
    return DASH if value is None else f"{value:.3f}"


def measure(value: float | None, unit: str, bar: Bar | None = None) -> str:
    """Two decimals and the unit.

    >>> measure(0.304, "cm"), measure(0.304, "cm", Bar(high=0.3)), measure(1, "°"), measure(None, "cm")
    ('0.30 cm', '0.304 cm', '1.00°', '–')
    """
    return DASH if value is None else with_unit(_rounded(value, 2, bar), unit)


def with_unit(value: object, unit: str) -> str:
    """A number or a bar in words, and the unit.

    >>> with_unit(Bar(high=1), "°")
    '≤\xa01°'
    """
    return f"{value} {unit}".replace(" °", "°")
