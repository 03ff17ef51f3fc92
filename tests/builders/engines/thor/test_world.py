import dataclasses
import math

import numpy as np
import pytest

from gsi_bench_builders.engine import EngineError
from gsi_bench_builders.engines.thor.conversions import AgentView, Pivot, camera_of
from gsi_bench_builders.engines.thor.metadata import MetadataError, read_objects
from gsi_bench_builders.engines.thor.unity.simulator import SimulatorGoneError
from gsi_bench_builders.engines.thor.unity.states import base_of, differences, reason_of

# From beside the table, at what stands on it.
VIEW = AgentView((2.6, 1.575, 1.5), 0.0, 30.0)


def named(world, category):
    """The first object of a category."""
    return next(o for o in world.objects.values() if o.category == category)


def shifted(pivot, x=0.0, y=0.0, z=0.0, yaw=0.0):
    position = tuple(p + d for p, d in zip(pivot.position, (x, y, z), strict=True))
    return Pivot(position, (pivot.angles[0], pivot.angles[1] + yaw, pivot.angles[2]))


def unchanged(world, snapshot):
    return differences(snapshot, world.objects, world.view, world.options) == []


def test_objects_are_read_with_their_boxes_and_bearings(world):
    here = world()
    mug, counter = named(here, "Mug"), named(here, "CounterTop")
    assert (mug.box_source, counter.box_source, mug.loose, counter.loose) == ("oriented", "aabb", True, False)
    assert np.allclose(mug.box.size, (0.12, 0.09, 0.1)) and base_of(mug) == pytest.approx(0.75)
    assert here.objects[mug.parents[0]].category == "DiningTable"


def test_objects_without_any_oriented_box_are_still_read(world):
    here = world(no_boxes="all")
    assert {o.box_source for o in here.objects.values()} == {"aabb"} and len(here.objects) > 10


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"axisAlignedBoundingBox": None, "objectOrientedBoundingBox": None}, "no box"),
        ({"objectOrientedBoundingBox": {"cornerPoints": [[0, 0, 0]] * 7}}, "malformed object"),
        ({"position": {"x": math.nan, "y": 0, "z": 0}}, "malformed object"),
        ({"rotation": None}, "malformed object"),
        ({"isPickedUp": True}, "in the agent's hand"),
    ],
)
def test_an_object_that_is_not_sound_is_left_out_by_reason(world, change, reason):
    rows = [dict(row) for row in world().metadata["objects"]]
    rows[5].update(change)
    objects, left_out = read_objects({"objects": rows, "sceneName": "x"})
    assert (len(objects), dict(left_out)) == (len(rows) - 1, {reason: 1})


@pytest.mark.parametrize("rows", [None, [{"objectType": "Mug"}], "objects"])
def test_a_scene_without_objects_is_named(rows):
    with pytest.raises(MetadataError, match="scene 'x'"):
        read_objects({"objects": rows, "sceneName": "x"})


def test_the_camera_goes_where_it_is_sent_and_sees_what_is_there(world):
    here = world(size=(160, 120))
    assert here.look(VIEW).ok
    shot = here.draw()
    assert np.allclose(shot.camera.position, camera_of(VIEW, 90, 160, 120).position)
    for thing in here.objects.values():
        mask = shot.mask(thing.id)
        if thing.box_source == "oriented" and mask.sum() > 30:
            # Every pixel of the object unprojects into its box.
            rows, columns = np.nonzero(mask)
            depth = shot.depth_m[mask][:, None].astype(float)
            pixels = np.column_stack([columns + 0.5, rows + 0.5]) - (80, 60)
            points = np.hstack([pixels / shot.camera.focal * depth, depth]) @ np.array(shot.camera.rotation)
            own = (points + shot.camera.position - thing.box.centre) @ np.array(thing.box.rotation)
            assert (np.abs(own) < np.array(thing.box.size) / 2 + 1e-4).all(), thing.id
    assert shot.mask(named(here, "Mug").id).sum() > 30


def test_what_is_no_object_has_no_number(world):
    here = world()
    shot = here.draw()
    assert (shot.numbers == 0).any() and np.isfinite(shot.depth_m).all()  # the wall
    assert not shot.mask("Wall").any()


@pytest.mark.parametrize(
    ("view", "reason"),
    [
        (AgentView((2.6, 1.575, 2.6), 0, 0), "collision"),  # in the table
        (AgentView((9.0, 1.575, 2.0), 0, 0), "engine_error"),  # nothing to collide with; Unity goes there or says why
        (AgentView((1.0, 1.575, 1.0), 0, 75), "engine_error"),
    ],
)
def test_a_view_that_the_agent_cannot_take_is_refused(world, view, reason):
    outcome = world().look(view)
    assert outcome.ok or outcome.reason == reason


def test_a_camera_that_ends_elsewhere_is_no_success(world):
    outcome = world(agent_off=0.02).look(AgentView((1.2, 1.575, 1.3), 0, 0))
    assert (outcome.ok, outcome.reason) == (False, "engine_error") and "20.0 mm" in outcome.message


def test_a_move_ends_where_it_was_asked_to(world):
    here = world()
    mug = named(here, "Mug")
    outcome = here.move(mug.id, shifted(mug.pivot, x=-0.05, z=0.03, yaw=40))
    assert outcome.ok and not outcome.others, outcome
    assert np.allclose(outcome.after.box.centre, np.array(outcome.after.pivot.position)[[0, 2, 1]], atol=0.06)
    assert outcome.after.pivot.angles[1] == pytest.approx(mug.pivot.angles[1] + 40)
    assert base_of(outcome.after) == pytest.approx(base_of(mug), abs=1e-6)


@pytest.mark.parametrize(
    ("category", "by", "reason"),
    [
        ("Mug", {"x": 0.3, "y": -0.02}, "collision"),  # into the table
        ("Mug", {"x": 1.2}, "unstable"),  # over the table's edge: it falls
        ("Mug", {"y": 0.3}, "unstable"),  # in the air
        ("DiningTable", {"z": -0.7}, "unstable"),  # what stands on it stays behind
        ("CounterTop", {"x": -0.1}, "not_movable"),
    ],
)
def test_a_move_that_does_not_hold_leaves_the_scene_as_it_was(world, category, by, reason):
    here = world()
    before, thing = here.snapshot(), named(here, category)
    outcome = here.move(thing.id, shifted(thing.pivot, **by))
    assert (outcome.ok, outcome.reason) == (False, reason), outcome
    assert unchanged(here, before)
    assert not here.move("Mug|nowhere", thing.pivot).ok


def test_an_object_is_placed_on_the_first_free_point(world):
    here = world()
    bowl, laptop = named(here, "Bowl"), named(here, "Laptop")
    counter = named(here, "CounterTop")
    taken = laptop.pivot.position
    free = (4.6, 1.2, 1.5)
    outcome = here.place(bowl.id, [(taken[0], 0.76, taken[2]), free])
    assert outcome.ok, outcome
    assert np.allclose(np.array(outcome.after.pivot.position)[[0, 2]], np.array(free)[[0, 2]])
    assert base_of(outcome.after) == pytest.approx(0.9) and outcome.after.parents == (counter.id,)


def test_spots_of_a_receptacle_lie_on_its_top(world):
    here = world()
    counter, bowl = named(here, "CounterTop"), named(here, "Bowl")
    spots = here.spots(counter.id)
    assert len(spots) == 441 and {round(y, 6) for _, y, _ in spots} == {0.9}
    outcome = here.place(bowl.id, spots)  # those at the rim would have it in the wall
    assert outcome.ok and outcome.after.parents == (counter.id,)
    with pytest.raises(EngineError, match="has no places"):
        here.spots(named(here, "Book").id)


def test_a_place_without_room_is_refused(world):
    here = world()
    before, laptop = here.snapshot(), named(here, "Laptop").pivot.position
    outcome = here.place(named(here, "Bowl").id, [(laptop[0], 0.76, laptop[2])])
    assert (outcome.ok, outcome.reason) == (False, "collision") and unchanged(here, before)
    outside = here.place(named(here, "Bowl").id, [(7.0, 1.0, 2.0)])
    assert (outside.ok, outside.reason) == (False, "out_of_bounds") and unchanged(here, before)


@pytest.mark.parametrize("factor", [0.5, 1.5])
def test_a_scaled_object_stands_as_it_stood(world, factor):
    here = world()
    vase = named(here, "RemoteControl")
    outcome = here.scale(vase.id, factor)
    assert outcome.ok, outcome
    assert np.allclose(outcome.after.box.size, np.array(vase.box.size) * factor, atol=1e-6)
    assert base_of(outcome.after) == pytest.approx(base_of(vase), abs=1e-6)
    here.restore(dataclasses.replace(here.snapshot(), objects=here.objects))


def test_a_scaling_into_a_neighbour_is_undone(world):
    here = world()
    before = here.snapshot()
    outcome = here.scale(named(here, "Laptop").id, 3.0)
    assert (outcome.ok, outcome.reason) == (False, "collision"), outcome
    assert unchanged(here, before)


def test_a_removal_takes_an_object_away_and_is_undone(world):
    here = world()
    here.look(VIEW)
    before, mug = here.snapshot(), named(here, "Mug")
    assert here.remove(mug.id).ok and mug.id not in here.objects
    assert not here.draw().mask(mug.id).any()
    here.restore(before)
    assert unchanged(here, before) and here.draw().mask(mug.id).any()


def test_a_build_that_goes_on_listing_what_is_gone_is_no_trouble(world):
    here = world(disable_keeps=True)
    before, mug = here.snapshot(), named(here, "Mug")
    assert here.remove(mug.id).ok and mug.id not in here.objects
    here.restore(before)
    assert unchanged(here, before)


def test_a_support_that_is_removed_drops_what_it_carries(world):
    here = world()
    before = here.snapshot()
    outcome = here.remove(named(here, "DiningTable").id)
    assert (outcome.ok, outcome.reason) == (False, "unstable")
    assert any("Mug" in other[0] for other in outcome.others) and unchanged(here, before)


def test_everything_is_restored_to_a_millimetre(world):
    here = world()
    here.look(VIEW)
    before, shot = here.snapshot(), here.draw()
    here.put(named(here, "Mug").id, shifted(named(here, "Mug").pivot, x=0.2, y=0.4, yaw=90))
    here.resize(named(here, "Vase").id, 0.7)
    here.hide(named(here, "Laptop").id)
    here.look(AgentView((1.0, 1.575, 1.0), 90, 0))
    assert not unchanged(here, before)
    here.restore(before)
    assert unchanged(here, before)
    after = here.draw()
    assert np.array_equal(after.rgb, shot.rgb) and np.allclose(after.depth_m, shot.depth_m, atol=1e-6)


def test_what_comes_back_elsewhere_is_put_right(world):
    here = world(enable_shift=0.01)
    before, mug = here.snapshot(), named(here, "Mug")
    here.remove(mug.id)
    here.restore(before)
    assert unchanged(here, before)


def test_what_does_not_obey_is_restored_by_a_fresh_scene(world, monkeypatch):
    here = world()
    here.look(VIEW)
    before, mug = here.snapshot(), named(here, "Mug")
    here.put(mug.id, shifted(mug.pivot, x=0.2))
    step, load, loaded = here.simulator.step, here.simulator.load, []
    monkeypatch.setattr(here.simulator, "step", lambda a, **k: step("Pass" if a == "TeleportObject" else a, **_only_draw(a, k)))
    monkeypatch.setattr(here.simulator, "load", lambda *a: loaded.append(a) or load(*a))
    here.restore(before)
    assert loaded == [("FloorPlan_Train2_1", 96, 64, 90.0)] and unchanged(here, before)


def test_a_scene_that_cannot_be_restored_is_named(world, monkeypatch):
    # The remote control does not obey, and a fresh scene has it elsewhere.
    here = world()
    remote = named(here, "RemoteControl")
    lost = dataclasses.replace(remote, pivot=shifted(remote.pivot, x=0.3))
    wanted = dataclasses.replace(here.snapshot(), objects=dict(here.objects) | {remote.id: lost})
    step = here.simulator.step
    monkeypatch.setattr(here.simulator, "step", lambda a, **k: step("Pass" if a == "TeleportObject" else a, **_only_draw(a, k)))
    with pytest.raises(EngineError, match=r"FloorPlan_Train2_1 cannot be restored: RemoteControl.*300\.0 mm"):
        here.restore(wanted)


def _only_draw(action, arguments):
    return {"draw": arguments["draw"]} if action == "TeleportObject" else arguments


def test_a_snapshot_of_another_scene_is_refused(world):
    here = world()
    before = here.snapshot()
    here.enter("FloorPlan401", 64, 64)
    with pytest.raises(EngineError, match="cannot be restored in FloorPlan401"):
        here.restore(before)


@pytest.mark.parametrize(("x", "free"), [(-0.06, True), (0.66, False)])
def test_a_collision_is_asked_for_without_moving_anything(world, x, free):
    here = world()
    before, mug = here.snapshot(), named(here, "Mug")
    at = shifted(mug.pivot, x=x) if free else named(here, "Laptop").pivot
    found = here.collision(mug.id, at)
    assert (found is None) == free and unchanged(here, before)
    assert free or "colliding" in found


def test_resting_contact_is_no_collision_where_a_build_counts_it(world):
    here = world(contact_collides=True)
    mug = named(here, "Mug")
    assert not here.move(mug.id, mug.pivot).ok
    assert here.collision(mug.id, mug.pivot) is None


def test_a_unity_that_dies_in_an_edit_is_named_and_replaced(world):
    here = world({"action": "TeleportObject", "scene": "FloorPlan_Train2_1", "do": "crash"})
    mug = named(here, "Mug")
    with pytest.raises(SimulatorGoneError, match="scene FloorPlan_Train2_1, at TeleportObject"):
        here.move(mug.id, mug.pivot)
    here.enter("FloorPlan402", 64, 64)
    assert here.move(named(here, "Mug").id, named(here, "Mug").pivot).ok


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("Mug|1 is colliding with Bowl|2 after teleport", "collision"),
        ("Spawn area not clear (Bowl|2), can't place object at that point", "collision"),
        ("Collided with: Chair|3.", "collision"),
        ("Target destination is not in bounds of the scene", "out_of_bounds"),
        ("Cannot find object with id Mug|9", "not_found"),
        ("something new", "engine_error"),
    ],
)
def test_unitys_messages_have_reasons(message, reason):
    assert reason_of(message) == reason
