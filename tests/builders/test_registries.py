"""A toy engine, a toy recipe and a toy operation, each registered by one line, do all that the real ones do."""

import importlib
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from gsi_bench_builders import commands
from gsi_bench_builders.edits.base import SETTINGS, EditOptions
from gsi_bench_builders.edits.propose import propose_edits
from gsi_bench_builders.edits.registry import OPERATIONS, OperationError, check_operations
from gsi_bench_builders.engine import EngineError
from gsi_bench_builders.engines.registry import ENGINES, EngineEntry, check_engine, confirm_engine, make_engine
from gsi_bench_builders.production import runner
from gsi_bench_builders.recipes.registry import RECIPES, RecipeEntry, RecipeError, recipe
from gsi_bench_dataset.cli import main as cli
from gsi_bench_dataset.execution.workers import run_tasks
from gsi_bench_dataset.records import SPLITS
from gsi_bench_dataset.storage.shards import read_dataset

NUDGE = """
import dataclasses
from gsi_bench_builders.edits.base import Candidate, draw
from gsi_bench_dataset.records import Operation

@dataclasses.dataclass(frozen=True)
class Nudge(Candidate):
    kind = "nudge"
    effect = "shift"
    target: str

    def check(self, stage):
        return None

    def apply(self, scene):
        right, _ = scene.camera.flat_axes()
        return scene.with_things([scene.thing(self.target).moved((0.1 * right).tolist())])

    def operation(self, stage):
        return Operation(kind="move", direction="right", distance_m=0.1, frame="camera")

    def describe(self, stage, rng):
        name = stage.names[self.target]
        return f"Move {name.en} 10 cm to the right.", f"把{name.zh}向右移动10厘米。"

def propose(stage, rng):
    return Nudge(draw(stage.nameable, rng).id)
"""

# An engine that paints every object's box flat, from far to near.
FLAT = """
import numpy as np
from gsi_bench_builders.engine import Coverage, Frame, Glimpse

class Flat:
    name, version, has_meshes = "flat", "1", True

    def __init__(self, device, log):
        self.device, self.log = device, log

    def load(self, scene):
        pass

    def touching(self, scene, ids):
        return []

    def coverage(self, scene, thing_id):
        low, high = self._ends(scene, thing_id)
        area = float(np.prod(high - low))
        return Coverage(area, area, float((high - low).min()), False)

    def depths_at(self, scene, thing_id, pixels):
        low, high = self._ends(scene, thing_id)
        depth = scene.camera.to_camera(np.array(scene.thing(thing_id).position))[2]
        return np.where(((pixels >= low) & (pixels < high)).all(axis=1), depth, np.inf)

    def glimpse(self, scene, thing_id, rect):
        here = any(thing.id == thing_id for thing in scene.things)
        return Glimpse(np.full((4, 4, 3), 255 * here, np.uint8), np.full((4, 4), here))

    def mesh_points(self, scene, thing_id):
        return scene.thing(thing_id).corners()

    def settle(self, scene, ids):
        return scene

    def render(self, scene, preset, seed):
        size = (scene.camera.height, scene.camera.width)
        rgb, depth, ids = np.zeros((*size, 3), np.uint8), np.full(size, np.inf, np.float32), np.zeros(size, np.uint16)
        frame = Frame(rgb, depth, ids, scene.camera)
        for number, thing in enumerate(scene.things, start=1):
            (x1, y1), (x2, y2) = self._ends(scene, thing.id)
            area = np.s_[round(y1):round(y2), round(x1):round(x2)]
            frame.instance_ids[area] = number
            frame.depth_m[area] = scene.camera.to_camera(np.array(thing.position))[2]
        return frame

    def _ends(self, scene, thing_id):
        pixels = scene.camera.project(scene.thing(thing_id).corners())
        return pixels.min(axis=0), pixels.max(axis=0)
"""

MUGS = """
import argparse, dataclasses

def add_options(parser):
    parser.add_argument("--mugs", type=int, default=1)

def problems(args):
    return [] if args.mugs > 0 else ["--mugs: expected one at least"]

def source(args):
    from gsi_bench_builders.assets.library import asset
    from gsi_bench_builders.scene import Camera, Light, Room, Scene, Support, Thing

    class Mugs:
        def describe(self):
            return {"mugs": args.mugs}

        def scene(self, number, rng, size):
            info = asset("embedded:mug:1").info
            mug = Thing("mug_0", info, (0.0, 0.0, 0.75 + info.size[2] / 2))
            camera = Camera.look_at((0, -0.85, 1.35), (0, 0, 0.78), 30, size, size)
            support = Support("table", "桌子", (-0.6, 0.6), (-0.4, 0.4), 0.75)
            return Scene(f"s{number:05d}_mugs", (mug,), support, Room("dining", 0), Light(), camera), {}

    return Mugs(), args.num_scenes or 1
"""


@pytest.fixture
def toys(tmp_path, monkeypatch):
    """Modules of the toys, importable; what they are called must be registered by the test."""
    for name, text in (("toy_nudge", NUDGE), ("toy_flat", FLAT), ("toy_mugs", MUGS)):
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    return tmp_path


@pytest.fixture
def in_this_process(monkeypatch):
    monkeypatch.setattr(runner, "run_tasks", lambda tasks, begin, **_: run_tasks(tasks, begin))
    monkeypatch.setattr(runner, "die_with_parent", lambda: None)
    monkeypatch.setattr(runner.tempfile, "tempdir", runner.tempfile.gettempdir())
    monkeypatch.setenv("TMPDIR", runner.tempfile.gettempdir())
    monkeypatch.setenv("BLENDER_USER_RESOURCES", "")


def test_a_toy_operation_is_one_line(toys, three_mugs, monkeypatch):
    monkeypatch.setitem(OPERATIONS, "nudge", "toy_nudge")
    probe = importlib.import_module("toy_flat").Flat("CPU", None)
    options = EditOptions(min_target_px=5)
    edits, refused = propose_edits(three_mugs, probe, np.random.default_rng(0), options, kinds=("nudge",))
    assert {(e.kind, e.effect, e.operation.kind) for e in edits} == {("nudge", "shift", "move")}, refused


def test_a_toy_engine_is_one_line(toys, monkeypatch):
    monkeypatch.setitem(ENGINES, "flat", EngineEntry("toy_flat:Flat"))
    engine = make_engine(check_engine("flat"), "CPU", toys / "log")
    assert (engine.name, engine.log) == ("flat", toys / "log")


def test_options_reach_an_engine_that_takes_them(toys, monkeypatch):
    entry = EngineEntry("toy_flat:Flat", takes=("fast-lane",))
    monkeypatch.setitem(ENGINES, "flat", entry)
    checked = check_engine("flat", {"fast-lane": "yes"})
    assert checked.keywords == {"fast_lane": "yes"}
    with pytest.raises(EngineError, match="no option 'slow'; it takes fast-lane"):
        check_engine("flat", {"slow": "1"})
    with pytest.raises(TypeError, match="fast_lane"):
        make_engine(checked, "CPU", None)  # Flat has no such keyword: it was handed on
    with pytest.raises(EngineError, match="nothing to check; engines that have: thor"):
        list(confirm_engine(check_engine("flat"), "mesatask"))


@pytest.mark.parametrize(("given", "workers"), [([], 2), (["--workers", "3"], 3)])
def test_an_engine_says_how_many_workers_are_enough(toys, monkeypatch, given, workers):
    asked = []
    monkeypatch.setitem(ENGINES, "flat", EngineEntry("toy_flat:Flat", workers=2))
    monkeypatch.setitem(RECIPES, "fine", RecipeEntry("toy_mugs", also=("flat",)))
    monkeypatch.setattr("gsi_bench_dataset.execution.runners.available_cores", lambda: 64)
    monkeypatch.setattr(runner, "build", lambda *_, **options: asked.append((options["engine"], options["workers"])) or 1 / 0)
    with pytest.raises(ZeroDivisionError):
        cli.main(["build", "fine", "--engine", "flat", "--out", str(toys / "out"), *given])
    assert asked == [("flat", workers)]


def test_an_engine_that_does_not_draw_a_split_is_refused(tmp_path, capsys):
    assert cli.main(["build", "mesatask", "--engine", "thor", "--out", str(tmp_path / "out")]) == 2
    assert "--engine thor: scenes of mesatask are drawn by blender" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_toy_recipe_is_one_line_and_can_be_built(toys, in_this_process, monkeypatch, capsys):
    monkeypatch.setitem(ENGINES, "flat", EngineEntry("toy_flat:Flat"))
    monkeypatch.setitem(RECIPES, "fine", RecipeEntry("toy_mugs", engine="flat"))
    out = toys / "out"
    command = ["build", "fine", "--preset", "test", "--operations", "remove", "--mugs", "2", "--quiet", "--out", str(out)]
    assert cli.main(command) == 0, capsys.readouterr().err
    (sample,) = read_dataset(out, "fine")
    assert (sample.split, sample.engine, sample.operation.kind) == ("fine", "flat", "remove")


def test_problems_of_a_toy_recipe_are_said_with_others(toys, monkeypatch, capsys):
    monkeypatch.setitem(RECIPES, "fine", RecipeEntry("toy_mugs"))
    assert cli.main(["build", "fine", "--mugs", "0", "--variants", "20", "--out", str(toys / "out")]) == 2
    said = capsys.readouterr().err
    assert "--mugs: expected one at least" in said and "--variants 20" in said


@pytest.mark.parametrize(
    ("split", "options", "said"),
    [
        ("robothor", ["--themes", "desk"], "--themes is of split mesatask, and robothor has no such choice"),
        ("bathroom", ["--rooms", "living"], "--rooms is of split robothor, and bathroom has no such choice"),
        ("mesatask", ["--rooms", "studio"], "--rooms is of split robothor, and mesatask has no such choice"),
        ("bathroom", ["--enlarge"], "--enlarge is of split mesatask"),
        ("robothor", ["--rooms", "living", "living"], "--rooms: given twice: living"),
    ],
)
def test_an_option_that_would_change_nothing_is_refused(split, options, said, tmp_path, capsys):
    assert cli.main(["build", split, *options, "--out", str(tmp_path / "out")]) == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("split", "setting"), [("mesatask", "table"), ("robothor", "room"), ("bathroom", "room")])
def test_a_recipe_has_the_edits_of_its_setting(split, setting):
    entry = RECIPES[split]
    assert entry.setting == setting and setting in SETTINGS
    assert ("remove_extreme" in entry.operations) is (setting == "room")
    check_operations(entry.operations)


@pytest.mark.parametrize("split", [*(s for s in SPLITS if s not in RECIPES), "moon", "../x", "", "mesatask "])
def test_other_splits_name_the_page_that_says_what_is_done(split, tmp_path, capsys):
    with pytest.raises(RecipeError, match="mesatask"):
        recipe(split)
    assert cli.main(["build", split, "--out", str(tmp_path / "out")]) == 2
    assert "docs/status.md" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_an_engine_that_lacks_something_says_how_to_get_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(ENGINES, "blender", EngineEntry("nowhere:start", needs=("sys", "no_such_module"), get="pip install it"))
    message = "engine 'blender' needs no_such_module, which is not installed; run: pip install it"
    with pytest.raises(EngineError, match="needs no_such_module"):
        check_engine("blender")
    assert cli.main(["build", "mesatask", "--out", str(tmp_path / "out")]) == 2
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_unknown_engines_and_operations_are_named():
    with pytest.raises(EngineError, match="no engine 'unreal'; expected one of blender"):
        check_engine("unreal")
    with pytest.raises(OperationError, match="found fly, sing"):
        check_operations(("move", "sing", "fly"))


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_is_registered_under_its_own_name(name):
    module = importlib.import_module(OPERATIONS[name])
    own = [c for c in vars(module).values() if isinstance(c, type) and c.__module__ == module.__name__ and hasattr(c, "effect")]
    assert [c.kind for c in own] == [name]


def test_a_build_says_how_many_of_its_turns_show(capsys):
    known = Counter({("rotate", True): 2, ("rotate", False): 1})
    for measurable, line in ((known, "  measurable, their images show how much was done: rotate 2 of 3\n"), (Counter(), None)):
        commands._say_summary(runner.BuildSummary({}, 0, 3, 0, Counter(rotate=3), measurable), Path("out"), photos=False)
        said = capsys.readouterr().out
        assert (line in said) if line else ("measurable" not in said)
