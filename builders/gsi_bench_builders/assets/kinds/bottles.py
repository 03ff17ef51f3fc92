"""Bottles and jars of glass, with labels of invented brands."""

from __future__ import annotations

import numpy as np

from gsi_bench_builders.assets.colours import COLOURS, NamedColour
from gsi_bench_builders.assets.library import Model, Part, kind
from gsi_bench_builders.assets.lines import fillet
from gsi_bench_builders.assets.material import Bump, Colour, Material, glass, metal, paper
from gsi_bench_builders.assets.printing import CREAM, INK, brand_label, pick
from gsi_bench_builders.assets.shapes import wrap
from gsi_bench_builders.assets.solids import lathe


@kind(
    "bottle",
    "瓶子",
    places=("dining", "kitchen", "coffee"),
    colours=("green", "brown", "black"),
    size_m=((0.06, 0.06, 0.22), (0.09, 0.09, 0.34)),
)
def bottle(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A wine or oil bottle of dark glass with a label and a capsule."""
    h, r = rng.uniform(0.27, 0.315), rng.uniform(0.034, 0.039)
    shoulder, neck = h * rng.uniform(0.56, 0.64), 0.0145
    slope = rng.uniform(0.1, 0.26) * h
    side = fillet(
        [
            (0, 0.006),
            (r - 0.012, 0.001),
            (r, 0.0),
            (r, shoulder),
            (neck, shoulder + slope),
            (neck, h - 0.02),
            (neck + 0.0015, h - 0.016),
            (neck + 0.0015, h - 0.008),
            (neck, h - 0.006),
            (neck, h),
            (0, h),
        ],
        [0, 0.004, 0.006, 0.03, 0.03, 0.002, 0.001, 0.001, 0.001, 0.002, 0],
        8,
    )
    tints: dict[str, Colour] = {"green": (0.03, 0.10, 0.045), "brown": (0.16, 0.07, 0.02), "black": (0.02, 0.02, 0.022)}
    # Dark glass looks opaque; a coated solid of its colour looks the same with less noise.
    body = Material(tints[colour.name], roughness=0.06, coat=1.0, coat_roughness=0.02, ior=1.5)
    low, high = h * 0.1, min(shoulder - 0.012, h * 0.1 + rng.uniform(0.08, 0.11))
    ground = CREAM if rng.random() < 0.6 else COLOURS[pick(rng, ("white", "red", "blue", "beige"))].rgb
    ink = INK if sum(ground) > 1.6 else CREAM
    label = wrap(r + 0.0003, low, high, rng.uniform(150, 200))
    word = pick(rng, ("RESERVA", "OLIVE OIL", "CUVEE", "CIDER", "VINEGAR"))
    foil = lathe(
        [
            (neck + 0.0018, h - 0.052),
            (neck + 0.0022, h - 0.05),
            (neck + 0.0026, h - 0.006),
            (neck + 0.001, h + 0.001),
            (0, h + 0.001),
        ],
        48,
    )
    foils: tuple[Colour, ...] = ((0.35, 0.03, 0.05), (0.05, 0.05, 0.06), (0.7, 0.55, 0.25), (0.08, 0.16, 0.12))
    return Model(
        [
            Part(lathe(side, 64), body),
            Part(label, paper(brand_label(rng, ground, ink, 420, 300, word))),
            Part(foil, metal(foils[int(rng.integers(4))], 0.35)),
        ]
    )


@kind(
    "jar",
    "果酱罐",
    places=("kitchen", "dining"),
    colours=("red", "orange", "purple", "yellow", "brown"),
    size_m=((0.05, 0.05, 0.06), (0.10, 0.10, 0.15)),
)
def jar(rng: np.random.Generator, colour: NamedColour) -> Model:
    """Preserves behind glass, a printed lid, a label."""
    r, h = rng.uniform(0.033, 0.04), rng.uniform(0.085, 0.115)
    neck = r * 0.86
    outside = fillet(
        [
            (0, 0),
            (r - 0.003, 0),
            (r, 0.004),
            (r, h * 0.76),
            (neck, h * 0.86),
            (neck, h * 0.97),
            (neck - 0.002, h * 0.97),
            (neck - 0.002, h * 0.86),
            (r - 0.0022, h * 0.74),
            (r - 0.0022, 0.006),
            (0, 0.005),
        ],
        [0, 0.002, 0.003, 0.012, 0.006, 0.001, 0.001, 0.006, 0.012, 0.003, 0],
        5,
    )
    fillings: dict[str, Colour] = {
        "red": (0.45, 0.02, 0.03),
        "orange": (0.85, 0.35, 0.02),
        "purple": (0.2, 0.03, 0.16),
        "yellow": (0.85, 0.6, 0.08),
        "brown": (0.22, 0.09, 0.03),
    }
    # It reaches into the glass: a gap of air between two refracting surfaces would only be noise.
    filling = lathe(
        fillet([(0, 0.0035), (r - 0.0012, 0.0045), (r - 0.0012, h * 0.73), (0, h * 0.77)], [0, 0.003, 0.012, 0], 5), 56
    )
    lid = lathe(
        fillet(
            [(neck + 0.0025, h * 0.87), (neck + 0.003, h * 0.885), (neck + 0.003, h * 0.99), (neck + 0.0005, h), (0, h)],
            [0, 0.001, 0.002, 0.002, 0],
            4,
        ),
        64,
    )
    tops: tuple[Colour, ...] = ((0.75, 0.6, 0.3), (0.1, 0.1, 0.11), (0.8, 0.8, 0.8), (0.55, 0.08, 0.08))
    ground = CREAM if rng.random() < 0.7 else (0.2, 0.16, 0.13)
    ink = INK if ground == CREAM else CREAM
    label = wrap(r + 0.0003, h * 0.2, h * 0.62, rng.uniform(130, 180))
    word = {"red": "STRAWBERRY", "orange": "MARMALADE", "purple": "BLACKBERRY", "yellow": "HONEY", "brown": "FIG"}[colour.name]
    return Model(
        [
            Part(lathe(outside, 64), glass((0.98, 0.99, 0.98))),
            Part(filling, Material(fillings[colour.name], roughness=0.2, coat=0.4, bump=Bump(0.006, 0.0012))),
            Part(lid, metal(tops[int(rng.integers(4))], 0.3)),
            Part(label, paper(brand_label(rng, ground, ink, 420, 240, word))),
        ]
    )
