"""Composes tables: draws a support, a room, a light, objects that belong together, and a camera that frames them.

Everything comes from one generator; no engine is asked. What comes out keeps the rules that `flaws` checks.
"""

from __future__ import annotations

import collections
from collections.abc import Sequence

import numpy as np

from gsi_bench_builders.assets.looks import EmbeddedLooks, Looks
from gsi_bench_builders.composition.arranging import CLEARANCE_M, EDGE_M, SLACK, arrange, used_area
from gsi_bench_builders.composition.choosing import choose
from gsi_bench_builders.composition.framing import View, framed
from gsi_bench_builders.composition.lighting import draw_light
from gsi_bench_builders.composition.placing import edge_margin, picture_box, visible_shares
from gsi_bench_builders.composition.themes import THEMES, Theme
from gsi_bench_builders.footprints import footprint
from gsi_bench_builders.polygons import gap, inside
from gsi_bench_builders.scene import Room, Scene, Support

__all__ = ["THEMES", "CompositionError", "compose", "flaws"]

_ATTEMPTS = 60
_LEAST_NAMEABLE = 5
_LEAST_THINGS = 6
RIM = 0.05  # of the image's side that stays free of objects all around
_LEAST_PIXELS = 40 / 384  # shorter side of the image of at least five objects
_FREE_STEP_M = 0.08


class CompositionError(RuntimeError):
    """No table came out that keeps the rules; the message counts what stood in the way."""


def compose(
    theme: str,
    seed: int | Sequence[int] | np.random.Generator,
    scene_id: str,
    size: int,
    looks: Looks | None = None,
) -> Scene:
    """A table of a theme.

    Args:
        theme: of `THEMES`.
        seed: of the generator that everything is drawn from, or the generator.
        scene_id: becomes the scene's id.
        size: of the camera's square image, pixels; changes nothing else.
        looks: where assets come from; None: the embedded ones.

    Raises:
        CompositionError: there are too few kinds, or no attempt kept the rules.
        KeyError: no such theme.
    """
    if theme not in THEMES:
        raise KeyError(f"no theme {theme!r}; there are {', '.join(THEMES)}")
    rng, looks = np.random.default_rng(seed), looks or EmbeddedLooks()
    reasons: collections.Counter[str] = collections.Counter()
    for _ in range(_ATTEMPTS):
        scene = _attempt(THEMES[theme], rng, scene_id, size, looks)
        if scene is None:
            reasons["no room for what the setting is about"] += 1
            continue
        found = flaws(scene)
        if not found:
            return scene
        reasons.update(found)
    counted = ", ".join(f"{reason} ({n} times)" for reason, n in reasons.most_common())
    raise CompositionError(f"no {theme} table {scene_id} in {_ATTEMPTS} attempts: {counted}")


def flaws(scene: Scene) -> list[str]:
    """Which rules a composed scene breaks, in words; empty where it keeps them all."""
    standing = [t for t in scene.things if t.on is None]
    outlines = [footprint(t) for t in standing]
    found = []
    if any(gap(a, b) < CLEARANCE_M - 1e-9 for i, a in enumerate(outlines) for b in outlines[:i]):
        found.append("objects too close")
    if min((edge_margin(o, scene.support) for o in outlines), default=0.0) < EDGE_M - 1e-9:
        found.append("an object at the support's edge")
    if any(not inside(footprint(t), scene.thing(t.on).receptacle_outline()[:, :2], SLACK) for t in scene.things if t.on):
        found.append("an object hangs over what carries it")
    boxes = np.stack([picture_box(scene.camera, t) for t in scene.things]) if scene.things else np.zeros((0, 2, 2))
    boxes = boxes / scene.camera.width
    if not ((boxes >= RIM - 1e-9) & (boxes <= 1 - RIM + 1e-9)).all():
        found.append("an object near the image's rim")
    names = [t for t in scene.things if t.info.nameable]
    if len(names) < _LEAST_NAMEABLE or len(scene.things) < _LEAST_THINGS:
        found.append("too few objects")
    sides = (boxes[:, 1] - boxes[:, 0]).min(axis=1) if len(boxes) else np.zeros(0)
    if sum(side >= _LEAST_PIXELS and t.info.nameable for side, t in zip(sides, scene.things, strict=True)) < _LEAST_NAMEABLE:
        found.append("too many small objects")
    shares = visible_shares(scene.camera, scene.things)
    if min(shares, default=0.0) < 0.45 or sum(s < 0.7 for s in shares) > 1:
        found.append("objects hide each other")
    if standing and _with_free_room(scene) < min(4, len(standing)):
        found.append("no room to move objects")
    return found


def _with_free_room(scene: Scene) -> int:
    """How many objects could be shifted some centimetres to two sides or more."""
    outlines = [footprint(t) for t in scene.things if t.on is None]
    count = 0
    for i, outline in enumerate(outlines):
        others = outlines[:i] + outlines[i + 1 :]
        free = 0
        for step in ((_FREE_STEP_M, 0.0), (-_FREE_STEP_M, 0.0), (0.0, _FREE_STEP_M), (0.0, -_FREE_STEP_M)):
            moved = outline + step
            free += edge_margin(moved, scene.support) >= 0.01 and all(gap(moved, o) >= 0.005 for o in others)
        count += free >= 2
    return count


def _attempt(theme: Theme, rng: np.random.Generator, scene_id: str, size: int, looks: Looks) -> Scene | None:
    support = _draw_support(theme, rng)
    room = Room(theme.style, int(rng.integers(2**31)))
    light = draw_light(rng)
    view = View(float(rng.uniform(24, 40)), float(np.clip(rng.normal(0, 7), -15, 15)), float(rng.uniform(35, 50)))
    chosen = choose(theme, rng, looks)
    things = arrange(chosen, used_area(support, chosen, rng), support, view, rng)
    if not things:
        return None
    camera = framed(view, things, size, float(rng.uniform(0.07, 0.11)), float(rng.uniform(0.0, 0.05)))
    return Scene(scene_id, tuple(things), support, room, light, camera)


def _draw_support(theme: Theme, rng: np.random.Generator) -> Support:
    """In whole centimetres, as furniture is sold."""
    width, depth, height = (round(float(rng.uniform(*r)), 2) for r in (theme.width_m, theme.depth_m, theme.height_m))
    return Support(theme.support, theme.support_zh, (-width / 2, width / 2), (-depth / 2, depth / 2), height)
