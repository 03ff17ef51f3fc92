"""Shells of rooms that only training sets have; `shells.py` holds those of test splits. World coordinates."""

from __future__ import annotations

import dataclasses

import numpy as np

from gsi_bench_builders.assets.library import Part
from gsi_bench_builders.assets.material import Material, Pattern
from gsi_bench_builders.assets.rooms.palettes import lacquer, pick, shade, wall_paint
from gsi_bench_builders.assets.rooms.pieces import Piece, box, tiled, tiled_floor
from gsi_bench_builders.assets.rooms.shells import ceiling, clipped, put_on, rod, slab, solid_parts, wall_with_openings
from gsi_bench_builders.assets.rooms.training_tables import TONES, brick, screed, some_timber
from gsi_bench_builders.interiors import WALLS, Plan

__all__ = ["loft", "wetroom"]


def loft(plan: Plan, rng: np.random.Generator) -> list[Piece]:
    """Concrete or dark boards, plaster in strong tones; one wall of bricks where it has no opening."""
    material = screed(rng) if rng.random() < 0.6 else some_timber(rng, pick(rng, "x|y"), 0.05)  # type: ignore[arg-type]
    pieces: list[Piece] = [("floor", [Part(slab(plan), material)])]
    tones = [TONES[pick(rng, "chalk|sand|mint|lilac")], TONES[pick(rng, "mustard|teal|olive|plum|rust|charcoal")]]
    strong = WALLS[int(rng.integers(4))]
    bare = [wall for wall in WALLS if not any(o.wall == wall for o in plan.openings)]
    bricks = bare[int(rng.integers(len(bare)))] if bare and rng.random() < 0.7 else None
    for wall in WALLS:
        pieces += wall_with_openings(plan, wall, _plaster(tones[wall == strong]), rng)
        if wall == bricks:
            for span, z in solid_parts(plan, wall, plan.height):
                pieces.append(put_on(plan, wall, clipped(brick(span, (0.08, z[1]), 0.0, rng), span)))
    for part in plan.partitions:
        tall = plan.height if part.height is None else part.height
        pieces.append(("partition", [Part(box(part.x, part.y, (0.0, tall), 0.004), _plaster(tones[0]))]))
    pieces += [rod(plan, opening, rng) for opening in plan.openings if opening.kind == "window"]
    return [*pieces, ceiling(plan)]


def wetroom(plan: Plan, rng: np.random.Generator) -> list[Piece]:
    """Small tiles on the floor; upright tiles or boards up the walls, plaster in strong tones above."""
    reach = max(plan.x[1] - plan.x[0], plan.y[1] - plan.y[0]) / 2 + 0.3
    pair = [TONES[pick(rng, "charcoal|sand|teal|rust")], TONES[pick(rng, "chalk|mint|lilac")]]
    name, parts = tiled_floor(reach, 0.15, [shade(c, 0.9) for c in (pair if rng.random() < 0.5 else pair[:1])], rng)
    at = (sum(plan.x) / 2, sum(plan.y) / 2)
    pieces: list[Piece] = [(name, [dataclasses.replace(p, mesh=p.mesh.moved(*at)) for p in parts])]
    paint = wall_paint(TONES[pick(rng, "chalk|sand|mint|lilac|teal|olive|rust|plum")])
    colour = TONES[pick(rng, "teal|mint|mustard|lilac|olive|charcoal|chalk|rust")]
    boarded, high = rng.random() < 0.35, 1.2 if rng.random() < 0.6 else 2.0
    panel = lacquer(colour, 0.45)
    for wall in WALLS:
        pieces += wall_with_openings(plan, wall, paint, rng, low=False)
        for span, z in solid_parts(plan, wall, high):
            if span[1] - span[0] < 0.03 or z[1] - z[0] < 0.2:
                continue
            if boarded:
                made: Piece = ("boards", [Part(box(span, (-0.009, 0.0), z, 0.002), panel)])
            else:
                made = clipped(tiled(span, z, 0.0, (0.065, 0.2), rng, colour=colour), span)
            pieces.append(put_on(plan, wall, made))
    return [*pieces, ceiling(plan)]


def _plaster(tone: tuple[float, float, float]) -> Material:
    return Material(tone, roughness=0.9, pattern=Pattern("mottle", shade(tone, 1.12), 0.35, 0.5))
