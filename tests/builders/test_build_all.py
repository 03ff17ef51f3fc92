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


def runs_of_all(monkeypatch, *words):
    """The options of each split's own run."""
    runs, run = {}, commands._run_build

    def kept(args):
        if args.split == "all":
            return run(args)
        runs[args.split] = args
        return 0

    monkeypatch.setattr(commands, "_run_build", kept)
    assert main(["build", "all", *words]) == 0
    return runs


def test_photographs_given_to_all_are_those_of_fine(tmp_path, monkeypatch):
    more = ["--photo-frames", "2", "--device", "optix", "--aspect", "4:3", "--num-scenes", "3"]
    runs = runs_of_all(monkeypatch, str(tmp_path), "--out", str(tmp_path / "out"), *more)
    fine = runs["fine"]
    assert (list(map(str, fine.photos)), fine.photo_frames) == ([str(tmp_path)], 2)
    assert (fine.device, fine.aspect, fine.num_scenes) == ("CPU", "1:1", None)
    for split in set(RECIPES) - {"fine"}:
        args = runs[split]
        assert not args.photos and args.photo_frames is None
        assert (args.device, args.aspect, args.num_scenes) == ("OPTIX", "4:3", 3)


def test_without_photographs_all_options_are_those_of_every_split(tmp_path, monkeypatch):
    runs = runs_of_all(monkeypatch, "--out", str(tmp_path / "out"), "--device", "optix", "--aspect", "4:3", "--num-scenes", "3")
    assert {(a.device, a.aspect, a.num_scenes, bool(a.photos)) for a in runs.values()} == {("OPTIX", "4:3", 3, False)}


@pytest.mark.slow
def test_all_splits_are_built_into_one_folder(tmp_path):
    out = tmp_path / "out"
    few = ["--preset", "test", "--num-scenes", "1", "--edits-per-scene", "2", "--workers", "1", "--quiet"]
    assert main(["build", "all", "--out", str(out), *few]) == 0
    assert all(list(read_dataset(out, split)) for split in RECIPES)


SWEET = ["--assets", "sweethome3d"]
REFUSED = {
    "another engine": (["robothor", *SWEET, "--engine", "thor"], "scenes of engine thor come with assets of their own"),
    "another dataset": (["mesatask", *SWEET, "--mesatask-10k", "x"], "with --mesatask-10k assets are MesaTask-10K's"),
    "photographs": (["fine", "photos", *SWEET], "with PHOTOS there are none but what they show"),
    "unknown": (["bathroom", "--assets", "ikea"], "expected embedded, sweethome3d or sweethome3d:FOLDER; found 'ikea'"),
    "no folder": (["bathroom", "--assets", "sweethome3d:"], "expected embedded, sweethome3d or sweethome3d:FOLDER"),
    "embedded folder": (["bathroom", "--assets", "embedded:x"], "expected embedded, sweethome3d or sweethome3d:FOLDER"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_assets_that_cannot_be_meant_are_refused(case, tmp_path, capsys):
    arguments, said = REFUSED[case]
    try:
        status = main(["build", *arguments, "--out", str(tmp_path / "out")])
    except SystemExit as usage:  # argparse
        status = usage.code
    assert status == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("split", sorted(RECIPES))
def test_furniture_that_is_not_there_says_how_to_get_it(split, tmp_path, capsys):
    nothing = f"sweethome3d:{tmp_path / 'nothing'}"
    assert main(["build", split, "--assets", nothing, "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert "apt install sweethome3d-furniture" in said and "Traceback" not in said
    assert not (tmp_path / "out").exists()
