"""Tables, counters and what stands behind them. World coordinates; fronts face the viewer (-y)."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence

import numpy as np

from gsi_bench_builders.assets.library import Part
from gsi_bench_builders.assets.lines import rounded_rectangle
from gsi_bench_builders.assets.material import Colour, Material, fabric, metal
from gsi_bench_builders.assets.mesh import Mesh, join
from gsi_bench_builders.assets.rooms.palettes import PAINTS, STONES, WOODS, along, lacquer, stone, timber
from gsi_bench_builders.assets.rooms.pieces import Piece, box
from gsi_bench_builders.assets.solids import extrude, loft, rounded_box, tube
from gsi_bench_builders.scene import Support

__all__ = ["armchair", "cabinet_below", "chair", "legs", "sideboard", "sofa", "table_top", "with_another_top"]

_OTHER_COLOUR = 0.15  # at least, in one of red, green and blue


def table_top(support: Support, material: Material, thickness: float, radius: float = 0.003, corner: float = 0.0) -> Piece:
    """The support's own plate: its rectangle at its height. `corner` rounds it seen from above."""
    width, depth = support.x[1] - support.x[0], support.y[1] - support.y[0]
    x, y = sum(support.x) / 2, sum(support.y) / 2
    if corner:
        mesh = extrude(rounded_rectangle(width, depth, corner), thickness, radius)
    else:
        mesh = rounded_box(width, depth, thickness, radius)
    return ("table", [Part(mesh.moved(x, y, support.z - thickness), material)])


def with_another_top(pieces: Sequence[tuple[str, Sequence[Part]]], rng: np.random.Generator) -> list[Piece]:
    """The same room, but wood, stone or paint of clearly another colour on the support's top and what continues it."""
    tops = (pieces[0][0], "worktop")  # a room's first piece is what objects stand on
    former = np.array(pieces[0][1][0].material.colour)
    choices = [timber(name, rng) for name in WOODS] + [stone(name, rng) for name in STONES]
    choices += [lacquer(PAINTS[name]) for name in ("white", "sage", "dusty blue", "clay", "slate")]
    others = [m for m in choices if np.abs(np.array(m.colour) - former).max() > _OTHER_COLOUR]
    chosen = others[int(rng.integers(len(others)))]
    return [
        (name, [dataclasses.replace(part, material=chosen) if name in tops else part for part in parts])
        for name, parts in pieces
    ]


def legs(support: Support, material: Material, thickness: float, style: str) -> Piece:
    """What carries a table top: "square" or "round" tapered legs with an apron, a "frame" of steel, or "trestles"."""
    (x0, x1), (y0, y1), z = support.x, support.y, support.z - thickness
    if style == "frame":
        bar = metal((0.06, 0.06, 0.065), 0.45)
        loops = []
        for x in (x0 + 0.12, x1 - 0.12):
            loops += [box((x - 0.02, x + 0.02), (y - 0.02, y + 0.02), (0.0, z)) for y in (y0 + 0.08, y1 - 0.08)]
            loops += [box((x - 0.019, x + 0.019), (y0 + 0.061, y1 - 0.061), (a, a + 0.03)) for a in (0.0, z - 0.03)]
        return ("legs", [Part(join([*loops, box((x0 + 0.1, x1 - 0.1), (y1 - 0.12, y1 - 0.09), (z - 0.06, z))]), bar)])
    if style == "trestles":
        meshes = []
        for x in (x0 + 0.25, x1 - 0.25):
            for y, lean in ((y0 + 0.06, 0.08), (y1 - 0.06, -0.08)):
                meshes.append(_leaning((x, y + lean), (x, y), z, 0.045))
            meshes.append(box((x - 0.03, x + 0.03), (y0 + 0.08, y1 - 0.08), (z - 0.06, z)))
        meshes.append(box((x0 + 0.25, x1 - 0.25), (y1 - 0.2, y1 - 0.17), (z * 0.4, z * 0.4 + 0.07)))
        return ("legs", [Part(join(meshes), material)])
    low, apron = z - 0.075, []
    for y in (y0 + 0.055, y1 - 0.055):
        apron.append(box((x0 + 0.06, x1 - 0.06), (y - 0.01, y + 0.01), (low, z), 0.002))
    for x in (x0 + 0.055, x1 - 0.055):
        apron.append(box((x - 0.01, x + 0.01), (y0 + 0.06, y1 - 0.06), (low, z), 0.002))
    corners = [(x, y) for x in (x0 + 0.065, x1 - 0.065) for y in (y0 + 0.065, y1 - 0.065)]
    posts = [_tapered(at, z, 0.062, 0.038, round_=style == "round") for at in corners]
    return ("legs", [Part(join(posts), material), Part(join(apron), along(material, "x"))])


def _tapered(at: tuple[float, float], height: float, top: float, bottom: float, *, round_: bool) -> Mesh:
    sections = []
    for size, z in ((bottom, 0.0), (top, height * 0.8), (top, height)):
        flat = rounded_rectangle(size, size, 0.499 * size if round_ else 0.004, 4)
        sections.append(np.column_stack([flat + at, np.full(len(flat), z)]))
    return loft(sections)


def _leaning(top: tuple[float, float], bottom: tuple[float, float], height: float, side: float) -> Mesh:
    flat = rounded_rectangle(side, side, 0.004, 3)
    return loft(
        [np.column_stack([flat + bottom, np.full(len(flat), 0.0)]), np.column_stack([flat + top, np.full(len(flat), height)])]
    )


def cabinet_below(
    support: Support, thickness: float, front: Material, rng: np.random.Generator, *, reach: float = 0.0, plinth: bool = True
) -> Piece:
    """Cupboards under a counter; `reach` metres beyond its ends. Doors and drawers with handles."""
    x0, x1 = support.x[0] - reach + 0.005, support.x[1] + reach - 0.005
    y0, top = support.y[0] + 0.03, support.z - thickness
    foot = 0.12 if plinth else 0.22
    body = box((x0, x1), (y0 + 0.02, support.y[1]), (foot, top))
    base = box((x0 + 0.02, x1 - 0.02), (y0 + 0.08, support.y[1]), (0.0, foot))
    count = max(2, round((x1 - x0) / float(rng.uniform(0.45, 0.6))))
    edges = np.linspace(x0, x1, count + 1)
    drawer = float(rng.uniform(0.14, 0.18)) if rng.random() < 0.6 else 0.0
    fronts, grips = [], []
    knob = rng.random() < 0.4
    for a, b in itertools.pairwise(edges):
        for z in (
            [(foot + 0.005, top - 0.012 - drawer), (top - 0.005 - drawer, top - 0.008)]
            if drawer
            else [(foot + 0.005, top - 0.01)]
        ):
            fronts.append(box((a + 0.002, b - 0.002), (y0, y0 + 0.019), z, 0.002))
            middle, high = (a + b) / 2, z[1] - (drawer / 2 if z[1] - z[0] < 0.25 else 0.06)
            if knob:
                grips.append(rounded_box(0.026, 0.026, 0.026, 0.012).moved(middle, y0 - 0.018, high - 0.013))
            else:
                bar = [(middle - 0.07, y0 - 0.028, high), (middle + 0.07, y0 - 0.028, high)]
                grips.append(tube(bar, 0.005, 12))
                grips += [
                    tube([(p[0] * 0.9 + middle * 0.1, y0, high), (p[0] * 0.9 + middle * 0.1, y0 - 0.028, high)], 0.004, 8)
                    for p in bar
                ]
    grip = metal([(0.7, 0.7, 0.7), (0.62, 0.48, 0.28), (0.08, 0.08, 0.08)][int(rng.integers(3))], 0.3)
    inside = lacquer((0.12, 0.12, 0.12) if plinth else (0.3, 0.28, 0.25))
    return ("cupboards", [Part(join([body, base]), inside), Part(join(fronts), front), Part(join(grips), grip)])


def chair(x: float, y: float, wood: Material, seat: Material, rng: np.random.Generator, *, turn_deg: float = 0.0) -> Piece:
    """A dining chair seen from its front: it faces -y; `y` is where its back stands."""
    tall, width = float(rng.uniform(0.80, 0.92)), 0.44
    frame = []
    for side in (-1, 1):
        frame.append(_leaning((side * (width / 2 - 0.02), 0.05), (side * (width / 2 - 0.02), 0.0), tall, 0.034))
        frame.append(_tapered((side * (width / 2 - 0.03), -0.38), 0.44, 0.036, 0.026, round_=True))
    frame.append(box((-width / 2 + 0.03, width / 2 - 0.03), (-0.39, 0.0), (0.39, 0.435), 0.006))
    cushion = rounded_box(width - 0.01, 0.42, 0.035, 0.015).moved(0, -0.2, 0.435)
    style, slats = int(rng.integers(3)), []
    if style == 0:  # ladder
        slats = [_slat(width - 0.04, z, 0.055, 0.05 * z / tall) for z in np.linspace(0.58, tall - 0.08, 3)]
    elif style == 1:  # spindles under a rail
        slats = [_slat(width - 0.04, tall - 0.08, 0.075, 0.05)]
        frame += [tube([(a, 0.02, 0.45), (a, 0.045, tall - 0.06)], 0.008, 10) for a in np.linspace(-0.14, 0.14, 5)]
    else:  # one curved board
        slats = [_slat(width, tall - 0.24, 0.23, 0.045)]
    parts = [Part(join(frame), wood), Part(join(slats), along(wood, "x")), Part(cushion, seat)]
    return ("chair", [Part(p.mesh.turned(turn_deg).moved(x, y), p.material) for p in parts])


def _slat(width: float, z: float, height: float, y: float) -> Mesh:
    """A board bent backwards in its middle."""
    sections = []
    for x in np.linspace(-width / 2, width / 2, 13):
        flat = rounded_rectangle(0.018, height, 0.007, 3)
        back = y + 0.03 * (1 - (2 * x / width) ** 2)
        sections.append(np.column_stack([np.full(len(flat), x), flat[:, 0] + back, flat[:, 1] + z + height / 2]))
    return loft(sections)


def sofa(x: float, y: float, width: float, colour: Colour, rng: np.random.Generator) -> Piece:
    """A sofa with its front edge at `y`."""
    cloth = fabric(colour, thread=0.003)
    deep, seat, back = 0.88, 0.42, float(rng.uniform(0.72, 0.82))
    arm = float(rng.uniform(0.14, 0.22))
    soft = [
        rounded_box(width - 2 * arm, deep - 0.1, 0.22, 0.03).moved(0, deep / 2, 0.10),
        rounded_box(width, 0.22, back - 0.1, 0.06).moved(0, deep - 0.11, 0.10),
    ]
    soft += [rounded_box(arm, deep, 0.58, 0.05).moved(s * (width - arm) / 2, deep / 2, 0.06) for s in (-1, 1)]
    count = 1 if width < 1.2 else 2 if width < 2 else 3
    each = (width - 2 * arm) / count
    for i in range(count):
        at = -width / 2 + arm + each * (i + 0.5)
        soft.append(rounded_box(each - 0.01, deep - 0.24, seat - 0.28, 0.045).moved(at, (deep - 0.2) / 2, 0.30))
        soft.append(rounded_box(each - 0.02, 0.18, back - 0.34, 0.07).turned(-9, "x").moved(at, deep - 0.32, seat - 0.02))
    feet = [
        box((a - 0.025, a + 0.025), (b - 0.025, b + 0.025), (0.0, 0.11))
        for a in (-width / 2 + 0.1, width / 2 - 0.1)
        for b in (0.08, deep - 0.08)
    ]
    dark = Material((0.10, 0.07, 0.05), roughness=0.5)
    return ("sofa", [Part(join(soft).moved(x, y), cloth, 50.0), Part(join(feet).moved(x, y), dark)])


def armchair(x: float, y: float, colour: Colour, turn_deg: float, rng: np.random.Generator) -> Piece:
    """A low easy chair."""
    _, parts = sofa(0.0, -0.44, 0.86, colour, rng)
    return ("armchair", [Part(p.mesh.turned(turn_deg).moved(x, y), p.material, p.smooth_deg) for p in parts])


def sideboard(
    x: tuple[float, float], y: float, height: float, *, body: Material, front: Material, rng: np.random.Generator
) -> Piece:
    """A low cupboard with its back at `y`, on feet, with doors."""
    deep, foot = 0.42, float(rng.uniform(0.1, 0.2))
    top = [box(x, (y - deep, y), (height - 0.025, height)), box((x[0], x[0] + 0.02), (y - deep, y), (foot, height - 0.025))]
    top += [
        box((x[1] - 0.02, x[1]), (y - deep, y), (foot, height - 0.025)),
        box((x[0] + 0.02, x[1] - 0.02), (y - deep, y), (foot, foot + 0.02)),
    ]
    count = max(2, round((x[1] - x[0]) / 0.5))
    edges = np.linspace(x[0] + 0.022, x[1] - 0.022, count + 1)
    doors = [
        box((a + 0.002, b - 0.002), (y - deep + 0.005, y - 0.02), (foot + 0.022, height - 0.028))
        for a, b in itertools.pairwise(edges)
    ]
    feet = []
    for a in (x[0] + 0.12, x[1] - 0.12):
        for b in (y - deep + 0.07, y - 0.07):
            feet.append(_tapered((a, b), foot, 0.04, 0.025, round_=True))
    knobs = [
        rounded_box(0.022, 0.02, 0.022, 0.008).moved((a + b) / 2 + 0.16 * (-1) ** i, y - deep - 0.004, height - 0.14)
        for i, (a, b) in enumerate(itertools.pairwise(edges))
    ]
    return (
        "sideboard",
        [Part(join(top + feet), body), Part(join(doors), front), Part(join(knobs), metal((0.55, 0.44, 0.28), 0.35))],
    )
