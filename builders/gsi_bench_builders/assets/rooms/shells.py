"""Whole rooms from their plans: floor, walls around doors and windows, ceiling, skirting, tiles. World coordinates."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np

from gsi_bench_builders.assets.library import Part
from gsi_bench_builders.assets.material import Material, metal
from gsi_bench_builders.assets.mesh import Mesh, join
from gsi_bench_builders.assets.rooms.palettes import PAINTS, lacquer, pick, plank, shade, wall_paint
from gsi_bench_builders.assets.rooms.pieces import Piece, box, skirting, tiled, tiled_floor, window
from gsi_bench_builders.assets.solids import rounded_box, tube
from gsi_bench_builders.interiors import WALLS, Opening, Plan, Wall

__all__ = [
    "REVEAL_M",
    "ROD_M",
    "ROD_Z",
    "apartment",
    "ceiling",
    "clipped",
    "put_on",
    "rod",
    "slab",
    "solid_parts",
    "wall_with_openings",
    "washroom",
]

WALL_M = 0.24  # thickness of outer walls
REVEAL_M = 0.16  # how deep windows lie in them
ROD_M, ROD_Z = 0.1, 2.3  # of curtain rods: off the wall, above the floor
_TURNS = {"north": 0.0, "east": -90.0, "south": 180.0, "west": 90.0}
_WHITE = PAINTS["white"]
_PANE = 0.4  # brightness of what is seen through windows


def apartment(plan: Plan, rng: np.random.Generator) -> list[Piece]:
    """Boards or carpet, painted walls, one of them perhaps in another tone, skirting, curtain rods."""
    name = pick(rng, "oak|honey oak|walnut|grey oak|birch|smoked oak|teak|oak")
    floor = slab(plan)
    material = plank(name, rng, pick(rng, "x|y"))
    if rng.random() < 0.12:
        material = Material(shade(PAINTS[pick(rng, "greige|pale grey|cream")], 0.9), roughness=0.97, sheen=0.3)
    pieces: list[Piece] = [("floor", [Part(floor, material)])]
    paint = PAINTS[pick(rng, "white|white|cream|pale grey|greige|white")]
    accent = PAINTS[pick(rng, "sage|dusty blue|blush|clay|deep green|navy|ochre|pale grey|cream|cream")]
    accented = WALLS[int(rng.integers(4))] if rng.random() < 0.55 else None
    for wall in WALLS:
        pieces += wall_with_openings(plan, wall, wall_paint(accent if wall == accented else paint), rng)
    for part in plan.partitions:
        tall = plan.height if part.height is None else part.height
        block = box(part.x, part.y, (0.0, tall), 0.004)
        foot = box((part.x[0] - 0.014, part.x[1] + 0.014), (part.y[0] - 0.014, part.y[1] + 0.014), (0.0, 0.08), 0.004)
        pieces.append(("partition", [Part(block, wall_paint(paint)), Part(foot, lacquer(_WHITE))]))
    for opening in plan.openings:
        if opening.kind == "window":
            pieces.append(rod(plan, opening, rng))
    return [*pieces, ceiling(plan)]


def washroom(plan: Plan, rng: np.random.Generator) -> list[Piece]:
    """Tiles on the floor and up the walls, paint above."""
    side = float(rng.choice([0.2, 0.3, 0.45]))
    first = PAINTS[pick(rng, "white|pale grey|slate|cream|greige")]
    second = PAINTS[pick(rng, "slate|deep green|navy|dusty blue")]
    tones = [first, second] if side == 0.2 and rng.random() < 0.6 else [first]
    reach = max(plan.x[1] - plan.x[0], plan.y[1] - plan.y[0]) / 2 + 0.3
    name, parts = tiled_floor(reach, side, [shade(c, 0.92) for c in tones], rng)
    at = (sum(plan.x) / 2, sum(plan.y) / 2)
    pieces: list[Piece] = [(name, [dataclasses.replace(p, mesh=p.mesh.moved(*at)) for p in parts])]
    paint = PAINTS[pick(rng, "white|white|cream|pale grey|dusty blue|sage|blush")]
    size = [(0.1, 0.1), (0.2, 0.1), (0.3, 0.3), (0.15, 0.3), (0.3, 0.1)][int(rng.integers(5))]
    colour = PAINTS[pick(rng, "white|white|cream|pale grey|dusty blue|sage|deep green|blush")]
    rows = round((1.2 if rng.random() < 0.6 else 2.0) / size[1])
    staggered = rng.random() < 0.4
    for wall in WALLS:
        pieces += wall_with_openings(plan, wall, wall_paint(paint), rng, low=False)
        for span, z in solid_parts(plan, wall, rows * size[1]):
            if span[1] - span[0] < 0.03 or z[1] - z[0] < size[1]:
                continue
            made = tiled(span, z, 0.0, size, rng, colour=colour, staggered=staggered)
            pieces.append(put_on(plan, wall, clipped(made, span)))
    return [*pieces, ceiling(plan)]


def slab(plan: Plan) -> Mesh:
    """The floor, top at z = 0, a little under the walls."""
    (x0, x1), (y0, y1) = plan.x, plan.y
    return box((x0 - 0.05, x1 + 0.05), (y0 - 0.05, y1 + 0.05), (-0.1, 0.0), 0.0005)


def ceiling(plan: Plan) -> Piece:
    """White, on top of the walls."""
    (x0, x1), (y0, y1) = plan.x, plan.y
    plate = box((x0 - WALL_M, x1 + WALL_M), (y0 - WALL_M, y1 + WALL_M), (plan.height, plan.height + 0.1), 0.0005)
    return ("ceiling", [Part(plate, wall_paint((0.86, 0.86, 0.84)))])


def _own(wall: Wall, span: tuple[float, float]) -> tuple[float, float]:
    """A span of a wall in the wall's own frame: its face at y = 0, looking to -y, the room before it."""
    return span if wall in ("north", "west") else (-span[1], -span[0])


def put_on(plan: Plan, wall: Wall, piece: Piece) -> Piece:
    """A piece of a wall's own frame where the wall stands."""
    face = plan.face(wall)
    step = (face, 0.0) if wall in ("east", "west") else (0.0, face)
    name, parts = piece
    return name, [dataclasses.replace(p, mesh=p.mesh.turned(_TURNS[wall]).moved(*step)) for p in parts]


def _openings(plan: Plan, wall: Wall) -> list[tuple[Opening, tuple[float, float]]]:
    mine = [(o, _own(wall, o.span)) for o in plan.openings if o.wall == wall]
    return sorted(mine, key=lambda pair: pair[1])


def solid_parts(plan: Plan, wall: Wall, top: float) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    """(x, z) of the wall's solid rectangles up to a height, own frame: between, under and above its openings."""
    a, b = _own(wall, plan.along(wall))
    edges = [a]
    for opening, (x0, x1) in _openings(plan, wall):
        edges += [x0, x1]
        if opening.z[0] > 0:
            yield (x0, x1), (0.0, min(opening.z[0], top))
        if opening.z[1] < top:
            yield (x0, x1), (opening.z[1], top)
    edges.append(b)
    for x0, x1 in _pairs(edges):
        yield (x0, x1), (0.0, top)


def _pairs(edges: Sequence[float]) -> list[tuple[float, float]]:
    return list(zip(edges[::2], edges[1::2], strict=True))


def clipped(piece: Piece, span: tuple[float, float]) -> Piece:
    """Tiles cut off at the ends of a span: points beyond it are drawn back to it."""

    def cut(points: np.ndarray) -> np.ndarray:
        return np.column_stack([np.clip(points[:, 0], *span), points[:, 1:]])

    name, parts = piece
    return name, [dataclasses.replace(p, mesh=p.mesh.bent(cut)) for p in parts]


def wall_with_openings(plan: Plan, wall: Wall, paint: Material, rng: np.random.Generator, *, low: bool = True) -> list[Piece]:
    """A wall with what is in its openings, and its skirting."""
    (a, b), openings = _own(wall, plan.along(wall)), _openings(plan, wall)
    blocks: list[Mesh] = []
    boards: list[Part] = []
    for (x0, x1), z in solid_parts(plan, wall, plan.height):
        if x1 - x0 < 1e-3:
            continue
        ends = (x0 - (WALL_M if x0 == a else 0.0), x1 + (WALL_M if x1 == b else 0.0))
        blocks.append(box(ends, (0.0, WALL_M), z, 0.0008))
        doors = [span for o, span in openings if o.kind == "door"]
        if z[0] == 0.0 and low:
            # Skirting stops at a door's frame.
            left = x0 + (0.075 if any(abs(x0 - d[1]) < 1e-6 for d in doors) else 0.0)
            right = x1 - (0.075 if any(abs(x1 - d[0]) < 1e-6 for d in doors) else 0.0)
            if right - left > 0.02:
                boards += skirting((left, right), 0.0, _WHITE, 0.08)[1]
    pieces: list[Piece] = [("wall", [Part(join(blocks), paint)])]
    if boards:
        pieces.append(("skirting board", boards))
    for opening, span in openings:
        pieces += _window(span, opening.z, rng) if opening.kind == "window" else [_door(span, opening.z, rng)]
    return [put_on(plan, wall, piece) for piece in pieces]


def _window(x: tuple[float, float], z: tuple[float, float], rng: np.random.Generator) -> list[Piece]:
    """Set back in the wall, with a ledge."""
    inner = (x[0] + 0.05, x[1] - 0.05), (z[0] + 0.075, z[1] - 0.05)
    (name, panes), *rest = window(*inner, REVEAL_M, _WHITE, rng, sill=REVEAL_M + 0.03)
    # Seen from inside a room that lamps light, not over a table in front of it.
    dimmed = [
        dataclasses.replace(p, material=dataclasses.replace(p.material, emission=p.material.emission * _PANE)) for p in panes
    ]
    return [(name, dimmed), *rest]


def _dimmer(pane: Material) -> Material:
    return dataclasses.replace(pane, emission=pane.emission * _PANE)


def _door(x: tuple[float, float], z: tuple[float, float], rng: np.random.Generator) -> Piece:
    """A closed leaf with panels, its frame and handles; own frame of the wall."""
    white = lacquer(_WHITE if rng.random() < 0.7 else PAINTS["greige"], 0.4)
    top = z[1]
    frame = [
        box((s - 0.07, s + 0.0) if s == x[0] else (s, s + 0.07), (-0.018, WALL_M * 0.6), (0.0, top + 0.07), 0.004) for s in x
    ]
    frame.append(box((x[0] - 0.0695, x[1] + 0.0695), (-0.0175, WALL_M * 0.6), (top, top + 0.069), 0.004))
    leaf = [box((x[0] + 0.003, x[1] - 0.003), (0.02, 0.06), (0.006, top - 0.003), 0.002)]
    rows = [(0.16, 0.92), (1.08, top - 0.14)] if rng.random() < 0.7 else [(0.14, 0.6), (0.7, 1.2), (1.3, top - 0.14)]
    for low, high in rows:
        for side in ((x[0] + 0.11, (x[0] + x[1]) / 2 - 0.04), ((x[0] + x[1]) / 2 + 0.04, x[1] - 0.11)):
            leaf.append(box(side, (0.012, 0.03), (low, high), 0.006))
    at = x[0] + 0.075 if rng.random() < 0.5 else x[1] - 0.075
    inwards = 0.1 if at < sum(x) / 2 else -0.1
    grip = [
        rounded_box(0.035, 0.012, 0.17, 0.004).moved(at, 0.014, 0.95),
        tube([(at, 0.02, 1.05), (at, -0.035, 1.05)], 0.009, 12),
        tube([(at, -0.035, 1.05), (at + inwards, -0.035, 1.05)], 0.008, 12),
    ]
    return ("door", [Part(join(frame), white), Part(join(leaf), white), Part(join(grip), metal((0.72, 0.71, 0.69), 0.3))])


def rod(plan: Plan, opening: Opening, rng: np.random.Generator) -> Piece:
    """What curtains hang from."""
    (a, b), (x0, x1) = _own(opening.wall, plan.along(opening.wall)), _own(opening.wall, opening.span)
    x0, x1 = max(x0 - 0.55, a + 0.06), min(x1 + 0.55, b - 0.06)
    bar = tube([(x0, -ROD_M, ROD_Z), (x1, -ROD_M, ROD_Z)], 0.011, 16)
    ends = [rounded_box(0.04, 0.04, 0.04, 0.018).moved(x, -ROD_M, ROD_Z - 0.02) for x in (x0 - 0.01, x1 + 0.01)]
    arms = [tube([(x, 0.0, ROD_Z), (x, -ROD_M, ROD_Z)], 0.007, 10) for x in (x0 + 0.05, x1 - 0.05)]
    tone = [(0.08, 0.08, 0.08), (0.7, 0.56, 0.32), (0.75, 0.75, 0.74)][int(rng.integers(3))]
    return put_on(plan, opening.wall, ("curtain rod", [Part(join([bar, *ends, *arms]), metal(tone, 0.35))]))
