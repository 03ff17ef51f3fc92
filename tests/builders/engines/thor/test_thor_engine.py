import dataclasses
import math

import numpy as np
import pytest

from gsi_bench_builders.edits.base import EditOptions
from gsi_bench_builders.engine import PRESETS, EngineError
from gsi_bench_builders.engines.registry import ENGINES
from gsi_bench_builders.engines.thor.conversions import AgentView, camera_of
from gsi_bench_builders.engines.thor.source import NoViewError, ThorRooms
from gsi_bench_builders.engines.thor.start import running, start
from gsi_bench_builders.engines.thor.views import ViewOptions
from gsi_bench_builders.frames import unproject
from gsi_bench_builders.production.scene_work import SceneJob, make_scene
from gsi_bench_builders.recipes.registry import RECIPES, RecipeEntry
from gsi_bench_builders.scene import Camera, matrix3, turn_about_z
from gsi_bench_dataset.cli import main as cli
from gsi_bench_dataset.storage.shards import read_dataset

TEST = PRESETS["test"]
FEW = ViewOptions(places=10, looked_at=10, drawn=4)
# From beside the table, at what stands on it.
CAMERA = camera_of(AgentView((2.6, 1.575, 1.5), 0.0, 30.0), 90, 128, 128)


@pytest.fixture
def engine(unity):
    """`engine(*rules, **switches) -> ThorEngine` of this process."""
    made = []

    def make(*rules, **switches):
        options = unity(*rules, **switches)
        words = {"executable": options.executable, "step_timeout": f"{options.step_timeout_s:g}"}
        made.append(start("CPU", None, **words))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def table(engine):
    """`table(**switches) -> (engine, scene)`: the table seen from beside it, loaded."""

    def make(*rules, **switches):
        made = engine(*rules, **switches)
        made.world.enter("FloorPlan_Train2_1", 128, 128)
        scene = made.describe("s0", CAMERA)
        made.load(scene)
        return made, scene

    return make


def changed(scene, thing_id, **changes):
    return scene.with_things([dataclasses.replace(scene.thing(thing_id), **changes)])


def surface(frame, scene, thing_id):
    """World points of an object's pixels, in its own axes from its centre."""
    number = [t.id for t in scene.things].index(thing_id) + 1
    rows, columns = np.nonzero(frame.instance_ids == number)
    depth = frame.depth_m[rows, columns].astype(float)
    points = unproject(scene.camera, np.column_stack([columns, rows]) + 0.5, depth)
    thing = scene.thing(thing_id)
    return (points - thing.position) @ np.array(thing.rotation)


def test_an_image_shows_every_thing_in_its_box(table):
    thor, scene = table()
    frame = thor.render(scene, TEST, 0)
    assert frame.rgb.shape == (128, 128, 3) and frame.camera == scene.camera
    shown = [t for n, t in enumerate(scene.things, 1) if (frame.instance_ids == n).sum() > 20]
    assert {"mug", "bowl", "vase", "dining table"} <= {t.info.category for t in shown}
    for thing in shown:
        assert (np.abs(surface(frame, scene, thing.id)) < np.array(thing.size) / 2 + 1e-3).all(), thing.id


@pytest.mark.parametrize("change", ["moved", "turned", "scaled"])
def test_a_changed_thing_is_shown_where_its_label_says(table, change):
    thor, scene = table()
    mug = scene.thing("mug_1")
    after = {"moved": mug.moved((-0.07, 0.03, 0)), "turned": mug.turned(math.radians(50)), "scaled": mug.scaled(1.4)}[change]
    state = scene.with_things([after])
    before, frame = thor.render(scene, TEST, 0), thor.render(state, TEST, 0)
    own = surface(frame, state, "mug_1")
    assert len(own) > 20 and (np.abs(own) < np.array(after.size) / 2 + 1e-3).all()
    assert np.abs(own).max(axis=0)[2] == pytest.approx(after.size[2] / 2, rel=0.05)  # up to its top
    again = thor.render(scene, TEST, 0)
    assert np.array_equal(before.rgb, again.rgb) and np.array_equal(before.instance_ids, again.instance_ids)


def test_a_removed_thing_is_gone_and_comes_back(table):
    thor, scene = table()
    before = thor.render(scene, TEST, 0)
    frame = thor.render(scene.without(["mug_1"]), TEST, 0)
    numbers = {t.id: n for n, t in enumerate(scene.without(["mug_1"]).things, 1)}
    assert (frame.instance_ids == numbers["vase_1"]).sum() > 20
    changed_px = frame.depth_m != before.depth_m
    assert set(np.unique(before.instance_ids[changed_px])) == {[t.id for t in scene.things].index("mug_1") + 1}
    assert np.array_equal(thor.render(scene, TEST, 0).rgb, before.rgb)


def test_what_stands_on_a_moved_table_goes_along(table):
    thor, scene = table()
    carried = scene.carried_by("dining_table_1")
    state = scene.with_things([t.moved((0, -0.1, 0)) for t in (scene.thing("dining_table_1"), *carried)])
    frame = thor.render(state, TEST, 0)
    for thing in carried:
        own = surface(frame, state, thing.id)
        assert (np.abs(own) < np.array(state.thing(thing.id).size) / 2 + 1e-3).all(), thing.id


def test_another_camera_sees_the_same_world(table):
    thor, scene = table()
    state = dataclasses.replace(scene, camera=camera_of(AgentView((2.5, 1.575, 1.4), 10.0, 25.0), 90, 128, 128))
    frame = thor.render(state, TEST, 0)
    assert (np.abs(surface(frame, state, "vase_1")) < np.array(scene.thing("vase_1").size) / 2 + 1e-3).all()


@pytest.mark.parametrize("where", ["up", "rolled", "in the table"])
def test_a_camera_that_the_agent_cannot_take_sees_nothing(table, where):
    thor, scene = table()
    camera = scene.camera
    roll = np.array(turn_about_z(0.2))
    odd = {
        "up": Camera.look_at((2.6, 1.5, 1.575), (2.6, 1.6, 3.2), 90, 128, 128),
        "rolled": dataclasses.replace(camera, rotation=matrix3(roll @ np.array(camera.rotation))),
        "in the table": camera_of(AgentView((2.6, 1.575, 2.6), 0, 0), 90, 128, 128),
    }[where]
    state = dataclasses.replace(scene, camera=odd)
    assert thor.coverage(state, "mug_1").share == 0
    with pytest.raises(EngineError, match="camera"):
        thor.render(state, TEST, 0)
    assert thor.coverage(scene, "vase_1").share > 0.9  # and the engine goes on


@pytest.mark.parametrize(("x", "met"), [(-0.05, None), (0.0, None), (0.3, "laptop_1")])
def test_collisions_are_unitys_answers(table, x, met):
    thor, scene = table()
    mug = scene.thing("mug_1")
    at = scene.thing("laptop_1").position if met else mug.moved((x, 0, 0)).position
    state = changed(scene, "mug_1", position=(at[0], at[1], mug.position[2]))
    assert thor.touching(state, ["mug_1"]) == ([("mug_1", met)] if met else [])


def test_things_that_go_together_are_not_in_each_others_way(table):
    thor, scene = table()
    ids = ["dining_table_1", *(t.id for t in scene.carried_by("dining_table_1"))]
    state = scene.with_things([scene.thing(i).moved((0, -0.05, 0)) for i in ids])
    assert thor.touching(state, ids) == []
    pushed = scene.with_things([scene.thing(i).moved((-0.5, 0, 0)) for i in ids])  # into the chair
    assert ("dining_table_1", "chair_1") in thor.touching(pushed, ids)


def test_a_thing_in_a_wall_is_named_with_the_room(table):
    thor, scene = table()
    mug = scene.thing("mug_1")
    state = changed(scene, "mug_1", position=(5.0, 3.5, mug.position[2]))
    ((found, met),) = thor.touching(state, ["mug_1"])
    assert found == "mug_1" and met.startswith("room")


def test_coverage_tells_how_much_is_hidden(table):
    thor, scene = table()
    vase, book = scene.thing("vase_1"), scene.thing("book_1")
    free = thor.coverage(scene, "book_1")
    assert free.share > 0.95 and not free.touches_edge and free.shorter_side_px > 5
    # The vase between the camera and the book.
    x, y, _ = book.position
    hidden = thor.coverage(changed(scene, "vase_1", position=(x, y - 0.18, vase.position[2])), "book_1")
    assert hidden.share < 0.6


def test_a_glimpse_is_a_part_of_the_image(table):
    thor, scene = table()
    frame = thor.render(scene, PRESETS["test"], 0)
    number = 1 + next(n for n, t in enumerate(scene.things) if t.id == "book_1")
    rows, columns = np.nonzero(frame.instance_ids == number)
    rect = (columns.min() - 3.4, rows.min() - 3.4, columns.max() + 5.4, rows.max() + 5.4)
    found = thor.glimpse(scene, "book_1", rect)
    part = np.s_[rows.min() - 3 : rows.max() + 5, columns.min() - 3 : columns.max() + 5]
    assert (found.rgb == frame.rgb[part]).all() and (found.shows == (frame.instance_ids[part] == number)).all()
    beyond = thor.glimpse(scene, "book_1", (-50.0, -50.0, scene.camera.width + 50.0, scene.camera.height + 50.0))
    assert (beyond.rgb == frame.rgb).all() and beyond.shows.sum() == len(rows)
    without = thor.glimpse(scene.without(["book_1"]), "book_1", rect)
    assert not without.shows.any() and (without.rgb != found.rgb).any()


def test_settling_lets_things_fall_to_rest(table):
    thor, scene = table()
    mug = scene.thing("mug_1")
    rested = thor.settle(scene.with_things([mug.moved((0, 0, 0.2))]), ["mug_1"])
    assert np.allclose(rested.thing("mug_1").position, mug.position, atol=2e-3)
    thor.render(rested, TEST, 0)


def test_things_that_ai2thor_lacks_are_refused(table):
    thor, scene = table()
    mug = scene.thing("mug_1")
    twin = dataclasses.replace(scene, things=(*scene.things, dataclasses.replace(mug, id="mug_2")))
    with pytest.raises(EngineError, match=r"cannot add mug_2.*--variants"):
        thor.render(twin, TEST, 0)
    stretched = changed(scene, "mug_1", size=(mug.size[0] * 2, *mug.size[1:]))
    with pytest.raises(EngineError, match="only all alike"):
        thor.render(stretched, TEST, 0)


def test_scenes_of_other_engines_are_refused(table, three_mugs):
    thor, _ = table()
    with pytest.raises(EngineError, match="no scene of AI2-THOR"):
        thor.load(three_mugs)


def test_a_scene_that_is_not_as_it_was_described_is_refused(table):
    thor, scene = table()
    with pytest.raises(EngineError, match="mm from where it was"):
        thor.load(changed(scene, "mug_1", position=(1.0, 1.0, 1.0)))
    with pytest.raises(EngineError, match="no scene is loaded"):
        thor.touching(scene, ["mug_1"])


@pytest.mark.parametrize("lie", [{"depth_lies": "Normalized"}, {"depth_lies": "Millimeters"}, {"gain": 0.5}])
def test_depth_that_is_not_metres_stops_a_scene(table, lie):
    with pytest.raises(EngineError, match=r"depth does not fit the boxes of .*--check"):
        table(**lie)


def test_no_other_device_is_taken_for_the_gpu(unity):
    with pytest.raises(EngineError, match="no device OPTIX"):
        start("OPTIX", None, executable=unity().executable)


def test_rooms_take_turns_and_views_repeat(engine):
    thor = engine()
    rooms = ThorRooms(("FloorPlan_Train2_1", "FloorPlan401"), views=2, sampling=FEW)
    scenes = [rooms.scene(n, np.random.default_rng(n), 96)[0] for n in (0, 1, 2)]
    assert [s.room.style.partition(":")[2] for s in scenes] == ["FloorPlan_Train2_1"] * 2 + ["FloorPlan401"]
    assert scenes[0].camera != scenes[1].camera and scenes[0].things == scenes[1].things
    thor.views.clear()
    assert rooms.scene(1, np.random.default_rng(7), 96)[0] == scenes[1]
    with pytest.raises(NoViewError, match="no number 4"):
        rooms.scene(4, np.random.default_rng(0), 96)


def test_a_room_without_enough_views_is_named(engine):
    engine()
    with pytest.raises(NoViewError, match=r"FloorPlan401 has \d+ good views; number 60 is asked for"):
        ThorRooms(("FloorPlan401",), views=60, sampling=FEW).scene(59, np.random.default_rng(0), 64)


def test_rooms_without_the_engine_say_what_to_give(monkeypatch):
    monkeypatch.setattr("gsi_bench_builders.engines.thor.start._running", [])
    with pytest.raises(EngineError, match="--engine thor"):
        running()


def test_edits_of_a_room_pass_every_self_check(engine):
    thor = engine()
    job = SceneJob("robothor", "test", edits=8, options=EditOptions())
    result = make_scene(thor, ThorRooms(("FloorPlan_Train2_1",), sampling=FEW), job, 0)
    assert result.report.failure is None and result.report.disagreed == {}, result.report
    assert len(result.samples) >= 6 and len({s.operation.kind for s in result.samples}) >= 4
    assert {(s.engine, s.origin, s.redistributable) for s in result.samples} == {("ai2thor", "rebuilt", False)}


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        ({"action": "TeleportObject", "do": "crash"}, "killed by signal 9"),
        ({"action": "Pass", "nth": 3, "do": "hang"}, "does not answer within 3 s"),
    ],
)
def test_a_lost_unity_costs_one_scene_of_a_build(unity, tmp_path, monkeypatch, capsys, *, trouble, said):
    # A recipe as a split's would be, in a module that worker processes can import.
    options = unity(trouble | {"scene": "FloorPlan_Train2_2"})
    (tmp_path / "toy_rooms.py").write_text(
        "from gsi_bench_builders.engines.thor.source import ThorRooms\n"
        "from gsi_bench_builders.engines.thor.views import ViewOptions\n"
        "def add_options(parser): pass\n"
        "def problems(args): return []\n"
        "def source(args):\n"
        "    few = ViewOptions(places=10, looked_at=10, drawn=4)\n"
        "    return ThorRooms(('FloorPlan_Train2_1-3',), sampling=few), 3\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(RECIPES, "robothor", RecipeEntry("toy_rooms", engine="thor"))
    out = tmp_path / "out"
    command = [
        "build",
        "robothor",
        "--preset",
        "test",
        "--edits-per-scene",
        "2",
        "--workers",
        "1",
        "--quiet",
        "--out",
        str(out),
    ]
    command += ["--engine-option", f"executable={options.executable}", "--engine-option", "step-timeout=3"]
    assert cli.main(command) == 0
    errors = capsys.readouterr().err
    assert "nothing of scene 1" in errors and said in errors and "FloorPlan_Train2_2" in errors and "Traceback" not in errors
    made = {s.img_id for s in read_dataset(out, "robothor")}
    assert made == {"s00000_FloorPlan_Train2_1", "s00002_FloorPlan_Train2_3"}


@pytest.mark.parametrize(("split", "scene"), [("robothor", "FloorPlan_Train2_1"), ("bathroom", "FloorPlan401")])
def test_the_splits_of_rooms_are_built_with_their_own_scenes(unity, tmp_path, split, scene):
    options, out = unity(), tmp_path / "out"
    command = ["build", split, "--engine", "thor", "--thor-scenes", scene, "--preset", "test", "--edits-per-scene", "2"]
    command += ["--workers", "1", "--quiet", "--out", str(out), "--engine-option", f"executable={options.executable}"]
    assert cli.main([*command, "--operations", "move", "rotate"]) == 0
    samples = read_dataset(out, split)
    assert {s.img_id for s in samples} == {f"s00000_{scene}"}
    assert all(s.split == split and s.depth is not None for s in samples)


def test_the_registry_names_modules_that_are_there():
    entry = ENGINES["thor"]
    for name in (entry.start, entry.ready, entry.check, entry.rooms):
        module, _, function = name.partition(":")
        assert callable(getattr(__import__(module, fromlist=[function]), function))
