"""Move an object beside, before or behind another one: centre to centre, by whole centimetres along the ground."""

from __future__ import annotations

import dataclasses

import numpy as np

from gsi_bench_builders import wording
from gsi_bench_builders.edits.base import Edit, Rejected
from gsi_bench_builders.edits.checks import Search
from gsi_bench_builders.edits.move import DIRECTIONS, direction_on_ground
from gsi_bench_builders.edits.naming import name_of
from gsi_bench_builders.scene import Thing
from gsi_bench_dataset.records import Operation

__all__ = ["propose"]


def propose(search: Search) -> Edit:
    """A checked move relative to another object; raises `Rejected`."""
    thing = search.pick_target()
    other = _reference(search, thing)
    name, other_name = name_of(search.scene, thing, search.rng), name_of(search.scene, other, search.rng)
    direction = DIRECTIONS[int(search.rng.integers(len(DIRECTIONS)))]
    along = direction_on_ground(search.scene, direction)
    low, high = search.options.gap_cm
    gap = int(search.rng.integers(low, high + 1)) / 100
    centimetres = int(np.ceil((_reach(thing, along) + _reach(other, along) + gap) * 100))
    x, y, _ = other.position + along * centimetres / 100
    step = (x - thing.position[0], y - thing.position[1], search.scene.support.z - thing.base_z)
    load = search.with_load(thing)
    moved = [t.moved(step) for t in load]
    after = search.scene.with_things([dataclasses.replace(moved[0], on=None), *moved[1:]])
    search.check_changes(after, thing.id)
    search.check_standing(after, [t.id for t in load])
    search.check_seen(after, thing.id)
    operation = Operation(
        kind="move", direction=direction, distance_m=centimetres / 100, frame="camera", reference=other_name.en
    )
    prompt, prompt_zh = wording.relate(name, other_name, direction, centimetres, search.rng)
    return Edit("relate", thing.id, search.scene, after, operation, prompt, prompt_zh)


def _reference(search: Search, thing: Thing) -> Thing:
    """Another well visible thing on the same surface that does not go along."""
    load = {t.id for t in search.with_load(thing)}
    others = [t for t in search.scene.things if t.id not in load and t.on is None and t.info.nameable and t.id != thing.on]
    others = [t for t in others if search.coverage(t.id).share >= search.options.visible_share and not _edge(search, t)]
    if not others:
        raise Rejected("no_candidate")
    return others[int(search.rng.integers(len(others)))]


def _edge(search: Search, thing: Thing) -> bool:
    return search.coverage(thing.id).touches_edge


def _reach(thing: Thing, along: np.ndarray) -> float:
    """Half of a thing's extent in a direction."""
    return float(np.ptp(thing.corners() @ along)) / 2
