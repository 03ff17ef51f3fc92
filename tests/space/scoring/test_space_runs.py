"""Runs under Explore: their numbers side by side, the report of one, and the validation page, each without scripts."""

import re
import shutil
from pathlib import Path

import httpx
import pytest
from gradio_client import Client

from gsi_bench_metric.run.pipeline import Request, evaluate
from gsi_bench_space.app import build_app, launch_options
from gsi_bench_space.scoring.run_folders import RunFolderError, leaderboard_page, report_page
from gsi_bench_space.shelf import EMBEDDED

MOVE = "s00000_dining_edit_02"


@pytest.fixture(scope="module")
def runs(shelf, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    pictures = folder / "pictures/somebody"
    pictures.mkdir(parents=True)
    (pictures / f"{MOVE}.png").write_bytes(shelf.example(MOVE, "after").bytes)
    request = Request(predictions=(pictures,), data=str(EMBEDDED), split="mesatask", detector="simulator", device="cpu")
    evaluate(request, folder / "first", progress=False)
    return folder


def cells(page: str) -> list[str]:
    """What the first line of the leaderboard's first table says."""
    row = re.search(r'<table class="board">.*?<tbody>\s*<tr>(.*?)</tr>', page, re.DOTALL).group(1)
    return [re.sub("<[^>]+>", "", cell.split("<small")[0]) for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL)]


def test_the_leaderboard_has_the_reports_row_of_every_editor(runs):
    page = leaderboard_page(runs)
    shown = cells(page)
    assert shown[1] == "somebody" and shown[-2] == "18"
    assert shown[3] == f"{100 / 18:.1f}"  # IC: one of 18 is there, and right
    assert "models/" not in page and "detector <b>simulator</b>" in page


def test_a_damaged_run_is_named_on_the_leaderboard(runs):
    (runs / "spoiled").mkdir()
    (runs / "spoiled/scores.jsonl").write_text("{")
    page = leaderboard_page(runs)
    assert "Not in the tables: 1" in page and "<bdi>spoiled</bdi></b>: no settings.json in it" in page
    assert str(runs) not in page and "somebody" in page
    shutil.rmtree(runs / "spoiled")


def test_a_report_is_the_one_that_was_written_else_its_tables(runs):
    assert "somebody" in report_page(runs, "first")
    (runs / "first/report.html").write_text("written with images")
    assert report_page(runs, "first") == "written with images"
    (runs / "first/report.html").unlink()


@pytest.mark.parametrize("name", ["..", "first/../../etc", "/etc", "nothing"])
def test_only_runs_of_the_folder_are_shown(runs, name):
    with pytest.raises(RunFolderError, match="no run of that name"):
        report_page(runs, name)


def test_the_app_shows_runs_and_validation_only_if_given(runs, shelf, exact, address, tmp_path):
    (tmp_path / "validity.html").write_text("<script>alert(1)</script>")
    app = build_app(shelf, exact, runs=runs, validation=tmp_path / "validity.html")
    _, url, _ = app.launch(server_name="127.0.0.1", prevent_thread_lock=True, quiet=True, **launch_options())
    try:
        shown = {c["props"].get("elem_id") for c in httpx.get(f"{url}config").json()["components"]}
        assert Client(url, verbose=False).predict("move", "any", "", api_name="/samples")
    finally:
        app.close()
    plain = {c["props"].get("elem_id") for c in httpx.get(f"{address}config").json()["components"]}
    assert shown - plain == {"leaderboard", "ranking", "runs", "run", "run-page", "validation", "validation-page"}


def test_a_run_that_is_made_again_is_shown_as_it_is_now(runs, shelf):
    before = leaderboard_page(runs)
    (runs / f"pictures/somebody/{MOVE}.png").write_bytes(shelf.samples[MOVE].image.bytes)
    pictures = (runs / "pictures/somebody",)
    request = Request(predictions=pictures, data=str(EMBEDDED), split="mesatask", detector="simulator", device="cpu")
    evaluate(request, runs / "first", progress=False)
    assert cells(leaderboard_page(runs)) != cells(before)
    evaluate(request, runs / "other", progress=False)
    assert "<bdi>other</bdi></b>: a copy of first" in leaderboard_page(runs)
