"""The SVG elements that the drawings are made of. Colours come from the page's style sheet, by class."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from markupsafe import Markup

from gsi_bench_metric.pages.svg import element, points_of

__all__ = ["arrow", "circle", "drawing", "line", "path", "polygon", "text"]


def drawing(width: float, height: float, title: str, parts: Iterable[Markup]) -> Markup:
    """A drawing that fills the width it is given; `title` says to those who cannot see it what it shows."""
    return element("svg", *parts, class_="gsi-drawing", viewBox=f"0 0 {width:.0f} {height:.0f}", role="img", aria_label=title)


def polygon(points: Iterable[Sequence[float]], kind: str, width: float | None = None) -> Markup:
    """A closed outline; `width` of its line where the style sheet does not say it."""
    return element("polygon", class_=kind, points=points_of(points), stroke_width=width)


def path(data: str, kind: str) -> Markup:
    """Path data."""
    return element("path", class_=kind, d=data)


def circle(centre: Sequence[float], radius: float, kind: str) -> Markup:
    """A circle."""
    x, y = centre
    return element("circle", class_=kind, cx=float(x), cy=float(y), r=float(radius))


def line(start: Sequence[float], end: Sequence[float], kind: str) -> Markup:
    """A line."""
    (x1, y1), (x2, y2) = start, end
    return element("line", class_=kind, x1=float(x1), y1=float(y1), x2=float(x2), y2=float(y2))


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
    x, y = at
    return element("text", words, class_=kind, x=float(x), y=float(y), text_anchor=anchor)
