"""Turn an object about the vertical through its middle."""

from __future__ import annotations

import math

from gsi_bench_builders import wording
from gsi_bench_builders.edits.base import Edit, Rejected
from gsi_bench_builders.edits.checks import Search
from gsi_bench_builders.edits.naming import name_of
from gsi_bench_dataset.records import Operation

__all__ = ["propose"]

# Turns (degrees) after which a thing looks the same are multiples of these; 0: all of them.
_PERIODS = {"none": 360, "2-fold": 180, "4-fold": 90, "continuous": 0}


def propose(search: Search) -> Edit:
    """A checked turn; raises `Rejected`."""
    thing = search.pick_target()
    turns = search.options.turns_deg
    degrees = turns[int(search.rng.integers(len(turns)))]
    period = _PERIODS[thing.info.symmetry]
    if period == 0 or degrees % period == 0:
        raise Rejected("symmetric")
    name = name_of(search.scene, thing, search.rng)
    load = search.with_load(thing)
    after = search.scene.with_things([t.turned(math.radians(degrees), about=thing.position) for t in load])
    search.check_standing(after, [t.id for t in load])
    search.check_seen(after, thing.id)
    direction = None if abs(degrees) == 180 else "counterclockwise" if degrees > 0 else "clockwise"
    operation = Operation(kind="rotate", direction=direction, angle_deg=float(abs(degrees)))
    prompt, prompt_zh = wording.rotate(name, direction, abs(degrees), search.rng)
    return Edit("rotate", thing.id, search.scene, after, operation, prompt, prompt_zh)
