"""Surroundings of tables that only training sets have; `styles.py` holds those of test splits, and no style is in both.

Colours, woods, stones and finishes here are others than there: what an editor learns from walls and floors of training sets
it does not see again in a test split.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from gsi_bench_builders.assets.library import Part
from gsi_bench_builders.assets.material import Bump, Colour, Material, Pattern, fabric, wood
from gsi_bench_builders.assets.mesh import join
from gsi_bench_builders.assets.rooms.furniture import cabinet_below, legs, table_top
from gsi_bench_builders.assets.rooms.palettes import lacquer, pick, shade, wall_paint
from gsi_bench_builders.assets.rooms.pieces import Piece, box, curtain, framed_print, repeated, tiled, tiled_floor
from gsi_bench_builders.scene import Support

__all__ = ["TONES", "atelier", "bistro", "boudoir", "brick", "galley", "lounge", "screed", "some_timber", "spa"]

_REACH, _HIGH = 5.0, 2.7
TONES: dict[str, Colour] = {
    "chalk": (0.88, 0.87, 0.85),
    "sand": (0.75, 0.68, 0.55),
    "mustard": (0.72, 0.58, 0.20),
    "teal": (0.18, 0.42, 0.43),
    "olive": (0.40, 0.42, 0.26),
    "plum": (0.38, 0.24, 0.33),
    "lilac": (0.66, 0.61, 0.73),
    "rust": (0.55, 0.30, 0.19),
    "charcoal": (0.19, 0.19, 0.20),
    "mint": (0.66, 0.78, 0.71),
}
_BRICKS: tuple[Colour, ...] = ((0.52, 0.27, 0.20), (0.61, 0.39, 0.29), (0.45, 0.33, 0.28), (0.78, 0.75, 0.71))
# Light and dark of the grain.
_WOODS: tuple[tuple[Colour, Colour], ...] = (
    ((0.80, 0.66, 0.45), (0.63, 0.46, 0.27)),  # pine
    ((0.42, 0.21, 0.14), (0.24, 0.10, 0.07)),  # mahogany
    ((0.13, 0.11, 0.10), (0.06, 0.05, 0.05)),  # ebony
    ((0.70, 0.62, 0.38), (0.52, 0.43, 0.22)),  # bamboo
    ((0.62, 0.57, 0.52), (0.47, 0.42, 0.38)),  # driftwood
)
_STONES: tuple[tuple[Colour, Colour], ...] = (
    ((0.16, 0.27, 0.22), (0.55, 0.63, 0.58)),  # green marble
    ((0.47, 0.27, 0.24), (0.24, 0.16, 0.15)),  # red granite
    ((0.58, 0.66, 0.70), (0.82, 0.85, 0.87)),  # blue marble
    ((0.79, 0.66, 0.62), (0.55, 0.40, 0.38)),  # pink stone
)


def some_timber(rng: np.random.Generator, axis: Literal["x", "y", "z"] = "x", grain: float = 0.03) -> Material:
    """A wood of these styles."""
    light, dark = _WOODS[int(rng.integers(len(_WOODS)))]
    return wood(light, dark, grain=grain, varnish=0.2, axis=axis, shift=float(rng.uniform(0, 50)))


def screed(rng: np.random.Generator) -> Material:
    """Poured concrete in a tone."""
    light = (0.56, 0.55, 0.53) if rng.random() < 0.5 else shade(TONES[pick(rng, "sand|olive|charcoal|rust")], 1.2)
    pattern = Pattern("mottle", shade(light, 0.82), float(rng.uniform(0.2, 0.5)), 0.7, "x", float(rng.uniform(0, 50)))
    return Material(light, roughness=float(rng.uniform(0.3, 0.6)), bump=Bump(0.02, 0.0001), pattern=pattern)


def brick(x: tuple[float, float], z: tuple[float, float], y: float, rng: np.random.Generator) -> Piece:
    """A wall of bricks, stretcher bond."""
    tone = _BRICKS[int(rng.integers(len(_BRICKS)))]
    return tiled(x, z, y, (0.24, 0.071), rng, colour=tone, staggered=True, gloss=0.05)


def bistro(support: Support, rng: np.random.Generator) -> list[Piece]:
    """A table before a bench along a brick or boarded wall."""
    top = lacquer(TONES[pick(rng, "chalk|teal|mustard|charcoal")], 0.3) if rng.random() < 0.3 else some_timber(rng)
    pieces = _table(support, rng, top, pick(rng, "frame|trestles|square"))
    pieces.append(_floor(rng))
    wall = support.y[1] + float(rng.uniform(0.75, 1.2))
    pieces += _wall(wall, rng, pick(rng, "brick|brick|boards"))
    pieces.append(_bench((-1.6, 1.6), wall - 0.03, 0.46, rng))
    if rng.random() < 0.6:
        pieces.append(framed_print((float(rng.uniform(-0.6, 0.6)), 1.5), (0.5, 0.65), wall - 0.03, rng))
    return pieces


def lounge(support: Support, rng: np.random.Generator) -> list[Piece]:
    """A low table before a daybed and a slatted wall."""
    top = _stone(rng) if rng.random() < 0.4 else some_timber(rng)
    pieces = _table(support, rng, top, pick(rng, "round|frame"))
    pieces.append(_floor(rng))
    wall = support.y[1] + 1.5
    pieces += _wall(wall, rng, pick(rng, "slats|slats|plaster"))
    pieces.append(_bench((-1.0, 1.0), support.y[1] + 1.25, 0.40, rng))
    return pieces


def galley(support: Support, rng: np.random.Generator) -> list[Piece]:
    """A worktop of steel, stone or wood before upright tiles or bricks, a rail above."""
    kind = pick(rng, "steel|stone|wood")
    steel = Material((0.62, 0.62, 0.61), roughness=0.35, metallic=1.0, bump=Bump(0.0015, 0.00002, "brushed"))
    top = {"steel": steel, "stone": _stone(rng), "wood": some_timber(rng, grain=0.015)}[kind]
    thickness, reach = 0.035, 1.2
    beside = [(support.x[0] - reach, support.x[0]), (support.x[1], support.x[1] + reach)]
    tops = [Part(box(x, support.y, (support.z - thickness, support.z)), top) for x in beside]
    front = some_timber(rng, "z") if rng.random() < 0.4 else lacquer(TONES[pick(rng, "teal|olive|charcoal|rust|mint")], 0.4)
    wall, high = support.y[1] + 0.012, support.z + float(rng.uniform(0.5, 0.9))
    pieces = [
        table_top(support, top, thickness, 0.003),
        ("worktop", tops),
        cabinet_below(support, thickness, front, rng, reach=reach),
        _floor(rng),
        *_wall(wall, rng, "plaster"),
    ]
    span = (support.x[0] - reach, support.x[1] + reach)
    if rng.random() < 0.4:
        pieces.append(brick(span, (support.z, high), wall, rng))
    else:
        tone = TONES[pick(rng, "chalk|teal|mustard|mint|lilac|rust")]
        pieces.append(tiled(span, (support.z, high), wall, (0.065, 0.2), rng, colour=tone))
    rail = box((-1.1, 1.1), (wall - 0.05, wall - 0.03), (high + 0.1, high + 0.12), 0.004)
    return [*pieces, ("rail", [Part(rail, steel)])]


def atelier(support: Support, rng: np.random.Generator) -> list[Piece]:
    """A work table before concrete with a perforated board, or before boards."""
    top = some_timber(rng) if rng.random() < 0.7 else lacquer(TONES[pick(rng, "chalk|mint|charcoal")], 0.5)
    pieces = _table(support, rng, top, pick(rng, "trestles|trestles|frame"))
    pieces.append(_floor(rng))
    wall = support.y[1] + 0.08
    finish = pick(rng, "concrete|concrete|boards")
    pieces += _wall(wall, rng, finish)
    if finish == "concrete":
        z, x = support.z, float(rng.uniform(-0.3, 0.3))
        board = box((x - 0.6, x + 0.6), (wall - 0.012, wall - 0.001), (z + 0.2, z + 0.9))
        hole = box((-0.006, 0.006), (-0.0136, -0.012), (0.0, 0.012), 0.001)
        i, j = np.meshgrid(np.arange(23), np.arange(13))
        places = np.stack([x - 0.55 + 0.05 * i, np.full(i.shape, wall), z + 0.24 + 0.05 * j], -1).reshape(-1, 3)
        holes = Part(repeated(hole, places), Material((0.05, 0.05, 0.05), roughness=0.9))
        tone = TONES[pick(rng, "sand|mustard|teal|chalk")]
        pieces.append(("perforated board", [Part(board, lacquer(tone, 0.6)), holes]))
    return pieces


def boudoir(support: Support, rng: np.random.Generator) -> list[Piece]:
    """A small table before drapery or boards."""
    body = some_timber(rng) if rng.random() < 0.5 else lacquer(TONES[pick(rng, "plum|lilac|mint|chalk|teal")], 0.3)
    pieces = _table(support, rng, _stone(rng) if rng.random() < 0.3 else body, pick(rng, "round|square"))
    pieces.append(_floor(rng))
    drapes = rng.random() < 0.55
    wall = support.y[1] + (0.2 if drapes else 0.07)
    pieces += _wall(wall, rng, "plaster" if drapes else "boards")
    if drapes:
        tone = TONES[pick(rng, "plum|teal|sand|lilac|rust|olive")]
        pieces += [curtain((a, a + 0.9), (0.05, 2.5), wall, tone, rng) for a in np.arange(-2.25, 2.2, 0.9).tolist()]
    return pieces


def spa(support: Support, rng: np.random.Generator) -> list[Piece]:
    """A wash stand before slats or a mosaic."""
    front = some_timber(rng) if rng.random() < 0.6 else lacquer(TONES[pick(rng, "charcoal|olive|chalk|plum")])
    slatted = rng.random() < 0.5
    wall = support.y[1] + (0.034 if slatted else 0.012)  # slats stand 30 mm out from it
    pieces = [
        table_top(support, _stone(rng) if rng.random() < 0.6 else screed(rng), 0.04, 0.004),
        cabinet_below(support, 0.04, front, rng, plinth=rng.random() < 0.5),
        tiled_floor(3.0, 0.1, [TONES[pick(rng, "charcoal|sand|teal|chalk")]], rng),
        *_wall(wall, rng, "slats" if slatted else "plaster"),
    ]
    if not slatted:
        tone = TONES[pick(rng, "teal|mint|sand|lilac|olive|charcoal")]
        pieces.append(tiled((-2.0, 2.0), (support.z, support.z + 1.0), wall, (0.05, 0.05), rng, colour=tone))
    return pieces


def _table(support: Support, rng: np.random.Generator, top: Material, style: str) -> list[Piece]:
    thickness = float(rng.uniform(0.02, 0.045))
    return [table_top(support, top, thickness, 0.004, 0.02), legs(support, some_timber(rng, "z"), thickness, style)]


def _stone(rng: np.random.Generator) -> Material:
    light, vein = _STONES[int(rng.integers(len(_STONES)))]
    pattern = Pattern("marble", vein, 0.22, 0.5, "x", float(rng.uniform(0, 50)))
    return Material(light, roughness=0.18, coat=0.2, pattern=pattern)


def _floor(rng: np.random.Generator) -> Piece:
    """Concrete, small tiles in two tones, or boards."""
    kind = pick(rng, "screed|screed|chequer|boards")
    if kind == "chequer":
        pair = [TONES[pick(rng, "chalk|sand|mint")], TONES[pick(rng, "charcoal|teal|rust|plum")]]
        return tiled_floor(_REACH, 0.15, [shade(c, 0.85) for c in pair], rng)
    slab = box((-_REACH, _REACH), (-_REACH, _REACH), (-0.1, 0.0), 0.0005)
    if kind == "screed":
        return ("floor", [Part(slab, screed(rng))])
    light, dark = _WOODS[int(rng.integers(len(_WOODS)))]
    pattern = Pattern("planks", dark, float(rng.uniform(0.05, 0.07)), 0.6, pick(rng, "x|y"), float(rng.uniform(0, 50)))  # type: ignore[arg-type]
    return ("floor", [Part(slab, Material(light, roughness=0.5, pattern=pattern))])


def _wall(y: float, rng: np.random.Generator, finish: str) -> list[Piece]:
    """The wall behind: bricks, concrete, plaster, level boards or upright slats."""
    x = (-_REACH, _REACH)
    tone = TONES[pick(rng, "chalk|sand|mustard|teal|olive|plum|lilac|rust|charcoal|mint")]
    under = screed(rng) if finish == "concrete" else wall_paint(tone)
    if finish == "plaster":
        under = Material(tone, roughness=0.9, pattern=Pattern("mottle", shade(tone, 1.15), 0.3, 0.5))
    pieces: list[Piece] = [("wall", [Part(box(x, (y, y + 0.1), (0.0, _HIGH)), under)])]
    if finish == "brick":
        pieces.append(brick((-2.6, 2.6), (0.0, _HIGH), y, rng))
    if finish == "boards":
        board = box((-3.0, 3.0), (y - 0.014, y), (0.0, 0.136), 0.004)
        rows = np.array([(0.0, 0.0, 0.14 * i) for i in range(int(_HIGH / 0.14))])
        material = lacquer(shade(tone, 0.9), 0.5) if rng.random() < 0.6 else some_timber(rng)
        pieces.append(("boards", [Part(repeated(board, rows), material)]))
    if finish == "slats":
        slat = box((-0.014, 0.014), (y - 0.03, y), (0.0, _HIGH), 0.002)
        columns = np.array([(a, 0.0, 0.0) for a in np.arange(-2.6, 2.6, 0.05)])
        pieces.append(("slats", [Part(repeated(slat, columns), some_timber(rng, "z"))]))
    return pieces


def _bench(x: tuple[float, float], back: float, height: float, rng: np.random.Generator) -> Piece:
    """A long seat at a wall, with a cushion on it."""
    frame = box(x, (back - 0.5, back), (0.0, height - 0.1), 0.006)
    seat = box((x[0] + 0.01, x[1] - 0.01), (back - 0.51, back - 0.02), (height - 0.1, height), 0.03)
    rest = box((x[0] + 0.01, x[1] - 0.01), (back - 0.12, back - 0.02), (height, height + 0.35), 0.03)
    cloth = fabric(TONES[pick(rng, "teal|mustard|plum|rust|olive|charcoal|sand|lilac")])
    return ("bench", [Part(frame, some_timber(rng)), Part(join([seat, rest]), cloth)])
