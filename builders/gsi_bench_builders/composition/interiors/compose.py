"""Composes rooms: a plan, furniture in groups, what lies on it, light, and a camera that stands in the room.

Everything comes from one generator; no engine is asked. What comes out keeps the rules that `flaws` checks.
"""

from __future__ import annotations

import collections
import dataclasses
import functools
import itertools
from collections.abc import Callable, Collection, Mapping

import numpy as np

from gsi_bench_builders.assets.looks import EmbeddedLooks, Looks
from gsi_bench_builders.composition.interiors import bathing, living
from gsi_bench_builders.composition.interiors.dressing import dress
from gsi_bench_builders.composition.interiors.floor import Floor
from gsi_bench_builders.composition.interiors.light import room_light
from gsi_bench_builders.composition.interiors.viewing import ViewRules, choose_view
from gsi_bench_builders.footprints import footprint
from gsi_bench_builders.interiors import Plan
from gsi_bench_builders.polygons import depth_inside, gap
from gsi_bench_builders.scene import Room, Scene, Support, Thing

__all__ = ["INTERIORS", "Interior", "InteriorError", "compose_interior", "flaws"]

_ATTEMPTS = 40
_PLANS = 1000  # draws of a plan that is to be kept
# Attempts at a view of one room, by how many places are looked at, before another room is drawn.
_FOCUSES = (1, 2, 6)


@dataclasses.dataclass(frozen=True)
class Interior:
    """A sort of room.

    Attributes:
        style: of its shell, see `assets.rooms.INTERIORS`.
        draw_plan: draws a plan.
        furnish: draws the furniture of a plan; None where the main pieces find no room.
        rules: of its views.
    """

    style: str
    draw_plan: Callable[[np.random.Generator], Plan]
    furnish: Callable[[Plan, np.random.Generator, Looks], Floor | None]
    rules: ViewRules


class InteriorError(RuntimeError):
    """No room came out that keeps the rules; the message counts what stood in the way."""


def _living(plan: Plan, rng: np.random.Generator, looks: Looks) -> Floor | None:
    floor = Floor(plan)
    return floor if living.furnish(floor, rng, studio=False, looks=looks) else None


def _studio(plan: Plan, rng: np.random.Generator, looks: Looks) -> Floor | None:
    floor = Floor(plan)
    return floor if living.furnish(floor, rng, studio=True, looks=looks) else None


def _bathroom(plan: Plan, rng: np.random.Generator, looks: Looks) -> Floor | None:
    floor = Floor(plan, bathing.WALL_GAP_M)
    return floor if bathing.furnish(floor, rng, looks) else None


def _drawn(interior: Interior, rng: np.random.Generator, keep: Callable[[Plan], bool]) -> Plan:
    """The first plan that is to be kept.

    Raises:
        InteriorError: none of very many.
    """
    for _ in range(_PLANS):
        plan = interior.draw_plan(rng)
        if keep(plan):
            return plan
    raise InteriorError(f"none of {_PLANS} plans is one to keep")


_ROOMY = ViewRules()
_CLOSE = ViewRules(fov_deg=(50.0, 74.0), distance_m=(0.8, 2.3), body_m=0.18, wall_m=0.24, wanted=4)
INTERIORS: Mapping[str, Interior] = {
    "living": Interior("apartment", functools.partial(living.draw_plan, studio=False), _living, _ROOMY),
    "studio": Interior("apartment", functools.partial(living.draw_plan, studio=True), _studio, _ROOMY),
    "bathroom": Interior("washroom", bathing.draw_plan, _bathroom, _CLOSE),
}


def compose_interior(
    name: str,
    seed: int | np.random.Generator,
    scene_id: str,
    size: int,
    looks: Looks | None = None,
    *,
    keep: Callable[[Plan], bool] = lambda plan: True,
) -> Scene:
    """A room of a sort.

    Args:
        name: of `INTERIORS`.
        seed: of the generator that everything is drawn from, or the generator.
        scene_id: becomes the scene's id.
        size: of the camera's square image, pixels; changes nothing else.
        looks: where assets come from; None: the embedded ones.
        keep: whether a room may have a plan; others are drawn until it may.

    Raises:
        InteriorError: no attempt kept the rules.
        KeyError: no such sort of room.
    """
    if name not in INTERIORS:
        raise KeyError(f"no interior {name!r}; there are {', '.join(INTERIORS)}")
    rng, looks = np.random.default_rng(seed), looks or EmbeddedLooks()
    reasons: collections.Counter[str] = collections.Counter()
    for _ in range(_ATTEMPTS):
        floor = INTERIORS[name].furnish(_drawn(INTERIORS[name], rng, keep), rng, looks)
        if floor is None:
            reasons["no room for the main furniture"] += 1
            continue
        if not floor.is_walkable():
            reasons["nobody could walk there"] += 1
            continue
        things = _without(looks.lacks, [*floor.things, *dress(floor.things, rng, looks)])
        light, room = room_light(floor.plan, rng), Room(INTERIORS[name].style, int(rng.integers(2**31)), plan=floor.plan)
        for focuses in _FOCUSES:
            camera = choose_view(floor, things, rng, size, INTERIORS[name].rules, focuses=focuses)
            if camera is None:
                reasons["no view of enough to edit"] += 1
                continue
            support = Support("floor", "地板", floor.plan.x, floor.plan.y, 0.0)
            scene = Scene(scene_id, tuple(things), support, room, light, camera)
            found = flaws(scene)
            if not found:
                return scene
            reasons.update(found)
    counted = ", ".join(f"{reason} ({n} times)" for reason, n in reasons.most_common())
    raise InteriorError(f"no {name} {scene_id} in {_ATTEMPTS} attempts: {counted}")


def _without(lacking: Collection[str], things: list[Thing]) -> list[Thing]:
    """Things but for those of some kinds, and for what stands on these."""
    left = [t for t in things if t.info.category not in lacking]
    while True:
        there = {t.id for t in left}
        carried = [t for t in left if t.on is None or t.on in there]
        if len(carried) == len(left):
            return left
        left = carried


def flaws(scene: Scene) -> list[str]:
    """Which rules a composed room breaks, in words; empty where it keeps them all."""
    plan = scene.room.plan
    if plan is None:
        return ["a room without a plan"]
    standing = [t for t in scene.things if t.on is None and t.base_z < 0.05]
    outlines = [footprint(t) for t in standing]
    found = []
    if any(gap(a, b) < 0.004 for a, b in itertools.combinations(outlines, 2)):
        found.append("furniture too close")
    if any(not _on_floor(plan, outline) for outline in outlines):
        found.append("furniture in a wall")
    doors = [plan.swept(o) for o in plan.openings if o.kind == "door"]
    if any(gap(outline, door) < -1e-9 for outline in outlines for door in doors):
        found.append("a door that does not open")
    for thing in scene.things:
        if thing.on is not None:
            carrier = scene.thing(thing.on).receptacle_outline()
            if depth_inside(footprint(thing), carrier[:, :2]).min() < -1e-9:
                found.append("an object hangs over what carries it")
            if abs(thing.base_z - float(carrier[0, 2])) > 1e-6:
                found.append("an object floats or sinks")
    if not plan.holds(scene.camera.position, 0.2):
        found.append("the camera in a wall")
    if any(_holds(outline, scene.camera.position) for t, outline in zip(standing, outlines, strict=True) if t.size[2] > 0.03):
        found.append("the camera in furniture")
    return found


def _on_floor(plan: Plan, outline: np.ndarray) -> bool:
    (x0, x1), (y0, y1) = plan.x, plan.y
    low, high = outline.min(axis=0), outline.max(axis=0)
    inside = low[0] >= x0 - 1e-9 and high[0] <= x1 + 1e-9 and low[1] >= y0 - 1e-9 and high[1] <= y1 + 1e-9
    blocks = [np.array([(p.x[0], p.y[0]), (p.x[1], p.y[0]), (p.x[1], p.y[1]), (p.x[0], p.y[1])]) for p in plan.partitions]
    return bool(inside) and all(gap(outline, b) >= 0 for b in blocks)


def _holds(outline: np.ndarray, point: tuple[float, float, float]) -> bool:
    return bool(depth_inside(np.array([point[:2]]), outline).min() > -0.15)
