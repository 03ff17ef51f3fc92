"""Paper and what one writes with: books, notebooks, cups of pencils."""

from __future__ import annotations

import math

import numpy as np

from gsi_bench_builders.assets.artwork import BRANDS, CREAM, INK, WORDS, Canvas, mixed, shade
from gsi_bench_builders.assets.colours import COLOURS, NamedColour
from gsi_bench_builders.assets.library import Model, Part, kind
from gsi_bench_builders.assets.lines import fillet
from gsi_bench_builders.assets.material import Material, fabric, metal, paper, plastic
from gsi_bench_builders.assets.mesh import join
from gsi_bench_builders.assets.shapes import decal, faced
from gsi_bench_builders.assets.solids import lathe, loft, rounded_box, tube
from gsi_bench_builders.scene import Receptacle

COVERS = ("red", "blue", "green", "yellow", "orange", "teal", "purple", "black", "white", "brown")


def _rectangle(width: float, depth: float) -> tuple[tuple[float, float], ...]:
    w, d = width / 2, depth / 2
    return ((-w, -d), (w, -d), (w, d), (-w, d))


@kind(
    "book",
    "书",
    places=("desk", "coffee", "living"),
    colours=COVERS,
    size_m=((0.11, 0.16, 0.012), (0.21, 0.28, 0.05)),
)
def book(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A closed hardback lying on its back cover, its spine to the left."""
    w, d, t = rng.uniform(0.135, 0.175), rng.uniform(0.195, 0.24), rng.uniform(0.018, 0.034)
    board, over = 0.0026, 0.003
    ground = colour.varied(rng)
    ink = CREAM if sum(ground) < 1.5 else INK
    low = rounded_box(w, d, board, 0.0009)
    high = low.moved(z=t - board)
    arcs = np.linspace(-math.pi / 2, math.pi / 2, 13)
    profile = [(-w / 2 - 0.004 * math.cos(a), (t / 2) * math.sin(a) + t / 2) for a in arcs]
    outer = np.array([*profile, (-w / 2 + 0.004, t), (-w / 2 + 0.004, 0.0)])
    spine = loft([np.column_stack([outer[:, 0], np.full(len(outer), y), outer[:, 1]]) for y in (-d / 2, d / 2)])
    pages = rounded_box(w - over, d - 2 * over, t - 2 * board + 0.0004, 0.0006).moved(-over / 2, 0, board - 0.0002)
    px, py = 300, round(300 * d / w)
    canvas = Canvas(px, py, ground)
    second = COLOURS[COVERS[int(rng.integers(len(COVERS)))]].rgb
    style = int(rng.integers(4))
    if style == 0:
        for ring in range(6, 0, -1):
            canvas.disc(px * 0.5, py * 0.62, px * 0.06 * ring, second if ring % 2 else ground)
    elif style == 1:
        canvas.box(0, py * 0.55, px, py * 0.45, second)
        canvas.disc(px * 0.68, py * 0.55, px * 0.16, ink)
    elif style == 2:
        for bar in range(9):
            canvas.box(
                px * 0.12, py * (0.45 + 0.055 * bar), px * rng.uniform(0.2, 0.76), py * 0.028, second if bar % 2 else ink
            )
    else:
        canvas.shape([(px * 0.12, py * 0.92), (px * 0.5, py * 0.42), (px * 0.88, py * 0.92)], second)
        canvas.shape([(px * 0.38, py * 0.92), (px * 0.68, py * 0.58), (px * 0.97, py * 0.92)], shade(second, 0.65))
    title = WORDS[int(rng.integers(len(WORDS)))]
    canvas.fitted(px / 2, py * 0.16, title, px * 0.8, py * 0.09, ink)
    canvas.fitted(px / 2, py * 0.27, BRANDS[int(rng.integers(len(BRANDS)))], px * 0.4, py * 0.035, ink)
    canvas.frame(px * 0.05, py * 0.035, px * 0.9, py * 0.93, mixed(ground, ink, 0.5), 1.2)
    top, rest = faced(high, (0, 0, 1))
    cloth = Material(ground, roughness=0.6, coat=0.1)
    lines = Canvas(64, 128, (0.93, 0.9, 0.82))
    for y in range(0, 128, 3):
        lines.box(0, y, 64, 1, (0.82, 0.78, 0.68))
    stripes = paper(lines.picture())
    leaves = [faced(pages, side)[0] for side in ((1, 0, 0), (0, -1, 0), (0, 1, 0))]
    parts = [Part(join([low, rest]), cloth), Part(spine, cloth, 40), Part(top, paper(canvas.picture(), gloss=0.5), 0.0)]
    parts += [Part(leaf, stripes, 0.0) for leaf in leaves]
    return Model(parts, receptacle=Receptacle("on", _rectangle(w - 0.01, d - 0.01), t))


@kind(
    "notebook",
    "笔记本",
    places=("desk", "coffee"),
    colours=("black", "red", "blue", "green", "yellow", "brown", "pink"),
    size_m=((0.09, 0.13, 0.008), (0.2, 0.26, 0.03)),
)
def notebook(rng: np.random.Generator, colour: NamedColour) -> Model:
    """Spiral-bound, or soft with an elastic band."""
    w, d, t = rng.uniform(0.12, 0.16), rng.uniform(0.18, 0.215), rng.uniform(0.011, 0.016)
    ground = colour.varied(rng)
    cover = Material(ground, roughness=0.55, coat=0.15)
    sheets = rounded_box(w - 0.003, d - 0.004, t - 0.0016, 0.0005).moved(z=0.0008)
    covers = join([rounded_box(w, d, 0.0012, 0.0004), rounded_box(w, d, 0.0012, 0.0004).moved(z=t - 0.0012)])
    parts = [Part(sheets, paper()), Part(covers, cover)]
    if rng.random() < 0.5:
        turns = int(d * 0.9 / 0.0085)
        a = np.linspace(0, 2 * math.pi * turns, turns * 14)
        coil = np.column_stack(
            [-w / 2 + 0.003 + (t * 0.72) * np.cos(a), np.linspace(-d * 0.45, d * 0.45, len(a)), t / 2 + (t * 0.72) * np.sin(a)]
        )
        coil[:, 2] = np.maximum(coil[:, 2], 0.0007)
        parts.append(Part(tube(coil, 0.0007, 6), metal((0.75, 0.75, 0.75), 0.2)))
    else:
        band = rounded_box(0.006, d + 0.0012, t + 0.0008, 0.0006).moved(w * 0.36, 0, 0)
        parts.append(Part(band.moved(z=0.0002), fabric(shade(ground, 0.55))))
        label = decal(w * 0.5, d * 0.2).moved(-w * 0.05, d * 0.2, t + 0.0001)
        canvas = Canvas(240, 130, CREAM)
        canvas.frame(8, 8, 224, 114, INK, 1.5)
        canvas.fitted(120, 48, "NOTES", 120, 34, INK)
        canvas.line([(40, 88), (200, 88)], INK, 1.5)
        parts.append(Part(label, paper(canvas.picture()), 0.0))
    return Model(parts, receptacle=Receptacle("on", _rectangle(w * 0.8, d * 0.9), t))


@kind(
    "pencil cup",
    "笔筒",
    places=("desk",),
    colours=("black", "white", "red", "blue", "yellow", "teal", "brown"),
    size_m=((0.06, 0.06, 0.12), (0.16, 0.16, 0.26)),
)
def pencil_cup(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A cup with pencils and a pen leaning in it."""
    r, h = rng.uniform(0.036, 0.043), rng.uniform(0.09, 0.11)
    body = lathe(
        fillet(
            [(0, 0), (r, 0), (r, h), (r - 0.003, h), (r - 0.003, 0.004), (0, 0.004)], [0, 0.004, 0.0014, 0.0014, 0.003, 0], 5
        ),
        64,
    )
    cup = Material(colour.varied(rng), roughness=0.35, coat=0.3)
    wooden, tips, painted = [], [], []
    names = ("yellow", "red", "blue", "green", "black", "orange", "teal")
    first = rng.uniform(0, 2 * math.pi)
    for n in range(int(rng.integers(4, 7))):
        a = first + n * 2.4
        foot = np.array([-0.5 * r * math.cos(a), -0.5 * r * math.sin(a), 0.006])
        top = np.array([(r - 0.005) * math.cos(a), (r - 0.005) * math.sin(a), h])
        along = (top - foot) / np.linalg.norm(top - foot)
        length = rng.uniform(0.15, 0.18)
        end = foot + along * length
        tint = COLOURS[names[int(rng.integers(len(names)))]].rgb
        painted.append(Part(tube([foot.tolist(), end.tolist()], 0.0036, 6), Material(tint, roughness=0.3, coat=0.5), 0.0))
        wooden.append(tube([end.tolist(), (end + along * 0.013).tolist()], [0.0036, 0.0013], 12))
        tips.append(tube([(end + along * 0.013).tolist(), (end + along * 0.018).tolist()], [0.0013, 0.0002], 10))
    return Model(
        [
            Part(body, cup),
            Part(join(wooden), Material((0.82, 0.66, 0.46), roughness=0.7)),
            Part(join(tips), plastic((0.06, 0.06, 0.06))),
            *painted,
        ]
    )
