"""Painting for objects: screens, covers, labels, dials. Invented brands; Pillow's built-in font; everything seeded."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from gsi_bench_builders.assets.material import Colour, Picture

__all__ = ["BRANDS", "CREAM", "INK", "WORDS", "Canvas", "mixed", "shade"]

INK: Colour = (0.10, 0.10, 0.12)
CREAM: Colour = (0.94, 0.91, 0.83)
BRANDS = (
    "Orvelo",
    "Kestrin",
    "Lumma",
    "Nordvik",
    "Halden",
    "Tessaro",
    "Mirai&Co",
    "Quill",
    "Velanta",
    "Ombra",
    "Sorrel",
    "Peakly",
)
WORDS = ("Northern Light", "The Quiet Harbour", "Small Gardens", "A Year of Tea", "Paper Cities", "Slow Rivers", "Salt & Stone",
         "On Clouds", "The Long Table", "Field Notes", "Atlas of Rain", "Still Life")  # fmt: skip

Point = tuple[float, float]


def shade(colour: Colour, factor: float) -> Colour:
    """Darker (below 1) or lighter, within range."""
    r, g, b = (min(max(c * factor, 0.0), 0.97) for c in colour)
    return r, g, b


def mixed(first: Colour, second: Colour, part: float) -> Colour:
    """`part` of the second in the first."""
    r, g, b = (a + (c - a) * part for a, c in zip(first, second, strict=True))
    return r, g, b


@functools.lru_cache(maxsize=64)
def _font(size: int) -> Any:
    return ImageFont.load_default(size=size)


class Canvas:
    """An image being painted. Lengths are pixels of the finished image; it is drawn at twice its size and reduced."""

    def __init__(self, width: int, height: int, colour: Colour = (1.0, 1.0, 1.0)):
        self.width, self.height = width, height
        self._image = Image.new("RGB", (2 * width, 2 * height), _rgb8(colour))
        self._draw = ImageDraw.Draw(self._image)

    def gradient(self, top: Colour, bottom: Colour) -> None:
        """Fills everything with a change from top to bottom."""
        t = np.linspace(0, 1, 2 * self.height)[:, None, None]
        rows = np.asarray(top) * (1 - t) + np.asarray(bottom) * t
        pixels = np.broadcast_to(rows * 255, (2 * self.height, 2 * self.width, 3))
        self._image.paste(Image.fromarray(pixels.astype(np.uint8)))

    def box(self, x: float, y: float, width: float, height: float, colour: Colour, radius: float = 0) -> None:
        """A filled rectangle with its upper left corner at x, y."""
        area = [2 * x, 2 * y, 2 * (x + width), 2 * (y + height)]
        self._draw.rounded_rectangle(area, 2 * radius, fill=_rgb8(colour))

    def frame(self, x: float, y: float, width: float, height: float, colour: Colour, line: float, radius: float = 0) -> None:
        """A rectangle's outline."""
        area = [2 * x, 2 * y, 2 * (x + width), 2 * (y + height)]
        self._draw.rounded_rectangle(area, 2 * radius, outline=_rgb8(colour), width=max(1, round(2 * line)))

    def disc(self, x: float, y: float, radius: float, colour: Colour, tall: float = 1.0) -> None:
        """A filled circle, or an ellipse `tall` times as high as wide."""
        self._draw.ellipse(
            [2 * (x - radius), 2 * (y - radius * tall), 2 * (x + radius), 2 * (y + radius * tall)], fill=_rgb8(colour)
        )

    def shape(self, points: Sequence[Point], colour: Colour) -> None:
        """A filled polygon."""
        self._draw.polygon([(2 * x, 2 * y) for x, y in points], fill=_rgb8(colour))

    def line(self, points: Sequence[Point], colour: Colour, width: float) -> None:
        """A line through points."""
        self._draw.line([(2 * x, 2 * y) for x, y in points], fill=_rgb8(colour), width=max(1, round(2 * width)), joint="curve")

    def text(self, x: float, y: float, text: str, size: float, colour: Colour, anchor: str = "mm") -> None:
        """Text with its anchor (Pillow's letters; middle by default) at x, y."""
        self._draw.text((2 * x, 2 * y), text, font=_font(round(2 * size)), fill=_rgb8(colour), anchor=anchor)

    def fitted(self, x: float, y: float, text: str, width: float, size: float, colour: Colour) -> None:
        """Text around x, y, at most `width` wide."""
        found = self._draw.textlength(text, font=_font(round(2 * size))) / 2
        self.text(x, y, text, size * min(1.0, width / found), colour)

    def picture(self, turned: int = 0) -> Picture:
        """The finished image, turned by `turned` quarters counter-clockwise."""
        done = self._image.resize((self.width, self.height), Image.Resampling.LANCZOS)
        return Picture.of(np.rot90(np.asarray(done), turned))


def _rgb8(colour: Colour) -> tuple[int, int, int]:
    r, g, b = (round(255 * min(max(c, 0.0), 1.0)) for c in colour)
    return r, g, b
