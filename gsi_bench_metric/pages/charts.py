"""What charts have in common: colours and marks of series, the 0–100 axis, marks within tables.

Colours keep apart under the common colour blindnesses and have a contrast of at least 3 to white; each series also has a
shape of its own, so that a print in grey tells them apart.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from markupsafe import Markup

from gsi_bench_metric.pages.svg import Circle, Line, Polygon, Shape, Text, icon
from gsi_bench_metric.pages.tables import Cell

__all__ = [
    "GRID",
    "INK",
    "SOFT",
    "across",
    "has_value",
    "in_words",
    "interval_mark",
    "mark",
    "series_colour",
    "series_key",
    "within",
]

INK, SOFT, GRID = "#1d2129", "#565d68", "#d9dce1"
_COLOURS = ("#0072b2", "#c44e00", "#00805d", "#a3387f", "#7a6000", "#4d4d4d")
_OUTLINES = (
    (),  # a circle
    ((-3.6, -3.6), (3.6, -3.6), (3.6, 3.6), (-3.6, 3.6)),
    ((0, -4.6), (4.4, 3.4), (-4.4, 3.4)),
    ((0, -5), (5, 0), (0, 5), (-5, 0)),
    ((-4, -2), (-2, -4), (0, -2), (2, -4), (4, -2), (2, 0), (4, 2), (2, 4), (0, 2), (-2, 4), (-4, 2), (-2, 0)),
)
_STEPS = (0, 25, 50, 75, 100)


def series_colour(index: int) -> str:
    """The colour of the n-th series."""
    return _COLOURS[index % len(_COLOURS)]


def mark(series: int, x: float, y: float) -> Shape:
    """The mark of the n-th series: a dot, a square, a triangle, a diamond, a cross."""
    outline, colour = _OUTLINES[series % len(_OUTLINES)], series_colour(series)
    return Polygon([(x + dx, y + dy) for dx, dy in outline], colour) if outline else Circle(x, y, 4, colour)


def series_key(index: int) -> Markup:
    """The mark of the n-th series, for a legend."""
    return icon("key", "0 0 12 12", (12, 12), [mark(index, 6, 6)])


def within(value: float) -> float:
    """The value, brought to 0–100."""
    return min(max(value, 0.0), 100.0)


def has_value(cell: Cell) -> bool:
    """Whether a cell can be drawn."""
    return cell.value is not None and math.isfinite(cell.value)


def interval_mark(cell: Cell) -> Markup:
    """A dot with whiskers on a 0–100 line, to stand in a table below its number; empty where there is no number."""
    if cell.value is None or not has_value(cell):
        return Markup("")
    shapes: list[Shape] = [Line(ends, GRID) for ends in (((1, 6), (99, 6)), ((1, 3), (1, 9)), ((99, 3), (99, 9)))]
    if cell.low is not None and cell.high is not None:
        shapes.append(Line(((within(cell.low), 6), (within(cell.high), 6)), series_colour(0), 2))
    return icon("mark", "-4 0 108 12", (86, 10), [*shapes, mark(0, within(cell.value), 6)])


def across(x: Callable[[float], float], top: float, bottom: float, *, lines: bool = True) -> list[Shape]:
    """The 0–100 axis below a chart, with lines through it. `x`: where a value stands."""
    shapes: list[Shape] = []
    for share in _STEPS:
        shapes += [Line(((x(share), top), (x(share), bottom)), GRID)] if lines else []
        shapes.append(Text(x(share), bottom + 13, str(share), SOFT, "middle"))
    return shapes


def in_words(rows: Iterable[tuple[str, Iterable[tuple[str, str]]]]) -> str:
    """A chart in words: `row: name number, name number; …`."""
    return "; ".join(f"{label}: " + ", ".join(f"{name} {value}" for name, value in pairs) for label, pairs in rows)
