import contextlib

import pytest

from gsi_bench_builders.engine import EngineError
from gsi_bench_builders.engines.thor import check as check_module
from gsi_bench_builders.engines.thor.check import CHECKS, check, confirmed
from gsi_bench_dataset.cli import main as cli

SIZE = (224, 168)


def failing(options, scene="FloorPlan_Train1_1"):
    """Numbers of the confirmations that do not hold; each that does not says what to do, and only those do."""
    results = list(confirmed(options, scene, SIZE))
    assert [r.number for r in results] == list(range(1, 9)) and [r.name for r in results] == list(CHECKS)
    assert all(r.found and bool(r.remedy) != r.passed for r in results), results
    return [r.number for r in results if not r.passed]


@pytest.mark.parametrize(
    "switches",
    [
        {},
        *(
            pytest.param(s, marks=pytest.mark.slow)
            for s in ({"depth_format": "Normalized"}, {"disable_keeps": True}, {"contact_collides": True})
        ),
    ],
)
def test_builds_that_can_be_used_pass_all(unity, switches):
    assert failing(unity(**switches)) == []


@pytest.mark.parametrize(
    ("switches", "numbers"),
    [
        ({"fov_lies": True}, {2, 3}),
        pytest.param({"yaw_lies": True}, {1}, marks=pytest.mark.slow),
        pytest.param({"gain": 1.0}, {3}, marks=pytest.mark.slow),
        pytest.param({"depth_lies": "Normalized"}, {2, 3, 4}, marks=pytest.mark.slow),
        pytest.param({"enable_shift": 0.01}, {5}, marks=pytest.mark.slow),
        pytest.param({"snap": True}, {7}, marks=pytest.mark.slow),
        pytest.param({"drift": 0.003}, {8}, marks=pytest.mark.slow),
        pytest.param({"no_boxes": "all"}, {1, 2, 3, 4, 5, 6}, marks=pytest.mark.slow),
    ],
)
def test_each_lie_is_found_by_its_check(unity, switches, numbers):
    assert set(failing(unity(**switches))) == numbers


@pytest.mark.slow
def test_a_gain_that_was_measured_passes(unity):
    import dataclasses  # noqa: PLC0415

    assert failing(dataclasses.replace(unity(gain=1.0), depth_gain=1.0)) == []


def test_a_unity_that_dies_costs_one_check(unity):
    assert failing(unity({"action": "DisableObject", "do": "crash"})) == [5]


def test_a_bathroom_is_checked_for_its_split(unity, monkeypatch):
    seen = []
    monkeypatch.setattr(check_module, "confirmed", lambda options, scene: seen.append(scene) or iter(()))
    assert check({"executable": unity().executable}, "bathroom") == [] == check({"executable": unity().executable})
    assert seen == ["FloorPlan401", "FloorPlan_Train1_1"]


def test_what_is_missing_is_said_before_unity_is_started():
    with pytest.raises(EngineError, match="AI2-THOR cannot run here"):
        check({"executable": "/nowhere/thor"})


@pytest.mark.parametrize(
    ("switches", "status", "held"), [({"gain": 1.0}, 1, 7), pytest.param({}, 0, 8, marks=pytest.mark.slow)]
)
def test_the_command_prints_pass_or_fail_for_each(unity, monkeypatch, capsys, *, switches, status, held):
    monkeypatch.setattr(confirmed, "__defaults__", (SIZE,))
    executable = unity(**switches).executable
    command = ["build", "robothor", "--engine", "thor", "--check", "--engine-option", f"executable={executable}"]
    assert cli.main(command) == status
    said = capsys.readouterr().out
    assert said.count("pass ") == held and said.count("FAIL ") == 8 - held and f"{held} of 8 hold" in said
    assert ("--engine-option depth-gain=1.000" in said) == bool(switches)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["moon", "--engine", "thor"], "no split 'moon'"),
        (["robothor", "--engine", "blender"], "nothing to check"),
        (["robothor", "--engine", "thor", "--engine-option", "colour=red"], "has no option 'colour'"),
        (["robothor", "--engine", "thor", "--engine-option", "gpu=x"], "expected a number"),
        (["robothor", "--engine", "thor", "--engine-option", "gpu=0", "--engine-option", "gpu=1"], "given twice: 'gpu'"),
        (["robothor", "--engine", "thor", "--engine-option", "gpu"], "expected NAME=VALUE"),
        (["robothor", "--engine", "thor", "--engine-option", "executable=/nowhere/thor"], "'/nowhere/thor'"),
        (["robothor", "--engine", "maya"], "invalid choice"),
    ],
)
def test_a_check_that_cannot_be_is_one_line(arguments, said, capsys):
    status = 2
    with contextlib.suppress(SystemExit):
        status = cli.main(["build", *arguments, "--check"])
    printed = capsys.readouterr().err
    assert status == 2 and said in printed and "Traceback" not in printed


def test_a_build_without_a_folder_says_so(capsys):
    assert cli.main(["build", "mesatask"]) == 2
    assert "--out: give the dataset folder" in capsys.readouterr().err
