"""Objects of the pantry and the stove side: sugar bowls, coffee pots, bottles to carry, rolls of paper, blocks of knives."""

from __future__ import annotations

import math

import numpy as np

from gsi_bench_builders.assets.artwork import BRANDS, Canvas, shade
from gsi_bench_builders.assets.colours import NamedColour
from gsi_bench_builders.assets.kinds.tableware import decorated
from gsi_bench_builders.assets.library import Model, Part, kind
from gsi_bench_builders.assets.lines import fillet, polygon, rounded_rectangle, spline
from gsi_bench_builders.assets.material import Bump, Colour, Material, ceramic, metal, plastic, some_wood
from gsi_bench_builders.assets.mesh import Mesh, Points, join
from gsi_bench_builders.assets.shapes import side_plate, smooth_profile, wrap
from gsi_bench_builders.assets.solids import ellipsoid, lathe, loft, patch, rounded_box, sweep, thicken

STEEL: Colour = (0.74, 0.74, 0.75)
TIMBERS: tuple[tuple[Colour, Colour], ...] = (
    ((0.70, 0.50, 0.30), (0.50, 0.32, 0.17)),
    ((0.80, 0.64, 0.44), (0.66, 0.48, 0.29)),
    ((0.38, 0.22, 0.13), (0.22, 0.12, 0.07)),
)


@kind(
    "sugar bowl",
    "糖罐",
    places=("dining", "coffee", "kitchen"),
    colours=("white", "blue", "teal", "green", "red", "yellow", "pink", "beige"),
    size_m=((0.11, 0.075, 0.075), (0.19, 0.13, 0.15)),
)
def sugar_bowl(rng: np.random.Generator, colour: NamedColour) -> Model:
    """Round, with two ears and a lid."""
    r, h = rng.uniform(0.044, 0.054), rng.uniform(0.058, 0.074)
    foot, neck, high = r * 0.62, r * rng.uniform(0.72, 0.88), rng.uniform(0.42, 0.6)
    side = smooth_profile([(foot, 0.004), (r * 0.86, h * 0.2), (r, h * high), (neck, h)], 30)
    body = lathe(
        np.concatenate([[(0, 0.002), (foot - 0.004, 0.002), (foot - 0.002, 0)], side, [(neck - 0.004, h), (0, h - 0.004)]]), 80
    )
    dome = rng.uniform(0.010, 0.02)
    line = [(neck + 0.003, h + 0.002), (neck * 0.8, h + dome * 0.7), (neck * 0.3, h + dome), (0, h + dome)]
    lid = lathe(np.concatenate([[(0, h), (neck + 0.002, h)], smooth_profile(line, 20)]), 72)
    top = h + dome - 0.001
    knob = lathe(
        smooth_profile(
            [(0.005, top), (0.0045, top + 0.005), (0.0105, top + 0.011), (0.0085, top + 0.017), (0, top + 0.019)], 20
        ),
        40,
    )
    path = spline(
        [
            (r * 0.9, 0, h * 0.82),
            (r + 0.016, 0, h * 0.84),
            (r + 0.02, 0, h * 0.6),
            (r + 0.008, 0, h * 0.38),
            (r * 0.96, 0, h * 0.34),
        ],
        30,
    )
    ear = sweep(path, polygon(18, 1.0) * (0.0048, 0.0036))
    painting = decorated(rng, colour)
    plain = painting if painting.picture is None else ceramic(colour.varied(rng, 0.01))
    caps = (plain, some_wood(rng, TIMBERS, "z", 0.004), metal((0.76, 0.6, 0.32), 0.2))
    return Model(
        [
            Part(body, painting),
            Part(lid, plain),
            Part(knob, caps[int(rng.integers(3))]),
            Part(join([ear, ear.turned(180)]), plain),
        ],
        symmetry="2-fold",
    )


@kind(
    "moka pot",
    "摩卡壶",
    places=("kitchen", "dining", "coffee"),
    colours=("silver", "red", "black", "green", "blue", "orange"),
    size_m=((0.12, 0.075, 0.14), (0.21, 0.13, 0.25)),
)
def moka_pot(rng: np.random.Generator, colour: NamedColour) -> Model:
    """An eight-sided coffee pot of aluminium; beak to its left, handle to its right."""
    r, h = rng.uniform(0.042, 0.052), rng.uniform(0.155, 0.19)
    waist = h * 0.44
    aluminium = metal(STEEL, 0.24)
    coat = aluminium if colour.name == "silver" else Material(colour.varied(rng), roughness=0.22, coat=0.7)
    lower = _facets([(1.0, 0.0), (1.03, 0.002), (0.98, h * 0.05), (0.82, waist - 0.004), (0.78, waist)], r)
    collar = lathe(fillet([(0, waist - 0.004), (r * 0.84, waist - 0.004), (r * 0.86, waist + 0.008), (0, waist + 0.008)],
                          [0, 0.002, 0.002, 0], 4), 64)  # fmt: skip
    top = h * 0.88
    upper = _facets([(0.74, waist + 0.006), (0.76, waist + 0.012), (0.93, top - 0.006), (0.99, top - 0.001), (0.97, top)], r)

    def beak(p: Points) -> Points:
        pull = np.clip((p[:, 2] - waist) / (top - waist), 0, 1) ** 1.5
        angle = np.arctan2(p[:, 1], -p[:, 0])
        out = p.copy()
        out[:, 0] -= 0.42 * r * pull * np.exp(-((angle / 0.36) ** 2)) * (np.hypot(p[:, 0], p[:, 1]) > 0.5 * r * 0.7)
        return out

    lid = _facets([(1.0, top), (1.0, top + 0.002), (0.62, top + 0.011), (0.16, top + 0.017), (0.14, top + 0.018)], r)
    knob = _facets([(0.13, top + 0.017), (0.12, top + 0.022), (0.24, top + 0.030), (0.22, top + 0.037), (0.1, top + 0.04)], r)
    black = plastic((0.035, 0.035, 0.037), 0.28)
    bends = [
        (r * 0.8, top - 0.016),
        (r + 0.022, top - 0.008),
        (r + 0.042, top - 0.018),
        (r + 0.036, h * 0.36),
        (r + 0.034, h * 0.26),
    ]
    path = spline([(x, 0, z) for x, z in bends], 36)
    handle = sweep(
        path, rounded_rectangle(0.017, 0.0085, 0.003), np.interp(np.linspace(0, 1, 36), [0, 0.4, 1], [0.8, 1.0, 0.85])
    )
    hinge = rounded_box(0.014, 0.014, 0.008, 0.002).moved(r * 0.93, 0, top - 0.003)
    valve = lathe(fillet([(0.0055, 0), (0.0055, 0.004), (0.003, 0.006), (0, 0.006)], [0, 0.001, 0.001, 0], 3), 20)
    valve = valve.turned(90, "x").moved(0, -r * 0.87, h * 0.2)
    brass = metal((0.78, 0.6, 0.3), 0.25)
    parts = [
        Part(lower, aluminium, 15),
        Part(collar, aluminium),
        Part(upper.bent(beak), coat, 15),
        Part(lid.bent(beak), coat, 15),
    ]
    return Model([*parts, Part(knob, black, 20), Part(handle, black), Part(hinge, aluminium), Part(valve, brass)])


def _facets(rings: list[tuple[float, float]], r: float) -> Mesh:
    """An eight-sided vessel with narrow rounds between its sides: rings of (part of the radius, z)."""
    corners = [(r * math.cos(a), r * math.sin(a)) for a in (np.arange(8) + 0.5) * math.pi / 4]
    outline = fillet(corners, r * 0.09, 3, closed=True)
    return loft([np.column_stack([outline * scale, np.full(len(outline), z)]) for scale, z in rings])


@kind(
    "water bottle",
    "运动水壶",
    places=("desk", "kitchen", "living", "dining"),
    colours=("blue", "teal", "green", "red", "orange", "yellow", "pink", "purple", "black", "white", "silver"),
    size_m=((0.06, 0.06, 0.19), (0.095, 0.10, 0.31)),
)
def water_bottle(rng: np.random.Generator, colour: NamedColour) -> Model:
    """An insulated flask with a carrying loop; a mark printed on its front."""
    r, h = rng.uniform(0.034, 0.039), rng.uniform(0.19, 0.225)
    neck, shoulder = r * rng.uniform(0.68, 0.82), h * rng.uniform(0.80, 0.88)
    line = [(0, 0.001), (r - 0.004, 0), (r, 0.004), (r, shoulder), (neck, h), (0, h)]
    body = lathe(fillet(line, [0, 0.002, 0.002, 0.03, 0.006, 0], 10), 80)
    ring = lathe(fillet([(0, h - 0.002), (neck + 0.0004, h - 0.002), (neck + 0.0004, h + 0.004), (0, h + 0.004)],
                        [0, 0.001, 0.001, 0], 3), 64)  # fmt: skip
    cap_high = rng.uniform(0.022, 0.03)
    cap_line = [(0, h + 0.003), (neck + 0.003, h + 0.003), (neck + 0.003, h + cap_high), (0, h + cap_high)]
    cap = lathe(fillet(cap_line, [0, 0.0015, 0.004, 0], 5), 96)

    def grooved(p: Points) -> Points:
        side = (np.hypot(p[:, 0], p[:, 1]) > neck + 0.002) & (p[:, 2] < h + cap_high - 0.004)
        wave = 1 - 0.012 * side * (np.cos(24 * np.arctan2(p[:, 1], p[:, 0])) > 0)
        return p * np.column_stack([wave, wave, np.ones(len(p))])

    bends = [(-0.82, -0.004), (-0.86, 0.014), (0.0, 0.026), (0.86, 0.014), (0.82, -0.004)]
    loop_path = spline([(x * neck, 0, h + cap_high + z) for x, z in bends], 40)
    loop = sweep(loop_path, rounded_rectangle(0.014, 0.006, 0.0025))
    ground = colour.varied(rng)
    powder = (
        metal(STEEL, 0.28, brushed=True)
        if colour.name == "silver"
        else Material(ground, roughness=0.45, bump=Bump(0.0009, 0.00006))
    )
    tops: tuple[Colour, ...] = ((0.06, 0.06, 0.065), shade(ground, 0.55), (0.88, 0.87, 0.84))
    lid = plastic(tops[int(rng.integers(3))], 0.4)
    parts = [Part(body, powder), Part(ring, metal(STEEL, 0.2)), Part(cap.bent(grooved), lid), Part(loop, lid)]
    return Model([*parts, Part(wrap(r + 0.0002, h * 0.3, h * 0.58, 90), _mark(rng, colour, ground))])


def _mark(rng: np.random.Generator, colour: NamedColour, ground: Colour) -> Material:
    """A mark in the colour of what it is printed on."""
    steel = colour.name == "silver"
    ground = STEEL if steel else ground
    ink = (0.1, 0.1, 0.11) if sum(ground) > 1.7 else (0.93, 0.92, 0.9)
    canvas = Canvas(240, 240, ground)
    style = int(rng.integers(3))
    if style == 0:
        canvas.shape([(60, 150), (105, 70), (130, 110), (150, 85), (190, 150)], ink)
        canvas.disc(170, 62, 13, ink)
    elif style == 1:
        for wave in range(3):
            y = 85 + 28 * wave
            canvas.line([(x, y + 9 * math.sin((x - 60) / 19)) for x in range(60, 184, 4)], ink, 7)
    else:
        canvas.disc(120, 108, 50, ink)
        canvas.disc(138, 96, 42, ground)
    canvas.fitted(120, 192, BRANDS[int(rng.integers(len(BRANDS)))], 150, 34, ink)
    return Material(roughness=0.28 if steel else 0.45, metallic=float(steel), picture=canvas.picture())


@kind("knife block", "刀架", places=("kitchen",), size_m=((0.08, 0.14, 0.2), (0.16, 0.28, 0.4)))
def knife_block(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A slanted block of wood with the handles of five or more knives, leaning towards the viewer."""
    w, tilt = rng.uniform(0.09, 0.12), rng.uniform(14, 21)
    deep, tall = rng.uniform(0.115, 0.135), rng.uniform(0.185, 0.215)
    c, s = math.cos(math.radians(tilt)), math.sin(math.radians(tilt))
    # Its outline, from the front foot round: the top is cut square to the slots.
    front, back = np.array([0.0, 0.0]), np.array([deep / c, 0.0])
    up = np.array([-s, c])
    outline = np.array([front, back, back + up * (tall - deep * s / c * 0.9), front + up * tall])
    lean = np.array([s * tall * 0.4, 0.0])
    outline = fillet(outline + lean, 0.006, 4, closed=True)
    block = side_plate(outline, w, 0.003)
    timber = some_wood(rng, TIMBERS, "z", 0.016)
    dark = rng.random() < 0.6
    grip: Material = plastic((0.04, 0.04, 0.042), 0.35) if dark else some_wood(rng, TIMBERS, "z", 0.006)
    handles: list[Mesh] = []
    rivets: list[Mesh] = []
    bolsters: list[Mesh] = []
    top_front = front + up * tall + lean
    top_back = back + up * (tall - deep * s / c * 0.9) + lean
    rows = [(0.27, [(-0.27, 1.0), (0.27, 0.92)]), (0.72, [(-0.32, 0.8), (0.0, 0.84), (0.32, 0.8)])]
    for along, knives in rows:
        for x, size in knives:
            y, z = top_front + (top_back - top_front) * along
            handle, bolster, pins = _knife_handle(0.112 * size, 0.024 * size)
            for found, made in ((handle, handles), (bolster, bolsters), (pins, rivets)):
                made.append(found.turned(tilt, "x").moved(x * w, y, z))
    steel = metal(STEEL, 0.2)
    foot = rounded_box(w * 0.92, deep / c * 0.9, 0.003, 0.001).moved(0, deep / c / 2 + s * tall * 0.4, -0.002)
    parts = [
        Part(block, timber),
        Part(join(handles), grip, 50),
        Part(join([*bolsters, *rivets]), steel),
        Part(foot, plastic((0.05, 0.05, 0.05), 0.7)),
    ]
    return Model([Part(p.mesh.moved(z=0.002), p.material, p.smooth_deg) for p in parts])


def _knife_handle(length: float, deep: float) -> tuple[Mesh, Mesh, Mesh]:
    """(grip, bolster, rivets) rising from the origin along z; the blade's plane is y-z."""
    t = np.linspace(0, 1, 22)
    width = np.interp(t, [0, 0.25, 0.6, 0.88, 1], [0.86, 0.8, 0.92, 1.05, 0.7]) * deep
    shift = np.interp(t, [0, 0.6, 1], [0, 0.0, -0.14]) * deep
    rings = []
    for s, d, y in zip(t, width, shift, strict=True):
        ring = rounded_rectangle(0.0155, d, 0.006, 4)
        rings.append(np.column_stack([ring[:, 0], ring[:, 1] + y, np.full(len(ring), 0.012 + length * s)]))
    bolster = rounded_box(0.0135, deep * 0.84, 0.014, 0.003).moved(z=-0.001)
    pin = lathe(fillet([(0.0026, 0), (0.0026, 0.0166), (0, 0.0166)], [0, 0.0004, 0], 2), 14).turned(90, "y").moved(x=-0.0083)
    back = pin.turned(180)
    pins = [p.moved(z=0.012 + length * at) for at in (0.2, 0.5, 0.78) for p in (pin, back)]
    return loft(rings), bolster, join(pins)


@kind(
    "rolling pin",
    "擀面杖",
    places=("kitchen",),
    size_m=((0.3, 0.035, 0.035), (0.5, 0.08, 0.08)),
)
def rolling_pin(rng: np.random.Generator, colour: NamedColour) -> Model:
    """Lying across; some with coloured or turned handles."""
    r, long, grip = rng.uniform(0.022, 0.031), rng.uniform(0.2, 0.25), rng.uniform(0.085, 0.1)
    barrel = lathe(fillet([(0, 0), (r, 0), (r, long), (0, long)], [0, 0.004, 0.004, 0], 5), 64).moved(z=-long / 2)
    g = r * rng.uniform(0.45, 0.55)
    line = [
        (g * 0.55, 0),
        (g * 0.7, 0.006),
        (g * 0.62, 0.014),
        (g, grip * 0.5),
        (g * 0.92, grip * 0.85),
        (g * 0.5, grip),
        (0, grip),
    ]
    end = lathe(np.concatenate([[(0, 0)], smooth_profile(line, 34)]), 48).moved(z=long / 2 + 0.002)
    steel = lathe([(g * 0.5, long / 2 - 0.001), (g * 0.5, long / 2 + 0.004)], 24)
    timber = some_wood(rng, TIMBERS, "x", 0.012)
    paints: tuple[Colour, ...] = ((0.62, 0.12, 0.1), (0.15, 0.3, 0.45), (0.9, 0.88, 0.82))
    style = int(rng.integers(3))
    grips = (
        timber
        if style == 0
        else Material(paints[int(rng.integers(3))], roughness=0.25, coat=0.5)
        if style == 1
        else some_wood(rng, TIMBERS, "x", 0.006)
    )
    pieces = [
        (barrel, timber),
        (join([end, end.turned(180, "x")]), grips),
        (join([steel, steel.turned(180, "x")]), metal(STEEL)),
    ]
    return Model([Part(mesh.turned(90, "y").moved(z=r), material) for mesh, material in pieces], symmetry="2-fold", rolls=True)


@kind("paper towel", "厨房纸", places=("kitchen",), size_m=((0.11, 0.11, 0.22), (0.2, 0.2, 0.36)))
def paper_towel(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A roll on its stand; the last sheet hangs loose."""
    r, h, core = rng.uniform(0.05, 0.062), rng.uniform(0.215, 0.235), 0.02
    base_r, base_h = rng.uniform(0.072, 0.082), rng.uniform(0.012, 0.018)
    roll = lathe(fillet([(core, 0), (r, 0), (r, h), (core, h), (core, 0)], [0, 0.0025, 0.0025, 0, 0], 4), 80).moved(
        z=base_h + 0.001
    )
    card = lathe(
        [(core, 0.001), (core, h - 0.001), (core - 0.0012, h - 0.001), (core - 0.0012, 0.001), (core, 0.001)], 40
    ).moved(z=base_h)
    stand = lathe(fillet([(0, 0), (base_r, 0), (base_r, base_h), (0, base_h)], [0, 0.002, 0.004, 0], 4), 80)
    tip = base_h + h + rng.uniform(0.02, 0.035)
    rod = lathe(fillet([(0, base_h), (0.0065, base_h), (0.0065, tip), (0, tip)], [0, 0, 0.001, 0], 3), 32)
    ball = ellipsoid(0.026, 0.026, 0.024, 32, 20).moved(z=tip - 0.004)
    a = np.radians(np.linspace(-160, -62, 26))
    out = 1.006 + 0.16 * np.clip(np.linspace(-0.5, 1, 26), 0, 1) ** 2.2
    edge = np.column_stack([np.cos(a) * r * out, np.sin(a) * r * out])
    sheet = thicken(
        patch(np.stack([np.column_stack([edge, np.full(26, z)]) for z in np.linspace(base_h + 0.002, base_h + h, 12)])), 0.0007
    )
    tissue = Material((0.93, 0.925, 0.91), roughness=0.95, bump=Bump(0.0055, 0.0009, "leather"))
    style = int(rng.integers(3))
    holder = (
        some_wood(rng, TIMBERS, "x", 0.012)
        if style == 0
        else metal(STEEL, 0.2)
        if style == 1
        else Material((0.05, 0.05, 0.055), roughness=0.5)
    )
    brown = Material((0.55, 0.4, 0.26), roughness=0.9)
    return Model([Part(roll, tissue), Part(sheet, tissue, 60), Part(card, brown), Part(join([stand, rod, ball]), holder)])
