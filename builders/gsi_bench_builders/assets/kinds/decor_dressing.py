"""What lies in bathrooms and on dressing tables: towels, soap, perfume, jewelry boxes."""

from __future__ import annotations

import numpy as np

from gsi_bench_builders.assets.artwork import BRANDS, CREAM, INK, Canvas, mixed, shade
from gsi_bench_builders.assets.colours import NamedColour
from gsi_bench_builders.assets.library import Model, Part, kind, standing
from gsi_bench_builders.assets.lines import fillet, spline
from gsi_bench_builders.assets.material import Bump, Material, fabric, glass, metal, paper, plastic
from gsi_bench_builders.assets.mesh import join
from gsi_bench_builders.assets.shapes import smooth_profile
from gsi_bench_builders.assets.solids import lathe, patch, rounded_box, tube
from gsi_bench_builders.scene import Receptacle


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
    return Model(standing(parts))


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
