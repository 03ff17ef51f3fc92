"""The Blender engine draws what a state says, and nothing else."""

import dataclasses
import math
import sys
import threading

import numpy as np
import pytest

from gsi_bench_builders.assets.library import asset
from gsi_bench_builders.edits.base import EditOptions, Stage
from gsi_bench_builders.edits.turning import told_apart
from gsi_bench_builders.engine import EngineError
from gsi_bench_builders.engines.blender import session
from gsi_bench_builders.frames import unproject
from gsi_bench_builders.scene import Camera, Thing


@pytest.fixture(scope="module")
def engine(blender_engine, three_mugs):
    blender_engine.load(three_mugs)
    return blender_engine


@pytest.fixture(scope="module")
def frame(engine, three_mugs, tiny):
    return engine.render(three_mugs, tiny, seed=3)


def bounds(mask):
    rows, columns = np.nonzero(mask)
    return np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])


def test_projected_meshes_end_where_masks_end(engine, three_mugs, tiny):
    for camera in (
        Camera.look_at((0.3, -0.7, 1.15), (0.0, 0.0, 0.78), 42, 160, 96),
        Camera.look_at((-0.4, -0.7, 1.3), (0.0, 0.0, 0.78), 60, 96, 160),
    ):
        scene = dataclasses.replace(three_mugs, camera=camera)
        shown = engine.render(scene, tiny, seed=0)
        assert shown.rgb.shape == (camera.height, camera.width, 3)
        for number, thing in enumerate(scene.things, start=1):
            pixels = camera.project(engine.mesh_points(scene, thing.id))
            ends = np.concatenate([pixels.min(axis=0), pixels.max(axis=0)])
            assert np.abs(ends - bounds(shown.instance_ids == number)).max() <= 1.0


def test_meshes_fill_the_box_of_their_thing(engine, three_mugs):
    scaled = three_mugs.with_things([dataclasses.replace(three_mugs.things[0], size=(0.2, 0.1, 0.15))])
    thing = scaled.things[0]
    own = (engine.mesh_points(scaled, thing.id) - thing.position) @ np.array(thing.rotation)
    assert np.allclose(own.max(axis=0), np.array(thing.size) / 2, atol=1e-5)
    assert np.allclose(own.min(axis=0), -np.array(thing.size) / 2, atol=1e-5)


def test_depth_of_the_table_is_measured_along_the_viewing_axis(frame, three_mugs):
    rows, columns = np.nonzero(frame.instance_ids == 0)
    points = unproject(frame.camera, np.column_stack([columns, rows]) + 0.5, frame.depth_m[rows, columns].astype(float))
    on_table = (np.abs(points[:, :2]) < 0.3).all(axis=1)
    assert on_table.sum() > 1000
    assert np.abs(points[on_table, 2] - three_mugs.support.z).max() < 1e-4


def test_equal_arguments_give_equal_pixels_after_undone_changes(engine, three_mugs, tiny, frame):
    moved = three_mugs.with_things([three_mugs.things[1].moved((0.04, 0.0, 0.0)).turned(0.3)])
    other = engine.render(moved, tiny, seed=3)
    again = engine.render(three_mugs, tiny, seed=3)
    assert (other.rgb != frame.rgb).any()
    for name in ("rgb", "depth_m", "instance_ids"):
        assert (getattr(again, name) == getattr(frame, name)).all(), name


def test_a_scene_that_is_loaded_again_gives_the_same_pixels(engine, three_mugs, tiny, frame):
    engine.load(dataclasses.replace(three_mugs, things=three_mugs.things[:1]))
    engine.load(three_mugs)
    assert (engine.render(three_mugs, tiny, seed=3).rgb == frame.rgb).all()


def test_the_seed_changes_noise_and_nothing_else(engine, three_mugs, tiny, frame):
    other = engine.render(three_mugs, tiny, seed=4)
    assert (other.rgb != frame.rgb).any()
    assert (other.instance_ids == frame.instance_ids).all()
    assert (other.depth_m == frame.depth_m).all()


def test_what_is_not_in_a_state_is_not_seen(engine, three_mugs, tiny, frame):
    without = three_mugs.without(["mug_1"])
    shown = engine.render(without, tiny, seed=3)
    assert set(np.unique(shown.instance_ids)) == {0, 1, 2}
    # Numbers follow the state's order: mug_2 is the second of two now.
    assert ((shown.instance_ids == 2) >= (frame.instance_ids == 3)).all()


def test_another_asset_and_light_can_replace_the_first(engine, three_mugs, tiny, frame):
    info = asset("embedded:mug:7").info
    replaced = three_mugs.with_things([dataclasses.replace(three_mugs.things[0], info=info, size=info.size)])
    relit = dataclasses.replace(three_mugs, light=dataclasses.replace(three_mugs.light, world_turn=2.0, key_warmth=-1.0))
    assert (engine.render(replaced, tiny, seed=3).rgb[frame.instance_ids == 1] != frame.rgb[frame.instance_ids == 1]).any()
    lit = engine.render(relit, tiny, seed=3)
    assert (lit.instance_ids == frame.instance_ids).all()
    assert np.abs(lit.rgb.astype(int) - frame.rgb).mean() > 2
    assert (engine.render(three_mugs, tiny, seed=3).rgb == frame.rgb).all()


def test_coverage_counts_the_pixels_that_a_render_shows(engine, three_mugs, tiny):
    # mug_1 goes in front of mug_0 and hides part of it.
    behind = three_mugs.things[0]
    x, y, _ = behind.position
    front = dataclasses.replace(three_mugs.things[1], position=(x + 0.05, y - 0.12, three_mugs.things[1].position[2]))
    scene = three_mugs.with_things([front])
    shown = engine.render(scene, tiny, seed=0)
    for number, thing in enumerate(scene.things, start=1):
        found = engine.coverage(scene, thing.id)
        mask = shown.instance_ids == number
        assert found.visible_px == pytest.approx(mask.sum(), rel=0.02, abs=2)
        left, top, right, bottom = bounds(mask)
        assert found.shorter_side_px == pytest.approx(min(right - left, bottom - top), abs=1.5)
        assert not found.touches_edge
    assert 0.2 < engine.coverage(scene, "mug_0").share < 0.9
    assert engine.coverage(scene, "mug_1").share == 1.0


def test_coverage_knows_the_edge_of_the_picture(engine, three_mugs):
    camera = dataclasses.replace(three_mugs.camera, focal=three_mugs.camera.focal * 2.5)
    found = engine.coverage(dataclasses.replace(three_mugs, camera=camera), "mug_0")
    assert found.touches_edge
    assert found.share < 1


def test_things_that_stand_apart_or_rest_do_not_touch(engine, three_mugs):
    assert engine.touching(three_mugs, ["mug_0", "mug_1", "mug_2"]) == []


@pytest.mark.parametrize(("step", "other"), [((0.13, -0.09, 0.0), "mug_1"), ((0.0, 0.0, -0.01), "room table")])
def test_things_that_cut_into_each_other_or_the_table_touch(engine, three_mugs, step, other):
    into = three_mugs.with_things([three_mugs.things[0].moved(step)])
    assert other in [name for _, name in engine.touching(into, ["mug_0"])]


def test_meshes_and_not_boxes_decide_what_touches(engine, three_mugs):
    # The boxes overlap beside the handle, the surfaces do not.
    a = dataclasses.replace(three_mugs.things[0], rotation=((1.0, 0, 0), (0, 1.0, 0), (0, 0, 1.0)))
    b = dataclasses.replace(three_mugs.things[2], rotation=a.rotation)
    x, y, _ = a.position
    width, depth, _ = a.size
    corner = (x + width / 2 + b.size[0] / 2 - 0.012, y + depth / 2 + b.size[1] / 2 - 0.012, b.position[2])
    scene = three_mugs.with_things([a, dataclasses.replace(b, position=corner)]).without(["mug_1"])
    assert engine.touching(scene, ["mug_0"]) == []


def test_what_is_dropped_comes_to_rest_on_the_table(engine, three_mugs):
    info = asset("embedded:mug:0").info
    upside_down = ((1.0, 0.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, -1.0))
    dropped = Thing("mug_9", info, (0.3, -0.2, 0.75 + info.size[2] / 2 + 0.01), upside_down)
    scene = dataclasses.replace(three_mugs, things=(*three_mugs.things, dropped))
    rested = engine.settle(scene, ["mug_9"])
    assert rested.thing("mug_9").base_z == pytest.approx(three_mugs.support.z, abs=0.003)
    assert rested.things[:3] == three_mugs.things
    assert engine.settle(scene, ["mug_9"]) == rested


def test_settling_leaves_no_trace_in_later_pictures(engine, three_mugs, tiny, frame):
    engine.settle(three_mugs.with_things([three_mugs.things[0].moved((0, 0, 0.02))]), ["mug_0"])
    assert (engine.render(three_mugs, tiny, seed=3).rgb == frame.rgb).all()


def test_an_unknown_asset_is_named(engine, three_mugs):
    info = dataclasses.replace(three_mugs.things[0].info, key="embedded:spaceship:1")
    with pytest.raises(EngineError, match="spaceship"):
        engine.render(three_mugs.with_things([dataclasses.replace(three_mugs.things[0], info=info)]), None, seed=0)


def test_an_unknown_world_names_those_that_exist(engine, three_mugs):
    light = dataclasses.replace(three_mugs.light, world="moon")
    with pytest.raises(EngineError, match=r"moon.*interior"):
        engine.coverage(dataclasses.replace(three_mugs, light=light), "mug_0")


def test_without_blender_the_error_says_what_to_install(monkeypatch):
    monkeypatch.delitem(sys.modules, "bpy", raising=False)
    monkeypatch.setattr(sys, "meta_path", [_Refusing(), *sys.meta_path])
    with pytest.raises(EngineError, match=r"pip install 'gsi-bench\[blender\]'"):
        session.blender()


def test_blender_is_refused_outside_of_the_main_thread(monkeypatch):
    monkeypatch.delitem(sys.modules, "bpy", raising=False)
    caught = []

    def start():
        try:
            session.blender()
        except EngineError as error:
            caught.append(str(error))

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert caught == ["Blender runs in a process's main thread only; use a worker process"]


class _Refusing:
    def find_spec(self, name, path=None, target=None):
        if name == "bpy":
            raise ModuleNotFoundError("No module named 'bpy'", name="bpy")


def test_a_camera_looks_where_it_is_told():
    camera = Camera.look_at((1.0, -2.0, 1.5), (0.2, 0.3, 0.8), 40, 200, 100)
    assert camera.project(np.array([[0.2, 0.3, 0.8]])) == pytest.approx(np.array([[100.0, 50.0]]))
    assert math.degrees(2 * math.atan(100 / camera.focal)) == pytest.approx(40)
    assert camera.rotation[0][2] == 0.0  # no roll
    with pytest.raises(ValueError, match="without roll"):
        Camera.look_at((0.0, 0.0, 2.0), (0.0, 0.0, 0.0), 40, 10, 10)


def test_another_table_top_shows_on_the_table_alone_and_goes(engine, three_mugs, tiny, frame):
    other = dataclasses.replace(three_mugs, room=dataclasses.replace(three_mugs.room, top=5))
    changed = engine.render(other, tiny, seed=3)
    assert (changed.instance_ids == frame.instance_ids).all()
    assert changed.depth_m == pytest.approx(frame.depth_m, abs=1e-5)
    difference = np.abs(changed.rgb.astype(float) - frame.rgb.astype(float)).mean(axis=2)
    assert difference[frame.instance_ids == 0].mean() > 2 * difference[frame.instance_ids > 0].mean()
    assert (engine.render(three_mugs, tiny, seed=3).rgb == frame.rgb).all()


def test_rays_meet_an_object_where_its_pixels_are(engine, three_mugs, tiny, frame):
    rows, columns = np.mgrid[0 : frame.camera.height, 0 : frame.camera.width].reshape(2, -1)
    for number, thing in enumerate(three_mugs.things, start=1):
        depths = engine.depths_at(three_mugs, thing.id, np.column_stack([columns, rows]) + 0.5)
        shown = (frame.instance_ids == number).ravel()
        assert (np.isfinite(depths) == shown).mean() > 0.995  # a pixel's number is that of most of it
        both = np.isfinite(depths) & shown
        assert np.abs(depths - frame.depth_m.ravel())[both].max() < 0.002
    outside = np.array([[-1.0, 5.0], [5.0, frame.camera.height + 1.0]])
    assert np.isinf(engine.depths_at(three_mugs, three_mugs.things[0].id, outside)).all()


def test_a_glimpse_is_that_part_of_the_whole_image(engine, three_mugs, tiny):
    frame = engine.render(three_mugs, dataclasses.replace(tiny, samples=48, bounces=(4, 2, 2)), seed=3)
    for number, thing in enumerate(three_mugs.things, start=1):
        left, top, right, bottom = (float(v) for v in bounds(frame.instance_ids == number))
        rect = (left - 4, top - 4, right + 4, bottom + 4)
        found = engine.glimpse(three_mugs, thing.id, rect)
        part = np.s_[int(top) - 4 : int(bottom) + 4, int(left) - 4 : int(right) + 4]
        mask, rgb = frame.instance_ids[part] == number, frame.rgb[part].astype(float)
        assert found.shows.shape == mask.shape  # the part is as large as it is in the whole image
        assert (found.shows & mask).sum() > 0.85 * (found.shows | mask).sum()
        both = found.shows & mask
        assert np.abs(found.rgb[both].mean(axis=0) - rgb[both].mean(axis=0)).max() < 12


def test_a_glimpse_of_what_is_not_there_shows_the_rest(engine, three_mugs):
    thing, rect = three_mugs.things[0], (10.0, 10.0, 60.0, 60.0)
    with_it, without = (engine.glimpse(s, thing.id, rect) for s in (three_mugs, three_mugs.without([thing.id])))
    assert not without.shows.any()
    assert without.rgb.shape == with_it.rgb.shape


def test_a_glimpse_leaves_no_trace_in_later_images(engine, three_mugs, tiny, frame):
    turned = three_mugs.with_things([three_mugs.things[0].turned(1.0)])
    engine.glimpse(turned, three_mugs.things[0].id, (10.0, 10.0, 60.0, 60.0))
    assert (engine.render(three_mugs, tiny, seed=3).rgb == frame.rgb).all()


def test_a_glimpse_of_a_large_part_is_small(engine, three_mugs):
    found = engine.glimpse(three_mugs, three_mugs.things[0].id, (0.0, 0.0, 4000.0, 2000.0))
    assert found.rgb.shape == (80, 160, 3)


def test_turns_of_a_mug_are_told_apart_by_its_handle(engine, three_mugs):
    mug = three_mugs.things[0]
    stage = Stage(three_mugs, engine, EditOptions())
    turned = three_mugs.with_things([mug.turned(math.pi / 2)])
    assert told_apart(stage, turned, mug.id) > 0.25
    still = three_mugs.with_things([mug.turned(math.radians(1))])
    assert told_apart(stage, still, mug.id) < 0.1
