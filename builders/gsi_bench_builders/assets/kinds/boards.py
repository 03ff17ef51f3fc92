"""What others are put on: cutting boards and trays."""

from __future__ import annotations

import math

import numpy as np

from gsi_bench_builders.assets.artwork import shade
from gsi_bench_builders.assets.colours import NamedColour
from gsi_bench_builders.assets.library import Model, Part, kind
from gsi_bench_builders.assets.lines import fillet, polygon, rounded_rectangle, spline
from gsi_bench_builders.assets.material import Colour, Material, metal, wood
from gsi_bench_builders.assets.mesh import Mesh, join
from gsi_bench_builders.assets.shapes import outline_of
from gsi_bench_builders.assets.solids import extrude, lathe, loft, rounded_box, sweep, tube
from gsi_bench_builders.scene import Receptacle

WOODS: tuple[tuple[Colour, Colour], ...] = (
    ((0.62, 0.42, 0.24), (0.42, 0.25, 0.12)),
    ((0.74, 0.56, 0.36), (0.58, 0.40, 0.22)),
    ((0.80, 0.64, 0.44), (0.66, 0.48, 0.29)),
    ((0.36, 0.21, 0.12), (0.20, 0.11, 0.06)),
)
BRASS: Colour = (0.78, 0.61, 0.32)
STEEL: Colour = (0.74, 0.74, 0.75)


def _timber(rng: np.random.Generator, grain: float = 0.02, which: int | None = None) -> Material:
    light, dark = WOODS[int(rng.integers(len(WOODS))) if which is None else which]
    return wood(light, dark, grain=grain, shift=float(rng.uniform(0, 1)))


@kind("cutting board", "砧板", places=("kitchen", "dining"), size_m=((0.22, 0.15, 0.012), (0.48, 0.32, 0.04)))
def cutting_board(rng: np.random.Generator, colour: NamedColour) -> Model:
    """An oblong board with a juice groove, one glued of two woods, a paddle with a handle, or a round one."""
    make = (_grooved, _striped, _paddle, _round_board)[int(rng.integers(4))]
    return make(rng, rng.uniform(0.016, 0.024))


def _hole(x: float, z: float) -> Part:
    """A bored hole, its rim broken."""
    dark = Material((0.09, 0.055, 0.03), roughness=0.8)
    return Part(lathe([(0.0095, 0), (0.0075, 0.0004), (0, 0.0004)], 28).moved(x, 0, z - 0.0001), dark)


def _grooved(rng: np.random.Generator, t: float) -> Model:
    w, d = rng.uniform(0.3, 0.38), rng.uniform(0.2, 0.25)
    timber = _timber(rng)
    board = extrude(rounded_rectangle(w, d, rng.uniform(0.012, 0.04), 10), t, 0.003, 4)
    inner = rounded_rectangle(w - 0.04, d - 0.04, 0.02, 8)
    groove = sweep(np.column_stack([inner, np.full(len(inner), t)]), polygon(8, 1.0) * (0.0016, 0.0004), closed=True)
    seam = Material(shade(timber.pattern.colour if timber.pattern else timber.colour, 0.75), roughness=0.6)
    parts = [Part(board, timber), Part(groove, seam)]
    if rng.random() < 0.6:
        parts.append(_hole(w / 2 - 0.032, t))
        return Model(parts, receptacle=Receptacle("on", outline_of(inner * 0.96), t))
    return Model(parts, symmetry="2-fold", receptacle=Receptacle("on", outline_of(inner * 0.96), t))


def _striped(rng: np.random.Generator, t: float) -> Model:
    """Bars of two woods, glued side by side."""
    w, d, bars = rng.uniform(0.3, 0.38), rng.uniform(0.2, 0.25), int(rng.integers(2, 4)) * 2 + 1
    first, second = int(rng.integers(1, 3)), 3 if rng.random() < 0.6 else 0
    pitch, edge = d / bars, 0.0006
    woods = (_timber(rng, pitch / 3, first), _timber(rng, pitch / 3, second))
    pieces: tuple[list[Mesh], list[Mesh]] = ([], [])
    for number in range(bars):
        outer = number in (0, bars - 1)
        bar = rounded_box(w, pitch, t, 0.0028 if outer else edge)
        pieces[number % 2].append(bar.moved(0, (number - (bars - 1) / 2) * pitch))
    parts = [Part(join(piece), timber) for piece, timber in zip(pieces, woods, strict=True)]
    return Model(
        parts, symmetry="2-fold", receptacle=Receptacle("on", outline_of(rounded_rectangle(w - 0.02, d - 0.02, 0.005)), t)
    )


def _paddle(rng: np.random.Generator, t: float) -> Model:
    """With a handle to its right."""
    w, d, grip = rng.uniform(0.24, 0.3), rng.uniform(0.16, 0.2), rng.uniform(0.09, 0.12)
    half, narrow = d / 2, rng.uniform(0.018, 0.022)
    right = [(w / 2, -half), (w / 2 + 0.014, -narrow), (w / 2 + grip, -narrow), (w / 2 + grip, narrow), (w / 2 + 0.014, narrow)]
    corner = rng.uniform(0.02, 0.06)
    line = fillet(
        [(-w / 2, -half), *right, (w / 2, half), (-w / 2, half)],
        [corner, corner, 0.018, narrow * 0.98, narrow * 0.98, 0.018, corner, corner], 8, closed=True,
    )  # fmt: skip
    flat = rounded_rectangle(w - 0.016, d - 0.016, corner)
    parts = [Part(extrude(line, t, 0.0035, 4), _timber(rng)), _hole(w / 2 + grip - narrow, t)]
    return Model(parts, receptacle=Receptacle("on", outline_of(flat), t))


def _round_board(rng: np.random.Generator, t: float) -> Model:
    """With a handle to its right."""
    r, grip, narrow = rng.uniform(0.105, 0.13), rng.uniform(0.085, 0.11), 0.019
    start = math.degrees(math.asin(1.5 * narrow / r))
    turn = np.radians(np.linspace(start, 360 - start, 72))
    rim = np.column_stack([np.cos(turn), np.sin(turn)]) * r
    end = r + grip
    tail = fillet([rim[-1], (r + 0.016, -narrow), (end, -narrow), (end, narrow), (r + 0.016, narrow), rim[0]],
                  [0, 0.02, narrow * 0.98, narrow * 0.98, 0.02, 0], 8)  # fmt: skip
    line = np.concatenate([rim, tail[1:-1]])
    parts = [Part(extrude(line, t, 0.0035, 4), _timber(rng)), _hole(end - narrow, t)]
    return Model(parts, receptacle=Receptacle("on", outline_of(polygon(32, r - 0.008)), t))


@kind(
    "tray",
    "托盘",
    places=("coffee", "dining", "dressing"),
    colours=("black", "white", "blue", "green", "red", "teal", "yellow", "beige"),
    size_m=((0.24, 0.18, 0.02), (0.48, 0.36, 0.085)),
)
def tray(rng: np.random.Generator, colour: NamedColour) -> Model:
    """Lacquered: oblong, oblong with metal handles, or round."""
    style = int(rng.integers(3))
    lacquer = Material(colour.varied(rng), roughness=rng.uniform(0.14, 0.35), coat=0.7)
    if style == 2:
        return _round_tray(rng, lacquer)
    w, d, h = rng.uniform(0.32, 0.4), rng.uniform(0.22, 0.28), rng.uniform(0.028, 0.042)
    corner = rng.uniform(0.02, 0.07) if style == 0 else 0.012
    outer, inner = rounded_rectangle(w, d, corner, 10), rounded_rectangle(w - 0.016, d - 0.016, corner - 0.006, 10)
    rings = [(outer * 0.96, 0.0), (outer * 0.985, 0.0015), (outer, h - 0.002), (outer * 0.997, h)]
    rings += [(inner * 1.003, h), (inner, h - 0.002), (inner * 0.985, 0.0085), (inner * 0.975, 0.0064), (inner * 0.955, 0.006)]
    body = loft([np.column_stack([ring, np.full(len(ring), z)]) for ring, z in rings])
    parts = [Part(body, lacquer)]
    if style == 1:
        bright = metal(BRASS if rng.random() < 0.6 else STEEL, 0.2)
        parts.append(Part(join([_bar(w, h, rng.uniform(0.05, 0.065)), _bar(w, h, 0.055).turned(180)]), bright))
    return Model(parts, symmetry="2-fold", receptacle=Receptacle("on", outline_of(inner * 0.93), 0.006))


def _bar(w: float, h: float, half: float) -> Mesh:
    """A bowed handle over the right end, with its two feet on the rim."""
    x, top = w / 2 - 0.004, h + 0.026
    course = fillet([(x, -half, h - 0.006), (x, -half, top), (x, half, top), (x, half, h - 0.006)], 0.014, 8)
    feet = [
        lathe(spline([(0.0075, 0), (0.007, 0.002), (0.004, 0.004), (0, 0.0042)], 10), 24).moved(x, y, h) for y in (-half, half)
    ]
    return join([tube(course, 0.0036, 14), *feet])


def _round_tray(rng: np.random.Generator, lacquer: Material) -> Model:
    r, h = rng.uniform(0.135, 0.17), rng.uniform(0.024, 0.036)
    line = [(0, 0), (r * 0.96, 0), (r, h), (r - 0.005, h), (r * 0.96 - 0.006, 0.0055), (0, 0.0055)]
    parts = [Part(lathe(fillet(line, [0, 0.004, 0.0024, 0.0024, 0.006, 0], 6), 96), lacquer)]
    if rng.random() < 0.5:
        ring = lathe(
            [(r - 0.0025 + 0.0034 * math.cos(a), h + 0.0034 * math.sin(a)) for a in np.linspace(0, 2 * math.pi, 13)], 96
        )
        parts.append(Part(ring, metal(BRASS, 0.2)))
    return Model(parts, symmetry="continuous", receptacle=Receptacle("on", outline_of(polygon(32, r * 0.96 - 0.016)), 0.0055))
