"""What is plumbed in: toilets, tubs, showers, wash stands."""

from __future__ import annotations

import itertools

import numpy as np

from gsi_bench_builders.assets.colours import NamedColour
from gsi_bench_builders.assets.joinery import BRASS, CHROME, STEEL, WOODEN, between, knobs, sheet, wooden
from gsi_bench_builders.assets.library import Model, Part, kind
from gsi_bench_builders.assets.lines import fillet, rounded_rectangle, spline
from gsi_bench_builders.assets.material import Material, glass, metal
from gsi_bench_builders.assets.mesh import Mesh, Points, join
from gsi_bench_builders.assets.rooms.palettes import pick, stone
from gsi_bench_builders.assets.rooms.pieces import box
from gsi_bench_builders.assets.shapes import squircle
from gsi_bench_builders.assets.solids import extrude, lathe, loft, rounded_box, tube
from gsi_bench_builders.scene import Receptacle

_PORCELAIN = ((0.88, 0.88, 0.86), (0.86, 0.85, 0.82))


def porcelain(rng: np.random.Generator) -> Material:
    """White glaze."""
    return Material(_PORCELAIN[int(rng.integers(2))], roughness=0.12, coat=0.5)


def fitting(rng: np.random.Generator) -> Material:
    """What taps are made of."""
    return (CHROME, CHROME, BRASS, metal((0.06, 0.06, 0.065), 0.35))[int(rng.integers(4))]


def _ring(outline: Points, z: float, scale: float = 1.0, y: float = 0.0) -> Points:
    return np.column_stack([outline[:, 0] * scale, outline[:, 1] * scale + y, np.full(len(outline), z)])


def tap(x: float, y: float, z: float, rise: float, reach: float) -> Mesh:
    """A mixer: a column with a bowed spout towards -y and a lever."""
    column = lathe(fillet([(0, 0), (0.024, 0), (0.022, rise * 0.55), (0, rise * 0.55)], [0, 0.003, 0.006, 0], 4), 24)
    spout = tube(
        spline([(0, 0, rise * 0.5), (0, -0.01, rise * 0.95), (0, -reach * 0.6, rise), (0, -reach, rise * 0.8)], 20), 0.011, 14
    )
    lever = tube([(0, 0.005, rise * 0.55), (0.0, 0.012, rise * 0.7), (0, 0.06, rise * 0.85)], [0.008, 0.007, 0.005], 12)
    return join([column, spout, lever]).moved(x, y, z)


@kind("toilet", "马桶", places=("washroom",), size_m=((0.34, 0.6, 0.7), (0.46, 0.75, 0.9)), hold="built")
def toilet(rng: np.random.Generator, colour: NamedColour) -> Model:
    """Bowl, closed lid, cistern with its button; faces -y, its cistern at +y."""
    w, deep, top = between(rng, 0.36, 0.39), between(rng, 0.64, 0.69), between(rng, 0.76, 0.84)
    white, back = porcelain(rng), deep / 2
    bowl = squircle(w, deep - 0.2, 2.3, 56)
    foot = squircle(w * 0.62, deep - 0.34, 3.0, 56)
    front = -0.1
    rings = [
        _ring(foot, 0.0, 1.0, front + 0.05),
        _ring(foot, 0.12, 0.97, front + 0.05),
        _ring(bowl, 0.3, 0.86, front + 0.02),
        _ring(bowl, 0.37, 0.97, front),
        _ring(bowl, 0.395, 0.97, front),
        _ring(bowl, 0.397, 0.9, front),
    ]
    body = loft(rings)
    neck = rounded_box(w * 0.62, 0.24, 0.36, 0.03).moved(0, back - 0.16, 0.03)
    seat = extrude(squircle(w, deep - 0.2, 2.3, 56), 0.018, 0.007).moved(0, front, 0.398)
    lid = extrude(squircle(w * 0.985, deep - 0.205, 2.3, 56), 0.016, 0.007).moved(0, front, 0.418)
    hinge = rounded_box(w * 0.5, 0.05, 0.03, 0.01).moved(0, back - 0.19, 0.4)
    tank = rounded_box(w + 0.01, 0.17, top - 0.43, 0.03).moved(0, back - 0.087, 0.4)
    cover = rounded_box(w + 0.026, 0.186, 0.035, 0.012).moved(0, back - 0.093, top - 0.036)
    button = lathe(fillet([(0, 0), (0.024, 0), (0.024, 0.006), (0, 0.006)], [0, 0, 0.003, 0], 4), 32).moved(
        -w * 0.3, back - 0.09, top - 0.001
    )
    x0, x1, y = -w * 0.3 + 0.04, w / 2 - 0.01, back - 0.09
    ring = ((x0, y - 0.06), (x1, y - 0.06), (x1, y + 0.06), (x0, y + 0.06))
    return Model(
        [
            Part(join([body, neck]), white, 50.0),
            Part(join([seat, lid, hinge]), white, 50.0),
            Part(join([tank, cover]), white, 50.0),
            Part(button, CHROME),
        ],
        receptacle=Receptacle("on", ring, top - 0.001, is_plain=False),
    )


@kind("bathtub", "浴缸", places=("washroom",), size_m=((1.45, 0.66, 0.5), (1.8, 0.85, 0.95)), hold="built")
def bathtub(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A built-in tub, its taps at one end; its long side faces -y."""
    w, d, h = between(rng, 1.5, 1.7), between(rng, 0.7, 0.78), between(rng, 0.54, 0.6)
    white = porcelain(rng)

    def ring(width: float, depth: float, radius: float, z: float, x: float = 0.0) -> Points:
        flat = rounded_rectangle(width, depth, radius, 10)
        return np.column_stack([flat[:, 0] + x, flat[:, 1], np.full(len(flat), z)])

    rings = [
        ring(w, d, 0.02, 0.0),
        ring(w, d, 0.02, h - 0.012),
        ring(w - 0.012, d - 0.012, 0.025, h),
        ring(w - 0.12, d - 0.12, 0.16, h),
        ring(w - 0.14, d - 0.14, 0.17, h - 0.012),
        ring(w - 0.22, d - 0.2, 0.2, h - 0.26, 0.02),
        ring(w - 0.36, d - 0.26, 0.2, h - 0.385, 0.03),
        ring(w - 0.5, d - 0.34, 0.16, h - 0.4, 0.04),
    ]
    side = -1 if rng.random() < 0.5 else 1
    chrome = fitting(rng)
    spout = tap(0, 0, 0, 0.16, 0.14).turned(90 if side < 0 else -90).moved(side * (w / 2 - 0.065), 0, h - 0.002)
    drain = lathe(fillet([(0, 0), (0.03, 0), (0.03, 0.005), (0, 0.006)], [0, 0, 0.002, 0], 3), 28).moved(
        side * 0.4, 0, h - 0.401
    )
    return Model([Part(loft(rings), white, 40.0), Part(join([spout, drain]), chrome)])


@kind("shower", "淋浴间", places=("washroom",), size_m=((0.75, 0.75, 1.9), (1.05, 1.05, 2.2)), hold="built")
def shower(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A tray for a corner, a riser with a rain head at +y, a pane at its right side; open to -y."""
    w, d = between(rng, 0.8, 0.95), between(rng, 0.8, 0.95)
    chrome = fitting(rng)
    x, y = w / 2, d / 2
    tray = [box((-x, x), (-y, y), (0.0, 0.03), 0.01)]
    rims = [
        box((-x, x), (s * y - (0.04 if s > 0 else 0), s * y + (0 if s > 0 else 0.04)), (0.02, 0.055), 0.008) for s in (-1, 1)
    ]
    rims += [
        box((s * x - (0.04 if s > 0 else 0), s * x + (0 if s > 0 else 0.04)), (-y, y), (0.02, 0.0549), 0.008) for s in (-1, 1)
    ]
    pane = box((x - 0.022, x - 0.014), (-y + 0.012, y - 0.012), (0.057, 2.0), 0.001)
    frame = [box((x - 0.028, x - 0.008), (a - 0.011, a + 0.011), (0.055, 2.01), 0.003) for a in (-y + 0.011, y - 0.011)]
    frame.append(box((x - 0.027, x - 0.009), (-y, y), (2.0, 2.02), 0.003))
    back = y - 0.05
    riser = tube(fillet([(0, back, 0.95), (0, back, 2.08), (0, back - 0.4, 2.08), (0, back - 0.4, 2.03)], 0.06, 8), 0.011, 14)
    head = lathe(
        fillet([(0, 0), (0.11, 0), (0.11, 0.008), (0.02, 0.02), (0, 0.022)], [0, 0.002, 0.003, 0.008, 0], 4), 48
    ).moved(0, back - 0.4, 2.015)
    mixer = tube([(-0.13, back, 1.0), (0.13, back, 1.0)], 0.02, 18)
    holders = [tube([(a, back, 1.0), (a, y, 1.0)], 0.014, 12) for a in (-0.08, 0.08)]
    drain = lathe(fillet([(0, 0), (0.05, 0), (0.05, 0.004), (0, 0.004)], [0, 0, 0.002, 0], 3), 32).moved(0, 0, 0.0295)
    white = porcelain(rng)
    clear = glass((0.95, 0.985, 0.97), 0.0)
    return Model(
        [
            Part(join([*tray, *rims]), white, 40.0),
            Part(pane, clear, 0.0),
            Part(join([*frame, riser, head, mixer, *holders, drain]), chrome),
        ]
    )


@kind(
    "vanity",
    "浴室柜",
    places=("washroom",),
    colours=WOODEN,
    size_m=((0.8, 0.42, 0.85), (1.35, 0.6, 1.25)),
    hold="built",
    also=(("sink", "洗手盆"), ("basin", "面盆")),
)
def vanity(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A cabinet with a stone top, a basin set on it at one side, and a tap; faces -y."""
    w, d, h = between(rng, 0.9, 1.25), between(rng, 0.46, 0.54), between(rng, 0.8, 0.86)
    front = wooden(colour, rng)
    foot = between(rng, 0.08, 0.2)
    slab = stone(pick(rng, "white marble|quartz|terrazzo|travertine|granite|dark marble"), rng)
    body = box((-w / 2 + 0.005, w / 2 - 0.005), (-d / 2 + 0.03, d / 2), (foot, h - 0.03))
    feet = [
        box((s * (w / 2 - 0.08) - 0.02, s * (w / 2 - 0.08) + 0.02), (a - 0.02, a + 0.02), (0.0, foot + 0.001))
        for s in (-1, 1)
        for a in (-d / 2 + 0.09, d / 2 - 0.06)
    ]
    top = sheet(w, d, 0.03, 0.004).moved(z=h - 0.03)
    edges = np.linspace(-w / 2 + 0.008, w / 2 - 0.008, 3)
    rows = [foot + 0.005, h - 0.2, h - 0.036] if rng.random() < 0.5 else [foot + 0.005, h - 0.036]
    doors = [
        box((a + 0.002, b - 0.002), (-d / 2 + 0.011, -d / 2 + 0.029), (low + 0.002, high - 0.002), 0.002)
        for a, b in itertools.pairwise(edges)
        for low, high in itertools.pairwise(rows)
    ]
    places = [((a + b) / 2, -d / 2 + 0.011, high - 0.06) for a, b in itertools.pairwise(edges) for high in rows[1:]]
    side = -1 if rng.random() < 0.5 else 1
    wide, tall = between(rng, 0.38, 0.44), between(rng, 0.11, 0.14)
    round_ = rng.random() < 0.5
    outline = squircle(wide, 0.36, 2.0 if round_ else 5.0, 56)
    x = side * (w / 2 - wide / 2 - 0.07)
    steps = [(0.7, 0.0), (0.93, tall * 0.45), (1.0, tall), (0.955, tall), (0.88, tall * 0.45), (0.62, 0.018)]
    basin = loft([_ring(outline, z, s) for s, z in steps]).moved(x, -0.03, h - 0.0005)
    mixer = tap(x, d / 2 - 0.05, h - 0.001, tall + 0.13, 0.16)
    inner = x - side * (wide / 2 + 0.03)
    x0, x1 = sorted((inner, -side * (w / 2 - 0.02)))
    ring = ((x0, -d / 2 + 0.02), (x1, -d / 2 + 0.02), (x1, d / 2 - 0.02), (x0, d / 2 - 0.02))
    metal_ = fitting(rng)
    return Model(
        [
            Part(body, front),
            Part(join(doors), front),
            Part(join(feet), STEEL),
            Part(top, slab),
            Part(basin, porcelain(rng), 40.0),
            Part(mixer, metal_),
            Part(knobs(places, int(rng.integers(3))), metal_),
        ],
        receptacle=Receptacle("on", ring, h),
    )
