"""What is printed on packages: emblems, small print, whole labels."""

from __future__ import annotations

import math

import numpy as np

from gsi_bench_builders.assets.artwork import BRANDS, Canvas, mixed, shade
from gsi_bench_builders.assets.colours import COLOURS, NamedColour
from gsi_bench_builders.assets.material import Colour, Picture

__all__ = ["CREAM", "INK", "PRINTS", "accent", "brand_label", "emblem", "facts", "pick"]

CREAM: Colour = (0.95, 0.92, 0.84)

INK: Colour = (0.12, 0.12, 0.14)

PRINTS = ("red", "blue", "green", "yellow", "orange", "teal", "purple", "white")


def pick(rng: np.random.Generator, names: tuple[str, ...]) -> str:
    """One of the names, all alike."""
    return names[int(rng.integers(len(names)))]


def accent(rng: np.random.Generator, colour: NamedColour) -> Colour:
    """A printing colour that stands out from the ground."""
    bright = sum(colour.rgb) / 3 > 0.55
    choices = (INK, (0.6, 0.1, 0.1), (0.1, 0.25, 0.45)) if bright else (CREAM, (0.95, 0.8, 0.3), (0.97, 0.97, 0.95))
    return choices[int(rng.integers(len(choices)))]


def emblem(canvas: Canvas, x: float, y: float, size: float, rng: np.random.Generator, first: Colour, second: Colour) -> None:
    """A small illustration: a sun over hills, leaves, rings, or a fruit."""
    style = int(rng.integers(4))
    if style == 0:
        canvas.disc(x, y, size, first)
        canvas.disc(x, y - size * 0.2, size * 0.42, second)
        canvas.shape(
            [(x - size * 0.9, y + size * 0.45), (x - size * 0.2, y - size * 0.1), (x + size * 0.9, y + size * 0.45)],
            shade(second, 0.7),
        )
    elif style == 1:
        for turn in range(6):
            a = turn * math.pi / 3
            canvas.disc(
                x + math.cos(a) * size * 0.55, y + math.sin(a) * size * 0.55, size * 0.36, first if turn % 2 else second
            )
        canvas.disc(x, y, size * 0.3, CREAM)
    elif style == 2:
        for ring, tint in ((1.0, first), (0.74, second), (0.48, first), (0.22, second)):
            canvas.disc(x, y, size * ring, tint)
    else:
        canvas.disc(x, y + size * 0.1, size * 0.85, first, 1.05)
        canvas.line([(x, y - size * 0.7), (x + size * 0.12, y - size * 1.15)], INK, size * 0.09)
        canvas.disc(x + size * 0.45, y - size * 0.95, size * 0.3, second, 0.55)


def facts(canvas: Canvas, x: float, y: float, width: float, height: float, ink: Colour) -> None:
    """A table of small print."""
    canvas.box(x, y, width, height, CREAM, 2)
    canvas.frame(x, y, width, height, ink, 1)
    rows = max(4, int(height / 9))
    for row in range(1, rows):
        at = y + height * row / rows
        canvas.line([(x + 3, at), (x + width - 3, at)], mixed(ink, CREAM, 0.4), 0.6)
        canvas.box(x + 5, at - height / rows * 0.62, width * (0.3 + 0.3 * ((row * 7) % 5) / 5), height / rows * 0.28, ink)


def brand_label(rng: np.random.Generator, ground: Colour, ink: Colour, width: int, height: int, word: str) -> Picture:
    """A label: brand, emblem, what is in it."""
    canvas = Canvas(width, height, ground)
    second = COLOURS[pick(rng, PRINTS)].rgb
    style = int(rng.integers(3))
    if style == 0:
        canvas.box(0, height * 0.72, width, height * 0.28, ink)
        canvas.fitted(width / 2, height * 0.86, word, width * 0.6, height * 0.15, ground)
    elif style == 1:
        canvas.box(0, 0, width, height * 0.07, ink)
        canvas.box(0, height * 0.93, width, height * 0.07, ink)
        canvas.fitted(width / 2, height * 0.8, word, width * 0.5, height * 0.12, ink)
    else:
        canvas.shape([(0, height * 0.62), (width, height * 0.48), (width, height), (0, height)], second)
        canvas.fitted(width / 2, height * 0.84, word, width * 0.55, height * 0.13, CREAM)
    canvas.fitted(width / 2, height * 0.2, pick(rng, BRANDS), width * 0.62, height * 0.2, ink)
    emblem(canvas, width / 2, height * 0.48, min(height * 0.17, width * 0.16), rng, ink, second)
    return canvas.picture()
