"""What stands on shelves and sideboards: candles, clocks, picture frames, toys."""

from __future__ import annotations

import math

import numpy as np

from gsi_bench_builders.assets.artwork import CREAM, INK, Canvas, mixed, shade
from gsi_bench_builders.assets.colours import COLOURS, NamedColour
from gsi_bench_builders.assets.library import Model, Part, kind, standing
from gsi_bench_builders.assets.lines import fillet, spline
from gsi_bench_builders.assets.material import Material, metal, paper, plastic, wood
from gsi_bench_builders.assets.mesh import Mesh, join
from gsi_bench_builders.assets.shapes import decal, disc, side_plate, smooth_profile
from gsi_bench_builders.assets.solids import lathe, rounded_box, tube


@kind(
    "candle",
    "蜡烛",
    places=("dining", "coffee", "dressing", "bathroom"),
    colours=("white", "red", "green", "blue", "beige", "purple", "orange"),
    size_m=((0.05, 0.05, 0.06), (0.12, 0.12, 0.24)),
)
def candle(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A pillar on a small metal plate, burning."""
    r, h = rng.uniform(0.027, 0.037), rng.uniform(0.075, 0.15)
    z = 0.006
    plate = lathe(
        smooth_profile([(0, 0.0), (r * 1.1, 0.0), (r * 1.5, 0.008), (r * 1.46, 0.0095), (r * 1.05, 0.005), (0, 0.005)], 30), 64
    )
    wax_body = lathe(
        np.concatenate(
            [[(0, z)], fillet([(r, z), (r, z + h), (r * 0.8, z + h - 0.002), (0, z + h - 0.007)], [0, 0.004, 0.006, 0], 6)]
        ),
        56,
    )
    wick = tube(spline([(0, 0, z + h - 0.008), (0.0005, 0, z + h + 0.003), (0.002, 0, z + h + 0.008)], 8), 0.0009, 8)
    flame = lathe(smooth_profile([(0, 0), (0.0042, 0.006), (0.0036, 0.012), (0.0012, 0.022), (0, 0.027)], 24), 24).moved(
        0.001, 0, z + h + 0.005
    )
    wax = Material(colour.varied(rng), roughness=0.45, subsurface=0.35)
    brass = metal((0.78, 0.58, 0.28) if rng.random() < 0.5 else (0.12, 0.12, 0.12), 0.3)
    return Model(
        [
            Part(plate, brass),
            Part(wax_body, wax),
            Part(wick, plastic((0.03, 0.03, 0.03))),
            Part(flame, Material((1.0, 0.72, 0.3), emission=7.0)),
        ],
        symmetry="continuous",
    )


@kind(
    "clock",
    "闹钟",
    places=("desk", "coffee", "dressing", "living"),
    colours=("red", "white", "black", "teal", "yellow", "blue", "pink"),
    size_m=((0.08, 0.04, 0.09), (0.17, 0.09, 0.2)),
)
def clock(rng: np.random.Generator, colour: NamedColour) -> Model:
    """An alarm clock with two bells on feet."""
    r, deep = rng.uniform(0.043, 0.052), rng.uniform(0.038, 0.046)
    up = r + 0.012
    case = lathe(
        fillet(
            [(0, 0), (r, 0), (r, deep), (r - 0.004, deep), (r - 0.004, deep - 0.004), (0, deep - 0.004)],
            [0, 0.008, 0.002, 0.001, 0.001, 0],
            5,
        ),
        72,
    )
    dial_mesh = disc(r - 0.0042).moved(z=deep - 0.0036)

    def facing(mesh: Mesh) -> Mesh:
        return mesh.turned(90, "x").moved(0, deep / 2, up)

    canvas = Canvas(300, 300, (0.95, 0.94, 0.9))
    for n in range(60):
        a = n * math.pi / 30
        inner = 0.86 if n % 5 == 0 else 0.93
        canvas.line(
            [
                (150 + 145 * inner * math.sin(a), 150 - 145 * inner * math.cos(a)),
                (150 + 141 * math.sin(a), 150 - 141 * math.cos(a)),
            ],
            INK,
            3 if n % 5 == 0 else 1,
        )
    for n in range(1, 13):
        a = n * math.pi / 6
        canvas.text(150 + 106 * math.sin(a), 150 - 106 * math.cos(a), str(n), 28, INK)
    hour, minute = int(rng.integers(12)), int(rng.integers(60))
    for angle, reach, wide in (((hour + minute / 60) * math.pi / 6, 66, 7), (minute * math.pi / 30, 104, 4.5)):
        canvas.line([(150, 150), (150 + reach * math.sin(angle), 150 - reach * math.cos(angle))], INK, wide)
    canvas.disc(150, 150, 7, (0.7, 0.15, 0.1))
    bells, feet = [], []
    for side in (-1, 1):
        bell = lathe(smooth_profile([(0.019, 0), (0.0185, 0.006), (0.011, 0.014), (0, 0.0165)], 18), 40)
        bells.append(bell.turned(side * 28, "y").moved(side * r * 0.52, 0, up + r * 0.9))
        feet.append(tube([(side * r * 0.45, 0, up - r * 0.8), (side * r * 0.66, 0, 0.003)], [0.004, 0.0034], 14))
    handle = tube(spline([(-r * 0.36, 0, up + r * 1.06), (0, 0, up + r * 1.5), (r * 0.36, 0, up + r * 1.06)], 20), 0.0024, 12)
    coat = Material(colour.varied(rng), roughness=0.22, coat=0.7)
    steel = metal((0.78, 0.78, 0.77), 0.15) if rng.random() < 0.6 else metal((0.8, 0.62, 0.3), 0.2)
    parts = [
        Part(facing(case), coat),
        Part(facing(dial_mesh), paper(canvas.picture()), 0.0),
        Part(join([*bells, handle]), steel),
        Part(join(feet), steel),
    ]
    return Model(standing(parts))


@kind(
    "picture frame",
    "相框",
    places=("desk", "living", "dressing"),
    colours=("black", "white", "brown", "red", "silver"),
    size_m=((0.1, 0.05, 0.13), (0.26, 0.16, 0.3)),
)
def picture_frame(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A small framed print that leans on its stay."""
    w, h, bar = rng.uniform(0.13, 0.17), rng.uniform(0.17, 0.21), rng.uniform(0.012, 0.018)
    sides = [
        rounded_box(w, 0.016, bar, 0.0025),
        rounded_box(w, 0.016, bar, 0.0025).moved(z=h - bar),
        rounded_box(bar, 0.016, h, 0.0025).moved(x=-w / 2 + bar / 2),
        rounded_box(bar, 0.016, h, 0.0025).moved(x=w / 2 - bar / 2),
    ]
    back = rounded_box(w - 0.006, 0.004, h - 0.006, 0.001).moved(0, 0.006, 0.003)
    px, py = 300, round(300 * (h - 2 * bar) / (w - 2 * bar))
    canvas = Canvas(px, py, CREAM)
    tint, second = (COLOURS[n].rgb for n in rng.choice(["teal", "orange", "blue", "green", "pink", "purple"], 2, replace=False))
    canvas.gradient(mixed(tint, (1, 1, 1), 0.6), mixed(second, (1, 1, 1), 0.5))
    canvas.disc(px * 0.65, py * 0.32, px * 0.13, (0.98, 0.92, 0.75))
    for layer in range(3):
        across = np.linspace(0, px, 24)
        top = py * (0.52 + 0.15 * layer) + py * 0.06 * np.sin(across / px * rng.uniform(3, 8) + rng.uniform(0, 6))
        canvas.shape(
            [*zip(across.tolist(), top.tolist(), strict=True), (px, py), (0, py)],
            shade(tint if layer % 2 else second, 0.8 - 0.2 * layer),
        )
    for x, y, ww, hh in (
        (0, 0, px, py * 0.07),
        (0, py * 0.93, px, py * 0.07),
        (0, 0, px * 0.07, py),
        (px * 0.93, 0, px * 0.07, py),
    ):
        canvas.box(x, y, ww, hh, CREAM)
    print_mesh = decal(w - 2 * bar + 0.004, h - 2 * bar + 0.004).turned(90, "x").moved(0, 0.002, h / 2)
    stay = rounded_box(0.03, 0.003, h * 0.75, 0.001).turned(-24, "x").moved(0, 0.004 + h * 0.3, 0.0)
    lean = 9.0
    mount = (
        metal((0.75, 0.75, 0.74), 0.25)
        if colour.name == "silver"
        else (
            wood((0.5, 0.3, 0.17), (0.3, 0.17, 0.09), grain=0.01)
            if colour.name == "brown"
            else Material(colour.varied(rng), roughness=0.3, coat=0.4)
        )
    )
    parts = [Part(join(sides), mount), Part(print_mesh, paper(canvas.picture(), gloss=0.8), 0.0), Part(back, plastic(INK, 0.6))]
    leaned = [Part(p.mesh.turned(-lean, "x"), p.material, p.smooth_deg) for p in parts]
    leaned.append(Part(stay, plastic(INK, 0.6)))
    return Model(standing(leaned))


@kind(
    "toy car",
    "玩具车",
    places=("living", "coffee"),
    colours=("red", "blue", "yellow", "green", "orange", "teal"),
    size_m=((0.05, 0.09, 0.035), (0.1, 0.18, 0.09)),
)
def toy_car(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A wooden toy: one painted block, four wheels, windows; it drives towards the viewer."""
    d, w, h = rng.uniform(0.12, 0.15), rng.uniform(0.055, 0.066), rng.uniform(0.052, 0.062)
    z = 0.012
    shape = fillet(
        [
            (-d / 2, z),
            (d / 2, z),
            (d / 2, z + h * 0.42),
            (d * 0.3, z + h * 0.5),
            (d * 0.14, z + h),
            (-d * 0.2, z + h),
            (-d * 0.34, z + h * 0.55),
            (-d / 2, z + h * 0.45),
        ],
        [0.006, 0.006, 0.008, 0.008, 0.012, 0.012, 0.008, 0.01],
        5,
        closed=True,
    )
    body = side_plate(shape, w, 0.005)
    glass_line = fillet(
        [(d * 0.24, z + h * 0.52), (d * 0.12, z + h * 0.9), (-d * 0.17, z + h * 0.9), (-d * 0.27, z + h * 0.58)],
        0.004,
        4,
        closed=True,
    )
    windows = side_plate(glass_line, w + 0.0008, 0.0)
    tyres, caps = [], []
    for x in (-1, 1):
        for y in (-0.29, 0.29):
            tyre = lathe(
                fillet([(0, -0.0065), (0.016, -0.0065), (0.016, 0.0065), (0, 0.0065)], [0, 0.003, 0.003, 0], 4), 40
            ).turned(90, "y")
            tyres.append(tyre.moved(x * (w / 2 - 0.001), y * d, 0.016))
            cap = lathe(
                fillet([(0, -0.0075), (0.007, -0.0075), (0.007, 0.0075), (0, 0.0075)], [0, 0.002, 0.002, 0], 3), 28
            ).turned(90, "y")
            caps.append(cap.moved(x * (w / 2 - 0.001), y * d, 0.016))
    lights = join(
        [
            lathe([(0.005, 0.0), (0.004, 0.002), (0, 0.0025)], 20)
            .turned(90, "x")
            .moved(x * w * 0.3, -d / 2 + 0.0012, z + h * 0.24)
            for x in (-1, 1)
        ]
    )
    paint = Material(colour.varied(rng), roughness=0.25, coat=0.7)
    rubber = plastic((0.05, 0.05, 0.05), 0.7)
    birch = Material((0.82, 0.68, 0.48), roughness=0.5)
    parts = [
        Part(body, paint),
        Part(windows, Material((0.08, 0.1, 0.13), roughness=0.08, coat=1.0)),
        Part(join(tyres), rubber),
        Part(join(caps), birch),
        Part(lights, birch),
    ]
    return Model(standing(parts))
