"""What hangs on bathroom walls, and cabinets and racks."""

from __future__ import annotations

import itertools

import numpy as np

from gsi_bench_builders.assets.colours import NamedColour
from gsi_bench_builders.assets.joinery import CHROME, STEEL, WOODEN, between, cloth, knobs, posts, sheet, top_of, wooden
from gsi_bench_builders.assets.kinds.washroom.sanitary import fitting
from gsi_bench_builders.assets.library import Model, Part, kind
from gsi_bench_builders.assets.lines import fillet, rounded_rectangle
from gsi_bench_builders.assets.material import Bump, Material
from gsi_bench_builders.assets.mesh import Mesh, join, split
from gsi_bench_builders.assets.rooms.palettes import along
from gsi_bench_builders.assets.rooms.pieces import box
from gsi_bench_builders.assets.solids import extrude, lathe, loft, patch, rounded_box, thicken, tube
from gsi_bench_builders.scene import Receptacle

MIRROR = Material((0.92, 0.93, 0.93), roughness=0.0, metallic=1.0)
_TOWELS = ("white", "blue", "green", "pink", "gray", "beige", "teal", "yellow", "orange")


@kind(
    "mirror",
    "镜子",
    places=("washroom", "apartment"),
    colours=("black", "brown", "silver", "white", "beige"),
    size_m=((0.45, 0.015, 0.5), (1.05, 0.05, 1.05)),
    hold="hung",
    mirror=True,
)
def mirror(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A sheet of glass in a frame, round or square; its back touches the wall. The colour is the frame's."""
    deep = 0.028
    frame = CHROME if colour.name == "silver" else Material(colour.varied(rng), roughness=0.35)
    if rng.random() < 0.4:
        r = between(rng, 0.28, 0.38)
        plate = lathe(fillet([(0, 0), (r - 0.008, 0), (r - 0.008, deep - 0.008), (0, deep - 0.008)], [0, 0, 0.001, 0], 2), 96)
        ring = lathe([(r, 0), (r, deep), (r - 0.012, deep), (r - 0.012, 0.0), (r, 0)], 96)
        turned = [p.turned(90, "x").moved(0, deep / 2, r) for p in (plate, ring)]
        return Model([Part(turned[0], MIRROR, 30.0), Part(turned[1], frame, 30.0)])
    w, h = between(rng, 0.6, 0.95), between(rng, 0.6, 0.95)
    bar = float(rng.uniform(0.01, 0.03))
    sides = [box((-w / 2, w / 2), (-deep / 2, deep / 2), z) for z in ((0, bar), (h - bar, h))]
    sides += [
        box(
            (s * (w / 2 - bar / 2) - bar / 2, s * (w / 2 - bar / 2) + bar / 2),
            (-deep / 2 + 0.0003, deep / 2),
            (bar * 0.9, h - bar * 0.9),
        )
        for s in (-1, 1)
    ]
    plate = box(
        (-w / 2 + bar * 0.8, w / 2 - bar * 0.8), (-deep / 2 + 0.006, deep / 2 - 0.001), (bar * 0.8, h - bar * 0.8), 0.0005
    )
    return Model([Part(plate, MIRROR, 0.0), Part(join(sides), frame)])


@kind("towel rail", "毛巾架", places=("washroom",), size_m=((0.4, 0.05, 0.03), (0.75, 0.14, 0.09)), hold="built")
def towel_rail(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A bar on two brackets; its plates touch the wall at +y."""
    w, out = between(rng, 0.5, 0.66), 0.085
    bar = tube([(-w / 2, -out / 2 + 0.012, 0.03), (w / 2, -out / 2 + 0.012, 0.03)], 0.009, 16)
    arms = [tube([(s * w * 0.45, -out / 2 + 0.012, 0.03), (s * w * 0.45, out / 2, 0.03)], 0.008, 12) for s in (-1, 1)]
    plate = lathe(fillet([(0, 0), (0.025, 0), (0.025, 0.006), (0, 0.006)], [0, 0.001, 0.002, 0], 3), 32).turned(90, "x")
    plates = [plate.moved(s * w * 0.45, out / 2, 0.03) for s in (-1, 1)]
    ends = [rounded_box(0.022, 0.022, 0.022, 0.009).moved(s * w / 2, -out / 2 + 0.012, 0.019) for s in (-1, 1)]
    return Model([Part(join([bar, *arms, *plates, *ends]), fitting(rng))])


@kind("bath towel", "浴巾", places=("washroom",), colours=_TOWELS, size_m=((0.34, 0.03, 0.4), (0.56, 0.09, 0.75)), hold="hung")
def bath_towel(rng: np.random.Generator, colour: NamedColour) -> Model:
    """Hung over a bar: a longer fall before it, a shorter one behind."""
    w, front, back = between(rng, 0.38, 0.48), between(rng, 0.48, 0.6), between(rng, 0.34, 0.44)
    r, top = 0.0195, front
    bend = np.radians(np.linspace(0, 180, 9))
    line = [(-r, 0.0), (-r, front * 0.35), (-r, front * 0.7)]
    line += [(-r * float(np.cos(a)), top + r * float(np.sin(a))) for a in bend]
    line += [(r, top - back * 0.4), (r, top - back * 0.75), (r, top - back)]
    t = np.linspace(-1, 1, 25)
    phase = float(rng.uniform(0, 6))
    rows = []
    for y, z in line:
        hang = np.clip((top - z) / front, 0, 1)
        wave = 0.005 * np.sin(t * 7 + phase) * hang * (1 if y < 0 else 0.4)
        rows.append(np.stack([t * w / 2, y + wave, np.full(len(t), z)], -1))
    terry = Material(colour.varied(rng), roughness=0.97, sheen=0.4, bump=Bump(0.004, 0.0015))
    sheet_ = thicken(patch(np.array(rows)), 0.008)
    return Model([Part(sheet_, terry, 70.0)])


@kind(
    "toilet roll holder",
    "卷纸架",
    places=("washroom",),
    size_m=((0.11, 0.08, 0.08), (0.2, 0.18, 0.18)),
    hold="built",
    also=(("toilet paper", "卫生纸"),),
)
def toilet_roll_holder(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A plate on the wall with a roll on its arm and a loose sheet."""
    r = float(rng.uniform(0.045, 0.055))
    roll = lathe([(0.02, 0), (r, 0), (r, 0.1), (0.02, 0.1), (0.02, 0)], 48).turned(90, "y").moved(-0.05, -0.02, 0.075)
    arm = tube(fillet([(0.065, 0.055, 0.075), (0.065, -0.02, 0.075), (-0.06, -0.02, 0.075)], 0.015, 6), 0.006, 12)
    plate = box((0.045, 0.085), (0.054, 0.06), (0.05, 0.1), 0.002)
    loose = box((-0.048, 0.048), (-0.02 - r - 0.0012, -0.02 - r), (0.0, 0.08), 0.0003)
    paper = Material((0.93, 0.93, 0.91), roughness=0.95)
    return Model([Part(join([roll, loose]), paper), Part(join([arm, plate]), fitting(rng))])


@kind("bathroom cabinet", "储物柜", places=("washroom",), colours=WOODEN, size_m=((0.36, 0.28, 0.7), (0.7, 0.42, 1.0)))
def bathroom_cabinet(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A low cabinet with two doors on feet; faces -y."""
    w, d, h = between(rng, 0.42, 0.62), between(rng, 0.31, 0.37), between(rng, 0.76, 0.9)
    wood, foot = wooden(colour, rng), between(rng, 0.08, 0.14)
    body = box((-w / 2, w / 2), (-d / 2 + 0.02, d / 2), (foot, h - 0.02))
    top = sheet(w + 0.01, d + 0.006, 0.02).moved(z=h - 0.02)
    edges = np.linspace(-w / 2 + 0.003, w / 2 - 0.003, 3)
    doors = [
        box((a + 0.002, b - 0.002), (-d / 2, -d / 2 + 0.019), (foot + 0.004, h - 0.024), 0.002)
        for a, b in itertools.pairwise(edges)
    ]
    grips = knobs([(s * 0.035, -d / 2, h * 0.62) for s in (-1, 1)], 0)
    legs = posts(w - 0.07, d - 0.08, foot + 0.001, (0.024, 0.034))
    return Model(
        [Part(join([body, top]), wood), Part(join(doors), wood), Part(legs, along(wood, "z")), Part(grips, CHROME)],
        receptacle=top_of(w, d, h),
    )


@kind(
    "shelving unit",
    "置物架",
    places=("washroom",),
    colours=WOODEN,
    size_m=((0.36, 0.24, 0.6), (0.7, 0.4, 1.0)),
    also=(("basket", "篮子"), ("storage basket", "收纳篮"), ("towel", "毛巾")),
)
def shelving_unit(rng: np.random.Generator, colour: NamedColour) -> Model:
    """Boards between steel posts, with a woven box and rolled towels on the lower ones."""
    w, d, h = between(rng, 0.42, 0.6), between(rng, 0.28, 0.34), between(rng, 0.72, 0.92)
    wood = wooden(colour, rng)
    levels = np.linspace(0.1, h, 3)
    boards = [sheet(w, d, 0.02).moved(z=float(z) - 0.02) for z in levels]
    bars = [
        box(
            (sx * (w / 2 - 0.02) - 0.009, sx * (w / 2 - 0.02) + 0.009),
            (sy * (d / 2 - 0.02) - 0.009, sy * (d / 2 - 0.02) + 0.009),
            (0.0, h - 0.001),
            0.002,
        )
        for sx in (-1, 1)
        for sy in (-1, 1)
    ]
    outline = rounded_rectangle(w * 0.62, d * 0.72, 0.03, 6)
    high = float(levels[1] - levels[0]) * 0.62
    tub = loft(
        [
            np.column_stack([outline * s, np.full(len(outline), z)])
            for s, z in ((0.92, 0.0), (1.0, high), (0.95, high), (0.88, 0.02))
        ]
    ).moved(0, 0, 0.1005)
    weave = Material((0.62, 0.5, 0.36), roughness=0.95, bump=Bump(0.014, 0.006, "weave"))
    radius = min(0.058, (w - 0.1) / 8)
    roll = lathe(fillet([(0, 0), (radius, 0), (radius, d * 0.7), (0, d * 0.7)], [0, 0.012, 0.012, 0], 5), 40).turned(90, "x")
    rolls = [roll.moved(i * 2.05 * radius, d * 0.35, float(levels[1]) + radius + 0.0005) for i in (-1, 0, 1)]
    terry = (
        cloth(colour, rng)
        if colour.name in ("white", "gray")
        else Material((0.82, 0.8, 0.75), roughness=0.97, sheen=0.4, bump=Bump(0.004, 0.001))
    )
    return Model(
        [Part(join(boards), wood), Part(join(bars), STEEL), Part(tub, weave, 50.0), Part(join(rolls), terry, 50.0)],
        symmetry="2-fold",
        receptacle=top_of(w, d, h, 0.015, is_plain=False),
    )


@kind(
    "laundry basket",
    "洗衣篮",
    places=("washroom", "apartment"),
    colours=("beige", "gray", "white", "brown"),
    size_m=((0.32, 0.26, 0.45), (0.5, 0.44, 0.7)),
)
def laundry_basket(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A tall woven box with a lid and two grips."""
    w, d, h = between(rng, 0.37, 0.44), between(rng, 0.3, 0.36), between(rng, 0.52, 0.62)
    outline = rounded_rectangle(w, d, 0.05, 8)
    walls = loft(
        [np.column_stack([outline * s, np.full(len(outline), z)]) for s, z in ((0.86, 0.0), (0.93, h * 0.5), (0.97, h - 0.05))]
    )
    lid = extrude(outline, 0.05, 0.012).moved(z=h - 0.05)
    weave = Material(colour.varied(rng), roughness=0.95, bump=Bump(0.018, 0.009, "weave"))
    grips = [rounded_box(0.016, 0.1, 0.03, 0.006).moved(s * (w / 2 * 0.955), 0, h * 0.72) for s in (-1, 1)]
    dark = Material((0.3, 0.2, 0.12), roughness=0.7)
    x, y = w / 2 - 0.05, d / 2 - 0.05
    return Model(
        [Part(walls, weave, 40.0), Part(lid, weave, 40.0), Part(join(grips), dark)],
        symmetry="2-fold",
        receptacle=Receptacle("on", ((-x, -y), (x, -y), (x, y), (-x, y)), h),
    )


@kind("step stool", "踏脚凳", places=("washroom",), colours=WOODEN, size_m=((0.3, 0.22, 0.18), (0.46, 0.36, 0.3)))
def step_stool(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A low wooden step on two boards."""
    w, d, h = between(rng, 0.35, 0.42), between(rng, 0.25, 0.3), between(rng, 0.2, 0.26)
    wood = wooden(colour, rng)
    top = extrude(rounded_rectangle(w, d, 0.03, 6), 0.022, 0.005).moved(z=h - 0.022)
    ends = [
        box((s * (w / 2 - 0.05) - 0.01, s * (w / 2 - 0.05) + 0.01), (-d / 2 + 0.02, d / 2 - 0.02), (0.0, h - 0.021), 0.003)
        for s in (-1, 1)
    ]
    brace = box((-w / 2 + 0.05, w / 2 - 0.05), (-0.01, 0.01), (h * 0.45, h * 0.68), 0.003)
    return Model([Part(top, wood), Part(join([*ends, brace]), along(wood, "y"))], symmetry="2-fold", receptacle=top_of(w, d, h))


@kind("bath mat", "浴室地垫", places=("washroom",), colours=_TOWELS, size_m=((0.5, 0.35, 0.008), (0.85, 0.6, 0.025)))
def bath_mat(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A thick soft mat with a darker rim."""
    w, d, high = between(rng, 0.6, 0.78), between(rng, 0.42, 0.52), 0.016
    base = extrude(rounded_rectangle(w, d, 0.035, 10), high, 0.006, 4)
    field = extrude(rounded_rectangle(w - 0.08, d - 0.08, 0.025, 10), 0.003, 0.001).moved(z=high - 0.0015)
    tone = colour.varied(rng)
    dark = (tone[0] * 0.82, tone[1] * 0.82, tone[2] * 0.82)
    pile = Bump(0.006, 0.002)
    upper, rest = split(field, field.facing((0, 0, 1), 40))
    meshes: list[Mesh] = [base, rest]
    return Model(
        [
            Part(upper, Material(tone, roughness=0.97, sheen=0.4, bump=pile)),
            Part(join(meshes), Material(dark, roughness=0.97, sheen=0.4, bump=pile)),
        ],
        symmetry="2-fold",
    )
