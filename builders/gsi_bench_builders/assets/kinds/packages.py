"""Cartons and boxes of cardboard, and cans and tins: printed goods of invented brands."""

from __future__ import annotations

import math

import numpy as np

from gsi_bench_builders.assets.artwork import BRANDS, Canvas, mixed, shade
from gsi_bench_builders.assets.colours import NamedColour
from gsi_bench_builders.assets.library import Model, Part, kind
from gsi_bench_builders.assets.lines import fillet, rounded_rectangle
from gsi_bench_builders.assets.material import Material, Picture, metal, paper, plastic
from gsi_bench_builders.assets.mesh import Mesh, join
from gsi_bench_builders.assets.printing import CREAM, INK, accent, emblem, facts, pick
from gsi_bench_builders.assets.shapes import faced, wrap
from gsi_bench_builders.assets.solids import extrude, lathe, loft, rounded_box


@kind(
    "can",
    "易拉罐",
    places=("kitchen", "dining", "desk", "coffee"),
    colours=("red", "blue", "green", "orange", "yellow", "purple", "white", "black"),
    size_m=((0.05, 0.05, 0.09), (0.08, 0.08, 0.17)),
)
def can(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A drinks can, printed all around."""
    r, h = 0.0331, float(rng.choice([0.115, 0.122, 0.155]))
    if h > 0.15:
        r = 0.029
    print_side = fillet([(r - 0.006, 0.004), (r, 0.012), (r, h - 0.014), (r - 0.006, h - 0.004)], [0, 0.004, 0.006, 0], 6)
    base = lathe([(0, 0.008), (r - 0.014, 0.006), (r - 0.009, 0.0), (r - 0.006, 0.004)], 64)
    rim = lathe(
        fillet(
            [
                (r - 0.006, h - 0.004),
                (r - 0.0045, h - 0.0015),
                (r - 0.005, h),
                (r - 0.0075, h),
                (r - 0.0085, h - 0.005),
                (0, h - 0.005),
            ],
            [0, 0.0008, 0.0008, 0.0008, 0.002, 0],
            4,
        ),
        64,
    )
    tab = join(
        [
            extrude(rounded_rectangle(0.011, 0.021, 0.005), 0.0011, 0.0004).moved(0, -0.002, h - 0.0046),
            lathe([(0.002, 0), (0.0018, 0.0012), (0, 0.0013)], 16).moved(0, 0.006, h - 0.0042),
        ]
    )
    ground, ink = colour.varied(rng), accent(rng, colour)
    canvas = Canvas(640, 360, ground)
    second = shade(ground, 0.6) if sum(ground) > 0.9 else mixed(ground, CREAM, 0.35)
    style = int(rng.integers(3))
    if style == 0:
        canvas.shape([(0, 250), (640, 150), (640, 230), (0, 330)], second)
    elif style == 1:
        for stripe in range(0, 640, 40):
            canvas.box(stripe, 0, 12, 360, second)
    else:
        canvas.box(0, 0, 640, 46, ink)
        canvas.box(0, 314, 640, 46, ink)
    brand, word = pick(rng, BRANDS), pick(rng, ("SPARKLING", "COLA", "GINGER", "TONIC"))
    mark = int(rng.integers(2**31))
    for x in (0.0, 320.0, 640.0):  # the first and last are the halves of one, at the seam
        emblem(canvas, x, 250, 34, np.random.default_rng(mark), ink, second)
        canvas.fitted(x, 150, brand, 210, 72, ink)
        canvas.fitted(x, 205, word, 130, 24, ink)
    facts(canvas, 130, 80, 70, 190, INK)
    aluminium = metal((0.8, 0.8, 0.81), 0.22)
    painted = Material((0.9, 0.9, 0.9), roughness=0.28, metallic=0.25, coat=0.3, picture=canvas.picture())
    return Model([Part(lathe(print_side, 72), painted), Part(join([base, rim]), aluminium), Part(tab, aluminium)])


def _box_prints(mesh: Mesh, prints: dict[tuple[int, int, int], Picture], rest: Material, gloss: float) -> list[Part]:
    """A box with printed sides."""
    parts = []
    for direction, picture in prints.items():
        side, mesh = faced(mesh, direction)
        parts.append(Part(side, paper(picture, gloss=gloss), 0.0))
    return [*parts, Part(mesh, rest)]


@kind(
    "cereal box",
    "麦片盒",
    places=("kitchen", "dining"),
    colours=("red", "blue", "yellow", "green", "orange", "purple"),
    size_m=((0.13, 0.04, 0.2), (0.22, 0.09, 0.32)),
)
def cereal_box(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A carton of flakes with a bowl on its front."""
    w, d, h = rng.uniform(0.165, 0.195), rng.uniform(0.05, 0.065), rng.uniform(0.24, 0.28)
    ground, ink = colour.varied(rng), accent(rng, colour)
    px, py = 420, round(420 * h / w)
    front = Canvas(px, py, ground)
    front.gradient(mixed(ground, CREAM, 0.25), shade(ground, 0.75))
    front.disc(px * 0.5, py * 0.64, px * 0.36, mixed(ground, CREAM, 0.55))
    front.disc(px * 0.5, py * 0.7, px * 0.31, (0.95, 0.95, 0.94), 0.62)
    front.disc(px * 0.5, py * 0.66, px * 0.28, (0.93, 0.9, 0.82), 0.5)
    for _ in range(70):
        a, s = rng.uniform(0, 2 * math.pi), math.sqrt(rng.uniform(0, 1)) * px * 0.25
        front.disc(
            px * 0.5 + math.cos(a) * s,
            py * 0.66 + math.sin(a) * s * 0.45,
            px * rng.uniform(0.016, 0.03),
            (0.78, 0.5, 0.16),
            0.7,
        )
    brand = pick(rng, BRANDS)
    front.fitted(px / 2, py * 0.15, brand, px * 0.82, py * 0.17, ink)
    front.fitted(
        px / 2, py * 0.29, pick(rng, ("Golden Flakes", "Oat Hoops", "Honey Rings", "Crisp Bran")), px * 0.7, py * 0.07, ink
    )
    front.box(px * 0.08, py * 0.91, px * 0.36, py * 0.05, CREAM, 6)
    front.fitted(px * 0.26, py * 0.935, "375 g", px * 0.2, py * 0.035, INK)
    side = Canvas(round(420 * d / w), py, shade(ground, 0.92))
    side.fitted(side.width / 2, py * 0.1, brand, side.width * 0.8, py * 0.05, ink)
    facts(side, side.width * 0.1, py * 0.2, side.width * 0.8, py * 0.5, INK)
    top = Canvas(420, round(420 * d / w), ground)
    top.fitted(210, top.height / 2, brand, 240, top.height * 0.5, ink)
    whole = front.picture()
    prints = {
        (0, -1, 0): whole,
        (0, 1, 0): whole,
        (1, 0, 0): side.picture(),
        (-1, 0, 0): side.picture(),
        (0, 0, 1): top.picture(),
    }
    return Model(_box_prints(rounded_box(w, d, h, 0.0016), prints, paper(None, ground), 0.4))


@kind(
    "carton",
    "牛奶盒",
    places=("kitchen", "dining"),
    colours=("blue", "green", "red", "orange", "yellow", "purple"),
    size_m=((0.06, 0.06, 0.18), (0.11, 0.11, 0.30)),
)
def carton(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A gable-top carton of milk or juice with a cap."""
    w, h = rng.uniform(0.07, 0.08), rng.uniform(0.17, 0.2)
    ground = colour.varied(rng)
    brand, word = pick(rng, BRANDS), pick(rng, ("MILK", "OAT", "JUICE", "KEFIR"))

    def panel(with_facts: bool) -> Picture:
        canvas = Canvas(260, round(260 * h / w), (0.96, 0.96, 0.95))
        height = canvas.height
        canvas.shape([(0, height * 0.5), (130, height * 0.42), (260, height * 0.52), (260, height), (0, height)], ground)
        canvas.shape(
            [(0, height * 0.5), (130, height * 0.42), (260, height * 0.52), (260, height * 0.55), (0, height * 0.54)],
            shade(ground, 0.7),
        )
        canvas.fitted(130, height * 0.14, brand, 190, 52, ground if sum(ground) < 2 else INK)
        canvas.fitted(130, height * 0.3, word, 150, 64, INK)
        if with_facts:
            facts(canvas, 55, height * 0.6, 150, height * 0.32, INK)
        else:
            emblem(
                canvas, 130, height * 0.73, 62, np.random.default_rng(int(rng.integers(99))), CREAM, mixed(ground, CREAM, 0.4)
            )
        return canvas.picture()

    body = rounded_box(w, w, h, 0.002)
    prints = {(0, -1, 0): panel(False), (0, 1, 0): panel(False), (1, 0, 0): panel(True), (-1, 0, 0): panel(True)}
    card = paper(None, (0.95, 0.95, 0.94), gloss=0.4)
    parts = _box_prints(body, prints, card, 0.4)
    e, top, ridge = w / 2 - 0.0015, h - 0.001, h + w * 0.42
    gable = loft(
        [
            np.array([(-e, -e, top), (e, -e, top), (e, e, top), (-e, e, top)]),
            np.array([(-e, -0.0015, ridge), (e, -0.0015, ridge), (e, 0.0015, ridge), (-e, 0.0015, ridge)]),
            np.array(
                [
                    (-e, -0.0015, ridge + 0.014),
                    (e, -0.0015, ridge + 0.014),
                    (e, 0.0015, ridge + 0.014),
                    (-e, 0.0015, ridge + 0.014),
                ]
            ),
        ]
    )
    slope = math.degrees(math.atan2(ridge - top, e))
    cap = lathe(fillet([(0.0125, 0), (0.0125, 0.009), (0, 0.009)], [0, 0.0015, 0], 4), 40)
    cap = cap.turned(slope, "x").moved(0, -e * 0.5, (top + ridge) / 2)
    return Model([*parts, Part(gable, paper(None, ground, gloss=0.4), 20.0), Part(cap, plastic(shade(ground, 0.8)))])


@kind(
    "tin",
    "罐头",
    places=("kitchen",),
    colours=("red", "blue", "green", "yellow", "orange", "white"),
    size_m=((0.06, 0.06, 0.07), (0.11, 0.11, 0.14)),
)
def tin(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A food tin with ridges, a paper label and a ring on its lid."""
    r, h = rng.uniform(0.036, 0.043), rng.uniform(0.095, 0.115)
    side: list[tuple[float, float]] = [
        (0, 0.003),
        (r - 0.003, 0.003),
        (r - 0.002, 0),
        (r + 0.0008, 0),
        (r + 0.0008, 0.003),
        (r, 0.004),
    ]
    side += [
        (r, h - 0.004),
        (r + 0.0008, h - 0.003),
        (r + 0.0008, h),
        (r - 0.002, h),
        (r - 0.003, h - 0.0035),
        (r * 0.8, h - 0.003),
        (r * 0.78, h - 0.004),
        (0, h - 0.004),
    ]
    body = lathe(fillet(side, 0.0005, 2), 72)
    ground, ink = colour.varied(rng), accent(rng, colour)
    label = wrap(r + 0.00035, 0.007, h - 0.007, 360, 72)
    canvas = Canvas(840, 300, ground)
    canvas.box(0, 0, 840, 40, ink)
    canvas.box(0, 262, 840, 38, ink)
    word = pick(rng, ("TOMATO", "CHICKPEAS", "COCONUT", "SWEETCORN", "PEACHES"))
    brand = pick(rng, BRANDS)
    mark = int(rng.integers(2**31))
    for x in (0.0, 420.0, 840.0):
        canvas.fitted(x, 92, brand, 230, 60, ink)
        emblem(canvas, x, 178, 44, np.random.default_rng(mark), ink, shade(ground, 0.65))
        canvas.fitted(x, 242, word, 200, 28, ink)
    facts(canvas, 165, 60, 90, 180, INK)
    ring = lathe([(0.009, 0), (0.0095, 0.0008), (0.009, 0.0016), (0.0072, 0.0016), (0.0072, 0)], 28).moved(
        0, -r * 0.35, h - 0.0038
    )
    steel = metal((0.75, 0.75, 0.74), 0.25)
    return Model([Part(body, steel), Part(label, paper(canvas.picture(), gloss=0.5)), Part(ring, steel)])
