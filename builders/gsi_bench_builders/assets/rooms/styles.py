"""Rooms by style: which surfaces and furniture surround a table. Each is a function of the support and a generator."""

from __future__ import annotations

import numpy as np

from gsi_bench_builders.assets.library import Part
from gsi_bench_builders.assets.lines import fillet
from gsi_bench_builders.assets.material import Material, fabric
from gsi_bench_builders.assets.rooms.furniture import armchair, cabinet_below, chair, legs, sideboard, sofa, table_top
from gsi_bench_builders.assets.rooms.palettes import PAINTS, lacquer, pick, plank, shade, stone, timber, wall_paint
from gsi_bench_builders.assets.rooms.pieces import (
    Piece,
    box,
    curtain,
    framed_print,
    panels,
    radiator,
    rug,
    skirting,
    tiled,
    tiled_floor,
    wallpaper,
    window,
)
from gsi_bench_builders.assets.solids import patch
from gsi_bench_builders.scene import Support

__all__ = ["bathroom", "coffee", "desk", "dining", "dressing", "kitchen", "studio"]

_REACH = 5.0  # of floors and walls to each side
_HIGH = 2.7
_WHITE = PAINTS["white"]
# How far a finish stands out from the wall, metres: what hangs there hangs in front of it.
_PROUD = {"plain": 0.0, "paper": 0.001, "panelled": 0.036, "boards": 0.011}


def dining(support: Support, rng: np.random.Generator) -> list[Piece]:
    """A table in the room, chairs across, something against the wall behind them."""
    wood = pick(rng, "oak|honey oak|walnut|birch|teak|grey oak|cherry|limed ash")
    painted = rng.random() < 0.15
    top = lacquer(PAINTS[pick(rng, "white|cream|sage|slate")], 0.3) if painted else timber(wood, rng)
    thickness = float(rng.uniform(0.025, 0.04))
    pieces = [
        table_top(support, top, thickness, float(rng.uniform(0.002, 0.006)), 0.03 if rng.random() < 0.3 else 0.0),
        legs(support, top if painted else timber(wood, rng, axis="z"), thickness, pick(rng, "square|round|frame|trestles")),
        _floor(rng),
    ]
    wall = support.y[1] + float(rng.uniform(0.75, 1.3))
    paint = pick(rng, "white|cream|pale grey|greige|sage|dusty blue|blush|clay|deep green|navy|ochre")
    finish = pick(rng, "plain|plain|panelled|paper")
    pieces += _wall(wall, paint, rng, finish)
    face = wall - _PROUD[finish]
    seat = fabric(PAINTS[pick(rng, "greige|slate|sage|cream|navy|clay")])
    chair_wood = timber(wood if rng.random() < 0.6 else pick(rng, "oak|walnut|smoked oak|birch"), rng, grain=0.02, axis="z")
    count, look = int(rng.integers(1, 3)), int(rng.integers(2**31))
    for i in range(count):
        x = sum(support.x) / 2 + (0.0 if count == 1 else (-0.36, 0.36)[i]) + float(rng.normal(0, 0.05))
        y = support.y[1] + float(rng.uniform(0.06, 0.16))
        pieces.append(chair(x, y, chair_wood, seat, np.random.default_rng(look), turn_deg=float(rng.normal(0, 4))))
    behind = pick(rng, "sideboard|window|radiator|print|sideboard")
    x = float(rng.uniform(-0.5, 0.5))
    return pieces + _behind(behind, x, face, rng)


def coffee(support: Support, rng: np.random.Generator) -> list[Piece]:
    """A low table on a rug before a sofa."""
    kind = pick(rng, "wood|wood|wood|marble|painted")
    wood = pick(rng, "oak|walnut|birch|teak|grey oak|smoked oak|limed ash")
    thickness = float(rng.uniform(0.02, 0.035))
    if kind == "marble":
        top = stone(pick(rng, "white marble|dark marble|travertine|terrazzo"), rng)
    elif kind == "painted":
        top = lacquer(PAINTS[pick(rng, "white|cream|slate|sage|clay")], 0.25)
    else:
        top = timber(wood, rng)
    under = pick(rng, "frame|square") if kind == "marble" else pick(rng, "square|round|frame")
    carpet = rng.random() < 0.8
    pieces = [
        table_top(support, top, thickness, 0.004, 0.03 if rng.random() < 0.5 else 0.0),
        legs(support, timber(wood, rng, axis="z"), thickness, under),
        _floor(rng),
    ]
    if carpet:
        tones = [
            PAINTS[pick(rng, "cream|greige|pale grey|dusty blue|clay|slate")],
            PAINTS[pick(rng, "white|slate|sage|clay|navy")],
        ]
        pieces.append(rug((support.x[0] - 0.6, support.x[1] + 0.6), (support.y[0] - 0.7, support.y[1] + 0.55), tones, rng))
    wall = support.y[1] + 1.45
    paint = pick(rng, "white|cream|pale grey|greige|sage|dusty blue|blush|deep green|navy|clay")
    finish = pick(rng, "plain|plain|panelled|paper")
    pieces += _wall(wall, paint, rng, finish)
    cloth = shade(PAINTS[pick(rng, "pale grey|greige|slate|navy|deep green|clay|cream|ochre|dusty blue")], 0.9)
    y = support.y[1] + float(rng.uniform(0.32, 0.45))
    if rng.random() < 0.75:
        pieces.append(sofa(float(rng.normal(0, 0.25)), y, float(rng.uniform(1.7, 2.3)), cloth, rng))
    else:
        pieces += [armchair(s * 0.62, y + 0.5, cloth, -s * 12, np.random.default_rng(7)) for s in (-1, 1)]
    return pieces


def kitchen(support: Support, rng: np.random.Generator) -> list[Piece]:
    """A run of cupboards under a worktop, tiles behind it."""
    kind = pick(rng, "wood|wood|stone|stone|stone|laminate")
    thickness = float(rng.uniform(0.03, 0.04))
    if kind == "wood":
        top = timber(pick(rng, "oak|honey oak|walnut|birch|teak"), rng, grain=float(rng.uniform(0.012, 0.02)))
    elif kind == "stone":
        top = stone(pick(rng, "white marble|dark marble|granite|terrazzo|quartz|concrete"), rng)
    else:
        top = Material(PAINTS[pick(rng, "white|pale grey|slate|cream")], roughness=0.3)
    front = lacquer(PAINTS[pick(rng, "white|cream|pale grey|sage|dusty blue|deep green|navy|slate|greige")], 0.4)
    if rng.random() < 0.2:
        front = timber(pick(rng, "oak|walnut|birch"), rng, axis="z")
    reach = 1.2
    beside = [(support.x[0] - reach, support.x[0]), (support.x[1], support.x[1] + reach)]
    tops = [box(x, support.y, (support.z - thickness, support.z)) for x in beside]
    wall = support.y[1] + 0.012
    pieces = [
        table_top(support, top, thickness, 0.003),
        ("worktop", [Part(mesh, top) for mesh in tops]),
        cabinet_below(support, thickness, front, rng, reach=reach),
        _floor(rng),
    ]
    pieces += _wall(wall, pick(rng, "white|cream|pale grey|greige|sage|dusty blue"), rng, "plain", low=False)
    size = [(0.1, 0.1), (0.2, 0.1), (0.15, 0.15), (0.2, 0.065), (0.3, 0.15)][int(rng.integers(5))]
    colour = PAINTS[pick(rng, "white|white|cream|pale grey|sage|dusty blue|deep green|navy|blush")]
    high = support.z + float(rng.uniform(0.6, 0.75))
    tiles_x = (support.x[0] - reach, support.x[1] + reach)
    pieces.append(tiled(tiles_x, (support.z, high), wall, size, rng, colour=colour, staggered=rng.random() < 0.5))
    if rng.random() < 0.4:
        x = float(rng.uniform(-0.4, 0.4))
        pieces += window((x - 0.5, x + 0.5), (high + 0.08, high + 1.0), wall, _WHITE, rng)
    else:
        shelf_z = high + 0.08
        board = timber(pick(rng, "oak|walnut|birch"), rng)
        pieces.append(("shelf", [Part(box((-1.2, 1.2), (wall - 0.22, wall), (shelf_z, shelf_z + 0.03)), board)]))
    return pieces


def desk(support: Support, rng: np.random.Generator) -> list[Piece]:
    """A desk against a wall or before a window."""
    kind = pick(rng, "wood|wood|wood|white|painted")
    wood = pick(rng, "oak|walnut|birch|teak|grey oak|honey oak|limed ash|cherry")
    thickness = float(rng.uniform(0.02, 0.035))
    if kind == "wood":
        top = timber(wood, rng)
    else:
        top = lacquer(PAINTS["white" if kind == "white" else pick(rng, "pale grey|slate|sage|navy|cream")], 0.4)
    under = lacquer(PAINTS[pick(rng, "white|slate")]) if kind != "wood" else timber(wood, rng, axis="z")
    pieces = [
        table_top(support, top, thickness, 0.003, 0.03 if rng.random() < 0.3 else 0.0),
        legs(support, under, thickness, pick(rng, "square|round|frame|frame|trestles")),
        _floor(rng),
    ]
    feature = pick(rng, "window|window|print|prints|pinboard")
    gap = float(rng.choice([0.1, 0.18])) if feature == "window" else 0.07
    wall = support.y[1] + gap
    paint = pick(rng, "white|cream|pale grey|greige|sage|dusty blue|blush|clay|deep green|navy|slate|ochre")
    finish = pick(rng, "plain|plain|panelled|paper|boards")
    pieces += _wall(wall, paint, rng, finish)
    face = wall - _PROUD[finish]
    x, z = float(rng.uniform(-0.35, 0.35)), support.z
    if feature == "window":
        half = float(rng.uniform(0.4, 0.6))
        pieces += window((x - half, x + half), (z + 0.16, z + 1.3), face, _WHITE, rng, sill=face - support.y[1] - 0.005)
        if gap > 0.15:  # behind the desk there is room for their folds
            tone = PAINTS[pick(rng, "white|cream|greige|dusty blue|sage")]
            pieces += [curtain((a, a + 0.32), (0.1, 2.4), face, tone, rng) for a in (x - half - 0.4, x + half + 0.08)]
    elif feature == "pinboard":
        cork = Material((0.62, 0.45, 0.30), roughness=0.95)
        board = box((x - 0.45, x + 0.45), (face - 0.012, face), (z + 0.18, z + 0.78))
        pieces.append(("pinboard", [Part(board, cork)]))
    else:
        places = [x] if feature == "print" else [x - 0.28, x + 0.28]
        pieces += [framed_print((at, z + 0.42), (0.36, 0.48), face, rng) for at in places]
    return pieces


def dressing(support: Support, rng: np.random.Generator) -> list[Piece]:
    """A small table with a drawer against a papered or panelled wall."""
    kind = pick(rng, "painted|painted|wood|wood|marble")
    wood = pick(rng, "oak|walnut|birch|cherry|limed ash|teak")
    paint = PAINTS[pick(rng, "white|cream|blush|pale grey|sage|dusty blue")]
    body = timber(wood, rng) if kind == "wood" else lacquer(paint, 0.35)
    top = stone(pick(rng, "white marble|travertine|terrazzo"), rng) if kind == "marble" else body
    thickness = 0.022
    pieces = [
        table_top(support, top, thickness, 0.005, 0.02),
        legs(support, body, thickness, pick(rng, "square|round")),
        _floor(rng),
    ]
    front = support.y[0] + 0.03
    drawer = box((-0.24, 0.24), (front, front + 0.02), (support.z - 0.12, support.z - thickness - 0.004), 0.003)
    pieces.append(("drawer", [Part(drawer, body)]))
    feature = pick(rng, "window|print|print|none")
    wall = support.y[1] + (0.1 if feature == "window" else 0.07)
    colour = pick(rng, "cream|blush|pale grey|greige|sage|dusty blue|white|clay|deep green")
    finish = pick(rng, "paper|paper|panelled|plain")
    pieces += _wall(wall, colour, rng, finish)
    face = wall - _PROUD[finish]
    x = float(rng.uniform(-0.3, 0.3))
    if feature == "window":
        pieces += window(
            (x - 0.45, x + 0.45), (support.z + 0.2, support.z + 1.3), face, _WHITE, rng, sill=face - support.y[1] - 0.005
        )
    elif feature == "print":
        pieces.append(framed_print((x, support.z + 0.42), (0.4, 0.5), face, rng))
    return pieces


def bathroom(support: Support, rng: np.random.Generator) -> list[Piece]:
    """A wash stand's top before a tiled wall."""
    kind = pick(rng, "stone|stone|wood")
    if kind == "stone":
        top = stone(pick(rng, "white marble|quartz|terrazzo|travertine|granite|concrete"), rng)
    else:
        top = timber(pick(rng, "oak|walnut|teak|birch"), rng, varnish=0.4)
    if rng.random() < 0.4:
        front = timber(pick(rng, "oak|walnut|teak"), rng)
    else:
        front = lacquer(PAINTS[pick(rng, "white|pale grey|sage|navy|deep green|dusty blue")])
    thickness = 0.03
    wall = support.y[1] + 0.012
    pieces = [
        table_top(support, top, thickness, 0.003),
        cabinet_below(support, thickness, front, rng, plinth=rng.random() < 0.5),
        tiled_floor(3.0, 0.3, [PAINTS[pick(rng, "white|pale grey|slate|cream")]], rng),
    ]
    pieces += _wall(wall, pick(rng, "white|cream|pale grey|dusty blue|sage"), rng, "plain", low=False)
    size = [(0.1, 0.1), (0.2, 0.1), (0.3, 0.3), (0.15, 0.3), (0.3, 0.1)][int(rng.integers(5))]
    colour = PAINTS[pick(rng, "white|white|cream|pale grey|dusty blue|sage|deep green|blush")]
    pieces.append(tiled((-2.4, 2.4), (0.0, 2.1), wall, size, rng, colour=colour, staggered=rng.random() < 0.3))
    return pieces


def studio(support: Support, rng: np.random.Generator) -> list[Piece]:
    """A seamless backdrop."""
    reach = 8.0
    back = support.y[1] + 1.1
    line = fillet([(-reach, 0.0), (back, 0.0), (back, 4.0)], 1.0, 16)
    grid = np.stack([np.column_stack([[-reach, reach], np.full(2, y), np.full(2, z)]) for y, z in line])
    return [("studio", [Part(patch(grid).moved(z=support.z), Material((0.82, 0.82, 0.81), roughness=0.8), 60.0)])]


def _floor(rng: np.random.Generator) -> Piece:
    """Boards, tiles or carpet."""
    kind = pick(rng, "boards|boards|boards|tiles|carpet")
    if kind == "tiles":
        first = PAINTS[pick(rng, "white|cream|pale grey|greige|slate|clay")]
        second = PAINTS[pick(rng, "slate|deep green|navy|greige")]
        colours = [first, second] if rng.random() < 0.35 else [first]
        return tiled_floor(_REACH, float(rng.choice([0.2, 0.3, 0.45])), [shade(c, 0.85) for c in colours], rng)
    slab = box((-_REACH, _REACH), (-_REACH, _REACH), (-0.1, 0.0), 0.0005)
    if kind == "carpet":
        return ("floor", [Part(slab, fabric(shade(PAINTS[pick(rng, "greige|pale grey|slate|cream")], 0.85), thread=0.005))])
    name = pick(rng, "oak|honey oak|walnut|grey oak|birch|smoked oak|teak")
    return ("floor", [Part(slab, plank(name, rng, pick(rng, "x|y")))])


def _wall(y: float, paint: str, rng: np.random.Generator, finish: str, *, low: bool = True) -> list[Piece]:
    """The wall behind, painted, papered, panelled or boarded, with its skirting board."""
    colour, x = PAINTS[paint], (-_REACH, _REACH)
    pieces: list[Piece] = [("wall", [Part(box(x, (y, y + 0.1), (0.0, _HIGH)), wall_paint(colour))])]
    if finish == "paper":
        pieces.append(wallpaper((-2.6, 2.6), (0.0, _HIGH), y - 0.0008, colour, rng))
    if finish == "panelled":
        tone = colour if rng.random() < 0.5 else shade(colour, 0.85)
        pieces.append(panels(x, y, tone, float(rng.uniform(0.85, 1.15)), float(rng.uniform(0.4, 0.6))))
    elif low:
        pieces.append(skirting(x, y, _WHITE))
    if finish == "boards":
        pattern = plank(pick(rng, "oak|walnut|birch|grey oak"), rng, "x")
        pieces.append(("boarding", [Part(box((-3, 3), (y - 0.01, y), (0.1, _HIGH)), pattern)]))
    return pieces


def _behind(what: str, x: float, wall: float, rng: np.random.Generator) -> list[Piece]:
    """What stands against the far wall of a dining room."""
    if what == "sideboard":
        body = timber(pick(rng, "oak|walnut|birch|teak|smoked oak"), rng)
        front = body if rng.random() < 0.6 else lacquer(PAINTS[pick(rng, "white|sage|navy|slate|clay")])
        width = float(rng.uniform(1.4, 1.9))
        return [
            sideboard(
                (x - width / 2, x + width / 2), wall - 0.02, float(rng.uniform(0.72, 0.85)), body=body, front=front, rng=rng
            )
        ]
    if what == "window":
        half = float(rng.uniform(0.5, 0.8))
        out = window((x - half, x + half), (0.45, 2.2), wall, _WHITE, rng)
        tone = PAINTS[pick(rng, "white|cream|greige|dusty blue|sage|clay")]
        return out + [curtain((a, a + 0.4), (0.05, 2.4), wall - 0.06, tone, rng) for a in (x - half - 0.42, x + half + 0.02)]
    if what == "radiator":
        out = window((x - 0.6, x + 0.6), (0.95, 2.2), wall, _WHITE, rng)
        return [*out, radiator((x - 0.55, x + 0.55), wall, 0.55)]
    return [framed_print((x, 1.25), (0.7, 0.5), wall, rng)]
