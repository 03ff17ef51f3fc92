"""Move an object left, right, nearer or farther by whole centimetres along the ground, as the camera sees it."""

from __future__ import annotations

import numpy as np

from gsi_bench_builders import wording
from gsi_bench_builders.edits.base import Edit
from gsi_bench_builders.edits.checks import Search
from gsi_bench_builders.edits.naming import name_of
from gsi_bench_builders.scene import Scene
from gsi_bench_dataset.records import Operation

__all__ = ["DIRECTIONS", "direction_on_ground", "propose"]

DIRECTIONS = ("left", "right", "front", "behind")


def propose(search: Search) -> Edit:
    """A checked move; raises `Rejected`."""
    thing = search.pick_target()
    direction = DIRECTIONS[int(search.rng.integers(len(DIRECTIONS)))]
    low, high = search.options.move_cm
    centimetres = int(search.rng.integers(low, high + 1))
    name = name_of(search.scene, thing, search.rng)
    step = direction_on_ground(search.scene, direction) * centimetres / 100
    load = search.with_load(thing)
    after = search.scene.with_things([t.moved(step.tolist()) for t in load])
    search.check_changes(after, thing.id)
    search.check_standing(after, [t.id for t in load])
    search.check_seen(after, thing.id)
    operation = Operation(kind="move", direction=direction, distance_m=centimetres / 100, frame="camera")
    prompt, prompt_zh = wording.move(name, direction, centimetres, search.rng)
    return Edit("move", thing.id, search.scene, after, operation, prompt, prompt_zh)


def direction_on_ground(scene: Scene, direction: str) -> np.ndarray:
    """Unit world vector of a direction as the camera sees it."""
    right, away = scene.camera.flat_axes()
    return {"left": -right, "right": right, "front": -away, "behind": away}[direction]
