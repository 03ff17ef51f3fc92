"""A report of hostile input: prompts, editor names, reasons and operations come from outside."""

import csv
import dataclasses
import io
import json

import pytest

from gsi_bench_dataset.records import Fault, Reason, Score
from gsi_bench_dataset.storage.shards import write_dataset
from gsi_bench_metric.report.content import build_report
from gsi_bench_metric.report.tables import number
from gsi_bench_metric.report.write import html, markdown, report_json, scores_csv, summary, write_report
from gsi_bench_metric.run.folder import Run, RunError, finish_run, load_run

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
    for text in (markdown(report), summary(report)):
        assert "<script" not in text
        assert EVIL not in text


def test_the_page_allows_only_its_own_styles_and_images(tmp_path, make_sample):
    page = html(build_report(make_run(tmp_path, make_sample(), ic=1.0, sa=0.5, ssim=1.0, lpips=0.0, mse=0.0)))
    assert "default-src 'none'; img-src data:; style-src 'unsafe-inline'" in page
    assert "http:" not in page
    assert "https:" not in page
    assert "<script" not in page
    assert "url(#change)" in page


def test_text_that_a_spreadsheet_would_run_is_quoted(tmp_path, make_sample):
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
    assert list(report.gallery.cards) == []
    assert "images are not where the run found them" in report.gallery.problem
    assert "images are not where the run found them" in html(report)
    assert report.rows[0].values["ic"] == 100


def test_every_form_lists_unscored_edits_and_unused_files(tmp_path, make_sample):
    run = make_run(tmp_path, make_sample(), state="no_picture", reasons=(Reason("missing", "no picture for this sample"),))
    many = [dataclasses.replace(run.scores[0], sample_id=f"a_edit_{i}") for i in range(600)]
    record = run.settings["editors"][EVIL]["fine"] | {"extra": ["stray_edit_1"], "ignored_files": ["notes.txt"]}
    run = dataclasses.replace(run, scores=many, settings=run.settings | {"editors": {EVIL: {"fine": record}}})
    report = build_report(run, gallery=0)
    page, text = html(report), markdown(report).replace("\\", "")
    for name in ("a_edit_0", "a_edit_599", "stray_edit_1", "notes.txt"):
        assert name in page
        assert name in text
    (entry,) = json.loads(report_json(report))["unscored"]
    assert (entry["reason"], entry["count"], len(entry["edits"])) == ("missing", 600, 600)
    assert entry["edits"][7] == {"sample_id": "a_edit_7", "text": "no picture for this sample"}
    assert len(summary(report).splitlines()) < 20


def test_every_form_says_why_edits_failed(tmp_path, make_sample):
    run = make_run(tmp_path, make_sample(), protocol="strict", ic=0.0, sa=0.0, faults=(Fault("too_little", 0.4),))
    report = build_report(run, gallery=0)
    assert "1 of 1" in html(report)
    for form in (html(report), markdown(report)):
        assert "Why edits failed" in form
        assert "less than half of what was asked" in form
        assert "<script" not in form
    (entry,) = json.loads(report_json(report))["faults"]
    assert (entry["operation"], entry["scored"], entry["failed"], entry["without_fault"]) == (EVIL, 1, 1, [])
    (kind,) = entry["kinds"]
    assert (kind["kind"], kind["count"], kind["edits"]) == ("too_little", 1, [run.scores[0].sample_id])
    official = build_report(
        dataclasses.replace(run, scores=[dataclasses.replace(run.scores[0], protocol="official")]), gallery=0
    )
    assert "Why edits failed" not in html(official) + markdown(official)


def test_json_is_strict_and_keeps_numbers_unrounded(tmp_path, make_sample):
    sa = 0.123456789012345678
    run = make_run(tmp_path, make_sample(), ic=1.0, sa=sa, ssim=float("nan"), lpips=0.25, mse=1.0)
    (row,) = json.loads(report_json(build_report(run, gallery=0)), parse_constant=pytest.fail)["rows"]
    assert row["values"]["sa"] == 100 * sa
    assert row["values"]["el_ssim"] is None


def test_missing_images_as_zero_stand_beside_the_difference(tmp_path, make_sample):
    run = make_run(tmp_path, make_sample(), ic=1.0, sa=0.5, ssim=1.0, lpips=0.0, mse=0.0)
    gone = dataclasses.replace(
        run.scores[0], sample_id="b_edit_0", state="no_picture", **dict.fromkeys(("ic", "sa", "ssim", "lpips", "mse"))
    )
    page = html(build_report(dataclasses.replace(run, scores=[*run.scores, gone]), gallery=0))
    assert "With missing images counted as 0" in page
    assert "25.0 (−25.0)" in page


def test_a_report_is_four_files_and_nothing_else(tmp_path, make_sample):
    run = make_run(tmp_path, make_sample(), ic=1.0, sa=0.5, ssim=1.0, lpips=0.0, mse=0.0)
    written = write_report(run, tmp_path / "out", progress=False)
    assert sorted(p.name for p in written) == ["report.html", "report.json", "report.md", "scores.csv"]
    assert sorted((tmp_path / "out").iterdir()) == sorted(written)


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
def test_cells_show_counts_scores_and_a_dash_for_nothing(value, key, cell):
    assert number(value, key) == cell
