"""A scene of AI2-THOR as the builders know scenes: things with their boxes, what carries them, the floor. Pure.

Everything solid is in it, so that nothing is moved into it. Only some of it may be spoken of: what has an oriented box, can be
moved, has a name in both languages, and rests on something at the height where that is known to carry.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from gsi_bench_builders.engines.thor.conversions import xyz
from gsi_bench_builders.engines.thor.metadata import MetadataError, ThorObject, floor_height
from gsi_bench_builders.engines.thor.nouns import FLAT_TOPS, nouns_of, symmetry_of
from gsi_bench_builders.scene import AssetInfo, Camera, Light, Receptacle, Room, Scene, Support, Thing
from gsi_bench_builders.supports import CONTACT_M

__all__ = ["SHELL", "STYLE", "object_of", "scene_of", "thor_scene_of"]

STYLE = "ai2thor:"  # how the room of such a scene begins; the simulator's name follows
_KEY = "thor:"
# Kinds that are the room, or holes in it, rather than things in it.
SHELL = {"Floor", "Wall", "Ceiling", "Door", "Doorway", "Doorframe", "Window", "Room", "ShowerDoor", "ShowerGlass"}
_LEAST_M = 0.002  # things thinner than this are given this thickness: boxes without volume cannot be scaled


def object_of(thing: Thing) -> str:
    """Unity's id of a thing.

    Raises:
        ValueError: it is none of AI2-THOR's.
    """
    if not thing.info.key.startswith(_KEY):
        raise ValueError(f"{thing.id} ({thing.info.key}) is no object of AI2-THOR, which cannot be given other assets")
    return thing.info.key.removeprefix(_KEY)


def thor_scene_of(scene: Scene) -> str:
    """The simulator's name of a scene.

    Raises:
        ValueError: it is none of AI2-THOR's.
    """
    if not scene.room.style.startswith(STYLE):
        raise ValueError(f"scene {scene.id} is no scene of AI2-THOR: its room is {scene.room.style!r}")
    return scene.room.style.removeprefix(STYLE)


def scene_of(
    name: str, scene_id: str, objects: Mapping[str, ThorObject], metadata: Mapping[str, object], camera: Camera
) -> Scene:
    """The builders' scene of what Unity says.

    Args:
        name: of the scene in AI2-THOR.
        scene_id: of the new one.
        objects, metadata: as they were read.
        camera: that looks at it.

    Raises:
        MetadataError: no floor, or no bounds.
    """
    floor = floor_height(objects.values())
    if floor is None:
        raise MetadataError(f"{name}: no object is a floor; expected one of type Floor")
    things = [o for o in objects.values() if o.category not in SHELL]
    ids = _ids(things)
    carriers = {o.id: _carrier(o, objects) for o in things}
    levels = {o.id: _level(o, [c for c in things if carriers[c.id] == o.id]) for o in things}
    made = tuple(_thing(o, ids, carriers[o.id], levels, floor) for o in things)
    return Scene(scene_id, made, _support(name, metadata, floor), Room(STYLE + name, 0), Light(), camera)


def _ids(things: Sequence[ThorObject]) -> dict[str, str]:
    counts: Counter[str] = Counter()
    ids = {}
    for thing in things:
        word = nouns_of(thing.category)[0].replace(" ", "_")
        counts[word] += 1
        ids[thing.id] = f"{word}_{counts[word]}"
    return ids


def _carrier(thing: ThorObject, objects: Mapping[str, ThorObject]) -> str | None:
    """The smallest of the receptacles that Unity says it is on, the floor and itself not among them."""
    parents = [objects[p] for p in thing.parents if p in objects and p != thing.id and objects[p].category not in SHELL]
    # Two receptacles may name each other, such as a pot on a pan; the smaller one is what is carried.
    larger = [p for p in parents if _plan(p) > _plan(thing)]
    return min(larger, key=lambda p: (_plan(p), p.id)).id if larger else None


def _plan(thing: ThorObject) -> float:
    return thing.box.size[0] * thing.box.size[1]


def _bottom(thing: ThorObject) -> float:
    return thing.box.centre[2] - sum(abs(a) * s for a, s in zip(thing.box.rotation[2], thing.box.size, strict=True)) / 2


def _level(carrier: ThorObject, carried: Sequence[ThorObject]) -> float | None:
    """Height at which a receptacle carries: where most of what it has stands, else its top where that is flat."""
    if not carrier.receptacle:
        return None
    if carried:
        return statistics.median_low([_bottom(c) for c in carried])
    return carrier.box.centre[2] + carrier.box.size[2] / 2 if carrier.category in FLAT_TOPS else None


def _thing(
    thing: ThorObject, ids: Mapping[str, str], carrier: str | None, levels: Mapping[str, float | None], floor: float
) -> Thing:
    noun, noun_zh = nouns_of(thing.category)
    size = tuple(max(s, _LEAST_M) for s in thing.box.size)
    under = floor if carrier is None else levels[carrier]
    rests = under is not None and abs(_bottom(thing) - under) <= CONTACT_M
    level = levels[thing.id]
    receptacle = None
    if level is not None:
        x, y = size[0] / 2, size[1] / 2
        inside = level < thing.box.centre[2] + thing.box.size[2] / 2 - CONTACT_M and thing.category not in FLAT_TOPS
        outline = ((-x, -y), (x, -y), (x, y), (-x, y))
        receptacle = Receptacle("in" if inside else "on", outline, level - _bottom(thing))
    info = AssetInfo(
        key=_KEY + thing.id,
        category=noun,
        category_zh=noun_zh or noun,
        size=size,  # type: ignore[arg-type]
        symmetry=symmetry_of(thing.category),
        receptacle=receptacle,
        nameable=noun_zh is not None and thing.loose and thing.box_source == "oriented" and rests,
        origin="rebuilt",
        licence="apache-2.0",
        attribution="AI2-THOR, Allen Institute for AI",
        # The players are published without a word on the rights in their assets, so images are not passed on unasked.
        redistributable=False,
    )
    return Thing(ids[thing.id], info, thing.box.centre, thing.box.rotation, info.size, ids[carrier] if carrier else None)


def _support(name: str, metadata: Mapping[str, object], floor: float) -> Support:
    bounds = metadata.get("sceneBounds")
    try:
        centre, size = xyz(bounds["center"]), xyz(bounds["size"])  # type: ignore[index]
    except (KeyError, TypeError, ValueError) as error:
        raise MetadataError(f"{name}: expected sceneBounds with a center and a size, found {error}") from error
    if not np.isfinite([*centre, *size]).all():
        raise MetadataError(f"{name}: sceneBounds are not finite")
    (x, _, z), (wide, _, deep) = centre, size
    return Support("floor", "地板", (x - wide / 2, x + wide / 2), (z - deep / 2, z + deep / 2), floor)
