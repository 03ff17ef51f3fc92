"""Put an object on or in another one: anywhere on its carrying surface, or in the middle of it."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from gsi_bench_builders import wording
from gsi_bench_builders.edits.base import Edit, Rejected
from gsi_bench_builders.edits.checks import Search, footprint, inside_polygon
from gsi_bench_builders.edits.naming import name_of
from gsi_bench_builders.scene import Thing
from gsi_bench_dataset.records import Operation

__all__ = ["propose"]

_SPOTS = 12  # places tried on one receptacle
_MIDDLE_SHARE = 0.4  # of the instructions that name the middle


def propose(search: Search) -> Edit:
    """A checked placement; raises `Rejected`."""
    thing = search.pick_target()
    if search.scene.carried_by(thing.id):
        raise Rejected("carries_load")
    receptacle = _receptacle(search, thing)
    name, onto = name_of(search.scene, thing, search.rng), name_of(search.scene, receptacle, search.rng)
    outline = receptacle.receptacle_outline()
    middle = search.rng.random() < _MIDDLE_SHARE
    placed = _placed(search, thing, outline, middle)
    placed = dataclasses.replace(placed, on=receptacle.id)
    after = search.scene.with_things([placed])
    search.check_standing(after, [thing.id])
    search.check_seen(after, thing.id)
    relation = receptacle.info.receptacle.relation if receptacle.info.receptacle else "on"
    operation = Operation(
        kind="place",
        direction="center" if middle else None,
        receptacle=onto.en,
        region=search.scene.camera.to_camera(outline).tolist(),
    )
    prompt, prompt_zh = wording.place(name, onto, relation, middle, search.rng)
    return Edit("place", thing.id, search.scene, after, operation, prompt, prompt_zh)


def _receptacle(search: Search, thing: Thing) -> Thing:
    """Something that could carry the thing, is well seen, and that the thing does not stand on already."""
    fits = [
        t
        for t in search.scene.things
        if t.info.receptacle is not None and t.info.nameable and t.is_upright and t.id not in (thing.id, thing.on)
        and _room(t) > float(np.ptp(footprint(thing), axis=0).min())
    ]  # fmt: skip
    fits = [t for t in fits if search.coverage(t.id).share >= search.options.visible_share]
    if not fits:
        raise Rejected("no_candidate")
    return fits[int(search.rng.integers(len(fits)))]


def _room(receptacle: Thing) -> float:
    """Longest extent of the carrying surface."""
    return float(np.ptp(receptacle.receptacle_outline()[:, :2], axis=0).max())


def _placed(search: Search, thing: Thing, outline: NDArray[np.float64], middle: bool) -> Thing:
    """The thing standing on the surface, its whole base inside the outline."""
    height = float(outline[:, 2].mean())
    centre = outline[:, :2].mean(axis=0)
    for _ in range(1 if middle else _SPOTS):
        share = search.rng.dirichlet(np.ones(len(outline)))  # a point of the convex outline
        spot = centre if middle else share @ outline[:, :2]
        step = (spot[0] - thing.position[0], spot[1] - thing.position[1], height - thing.base_z)
        moved = thing.moved(step)
        if inside_polygon(footprint(moved), outline[:, :2]):
            return moved
    raise Rejected("off_support")
