"""`--commands`, `--subset` and `--phrasing` of `gsi-bench build`: what they choose, what is refused."""

import argparse
import dataclasses
from collections import Counter

import numpy as np
import pytest

from gsi_bench_builders import commands
from gsi_bench_builders.composition.interiors.compose import INTERIORS, InteriorError, compose_interior
from gsi_bench_builders.edits.base import SETTINGS
from gsi_bench_builders.edits.registry import OPERATIONS
from gsi_bench_builders.engines.thor.scenes import SCENE_SETS
from gsi_bench_builders.production import runner
from gsi_bench_builders.recipes.registry import RECIPES, recipe
from gsi_bench_builders.recipes.room_choices import MIXES, SUBSETS, kinds_of
from gsi_bench_builders.recipes.rooms import EmbeddedRooms, RoomError, subset_of
from gsi_bench_dataset.cli import main as cli
from gsi_bench_dataset.language.english import parse
from gsi_bench_dataset.storage.shards import read_dataset

ROOMS = ("robothor", "bathroom")
SORTS = {"robothor": ("living", "studio"), "bathroom": ("bathroom",)}


def arguments(*words):
    parser = argparse.ArgumentParser()
    commands.add_commands(parser.add_subparsers())
    return parser.parse_args(["build", *words])


@pytest.fixture
def job_of(monkeypatch, tmp_path):
    """`job_of(*words)`: (source, job) of a command line, which is not carried out."""
    caught = []

    def build(source, job, *_, **__):
        caught.append((source, job))
        raise commands.BuildOptionError("caught")

    monkeypatch.setattr(runner, "build", build)

    def of(*words):
        assert cli.main(["build", *words, "--out", str(tmp_path / "out")]) == 2
        return caught.pop()

    return of


class TestCommands:
    def test_there_are_the_six_types_of_the_reference(self):
        assert tuple(MIXES) == ("camera", "object", "rotate", "receptacle", "agent_camera", "spatial_remove")
        assert set(kinds_of(tuple(MIXES))) <= set(OPERATIONS)

    @pytest.mark.parametrize("split", ROOMS)
    @pytest.mark.parametrize("name", MIXES)
    def test_a_mix_sets_operations_and_amounts_of_a_build(self, split, name, job_of):
        _, job = job_of(split, "--commands", name)
        assert job.kinds == MIXES[name].kinds
        plain = dataclasses.asdict(SETTINGS["room"])
        found = dataclasses.asdict(job.options)
        assert {k: v for k, v in found.items() if v != plain[k]} == dict(MIXES[name].amounts)

    def test_several_mixes_take_turns(self, job_of):
        _, job = job_of("robothor", "--commands", "camera", "rotate")
        assert job.kinds == ("move", "rotate")
        assert (job.options.move_cm, job.options.turns_deg) == ((5, 10, 15, 20), (45, -45, 90, -90, 180))

    def test_no_two_mixes_fix_the_same_amount(self):
        assert max(Counter(name for mix in MIXES.values() for name in mix.amounts).values()) == 1

    def test_with_the_references_phrasing_both_hold(self, job_of):
        _, job = job_of("bathroom", "--commands", "rotate", "--phrasing", "reference")
        assert (job.options.phrasing, job.options.turns_deg) == ("reference_room", (45, -45, 90, -90, 180, -180))


class TestPhrasing:
    @pytest.mark.parametrize("split", RECIPES)
    def test_it_is_ours_unless_asked_and_of_the_setting_if_so(self, split, job_of):
        assert job_of(split)[1].options == SETTINGS[RECIPES[split].setting]
        assert job_of(split, "--phrasing", "ours")[1].options == SETTINGS[RECIPES[split].setting]
        assert job_of(split, "--phrasing", "reference")[1].options.phrasing == f"reference_{RECIPES[split].setting}"


class TestSubset:
    @pytest.mark.parametrize("split", ROOMS)
    def test_no_scene_of_one_equals_one_of_the_other(self, split):
        """Whatever seeds and numbers: the plan alone says which subset a room is of, and no plan is of both."""
        plans = {}
        for subset in SUBSETS:
            source = EmbeddedRooms(SORTS[split], subset)
            scenes = [
                source.scene(number, np.random.default_rng([seed, number]), 64)[0] for seed in range(2) for number in (0, 1)
            ]
            assert {subset_of(s.room.plan) for s in scenes} == {subset}
            assert len({s.room.plan for s in scenes}) == len(scenes)
            plans[subset] = {s.room.plan for s in scenes}
        assert not plans["train"] & plans["val"]

    def test_the_same_draws_give_other_rooms_with_names_of_their_own(self):
        train, val = (EmbeddedRooms(("bathroom",), s).scene(0, np.random.default_rng(1), 64)[0] for s in SUBSETS)
        assert train.room.plan != val.room.plan
        assert (train.id, val.id) == ("s00000_train_bathroom", "s00000_val_bathroom")

    def test_without_a_subset_rooms_are_what_they_were(self):
        plain, _ = EmbeddedRooms(("bathroom",)).scene(3, np.random.default_rng(1), 64)
        assert plain == compose_interior("bathroom", np.random.default_rng(1), "s00003_bathroom", 64)

    def test_one_plan_in_five_is_for_validation(self):
        rng = np.random.default_rng(0)
        found = Counter(subset_of(INTERIORS[name].draw_plan(rng)) for name in INTERIORS for _ in range(400))
        assert 0.15 < found["val"] / sum(found.values()) < 0.25

    def test_which_subset_a_plan_is_of_never_changes(self):
        rng = np.random.default_rng(0)
        found = "".join(subset_of(INTERIORS[name].draw_plan(rng))[0] for name in INTERIORS for _ in range(8))
        assert found == "tttttvtttttttttttvtttttt"

    def test_a_run_of_another_subset_is_another_run(self):
        described = [EmbeddedRooms(("bathroom",), subset).describe() for subset in (None, *SUBSETS)]
        assert described[0] == {"assets": "embedded", "interiors": ["bathroom"]}
        assert [d.get("subset") for d in described] == [None, "train", "val"]

    @pytest.mark.parametrize("odd", ["test", "", "Train"])
    def test_an_unknown_subset_is_refused_by_name(self, odd, tmp_path, capsys):
        with pytest.raises(RoomError, match="train, val; found"):
            EmbeddedRooms(("bathroom",), odd)
        with pytest.raises(SystemExit):
            cli.main(["build", "bathroom", "--subset", odd, "--out", str(tmp_path / "out")])
        assert "invalid choice" in capsys.readouterr().err

    def test_plans_of_which_none_is_kept_end_with_a_reason(self):
        with pytest.raises(InteriorError, match="none of 1000 plans"):
            compose_interior("bathroom", 0, "x", 64, keep=lambda plan: False)

    @pytest.mark.parametrize("split", ROOMS)
    @pytest.mark.parametrize("subset", [None, *SUBSETS])
    def test_thor_takes_the_scene_list_of_that_name(self, split, subset):
        words = ["--subset", subset] if subset else []
        args = arguments(split, "--engine", "thor", *words, "--num-scenes", "1000")
        source, num = recipe(split).source(args)
        default = {"robothor": "robothor-val", "bathroom": "ithor-bathroom"}[split]
        base = {"robothor": "robothor", "bathroom": "ithor-bathroom"}[split]
        assert source.names == SCENE_SETS[f"{base}-{subset}" if subset else default]
        assert num == len(source.names)

    @pytest.mark.parametrize("base", ["robothor", "ithor-bathroom"])
    def test_scene_lists_of_thor_share_no_scene(self, base):
        assert not set(SCENE_SETS[f"{base}-train"]) & set(SCENE_SETS[f"{base}-val"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["mesatask", "--commands", "camera"],
            "--commands is of splits robothor and bathroom, and mesatask has no such choice",
        ),
        (["mesatask", "--subset", "val"], "--subset is of splits robothor and bathroom, and mesatask has no such choice"),
        (["all", "--subset", "val"], "--subset is of splits robothor and bathroom, and all has no such choice"),
        (["all", "--commands", "rotate"], "--commands is of splits robothor and bathroom, and all has no such choice"),
        (["robothor", "--commands", "camera", "camera"], "--commands: given twice: camera"),
        (["bathroom", "--commands", "camera", "--operations", "move"], "--commands and --operations both say"),
        (
            ["robothor", "--engine", "thor", "--subset", "val", "--thor-scenes", "FloorPlan_Val1_1"],
            "--subset and --thor-scenes both say",
        ),
    ],
)
def test_choices_that_mean_nothing_are_refused(words, said, tmp_path, capsys):
    assert cli.main(["build", *words, "--out", str(tmp_path / "out")]) == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("odd", ["nop", "Camera", "all"])
def test_an_unknown_mix_is_named_with_the_known_ones(odd, capsys):
    with pytest.raises(SystemExit):
        arguments("robothor", "--commands", odd)
    said = capsys.readouterr().err
    assert odd in said and "spatial_remove" in said


@pytest.mark.slow
@pytest.mark.parametrize("split", ROOMS)
def test_a_mix_of_a_subset_is_built(split, tmp_path, blender_engine):
    few = ["--preset", "test", "--num-scenes", "1", "--edits-per-scene", "3", "--workers", "1", "--quiet"]
    words = ["--commands", "camera", "--subset", "val", "--phrasing", "reference"]
    assert cli.main(["build", split, *few, *words, "--out", str(tmp_path / "out")]) == 0
    samples = list(read_dataset(tmp_path / "out", split))
    assert samples and all(s.operation == parse(s.prompt) for s in samples)
    assert {s.operation.distance_m for s in samples} <= {0.05, 0.1, 0.15, 0.2}
    assert all(s.scene_id.startswith("s00000_val_") and "relative to the camera view" in s.prompt for s in samples)
