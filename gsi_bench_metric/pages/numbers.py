"""How numbers are printed, the same in HTML, in Markdown and in a terminal."""

from __future__ import annotations

from typing import Protocol

__all__ = ["DASH", "Limit", "difference", "fixed", "interval", "measure", "number", "percent", "with_unit"]

DASH = "–"  # where there is no number


class Limit(Protocol):
    """What a number is held against."""

    def met(self, value: float) -> bool:
        """Whether the number reaches it."""
        ...


def fixed(value: float | None, decimals: int) -> str:
    """A fixed number of decimals, always; a dash for nothing.

    >>> fixed(12.345, 1), fixed(7, 0), fixed(None, 2)
    ('12.3', '7', '–')
    """
    return DASH if value is None else f"{value:.{decimals}f}"


def number(value: float | None, bar: Limit | None = None) -> str:
    """One decimal, none where it says nothing more; a dash for nothing. Nothing is rounded to 0, to 100 or over its bar.

    >>> number(49.96), number(100.0), number(99.99), number(0.01), number(-1e-12), number(None)
    ('50', '100', '> 99.9', '< 0.1', '0', '–')
    """
    if value is None:
        return DASH
    if abs(value - round(value)) < 1e-9:
        return f"{round(value)}"
    if 0 < value < 0.05:
        return "< 0.1"
    return "> 99.9" if 99.95 <= value < 100 else _rounded(value, 1, bar).removesuffix(".0")


def measure(value: float | None, unit: str, bar: Limit | None = None) -> str:
    """Two decimals and the unit; more where two would say that a bar is met which is missed.

    >>> measure(0.304, "cm"), measure(1, "°"), measure(None, "cm")
    ('0.30 cm', '1.00°', '–')
    """
    return DASH if value is None else with_unit(_rounded(value, 2, bar), unit)


def with_unit(value: object, unit: str) -> str:
    """A number or a bar in words, and the unit.

    >>> with_unit(3, "cm"), with_unit(3, "°")
    ('3 cm', '3°')
    """
    return f"{value} {unit}".replace(" °", "°")


def percent(share: float | None) -> str:
    """A share of 1 in whole per cent.

    >>> percent(0.256), percent(None)
    ('26 %', '–')
    """
    return DASH if share is None else f"{100 * share:.0f} %"


def interval(low: float | None, high: float | None) -> str:
    """From low to high, one decimal each; empty where there is no interval.

    >>> interval(12.34, 56.7), interval(None, 1.0)
    ('12.3–56.7', '')
    """
    return "" if low is None or high is None else f"{low:.1f}–{high:.1f}"


def difference(value: float) -> str:
    """One decimal with its sign, a true minus; what is printed as 0 has none.

    >>> difference(2), difference(-2.5), difference(-0.01)
    ('+2.0', '−2.5', '0.0')
    """
    shown = f"{value:+.1f}".replace("-", "−")
    return "0.0" if shown[1:] == "0.0" else shown


def _rounded(value: float, decimals: int, bar: Limit | None) -> str:
    """At least this many decimals, and as many as show that the bar is missed."""
    while bar is not None and not bar.met(value) and bar.met(round(value, decimals)):
        decimals += 1
    return f"{value:.{decimals}f}"
