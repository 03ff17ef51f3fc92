"""What lies beside a plate or hangs by the stove: forks, knives, spoons, napkins, spatulas."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from gsi_bench_builders.assets.colours import NamedColour
from gsi_bench_builders.assets.library import Model, Part, kind, standing
from gsi_bench_builders.assets.lines import rounded_rectangle, spline
from gsi_bench_builders.assets.material import Bump, Colour, Material, Picture, metal, plastic, wood
from gsi_bench_builders.assets.mesh import Mesh, join
from gsi_bench_builders.assets.painting import Shades, blend, clouds, painted, ramp
from gsi_bench_builders.assets.solids import loft, patch, thicken

STEEL: Colour = (0.76, 0.76, 0.77)
SETS = ("silver", "black", "white", "red", "blue", "green")  # the first are of one piece, the others have coloured handles
Line = list[tuple[float, float, float]]


def _materials(rng: np.random.Generator, colour: NamedColour) -> tuple[Material, Material]:
    """(head, handle)."""
    steel = metal(STEEL, rng.uniform(0.1, 0.22))
    if colour.name == "silver":
        return steel, steel
    if colour.name == "black" and rng.random() < 0.5:
        dark = Material((0.05, 0.05, 0.055), roughness=0.3, metallic=0.6)
        return dark, dark
    return steel, plastic(colour.varied(rng), 0.2)


def _blade(line: Line, thickness: float, hollow: float = 0.0, columns: int = 9) -> Mesh:
    """A flat bar along y from (y, half width, z) points: its faces bulge or, with `hollow`, dip by that part of the width."""
    course = spline(line, 44)
    across = np.linspace(-1, 1, columns)
    half = np.maximum(course[:, 1], 0.0003)
    dip = hollow * half[:, None] * (across**2 - 1)
    grid = np.stack(
        [half[:, None] * across, np.broadcast_to(course[:, :1], dip.shape), course[:, 2:] + dip + 0 * across], axis=-1
    )
    return thicken(patch(grid), thickness)


def _handle(length: float, wide: float, thick: float, rise: float, end: float = 0.0) -> Mesh:
    """A bar along y from y = `end` towards the viewer, widest near its own end, arched by `rise`."""
    t = np.linspace(0, 1, 30)
    sections = []
    for s in t:
        half = float(np.interp(s, [0, 0.12, 0.5, 0.88, 0.97, 1.0], [0.36, 0.38, 0.6, 1.0, 0.86, 0.45]))
        deep = float(np.interp(s, [0, 0.15, 0.9, 1.0], [0.7, 0.9, 1.0, 0.6]))
        ring = rounded_rectangle(wide * half, thick * deep, 0.49 * thick * deep, 4)
        z = rise * math.sin(math.pi * s) ** 1.2 + thick / 2
        sections.append(np.column_stack([ring[:, 0], np.full(len(ring), end - length * s), z + ring[:, 1]]))
    return loft(sections)


def _lying(parts: list[Part]) -> Model:
    """Put down: pitched until it rests on its head and on its handle."""
    points = np.concatenate([part.mesh.vertices for part in parts])[:, 1:]
    middle = float(points[:, 0].mean())
    near, away = points[points[:, 0] < middle], points[points[:, 0] >= middle]
    pitch = 0.0
    for _ in range(6):  # the lowest points change a little as it turns
        a, b = (side[np.argmin(side[:, 1] - pitch * side[:, 0])] for side in (near, away))
        pitch = (b[1] - a[1]) / (b[0] - a[0])
    lean = -math.degrees(math.atan(pitch))
    return Model(standing(Part(p.mesh.turned(lean, "x"), p.material, p.smooth_deg) for p in parts))


@kind(
    "spoon",
    "勺子",
    places=("dining", "kitchen"),
    colours=SETS,
    size_m=((0.03, 0.16, 0.008), (0.055, 0.24, 0.04)),
)
def spoon(rng: np.random.Generator, colour: NamedColour) -> Model:
    """Its bowl away from the viewer."""
    wide, long, grip = rng.uniform(0.038, 0.045), rng.uniform(0.058, 0.066), rng.uniform(0.115, 0.135)
    head, handle = _materials(rng, colour)
    neck = 0.0075
    half = [(0.0, 0.0026, neck), (0.1, 0.0042, neck), (0.24, 0.24 * wide, neck), (0.5, 0.46 * wide, neck)]
    line: Line = [(y * long, w, z) for y, w, z in half]
    line += [(0.72 * long, 0.47 * wide, neck), (0.9 * long, 0.33 * wide, neck), (0.98 * long, 0.14 * wide, neck),
             (long, 0.0005, neck)]  # fmt: skip
    bowl = _blade(line, 0.0014, hollow=0.36, columns=17)
    bar = _handle(grip, rng.uniform(0.014, 0.019), 0.0032, 0.009, end=0.004).moved(z=neck - 0.0036)
    return _lying([Part(bowl, head, 60), Part(bar, handle, 60)])


@kind(
    "fork",
    "叉子",
    places=("dining", "kitchen"),
    colours=SETS,
    size_m=((0.018, 0.16, 0.008), (0.035, 0.24, 0.04)),
)
def fork(rng: np.random.Generator, colour: NamedColour) -> Model:
    """Four tines away from the viewer, bent upwards."""
    wide, tine, grip = rng.uniform(0.023, 0.027), rng.uniform(0.042, 0.05), rng.uniform(0.115, 0.135)
    head, handle = _materials(rng, colour)
    neck, root = 0.008, 0.024
    shoulder: Line = [(0.0, 0.0026, neck), (0.006, 0.0045, neck - 0.0012), (0.015, wide * 0.44, neck - 0.0042),
                      (root, wide / 2, neck - 0.0062), (root + 0.003, wide / 2, neck - 0.0066)]  # fmt: skip
    pieces = [_blade(shoulder, 0.0019, hollow=0.06)]
    count = 4 if rng.random() < 0.75 else 3
    pitch = wide / (count - 0.45)
    for number in range(count):
        x = (number - (count - 1) / 2) * pitch
        course = spline(
            [(x, root, neck - 0.0063), (x, root + tine * 0.5, neck - 0.0068), (x * 0.97, root + tine, neck + 0.001)], 16
        )
        pieces.append(_tine(course, pitch * 0.56))
    bar = _handle(grip, rng.uniform(0.014, 0.019), 0.0032, 0.008, end=0.004).moved(z=neck - 0.0036)
    return _lying([Part(join(pieces), head, 60), Part(bar, handle, 60)])


def _tine(course: NDArray[np.float64], wide: float) -> Mesh:
    sections = []
    for number, (x, y, z) in enumerate(course):
        t = number / (len(course) - 1)
        scale = 1 - 0.45 * t - 0.4 * max(0.0, (t - 0.9) / 0.1)
        ring = rounded_rectangle(wide * scale, 0.0019, 0.0008, 3)
        sections.append(np.column_stack([x - ring[:, 0], np.full(len(ring), y), z - 0.001 + ring[:, 1]]))
    return loft(sections)


@kind(
    "knife",
    "餐刀",
    places=("dining", "kitchen"),
    colours=SETS,
    size_m=((0.015, 0.19, 0.003), (0.035, 0.27, 0.02)),
)
def knife(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A table knife, its blade away from the viewer."""
    long, wide, grip = rng.uniform(0.1, 0.118), rng.uniform(0.018, 0.022), rng.uniform(0.095, 0.112)
    head, handle = _materials(rng, colour)
    t = np.linspace(0, 1, 40)
    back = np.interp(t, [0, 0.06, 0.8, 0.93, 1.0], [0.2, 0.42, 0.42, 0.3, -0.05]) * wide
    edge = -np.interp(t, [0, 0.05, 0.3, 0.75, 0.93, 1.0], [0.2, 0.42, 0.5, 0.58, 0.44, 0.05]) * wide
    sections = []
    for s, low, high in zip(t, edge, back, strict=True):
        middle, half = (low + high) / 2, max((high - low) / 2, 0.0004)
        thick = 0.0011 * (1 - 0.4 * s)
        ring = np.array([(-1, 0), (-0.55, -1), (0.6, -1), (0.97, -0.7), (0.97, 0.7), (0.6, 1), (-0.55, 1)]) * (half, thick)
        sections.append(np.column_stack([-(middle + ring[:, 0]), np.full(len(ring), long * s), 0.0038 + ring[:, 1]]))
    bar = _handle(grip, rng.uniform(0.016, 0.02), 0.0065, 0.0, end=0.003)
    return _lying([Part(loft(sections), head, 20), Part(bar, handle, 60)])


@kind(
    "spatula",
    "锅铲",
    places=("kitchen",),
    colours=("red", "blue", "green", "teal", "yellow", "gray", "black", "pink"),
    size_m=((0.045, 0.24, 0.012), (0.085, 0.36, 0.05)),
)
def spatula(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A silicone blade on a round wooden handle."""
    wide, long, grip = rng.uniform(0.052, 0.066), rng.uniform(0.085, 0.1), rng.uniform(0.18, 0.21)
    t = np.linspace(0, 1, 36)
    half = np.interp(t, [0, 0.1, 0.3, 0.88, 0.97, 1.0], [0.2, 0.26, 0.47, 0.5, 0.44, 0.3]) * wide
    half = np.convolve(np.pad(half, 2, mode="edge"), np.ones(5) / 5, mode="valid")
    thick = np.interp(t, [0, 0.12, 0.35, 1.0], [0.017, 0.016, 0.008, 0.003])
    skew = rng.uniform(0.0, 0.16)  # one corner is longer, to reach into a pan's edge
    blade = []
    for s, w, h in zip(t, half, thick, strict=True):
        ring = rounded_rectangle(2 * w, h, 0.49 * h, 4)
        y = long * s * (1 + skew * np.clip(ring[:, 0] / w, -1, 1) * s)
        blade.append(np.column_stack([-ring[:, 0], y, 0.0085 * (1 - s) + 0.0045 * s + ring[:, 1]]))
    bar = []
    for s in np.linspace(0, 1, 30):
        r = np.interp(s, [0, 0.05, 0.5, 0.85, 0.96, 1.0], [0.0052, 0.0058, 0.0068, 0.0085, 0.0078, 0.004])
        turn = np.linspace(0, 2 * math.pi, 20, endpoint=False)
        ring = np.column_stack([np.cos(turn), np.sin(turn)]) * r
        bar.append(np.column_stack([ring[:, 0], np.full(20, 0.004 - grip * s), 0.0085 + ring[:, 1]]))
    tones: tuple[tuple[Colour, Colour], ...] = (
        ((0.72, 0.52, 0.32), (0.5, 0.32, 0.17)),
        ((0.42, 0.25, 0.14), (0.26, 0.14, 0.08)),
    )
    light, dark = tones[int(rng.integers(2))]
    timber = wood(light, dark, grain=0.006, axis="y", shift=float(rng.uniform(0, 1)))
    silicone = Material(colour.varied(rng), roughness=0.42, coat=0.1)
    return _lying([Part(loft(blade), silicone, 60), Part(loft(bar), timber, 60)])


@kind(
    "napkin",
    "餐巾",
    places=("dining", "coffee"),
    colours=("white", "blue", "red", "green", "yellow", "pink", "beige", "gray"),
    size_m=((0.09, 0.14, 0.006), (0.19, 0.24, 0.03)),
)
def napkin(rng: np.random.Generator, colour: NamedColour) -> Model:
    """Linen folded to an oblong, the fold to its left; striped, checked or hemmed."""
    w, d, layers = rng.uniform(0.11, 0.15), rng.uniform(0.17, 0.21), int(rng.integers(3, 5))
    leaf = rng.uniform(0.0026, 0.0034)
    ground = colour.varied(rng)
    linen = Material(ground, roughness=0.95, sheen=0.25, bump=Bump(0.0011, 0.0003, "weave"))
    printed = Material(roughness=0.95, sheen=0.25, bump=Bump(0.0011, 0.0003, "weave"), picture=_weave(rng, ground, w / d))
    parts = []
    for layer in range(layers):
        short = 0.002 * (layers - 1 - layer) * rng.uniform(0.4, 1.4)
        sheet = _folded(rng, w - short, d - 0.6 * short, leaf).moved((-short) / 2, 0, layer * leaf * 0.96)
        parts.append(Part(sheet, printed if layer == layers - 1 else linen, 45))
    return _lying(parts)


def _folded(rng: np.random.Generator, w: float, d: float, thick: float) -> Mesh:
    """A soft sheet: its top has u to the right and v away."""
    dense = np.sin(np.linspace(-math.pi / 2, math.pi / 2, 30))  # most rows where it rounds off
    x, y = np.meshgrid(dense, dense)
    edge = np.minimum(1 - np.abs(x), 1 - np.abs(y))
    soft = thick * np.sqrt(np.clip(edge / 0.05, 0, 1))
    wave = 0.0006 * np.cos(3 * x + rng.uniform(0, 6)) * np.cos(2.4 * y + rng.uniform(0, 6))
    grid = np.stack([x * w / 2, y * d / 2, soft + wave * np.clip(edge * 4, 0, 1)], axis=-1)
    below = np.stack([x * w / 2, y * d / 2, 0.0 * x], axis=-1)
    return join([patch(grid), patch(below).flipped()])


def _weave(rng: np.random.Generator, ground: Colour, aspect: float) -> Picture:
    light = sum(ground) > 1.8
    trim: Colour = (
        ((0.16, 0.26, 0.48), (0.62, 0.15, 0.12), (0.35, 0.42, 0.30))[int(rng.integers(3))] if light else (0.9, 0.88, 0.82)
    )
    style = int(rng.integers(4))

    def cloth(u: Shades, v: Shades) -> Shades:
        out = blend(ground, tuple(c * 0.9 for c in ground), 0.4 + 0.4 * clouds(rng, u, v, 9, 9))
        x, y = (0.5 - np.abs(u - 0.5)) * aspect, 0.5 - np.abs(v - 0.5)  # from the nearest edges, in depths
        if style == 0:  # a border of two lines
            for at, half in ((0.055, 0.012), (0.085, 0.004)):
                near = np.minimum(
                    np.maximum(np.abs(x - at), ramp(y, at, at - 0.001)), np.maximum(np.abs(y - at), ramp(x, at, at - 0.001))
                )
                out = blend(out, trim, ramp(near, half, half - 0.003) * 0.9)
        elif style == 1:  # stripes across one end, as on kitchen towels
            for at, half in ((0.13, 0.022), (0.175, 0.008), (0.085, 0.008)):
                out = blend(out, trim, ramp(np.abs(v - at), half, half - 0.003) * 0.9)
        elif style == 2:  # checks
            both = ((u * aspect * 14) % 1 < 0.5).astype(float) + ((v * 14) % 1 < 0.5)
            out = blend(out, trim, both * 0.32)
        hem = np.minimum(np.abs(x - 0.03), np.abs(y - 0.03))
        return blend(out, tuple(c * 0.6 for c in ground), ramp(hem, 0.003, 0.0) * 0.5)

    return painted(160, 240, cloth)
