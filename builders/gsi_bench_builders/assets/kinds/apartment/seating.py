"""What people sit on: sofas, chairs, stools."""

from __future__ import annotations

import itertools
import math

import numpy as np

from gsi_bench_builders.assets.colours import NamedColour
from gsi_bench_builders.assets.joinery import CHROME, STEEL, WOODEN, between, cloth, pad, post, posts, rails, sheet, wooden
from gsi_bench_builders.assets.library import Model, Part, kind
from gsi_bench_builders.assets.lines import fillet, polygon, rounded_rectangle
from gsi_bench_builders.assets.material import Material, plastic
from gsi_bench_builders.assets.mesh import Mesh, join
from gsi_bench_builders.assets.rooms.palettes import along, timber
from gsi_bench_builders.assets.rooms.pieces import box
from gsi_bench_builders.assets.solids import lathe, loft, rounded_box, tube
from gsi_bench_builders.scene import Receptacle

UPHOLSTERY = ("gray", "blue", "green", "beige", "brown", "red", "yellow", "teal", "pink", "white")


def _couch(width: float, seats: int, colour: NamedColour, rng: np.random.Generator) -> Model:
    """A body with arms and loose cushions on legs; faces -y."""
    deep, arm, seat = between(rng, 0.82, 0.92), between(rng, 0.11, 0.18), between(rng, 0.41, 0.45)
    foot, arm_z, back = between(rng, 0.10, 0.16), between(rng, 0.56, 0.63), between(rng, 0.74, 0.84)
    front, rear = -deep / 2, deep / 2
    inner, soft = width - 2 * arm, between(rng, 0.13, 0.16)
    body = [
        rounded_box(width - 0.02, deep - 0.04, seat - soft - foot, 0.025).moved(0, 0.0, foot),
        rounded_box(width - 0.012, 0.19, back - foot - 0.04, 0.05).moved(0, rear - 0.1, foot),
    ]
    arms = [rounded_box(arm, deep, arm_z - foot, 0.045).moved(s * (width - arm) / 2, 0, foot - 0.002) for s in (-1, 1)]
    each = inner / seats
    cushions: list[Mesh] = []
    for i in range(seats):
        x = -inner / 2 + each * (i + 0.5)
        cushions.append(rounded_box(each - 0.008, deep - 0.2, soft, 0.04).moved(x, -0.09, seat - soft + 0.001))
        tall = back - seat + 0.06
        cushions.append(pad(each - 0.014, tall, 0.17, 0.07).turned(80, "x").moved(x, rear - 0.2, seat + tall / 2 - 0.01))
    wood = timber("walnut" if rng.random() < 0.5 else "oak", rng, grain=0.015, axis="z")
    legs = posts(width - 0.16, deep - 0.16, foot + 0.02, (0.026, 0.042), splay=0.015)
    material = cloth(colour, rng)
    x, y0, y1 = inner / 2 - 0.06, front + 0.07, rear - 0.42
    outline = ((-x, y0), (x, y0), (x, y1), (-x, y1))
    return Model(
        [
            Part(join(body), material, 50.0),
            Part(join(arms), material, 50.0),
            Part(join(cushions), material, 50.0),
            Part(legs, wood),
        ],
        receptacle=Receptacle("on", outline, seat + 0.001),
    )


@kind("sofa", "沙发", places=("apartment",), colours=UPHOLSTERY, size_m=((1.5, 0.8, 0.7), (2.3, 1.0, 0.95)))
def sofa(rng: np.random.Generator, colour: NamedColour) -> Model:
    """Two or three seats."""
    width = between(rng, 1.55, 2.2)
    return _couch(width, 2 if width < 1.85 else 3, colour, rng)


@kind(
    "armchair",
    "扶手椅",
    places=("apartment",),
    colours=UPHOLSTERY,
    size_m=((0.65, 0.75, 0.7), (0.95, 1.0, 0.95)),
    also=(("chair", "椅子"),),
)
def armchair(rng: np.random.Generator, colour: NamedColour) -> Model:
    """One seat between arms."""
    return _couch(between(rng, 0.76, 0.88), 1, colour, rng)


def _shell_back(width: float, low: float, high: float, y: float, thick: float, lean: float) -> Mesh:
    """A board bent around the sitter's back."""
    sections = []
    for x in np.linspace(-width / 2, width / 2, 15):
        flat = rounded_rectangle(thick, high - low, min(thick, high - low) * 0.45, 4)
        bend = 0.035 * (1 - (2 * x / width) ** 2)
        z = flat[:, 1] + (low + high) / 2
        sections.append(np.column_stack([np.full(len(flat), x), flat[:, 0] + y + bend + lean * (z - low), z]))
    return loft(sections)


@kind("chair", "椅子", places=("apartment",), colours=WOODEN, size_m=((0.4, 0.42, 0.74), (0.52, 0.6, 0.98)))
def chair(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A dining chair; faces -y."""
    width, deep, tall = between(rng, 0.42, 0.47), between(rng, 0.42, 0.46), between(rng, 0.78, 0.92)
    wood = wooden(colour, rng, "z")
    x, front, rear = width / 2 - 0.022, -deep / 2 + 0.022, deep / 2 - 0.03
    frame = [post((s * x, front, 0), (s * x, front, 0.43), (0.024, 0.036)) for s in (-1, 1)]
    frame += [post((s * x, rear + 0.03, 0), (s * x, rear, 0.45), (0.026, 0.036)) for s in (-1, 1)]
    frame += [post((s * x, rear, 0.44), (s * x, rear + 0.07, tall), (0.036, 0.026)) for s in (-1, 1)]
    frame += [box((-x, x), (y - 0.011, y + 0.011), (0.375, 0.43), 0.003) for y in (front, rear)]
    frame += [box((s * x - 0.011, s * x + 0.011), (front, rear), (0.376, 0.429), 0.003) for s in (-1, 1)]
    style, lean = int(rng.integers(3)), 0.07 / (tall - 0.44)
    wide = 2 * x + 0.01
    if style == 0:
        slats = [
            _shell_back(wide, z, z + 0.06, rear + lean * (z - 0.44) - 0.005, 0.016, lean)
            for z in np.linspace(0.55, tall - 0.09, 3)
        ]
    elif style == 1:
        slats = [_shell_back(wide, tall - 0.09, tall - 0.01, rear + lean * (tall - 0.53), 0.018, lean)]
        slats += [
            tube([(a, rear + 0.004, 0.44), (a, rear + 0.022 + lean * (tall - 0.5), tall - 0.06)], 0.0075, 10)
            for a in np.linspace(-0.13, 0.13, 5)
        ]
    else:
        slats = [_shell_back(wide, tall - 0.25, tall - 0.02, rear + lean * (tall - 0.69), 0.014, lean)]
    soft = rng.random() < 0.6
    seat = rounded_box(width - 0.012, deep - 0.03, 0.04, 0.014).moved(0, -0.008, 0.43)
    tones = (Material((0.62, 0.58, 0.51), roughness=0.95, sheen=0.3), Material((0.19, 0.21, 0.24), roughness=0.95, sheen=0.3))
    return Model(
        [
            Part(join(frame), wood),
            Part(join(slats), along(wood, "x")),
            Part(seat, tones[int(rng.integers(2))] if soft else along(wood, "x")),
        ]
    )


@kind(
    "office chair",
    "办公椅",
    places=("apartment",),
    colours=("black", "gray", "blue", "green", "white"),
    size_m=((0.55, 0.55, 0.8), (0.75, 0.75, 1.1)),
)
def office_chair(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A swivel chair on five castors; faces -y."""
    seat, tall, reach = between(rng, 0.44, 0.50), between(rng, 0.88, 1.0), between(rng, 0.29, 0.32)
    arms: list[Mesh] = []
    wheels: list[Mesh] = []
    for n in range(5):
        a = 2 * math.pi * n / 5 + math.pi / 2
        tip = (reach * math.cos(a), reach * math.sin(a))
        arms.append(tube([(0, 0, 0.105), (tip[0] * 0.5, tip[1] * 0.5, 0.095), (*tip, 0.07)], [0.028, 0.022, 0.015], 12))
        wheel = lathe(fillet([(0, -0.02), (0.028, -0.02), (0.028, 0.02), (0, 0.02)], [0, 0.006, 0.006, 0], 4), 28)
        wheels.append(wheel.turned(90, "x").turned(math.degrees(a)).moved(*tip, 0.028))
        arms.append(tube([(*tip, 0.075), (*tip, 0.04)], 0.008, 8))
    column = tube([(0, 0, 0.1), (0, 0, seat - 0.06)], [0.03, 0.022], 24)
    plate = rounded_box(0.3, 0.3, 0.03, 0.01).moved(0, 0, seat - 0.09)
    spine = tube([(0, 0.12, seat - 0.07), (0, 0.25, seat - 0.04), (0, 0.27, seat + 0.06), (0, 0.26, tall - 0.15)], 0.016, 14)
    cushion = pad(0.49, 0.47, 0.07, 0.03).moved(0, -0.01, seat - 0.07)
    back = pad(0.45, tall - seat - 0.09, 0.07, 0.03).turned(84, "x").moved(0, 0.245, (tall + seat + 0.09) / 2)
    rests: list[Mesh] = []
    if rng.random() < 0.6:
        for s in (-1, 1):
            rests.append(tube([(s * 0.2, 0, seat - 0.07), (s * 0.275, 0, seat - 0.03), (s * 0.275, 0, seat + 0.19)], 0.012, 12))
            rests.append(rounded_box(0.05, 0.24, 0.028, 0.012).moved(s * 0.275, 0, seat + 0.185))
    frame = CHROME if rng.random() < 0.4 else STEEL
    parts = [
        Part(join([*arms, column, plate, spine, *rests]), frame),
        Part(join(wheels), plastic((0.05, 0.05, 0.05), 0.5)),
        Part(join([cushion, back]), cloth(colour, rng, 0.002), 50.0),
    ]
    return Model(parts)


@kind("stool", "凳子", places=("apartment", "washroom"), colours=WOODEN, size_m=((0.28, 0.28, 0.38), (0.45, 0.45, 0.52)))
def stool(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A round seat on four splayed legs."""
    r, h = between(rng, 0.16, 0.19), between(rng, 0.42, 0.47)
    wood = wooden(colour, rng, "z")
    top = lathe(
        fillet([(0, h - 0.035), (r * 0.92, h - 0.035), (r, h - 0.02), (r, h), (0, h)], [0, 0.01, 0.008, 0.008, 0], 5), 64
    )
    side = r * 0.95
    legs = posts(side, side, h - 0.03, (0.026, 0.034), splay=0.03)
    foot = side / 2 + 0.03 - 0.03 * 0.16 / h  # where the splayed legs are at the braces' height
    corners = [(-foot, -foot, 0.16), (foot, -foot, 0.16), (foot, foot, 0.16), (-foot, foot, 0.16)]
    brace = [tube([first, second], 0.009, 10) for first, second in itertools.pairwise([*corners, corners[0]])]
    circle = polygon(16, r - 0.03)
    return Model(
        [Part(top, along(wood, "x")), Part(join([legs, *brace]), wood)],
        symmetry="4-fold",
        receptacle=Receptacle("on", tuple((float(x), float(y)) for x, y in circle), h),
    )


@kind("ottoman", "脚凳", places=("apartment",), colours=UPHOLSTERY, size_m=((0.4, 0.4, 0.34), (0.65, 0.65, 0.5)))
def ottoman(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A round pouf with a seam and a button."""
    r, h = between(rng, 0.23, 0.29), between(rng, 0.38, 0.44)
    material = cloth(colour, rng)
    line = fillet([(0, 0), (r * 0.94, 0), (r, h * 0.45), (r * 0.985, h - 0.03), (0, h)], [0, 0.03, 0.12, 0.045, 0], 8)
    seam = tube(np.column_stack([polygon(48, r * 0.993), np.full(48, h - 0.06)]), 0.006, 8, closed=True)
    return Model([Part(lathe(line, 72), material, 50.0), Part(seam, material, 50.0)], symmetry="continuous")


@kind("bench", "长凳", places=("apartment",), colours=WOODEN, size_m=((0.85, 0.3, 0.38), (1.3, 0.45, 0.52)))
def bench(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A plank on a frame, as at the foot of a bed."""
    w, d, h = between(rng, 0.95, 1.2), between(rng, 0.34, 0.4), between(rng, 0.43, 0.47)
    wood = wooden(colour, rng)
    top = sheet(w, d, 0.035, 0.006).moved(z=h - 0.035)
    legs = posts(w - 0.12, d - 0.1, h - 0.035, (0.03, 0.04), splay=0.01, round_=False)
    frame = rails(w - 0.12, d - 0.1, h - 0.095, h - 0.034)
    x, y = w / 2 - 0.02, d / 2 - 0.02
    return Model(
        [Part(top, wood), Part(join([legs, frame]), along(wood, "z"))],
        symmetry="2-fold",
        receptacle=Receptacle("on", ((-x, -y), (x, -y), (x, y), (-x, y)), h),
    )
