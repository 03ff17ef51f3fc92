"""The plots of a validity page. Pure functions of verdicts."""

from __future__ import annotations

import math
from collections.abc import Sequence

from gsi_bench_metric.pages.charts import GRID, INK, SOFT, across, in_words, mark, series_colour, within
from gsi_bench_metric.pages.numbers import fixed
from gsi_bench_metric.pages.svg import Circle, Drawing, Line, Polygon, Shape, Text
from gsi_bench_metric.validity.judge import ALL, Curve, Robustness
from gsi_bench_metric.validity.judge_detector import Calibration

__all__ = ["curve_plot", "reliability_plot", "robustness_plot"]

_BAND = "#eef5f1"
_DOT = 3.6
_SERIES = (("right edit", 0), ("nothing done", 1), ("opposite", 3))  # name and number


def curve_plot(title: str, curves: Sequence[Curve]) -> Drawing:
    """Mean gated SA over progress, a line an operation, each named at its end; all operations together are thick and black."""
    width, height, left, right, top, bottom = 460.0, 300.0, 44.0, 360.0, 14.0, 258.0

    def at(progress: float, value: float) -> tuple[float, float]:
        return left + (right - left) * progress, bottom - (bottom - top) * value / 100

    shapes: list[Shape] = []
    for share in (0, 25, 50, 75, 100):
        shapes.append(Line((at(0, share), at(1, share)), GRID))
        shapes.append(Text(left - 8, at(0, share)[1], str(share), SOFT, "end"))
    for share in (0, 20, 40, 60, 80, 100):
        shapes.append(Text(at(share / 100, 0)[0], bottom + 15, str(share), SOFT, "middle"))
    shapes.append(Text((left + right) / 2, bottom + 34, "per cent of the way that was asked", SOFT, "middle"))
    known = [curve for curve in curves if curve.grades]
    places = _apart([at(1, curve.grades[max(curve.grades)])[1] for curve in known], 14.0, top, bottom)
    for i, (curve, y) in enumerate(zip(known, places, strict=True)):
        whole = curve.operation == ALL
        colour = INK if whole else series_colour(i)
        points = [at(grade, value) for grade, value in curve.grades.items()]
        shapes.append(Line(points, colour, 3.0 if whole else 2.0))
        shapes += [] if whole else [Circle(*point, _DOT, colour) for point in points]
        shapes.append(Line((points[-1], (right + 12, y)), colour, 0.8))
        shapes.append(Text(right + 16, y, f"{curve.operation} (n = {curve.edits})", colour))
    words = "; ".join(
        f"{c.operation}: " + ", ".join(f"{value:.0f} at {100 * grade:.0f} %" for grade, value in c.grades.items())
        for c in known
    )
    return Drawing(title, words or "no graded edits were scored", width, height, shapes)


def robustness_plot(title: str, rows: Sequence[Robustness]) -> Drawing:
    """IC of the right edit, the untouched source and the opposite edit under each condition; bands are the bars."""
    left, right, width, step, top = 128.0, 520.0, 545.0, 24.0, 30.0
    bottom = top + step * len(rows)

    def x(value: float) -> float:
        return left + (right - left) * within(value) / 100

    shapes: list[Shape] = []
    for i, row in enumerate(rows):  # the bands where marks belong
        low = row.condition.after.low or 0.0
        y = top + i * step
        shapes += [Polygon.box(x(low), y, x(100) - x(low), step, _BAND), Polygon.box(x(0), y, x(2) - x(0), step, _BAND)]
    shapes += across(x, top, bottom)
    for slot, (name, series) in enumerate(_SERIES):
        shapes += [mark(series, left + 8 + slot * 112, 13), Text(left + 18 + slot * 112, 13, name, INK)]
    for i, row in enumerate(rows):
        y = top + (i + 0.5) * step
        shapes.append(Text(left - 10, y, row.condition.short, INK, "end"))
        shapes.append(Line(((left, y + step / 2), (right, y + step / 2)), GRID, 0.5))
        shapes += [mark(n, x(v), y) for (_, n), v in zip(_SERIES, _values(row), strict=True) if v is not None]
    words = in_words(
        (row.condition.short, [(name, fixed(v, 0)) for (name, _), v in zip(_SERIES, _values(row), strict=True)]) for row in rows
    )
    return Drawing(title, words, width, bottom + 24, shapes)


def reliability_plot(title: str, bins: Sequence[Calibration]) -> Drawing:
    """Share of right detections over the confidence that they were given; on the diagonal a detector knows itself."""
    size, left, top = 220.0, 40.0, 22.0

    def at(x: float, y: float) -> tuple[float, float]:
        return left + size * x, top + size * (1 - y)

    shapes: list[Shape] = []
    for share in (0, 0.5, 1):
        shapes += [Line((at(0, share), at(1, share)), GRID), Line((at(share, 0), at(share, 1)), GRID)]
        shapes.append(Text(left - 7, at(0, share)[1], f"{100 * share:.0f}", SOFT, "end"))
        shapes.append(Text(at(share, 0)[0], top + size + 13, f"{100 * share:.0f}", SOFT, "middle"))
    shapes.append(Line((at(0, 0), at(1, 1)), SOFT, 1, dashed=True))
    known = [(b.said, b.right, b.n) for b in bins if b.said is not None and b.right is not None]
    shapes.append(Line([at(said, right) for said, right, _ in known], series_colour(0), 2))
    shapes += [Circle(*at(said, right), _DOT, series_colour(0)) for said, right, _ in known]
    shapes += [Text(at(said, right)[0] - 8, at(said, right)[1] - 9, f"n = {n}", INK, "end", 10) for said, right, n in known]
    shapes.append(Text(left + size / 2, top + size + 30, "right, %, over the confidence said, %", SOFT, "middle"))
    words = ", ".join(f"said {100 * said:.0f} %, right {100 * right:.0f} % of {n}" for said, right, n in known)
    return Drawing(title, words or "no confidence is given", 460, top + size + 40, shapes)


def _values(row: Robustness) -> tuple[float | None, float | None, float | None]:
    """IC in the order of the series."""
    return row.after.ic, row.source.ic, row.opposite.ic


def _apart(places: Sequence[float], least: float, low: float, high: float) -> list[float]:
    """Heights of labels in the same order, at least so far apart, near where they belong, none below `high` if they fit."""
    order = sorted(range(len(places)), key=lambda i: places[i])
    found = [0.0] * len(places)
    last = -math.inf
    for i in order:
        last = found[i] = max(places[i], last + least, low)
    over = max([last - high, 0.0])
    limit = math.inf
    for i in reversed(order if over else []):
        limit = found[i] = min(found[i], high if limit == math.inf else limit - least)
    return found
