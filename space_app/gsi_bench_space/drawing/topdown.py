"""The scene seen from above, with the rings at which accuracy falls."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from gsi_bench_space.drawing import svg
from gsi_bench_space.scoring.findings import GroundMap, RingSet

__all__ = ["topdown"]

_SIDE = 420.0  # of the drawing, its own units
_MARGIN_M = 0.05
_LEAST_SPAN_M = 0.6
_NAME_WIDE, _NAME_HIGH = 60.0, 14.0  # room for a name
_STEPS_M = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)  # lengths that a ruler may have

Array = NDArray[np.float64]
Place = Callable[[Array], tuple[float, float]]


def topdown(ground: GroundMap, title: str, camera: str) -> Markup:
    """The map: right is right, up is away from the camera. `camera`: the word for it."""
    low, span = _window(ground)
    scale = _SIDE / span

    def place(point: Array) -> tuple[float, float]:
        right, away = (point - low) * scale
        return float(right), float(_SIDE - away)

    parts = [_ring(ground.rings, d, place, scale) for d in (ground.rings.distances[::-1] if ground.rings else ())]
    for found in ground.footprints:
        parts.append(svg.polygon([place(corner) for corner in found.corners], f"gsi-print gsi-{found.kind}"))
    parts += _names(ground, place, scale)
    for way, kind in ((ground.asked, "goal"), (ground.done, "found")):
        if way is not None:
            parts.append(svg.arrow(place(way[0]), place(way[1]), f"gsi-way gsi-{kind}"))
    if ground.camera:
        x, y = place(np.zeros(2))
        parts.append(svg.polygon([(x, y - 2), (x - 9, y - 18), (x + 9, y - 18)], "gsi-camera"))
        parts.append(svg.text((x, y + 14), camera))
    return svg.drawing(_SIDE, _SIDE, title, [*parts, *_ruler(span, scale)])


def _window(ground: GroundMap) -> tuple[Array, float]:
    """Lower left corner (2,) and side, metres, of the square that is shown: what the edit is about, and a margin."""
    points = [f.corners for f in ground.footprints if f.kind in ("original", "goal", "found", "changed") or ground.camera]
    points += [np.stack(way) for way in (ground.asked, ground.done) if way is not None]
    if ground.rings is not None:
        reach = float(ground.rings.distances.max())
        points += [ground.rings.outline - reach, ground.rings.outline + reach]
    if ground.camera:
        points.append(np.zeros((1, 2)))
    every = np.concatenate(points) if points else np.zeros((1, 2))
    low, high = every.min(0) - _MARGIN_M, every.max(0) + _MARGIN_M
    span = max(float((high - low).max()), _LEAST_SPAN_M)
    return (low + high) / 2 - span / 2, span


def _ring(rings: RingSet | None, distance: float, place: Place, scale: float) -> Markup:
    """All points at a distance from the outline: of a point a circle, of a polygon its border drawn that thick."""
    if rings is None:
        return Markup("")
    kind = "gsi-ring" if rings.graded else "gsi-ring gsi-limit"
    if len(rings.outline) == 1:
        return svg.circle(place(rings.outline[0]), distance * scale, kind)
    return svg.polygon([place(corner) for corner in rings.outline], "gsi-band", width=float(2 * distance * scale))


def _names(ground: GroundMap, place: Place, scale: float) -> list[Markup]:
    """What stands around, by name, where there is room for it."""
    taken: list[tuple[float, float]] = []
    parts = []
    for found in ground.footprints:
        x, y = place(found.corners.mean(0))
        inside = 0 < x < _SIDE and 0 < y < _SIDE
        free = all(abs(x - x0) > _NAME_WIDE or abs(y - y0) > _NAME_HIGH for x0, y0 in taken)
        if found.kind in ("thing", "changed") and inside and free and _wide(found.corners, scale):
            taken.append((x, y))
            parts.append(svg.text((x, y + 4), found.name, "gsi-text gsi-faint"))
    return parts


def _wide(corners: Array, scale: float) -> bool:
    return float(np.ptp(corners, axis=0).max()) * scale > 36


def _ruler(span: float, scale: float) -> Sequence[Markup]:
    length = next((step for step in _STEPS_M[::-1] if step <= span / 4), _STEPS_M[0])
    x0, y = 14.0, _SIDE - 14.0
    words = f"{length:g} m" if length >= 1 else f"{math.floor(length * 100 + 0.5)} cm"
    end = x0 + length * scale
    return [svg.line((x0, y), (end, y), "gsi-ruler"), svg.text(((x0 + end) / 2, y - 6), words)]
