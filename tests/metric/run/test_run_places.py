"""A run with relative paths: its report is the same from any working folder, and where it was moved with its data."""

import dataclasses
import json
import shutil
from pathlib import Path

import pytest

from gsi_bench_dataset.cli.main import main
from gsi_bench_metric.run.folder import load_run
from gsi_bench_metric.run.pipeline import evaluate

PAGES = ("report.html", "report.md", "report.json", "scores.csv")


@pytest.fixture
def project(make_case, tmp_path, monkeypatch):
    """A folder with data, images and a run of them, all named by relative paths from within it."""
    case = make_case()
    home = tmp_path / "case"
    monkeypatch.chdir(home)
    request = case.request()
    request = dataclasses.replace(
        request,
        predictions=tuple(path.relative_to(home) for path in request.predictions),
        data=str(Path(request.data).relative_to(home)),
        detections=request.detections.relative_to(home),
        judgements=request.judgements.relative_to(home),
    )
    evaluate(request, Path("runs/x"), progress=False)
    return home


def reported(run: Path, out: Path) -> dict[str, bytes]:
    assert main(["report", str(run), "--out", str(out), "--quiet"]) == 0
    return {name: (out / name).read_bytes() for name in PAGES}


def shown(pages: dict[str, bytes]) -> int:
    return pages["report.html"].count(b"data:image/")


def test_a_report_is_the_same_from_another_folder(project, tmp_path, monkeypatch):
    first = reported(Path("runs/x"), tmp_path / "first")
    assert shown(first) > 0
    for number, (where, run) in enumerate(
        [("elsewhere", project / "runs/x"), ("case/runs", Path("x")), ("case/runs/x", Path())]
    ):
        (tmp_path / where).mkdir(exist_ok=True)
        monkeypatch.chdir(tmp_path / where)
        assert reported(run, tmp_path / f"out{number}") == first


def test_a_report_is_the_same_after_all_was_moved(project, tmp_path, monkeypatch):
    first = reported(Path("runs/x"), tmp_path / "first")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "deep/er").mkdir(parents=True)
    shutil.move(project, tmp_path / "deep/er/there")
    assert reported(Path("deep/er/there/runs/x"), tmp_path / "moved") == first


def test_a_copy_shows_its_own_images_not_the_first_ones(project, tmp_path, monkeypatch):
    first = reported(Path("runs/x"), tmp_path / "first")
    shutil.copytree(project, tmp_path / "copy")
    for path in list((project / "editor").glob("*.png")):
        path.write_bytes(b"another image")
    assert reported(Path("runs/x"), tmp_path / "changed") != first
    assert reported(tmp_path / "copy/runs/x", tmp_path / "copied") == first


def test_a_run_moved_alone_finds_its_data_where_it_was(project, tmp_path, monkeypatch):
    first = reported(Path("runs/x"), tmp_path / "first")
    shutil.move("runs/x", tmp_path / "kept")
    monkeypatch.chdir(tmp_path)
    assert reported(Path("kept"), tmp_path / "alone") == first


def test_absolute_paths_are_found_after_all_was_moved_too(make_case, tmp_path):
    case = make_case()
    evaluate(case.request(), tmp_path / "case/run", progress=False)
    first = reported(tmp_path / "case/run", tmp_path / "first")
    shutil.move(tmp_path / "case", tmp_path / "there")
    assert shown(first) > 0 and reported(tmp_path / "there/run", tmp_path / "moved") == first


def test_a_run_of_a_former_version_counts_from_where_one_is(project, tmp_path):
    settings = json.loads(Path("runs/x/settings.json").read_text())
    del settings["places"]
    Path("runs/x/settings.json").write_text(json.dumps(settings))
    assert shown(reported(Path("runs/x"), tmp_path / "out")) > 0


def test_data_that_is_gone_is_named_and_asked_of_no_hub(project, tmp_path, monkeypatch):
    settings = json.loads(Path("runs/x/settings.json").read_text())
    settings["dataset"]["path"] = "some/data"  # as a repository is called
    Path("runs/x/settings.json").write_text(json.dumps(settings))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    pages = reported(Path("runs/x"), tmp_path / "out")
    assert b"is not there any more; looked for at" in pages["report.json"] and shown(pages) == 0


def test_no_report_holds_the_folders_of_this_machine(project, tmp_path):
    pages = reported(Path("runs/x"), tmp_path / "out")
    assert load_run(Path("runs/x")).settings["places"]["working_folder"] == str(project)
    assert all(str(project).encode() not in page for page in pages.values())
