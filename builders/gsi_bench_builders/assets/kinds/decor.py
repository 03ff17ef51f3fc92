"""What makes a room a home: plants, candles, clocks, frames, toys; and a few things of the bathroom."""

from __future__ import annotations

import math

import numpy as np

from gsi_bench_builders.assets.artwork import BRANDS, Canvas, mixed, shade
from gsi_bench_builders.assets.colours import COLOURS, NamedColour
from gsi_bench_builders.assets.library import Model, Part, kind
from gsi_bench_builders.assets.lines import fillet, rounded_rectangle, spline
from gsi_bench_builders.assets.material import Bump, Colour, Material, ceramic, fabric, glass, metal, paper, plastic, wood
from gsi_bench_builders.assets.mesh import Mesh, join
from gsi_bench_builders.assets.shapes import decal, disc, leaf, side_plate, smooth_profile
from gsi_bench_builders.assets.solids import extrude, lathe, patch, rounded_box, thicken, tube
from gsi_bench_builders.scene import Receptacle

INK: Colour = (0.10, 0.10, 0.12)
CREAM: Colour = (0.94, 0.91, 0.83)
LEAF: Colour = (0.16, 0.36, 0.12)
POTS = ("white", "red", "blue", "teal", "yellow", "green", "gray", "black", "pink", "beige")


def foliage(colour: Colour) -> Material:
    """Leaves let some light through."""
    return Material(colour, roughness=0.45, coat=0.15, subsurface=0.1)


@kind(
    "plant", "盆栽", places=("desk", "coffee", "living", "dressing"), colours=POTS, size_m=((0.1, 0.1, 0.12), (0.4, 0.4, 0.45))
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
    low = min(float(p.mesh.vertices[:, 2].min()) for p in parts)
    return Model([Part(p.mesh.moved(z=-low), p.material, p.smooth_deg) for p in parts])


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
    low = min(float(p.mesh.vertices[:, 2].min()) for p in leaned)
    return Model([Part(p.mesh.moved(z=-low), p.material, p.smooth_deg) for p in leaned])


@kind(
    "camera",
    "相机",
    places=("desk", "coffee"),
    colours=("black", "silver", "brown"),
    size_m=((0.11, 0.07, 0.07), (0.17, 0.16, 0.13)),
    nameable=False,
)
def photo_camera(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A rangefinder; instructions speak of another camera, so it is never asked about."""
    w, h, deep = rng.uniform(0.125, 0.14), rng.uniform(0.07, 0.078), 0.034
    skin: dict[str, Colour] = {"black": (0.04, 0.04, 0.042), "silver": (0.06, 0.06, 0.06), "brown": (0.3, 0.17, 0.09)}
    body = extrude(rounded_rectangle(w, deep, 0.012, 8), h * 0.72, 0.001)
    plates = join(
        [
            extrude(rounded_rectangle(w, deep, 0.012, 8), h * 0.1, 0.002),
            extrude(rounded_rectangle(w, deep, 0.012, 8), h * 0.26, 0.003).moved(z=h * 0.74),
        ]
    )
    lens = (
        lathe(
            fillet(
                [
                    (0.026, 0),
                    (0.026, 0.014),
                    (0.024, 0.016),
                    (0.024, 0.03),
                    (0.026, 0.032),
                    (0.026, 0.04),
                    (0.022, 0.042),
                    (0.019, 0.036),
                    (0, 0.034),
                ],
                0.0012,
                3,
            ),
            56,
        )
        .turned(90, "x")
        .moved(w * 0.06, -deep / 2, h * 0.44)
    )
    front = (
        lathe(smooth_profile([(0.019, 0.0), (0.012, 0.003), (0, 0.0045)], 14), 40)
        .turned(90, "x")
        .moved(w * 0.06, -deep / 2 - 0.0355, h * 0.44)
    )
    dials = join(
        [
            lathe(fillet([(0.01, 0), (0.01, 0.007), (0, 0.007)], [0, 0.001, 0], 3), 32).moved(x, 0.003, h)
            for x in (-w * 0.34, w * 0.28)
        ]
    )
    button = lathe(fillet([(0.005, 0), (0.005, 0.004), (0, 0.004)], [0, 0.001, 0], 3), 24).moved(w * 0.4, 0.0, h)
    window = rounded_box(0.016, 0.003, 0.009, 0.001).moved(-w * 0.28, -deep / 2, h * 0.82)
    chrome = metal((0.75, 0.75, 0.74), 0.22) if colour.name != "black" else metal((0.06, 0.06, 0.06), 0.3)
    leather = Material(skin[colour.name], roughness=0.6, bump=Bump(0.0012, 0.0003, "leather"))
    dark = Material((0.02, 0.02, 0.03), roughness=0.05, coat=1.0)
    return Model(
        [
            Part(body.moved(z=h * 0.05), leather),
            Part(plates, chrome),
            Part(lens, metal((0.08, 0.08, 0.08), 0.3)),
            Part(front, dark),
            Part(join([dials, button]), chrome),
            Part(window, dark),
        ]
    )


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
    low = min(float(p.mesh.vertices[:, 2].min()) for p in parts)
    return Model([Part(p.mesh.moved(z=-low), p.material) for p in parts])


@kind(
    "speaker",
    "音箱",
    places=("desk", "living"),
    colours=("black", "white", "red", "teal", "gray"),
    size_m=((0.08, 0.08, 0.1), (0.2, 0.2, 0.3)),
)
def speaker(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A bookshelf speaker with two cones."""
    w, d, h = rng.uniform(0.11, 0.14), rng.uniform(0.11, 0.14), rng.uniform(0.17, 0.22)
    box = rounded_box(w, d, h, 0.006)
    cones, rings, domes = [], [], []
    for r, z in ((w * 0.36, h * 0.36), (w * 0.2, h * 0.77)):
        cones.append(
            lathe(smooth_profile([(r, 0.0015), (r * 0.86, 0.003), (r * 0.6, -0.006), (r * 0.25, -0.011), (0, -0.011)], 24), 56)
            .turned(90, "x")
            .moved(0, -d / 2, z)
        )
        rings.append(
            lathe(
                fillet([(r * 0.98, 0), (r * 0.98, 0.003), (r * 1.1, 0.003), (r * 1.12, 0)], [0, 0.001, 0.001, 0], 3)[::-1], 56
            )
            .turned(90, "x")
            .moved(0, -d / 2, z)
        )
        domes.append(
            lathe(smooth_profile([(r * 0.28, -0.0105), (r * 0.18, -0.005), (0, -0.003)], 12), 36)
            .turned(90, "x")
            .moved(0, -d / 2, z)
        )
    coat = (
        wood((0.45, 0.27, 0.15), (0.28, 0.16, 0.08), grain=0.015, axis="z")
        if rng.random() < 0.3 and colour.name == "black"
        else Material(colour.varied(rng), roughness=0.35, coat=0.3)
    )
    return Model(
        [
            Part(box, coat),
            Part(join(cones), plastic((0.05, 0.05, 0.055), 0.6)),
            Part(join(rings), metal((0.7, 0.7, 0.7), 0.25)),
            Part(join(domes), metal((0.25, 0.25, 0.26), 0.3)),
        ]
    )


@kind(
    "remote control",
    "遥控器",
    places=("coffee", "living"),
    colours=("black", "white", "gray"),
    size_m=((0.03, 0.12, 0.01), (0.06, 0.22, 0.03)),
)
def remote_control(rng: np.random.Generator, colour: NamedColour) -> Model:
    """Rows of buttons, a red one on top."""
    w, d, t = rng.uniform(0.042, 0.05), rng.uniform(0.155, 0.185), 0.017
    body = extrude(rounded_rectangle(w, d, 0.012, 8), t, 0.005, 5)
    keys = [
        extrude(rounded_rectangle(0.0085, 0.006, 0.002), 0.0018, 0.0006).moved(
            (c - 1) * 0.0125, d * 0.12 - r * 0.0115, t - 0.0003
        )
        for r in range(7)
        for c in range(3)
    ]
    pad = lathe(fillet([(0.0135, 0), (0.0135, 0.0016), (0, 0.0016)], [0, 0.0008, 0], 3), 40).moved(0, d * 0.27, t - 0.0003)
    power = lathe(fillet([(0.004, 0), (0.004, 0.0018), (0, 0.0018)], [0, 0.0006, 0], 3), 24).moved(
        -w * 0.25, d * 0.42, t - 0.0003
    )
    ground = colour.varied(rng, 0.02)
    key = plastic(mixed(ground, (0.5, 0.5, 0.5), 0.5), 0.5)
    return Model([Part(body, plastic(ground, 0.35)), Part(join([*keys, pad]), key), Part(power, plastic((0.75, 0.08, 0.06)))])


@kind(
    "towel",
    "毛巾",
    places=("bathroom", "dressing"),
    colours=("white", "blue", "teal", "pink", "green", "yellow", "gray"),
    size_m=((0.18, 0.14, 0.03), (0.36, 0.28, 0.12)),
)
def towel(rng: np.random.Generator, colour: NamedColour) -> Model:
    """Folded in layers, with a woven band."""
    w, d = rng.uniform(0.23, 0.28), rng.uniform(0.17, 0.2)
    layers, t = int(rng.integers(3, 5)), rng.uniform(0.017, 0.021)
    sheets = [(w - 0.006 * (n % 2), d - rng.uniform(0, 0.006), n * t * 0.96) for n in range(layers)]
    folds = [rounded_box(wide, deep, t, t * 0.49, 7).moved(z=z) for wide, deep, z in sheets]
    stripes = [
        rounded_box(0.02, deep + 0.0008, t + 0.0006, t * 0.49, 7).moved(w * 0.32, 0, z - 0.0003) for _, deep, z in sheets
    ]
    terry = Material(colour.varied(rng), roughness=0.95, sheen=0.5, bump=Bump(0.0022, 0.0012))
    stripe = fabric(shade(colour.varied(rng), 0.72))
    parts = [Part(join(folds), terry), Part(join(stripes), stripe)]
    low = min(float(p.mesh.vertices[:, 2].min()) for p in parts)
    return Model([Part(p.mesh.moved(z=-low), p.material) for p in parts])


@kind(
    "soap dispenser",
    "皂液器",
    places=("bathroom", "kitchen", "dressing"),
    colours=("white", "black", "teal", "green", "pink", "gray"),
    size_m=((0.05, 0.05, 0.13), (0.1, 0.12, 0.23)),
)
def soap_dispenser(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A pump bottle with a label; the spout points to the viewer."""
    r, h = rng.uniform(0.031, 0.038), rng.uniform(0.105, 0.13)
    body = lathe(
        fillet(
            [(0, 0), (r, 0), (r, h * 0.86), (0.013, h), (0.013, h + 0.006), (0, h + 0.006)],
            [0, 0.005, 0.014, 0.004, 0.001, 0],
            7,
        ),
        64,
    )
    collar = lathe(
        fillet(
            [(0.0145, h + 0.004), (0.0145, h + 0.018), (0.006, h + 0.02), (0.004, h + 0.04), (0, h + 0.04)],
            [0, 0.002, 0.002, 0.001, 0],
            4,
        ),
        40,
    )
    head = lathe(fillet([(0, h + 0.038), (0.009, h + 0.038), (0.009, h + 0.048), (0, h + 0.05)], [0, 0.002, 0.003, 0], 4), 36)
    spout = tube(
        spline([(0, 0, h + 0.043), (0, -0.025, h + 0.0435), (0, -0.04, h + 0.038)], 16), np.linspace(0.005, 0.0034, 16), 16
    )
    canvas = Canvas(300, 260, mixed(colour.rgb, CREAM, 0.85))
    ink = INK
    canvas.fitted(150, 70, BRANDS[int(rng.integers(len(BRANDS)))], 200, 46, ink)
    canvas.line([(90, 110), (210, 110)], ink, 1.5)
    canvas.fitted(150, 150, "HAND SOAP", 150, 24, ink)
    canvas.fitted(150, 190, "sage & cedar", 120, 18, ink)
    from_front = np.radians(np.linspace(-140, -40, 25))
    row = np.column_stack([(r + 0.0003) * np.cos(from_front), (r + 0.0003) * np.sin(from_front), np.zeros(25)])
    label = patch(np.stack([row + np.array([0, 0, z]) for z in (h * 0.18, h * 0.66)]))
    pump = plastic((0.06, 0.06, 0.06), 0.3) if rng.random() < 0.5 else metal((0.75, 0.75, 0.74), 0.2)
    return Model(
        [
            Part(body, Material(colour.varied(rng), roughness=0.25, coat=0.5)),
            Part(join([collar, head, spout]), pump),
            Part(label, paper(canvas.picture())),
        ]
    )


@kind(
    "perfume bottle",
    "香水瓶",
    places=("dressing", "bathroom"),
    colours=("pink", "orange", "yellow", "purple", "blue", "green"),
    size_m=((0.04, 0.02, 0.07), (0.1, 0.07, 0.17)),
)
def perfume_bottle(rng: np.random.Generator, colour: NamedColour) -> Model:
    """Thick glass with coloured scent and a metal or stone cap."""
    w, d, h = rng.uniform(0.055, 0.072), rng.uniform(0.03, 0.04), rng.uniform(0.065, 0.085)
    flask = rounded_box(w, d, h, 0.008, 6)
    scent = rounded_box(w - 0.012, d - 0.012, h * rng.uniform(0.55, 0.75), 0.004).moved(z=0.009)
    collar = lathe(fillet([(0.0105, h - 0.002), (0.0105, h + 0.008), (0, h + 0.008)], [0, 0.001, 0], 3), 40)
    cap = (
        rounded_box(0.024, 0.024, 0.028, 0.003).moved(z=h + 0.007)
        if rng.random() < 0.5
        else lathe(
            fillet([(0, h + 0.007), (0.0145, h + 0.007), (0.0145, h + 0.034), (0, h + 0.036)], [0, 0.002, 0.004, 0], 5), 48
        )
    )
    gold = metal((0.83, 0.65, 0.36), 0.18)
    top = gold if rng.random() < 0.5 else Material((0.03, 0.03, 0.03), roughness=0.15, coat=0.8)
    liquid = Material(mixed(colour.varied(rng), (1, 1, 1), 0.15), roughness=0.05, transmission=0.4, subsurface=0.1)
    return Model([Part(flask, glass()), Part(scent, liquid), Part(collar, gold), Part(cap, top)], symmetry="2-fold")


@kind(
    "jewelry box",
    "首饰盒",
    places=("dressing", "living"),
    colours=("white", "pink", "teal", "black", "red", "brown"),
    size_m=((0.1, 0.07, 0.05), (0.26, 0.2, 0.16)),
)
def jewelry_box(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A small chest with a clasp and a trimmed lid."""
    w, d, h = rng.uniform(0.15, 0.2), rng.uniform(0.1, 0.135), rng.uniform(0.07, 0.1)
    chest, lid = rounded_box(w, d, h * 0.68, 0.003), rounded_box(w + 0.004, d + 0.004, h * 0.3, 0.004).moved(z=h * 0.69)
    clasp = rounded_box(0.016, 0.005, 0.02, 0.0015).moved(0, -d / 2 - 0.003, h * 0.6)
    knobs = join(
        [
            lathe(smooth_profile([(0.006, 0), (0.007, 0.004), (0, 0.008)], 10), 20)
            .turned(180, "x")
            .moved(x * (w / 2 - 0.014), y * (d / 2 - 0.014), 0.006)
            for x in (-1, 1)
            for y in (-1, 1)
        ]
    )
    coat = Material(colour.varied(rng), roughness=0.4, coat=0.2, bump=Bump(0.0015, 0.0002, "leather"))
    gold = metal((0.83, 0.65, 0.36), 0.22)
    flat = (
        (-w / 2 + 0.008, -d / 2 + 0.008),
        (w / 2 - 0.008, -d / 2 + 0.008),
        (w / 2 - 0.008, d / 2 - 0.008),
        (-w / 2 + 0.008, d / 2 - 0.008),
    )
    lift = 0.004
    return Model(
        [Part(chest.moved(z=lift), coat), Part(lid.moved(z=lift), coat), Part(clasp.moved(z=lift), gold), Part(knobs, gold)],
        receptacle=Receptacle("on", flat, h * 0.99 + lift),
    )
