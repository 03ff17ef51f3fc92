"""Other looks of an edit's states: same things in the same places, physically valid, and no draw that others depend on."""

import dataclasses
import math

import numpy as np
import pytest

from gsi_bench_builders.edits.base import Edit
from gsi_bench_builders.production.variants import variants_of
from gsi_bench_dataset.records import Operation


@pytest.fixture
def move(tools):
    scene = tools.scene(tools.thing("mug", 0, (0.0, 0.0)), tools.thing("bowl", 0, (0.3, 0.1)))
    before = scene.thing("mug_0")
    after = scene.with_things([before.moved((0.1, 0.0, 0.0))])
    return Edit("move", "shift", "mug_0", None, scene, after, Operation(kind="move", distance_m=0.1), "", "")


def variants(edit, probe, seed=0):
    return {v.name: v for v in variants_of(edit, probe, np.random.default_rng(seed))}


def test_right_no_and_opposite_edit_come_in_other_light_and_top(move, probe):
    found = variants(move, probe)
    for prefix, base, progress in (("", "grade100", 1.0), ("source_", "grade000", 0.0), ("opposite_", "opposite", None)):
        for look in ("relit", "retextured"):
            variant = found[f"{prefix}{look}"]
            assert variant.scene.things == found[base].scene.things
            assert variant.progress == progress
        assert found[f"{prefix}relit"].scene.light != move.before.light
        assert found[f"{prefix}relit"].scene.room == move.before.room
        assert found[f"{prefix}retextured"].scene.light == move.before.light
        assert found[f"{prefix}retextured"].scene.room.top is not None


def test_all_looks_of_an_edit_share_one_light_and_one_top(move, probe):
    found = variants(move, probe)
    for look in ("relit", "retextured"):
        shown = {(v.scene.light, v.scene.room) for name, v in found.items() if name.endswith(look)}
        assert len(shown) == 1


def test_an_impossible_opposite_has_no_other_looks_either(move, probe, tools):
    blocked = tools.thing("box", 0, (-0.1, 0.0))
    edit = dataclasses.replace(
        move,
        before=dataclasses.replace(move.before, things=(*move.before.things, blocked)),
        after=dataclasses.replace(move.after, things=(*move.after.things, blocked)),
    )
    found = variants(edit, probe)
    assert "opposite" not in found
    assert {name for name in found if name.startswith("opposite_")} == set()
    assert "source_retextured" in found


def test_half_a_turn_has_no_opposite(move, probe):
    thing = move.before.thing("mug_0")
    edit = dataclasses.replace(
        move,
        kind="rotate",
        effect="turn",
        after=move.before.with_things([thing.turned(math.pi)]),
        operation=Operation(kind="rotate", angle_deg=180.0),
    )
    assert not [name for name in variants(edit, probe) if name.startswith("opposite")]
