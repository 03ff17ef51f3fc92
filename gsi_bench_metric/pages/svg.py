"""SVG elements, and drawings made of shapes: inline SVG for a page and PNG for a paper, both look the same."""

from __future__ import annotations

import dataclasses
import io
import itertools
from collections.abc import Iterable, Sequence

from markupsafe import Markup
from PIL import Image, ImageDraw, ImageFont

__all__ = ["Circle", "Drawing", "Line", "Polygon", "Shape", "Text", "element", "icon", "points_of"]

_FINER = 4  # PNG pixels a unit before it is reduced by half: smooth edges
_ANCHORS = {"start": "lm", "middle": "mm", "end": "rm"}

Point = Sequence[float]


def element(name: str, *content: str, **attributes: object) -> Markup:
    """An SVG element; every text and value is escaped, but for what is `Markup`.

    Args:
        name: of the element.
        content: what stands in it.
        attributes: `stroke_width` stands for stroke-width, `class_` for class; floats have one decimal; None is left out.

    >>> element("circle", class_="dot", cx=1.25, r=4)
    Markup('<circle class="dot" cx="1.2" r="4"/>')
    """
    known = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items() if value is not None}
    said = Markup("").join(
        Markup(' {}="{}"').format(key, f"{value:.1f}" if isinstance(value, float) else value) for key, value in known.items()
    )
    if not content:
        return Markup("<{}{}/>").format(name, said)
    return Markup("<{0}{1}>{2}</{0}>").format(name, said, Markup("").join(content))


def points_of(points: Iterable[Point]) -> str:
    """Points as the attribute of that name."""
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


@dataclasses.dataclass(frozen=True)
class Line:
    """A line through points."""

    points: Sequence[Point]
    colour: str
    width: float = 1.0
    dashed: bool = False

    def svg(self) -> Markup:
        """As an element."""
        look = {"stroke": self.colour, "stroke_width": f"{self.width:g}", "stroke_dasharray": "4 3" if self.dashed else None}
        if len(self.points) == 2:
            (x1, y1), (x2, y2) = self.points
            return element("line", x1=float(x1), y1=float(y1), x2=float(x2), y2=float(y2), **look)
        return element("polyline", points=points_of(self.points), fill="none", stroke_linejoin="round", **look)

    def paint(self, pen: ImageDraw.ImageDraw) -> None:
        """With a pen of a PNG."""
        points = _finer(self.points)
        for piece in _dashes(points) if self.dashed else [points]:
            pen.line(piece, fill=self.colour, width=max(1, round(self.width * _FINER)), joint="curve")


@dataclasses.dataclass(frozen=True)
class Polygon:
    """A filled area."""

    points: Sequence[Point]
    colour: str

    @classmethod
    def box(cls, x: float, y: float, width: float, height: float, colour: str) -> Polygon:
        """A rectangle from its upper left corner."""
        return cls(((x, y), (x + width, y), (x + width, y + height), (x, y + height)), colour)

    def svg(self) -> Markup:
        """As an element."""
        return element("polygon", points=points_of(self.points), fill=self.colour)

    def paint(self, pen: ImageDraw.ImageDraw) -> None:
        """With a pen of a PNG."""
        pen.polygon(_finer(self.points), fill=self.colour)


@dataclasses.dataclass(frozen=True)
class Circle:
    """A filled circle."""

    x: float
    y: float
    radius: float
    colour: str

    def svg(self) -> Markup:
        """As an element."""
        return element("circle", cx=float(self.x), cy=float(self.y), r=f"{self.radius:g}", fill=self.colour)

    def paint(self, pen: ImageDraw.ImageDraw) -> None:
        """With a pen of a PNG."""
        r = self.radius
        pen.ellipse(_finer([(self.x - r, self.y - r), (self.x + r, self.y + r)]), fill=self.colour)


@dataclasses.dataclass(frozen=True)
class Text:
    """Words on one line, their middle at the height y; `anchor`: start, middle or end is at x."""

    x: float
    y: float
    words: str
    colour: str
    anchor: str = "start"
    size: float = 11.0

    def svg(self) -> Markup:
        """As an element."""
        place = {"x": float(self.x), "y": float(self.y), "dy": ".32em", "text_anchor": self.anchor}
        return element("text", self.words, **place, fill=self.colour, font_size=f"{self.size:g}")

    def paint(self, pen: ImageDraw.ImageDraw) -> None:
        """With a pen of a PNG."""
        font = ImageFont.load_default(self.size * _FINER)
        pen.text(_finer([(self.x, self.y)])[0], self.words, fill=self.colour, font=font, anchor=_ANCHORS[self.anchor])


Shape = Line | Polygon | Circle | Text


@dataclasses.dataclass(frozen=True)
class Drawing:
    """Shapes on white, later ones on top; units are CSS pixels. `words` say the same for those who cannot see it."""

    title: str
    words: str
    width: float
    height: float
    shapes: Sequence[Shape]

    def svg(self) -> Markup:
        """An inline SVG element; every text is escaped."""
        parts = element("title", self.title), element("desc", self.words), *(shape.svg() for shape in self.shapes)
        return element("svg", *parts, class_="plot", viewBox=f"0 0 {self.width:g} {self.height:g}", role="img")

    def png(self) -> bytes:
        """A PNG file, two pixels a unit."""
        image = Image.new("RGB", (round(self.width * _FINER), round(self.height * _FINER)), "white")
        pen = ImageDraw.Draw(image)
        for shape in self.shapes:
            shape.paint(pen)
        stream = io.BytesIO()
        image.resize((image.width // 2, image.height // 2), Image.Resampling.LANCZOS).save(stream, "PNG", optimize=True)
        return stream.getvalue()


def icon(kind: str, view: str, size: tuple[int, int], shapes: Iterable[Shape]) -> Markup:
    """A small SVG of (width, height) within a text that says the same already; `view`: its viewBox, `kind`: its class."""
    body = [shape.svg() for shape in shapes]
    return element("svg", *body, class_=kind, viewBox=view, width=size[0], height=size[1], aria_hidden="true")


def _finer(points: Iterable[Point]) -> list[tuple[float, float]]:
    return [(x * _FINER, y * _FINER) for x, y in points]


def _dashes(points: Sequence[tuple[float, float]]) -> list[list[tuple[float, float]]]:
    """The dashes of the SVG pattern "4 3", begun anew at every corner."""
    pieces = []
    for (x1, y1), (x2, y2) in itertools.pairwise(points):
        length = max(((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5, 1e-9)
        at = 0.0
        while at < length:
            ends = at / length, min(at + 4 * _FINER, length) / length
            pieces.append([(x1 + (x2 - x1) * t, y1 + (y2 - y1) * t) for t in ends])
            at += 7 * _FINER
    return pieces
