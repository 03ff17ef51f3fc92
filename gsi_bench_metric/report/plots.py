"""The plots of a report, as inline SVG. Pure functions of numbers; every text that they are given is escaped."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

from gsi_bench_metric.pages.charts import GRID, INK, SOFT, across, has_value, in_words, mark, series_colour, within
from gsi_bench_metric.pages.svg import Drawing, Line, Polygon, Shape, Text
from gsi_bench_metric.pages.tables import Cell, Row

__all__ = ["bin_counts", "dot_plot", "histogram"]

_BINS = 10


def dot_plot(title: str, rows: Sequence[Row], series: Sequence[tuple[int, str]]) -> Markup:
    """Dots with whiskers on a 0–100 axis, a band for each row. `series`: number and name of each dot of a band."""
    left, width, step = 70, 360, 9
    right, line = width - 12, step * len(series) + 9
    bottom = line * len(rows) + 6

    def x(value: float) -> float:
        return left + (right - left) * within(value) / 100

    shapes = across(x, 4, bottom)
    for i, (label, _, cells) in enumerate(rows):
        top = 6 + i * line
        shapes += [Text(left - 10, top + line / 2, label, INK, "end"), Line(((left, top), (right, top)), GRID)]
        for slot, ((number, _), cell) in enumerate(zip(series, cells, strict=True)):
            y = top + 9 + slot * step
            if cell.value is None or not has_value(cell):
                continue
            if cell.low is not None and cell.high is not None:
                shapes.append(Line(((x(cell.low), y), (x(cell.high), y)), series_colour(number), 1.5))
            shapes.append(mark(number, x(cell.value), y))
    words = in_words((label, _named(series, cells)) for label, _, cells in rows)
    return Drawing(title, words, width, bottom + 22, shapes).svg()


def _named(series: Sequence[tuple[int, str]], cells: Sequence[Cell]) -> list[tuple[str, str]]:
    return [(name, cell.text) for (_, name), cell in zip(series, cells, strict=True)]


def bin_counts(values: Sequence[float]) -> list[int]:
    """Counts in ten equal bins of 0–100. What lies outside is counted in the outermost bin, NaN nowhere.

    >>> bin_counts([-5, 0, 9.9, 10, 100, float("nan")])
    [3, 1, 0, 0, 0, 0, 0, 0, 0, 1]
    """
    counts = [0] * _BINS
    for value in values:
        if not math.isnan(value):
            counts[int(min(max(value / 100 * _BINS, 0), _BINS - 1))] += 1
    return counts


def histogram(title: str, counts: Sequence[int], peak: int, series: int) -> Markup:
    """Bars over 0–100 with their counts. `peak`: the count that fills the height, the same for plots to be compared."""
    width, height, left, right = 300, 104, 12, 286
    base, bar = height - 22, (right - left) / len(counts)
    shapes: list[Shape] = []
    for i, count in enumerate(counts):
        if count:
            tall = max(1.5, count / max(peak, 1) * (base - 16))
            shapes.append(Polygon.box(left + i * bar + 1.5, base - tall, bar - 3, tall, series_colour(series)))
            shapes.append(Text(left + (i + 0.5) * bar, base - tall - 6, str(count), INK, "middle", 10))
    shapes.append(Line(((left, base), (right, base)), SOFT))
    shapes += across(lambda value: left + (right - left) * value / 100, base, base, lines=False)
    words = ", ".join(f"{count} from {10 * i} to {10 * i + 10}" for i, count in enumerate(counts) if count) or "no edits"
    return Drawing(title, words, width, height, shapes).svg()
