"""A photograph with its boxes as a scene: which boxes are in it, what stands on what, and which surfaces carry.

Where depth is known, a surface is as large as it is seen to be: a rectangle that grows from under an object over what lies at
the height of its foot. Otherwise it is an outline that the source knows, or ends a little beyond what stands on it.
"""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gsi_bench_builders.footprints import footprint
from gsi_bench_builders.photos.limits import LIMITS
from gsi_bench_builders.photos.nouns import also_of, hold_of, nouns_of, symmetry_of
from gsi_bench_builders.photos.source import Capture, PhotoBox, Surface
from gsi_bench_builders.photos.surfaces import outline_around, seen_around
from gsi_bench_builders.photos.view import PhotoView
from gsi_bench_builders.polygons import depth_inside, hull
from gsi_bench_builders.scene import AssetInfo, Light, Receptacle, Room, Scene, Support, Thing
from gsi_bench_builders.supports import find_supports, is_container

__all__ = ["PhotoScene", "photo_scene", "thing_of"]

_THIN_M = 0.01  # of a surface's box
_SUNK_M = 0.05  # below its level, so that it meets nothing that stands on it


@dataclasses.dataclass(frozen=True)
class PhotoScene(Scene):
    """A scene that a photograph shows; `view` has its pixels. States of it after an edit have the same."""

    view: PhotoView | None = dataclasses.field(default=None, compare=False, repr=False)


def photo_scene(capture: Capture, view: PhotoView, scene_id: str) -> tuple[PhotoScene, Counter[str]]:
    """The scene of a photograph, and why how many boxes are not in it."""
    left_out: Counter[str] = Counter(capture.left_out)
    things = []
    for box in capture.boxes:
        found = thing_of(box, capture)
        if (problem := view.problem(found)) is not None:
            left_out[problem] += 1
            continue
        left_out["no_noun"] += not found.info.nameable
        things.append(found)
    carried = _carried(things, {b.id: b.on for b in capture.boxes}, view)
    lowest = min((t.base_z for t in carried), default=0.0)
    scene = PhotoScene(
        scene_id,
        tuple(_put(carried, _surfaces(carried, capture.surfaces, view))),
        Support("floor", "地板", (0.0, 0.0), (0.0, 0.0), lowest),  # nothing stands on it: see `_surfaces`
        Room("photograph", 0),
        Light(),
        view.camera,
        view=view,
    )
    return scene, +left_out


def thing_of(box: PhotoBox, capture: Capture) -> Thing:
    """The object of a box; without a Chinese noun it is not spoken of."""
    noun, known = nouns_of(box.noun)
    noun_zh, rights = box.noun_zh or known, capture.rights
    # What leans is held by what it leans on.
    leans = box.rotation[2][2] < math.cos(math.radians(LIMITS.upright_deg))
    info = AssetInfo(
        key=f"photo:{capture.id}:{box.id}",
        category=noun,
        category_zh=noun_zh or noun,
        size=box.size,
        symmetry=box.symmetry or symmetry_of(noun, box.size),
        colour=box.colour,
        colour_zh=box.colour_zh,
        nameable=noun_zh is not None,
        also=also_of(noun),
        hold=box.hold or ("hung" if leans else hold_of(noun)),
        origin=rights.origin,
        licence=rights.licence or "unknown",
        attribution=rights.attribution or "–",
        redistributable=bool(rights.redistributable),
    )
    return Thing(box.id, info, box.centre, box.rotation)


def _carried(things: Sequence[Thing], told: dict[str, str | None], view: PhotoView) -> list[Thing]:
    """The things with what carries them, which then is a receptacle."""
    there = {t.id for t in things}
    lowest = min((t.base_z for t in things), default=0.0)
    found = list(find_supports(things, lowest, contact_m=LIMITS.contact_m))
    found = [dataclasses.replace(t, on=told[t.id]) if told.get(t.id) in there else t for t in found]
    # What hangs is held by its wall, whatever is below it.
    found = [dataclasses.replace(t, on=None) if t.info.hold == "hung" else t for t in found]
    loads: dict[str, list[Thing]] = {}
    for thing in found:
        if thing.on is not None:
            loads.setdefault(thing.on, []).append(thing)
    return [_receptacle(t, loads[t.id], view) if t.id in loads else t for t in found]


def _receptacle(thing: Thing, load: list[Thing], view: PhotoView) -> Thing:
    """A thing that carries others: on its top, in it, or, as a sofa, on a level of its own that is smaller than its box."""
    width, depth, height = thing.size
    feet = [t.base_z - thing.base_z for t in load]
    below_top = min(feet) < height - 2 * LIMITS.contact_m
    outline = [(-width / 2, -depth / 2), (width / 2, -depth / 2), (width / 2, depth / 2), (-width / 2, depth / 2)]
    if below_top and not is_container(thing):
        outline = _own_outline(thing, _level_outline(load, view))
    relation = "in" if below_top and is_container(thing) else "on"
    carries = Receptacle(relation, tuple(outline), float(np.median(feet)))  # type: ignore[arg-type]
    return dataclasses.replace(thing, info=dataclasses.replace(thing.info, receptacle=carries))


def _level_outline(load: list[Thing], view: PhotoView) -> NDArray[np.float64]:
    """What is seen of the level that things stand on (world x, y); at least what they cover of it themselves."""
    lowest = min(load, key=lambda t: t.base_z)
    others = [footprint(t) for t in load if t.id != lowest.id]
    found = None
    if view.points is not None:
        found = seen_around(footprint(lowest), lowest.base_z, view.points, view.camera, others)
    return hull(np.concatenate([footprint(lowest), *others])) if found is None else np.array(found)


def _own_outline(thing: Thing, corners: NDArray[np.float64]) -> list[tuple[float, float]]:
    """World corners (n×2) along a thing's own right and forward."""
    flat = (corners - thing.position[:2]) @ np.array(thing.rotation)[:2, :2]
    return [(float(x), float(y)) for x, y in flat]


def _surfaces(things: Sequence[Thing], known: Sequence[Surface], view: PhotoView) -> list[tuple[str, Surface]]:
    """(id of what stands on it, surface) of the things that no other carries, and that can be moved."""
    loose = [t for t in things if t.on is None and t.info.hold == "free"]
    found = []
    for thing in loose:
        surface = _known_under(thing, known) or _seen_under(thing, things, view) or _beside(thing, loose, view)
        if surface is not None:
            found.append((thing.id, surface))
    return found


def _known_under(thing: Thing, known: Sequence[Surface]) -> Surface | None:
    for surface in known:
        over = depth_inside(np.array([thing.position[:2]]), np.array(surface.outline)).min() >= 0
        if over and abs(surface.z - thing.base_z) <= LIMITS.contact_m:
            return surface
    return None


def _seen_under(thing: Thing, things: Sequence[Thing], view: PhotoView) -> Surface | None:
    if view.points is None:
        return None
    level = [t for t in things if t.id != thing.id and abs(t.base_z - thing.base_z) <= LIMITS.contact_m]
    outline = seen_around(footprint(thing), thing.base_z, view.points, view.camera, [footprint(t) for t in level])
    return None if outline is None else Surface(outline, thing.base_z)


def _beside(thing: Thing, loose: Sequence[Thing], view: PhotoView) -> Surface | None:
    """Where nothing tells how far a surface goes."""
    if view.points is not None:
        return None  # depth would have shown it
    level = [t for t in loose if abs(t.base_z - thing.base_z) <= LIMITS.contact_m]
    corners = np.concatenate([footprint(t) for t in level])
    return Surface(outline_around(corners, view.camera, LIMITS.reach_m), thing.base_z)


def _put(things: Sequence[Thing], found: Sequence[tuple[str, Surface]]) -> list[Thing]:
    """The things on their surfaces, these behind them: an object's number is its place."""
    surfaces = [_surface_thing(number, surface) for number, (_, surface) in enumerate(found)]
    under = {id_: surface.id for surface, (id_, _) in zip(surfaces, found, strict=True)}
    return [dataclasses.replace(t, on=under.get(t.id, t.on)) for t in things] + surfaces


def _surface_thing(number: int, surface: Surface) -> Thing:
    outline: NDArray[np.float64] = np.array(surface.outline)
    low, high = outline.min(axis=0), outline.max(axis=0)
    middle = (low + high) / 2
    size = (float(high[0] - low[0]), float(high[1] - low[1]), _THIN_M)
    carries = Receptacle("on", tuple((float(x), float(y)) for x, y in outline - middle), _SUNK_M + _THIN_M)
    info = AssetInfo(
        f"surface:{number}", "surface", "表面", size, receptacle=carries, nameable=False, hold="built", part_of_room=True
    )
    return Thing(f"surface:{number}", info, (float(middle[0]), float(middle[1]), surface.z - _SUNK_M - _THIN_M / 2))
