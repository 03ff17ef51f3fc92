"""Make an object larger or smaller about the middle of its base, so that it stays standing."""

from __future__ import annotations

from gsi_bench_builders import wording
from gsi_bench_builders.edits.base import Edit, Rejected
from gsi_bench_builders.edits.checks import Search
from gsi_bench_builders.edits.naming import name_of
from gsi_bench_dataset.records import Operation

__all__ = ["propose"]


def propose(search: Search) -> Edit:
    """A checked change of size; raises `Rejected`."""
    thing = search.pick_target()
    if search.scene.carried_by(thing.id):
        raise Rejected("carries_load")
    factors = search.options.factors
    factor = factors[int(search.rng.integers(len(factors)))]
    name = name_of(search.scene, thing, search.rng)
    after = search.scene.with_things([thing.scaled(factor)])
    search.check_changes(after, thing.id)
    search.check_standing(after, [thing.id])
    search.check_seen(after, thing.id)
    operation = Operation(kind="scale", factor=factor)
    prompt, prompt_zh = wording.scale(name, factor, search.rng)
    return Edit("scale", thing.id, search.scene, after, operation, prompt, prompt_zh)
