"""Plants in pots, flowers in vases; the colour is that of what they stand in."""

from __future__ import annotations

import math

import numpy as np

from gsi_bench_builders.assets.artwork import mixed
from gsi_bench_builders.assets.colours import NamedColour
from gsi_bench_builders.assets.library import Model, Part, kind
from gsi_bench_builders.assets.lines import fillet, spline
from gsi_bench_builders.assets.material import Bump, Colour, Material, ceramic
from gsi_bench_builders.assets.mesh import Mesh, join
from gsi_bench_builders.assets.shapes import leaf, smooth_profile
from gsi_bench_builders.assets.solids import lathe, thicken, tube

LEAF: Colour = (0.16, 0.36, 0.12)

POTS = ("white", "red", "blue", "teal", "yellow", "green", "gray", "black", "pink", "beige")


def foliage(colour: Colour) -> Material:
    """Leaves let some light through."""
    return Material(colour, roughness=0.45, coat=0.15, subsurface=0.1)


@kind(
    "plant",
    "盆栽",
    places=("desk", "coffee", "living", "dressing"),
    colours=POTS,
    size_m=((0.1, 0.1, 0.12), (0.4, 0.4, 0.45)),
    is_coloured=False,
)
def plant(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A leafy plant in a glazed pot; the colour is the pot's."""
    r, h = rng.uniform(0.046, 0.06), rng.uniform(0.075, 0.1)
    pot = lathe(
        fillet(
            [(0, 0), (r * 0.72, 0), (r, h), (r - 0.005, h), (r - 0.008, h - 0.014), (0, h - 0.014)],
            [0, 0.004, 0.002, 0.002, 0.004, 0],
            5,
        ),
        64,
    )
    soil = Material((0.07, 0.045, 0.03), roughness=0.95, bump=Bump(0.004, 0.002))
    ground = lathe([(r - 0.0085, h - 0.0135), (0, h - 0.012)], 40)
    upright = rng.random() < 0.45
    leaves: list[Mesh] = []
    count = int(rng.integers(9, 13)) if upright else int(rng.integers(16, 24))
    for n in range(count):
        turn = math.degrees(n * 2.39996 + rng.uniform(-0.2, 0.2))
        part = n / count
        if upright:  # a sansevieria: stiff blades
            blade = leaf(
                rng.uniform(0.13, 0.21), rng.uniform(0.024, 0.032), rise_deg=86 - 16 * part, droop_deg=8, fold=0.35, power=0.8
            )
            leaves.append(blade.moved(x=0.004 + 0.018 * part).turned(turn).moved(z=h - 0.014))
        else:
            blade = leaf(
                rng.uniform(0.09, 0.14),
                rng.uniform(0.035, 0.05),
                rise_deg=78 - 50 * part,
                droop_deg=rng.uniform(50, 95),
                fold=0.2,
            )
            leaves.append(blade.moved(x=0.006).turned(turn).moved(z=h - 0.014))
    green = mixed(LEAF, (0.35, 0.5, 0.2), rng.uniform(0, 0.6))
    blades = thicken(join(leaves), 0.0007)
    return Model(
        [Part(pot, ceramic(colour.varied(rng), matt=rng.random() < 0.4)), Part(ground, soil), Part(blades, foliage(green), 70)]
    )


@kind(
    "vase",
    "花瓶",
    places=("dining", "coffee", "living", "dressing"),
    colours=POTS,
    size_m=((0.09, 0.09, 0.2), (0.36, 0.36, 0.5)),
)
def vase(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A vase with flowers or twigs; the colour is the vase's."""
    h, belly = rng.uniform(0.15, 0.2), rng.uniform(0.042, 0.056)
    neck, foot = belly * rng.uniform(0.34, 0.6), belly * rng.uniform(0.55, 0.75)
    low = rng.uniform(0.3, 0.55)
    outer = smooth_profile([(foot, 0.002), (belly, h * low), (neck, h * 0.86), (neck * 1.25, h)], 44)
    inner = smooth_profile([(neck * 1.25 - 0.003, h), (neck - 0.003, h * 0.86), (neck * 0.7, h * 0.7)], 16)
    body = lathe(np.concatenate([[(0, 0.001), (foot - 0.003, 0.0)], outer, inner]), 72)
    stems, leaves, heads, hearts = [], [], [], []
    for n in range(int(rng.integers(4, 7))):
        turn = n * 2.39996 + rng.uniform(-0.3, 0.3)
        reach, rise = rng.uniform(0.03, 0.085), rng.uniform(0.09, 0.16)
        c, s = math.cos(turn), math.sin(turn)
        path = spline(
            [
                (0, 0, h * 0.7),
                (neck * 0.5 * c, neck * 0.5 * s, h),
                (reach * 0.6 * c, reach * 0.6 * s, h + rise * 0.6),
                (reach * c, reach * s, h + rise),
            ],
            18,
        )
        stems.append(tube(path, 0.0017, 8))
        for at in (9, 12, 15):
            blade = leaf(rng.uniform(0.035, 0.05), 0.016, rise_deg=35, droop_deg=50, rows=7).turned(
                math.degrees(turn) + rng.uniform(-70, 70)
            )
            leaves.append(blade.moved(*path[at].tolist()))
        flower, heart = _flower(rng)
        heads.append(flower.turned(30 * s, "x").turned(-30 * c, "y").moved(*path[-1].tolist()))
        hearts.append(heart.moved(*path[-1].tolist()))
    petals: tuple[Colour, ...] = (
        (0.95, 0.93, 0.88),
        (0.9, 0.35, 0.4),
        (0.95, 0.7, 0.15),
        (0.55, 0.35, 0.75),
        (0.92, 0.55, 0.35),
    )
    petal = Material(petals[int(rng.integers(len(petals)))], roughness=0.6, subsurface=0.2)
    return Model(
        [
            Part(body, ceramic(colour.varied(rng), matt=rng.random() < 0.4)),
            Part(join(stems), foliage((0.25, 0.38, 0.14))),
            Part(thicken(join(leaves), 0.0005), foliage(LEAF), 70),
            Part(thicken(join(heads), 0.0005), petal, 70),
            Part(join(hearts), Material((0.85, 0.6, 0.1), roughness=0.8)),
        ]
    )


def _flower(rng: np.random.Generator) -> tuple[Mesh, Mesh]:
    """Two rings of petals, and the heart."""
    size = rng.uniform(0.022, 0.032)
    petals = []
    for row, (number, rise) in enumerate(((9, 20), (7, 55))):
        for n in range(number):
            blade = leaf(size * (1 - 0.2 * row), size * 0.55, rise_deg=rise, droop_deg=35, rows=5)
            petals.append(blade.moved(x=0.002).turned(360 / number * n + 20 * row))
    return join(petals), lathe(smooth_profile([(0, -0.002), (0.006, 0.001), (0.005, 0.005), (0, 0.0065)], 12), 20)
