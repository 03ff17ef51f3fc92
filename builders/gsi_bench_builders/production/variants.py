"""Graded and wrong versions of an edit: what a score must put in the right order.

Only states that could be photographed: nothing floats, cuts through something else or leaves the frame.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Collection, Iterator

import numpy as np

from gsi_bench_builders.assets.library import SOURCE, asset, asset_key
from gsi_bench_builders.assets.looks import LOOKS, first_look
from gsi_bench_builders.edits.base import Edit
from gsi_bench_builders.engine import Probe
from gsi_bench_builders.motion import Motion
from gsi_bench_builders.scene import Camera, Light, Scene, Thing, matrix3
from gsi_bench_dataset import variants as names

__all__ = ["Variant", "variants_of"]

_OVERSHOOT = 2.0
_TALLER = 2.0  # of a stretched object: height times this, width and depth so much less that the volume stays
_SMALLER = 0.5  # another object that changed too
_QUARTER_TURNS = ((1, 0), (-1, 0), (0, 1), (0, -1))  # ways to fall: about its own right and forward axis
_TRIES = 8  # of another instance of a kind, until one fits


@dataclasses.dataclass(frozen=True)
class Variant:
    """Another outcome of an edit.

    Attributes:
        name: what it is, as in `Sample.variant`.
        progress: how far along the right edit; None for what is not on its way.
        noise: added to the seed of the render.
    """

    name: str
    progress: float | None
    scene: Scene
    noise: int = 0


def variants_of(edit: Edit, probe: Probe, rng: np.random.Generator, only: Collection[str] = ()) -> Iterator[Variant]:
    """The versions of an edit that are physically valid and in frame, in a fixed order; of several of one name the first.

    `only` leaves out all other names, the right edit and none apart; what is drawn by `rng` stays the same.
    """
    wanted = {*only, names.SOURCE, names.AFTER} if only else set(names.VARIANTS)
    made: set[str] = set()
    for variant in _candidates(edit, rng):
        if variant.name in wanted - made and _is_valid(variant.scene, edit, probe):
            made.add(variant.name)
            yield variant


def _candidates(edit: Edit, rng: np.random.Generator) -> Iterator[Variant]:
    for name, grade in names.GRADES.items():
        state = _partly(edit, grade)
        if state is not None:
            yield Variant(name, grade, state)
    for name, amount in ((names.OPPOSITE, -1.0), (names.OVERSHOOT, _OVERSHOOT)):
        state = _partly(edit, amount)
        if state is not None and not (name == names.OPPOSITE and _same_turn(edit)):
            yield Variant(name, None, state)
    yield from _wrong_things(edit, rng)
    yield from _spoiled(edit)
    yield from _other_looks(edit, _other_light(edit.after, rng))


def _other_looks(edit: Edit, light: Light) -> Iterator[Variant]:
    """The right edit, none and the opposite one in another light, and on another table top.

    Nothing is drawn for the top: datasets of one seed keep their other variants.
    """
    opposite = None if _same_turn(edit) else _partly(edit, -1.0)
    top = edit.before.room.seed + 1
    for prefix, progress, state in (("", 1.0, edit.after), ("source_", 0.0, edit.before), ("opposite_", None, opposite)):
        if state is not None:
            yield Variant(f"{prefix}{names.RELIT}", progress, dataclasses.replace(state, light=light), noise=1)
            room = dataclasses.replace(state.room, top=top)
            yield Variant(f"{prefix}{names.RETEXTURED}", progress, dataclasses.replace(state, room=room), noise=1)


def _partly(edit: Edit, amount: float) -> Scene | None:
    """The state at a share of the edit's way; None where there is no such state."""
    if amount == 0.0:
        return edit.before
    if amount == 1.0:
        return edit.after
    if edit.effect in ("shift", "turn", "scale"):
        return _carried_partly(edit, amount)
    if edit.effect == "camera":
        return dataclasses.replace(edit.before, camera=_camera_partly(edit.before.camera, edit.after.camera, amount))
    return None  # an object half-way to its plate would float; half a removal is none


def _carried_partly(edit: Edit, amount: float) -> Scene:
    changed = []
    for before in edit.before.things:
        after = edit.after.thing(before.id)
        if after != before:
            changed.append(_between(before, after, amount))
    return edit.before.with_things(changed)


def _between(before: Thing, after: Thing, amount: float) -> Thing:
    """Positions and angles in proportion, sizes in proportion of their logarithms."""
    factor = after.size[2] / before.size[2]
    motion = Motion.between(before.scaled(factor), after)
    grown = before.scaled(factor**amount)
    return dataclasses.replace(grown.turned(motion.heading_rad * amount).moved((motion.step * amount).tolist()), on=before.on)


def _camera_partly(before: Camera, after: Camera, amount: float) -> Camera:
    motion = Motion.between(before, after).part(amount)
    position = np.array(before.position) + motion.step
    return dataclasses.replace(
        after, position=tuple(position.tolist()), rotation=matrix3(motion.turn @ np.array(before.rotation))
    )


def _same_turn(edit: Edit) -> bool:
    """Whether half a turn was asked: the opposite is the same."""
    return edit.effect == "turn" and abs(abs(edit.operation.angle_deg or 0) - 180) < 1e-6


def _wrong_things(edit: Edit, rng: np.random.Generator) -> Iterator[Variant]:
    if edit.effect == "camera":
        return
    target = edit.before.thing(edit.target)
    others = [t for t in edit.before.things if t.id != target.id and t.on is None and not edit.before.carried_by(t.id)]
    others = [t for t in others if t.info.nameable and t.info.hold == "free"]
    if others:
        other = others[int(rng.integers(len(others)))]
        yield from _to_another(edit, other)
    twins = [t for t in others if t.info.category == target.info.category]
    if twins:
        yield Variant(names.REMOVED_TWIN, None, edit.before.without([twins[0].id]))
    if edit.effect != "remove":
        yield Variant(names.REMOVED, None, edit.before.without([target.id, *(t.id for t in edit.before.carried_by(target.id))]))
        goal = edit.after.thing(edit.target)
        copy = dataclasses.replace(goal, id=f"{target.id}_copy")
        if edit.effect in ("shift", "place"):
            yield Variant(names.DUPLICATE, None, dataclasses.replace(edit.before, things=(*edit.before.things, copy)))
        replaced = _another_of_its_kind(goal, rng)
        if replaced is not None and edit.effect == "scale":
            replaced = replaced.scaled(goal.size[2] / replaced.size[2])  # what was asked for is a size
        if replaced is not None:
            yield Variant(names.REPLACED, None, edit.after.with_things([replaced]))


def _spoiled(edit: Edit) -> Iterator[Variant]:
    """The right edit, with something done beside it that was not asked for. Nothing is drawn: see `_other_looks`."""
    if edit.effect == "camera":
        return
    free = [t for t in edit.after.things if t.on is None and t.info.hold == "free"]
    loose = [t for t in free if not edit.after.carried_by(t.id)]
    others = [t for t in loose if t.id != edit.target and t.info.nameable]
    for other in others:
        yield Variant(names.OTHER_RESIZED, None, edit.after.with_things([other.scaled(_SMALLER)]))
        for way in _QUARTER_TURNS:
            yield Variant(names.OTHER_TOPPLED, None, edit.after.with_things([_fallen(other, way)]))
    if edit.effect == "remove" or edit.after.carried_by(edit.target):
        return
    goal = edit.after.thing(edit.target)
    for way in _QUARTER_TURNS:
        yield Variant(names.TOPPLED, None, edit.after.with_things([_fallen(goal, way)]))
    yield Variant(names.UPSIDE_DOWN, None, edit.after.with_things([_tilted(goal, math.pi, (1, 0))]))
    narrower = 1 / math.sqrt(_TALLER)
    w, d, h = goal.size
    tall = dataclasses.replace(goal, size=(w * narrower, d * narrower, h * _TALLER))
    yield Variant(names.STRETCHED, None, edit.after.with_things([tall.moved((0, 0, goal.base_z - tall.base_z))]))
    for step in _ring(1.5 * max(goal.size[:2])):
        copy = dataclasses.replace(goal.moved(step), id=f"{goal.id}_copy")
        if goal.on is None:
            yield Variant(names.EXTRA_COPY, None, dataclasses.replace(edit.after, things=(*edit.after.things, copy)))


def _fallen(thing: Thing, way: tuple[int, int]) -> Thing:
    return _tilted(thing, math.pi / 2, way)


def _tilted(thing: Thing, angle_rad: float, about: tuple[int, int]) -> Thing:
    """Turned about one of its own level axes; its lowest corner stays at its height, its middle above the same place."""
    axis = np.array(thing.rotation) @ (*about, 0)
    turn = _rotation(axis, angle_rad)
    tilted = dataclasses.replace(thing, rotation=matrix3(turn @ np.array(thing.rotation)))
    return tilted.moved((0, 0, thing.base_z - tilted.base_z))


def _rotation(axis: np.ndarray, angle_rad: float) -> np.ndarray:
    """Rodrigues' formula; `axis` is a unit vector."""
    x, y, z = axis
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + math.sin(angle_rad) * cross + (1 - math.cos(angle_rad)) * cross @ cross


def _ring(radius: float) -> Iterator[tuple[float, float, float]]:
    """Steps to places around one, nearer ones first."""
    for factor in (1.0, 1.7):
        for i in range(8):
            angle = i * math.pi / 4
            yield radius * factor * math.cos(angle), radius * factor * math.sin(angle), 0.0


def _to_another(edit: Edit, other: Thing) -> Iterator[Variant]:
    """The right edit, done to another object."""
    if edit.effect == "remove":
        yield Variant(names.WRONG_OBJECT, None, edit.before.without([other.id]))
        return
    before, after = edit.before.thing(edit.target), edit.after.thing(edit.target)
    motion = Motion.between(before, after)
    if edit.effect == "shift":
        changed = other.moved(motion.step.tolist())
    elif edit.effect == "turn":
        changed = other.turned(motion.heading_rad)
    elif edit.effect == "scale":
        changed = other.scaled(after.size[2] / before.size[2])
    else:
        return
    yield Variant(names.WRONG_OBJECT, None, edit.before.with_things([changed]))


def _another_of_its_kind(thing: Thing, rng: np.random.Generator) -> Thing | None:
    """Another instance of the same kind at the same place, of another colour where there are several."""
    if not thing.info.key.startswith(f"{SOURCE}:"):
        return None
    first = first_look(thing.info.key)
    for _ in range(_TRIES):
        info = asset(asset_key(thing.info.category, first + int(rng.integers(LOOKS)))).info
        if info.key != thing.info.key and (thing.info.colour is None or info.colour != thing.info.colour):
            rise = (info.size[2] - thing.size[2]) / 2
            return dataclasses.replace(thing, info=info, size=info.size).moved((0, 0, rise))
    return None


def _other_light(scene: Scene, rng: np.random.Generator) -> Light:
    light = scene.light
    x, y, z = light.key
    if light.lamps:  # by turns brighter and darker: light comes from elsewhere
        strong = rng.permutation([float(rng.uniform(1.3, 1.7)), *[float(rng.uniform(0.35, 0.7)) for _ in light.lamps[1:]]])
        lamps = zip(light.lamps, strong.tolist(), strict=True)
        other = (dataclasses.replace(lamp, power=lamp.power * by, warmth=0.35 - lamp.warmth) for lamp, by in lamps)
        return dataclasses.replace(light, lamps=tuple(other))
    return dataclasses.replace(
        light,
        world_turn=light.world_turn + float(rng.uniform(0.8, 2.0)),
        world_strength=light.world_strength * float(rng.uniform(0.75, 1.3)),
        key=(-x, y, z),
        key_warmth=-light.key_warmth,
    )


def _is_valid(scene: Scene, edit: Edit, probe: Probe) -> bool:
    """In frame, on the support or where the edit itself puts objects, cutting through nothing."""
    if dataclasses.replace(scene, light=edit.before.light, room=edit.before.room) in (edit.before, edit.after):
        return True  # photographed already; another light or table top moves nothing
    before = {t.id: t for t in edit.before.things}
    new = [t for t in scene.things if before.get(t.id) != t]
    checks: tuple[Callable[[Thing], bool], ...] = (
        lambda t: _in_frame(scene, t),
        lambda t: t.on is not None or _on_support(scene, t),
    )
    if not all(check(t) for t in new for check in checks):
        return False
    if scene.camera != edit.before.camera:
        return _in_frame(scene, scene.thing(edit.target))
    return not probe.touching(scene, [t.id for t in new]) if new else True


def _in_frame(scene: Scene, thing: Thing) -> bool:
    pixels = scene.camera.project(thing.corners())
    size = (scene.camera.width, scene.camera.height)
    return bool(np.isfinite(pixels).all() and (pixels >= 0).all() and (pixels <= size).all())


def _on_support(scene: Scene, thing: Thing) -> bool:
    x, y = thing.corners()[:, 0], thing.corners()[:, 1]
    (x1, x2), (y1, y2) = scene.support.x, scene.support.y
    return bool(x.min() >= x1 and x.max() <= x2 and y.min() >= y1 and y.max() <= y2)
