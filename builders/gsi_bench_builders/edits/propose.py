"""Looks for edits of a scene: each operation in turn, so that a crowded scene does not end up with the easy ones alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np

from gsi_bench_builders.edits import move, place, relate, remove, rotate, scale, view
from gsi_bench_builders.edits.base import Edit, EditOptions, Rejected
from gsi_bench_builders.edits.checks import Search
from gsi_bench_builders.engine import Probe
from gsi_bench_builders.scene import Scene

__all__ = ["propose_edits"]

_PROPOSERS: dict[str, Callable[[Search], Edit]] = {
    "move": move.propose,
    "relate": relate.propose,
    "place": place.propose,
    "rotate": rotate.propose,
    "scale": scale.propose,
    "remove": remove.propose,
    "view": view.propose,
}


def propose_edits(
    scene: Scene, probe: Probe, rng: np.random.Generator, options: EditOptions, count: int, *, min_target_px: float
) -> tuple[list[Edit], Counter[str]]:
    """Up to `count` different checked edits of a scene, and why other proposals were dropped.

    Args:
        min_target_px: smallest shorter side of a target's picture.
    """
    search = Search(scene, probe, rng, options, min_target_px)
    rejected: Counter[str] = Counter()
    found: dict[tuple[object, ...], Edit] = {}
    kinds = [options.kinds[i] for i in rng.permutation(len(options.kinds))]
    while kinds and len(found) < count:
        for kind in list(kinds):
            if len(found) == count:
                break
            edit = _one(search, kind, found, rejected)
            if edit is None:
                kinds.remove(kind)
            else:
                found[_signature(edit)] = edit
    return list(found.values()), rejected


def _one(search: Search, kind: str, found: dict[tuple[object, ...], Edit], rejected: Counter[str]) -> Edit | None:
    """One new edit of a kind; None where none turns up."""
    for _ in range(search.options.attempts):
        try:
            edit = _PROPOSERS[kind](search)
            if _signature(edit) in found:
                raise Rejected("repeated")
        except Rejected as no:
            rejected[no.reason] += 1
        else:
            return edit
    return None


def _signature(edit: Edit) -> tuple[object, ...]:
    """What makes two edits the same to an editor, whatever the wording."""
    asked = edit.operation
    place = (asked.direction, asked.distance_m, asked.angle_deg, asked.factor, asked.reference, asked.receptacle)
    return (edit.kind, None if edit.kind == "view" else edit.target, *place)
