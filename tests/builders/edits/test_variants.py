"""Other looks of an edit's states: same things in the same places, physically valid, and no draw that others depend on."""

import dataclasses
import math

import numpy as np
import pytest

from gsi_bench_builders.edits.base import Edit
from gsi_bench_builders.interiors import Lamp
from gsi_bench_builders.production.variants import variants_of
from gsi_bench_dataset.records import Operation
from gsi_bench_dataset.variants import VARIANTS


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


def spoiled(found, name):
    return found[name].scene.thing("mug_0")


def test_spoiled_targets_stand_at_the_goal(move, probe):
    found, goal = variants(move, probe), move.after.thing("mug_0")
    for name, up in (("toppled", 0.0), ("upside_down", -1.0), ("stretched", 1.0)):
        mug = spoiled(found, name)
        assert mug.rotation[2][2] == pytest.approx(up, abs=1e-9)
        assert mug.base_z == pytest.approx(goal.base_z)
        assert mug.position[:2] == pytest.approx(goal.position[:2])
        assert found[name].progress is None
    assert np.prod(spoiled(found, "stretched").size) == pytest.approx(np.prod(goal.size))
    assert spoiled(found, "stretched").size[2] == pytest.approx(2 * goal.size[2])


def test_other_objects_are_spoiled_beside_the_right_edit(move, probe):
    found, bowl = variants(move, probe), move.after.thing("bowl_0")
    for name in ("other_resized", "other_toppled"):
        assert spoiled(found, name) == move.after.thing("mug_0")
    assert found["other_resized"].scene.thing("bowl_0").size == pytest.approx([s / 2 for s in bowl.size])
    assert found["other_toppled"].scene.thing("bowl_0").rotation[2][2] == pytest.approx(0, abs=1e-9)


def test_an_extra_copy_stands_beside_the_right_edit(move, probe):
    scene = variants(move, probe)["extra_copy"].scene
    assert scene.thing("mug_0") == move.after.thing("mug_0")
    step = np.subtract(scene.thing("mug_0_copy").position, scene.thing("mug_0").position)
    assert np.linalg.norm(step) > max(scene.thing("mug_0").size[:2])
    assert step[2] == 0


def test_a_removal_and_a_camera_have_no_spoiled_target(move, probe):
    removal = dataclasses.replace(move, kind="remove", effect="remove", after=move.before.without(["mug_0"]))
    assert not {"toppled", "upside_down", "stretched", "extra_copy"} & variants(removal, probe).keys()
    assert "other_toppled" in variants(removal, probe)


def test_in_a_closed_room_the_lamps_are_what_differs(move, probe):
    lamps = (Lamp((0, 0, 2.4), (0, 0, -1), (1, 1), 60.0, 0.2), Lamp((1, 0, 1.5), (-1, 0, 0), (1, 1), 40.0))
    lit = dataclasses.replace(move.before.light, lamps=lamps)
    edit = dataclasses.replace(
        move, before=dataclasses.replace(move.before, light=lit), after=dataclasses.replace(move.after, light=lit)
    )
    relit = variants(edit, probe)["relit"].scene.light.lamps
    assert [lamp.position for lamp in relit] == [lamp.position for lamp in lamps]
    shares = [new.power / old.power for new, old in zip(relit, lamps, strict=True)]
    assert max(shares) >= 1.3 and min(shares) <= 0.7


@pytest.mark.parametrize("hold", ["hung", "built"])
def test_what_is_held_is_no_wrong_object(hold, move, probe):
    bowl = move.before.thing("bowl_0")
    held = dataclasses.replace(bowl, info=dataclasses.replace(bowl.info, hold=hold))
    edit = dataclasses.replace(move, before=move.before.with_things([held]), after=move.after.with_things([held]))
    assert "wrong_object" in variants(move, probe)
    assert not {"wrong_object", "other_resized", "other_toppled"} & set(variants(edit, probe))


def test_chosen_versions_equal_those_of_all(move, probe):
    whole = variants(move, probe)
    some = {v.name: v for v in variants_of(move, probe, np.random.default_rng(0), ["opposite", "relit"])}
    assert set(some) == {"grade000", "grade100", "opposite", "relit"}
    assert all(some[name].scene == whole[name].scene for name in some)


def test_every_version_has_a_name_of_the_vocabulary(move, probe):
    assert set(variants(move, probe)) <= set(VARIANTS)
