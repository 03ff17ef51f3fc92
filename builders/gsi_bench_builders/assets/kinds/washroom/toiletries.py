"""Small things of bathrooms: bottles, cups, rolls, bins."""

from __future__ import annotations

import math

import numpy as np

from gsi_bench_builders.assets.artwork import BRANDS, CREAM, INK, Canvas
from gsi_bench_builders.assets.colours import COLOURS, NamedColour
from gsi_bench_builders.assets.joinery import CHROME, between
from gsi_bench_builders.assets.library import Model, Part, kind, standing
from gsi_bench_builders.assets.lines import fillet, rounded_rectangle, spline
from gsi_bench_builders.assets.material import Bump, Material, ceramic, metal, paper, plastic
from gsi_bench_builders.assets.mesh import join
from gsi_bench_builders.assets.shapes import decal, smooth_profile, squircle, wrap
from gsi_bench_builders.assets.solids import ellipsoid, extrude, lathe, loft, rounded_box, tube

_BRIGHT = ("white", "blue", "green", "pink", "orange", "purple", "teal", "yellow")


@kind("toilet paper", "卫生纸", places=("washroom",), size_m=((0.09, 0.09, 0.085), (0.14, 0.14, 0.12)))
def toilet_paper(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A roll that stands on its end."""
    r, h = float(rng.uniform(0.048, 0.062)), float(rng.uniform(0.092, 0.105))
    roll = lathe(fillet([(0.021, 0.001), (r, 0.001), (r, h), (0.021, h), (0.021, 0.001)], [0, 0.002, 0.002, 0, 0], 3), 56)
    core = lathe([(0.0205, 0.0), (0.0213, 0.0), (0.0213, h - 0.001), (0.0205, h - 0.001), (0.0205, 0.0)], 40)
    return Model(
        [
            Part(roll, Material((0.93, 0.93, 0.91), roughness=0.95, bump=Bump(0.004, 0.0004))),
            Part(core, Material((0.6, 0.48, 0.36), roughness=0.9)),
        ],
        symmetry="continuous",
    )


@kind(
    "toothbrush cup",
    "漱口杯",
    places=("washroom",),
    colours=("white", "teal", "gray", "green", "blue", "pink", "black"),
    size_m=((0.06, 0.06, 0.15), (0.16, 0.16, 0.25)),
)
def toothbrush_cup(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A tumbler with one or two brushes that lean in it; the colour is the tumbler's."""
    r, h = float(rng.uniform(0.034, 0.04)), float(rng.uniform(0.095, 0.115))
    cup = lathe(
        fillet(
            [(0, 0), (r * 0.88, 0), (r, h), (r - 0.004, h), (r * 0.88 - 0.004, 0.006), (0, 0.006)],
            [0, 0.004, 0.001, 0.001, 0.003, 0],
            4,
        ),
        56,
    )
    parts = [Part(cup, ceramic(colour.varied(rng), matt=rng.random() < 0.4))]
    start = float(rng.uniform(0, 2 * math.pi))
    for n in range(int(rng.integers(1, 3))):
        a = start + n * 2.4
        c, s = math.cos(a), math.sin(a)
        lean = r * 0.75
        path = [
            (-c * lean * 0.6, -s * lean * 0.6, 0.012),
            (c * lean, s * lean, h),
            (c * (lean + 0.03), s * (lean + 0.03), 0.19),
        ]
        stick = tube(spline(path, 16), np.linspace(0.0042, 0.0034, 16), 10)
        tip = np.array(path[-1])
        head = rounded_box(0.011, 0.008, 0.026, 0.003).moved(*(tip - (0, 0, 0.02)).tolist())
        bristles = (
            rounded_box(0.009, 0.012, 0.02, 0.001)
            .moved(0, -0.009, 0)
            .turned(math.degrees(a) + 90)
            .moved(*(tip - (0, 0, 0.016)).tolist())
        )
        tone = COLOURS[str(rng.choice(["red", "blue", "green", "orange", "purple"]))].varied(rng)
        parts += [Part(join([stick, head]), plastic(tone, 0.25)), Part(bristles, Material((0.92, 0.92, 0.9), roughness=0.9))]
    return Model(parts)


@kind(
    "trash can",
    "垃圾桶",
    places=("washroom", "apartment"),
    colours=("silver", "white", "black", "gray", "teal", "pink"),
    size_m=((0.18, 0.18, 0.24), (0.34, 0.36, 0.5)),
)
def trash_can(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A pedal bin; its pedal is at the front, -y."""
    r, h = between(rng, 0.1, 0.14), between(rng, 0.28, 0.42)
    body = lathe(fillet([(0, 0.012), (r * 0.97, 0.012), (r, h * 0.86), (0, h * 0.86)], [0, 0.004, 0.004, 0], 4), 64)
    lid = lathe(
        smooth_profile([(r * 1.005, h * 0.855), (r * 1.01, h * 0.9), (r * 0.85, h * 0.97), (r * 0.4, h), (0, h)], 28), 64
    )
    foot = lathe(fillet([(0, 0), (r * 0.99, 0), (r * 0.99, 0.016), (0, 0.016)], [0, 0.002, 0.003, 0], 3), 64)
    pedal = rounded_box(0.06, 0.05, 0.012, 0.004).moved(0, -r - 0.012, 0.012)
    hinge = rounded_box(0.07, 0.03, 0.03, 0.006).moved(0, r, h * 0.84)
    coat = (
        metal((0.76, 0.76, 0.75), 0.3, brushed=True)
        if colour.name == "silver"
        else Material(colour.varied(rng), roughness=0.3, coat=0.3)
    )
    dark = plastic((0.06, 0.06, 0.065), 0.5)
    return Model(standing([Part(join([body, lid]), coat), Part(join([foot, pedal, hinge]), dark)]))


def _label(
    rng: np.random.Generator, ink: tuple[float, float, float], ground: tuple[float, float, float], lines: tuple[str, ...]
) -> Canvas:
    canvas = Canvas(240, 240, ground)
    brand = BRANDS[int(rng.integers(len(BRANDS)))]
    canvas.fitted(120, 60, brand, 200, 44, ink)
    canvas.line([(40, 92), (200, 92)], ink, 3)
    for number, text in enumerate(lines):
        canvas.fitted(120, 125 + 36 * number, text, 190, 28, ink)
    return canvas


@kind("lotion bottle", "乳液瓶", places=("washroom",), colours=_BRIGHT, size_m=((0.045, 0.03, 0.13), (0.1, 0.08, 0.27)))
def lotion_bottle(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A flat oval bottle with a flip cap and a label; faces -y."""
    w, d, h = float(rng.uniform(0.062, 0.078)), float(rng.uniform(0.036, 0.044)), float(rng.uniform(0.16, 0.21))
    outline = squircle(w, d, 2.6, 48)
    rings = [(0.9, 0.0), (1.0, 0.006), (1.0, h * 0.72), (0.86, h * 0.82), (0.5, h * 0.87), (0.48, h * 0.88)]
    body = loft([np.column_stack([outline * s, np.full(len(outline), z)]) for s, z in rings])
    cap_line = squircle(w * 0.6, d * 0.85, 3.0, 40)
    cap = extrude(cap_line, h * 0.135, 0.003).moved(z=h * 0.865)
    word = (("SHAMPOO", "daily care"), ("SHOWER GEL", "citrus"), ("BODY LOTION", "almond"), ("CONDITIONER", "soft & light"))[
        int(rng.integers(4))
    ]
    label = decal(w * 0.66, h * 0.46).turned(90, "x").moved(0, -d / 2 - 0.0006, h * 0.38)
    return Model(
        [
            Part(body, plastic(colour.varied(rng), 0.25), 50.0),
            Part(cap, plastic((0.9, 0.9, 0.88) if colour.name != "white" else (0.3, 0.32, 0.35), 0.3)),
            Part(label, paper(_label(rng, INK, CREAM, word).picture(), gloss=0.5), 0.0),
        ]
    )


@kind("spray bottle", "喷雾瓶", places=("washroom",), colours=_BRIGHT, size_m=((0.06, 0.06, 0.19), (0.13, 0.16, 0.32)))
def spray_bottle(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A cleaner with a trigger; it sprays towards -y."""
    r, h = float(rng.uniform(0.034, 0.04)), float(rng.uniform(0.22, 0.26))
    body = lathe(
        fillet(
            [(0, 0), (r, 0), (r, h * 0.52), (0.014, h * 0.7), (0.014, h * 0.76), (0, h * 0.76)], [0, 0.005, 0.03, 0.01, 0, 0], 8
        ),
        56,
    )
    collar = lathe(fillet([(0, h * 0.74), (0.017, h * 0.74), (0.017, h * 0.82), (0, h * 0.82)], [0, 0.001, 0.002, 0], 3), 32)
    head = rounded_box(0.026, 0.085, 0.034, 0.008).moved(0, -0.012, h - 0.038)
    neck = rounded_box(0.024, 0.034, h * 0.1, 0.006).moved(0, 0.002, h * 0.8)
    nozzle = tube([(0, -0.05, h - 0.02), (0, -0.066, h - 0.02)], [0.009, 0.007], 14)
    trigger = rounded_box(0.014, 0.01, 0.055, 0.004).turned(18, "x").moved(0, -0.036, h - 0.082)
    word = (("GLASS", "cleaner"), ("BATH", "foam spray"), ("KITCHEN", "citrus"))[int(rng.integers(3))]
    label = wrap(r + 0.0004, h * 0.1, h * 0.44, 150)
    return Model(
        [
            Part(body, plastic(colour.varied(rng), 0.2)),
            Part(join([collar, head, neck]), plastic((0.92, 0.92, 0.9), 0.3)),
            Part(join([nozzle, trigger]), plastic((0.75, 0.1, 0.08), 0.3)),
            Part(label, paper(_label(rng, (0.95, 0.95, 0.93), (0.12, 0.2, 0.35), word).picture(), gloss=0.6)),
        ]
    )


@kind(
    "toothpaste",
    "牙膏",
    places=("washroom",),
    colours=("white", "red", "blue", "green", "teal"),
    size_m=((0.03, 0.025, 0.1), (0.075, 0.06, 0.19)),
)
def toothpaste(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A tube that stands on its cap, with a stripe of print; faces -y."""
    w, h = float(rng.uniform(0.046, 0.058)), float(rng.uniform(0.13, 0.165))
    cap = lathe(fillet([(0, 0), (0.019, 0), (0.017, 0.024), (0, 0.024)], [0, 0.002, 0.002, 0], 4), 40)
    rings = []
    for t in np.linspace(0, 1, 12):
        flat = squircle(0.036 + (w - 0.036) * t**0.8, 0.036 * (1 - t) ** 0.7 + 0.0022, 2.0, 48)
        rings.append(np.column_stack([flat, np.full(len(flat), 0.022 + (h - 0.03) * t)]))
    body = loft(rings)
    crimp = rounded_box(w + 0.001, 0.0032, 0.01, 0.001).moved(0, 0, h - 0.01)
    tone = colour.varied(rng)
    band = [
        np.column_stack(
            [
                squircle(0.0364 + (w - 0.0364) * t**0.8, 0.0364 * (1 - t) ** 0.7 + 0.0026, 2.0, 48),
                np.full(48, 0.022 + (h - 0.03) * t),
            ]
        )
        for t in np.linspace(0.3, 0.62, 5)
    ]
    stripe = loft(band, caps=False)
    second = plastic((0.9, 0.9, 0.9) if colour.name != "white" else (0.2, 0.45, 0.7), 0.3)
    return Model(
        [Part(join([body, crimp]), plastic(tone, 0.28), 50.0), Part(cap, second), Part(stripe, second, 50.0)], symmetry="2-fold"
    )


@kind(
    "soap dish",
    "肥皂盒",
    places=("washroom",),
    colours=("white", "gray", "teal", "green", "pink", "black"),
    size_m=((0.1, 0.07, 0.025), (0.16, 0.12, 0.07)),
    also=(("soap", "肥皂"),),
)
def soap_dish(rng: np.random.Generator, colour: NamedColour) -> Model:
    """An oval dish with a worn bar of soap."""
    w, d = float(rng.uniform(0.12, 0.14)), float(rng.uniform(0.085, 0.098))
    outline = squircle(w, d, 2.4, 56)
    dish = loft(
        [
            np.column_stack([outline * s, np.full(len(outline), z)])
            for s, z in ((0.7, 0.0), (0.9, 0.012), (1.0, 0.024), (0.965, 0.024), (0.86, 0.013), (0.6, 0.007))
        ]
    )
    bar = loft(
        [
            np.column_stack([squircle(w * 0.62, d * 0.6, 2.8, 40) * s, np.full(40, z)])
            for s, z in ((0.86, 0.008), (1.0, 0.016), (1.0, 0.026), (0.8, 0.034))
        ]
    )
    tones = ((0.86, 0.8, 0.68), (0.75, 0.83, 0.76), (0.85, 0.72, 0.74))
    return Model(
        [
            Part(dish, ceramic(colour.varied(rng)), 50.0),
            Part(bar, Material(tones[int(rng.integers(3))], roughness=0.5, subsurface=0.3), 50.0),
        ],
        symmetry="2-fold",
    )


@kind(
    "toilet brush",
    "马桶刷",
    places=("washroom",),
    colours=("white", "silver", "black", "gray"),
    size_m=((0.08, 0.08, 0.32), (0.14, 0.14, 0.46)),
)
def toilet_brush(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A round holder with the brush in it."""
    r, h, tall = float(rng.uniform(0.044, 0.055)), float(rng.uniform(0.12, 0.16)), between(rng, 0.36, 0.42)
    holder = lathe(fillet([(0, 0), (r, 0), (r, h), (r * 0.5, h + 0.004), (0, h + 0.006)], [0, 0.006, 0.008, 0.004, 0], 5), 56)
    stick = tube([(0, 0, h), (0, 0, tall - 0.02)], 0.008, 16)
    knob = ellipsoid(0.026, 0.026, 0.034, 24, 12).moved(0, 0, tall - 0.034)
    coat = CHROME if colour.name == "silver" else plastic(colour.varied(rng), 0.3)
    return Model([Part(holder, coat), Part(join([stick, knob]), CHROME)], symmetry="continuous")


@kind(
    "bathroom scale",
    "体重秤",
    places=("washroom",),
    colours=("white", "black", "gray", "teal"),
    size_m=((0.26, 0.26, 0.02), (0.35, 0.35, 0.05)),
)
def bathroom_scale(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A glass plate with a display at its far end, foot marks of steel."""
    w, h = between(rng, 0.28, 0.32), 0.028
    plate = extrude(rounded_rectangle(w, w, 0.03, 10), 0.014, 0.003).moved(z=h - 0.014)
    under = extrude(rounded_rectangle(w - 0.05, w - 0.05, 0.02, 6), h - 0.0135, 0.002)
    screen = rounded_box(0.075, 0.035, 0.003, 0.001).moved(0, w * 0.36, h - 0.002)
    pads = [rounded_box(0.018, w * 0.5, 0.002, 0.0006).moved(s * w * 0.3, -0.01, h - 0.001) for s in (-1, 1)]
    return Model(
        [
            Part(plate, Material(colour.varied(rng), roughness=0.1, coat=0.8)),
            Part(under, plastic((0.1, 0.1, 0.11), 0.5)),
            Part(screen, Material((0.03, 0.05, 0.05), roughness=0.1, coat=0.5)),
            Part(join(pads), metal((0.75, 0.75, 0.74), 0.3)),
        ]
    )


@kind(
    "rubber duck",
    "橡皮鸭",
    places=("washroom",),
    colours=("yellow", "pink", "blue", "white"),
    size_m=((0.05, 0.06, 0.06), (0.12, 0.17, 0.14)),
)
def rubber_duck(rng: np.random.Generator, colour: NamedColour) -> Model:
    """It looks towards -y."""
    s = float(rng.uniform(0.85, 1.15))
    body = ellipsoid(0.075, 0.095, 0.055).moved(0, 0.01, 0)
    tail = ellipsoid(0.03, 0.04, 0.03).turned(-35, "x").moved(0, 0.055, 0.03)
    head = ellipsoid(0.05, 0.05, 0.048).moved(0, -0.022, 0.045)
    wings = [ellipsoid(0.016, 0.05, 0.03).moved(side * 0.034, 0.018, 0.02) for side in (-1, 1)]
    beak = ellipsoid(0.026, 0.024, 0.01, 24, 12).moved(0, -0.05, 0.062)
    eyes = [ellipsoid(0.007, 0.007, 0.007, 16, 8).moved(side * 0.016, -0.04, 0.074) for side in (-1, 1)]
    parts = [
        Part(join([body, tail, head, *wings]), Material(colour.varied(rng), roughness=0.3, coat=0.2), 60.0),
        Part(beak, plastic((0.9, 0.4, 0.06), 0.3), 60.0),
        Part(join(eyes), plastic((0.03, 0.03, 0.03), 0.15)),
    ]
    return Model(standing([Part(p.mesh.scaled(s), p.material, p.smooth_deg) for p in parts]))


@kind(
    "diffuser",
    "香薰瓶",
    places=("washroom", "apartment"),
    colours=("white", "brown", "gray", "green", "pink"),
    size_m=((0.06, 0.06, 0.18), (0.2, 0.2, 0.34)),
)
def diffuser(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A small bottle with reeds; the colour is the bottle's."""
    r, h = float(rng.uniform(0.034, 0.042)), float(rng.uniform(0.08, 0.1))
    bottle = lathe(
        fillet([(0, 0), (r, 0), (r, h * 0.68), (0.013, h * 0.8), (0.013, h), (0, h)], [0, 0.006, 0.012, 0.008, 0.001, 0], 6), 56
    )
    reeds = []
    for n in range(6):
        a = n * 2.39996
        c, s = math.cos(a), math.sin(a)
        out = float(rng.uniform(0.02, 0.05))
        reeds.append(
            tube([(0.004 * c, 0.004 * s, h - 0.01), (out * c, out * s, h + float(rng.uniform(0.11, 0.15)))], 0.0016, 8)
        )
    # Dark glass looks opaque.
    dark = Material((0.16, 0.07, 0.02), roughness=0.06, coat=1.0)
    coat = dark if colour.name == "brown" else ceramic(colour.varied(rng), matt=True)
    return Model([Part(bottle, coat), Part(join(reeds), Material((0.72, 0.58, 0.4), roughness=0.8))])
