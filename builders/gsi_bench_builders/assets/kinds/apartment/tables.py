"""Tables of a home: low ones, dining tables, desks, what stands beside beds."""

from __future__ import annotations

import numpy as np

from gsi_bench_builders.assets.colours import NamedColour
from gsi_bench_builders.assets.joinery import STEEL, WOODEN, between, knobs, post, posts, rails, sheet, top_of, wooden
from gsi_bench_builders.assets.library import Model, Part, kind
from gsi_bench_builders.assets.lines import fillet, polygon, rounded_rectangle
from gsi_bench_builders.assets.material import Material, metal
from gsi_bench_builders.assets.mesh import join
from gsi_bench_builders.assets.rooms.palettes import along
from gsi_bench_builders.assets.rooms.pieces import box
from gsi_bench_builders.assets.solids import extrude, lathe, tube
from gsi_bench_builders.scene import Receptacle


def _table(width: float, depth: float, height: float, wood: Material, rng: np.random.Generator) -> list[Part]:
    """A top on legs: tapered ones under rails, a steel frame, or splayed ones."""
    thick = float(rng.uniform(0.022, 0.034))
    corner = 0.03 if rng.random() < 0.4 else 0.004
    top = extrude(rounded_rectangle(width, depth, corner), thick, 0.003).moved(z=height - thick)
    style, z = int(rng.integers(3)), height - thick
    if style == 0:
        under = [
            posts(width - 0.1, depth - 0.1, z, (0.035, 0.055), round_=False),
            rails(width - 0.1, depth - 0.1, z - 0.07, z + 0.001),
        ]
        return [Part(top, wood), Part(join(under), along(wood, "z"))]
    if style == 1:
        bars = []
        for x in (-width / 2 + 0.06, width / 2 - 0.06):
            bars += [
                box((x - 0.015, x + 0.015), (s * (depth / 2 - 0.06) - 0.015, s * (depth / 2 - 0.06) + 0.015), (0, z + 0.001))
                for s in (-1, 1)
            ]
            bars += [
                box((x - 0.014, x + 0.014), (-depth / 2 + 0.06, depth / 2 - 0.06), (a, a + 0.028)) for a in (0.001, z - 0.03)
            ]
        bars.append(box((-width / 2 + 0.06, width / 2 - 0.06), (-0.014, 0.014), (z - 0.029, z)))
        return [Part(top, wood), Part(join(bars), STEEL)]
    under = [posts(width - 0.18, depth - 0.16, z + 0.001, (0.026, 0.046), splay=0.035)]
    return [Part(top, wood), Part(join(under), along(wood, "z"))]


@kind("coffee table", "茶几", places=("apartment",), colours=WOODEN, size_m=((0.75, 0.45, 0.34), (1.25, 0.7, 0.48)))
def coffee_table(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A low table, perhaps with a shelf under its top."""
    w, d, h = between(rng, 0.85, 1.15), between(rng, 0.5, 0.62), between(rng, 0.38, 0.44)
    wood = wooden(colour, rng)
    parts = _table(w, d, h, wood, rng)
    if rng.random() < 0.5:
        parts.append(Part(sheet(w - 0.16, d - 0.14, 0.018).moved(z=0.13), wood))
    return Model(parts, symmetry="2-fold", receptacle=top_of(w, d, h, 0.03))


@kind("side table", "小边桌", places=("apartment",), colours=WOODEN, size_m=((0.36, 0.36, 0.45), (0.56, 0.56, 0.65)))
def side_table(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A small round top on three legs or a foot."""
    r, h = between(rng, 0.2, 0.25), between(rng, 0.5, 0.58)
    wood = wooden(colour, rng)
    thick = 0.022
    top = lathe(fillet([(0, h - thick), (r, h - thick), (r, h), (0, h)], [0, 0.004, 0.006, 0], 4), 72)
    ring = tuple((float(x), float(y)) for x, y in polygon(16, r - 0.03))
    carries = Receptacle("on", ring, h)
    if rng.random() < 0.5:
        foot = lathe(
            fillet(
                [(0, 0), (r * 0.72, 0), (r * 0.72, 0.016), (0.018, 0.03), (0.014, h - thick + 0.001), (0, h - thick + 0.001)],
                [0, 0.004, 0.006, 0.02, 0, 0],
                5,
            ),
            56,
        )
        return Model([Part(top, wood), Part(foot, STEEL)], symmetry="continuous", receptacle=carries)
    legs = [
        post((r * 0.92 * c, r * 0.92 * s, 0), (r * 0.55 * c, r * 0.55 * s, h - thick + 0.001), (0.022, 0.034))
        for c, s in polygon(3, 1.0)
    ]
    return Model([Part(top, wood), Part(join(legs), along(wood, "z"))], receptacle=carries)


@kind("dining table", "餐桌", places=("apartment",), colours=WOODEN, size_m=((1.1, 0.7, 0.7), (1.7, 0.95, 0.78)))
def dining_table(rng: np.random.Generator, colour: NamedColour) -> Model:
    """For four or six."""
    w, d, h = between(rng, 1.2, 1.6), between(rng, 0.75, 0.88), between(rng, 0.73, 0.76)
    return Model(_table(w, d, h, wooden(colour, rng), rng), symmetry="2-fold", receptacle=top_of(w, d, h, 0.03))


@kind("desk", "书桌", places=("apartment",), colours=WOODEN, size_m=((0.95, 0.5, 0.7), (1.5, 0.8, 0.78)))
def desk(rng: np.random.Generator, colour: NamedColour) -> Model:
    """With a chest of drawers under one side; faces -y."""
    w, d, h = between(rng, 1.05, 1.35), between(rng, 0.56, 0.68), between(rng, 0.72, 0.75)
    wood = wooden(colour, rng)
    thick, side = 0.028, -1 if rng.random() < 0.5 else 1
    top = sheet(w, d, thick).moved(z=h - thick)
    z = h - thick
    x = side * (w / 2 - 0.24)
    chest = box((x - 0.2, x + 0.2), (-d / 2 + 0.07, d / 2 - 0.04), (0.1, z + 0.001))
    fronts = [
        box((x - 0.197, x + 0.197), (-d / 2 + 0.05, -d / 2 + 0.069), (a + 0.004, a + (z - 0.1) / 3 - 0.004), 0.002)
        for a in 0.1 + (z - 0.1) / 3 * np.arange(3)
    ]
    grips = knobs([(x, -d / 2 + 0.05, 0.1 + (z - 0.1) / 3 * (i + 0.6)) for i in range(3)], int(rng.integers(2)))
    legs = [
        post((-side * (w / 2 - 0.06), y, 0), (-side * (w / 2 - 0.06), y, z + 0.001), (0.03, 0.042), round_=False)
        for y in (-d / 2 + 0.06, d / 2 - 0.06)
    ]
    legs += [
        post((x + a, y, 0), (x + a, y, 0.102), (0.026, 0.034)) for a in (-0.16, 0.16) for y in (-d / 2 + 0.12, d / 2 - 0.09)
    ]
    back = box((-w / 2 + 0.05, w / 2 - 0.05), (d / 2 - 0.07, d / 2 - 0.05), (z - 0.25, z + 0.001))
    return Model(
        [
            Part(top, wood),
            Part(join([chest, back]), wood),
            Part(join(fronts), wood),
            Part(join(legs), along(wood, "z")),
            Part(grips, metal((0.6, 0.6, 0.6), 0.3)),
        ],
        receptacle=top_of(w, d, h, 0.03),
    )


@kind("nightstand", "床头柜", places=("apartment",), colours=WOODEN, size_m=((0.36, 0.34, 0.42), (0.56, 0.5, 0.66)))
def nightstand(rng: np.random.Generator, colour: NamedColour) -> Model:
    """Two drawers on feet; faces -y."""
    w, d, h = between(rng, 0.4, 0.5), between(rng, 0.36, 0.44), between(rng, 0.48, 0.58)
    wood = wooden(colour, rng)
    foot = between(rng, 0.1, 0.16)
    body = box((-w / 2, w / 2), (-d / 2 + 0.02, d / 2), (foot, h - 0.02))
    top = sheet(w + 0.01, d + 0.005, 0.02).moved(0, 0.002, h - 0.02)
    each = (h - 0.02 - foot) / 2
    fronts = [
        box(
            (-w / 2 + 0.004, w / 2 - 0.004),
            (-d / 2, -d / 2 + 0.019),
            (foot + each * i + 0.004, foot + each * (i + 1) - 0.004),
            0.002,
        )
        for i in range(2)
    ]
    grips = knobs([(0, -d / 2, foot + each * (i + 0.55)) for i in range(2)], int(rng.integers(2)))
    legs = posts(w - 0.07, d - 0.08, foot + 0.001, (0.024, 0.036), splay=0.008)
    return Model(
        [
            Part(join([body, top]), wood),
            Part(join(fronts), wood),
            Part(legs, along(wood, "z")),
            Part(grips, metal((0.62, 0.5, 0.3), 0.3)),
        ],
        receptacle=top_of(w, d, h),
    )


@kind("console table", "玄关桌", places=("apartment",), colours=WOODEN, size_m=((0.75, 0.28, 0.7), (1.2, 0.42, 0.85)))
def console_table(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A narrow table for a wall, with a drawer."""
    w, d, h = between(rng, 0.85, 1.1), between(rng, 0.32, 0.38), between(rng, 0.75, 0.8)
    wood = wooden(colour, rng)
    top = sheet(w, d, 0.024).moved(z=h - 0.024)
    z = h - 0.024
    legs = posts(w - 0.08, d - 0.07, z + 0.001, (0.026, 0.04), round_=False)
    frame = rails(w - 0.08, d - 0.07, z - 0.11, z + 0.0005)
    shelf = sheet(w - 0.08, d - 0.06, 0.018).moved(z=0.2)
    front = box((-0.22, 0.22), (-d / 2 + 0.012, -d / 2 + 0.03), (z - 0.1, z - 0.012), 0.002)
    grip = knobs([(0, -d / 2 + 0.012, z - 0.055)], 0)
    bars = tube([(-0.01, 0, 0.21), (0.01, 0, 0.21)], 0.004, 6)
    return Model(
        [
            Part(join([top, shelf]), wood),
            Part(join([legs, frame, bars]), along(wood, "z")),
            Part(front, wood),
            Part(grip, metal((0.6, 0.48, 0.28), 0.3)),
        ],
        receptacle=top_of(w, d, h),
    )
