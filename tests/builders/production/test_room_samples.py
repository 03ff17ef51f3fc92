"""Rooms through the real renderer: mirrors show what stands before them, and samples agree with their images."""

import dataclasses

import numpy as np
import pytest

from gsi_bench_builders.assets.library import asset
from gsi_bench_builders.composition.interiors.light import room_light
from gsi_bench_builders.edits.base import SETTINGS
from gsi_bench_builders.edits.reflections import mirrored, reflected_ids
from gsi_bench_builders.edits.registry import ROOM_OPERATIONS
from gsi_bench_builders.interiors import Opening, Plan
from gsi_bench_builders.polygons import depth_inside, hull
from gsi_bench_builders.production.runner import build
from gsi_bench_builders.production.scene_work import SceneJob
from gsi_bench_builders.recipes.rooms import EmbeddedRooms, RoomError
from gsi_bench_builders.scene import Camera, Room, Scene, Support, Thing
from gsi_bench_dataset.storage.shards import read_dataset

pytest.importorskip("bpy", reason="needs the blender extra")
pytestmark = pytest.mark.slow

PLAN = Plan((-1.2, 1.2), (-1.2, 1.2), 2.4, (Opening("window", "west", (-0.4, 0.4), (1.0, 2.0)),))


@pytest.fixture(scope="module")
def before_a_mirror() -> Scene:
    """A plant on a stool, which a mirror on the far wall shows a second time."""
    stool, plant, glass = (asset(key).info for key in ("embedded:stool:1", "embedded:plant:1", "embedded:mirror:1"))
    seat = Thing("stool_1", stool, (0.3, 0.3, stool.size[2] / 2))
    pot = Thing("plant_1", plant, (0.3, 0.3, stool.size[2] + plant.size[2] / 2), on="stool_1")
    hung = Thing("mirror_1", glass, (0.0, 1.2 - glass.size[1] / 2 - 0.002, 0.8))
    camera = Camera.look_at((-0.5, -1.0, 1.3), (0.1, 0.6, 0.7), 62, 160, 160)
    support = Support("floor", "地板", PLAN.x, PLAN.y, 0.0)
    light = room_light(PLAN, np.random.default_rng(0))
    return Scene("mirrored", (seat, pot, hung), support, Room("apartment", 3, plan=PLAN), light, camera)


def test_a_reflection_goes_with_its_object_and_nothing_else_does(before_a_mirror, blender_engine, tiny):
    scene = before_a_mirror
    assert "plant_1" in reflected_ids(scene)
    preset = dataclasses.replace(tiny, samples=8, bounces=(4, 2, 2))
    blender_engine.load(scene)
    with_it = blender_engine.render(scene, preset, 1)
    without = blender_engine.render(scene.without(["plant_1"]), preset, 1)
    changed = np.abs(with_it.rgb.astype(int) - without.rgb).max(axis=2) > 60
    rows, columns = np.nonzero(changed & (with_it.instance_ids == 3))  # in the mirror
    assert len(rows) > 15
    image = mirrored(blender_engine.mesh_points(scene, "plant_1"), scene.thing("mirror_1"))
    outline = hull(scene.camera.project(image))
    inside = depth_inside(np.column_stack([columns, rows]) + 0.5, outline) > -2
    assert inside.mean() > 0.9
    # The mask and the depth know the glass, not what it shows.
    mirror = with_it.instance_ids == 3
    assert np.array_equal(with_it.depth_m[mirror], without.depth_m[mirror])


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    out = tmp_path_factory.mktemp("rooms") / "GSI-Bench"
    job = SceneJob("robothor", "test", seed=5, edits=6, kinds=ROOM_OPERATIONS, options=SETTINGS["room"])
    summary = build(EmbeddedRooms(("living", "bathroom")), job, out, 2, workers=1, quiet=True)
    return summary, list(read_dataset(out, "robothor"))


def test_rooms_give_samples_that_agree_with_their_images(built):
    summary, samples = built
    assert not summary.failures
    # In so small an image the tip of a leaf may be thinner than a pixel; such a sample is dropped.
    assert summary.counts("disagreed").total() <= 0.2 * len(samples)
    assert len(samples) >= 8
    assert {s.scene_id for s in samples} == {"s00000_living", "s00001_bathroom"}
    assert all(s.up_source == "engine" and s.redistributable and s.origin == "demo" for s in samples)


def test_most_of_what_is_proposed_holds(built):
    summary, samples = built
    refused = summary.counts("rejected")
    proposed = len(samples) + sum(n for reason, n in refused.items() if reason not in ("infeasible", "no_candidate"))
    assert len(samples) >= 0.6 * proposed, refused


def test_unknown_rooms_are_named():
    with pytest.raises(RoomError, match="expected interiors out of living, studio, bathroom; found attic"):
        EmbeddedRooms(("attic",))


def test_after_other_light_and_floor_an_image_is_what_it_was(before_a_mirror, blender_engine, tiny):
    scene = before_a_mirror
    other = tuple(dataclasses.replace(lamp, power=0.5 * lamp.power) for lamp in scene.light.lamps)
    dimmed = dataclasses.replace(scene, light=dataclasses.replace(scene.light, lamps=other))
    floored = dataclasses.replace(scene, room=dataclasses.replace(scene.room, top=5))
    blender_engine.load(scene)
    first = blender_engine.render(scene, tiny, 1).rgb
    changed = [blender_engine.render(state, tiny, 1).rgb for state in (dimmed, floored)]
    assert all(np.abs(first.astype(int) - rgb).mean() > 2 for rgb in changed)
    assert np.array_equal(blender_engine.render(scene, tiny, 1).rgb, first)
