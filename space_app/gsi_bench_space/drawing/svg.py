"""The few SVG elements that the drawings are made of. Colours come from the page's style sheet, by class."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from markupsafe import Markup

__all__ = ["arrow", "circle", "drawing", "line", "path", "polygon", "text"]


def drawing(width: float, height: float, title: str, parts: Iterable[Markup]) -> Markup:
    """A drawing that fills the width it is given; `title` says to those who cannot see it what it shows."""
    return Markup('<svg class="gsi-drawing" viewBox="0 0 {:.0f} {:.0f}" role="img" aria-label="{}">{}</svg>').format(
        width, height, title, Markup("").join(parts)
    )


def polygon(points: Iterable[Sequence[float]], kind: str) -> Markup:
    """A closed outline."""
    return Markup('<polygon class="{}" points="{}"/>').format(kind, " ".join(f"{x:.1f},{y:.1f}" for x, y in points))


def path(data: str, kind: str) -> Markup:
    """Path data."""
    return Markup('<path class="{}" d="{}"/>').format(kind, data)


def circle(centre: Sequence[float], radius: float, kind: str) -> Markup:
    """A circle."""
    return Markup('<circle class="{}" cx="{:.1f}" cy="{:.1f}" r="{:.1f}"/>').format(kind, *centre, radius)


def line(start: Sequence[float], end: Sequence[float], kind: str) -> Markup:
    """A line."""
    return Markup('<line class="{}" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>').format(kind, *start, *end)


def arrow(start: Sequence[float], end: Sequence[float], kind: str, head: float = 9.0) -> Markup:
    """A line with a head; one that is too short to point anywhere is a dot."""
    (x0, y0), (x1, y1) = start, end
    length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
    if length < 2:
        return circle(end, 4, f"{kind} gsi-dot")
    ux, uy = (x1 - x0) / length, (y1 - y0) / length
    bx, by = x1 - head * ux, y1 - head * uy
    tip = [(x1, y1), (bx - head * uy / 2, by + head * ux / 2), (bx + head * uy / 2, by - head * ux / 2)]
    return line(start, (bx, by), kind) + polygon(tip, f"{kind} gsi-dot")


def text(at: Sequence[float], words: str, kind: str = "gsi-text", anchor: str = "middle") -> Markup:
    """Words on a spot."""
    return Markup('<text class="{}" x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>').format(kind, *at, anchor, words)
