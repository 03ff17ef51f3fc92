"""The plots of a validity page. Pure functions of verdicts."""

from __future__ import annotations

import math
from collections.abc import Sequence

from gsi_bench_metric.report.plots import series_colour
from gsi_bench_metric.validity.drawing import Drawing, Line, Polygon, Shape, Text
from gsi_bench_metric.validity.judge import ALL, Curve, Robustness
from gsi_bench_metric.validity.judge_detector import Calibration

__all__ = ["curve_plot", "reliability_plot", "robustness_plot"]

_INK, _SOFT, _GRID = "#1d2129", "#565d68", "#d9dce1"
_BAND = "#eef5f1"
NAMES = ("right edit", "nothing done", "opposite")


def curve_plot(title: str, curves: Sequence[Curve]) -> Drawing:
    """Mean gated SA over progress, a line an operation, each named at its end; all operations together are thick and black."""
    width, height, left, right, top, bottom = 460.0, 300.0, 44.0, 360.0, 14.0, 258.0

    def at(progress: float, value: float) -> tuple[float, float]:
        return left + (right - left) * progress, bottom - (bottom - top) * value / 100

    shapes: list[Shape] = []
    for share in (0, 25, 50, 75, 100):
        shapes.append(Line((at(0, share), at(1, share)), _GRID))
        shapes.append(Text(left - 8, at(0, share)[1], str(share), _SOFT, "end"))
    for share in (0, 20, 40, 60, 80, 100):
        shapes.append(Text(at(share / 100, 0)[0], bottom + 15, str(share), _SOFT, "middle"))
    shapes.append(Text((left + right) / 2, bottom + 34, "per cent of the way that was asked", _SOFT, "middle"))
    known = [curve for curve in curves if curve.grades]
    places = _apart([at(1, curve.grades[max(curve.grades)])[1] for curve in known], 14.0, top, bottom)
    for i, (curve, y) in enumerate(zip(known, places, strict=True)):
        whole = curve.operation == ALL
        colour = _INK if whole else series_colour(i)
        points = [at(grade, value) for grade, value in curve.grades.items()]
        shapes.append(Line(points, colour, 3.0 if whole else 2.0))
        shapes += [] if whole else [_dot(x, y_, colour) for x, y_ in points]
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
        return left + (right - left) * min(max(value, 0.0), 100.0) / 100

    shapes: list[Shape] = []
    for i, row in enumerate(rows):  # the bands where marks belong
        low = row.condition.after.low or 0.0
        y = top + i * step
        shapes += [Polygon.box(x(low), y, x(100) - x(low), step, _BAND), Polygon.box(x(0), y, x(2) - x(0), step, _BAND)]
    for share in (0, 25, 50, 75, 100):
        shapes.append(Line(((x(share), top), (x(share), bottom)), _GRID))
        shapes.append(Text(x(share), bottom + 13, str(share), _SOFT, "middle"))
    for slot, (name, series) in enumerate(zip(NAMES, (0, 1, 3), strict=True)):
        shapes += [_mark(series, left + 8 + slot * 112, 13), Text(left + 18 + slot * 112, 13, name, _INK)]
    for i, row in enumerate(rows):
        y = top + (i + 0.5) * step
        shapes.append(Text(left - 10, y, row.condition.short, _INK, "end"))
        shapes.append(Line(((left, y + step / 2), (right, y + step / 2)), _GRID, 0.5))
        values = ((row.after.ic, 0), (row.source.ic, 1), (row.opposite.ic, 3))
        shapes += [_mark(series, x(value), y) for value, series in values if value is not None]
    words = "; ".join(
        f"{r.condition.short}: "
        + ", ".join(f"{name} {_said(v)}" for name, v in zip(NAMES, (r.after.ic, r.source.ic, r.opposite.ic), strict=True))
        for r in rows
    )
    return Drawing(title, words, width, bottom + 24, shapes)


def reliability_plot(title: str, bins: Sequence[Calibration]) -> Drawing:
    """Share of right detections over the confidence that they were given; on the diagonal a detector knows itself."""
    size, left, top = 220.0, 40.0, 22.0

    def at(x: float, y: float) -> tuple[float, float]:
        return left + size * x, top + size * (1 - y)

    shapes: list[Shape] = []
    for share in (0, 0.5, 1):
        shapes += [Line((at(0, share), at(1, share)), _GRID), Line((at(share, 0), at(share, 1)), _GRID)]
        shapes.append(Text(left - 7, at(0, share)[1], f"{100 * share:.0f}", _SOFT, "end"))
        shapes.append(Text(at(share, 0)[0], top + size + 13, f"{100 * share:.0f}", _SOFT, "middle"))
    shapes.append(Line((at(0, 0), at(1, 1)), _SOFT, 1, dashed=True))
    known = [(b.said, b.right, b.n) for b in bins if b.said is not None and b.right is not None]
    shapes.append(Line([at(said, right) for said, right, _ in known], series_colour(0), 2))
    shapes += [_dot(*at(said, right), series_colour(0)) for said, right, _ in known]
    shapes += [Text(at(said, right)[0] - 8, at(said, right)[1] - 9, f"n = {n}", _INK, "end", 10) for said, right, n in known]
    shapes.append(Text(left + size / 2, top + size + 30, "right, %, over the confidence said, %", _SOFT, "middle"))
    words = ", ".join(f"said {100 * said:.0f} %, right {100 * right:.0f} % of {n}" for said, right, n in known)
    return Drawing(title, words or "no confidence is given", 460, top + size + 40, shapes)


def _said(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f}"


def _dot(x: float, y: float, colour: str, radius: float = 3.6) -> Polygon:
    return Polygon(
        [(x + radius * math.cos(t * math.pi / 8), y + radius * math.sin(t * math.pi / 8)) for t in range(16)], colour
    )


def _mark(series: int, x: float, y: float) -> Polygon:
    """A dot, a square or a diamond, so that a print in grey tells them apart."""
    colour = series_colour(series)
    if series == 1:
        return Polygon.box(x - 3.6, y - 3.6, 7.2, 7.2, colour)
    if series == 3:
        return Polygon([(x, y - 5), (x + 5, y), (x, y + 5), (x - 5, y)], colour)
    return _dot(x, y, colour, 4.5)


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
