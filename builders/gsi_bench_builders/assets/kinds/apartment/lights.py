"""Lamps that stand: on the floor, on tables."""

from __future__ import annotations

import numpy as np

from gsi_bench_builders.assets.colours import NamedColour
from gsi_bench_builders.assets.joinery import BRASS, STEEL, between, post
from gsi_bench_builders.assets.library import Model, Part, kind
from gsi_bench_builders.assets.lines import fillet, polygon
from gsi_bench_builders.assets.material import Colour, Material, ceramic
from gsi_bench_builders.assets.mesh import Mesh, join
from gsi_bench_builders.assets.rooms.palettes import timber
from gsi_bench_builders.assets.shapes import smooth_profile
from gsi_bench_builders.assets.solids import lathe, tube

_SHADES = ("white", "beige", "gray", "yellow", "teal", "black")


def shade(low: float, high: float, z: tuple[float, float]) -> Mesh:
    """A lamp shade: a hollow cone of cloth, `low` and `high` its radii."""
    t = 0.003
    outer, inner = [(low, z[0]), (high, z[1])], [(high - t, z[1]), (low - t, z[0])]
    return lathe(np.array([*outer, *inner, outer[0]]), 64)


def lit(colour: Colour, rng: np.random.Generator) -> Material:
    """Cloth with a lamp behind it."""
    r, g, b = colour
    warm: Colour = (min(r * 1.02, 0.95), g * 0.97, b * 0.86)
    return Material(warm, roughness=0.9, sheen=0.2, emission=float(rng.uniform(0.5, 1.1)))


@kind("floor lamp", "落地灯", places=("apartment",), colours=_SHADES, size_m=((0.26, 0.26, 1.3), (0.5, 0.5, 1.75)))
def floor_lamp(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A shade on a pole with a round foot, or on three legs."""
    h, r, tall = between(rng, 1.42, 1.62), between(rng, 0.16, 0.21), between(rng, 0.22, 0.3)
    cover = shade(r, r * float(rng.uniform(0.7, 0.95)), (h - tall, h))
    ring = [
        tube([(0, 0, h - tall * 0.55), (r * 0.82 * c, r * 0.82 * s, h - tall * 0.55)], 0.002, 6) for c, s in polygon(3, 1.0)
    ]
    bulb = lathe(
        smooth_profile([(0, h - tall * 0.75), (0.03, h - tall * 0.62), (0.016, h - tall * 0.5), (0, h - tall * 0.48)], 20), 24
    )
    glow = Material((1.0, 0.85, 0.6), emission=6.0)
    frame = BRASS if rng.random() < 0.5 else STEEL
    covered = Part(cover, lit(colour.varied(rng), rng), 50.0)
    if rng.random() < 0.55:
        pole = tube([(0, 0, 0.01), (0, 0, h - tall * 0.5)], 0.011, 16)
        foot = lathe(fillet([(0, 0), (0.14, 0), (0.14, 0.016), (0.012, 0.03), (0, 0.03)], [0, 0.003, 0.006, 0.01, 0], 5), 56)
        return Model([covered, Part(join([pole, foot, *ring]), frame), Part(bulb, glow)], symmetry="continuous")
    wood = timber("oak" if rng.random() < 0.5 else "walnut", rng, grain=0.012, axis="z")
    hub = h - tall * 0.9
    legs = [post((0.2 * c, 0.2 * s, 0), (0.02 * c, 0.02 * s, hub), (0.02, 0.03)) for c, s in polygon(3, 1.0)]
    pole = tube([(0, 0, hub - 0.05), (0, 0, h - tall * 0.5)], 0.012, 12)
    return Model([covered, Part(join(legs), wood), Part(join([pole, *ring]), frame), Part(bulb, glow)])


@kind(
    "table lamp",
    "桌灯",
    places=("apartment",),
    colours=("white", "teal", "blue", "green", "gray", "red", "yellow", "beige"),
    size_m=((0.2, 0.2, 0.32), (0.36, 0.36, 0.58)),
)
def table_lamp(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A turned foot of glazed clay under a pale shade; the colour is the foot's."""
    h, r = between(rng, 0.4, 0.5), between(rng, 0.12, 0.15)
    belly, neck, tall = float(rng.uniform(0.05, 0.085)), 0.014, h * float(rng.uniform(0.38, 0.46))
    rise = h - tall * 0.92
    foot = lathe(
        smooth_profile(
            [
                (0, 0),
                (belly * 0.75, 0.0),
                (belly * 0.8, 0.01),
                (belly, rise * 0.35),
                (neck * 1.3, rise * 0.85),
                (neck, rise),
                (0, rise + 0.004),
            ],
            48,
        ),
        64,
    )
    pole = tube([(0, 0, rise - 0.01), (0, 0, h - tall * 0.5)], 0.006, 10)
    ring = [tube([(0, 0, h - tall * 0.55), (r * 0.8 * c, r * 0.8 * s, h - tall * 0.55)], 0.0015, 6) for c, s in polygon(3, 1.0)]
    cover = shade(r, r * 0.72, (h - tall, h))
    pale: Colour = (0.9, 0.87, 0.8)
    return Model(
        [
            Part(foot, ceramic(colour.varied(rng), matt=rng.random() < 0.4)),
            Part(join([pole, *ring]), BRASS),
            Part(cover, lit(pale, rng), 50.0),
        ],
        symmetry="continuous",
    )
