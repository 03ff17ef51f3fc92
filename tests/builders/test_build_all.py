"""`gsi-bench build all`: every split that there is a recipe for, in one folder."""

import pytest

from gsi_bench_builders import commands
from gsi_bench_builders.recipes.registry import RECIPES
from gsi_bench_dataset.cli.main import main
from gsi_bench_dataset.storage.shards import read_dataset


@pytest.mark.parametrize("option", [["--rooms", "living"], ["--themes", "desk"]])
def test_options_of_one_split_are_refused_for_all(option, tmp_path, capsys):
    assert main(["build", "all", "--out", str(tmp_path / "out"), *option]) == 2
    assert f"{option[0]} is of split" in capsys.readouterr().err


def test_a_folder_is_needed(capsys):
    assert main(["build", "all"]) == 2
    assert "--out: give the dataset folder" in capsys.readouterr().err


@pytest.mark.parametrize("broken", [*RECIPES])
def test_what_cannot_be_built_is_named_and_the_rest_is(broken, tmp_path, capsys, monkeypatch):
    built, run = [], commands._run_build

    def some(args):
        if args.split == "all":
            return run(args)
        if args.split == broken:
            raise commands.BuildOptionError("it rains")
        built.append((args.split, args.preview.name))
        return 0

    monkeypatch.setattr(commands, "_run_build", some)
    arguments = ["build", "all", "--out", str(tmp_path / "out"), "--preview", str(tmp_path / "sheet.png")]
    assert main(arguments) == 2
    said = capsys.readouterr().out
    assert built == [(split, f"sheet-{split}.png") for split in RECIPES if split != broken]
    assert f"{broken}: not built: it rains" in said


@pytest.mark.slow
def test_all_splits_are_built_into_one_folder(tmp_path):
    out = tmp_path / "out"
    few = ["--preset", "test", "--num-scenes", "1", "--edits-per-scene", "2", "--workers", "1", "--quiet"]
    assert main(["build", "all", "--out", str(out), *few]) == 0
    assert all(list(read_dataset(out, split)) for split in RECIPES)
