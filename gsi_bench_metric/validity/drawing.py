"""A drawing as a list of shapes, written as inline SVG for a page and as PNG for a paper: both look the same."""

from __future__ import annotations

import dataclasses
import io
import itertools
from collections.abc import Sequence

from markupsafe import Markup
from PIL import Image, ImageDraw, ImageFont

__all__ = ["Drawing", "Line", "Polygon", "Shape", "Text"]

_FINER = 4  # PNG pixels a unit before it is reduced by half: smooth edges
_ANCHORS = {"start": "lm", "middle": "mm", "end": "rm"}

Point = tuple[float, float]


@dataclasses.dataclass(frozen=True)
class Line:
    """A line through points."""

    points: Sequence[Point]
    colour: str
    width: float = 1.0
    dashed: bool = False


@dataclasses.dataclass(frozen=True)
class Polygon:
    """A filled area."""

    points: Sequence[Point]
    colour: str

    @classmethod
    def box(cls, x: float, y: float, width: float, height: float, colour: str) -> Polygon:
        """A rectangle from its upper left corner."""
        return cls(((x, y), (x + width, y), (x + width, y + height), (x, y + height)), colour)


@dataclasses.dataclass(frozen=True)
class Text:
    """Words on one line, their middle at the height y; `anchor`: start, middle or end is at x."""

    x: float
    y: float
    words: str
    colour: str
    anchor: str = "start"
    size: float = 11.0


Shape = Line | Polygon | Text


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
        body = Markup("").join(_svg(shape) for shape in self.shapes)
        return Markup('<svg class="plot" viewBox="0 0 {:g} {:g}" role="img"><title>{}</title><desc>{}</desc>{}</svg>').format(
            self.width, self.height, self.title, self.words, body
        )

    def png(self) -> bytes:
        """A PNG file, two pixels a unit."""
        image = Image.new("RGB", (round(self.width * _FINER), round(self.height * _FINER)), "white")
        pen = ImageDraw.Draw(image)
        for shape in self.shapes:
            _paint(pen, shape)
        stream = io.BytesIO()
        image.resize((image.width // 2, image.height // 2), Image.Resampling.LANCZOS).save(stream, "PNG", optimize=True)
        return stream.getvalue()


def _svg(shape: Shape) -> Markup:
    if isinstance(shape, Text):
        return Markup('<text x="{:.1f}" y="{:.1f}" dy=".32em" text-anchor="{}" fill="{}" font-size="{:g}">{}</text>').format(
            shape.x, shape.y, shape.anchor, shape.colour, shape.size, shape.words
        )
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in shape.points)
    if isinstance(shape, Polygon):
        return Markup('<polygon points="{}" fill="{}"/>').format(points, shape.colour)
    dashes = Markup(' stroke-dasharray="4 3"') if shape.dashed else Markup("")
    return Markup('<polyline points="{}" fill="none" stroke="{}" stroke-width="{:g}" stroke-linejoin="round"{}/>').format(
        points, shape.colour, shape.width, dashes
    )


def _paint(pen: ImageDraw.ImageDraw, shape: Shape) -> None:
    if isinstance(shape, Text):
        font = ImageFont.load_default(shape.size * _FINER)
        at = (shape.x * _FINER, shape.y * _FINER)
        pen.text(at, shape.words, fill=shape.colour, font=font, anchor=_ANCHORS[shape.anchor])
        return
    points = [(x * _FINER, y * _FINER) for x, y in shape.points]
    if isinstance(shape, Polygon):
        pen.polygon(points, fill=shape.colour)
        return
    width = max(1, round(shape.width * _FINER))
    for piece in _dashes(points) if shape.dashed else [points]:
        pen.line(piece, fill=shape.colour, width=width, joint="curve")


def _dashes(points: Sequence[Point]) -> list[list[Point]]:
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
