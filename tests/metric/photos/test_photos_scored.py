"""The photographs in tests/data, scored: what is right today, and what is wrong and known to be."""

import json
import re
import shutil
from pathlib import Path

import pytest

from gsi_bench_dataset.cli.main import main
from gsi_bench_metric.photos.pairs import load_pairs

PHOTOS = Path(__file__).parents[2] / "data" / "photos"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The run folder of all shipped pairs, scored once; and one more that lacks an image."""
    photos, folder = tmp_path_factory.mktemp("photos") / "pairs", tmp_path_factory.mktemp("run") / "run"
    shutil.copytree(PHOTOS, photos)
    lacking = json.loads((photos / "rm-ia-cat.json").read_text("utf-8"))
    lacking |= {"id": "zz-lacking", "edited": "images/none.jpg", "kind": "lacking"}
    (photos / "zz.json").write_text(json.dumps(lacking), "utf-8")
    assert main(["validate", "--photos", str(photos), "--out", str(folder), "--workers", "1", "--quiet"]) == 0
    return folder


@pytest.fixture(scope="module")
def questions(run):
    return json.loads((run / "photos.json").read_text("utf-8"))["questions"]


def test_what_is_wrong_is_known_and_what_is_known_is_wrong(questions):
    """A fault that is mended must leave the list of its pair; a new one is no known fault."""
    scored = [one for one in questions if one["right"] is not None]
    wrong = {(one["pair"], one["question"]) for one in scored if not one["right"]}
    known = {(pair.id, name) for pair in load_pairs(PHOTOS) for name in pair.known_faults}
    assert wrong == known


def test_known_faults_count_as_wrong(run):
    counts = {count["kind"]: count for count in json.loads((run / "photos.json").read_text("utf-8"))["counts"]}
    known = sum(len(pair.known_faults) for pair in load_pairs(PHOTOS))
    assert (counts["all"]["wrong"], counts["all"]["known_faults"]) == (known, known)
    assert counts["nothing done: JPEG"]["share_right"] == 100


def test_what_is_not_here_is_not_scored_and_says_why(run, questions):
    lacking = [one for one in questions if one["pair"] == "zz-lacking"]
    assert {one["right"] for one in lacking} == {None}
    assert all("images/none.jpg is not here" in one["why"] for one in lacking)
    assert "not scored" in (run / "photos.txt").read_text("utf-8")


def test_the_page_shows_both_images_of_every_pair(run):
    page = (run / "photos.html").read_text("utf-8")
    assert page.count("<img ") == 2 * len(load_pairs(PHOTOS)) + 1  # of the one that lacks its edited image the source
    assert not re.search(r"(src|href)=\"(?!data:|#)", page)


def test_the_same_command_takes_everything_from_records(run, capsys):
    before = {path.name: path.stat().st_size for path in (run / "records").iterdir()}
    photos = json.loads((run / "settings.json").read_text("utf-8"))["dataset"]["path"]
    assert main(["validate", "--photos", photos, "--out", str(run), "--workers", "1"]) == 0
    assert "verdicts are right" in capsys.readouterr().out
    assert {path.name: path.stat().st_size for path in (run / "records").iterdir()} == before


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--photos", "none"], "no such folder"),
        (["--photos", str(PHOTOS), "--data", "x"], "takes no --data"),
        (["--photos", str(PHOTOS), "--only", "none"], "--only none: no such pair or kind"),
        (["--photos", str(PHOTOS), "--protocol", "official"], "takes no --protocol"),
        (["--photos", str(PHOTOS), "--detector", "none"], "no such detector|expected one of"),
        (["--data", "x"], "--split is needed, or --photos DIR"),
        (["--only", "x"], "are needed, or --photos DIR"),
    ],
)
def test_options_that_do_not_go_together_are_named(tmp_path, capsys, options, said):
    assert main(["validate", *options, "--out", str(tmp_path / "run")]) == 2
    assert re.search(said, capsys.readouterr().err)
    assert not (tmp_path / "run").exists()


def test_a_folder_of_photographs_is_no_run_to_report(run, tmp_path, capsys):
    assert main(["report", str(run), "--out", str(tmp_path)]) == 2
    assert "has its own report" in capsys.readouterr().err
