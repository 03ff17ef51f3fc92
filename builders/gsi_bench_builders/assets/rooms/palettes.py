"""Colours and materials of furniture, floors and walls."""

from __future__ import annotations

import dataclasses
from typing import Literal

import numpy as np

from gsi_bench_builders.assets.material import Bump, Colour, Material, Pattern, wood

__all__ = ["PAINTS", "STONES", "WOODS", "along", "lacquer", "pick", "plank", "shade", "stone", "timber", "wall_paint"]

# Light and dark of the grain; greyer than wood is remembered, as white balance and varnish make images warmer.
WOODS: dict[str, tuple[Colour, Colour]] = {
    "oak": ((0.66, 0.54, 0.40), (0.41, 0.29, 0.19)),
    "honey oak": ((0.62, 0.47, 0.31), (0.38, 0.24, 0.14)),
    "walnut": ((0.38, 0.27, 0.19), (0.17, 0.105, 0.07)),
    "birch": ((0.77, 0.69, 0.57), (0.58, 0.47, 0.34)),
    "teak": ((0.50, 0.37, 0.25), (0.27, 0.17, 0.10)),
    "grey oak": ((0.55, 0.50, 0.44), (0.34, 0.29, 0.24)),
    "cherry": ((0.50, 0.33, 0.23), (0.29, 0.165, 0.105)),
    "smoked oak": ((0.30, 0.23, 0.18), (0.15, 0.11, 0.08)),
    "limed ash": ((0.79, 0.75, 0.68), (0.61, 0.55, 0.47)),
}
PAINTS: dict[str, Colour] = {
    "white": (0.84, 0.83, 0.80),
    "cream": (0.82, 0.77, 0.67),
    "pale grey": (0.70, 0.70, 0.68),
    "greige": (0.66, 0.61, 0.54),
    "sage": (0.53, 0.58, 0.49),
    "dusty blue": (0.49, 0.57, 0.63),
    "blush": (0.76, 0.63, 0.57),
    "clay": (0.63, 0.44, 0.34),
    "deep green": (0.24, 0.34, 0.29),
    "navy": (0.20, 0.26, 0.36),
    "slate": (0.33, 0.36, 0.38),
    "ochre": (0.68, 0.54, 0.31),
}
STONES: dict[str, Material] = {
    "white marble": Material(
        (0.83, 0.82, 0.80), roughness=0.16, coat=0.25, pattern=Pattern("marble", (0.50, 0.50, 0.52), 0.32, 0.55)
    ),
    "dark marble": Material(
        (0.10, 0.11, 0.11), roughness=0.14, coat=0.25, pattern=Pattern("marble", (0.62, 0.60, 0.56), 0.30, 0.5)
    ),
    "granite": Material(
        (0.36, 0.35, 0.34), roughness=0.2, coat=0.2, pattern=Pattern("speckle", (0.14, 0.14, 0.14), 0.003, 0.9)
    ),
    "terrazzo": Material((0.76, 0.74, 0.70), roughness=0.25, pattern=Pattern("speckle", (0.48, 0.38, 0.33), 0.009, 0.9)),
    "travertine": Material((0.70, 0.62, 0.52), roughness=0.4, pattern=Pattern("mottle", (0.56, 0.47, 0.37), 0.12, 0.6)),
    "quartz": Material((0.72, 0.71, 0.69), roughness=0.22, pattern=Pattern("speckle", (0.55, 0.55, 0.54), 0.002, 0.6)),
    "concrete": Material(
        (0.50, 0.49, 0.47), roughness=0.55, bump=Bump(0.01, 0.0001), pattern=Pattern("mottle", (0.42, 0.41, 0.39), 0.14, 0.7)
    ),
}


def pick(rng: np.random.Generator, names: str) -> str:
    """One of names separated by `|`."""
    return str(rng.choice(names.split("|")))


def shade(colour: Colour, by: float) -> Colour:
    """Darker (`by` < 1) or lighter."""
    r, g, b = (min(max(c * by, 0.01), 0.95) for c in colour)
    return r, g, b


def timber(name: str, rng: np.random.Generator, *, grain: float = 0.035, varnish: float = 0.2, axis: str = "x") -> Material:
    """Furniture wood, another piece at each call."""
    light, dark = WOODS[name]
    return wood(light, dark, grain=grain, varnish=varnish, axis=axis, shift=float(rng.uniform(0, 50)))  # type: ignore[arg-type]


def plank(name: str, rng: np.random.Generator, axis: str) -> Material:
    """Floor boards."""
    light, dark = WOODS[name]
    pattern = Pattern("planks", dark, float(rng.uniform(0.03, 0.045)), 0.6, axis, float(rng.uniform(0, 50)))  # type: ignore[arg-type]
    return Material(light, roughness=0.42, coat=0.15, coat_roughness=0.3, pattern=pattern)


def along(material: Material, axis: Literal["x", "y", "z"]) -> Material:
    """The same wood, grown along another axis; other materials as they are."""
    if material.pattern is None:
        return material
    return dataclasses.replace(material, pattern=dataclasses.replace(material.pattern, axis=axis))


def stone(name: str, rng: np.random.Generator) -> Material:
    """Another slab of a stone at each call."""
    material = STONES[name]
    assert material.pattern is not None
    return dataclasses.replace(material, pattern=dataclasses.replace(material.pattern, shift=float(rng.uniform(0, 50))))


def lacquer(colour: Colour, roughness: float = 0.35) -> Material:
    """Painted furniture."""
    return Material(colour, roughness=roughness, bump=Bump(0.03, 0.00004))


def wall_paint(colour: Colour) -> Material:
    """Rolled emulsion."""
    return Material(colour, roughness=0.85, bump=Bump(0.004, 0.00012))
