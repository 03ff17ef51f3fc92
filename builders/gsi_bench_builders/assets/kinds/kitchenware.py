"""Pans, kettles, boards, baskets and the like."""

from __future__ import annotations

import math

import numpy as np

from gsi_bench_builders.assets.artwork import shade
from gsi_bench_builders.assets.colours import NamedColour
from gsi_bench_builders.assets.library import Model, Part, kind
from gsi_bench_builders.assets.lines import fillet, polygon, rounded_rectangle, spline
from gsi_bench_builders.assets.material import Bump, Colour, Material, ceramic, fabric, glass, metal, plastic, some_wood
from gsi_bench_builders.assets.mesh import Mesh, join
from gsi_bench_builders.assets.shapes import outline_of, smooth_profile
from gsi_bench_builders.assets.solids import extrude, lathe, loft, rounded_box, sweep, tube
from gsi_bench_builders.scene import Receptacle

STEEL: Colour = (0.72, 0.72, 0.73)
WOODS: tuple[tuple[Colour, Colour], ...] = (
    ((0.62, 0.42, 0.24), (0.42, 0.25, 0.12)),
    ((0.74, 0.56, 0.36), (0.58, 0.40, 0.22)),
    ((0.36, 0.21, 0.12), (0.20, 0.11, 0.06)),
)


@kind(
    "pan",
    "平底锅",
    places=("kitchen",),
    size_m=((0.18, 0.34, 0.035), (0.34, 0.58, 0.12)),
)
def pan(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A frying pan; its handle points to the viewer."""
    r, h = rng.uniform(0.105, 0.135), rng.uniform(0.038, 0.05)
    foot = r * 0.82
    profile = fillet(
        [(0, 0), (foot, 0), (r, h), (r - 0.003, h), (foot - 0.002, 0.0045), (0, 0.0045)],
        [0, 0.008, 0.0014, 0.0014, 0.012, 0],
        6,
    )
    cast = rng.random() < 0.5
    body = (
        Material((0.045, 0.045, 0.048), roughness=0.5, metallic=0.4, bump=Bump(0.003, 0.00006)) if cast else metal(STEEL, 0.28)
    )
    length = rng.uniform(0.16, 0.19)
    path = spline(
        [(0, -r * 0.93, h * 0.8), (0, -r - 0.03, h + 0.006), (0, -r - length * 0.55, h + 0.018), (0, -r - length, h + 0.014)],
        30,
    )
    outline = rounded_rectangle(0.024, 0.011, 0.005)
    handle = sweep(path, outline, np.interp(np.linspace(0, 1, 30), [0, 0.25, 0.7, 1], [0.72, 0.72, 1.1, 0.85]))
    grips = (plastic((0.05, 0.05, 0.05), 0.4), some_wood(rng, WOODS, "y"), body)
    inside = lathe(fillet([(foot - 0.003, 0.0049), (0, 0.0049)], 0.0), 64)
    coated = Material((0.05, 0.05, 0.052), roughness=0.33, coat=0.2)
    parts = [Part(lathe(profile, 80), body), Part(handle, grips[int(rng.integers(3))])]
    if not cast:
        parts.append(Part(inside, coated))
    return Model(parts, receptacle=Receptacle("in", outline_of(polygon(24, foot * 0.9)), 0.005))


@kind(
    "pot",
    "锅",
    places=("kitchen",),
    colours=("red", "blue", "green", "orange", "white", "black", "teal"),
    size_m=((0.2, 0.15, 0.12), (0.36, 0.28, 0.26)),
)
def pot(rng: np.random.Generator, colour: NamedColour) -> Model:
    """An enamelled casserole with its lid on."""
    r, h = rng.uniform(0.095, 0.12), rng.uniform(0.095, 0.125)
    enamel = Material(colour.varied(rng), roughness=0.18, coat=0.8, coat_roughness=0.05)
    body = lathe(fillet([(0, 0), (r * 0.88, 0), (r, h), (0, h)], [0, 0.018, 0.002, 0], 8), 80)
    lid = lathe(
        np.concatenate(
            [
                [(r + 0.002, h)],
                smooth_profile([(r + 0.003, h + 0.002), (r * 0.9, h + 0.016), (r * 0.4, h + 0.03), (0.012, h + 0.032)], 20),
                [(0, h + 0.032)],
            ]
        ),
        80,
    )
    knob = lathe(
        smooth_profile([(0.009, h + 0.03), (0.008, h + 0.04), (0.02, h + 0.05), (0.017, h + 0.058), (0, h + 0.06)], 20), 40
    )
    ears = []
    for side in (-1, 1):
        path = spline(
            [
                (side * r * 0.93, -0.035, h * 0.78),
                (side * (r + 0.026), -0.026, h * 0.8),
                (side * (r + 0.026), 0.026, h * 0.8),
                (side * r * 0.93, 0.035, h * 0.78),
            ],
            26,
        )
        ears.append(sweep(path, polygon(14, 1.0) * (0.0065, 0.0075)))
    top: Material = enamel if rng.random() < 0.4 else metal((0.75, 0.6, 0.35) if rng.random() < 0.5 else STEEL, 0.2)
    return Model([Part(body, enamel), Part(lid, enamel), Part(join(ears), enamel), Part(knob, top)], symmetry="2-fold")


@kind(
    "kettle",
    "烧水壶",
    places=("kitchen",),
    colours=("red", "blue", "white", "black", "green", "silver"),
    size_m=((0.18, 0.13, 0.18), (0.32, 0.25, 0.32)),
)
def kettle(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A stove kettle with an arched handle; spout to its left."""
    r, h = rng.uniform(0.085, 0.1), rng.uniform(0.115, 0.14)
    coat = metal(STEEL, 0.15) if colour.name == "silver" else Material(colour.varied(rng), roughness=0.15, coat=0.9)
    side = smooth_profile([(r * 0.95, 0.004), (r, h * 0.22), (r * 0.86, h * 0.68), (r * 0.45, h * 0.96), (0.03, h)], 40)
    body = lathe(np.concatenate([[(0, 0.001), (r * 0.9, 0.0)], side, [(0, h)]]), 80)
    path = spline([(-r * 0.72, 0, h * 0.48), (-r * 1.15, 0, h * 0.66), (-r * 1.5, 0, h * 0.98)], 26)
    spout = tube(path, np.linspace(0.022, 0.0115, 26), 28)
    lid = lathe(smooth_profile([(0.034, h - 0.002), (0.033, h + 0.004), (0.02, h + 0.01), (0.006, h + 0.011)], 16), 48)
    knob = lathe(
        smooth_profile([(0.005, h + 0.009), (0.005, h + 0.014), (0.012, h + 0.022), (0.008, h + 0.03), (0, h + 0.031)], 18), 36
    )
    arch = spline(
        [(-r * 0.62, 0, h * 0.8), (-r * 0.66, 0, h * 1.3), (0, 0, h * 1.72), (r * 0.66, 0, h * 1.3), (r * 0.62, 0, h * 0.8)], 50
    )
    wire = tube(arch, 0.0042, 16)
    grip = tube(arch[16:34], np.interp(np.linspace(0, 1, 18), [0, 0.1, 0.5, 0.9, 1], [0.007, 0.0095, 0.011, 0.0095, 0.007]), 20)
    dark = plastic((0.05, 0.05, 0.055), 0.35) if rng.random() < 0.6 else some_wood(rng, WOODS, "x", 0.006)
    steel = metal(STEEL, 0.18)
    return Model([Part(body, coat), Part(spout, coat), Part(lid, coat), Part(knob, dark), Part(wire, steel), Part(grip, dark)])


@kind(
    "toaster",
    "烤面包机",
    places=("kitchen",),
    colours=("silver", "red", "black", "white", "teal", "yellow"),
    size_m=((0.22, 0.13, 0.15), (0.34, 0.22, 0.24)),
)
def toaster(rng: np.random.Generator, colour: NamedColour) -> Model:
    """Two slots, a lever and a dial at its front."""
    w, d, h = rng.uniform(0.25, 0.29), rng.uniform(0.155, 0.175), rng.uniform(0.17, 0.19)
    outline = rounded_rectangle(w, d, 0.05, 10)
    shell = [
        np.column_stack([outline * s, np.full(len(outline), z)])
        for s, z in [
            (0.96, 0.012),
            (0.985, 0.016),
            (1.0, 0.04),
            (0.99, h * 0.72),
            (0.965, h * 0.9),
            (0.93, h * 0.975),
            (0.88, h),
        ]
    ]
    body = loft(shell)
    base = loft(
        [np.column_stack([outline * s, np.full(len(outline), z)]) for s, z in [(0.95, 0.0), (0.985, 0.003), (0.985, 0.013)]]
    )
    coat = (
        metal(STEEL, 0.2, brushed=True) if colour.name == "silver" else Material(colour.varied(rng), roughness=0.16, coat=0.9)
    )
    dark = plastic((0.03, 0.03, 0.032), 0.45)
    slots, trims = [], []
    for y in (-0.026, 0.026):
        slots.append(extrude(rounded_rectangle(w * 0.58, 0.026, 0.008), 0.0012, 0.0).moved(0, y, h - 0.0002))
        trims.append(_rim(w * 0.58 + 0.004, 0.03, 0.009).moved(0, y, h))
    lever = rounded_box(0.04, 0.022, 0.013, 0.004).moved(-w * 0.26, -d / 2 - 0.006, h * 0.66)
    groove = rounded_box(0.007, 0.003, h * 0.5, 0.001).moved(-w * 0.26, -d / 2 * 0.985, h * 0.26)
    dial = (
        lathe(fillet([(0.019, 0), (0.0175, 0.014), (0, 0.0145)], [0, 0.002, 0], 4), 40)
        .turned(90, "x")
        .moved(w * 0.24, -d / 2 * 0.975, h * 0.36)
    )
    mark = rounded_box(0.0022, 0.002, 0.013, 0.0006).moved(w * 0.24, -d / 2 * 0.975 - 0.0146, h * 0.372)
    white = plastic((0.85, 0.85, 0.84))
    chrome = metal((0.8, 0.8, 0.8), 0.1)
    return Model(
        [
            Part(body, coat, 50),
            Part(base, dark),
            Part(join(slots), dark),
            Part(join(trims), chrome),
            Part(join([lever, groove]), dark),
            Part(dial, chrome),
            Part(mark, white),
        ]
    )


def _rim(width: float, depth: float, radius: float) -> Mesh:
    """A thin raised frame."""
    outline = rounded_rectangle(width, depth, radius, 6)
    path = np.column_stack([outline, np.zeros(len(outline))])
    return sweep(path, polygon(8, 0.0016), closed=True)


@kind("basket", "篮子", places=("kitchen", "dining", "coffee"), size_m=((0.2, 0.16, 0.07), (0.36, 0.28, 0.18)))
def basket(rng: np.random.Generator, colour: NamedColour) -> Model:
    """Woven of willow, oval."""
    w, d, h = rng.uniform(0.25, 0.31), rng.uniform(0.19, 0.23), rng.uniform(0.08, 0.11)
    rows, stakes = int(h / 0.0085), 40
    angle = np.linspace(0, 2 * math.pi, stakes * 4, endpoint=False)
    strands = []
    for row in range(rows):
        z = 0.006 + row * (h - 0.01) / rows
        flare = 0.8 + 0.2 * row / rows
        weave = 0.0026 * np.cos(angle * stakes / 2 + math.pi * row)
        ring = np.column_stack(
            [(w / 2 * flare + weave) * np.cos(angle), (d / 2 * flare + weave) * np.sin(angle), np.full(len(angle), z)]
        )
        strands.append(tube(ring, 0.0036, 6, closed=True))
    uprights = []
    for a in np.linspace(0, 2 * math.pi, stakes, endpoint=False):
        c, s = math.cos(a), math.sin(a)
        uprights.append(tube([(w / 2 * 0.79 * c, d / 2 * 0.79 * s, 0.003), (w / 2 * c, d / 2 * s, h)], 0.0026, 6))
    rim = np.column_stack([w / 2 * 1.005 * np.cos(angle), d / 2 * 1.005 * np.sin(angle), np.full(len(angle), h)])
    edge = tube(rim, 0.0062, 10, closed=True)
    oval = np.column_stack([np.cos(angle[::3]) * w / 2 * 0.8, np.sin(angle[::3]) * d / 2 * 0.8])
    floor = extrude(oval, 0.006, 0.001)
    tints: tuple[Colour, ...] = ((0.62, 0.42, 0.22), (0.45, 0.28, 0.14), (0.74, 0.6, 0.4))
    tint = tints[int(rng.integers(3))]
    willow = Material(tint, roughness=0.6, coat=0.1, bump=Bump(0.003, 0.0002))
    inner = polygon(24, 1.0) * (w / 2 * 0.72, d / 2 * 0.72)
    outline = tuple((float(x), float(y)) for x, y in inner)
    lining = Part(floor, fabric(shade(tint, 0.9)))
    return Model(
        [
            Part(join(strands), willow, 60),
            Part(join(uprights), Material(shade(tint, 0.8), roughness=0.65), 60),
            Part(edge, willow, 60),
            lining,
        ],
        symmetry="2-fold",
        receptacle=Receptacle("in", outline, 0.006),
    )


@kind("salt shaker", "盐瓶", places=("dining", "kitchen"), size_m=((0.035, 0.035, 0.06), (0.065, 0.065, 0.12)))
def salt_shaker(rng: np.random.Generator, colour: NamedColour) -> Model:
    """Glass with salt in it and a steel cap, or glazed with a wooden foot; holes on top."""
    r, h = rng.uniform(0.021, 0.026), rng.uniform(0.075, 0.092)
    waist, neck = r * rng.uniform(0.76, 0.92), r * 0.82
    if rng.random() < 0.65:
        return _glass_shaker(rng, (r, waist, neck), h)
    foot = h * rng.uniform(0.1, 0.25)
    line = [(r, foot), (r * 0.98, h * 0.45), (waist, h * 0.75), (waist * 0.86, h * 0.95), (waist * 0.6, h), (0, h)]
    body = lathe(np.concatenate([[(0, foot)], smooth_profile(line[:4], 24), fillet(line[3:], 0.008, 6)[1:]]), 64)
    base = lathe(fillet([(0, 0), (r - 0.001, 0), (r, foot), (0, foot)], [0, 0.002, 0, 0], 4), 64)
    glazes: tuple[Colour, ...] = ((0.90, 0.89, 0.86), (0.10, 0.10, 0.11), (0.32, 0.42, 0.40), (0.72, 0.45, 0.36))
    glaze = ceramic(glazes[int(rng.integers(4))], matt=rng.random() < 0.5)
    return Model([Part(body, glaze), Part(base, some_wood(rng, WOODS, "z", 0.006)), _holes(h, 0.0065)], symmetry="continuous")


def _glass_shaker(rng: np.random.Generator, radii: tuple[float, float, float], h: float) -> Model:
    r, waist, neck = radii
    shoulder, wall = h * 0.76, 0.0022
    outside = smooth_profile([(r, 0.002), (r, h * 0.1), (waist, h * 0.5), (neck, shoulder)], 30)
    inside = outside[::-1] - (wall, 0)
    inside = inside[inside[:, 1] > 0.006]
    shell = lathe(np.concatenate([[(0, 0), (r - 0.002, 0)], outside, inside, [(0, 0.006)]]), 56)
    line = inside[::-1][inside[::-1, 1] < h * rng.uniform(0.45, 0.68)] + np.array([0.0006, 0])
    grains = lathe(np.concatenate([[(0, 0.0064)], line, [(0, float(line[-1, 1]) + 0.002)]]), 48)
    salt = Material((0.94, 0.94, 0.93), roughness=0.9, bump=Bump(0.0008, 0.0004))
    low = shoulder - 0.006
    cap_line = [(0, low), (neck + 0.0015, low), (neck + 0.0015, h * 0.9), (neck * 0.55, h), (0, h)]
    cap = lathe(fillet(cap_line, [0, 0.001, 0.006, 0.004, 0], 6), 56)
    beads = [
        lathe([(neck + 0.0014, low + z - 0.0007), (neck + 0.0022, low + z), (neck + 0.0014, low + z + 0.0007)], 56)
        for z in (0.003, 0.0055)
    ]
    parts = [Part(shell, glass()), Part(grains, salt), Part(join([cap, *beads]), metal(STEEL, 0.16))]
    return Model([*parts, _holes(h, 0.0055)], symmetry="continuous")


def _holes(z: float, ring: float) -> Part:
    """Pierced holes on a flat top."""
    turns = np.linspace(0, 2 * math.pi, 7)[:-1]
    places = [(0.0, 0.0), *((ring * math.cos(a), ring * math.sin(a)) for a in turns)]
    hole = lathe([(0.0012, 0), (0, 0)], 12)
    return Part(join([hole.moved(x, y, z + 0.00015) for x, y in places]), plastic((0.02, 0.02, 0.02)))


@kind("pepper mill", "胡椒磨", places=("dining", "kitchen"), size_m=((0.04, 0.04, 0.12), (0.08, 0.08, 0.28)))
def pepper_mill(rng: np.random.Generator, colour: NamedColour) -> Model:
    """Turned from one piece of wood, with a steel ball on top."""
    h, r = rng.uniform(0.16, 0.23), rng.uniform(0.025, 0.031)
    line = [
        (r, 0.002),
        (r, 0.02),
        (r * 0.66, h * 0.3),
        (r * 0.6, h * 0.42),
        (r * 0.86, h * 0.6),
        (r * 0.8, h * 0.68),
        (r * 0.55, h * 0.705),
    ]
    body = lathe(np.concatenate([[(0, 0), (r - 0.002, 0)], smooth_profile(line, 46), [(0, h * 0.705)]]), 64)
    head = lathe(
        np.concatenate(
            [
                [(r * 0.55, h * 0.71)],
                smooth_profile([(r * 0.84, h * 0.73), (r * 0.9, h * 0.82), (r * 0.55, h * 0.93), (0.006, h * 0.95)], 26),
            ]
        ),
        64,
    )
    ball = lathe(
        smooth_profile([(0.003, h * 0.945), (0.006, h * 0.955), (0.0095, h * 0.975), (0.006, h * 0.997), (0, h)], 18), 36
    )
    timber = some_wood(rng, WOODS, "z", 0.01)
    return Model([Part(body, timber), Part(head, timber), Part(ball, metal(STEEL, 0.12))], symmetry="continuous")
