"""What furniture is made of: boards, posts, cushions, knobs, and the materials that a colour word stands for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gsi_bench_builders.assets.colours import NamedColour
from gsi_bench_builders.assets.lines import rounded_rectangle
from gsi_bench_builders.assets.material import Material, fabric, metal
from gsi_bench_builders.assets.mesh import Mesh, Points, join
from gsi_bench_builders.assets.rooms.palettes import lacquer, pick, timber
from gsi_bench_builders.assets.rooms.pieces import box
from gsi_bench_builders.assets.solids import loft, rounded_box, tube
from gsi_bench_builders.scene import Receptacle

__all__ = [
    "BRASS",
    "CHROME",
    "STEEL",
    "WOODEN",
    "between",
    "cloth",
    "knobs",
    "pad",
    "post",
    "posts",
    "rails",
    "sheet",
    "top_of",
    "wooden",
]

CHROME = metal((0.80, 0.80, 0.80), 0.12)
STEEL = metal((0.07, 0.07, 0.075), 0.4)
BRASS = metal((0.72, 0.56, 0.30), 0.28)
# Colour words that furniture of wood or board comes in; the natural ones are woods.
WOODEN = ("brown", "beige", "white", "black", "gray")
_WOODS = {"brown": "walnut|teak|cherry|smoked oak", "beige": "oak|birch|limed ash|honey oak"}


def wooden(colour: NamedColour, rng: np.random.Generator, axis: str = "x") -> Material:
    """Wood for brown and beige, lacquer for other colours. Call it once for each direction of grain, with equal draws."""
    if colour.name in _WOODS:
        return timber(pick(rng, _WOODS[colour.name]), rng, axis=axis)
    return lacquer(colour.varied(rng, 0.03), 0.38)


def cloth(colour: NamedColour, rng: np.random.Generator, thread: float = 0.003) -> Material:
    """Upholstery, paler than paint of the same name is."""
    shade = np.clip(np.array(colour.varied(rng)) * 0.86 + 0.05, 0.02, 0.9)
    return fabric((float(shade[0]), float(shade[1]), float(shade[2])), thread=thread)


def between(rng: np.random.Generator, low: float, high: float) -> float:
    """A whole centimetre, as furniture is sold."""
    return round(float(rng.uniform(low, high)), 2)


def post(bottom: Sequence[float], top: Sequence[float], wide: tuple[float, float], *, round_: bool = True) -> Mesh:
    """A leg from the floor up, perhaps leaning; `wide` at its foot and at its top."""
    sections: list[Points] = []
    for at, side in zip((bottom, top), wide, strict=True):
        flat = rounded_rectangle(side, side, 0.499 * side if round_ else min(0.004, 0.2 * side), 5)
        sections.append(np.column_stack([flat + np.asarray(at[:2]), np.full(len(flat), float(at[2]))]))
    return loft(sections)


def posts(
    width: float, depth: float, height: float, wide: tuple[float, float], *, splay: float = 0.0, round_: bool = True
) -> Mesh:
    """Four legs on the corners of a rectangle; `splay` metres that their feet stand further out."""
    legs = []
    for x in (-1, 1):
        for y in (-1, 1):
            foot = (x * (width / 2 + splay), y * (depth / 2 + splay), 0.0)
            legs.append(post(foot, (x * width / 2, y * depth / 2, height), wide, round_=round_))
    return join(legs)


def rails(width: float, depth: float, low: float, high: float, thick: float = 0.02) -> Mesh:
    """The frame under a top: four boards between its legs."""
    x, y = width / 2, depth / 2
    sides = [box((-x, x), (s * y - thick / 2, s * y + thick / 2), (low, high), 0.002) for s in (-1, 1)]
    ends = [box((s * x - thick / 2, s * x + thick / 2), (-y, y), (low + 0.001, high - 0.001), 0.002) for s in (-1, 1)]
    return join([*sides, *ends])


def pad(width: float, depth: float, height: float, radius: float) -> Mesh:
    """A cushion with a domed top: its middle is a little higher than its rim; base on z = 0."""
    mesh = rounded_box(width, depth, height, radius, steps=5)
    rise = 0.12 * height

    def move(points: Points) -> Points:
        u = np.clip(np.abs(points[:, 0]) / (width / 2), 0, 1)
        v = np.clip(np.abs(points[:, 1]) / (depth / 2), 0, 1)
        lift = rise * (1 - u**4) * (1 - v**4) * np.clip(points[:, 2] / height, 0, 1)
        return np.column_stack([points[:, :2], points[:, 2] + lift])

    return mesh.bent(move)


def sheet(width: float, depth: float, height: float, radius: float = 0.004) -> Mesh:
    """A board with soft edges; base on z = 0."""
    return rounded_box(width, depth, height, radius, steps=3)


def knobs(places: Sequence[tuple[float, float, float]], style: int, wide: float = 0.12) -> Mesh:
    """Handles on fronts that face -y: knobs (0), bars (1) or none to speak of (2: small edge pulls)."""
    made = []
    for x, y, z in places:
        if style == 0:
            made.append(rounded_box(0.026, 0.026, 0.026, 0.012).moved(x, y - 0.014, z - 0.013))
        elif style == 1:
            made.append(tube([(x - wide / 2, y - 0.028, z), (x + wide / 2, y - 0.028, z)], 0.0055, 12))
            made += [tube([(x + s * wide * 0.4, y + 0.001, z), (x + s * wide * 0.4, y - 0.028, z)], 0.004, 8) for s in (-1, 1)]
        else:
            made.append(rounded_box(wide * 0.5, 0.012, 0.008, 0.003).moved(x, y - 0.006, z))
    return join(made)


def top_of(width: float, depth: float, height: float, margin: float = 0.02, *, is_plain: bool = True) -> Receptacle:
    """A rectangular top that carries, around the origin; `is_plain`: see `Receptacle`."""
    x, y = width / 2 - margin, depth / 2 - margin
    return Receptacle("on", ((-x, -y), (x, -y), (x, y), (-x, y)), height, is_plain)
