"""Take an object away."""

from __future__ import annotations

from gsi_bench_builders import wording
from gsi_bench_builders.edits.base import Edit, Rejected
from gsi_bench_builders.edits.checks import Search
from gsi_bench_builders.edits.naming import name_of
from gsi_bench_dataset.records import Operation

__all__ = ["propose"]


def propose(search: Search) -> Edit:
    """A checked removal; raises `Rejected`."""
    thing = search.pick_target(movable=False)
    if search.scene.carried_by(thing.id):
        raise Rejected("carries_load")
    name = name_of(search.scene, thing, search.rng)
    after = search.scene.without([thing.id])
    prompt, prompt_zh = wording.remove(name, search.rng)
    return Edit("remove", thing.id, search.scene, after, Operation(kind="remove"), prompt, prompt_zh)
