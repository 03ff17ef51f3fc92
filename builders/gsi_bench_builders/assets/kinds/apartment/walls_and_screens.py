"""Flat things: televisions, pictures, clocks on the wall, curtains, rugs."""

from __future__ import annotations

import math

import numpy as np

from gsi_bench_builders.assets.artwork import CREAM, INK, Canvas, mixed, shade
from gsi_bench_builders.assets.colours import COLOURS, NamedColour
from gsi_bench_builders.assets.joinery import STEEL, between, cloth
from gsi_bench_builders.assets.library import Model, Part, kind
from gsi_bench_builders.assets.lines import fillet, rounded_rectangle
from gsi_bench_builders.assets.material import Bump, Material, Picture, paper, plastic
from gsi_bench_builders.assets.mesh import join, split
from gsi_bench_builders.assets.rooms.pieces import box
from gsi_bench_builders.assets.shapes import decal, disc
from gsi_bench_builders.assets.solids import extrude, lathe, patch, rounded_box, thicken, tube
from gsi_bench_builders.scene import Receptacle


@kind("television", "电视机", places=("apartment",), colours=("black", "gray"), size_m=((0.75, 0.15, 0.5), (1.3, 0.3, 0.85)))
def television(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A flat screen on two feet, switched off or showing a landscape; faces -y."""
    w = between(rng, 0.88, 1.2)
    h, lift = w * 0.565, 0.065
    case = rounded_box(w, 0.035, h, 0.006).moved(0, 0, lift)
    hump = rounded_box(w * 0.5, 0.04, h * 0.5, 0.012).moved(0, 0.03, lift + h * 0.12)
    feet = []
    for s in (-1, 1):
        x = s * w * 0.36
        feet += [
            tube([(x, 0.0, lift + 0.02), (x, 0.1, 0.006)], 0.007, 10),
            tube([(x, 0.0, lift + 0.02), (x, -0.1, 0.006)], 0.007, 10),
        ]
        feet.append(rounded_box(0.02, 0.24, 0.008, 0.003).moved(x, 0, 0))
    screen = decal(w - 0.016, h - 0.022).turned(90, "x").moved(0, -0.0182, lift + h / 2 + 0.003)
    glassy = Material((0.012, 0.012, 0.014), roughness=0.12, coat=0.6)
    if rng.random() < 0.4:
        canvas = Canvas(320, 180, CREAM)
        tint = COLOURS[str(rng.choice(["teal", "orange", "blue", "purple"]))].rgb
        canvas.gradient(mixed(tint, (1, 1, 1), 0.55), mixed(tint, (1, 0.9, 0.7), 0.75))
        for layer in range(4):
            across = np.linspace(0, 320, 40)
            top = 80 + 26 * layer + 16 * np.sin(across / 320 * rng.uniform(4, 11) + rng.uniform(0, 6))
            canvas.shape(
                [*zip(across.tolist(), top.tolist(), strict=True), (320, 180), (0, 180)], shade(tint, 0.75 - 0.16 * layer)
            )
        glassy = Material((0, 0, 0), roughness=0.15, emission=0.55, picture=canvas.picture())
    bezel = plastic(colour.varied(rng, 0.01), 0.35)
    return Model([Part(join([case, hump]), bezel), Part(screen, glassy, 0.0), Part(join(feet), STEEL)])


def abstract(rng: np.random.Generator, width: int, height: int) -> Picture:
    """Invented art: blocks and arcs, a landscape, or stripes."""
    names = [
        str(n)
        for n in rng.choice(["teal", "orange", "blue", "green", "pink", "beige", "brown", "red", "yellow"], 4, replace=False)
    ]
    tones = [mixed(COLOURS[n].rgb, (0.85, 0.8, 0.72), 0.35) for n in names]
    canvas = Canvas(width, height, CREAM)
    style = int(rng.integers(3))
    if style == 0:
        for tone in tones:
            x, y, r = rng.uniform(0.2, 0.8) * width, rng.uniform(0.2, 0.8) * height, rng.uniform(0.12, 0.3) * width
            if rng.random() < 0.5:
                canvas.disc(x, y, r, tone)
            else:
                canvas.box(x - r, y - r * 0.6, 2 * r, 1.2 * r, tone, radius=r * 0.2)
    elif style == 1:
        canvas.gradient(mixed(tones[0], (1, 1, 1), 0.6), mixed(tones[1], (1, 1, 1), 0.4))
        canvas.disc(width * rng.uniform(0.25, 0.75), height * 0.3, width * 0.09, (0.97, 0.9, 0.72))
        for layer, tone in enumerate(tones):
            across = np.linspace(0, width, 30)
            top = height * (0.45 + 0.14 * layer) + height * 0.06 * np.sin(
                across / width * rng.uniform(3, 8) + rng.uniform(0, 6)
            )
            canvas.shape(
                [*zip(across.tolist(), top.tolist(), strict=True), (width, height), (0, height)],
                shade(tone, 0.95 - 0.15 * layer),
            )
    else:
        at = 0.0
        while at < height:
            step = float(rng.uniform(0.05, 0.16)) * height
            canvas.box(0, at, width, step, tones[int(rng.integers(len(tones)))])
            at += step
    rim = 0.1 * min(width, height)
    for x, y, w, h in ((0, 0, width, rim), (0, height - rim, width, rim), (0, 0, rim, height), (width - rim, 0, rim, height)):
        canvas.box(x, y, w, h, (0.93, 0.92, 0.89))
    return canvas.picture()


@kind(
    "painting",
    "挂画",
    places=("apartment", "washroom"),
    colours=("black", "white", "brown", "beige"),
    size_m=((0.3, 0.015, 0.3), (1.0, 0.05, 0.9)),
    hold="hung",
)
def painting(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A framed print; its back touches the wall. The colour is the frame's."""
    w, h = (
        (between(rng, 0.4, 0.6), between(rng, 0.5, 0.75))
        if rng.random() < 0.6
        else (between(rng, 0.6, 0.9), between(rng, 0.45, 0.6))
    )
    bar, deep = float(rng.uniform(0.014, 0.028)), 0.026
    sides = [box((-w / 2, w / 2), (-deep / 2, deep / 2), z) for z in ((0, bar), (h - bar, h))]
    sides += [
        box(
            (s * (w / 2 - bar / 2) - bar / 2, s * (w / 2 - bar / 2) + bar / 2),
            (-deep / 2, deep / 2),
            (bar * 0.9, h - bar * 0.9),
        )
        for s in (-1, 1)
    ]
    back = rounded_box(w - 0.01, 0.008, h - 0.01, 0.001).moved(0, deep / 2 - 0.005, 0.005)
    sheet = decal(w - 2 * bar + 0.004, h - 2 * bar + 0.004).turned(90, "x").moved(0, -0.002, h / 2)
    art = abstract(rng, 240, round(240 * (h - 2 * bar) / (w - 2 * bar)))
    return Model(
        [
            Part(join(sides), Material(colour.varied(rng), roughness=0.35)),
            Part(sheet, paper(art, gloss=0.2), 0.0),
            Part(back, plastic(INK, 0.7)),
        ]
    )


@kind(
    "wall clock",
    "挂钟",
    places=("apartment",),
    colours=("black", "white", "brown", "red", "teal"),
    size_m=((0.24, 0.02, 0.24), (0.42, 0.06, 0.42)),
    hold="hung",
    also=(("clock", "闹钟"),),
)
def wall_clock(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A round dial; faces -y."""
    r, deep = between(rng, 0.14, 0.18), 0.035
    case = lathe(
        fillet(
            [(0, 0), (r, 0), (r, deep), (r - 0.014, deep), (r - 0.014, deep - 0.014), (0, deep - 0.014)],
            [0, 0.004, 0.006, 0.004, 0.001, 0],
            4,
        ),
        72,
    )
    canvas = Canvas(300, 300, (0.94, 0.93, 0.9))
    for n in range(12):
        a = n * math.pi / 6
        canvas.line(
            [(150 + 118 * math.sin(a), 150 - 118 * math.cos(a)), (150 + 138 * math.sin(a), 150 - 138 * math.cos(a))], INK, 5
        )
    hour, minute = int(rng.integers(12)), int(rng.integers(60))
    for angle, reach, wide in (((hour + minute / 60) * math.pi / 6, 70, 8), (minute * math.pi / 30, 108, 5)):
        canvas.line([(150, 150), (150 + reach * math.sin(angle), 150 - reach * math.cos(angle))], INK, wide)
    dial = disc(r - 0.0145).moved(z=deep - 0.0135)
    parts = [Part(case, Material(colour.varied(rng), roughness=0.3, coat=0.3)), Part(dial, paper(canvas.picture()), 0.0)]
    return Model([Part(p.mesh.turned(90, "x").moved(0, deep / 2, r), p.material, p.smooth_deg) for p in parts])


@kind(
    "curtain",
    "窗帘",
    places=("apartment",),
    colours=("white", "beige", "gray", "blue", "green", "pink"),
    size_m=((0.3, 0.05, 2.0), (0.6, 0.2, 2.5)),
    hold="built",
)
def curtain(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A long curtain in folds, drawn to the side; it hangs from a rod that is the room's."""
    w, h = between(rng, 0.36, 0.48), between(rng, 2.14, 2.2)
    folds = max(4, round(w / 0.075))
    t = np.linspace(0, 1, folds * 10 + 1)
    phase = float(rng.uniform(0, 2 * math.pi))
    rows = []
    for number, z in enumerate(np.linspace(0, h, 9)):
        deep = 0.038 * (1 - 0.06 * number)
        fold = deep * np.sin(2 * np.pi * folds * t + phase) + 0.008 * np.sin(2 * np.pi * folds * t * 0.37 + number * 0.25)
        pinch = 1 - 0.05 * math.sin(math.pi * number / 8)
        rows.append(np.stack([(t - 0.5) * w * pinch, fold, np.full(len(t), z)], -1))
    return Model([Part(thicken(patch(np.array(rows)), 0.003), cloth(colour, rng, 0.0016), 60.0)])


@kind(
    "rug",
    "地毯",
    places=("apartment",),
    colours=("gray", "beige", "blue", "red", "green", "white"),
    size_m=((1.3, 0.9, 0.004), (2.6, 1.9, 0.02)),
    hold="built",
)
def rug(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A woven rug: a border and a plain, striped or diamond field. It lies under furniture, so it stays."""
    w, d, high = between(rng, 1.7, 2.3), between(rng, 1.2, 1.6), 0.008
    width = 256
    height = round(width * d / w)
    v, u = np.mgrid[0:height, 0:width].astype(np.float64) / width
    top, style = height / width, int(rng.integers(4))
    first = np.array(mixed(colour.varied(rng), (0.72, 0.68, 0.6), 0.35))
    second = np.array(mixed(COLOURS[str(rng.choice(["beige", "white", "gray", "brown"]))].rgb, tuple(first.tolist()), 0.3))
    if style == 0:
        mark = np.zeros((height, width), dtype=bool)
    elif style == 1:
        mark = (v / top * 9) % 1 < 0.3
    elif style == 2:
        mark = (np.abs((u * 8) % 1 - 0.5) + np.abs((v * 8) % 1 - 0.5)) < 0.28
    else:
        mark = np.abs((np.abs((u * 6) % 1 - 0.5) + v * 6) % 0.5 - 0.25) < 0.08
    edge = np.minimum(np.minimum(u, 1 - u), np.minimum(v, top - v))
    mark = np.where(edge < 0.05, (edge > 0.02) & (edge < 0.034), mark)
    rgb = np.where(mark[..., None], second, first) * rng.uniform(0.92, 1.0, (height, width, 1))
    mesh = extrude(rounded_rectangle(w, d, 0.02, 8), high, 0.003)
    upper, rest = split(mesh, mesh.facing((0, 0, 1), 40))
    painted = Picture.of((np.clip(rgb, 0, 1) * 255).astype(np.uint8))
    pile = Bump(0.006, 0.0015)
    x, y = w / 2 - 0.03, d / 2 - 0.03
    return Model(
        [
            Part(upper.with_flat_uv((1, 0, 0), (0, 1, 0)), Material(roughness=0.97, sheen=0.3, bump=pile, picture=painted)),
            Part(rest, Material((float(first[0]), float(first[1]), float(first[2])), roughness=0.97, bump=pile)),
        ],
        symmetry="2-fold",
        receptacle=Receptacle("on", ((-x, -y), (x, -y), (x, y), (-x, y)), high),
    )
