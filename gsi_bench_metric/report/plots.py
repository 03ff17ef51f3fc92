"""Small charts as SVG text, without scripts and fonts of their own: dots with intervals, and histograms.

Text that came from outside is escaped; colours are Okabe and Ito's, which colour-blind readers tell apart.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

__all__ = ["colour_of", "histograms", "intervals"]

_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#B8860B", "#3E8FB0", "#444444")
_WIDTH, _LEFT, _RIGHT = 320.0, 8.0, 8.0
_ROW = 34.0  # height of an editor among intervals
_BARS = 46.0  # and among histograms
_BINS = 20
_TEXT = Markup('<text x="{:.1f}" y="{:.1f}" class="{}" text-anchor="{}">{}</text>')
_LINE = Markup('<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" class="{}"/>')
_LONGEST_LABEL = 30


def colour_of(index: int) -> str:
    """The colour of the n-th editor."""
    return _COLOURS[index % len(_COLOURS)]


def intervals(title: str, rows: Sequence[tuple[str, float | None, float | None, float | None]], low: float = 0.0) -> Markup:
    """A dot for each mean on `low`–100 with a whisker for its interval: rows of (label, mean, low end, high end)."""
    parts = [_axis(low, _ROW * len(rows))]
    for i, (label, mean, left, right) in enumerate(rows):
        y = _ROW * i + 26
        parts.append(_TEXT.format(_LEFT, y - 10, "label", "start", _short(label)))
        value = "–" if mean is None else f"{mean:.1f}"
        parts.append(_TEXT.format(_WIDTH - _RIGHT, y - 10, "value", "end", value))
        if left is not None and right is not None:
            parts.append(
                Markup('<line x1="{:.1f}" y1="{y}" x2="{:.1f}" y2="{y}" stroke="{}" stroke-width="3" opacity=".45"/>').format(
                    _x(left, low), _x(right, low), colour_of(i), y=y
                )
            )
        if mean is not None:
            parts.append(Markup('<circle cx="{:.1f}" cy="{}" r="4.5" fill="{}"/>').format(_x(mean, low), y, colour_of(i)))
    return _svg(title, _ROW * len(rows) + 30, parts)


def histograms(title: str, rows: Sequence[tuple[str, Sequence[float]]], low: float = 0.0) -> Markup:
    """How the values of each label spread over `low`–100: one row of bars each, 20 bins, on one scale.

    Values beyond an end count in the bin at that end.
    """
    edges = np.linspace(low, 100.0, _BINS + 1)
    counts = [np.histogram(np.clip(values, low, 100.0), edges)[0] for _, values in rows]
    shares = [count / max(count.sum(), 1) for count in counts]
    tallest = max((share.max() for share in shares), default=0.0) or 1.0
    parts = [_axis(low, _BARS * len(rows))]
    for i, ((label, values), share) in enumerate(zip(rows, shares, strict=True)):
        base = _BARS * i + 42
        parts.append(_TEXT.format(_LEFT, base - 27, "label", "start", _short(label)))
        parts.append(_TEXT.format(_WIDTH - _RIGHT, base - 27, "value", "end", f"n = {len(values)}"))
        for left, right, part in zip(edges[:-1], edges[1:], share, strict=True):
            height = 22.0 * part / tallest
            if part > 0:
                x, width = _x(left, low), _x(right, low) - _x(left, low) - 1
                bar = Markup('<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="{}"/>')
                parts.append(bar.format(x, base - height, width, max(height, 0.8), colour_of(i)))
    return _svg(title, _BARS * len(rows) + 30, parts)


def _axis(low: float, height: float) -> Markup:
    bottom = height + 4
    marks = [low, *(v for v in (0.0, 25.0, 50.0, 75.0, 100.0) if v > low)]
    lines = [_LINE.format(_x(v, low), 18, _x(v, low), bottom, "grid") for v in marks]
    labels = [
        _TEXT.format(_x(v, low), bottom + 14, "tick", "start" if v == low else "end" if v == 100 else "middle", f"{v:g}")
        for v in marks
    ]
    return Markup("").join([*lines, *labels])


def _x(value: float, low: float) -> float:
    share = (min(max(value, low), 100.0) - low) / (100.0 - low)
    return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)


def _short(label: str) -> str:
    return label if len(label) <= _LONGEST_LABEL else label[: _LONGEST_LABEL - 1] + "…"


def _svg(title: str, height: float, parts: Sequence[Markup]) -> Markup:
    frame = Markup('<svg viewBox="0 0 {:.0f} {:.0f}" role="img" aria-label="{}"><title>{}</title>{}</svg>')
    return frame.format(_WIDTH, height, title, title, Markup("").join(parts))
