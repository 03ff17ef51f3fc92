"""How far something turned, and how much it grew."""

from __future__ import annotations

import math

import numpy as np
from markupsafe import Markup

from gsi_bench_space.drawing import svg
from gsi_bench_space.scoring.findings import Dial, SizeBar

__all__ = ["dial", "size_bar"]

_SIDE, _RADIUS = 260.0, 100.0
_BAR_WIDTH, _BAR_HEIGHT = 420.0, 130.0
_ROOM = 50.0  # between two figures below the bar


def dial(found: Dial, title: str, asked: str, done: str) -> Markup:
    """A turn seen from above, the start pointing up. `asked`, `done`: the words for the two hands."""
    middle = (_SIDE / 2, _SIDE / 2)
    parts = [svg.circle(middle, _RADIUS, "gsi-face")]
    parts += [svg.path(_sector(found.asked, float(error)), "gsi-sector") for error in found.rings[::-1]]
    parts += [svg.line(_on(turn, _RADIUS), _on(turn, _RADIUS + 6), "gsi-ruler") for turn in np.arange(8) * math.pi / 4]
    parts.append(svg.line(middle, _on(0, _RADIUS), "gsi-start"))
    parts.append(svg.arrow(middle, _on(found.asked, _RADIUS), "gsi-way gsi-goal"))
    if found.done is not None:
        parts.append(svg.arrow(middle, _on(found.done, 0.8 * _RADIUS), "gsi-way gsi-found"))
    words = [f"{asked} {_degrees(found.asked)}", f"{done} {'?' if found.done is None else _degrees(found.done)}"]
    parts += [
        svg.text((6, 16), words[0], "gsi-text gsi-goal", "start"),
        svg.text((6, 34), words[1], "gsi-text gsi-found", "start"),
    ]
    return svg.drawing(_SIDE, _SIDE, title, parts)


def size_bar(found: SizeBar, title: str, asked: str, done: str) -> Markup:
    """Sizes on a logarithmic scale, where twice and half lie equally far from 1."""
    values = [v for v in (found.asked, found.done, *found.allowed, 1.0) if v is not None and 0 < v < math.inf]
    low, high = math.log(min(values)) - 0.25, math.log(max(values)) + 0.25

    def at(factor: float) -> float:
        inside = min(max(math.log(factor) if factor > 0 else low, low), high)
        return 20 + (_BAR_WIDTH - 40) * (inside - low) / (high - low)

    y = _BAR_HEIGHT / 2
    left, right = (at(value) for value in found.allowed)
    parts = [svg.polygon([(left, y - 9), (right, y - 9), (right, y + 9), (left, y + 9)], "gsi-sector gsi-band")]
    parts.append(svg.line((20, y), (_BAR_WIDTH - 20, y), "gsi-ruler"))
    parts.append(svg.line((at(1), y - 12), (at(1), y + 12), "gsi-start"))
    if found.done is None or abs(at(found.done) - at(1)) > _ROOM:
        parts.append(svg.text((at(1), y + 28), "100 %"))
    parts += [
        _mark(at(found.asked), y - 12, -14, "goal"),
        svg.text((_inside(at(found.asked)), y - 34), f"{asked} {_percent(found.asked)}"),
    ]
    if found.done is not None and math.isfinite(found.done):
        parts += [_mark(at(found.done), y + 12, 14, "found")]
        parts += [svg.text((_inside(at(found.done)), y + 48), f"{done} {_percent(found.done)}")]
    return svg.drawing(_BAR_WIDTH, _BAR_HEIGHT, title, parts)


def _mark(x: float, y: float, rise: float, kind: str) -> Markup:
    return svg.polygon([(x, y), (x - 8, y + rise), (x + 8, y + rise)], f"gsi-way gsi-dot gsi-{kind}")


def _inside(x: float) -> float:
    """Where words about a spot stay within the drawing."""
    return min(max(x, 60.0), _BAR_WIDTH - 60.0)


def _percent(factor: float) -> str:
    return f"{100 * factor:.0f} %"


def _degrees(turn: float) -> str:
    arrow = "↺" if turn > 0 else "↻"
    return f"{abs(math.degrees(turn)):.0f}° {arrow}" if abs(turn) >= math.radians(0.5) else "0°"


def _on(turn: float, radius: float) -> tuple[float, float]:
    """Seen from above, counter-clockwise > 0."""
    return _SIDE / 2 - radius * math.sin(turn), _SIDE / 2 - radius * math.cos(turn)


def _sector(middle: float, half: float) -> str:
    """Path data of all turns within `half` of `middle`."""
    (x0, y0), (x1, y1) = _on(middle - half, _RADIUS), _on(middle + half, _RADIUS)
    large = int(2 * half > math.pi)
    centre = _SIDE / 2
    return f"M{centre:.1f} {centre:.1f}L{x0:.1f} {y0:.1f}A{_RADIUS:.1f} {_RADIUS:.1f} 0 {large} 0 {x1:.1f} {y1:.1f}Z"
