"""A report of hostile input: prompts, editor names, reasons and operations come from outside."""

import csv
import dataclasses
import io

import pytest

from gsi_bench_dataset.records import Reason, Score
from gsi_bench_dataset.shards import write_dataset
from gsi_bench_metric.report.content import build_report
from gsi_bench_metric.report.write import html, markdown, number, scores_csv
from gsi_bench_metric.runs import Run, RunError, finish_run, load_run

EVIL = "<script>alert(1)</script>|`x`"


def make_run(tmp_path, sample, **values) -> Run:
    write_dataset({"fine": [sample]}, tmp_path / "data")
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / f"{sample.id}.png").write_bytes(sample.image.bytes)
    fields = {"sample_id": sample.id, "split": "fine", "editor": EVIL, "protocol": "official", "operation": EVIL}
    record = {"predictions": str(tmp_path / "pictures"), "column": "edited_image", "judgements": None}
    settings = {
        "created": "2026-01-01T00:00:00+00:00",
        "protocol": "official",
        "detector": "recorded",
        "judge": None,
        "comparable_with_paper": False,
        "not_comparable_because": EVIL,
        "dataset": {
            "path": str(tmp_path / "data"),
            "revision": None,
            "content_hash": None,
            "origins": ["demo"],
            "samples": {"fine": 1},
        },
        "dataset_type": None,
        "device": "cpu",
        "editors": {EVIL: {"fine": record}},
        "versions": {"torch": "0"},
    }
    return Run(settings, [Score(**fields | values)])


def test_everything_from_outside_is_escaped(tmp_path, make_sample):
    run = make_run(
        tmp_path, make_sample(prompt=f"Move the mug {EVIL}"), reasons=(Reason("unreadable", EVIL),), state="not_scored"
    )
    report = build_report(run)
    page = html(report)
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 5
    text = markdown(report)
    assert "<script" not in text
    assert EVIL not in text


def test_text_that_a_spreadsheet_would_run_is_quoted_and_numbers_are_not(tmp_path, make_sample):
    score = make_run(
        tmp_path,
        make_sample(),
        ic=-0.5,
        sa=0.25,
        reasons=(Reason("missing", "=1"), Reason("unreadable", "a,b")),
        state="partial",
    ).scores[0]
    header, line = csv.reader(io.StringIO(scores_csv([dataclasses.replace(score, editor="@x")])))
    row = dict(zip(header, line, strict=True))
    assert (row["editor"], row["reasons"]) == ("'@x", "missing: =1 | unreadable: a,b")
    assert (row["ic"], row["sa"], row["ssim"]) == ("-0.5", "0.25", "")


def test_pictures_that_moved_away_are_said_and_the_numbers_stay(tmp_path, make_sample):
    run = make_run(tmp_path, make_sample(), ic=1.0, sa=0.5, ssim=1.0, lpips=0.0, mse=0.0)
    (tmp_path / "pictures").rename(tmp_path / "elsewhere")
    report = build_report(run)
    assert report.gallery == []
    assert "pictures are not where the run found them" in report.gallery_problem
    assert report.rows[0][2]["ic"] == 100


def test_a_run_comes_back_as_it_was_saved(tmp_path, make_sample):
    run = make_run(tmp_path, make_sample(), ic=1.0, sa=0.123456789012345678, ssim=float("nan"), lpips=0.25)
    finish_run(tmp_path / "run", run.settings, run.scores)
    found = load_run(tmp_path / "run")
    assert found.settings.items() >= run.settings.items()
    assert repr(found.scores) == repr(list(run.scores))


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(RunError, match=r"no settings\.json in it"):
        load_run(tmp_path)


@pytest.mark.parametrize(
    ("value", "key", "cell"),
    [(None, "ic", "–"), (12.345, "ic", "12.3"), (7.0, "n", "7"), (7.0, "n/move", "7"), (0.0, "sa", "0.0")],
)
def test_cells_show_counts_whole_scores_with_one_decimal_and_a_dash_for_nothing(value, key, cell):
    assert number(value, key) == cell
