"""Small plots as inline SVG. Pure functions of numbers; every text that they are given is escaped.

Colours keep apart under the common colour blindnesses and have a contrast of at least 3 to white; each series also has a
shape of its own, so that a print in grey tells them apart.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

from gsi_bench_metric.report.tables import Cell

__all__ = ["bin_counts", "dot_plot", "histogram", "interval_mark", "series_colour", "series_key"]

_COLOURS = ("#0072b2", "#c44e00", "#00805d", "#a3387f", "#7a6000", "#4d4d4d")
_SHAPES = ("circle", "square", "triangle", "diamond", "cross")
_INK, _SOFT, _GRID = "#1d2129", "#565d68", "#d9dce1"
_BINS = 10


def series_colour(index: int) -> str:
    """The colour of the n-th series."""
    return _COLOURS[index % len(_COLOURS)]


def series_key(index: int) -> Markup:
    """The mark of the n-th series, for a legend."""
    return Markup('<svg class="key" viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">{}</svg>').format(
        _mark(index, 6, 6)
    )


def interval_mark(cell: Cell) -> Markup:
    """A dot with whiskers on a 0–100 line, to stand in a table below its number; empty where there is no number."""
    if cell.value is None or not math.isfinite(cell.value):
        return Markup("")
    parts = [
        _line(1, 6, 99, 6, colour=_GRID, width=1),
        _line(1, 3, 1, 9, colour=_GRID, width=1),
        _line(99, 3, 99, 9, colour=_GRID, width=1),
    ]
    if cell.low is not None and cell.high is not None:
        parts.append(_line(_percent(cell.low), 6, _percent(cell.high), 6, colour=_COLOURS[0], width=2))
    parts.append(_mark(0, _percent(cell.value), 6))
    return Markup('<svg class="mark" viewBox="-4 0 108 12" width="86" height="10" aria-hidden="true">{}</svg>').format(
        Markup("").join(parts)
    )


def dot_plot(title: str, rows: Sequence[tuple[str, Sequence[Cell]]], series: Sequence[tuple[int, str]]) -> Markup:
    """Dots with whiskers on a 0–100 axis, a band for each label. `series`: number and name of each dot of a band."""
    left, width, step = 70, 360, 9
    line = step * len(series) + 9
    bottom = line * len(rows) + 6
    axis = _axis(left, width - 12, bottom)
    body = []
    for i, (label, cells) in enumerate(rows):
        top = 6 + i * line
        body.append(_text(left - 10, top + line / 2, label, anchor="end", colour=_INK))
        body.append(_line(left, top, width - 12, top, colour=_GRID, width=1))
        for slot, ((number, _), cell) in enumerate(zip(series, cells, strict=True)):
            body.append(_dot(number, cell, left, width - 12, top + 9 + slot * step))
    words = "; ".join(
        f"{label}: " + ", ".join(f"{name} {cell.text}" for (_, name), cell in zip(series, cells, strict=True))
        for label, cells in rows
    )
    return _svg(title, words, width, bottom + 22, [*axis, *body])


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
    base = height - 22
    bar = (right - left) / len(counts)
    body = []
    for i, count in enumerate(counts):
        if count:
            tall = max(1.5, count / max(peak, 1) * (base - 16))
            body.append(
                Markup('<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="{}"/>').format(
                    left + i * bar + 1.5, base - tall, bar - 3, tall, series_colour(series)
                )
            )
            body.append(_text(left + (i + 0.5) * bar, base - tall - 6, str(count), anchor="middle", colour=_INK, size=10))
    ticks = [
        _text(left + (right - left) * share / 100, base + 13, str(share), anchor="middle", colour=_SOFT)
        for share in (0, 25, 50, 75, 100)
    ]
    words = ", ".join(f"{count} from {10 * i} to {10 * i + 10}" for i, count in enumerate(counts) if count) or "no edits"
    return _svg(title, words, width, height, [*body, _line(left, base, right, base, colour=_SOFT, width=1), *ticks])


def _axis(left: float, right: float, bottom: float) -> list[Markup]:
    parts = []
    for share in (0, 25, 50, 75, 100):
        x = left + (right - left) * share / 100
        parts.append(_line(x, 4, x, bottom, colour=_GRID, width=1))
        parts.append(_text(x, bottom + 13, str(share), anchor="middle", colour=_SOFT))
    return parts


def _dot(series: int, cell: Cell, left: float, right: float, y: float) -> Markup:
    if cell.value is None or not math.isfinite(cell.value):
        return Markup("")

    def place(value: float) -> float:
        return left + (right - left) * _percent(value) / 100

    mark = _mark(series, place(cell.value), y)
    if cell.low is None or cell.high is None:
        return mark
    return _line(place(cell.low), y, place(cell.high), y, colour=series_colour(series), width=1.5) + mark


def _mark(series: int, x: float, y: float) -> Markup:
    colour, shape = series_colour(series), _SHAPES[series % len(_SHAPES)]
    if shape == "circle":
        return Markup('<circle cx="{:.1f}" cy="{:.1f}" r="4" fill="{}"/>').format(x, y, colour)
    outlines = {
        "square": ((-3.6, -3.6), (3.6, -3.6), (3.6, 3.6), (-3.6, 3.6)),
        "triangle": ((0, -4.6), (4.4, 3.4), (-4.4, 3.4)),
        "diamond": ((0, -5), (5, 0), (0, 5), (-5, 0)),
        "cross": ((-4, -2), (-2, -4), (0, -2), (2, -4), (4, -2), (2, 0), (4, 2), (2, 4), (0, 2), (-2, 4), (-4, 2), (-2, 0)),
    }
    points = " ".join(f"{x + dx:.1f},{y + dy:.1f}" for dx, dy in outlines[shape])
    return Markup('<polygon points="{}" fill="{}"/>').format(points, colour)


def _percent(value: float) -> float:
    return min(max(value, 0.0), 100.0)


def _line(x1: float, y1: float, x2: float, y2: float, *, colour: str, width: float) -> Markup:
    return Markup('<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" stroke="{}" stroke-width="{}"/>').format(
        x1, y1, x2, y2, colour, width
    )


def _text(x: float, y: float, words: str, *, anchor: str, colour: str, size: int = 11) -> Markup:
    return Markup('<text x="{:.1f}" y="{:.1f}" dy=".32em" text-anchor="{}" fill="{}" font-size="{}">{}</text>').format(
        x, y, anchor, colour, size, words
    )


def _svg(title: str, words: str, width: float, height: float, parts: Sequence[Markup]) -> Markup:
    return Markup('<svg class="plot" viewBox="0 0 {} {}" role="img"><title>{}</title><desc>{}</desc>{}</svg>').format(
        width, height, title, words, Markup("").join(parts)
    )
