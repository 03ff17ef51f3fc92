"""A report of hostile input: prompts, editor names, reasons and operations come from outside."""

import csv
import dataclasses
import io
import re

import numpy as np
import pytest

from gsi_bench_dataset.records import Detection, Reason, Score
from gsi_bench_dataset.shards import write_dataset
from gsi_bench_metric.report.content import build_report
from gsi_bench_metric.report.gallery import choose
from gsi_bench_metric.report.overlays import FOUND, GOAL, ORIGINAL, boxes_of, change_map, drawn
from gsi_bench_metric.report.plots import histograms, intervals
from gsi_bench_metric.report.words import verdict
from gsi_bench_metric.report.write import html, markdown, number, scores_csv, summary
from gsi_bench_metric.runs import Run, RunError, finish_run, load_run

EVIL = "<script>alert(1)</script>|`x`"


def make_run(tmp_path, sample, **values) -> Run:
    write_dataset({"fine": [sample]}, tmp_path / "data")
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / f"{sample.id}.png").write_bytes(sample.image.bytes)
    fields = {"sample_id": sample.id, "split": "fine", "editor": EVIL, "protocol": "official", "operation": EVIL}
    record = {"predictions": str(tmp_path / "pictures"), "column": "edited_image", "pictures": 1, "extra": [EVIL]}
    record |= {"ignored_files": [], "detections": None, "judgements": None}
    settings = {
        "created": "2026-01-01T00:00:00+00:00",
        "protocol": "official",
        "detector": "recorded",
        "judge": None,
        "on_missing": "zero",
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
    assert "<script" not in summary(report)


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
    assert not report.gallery.cards
    assert "pictures are not where the run found them" in report.gallery.problem
    assert report.rows[0][2]["ic"] == 100
    assert report.gallery.problem.split("(")[0] in html(report)


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


def make_score(sample_id="a_edit_0", **values) -> Score:
    fields = {"sample_id": sample_id, "split": "fine", "editor": "e", "protocol": "official", "operation": "move"}
    return Score(**fields | {"ic": 1.0, "sa": 0.5, "ssim": 0.9, "lpips": 0.1, "mse": 1.0, "locality_passed": True} | values)


def detection(sample, dx=0.0) -> Detection:
    box = (sample.original_bbox_3d[0] + dx, *sample.original_bbox_3d[1:])
    return Detection(bbox_3d=box, bbox_2d=(0, 0, 9, 9), rotation_matrix=sample.rotation_matrix)


# The page


def test_a_page_asks_nothing_of_any_server_and_runs_nothing(tmp_path, make_sample):
    page = html(build_report(make_run(tmp_path, make_sample(), ic=1.0, sa=0.5, ssim=0.9, lpips=0.1, mse=0.0)))
    assert not re.search(r"<(script|link|iframe|object)\b|@import|url\((?!data:)|\son\w+=", page)
    assert all(source.startswith("data:image/jpeg") for source in re.findall(r'src="([^"]*)"', page))
    assert "default-src 'none'" in page


def test_every_unscored_edit_is_listed_with_its_text(tmp_path, make_sample):
    run = make_run(tmp_path, make_sample())
    reasons = (Reason("stretched", "64×64 made 64×48"), Reason("unreadable", "cut off"))
    scores = [dataclasses.replace(run.scores[0], sample_id=f"s{i:03}", reasons=reasons) for i in range(600)]
    page = html(build_report(dataclasses.replace(run, scores=scores), gallery=False))
    assert all(page.count(f"<li>s{i:03}: {text}</li>") == 1 for i in range(600) for text in ("64×64 made 64×48", "cut off"))


# Which edits are shown


def test_best_and_worst_are_by_what_an_edit_adds_to_the_average_and_nothing_is_shown_twice():
    scores = [make_score(f"s{i:02}_edit_0", sa=i / 20) for i in range(20)]
    scores.append(make_score("missing_edit_0", ic=None, sa=None, ssim=None, lpips=None, state="no_picture"))
    chosen = choose(scores, judged=False, count=3)
    by_rank = {rank: [s.sample_id[:3] for r, s in chosen if r == rank] for rank in ("best", "worst", "random")}
    assert by_rank["best"] == ["s19", "s18", "s17"]
    assert by_rank["worst"] == ["s00", "s01", "s02"]
    assert len({s.sample_id for _, s in chosen}) == len(chosen) == 9
    assert choose(scores, judged=False, count=3) == chosen


def test_edits_that_were_not_scored_are_shown_at_random_only():
    scores = [make_score(f"s{i}_edit_0", ic=None, sa=None, state="partial") for i in range(5)]
    assert {rank for rank, _ in choose(scores, judged=False, count=2)} == {"random"}


# Boxes and changes


def test_boxes_are_drawn_where_the_camera_sees_them(make_sample):
    sample = make_sample(pixel_frame="source")
    boxes = boxes_of(sample, [detection(sample)], (64, 48), before=True)
    assert [colour for _, colour in boxes] == [ORIGINAL, GOAL, FOUND]
    corners, _ = boxes[0]
    np.testing.assert_allclose(corners.mean(0), [60 * 0.1 / 2 + 32, 60 * 0.2 / 2 + 24], atol=0.5)  # K · centre
    picture = drawn(np.zeros((48, 64, 3), np.uint8), boxes)
    assert all((picture == colour).all(-1).any() for colour in (ORIGINAL, GOAL, FOUND))
    assert boxes_of(make_sample(pixel_frame="unknown"), [detection(sample)], (64, 48), before=True) == []


def test_the_change_map_is_bright_where_the_picture_changed_and_nowhere_else():
    source = np.full((100, 120, 3), 90, np.uint8)
    edited = source.copy()
    edited[20:40, 20:40] = 250
    found = change_map(source, edited, [])
    scale = found.shape[1] / 120
    inside = found[int(25 * scale) : int(35 * scale), int(25 * scale) : int(35 * scale)].mean()
    outside = found[int(60 * scale) :, int(60 * scale) :]
    assert inside > 150
    assert outside.max() - outside.min() <= 2 and outside.max() < 60


# Words


def test_words_say_which_rule_stopped_an_edit(make_sample):
    sample = make_sample()
    here = [detection(sample)]
    real = verdict(make_score(ic=0.0, ssim=0.41, lpips=0.52, locality_passed=False), sample, here, here)
    assert "locality gate" in real and "SSIM 0.41" in real and "or LPIPS" in real
    synthetic = make_score(ic=0.0, ssim=0.9, lpips=0.52, locality_passed=False)
    assert "and LPIPS" in verdict(synthetic, sample, here, here, dataset_type="GSI-Syn")
    turned = make_score(operation="rotate", ic=0.0, locality_passed=False, same_viewpoint=False)
    assert "camera seems to have turned" in verdict(turned, sample, here, here)


def test_words_give_the_distances_of_a_move_and_why_a_short_one_counts_as_unmoved(make_sample):
    sample = make_sample()  # 20 cm to the right
    told = verdict(make_score(ic=0.0), sample, [detection(sample)], [detection(sample, 0.2)])
    assert "Asked: 20 cm" in told and "0 cm from its goal and 20 cm from its old place" in told
    assert "counts as unmoved" in told
    assert "counts as unmoved" not in verdict(make_score(), sample, [detection(sample)], [detection(sample, 0.9)])


def test_words_invent_nothing_where_no_detections_are_recorded(make_sample):
    sample = make_sample()
    assert verdict(make_score(), sample, None, None) == "Complied."
    assert "No mug was found in the edited picture" in verdict(make_score(ic=0.0), sample, [detection(sample)], [])


def test_words_say_that_a_missing_judgement_zeroes_an_edit(make_sample):
    told = verdict(make_score(), make_sample(), None, None, judged=True)
    assert "counts the whole edit as 0" in told
    assert "counts the whole edit" not in verdict(make_score(ac=7.0), make_sample(), None, None, judged=True)


# Charts


def test_a_dot_stands_at_its_value_and_its_whisker_spans_the_interval():
    svg = str(intervals("IC", [("a", 0.0, None, None), ("b", 100.0, 50.0, 100.0)]))
    left, right = (float(x) for x in re.findall(r'circle cx="([\d.]+)"', svg))
    ((start, end),) = re.findall(r'<line x1="([\d.]+)" y1="[\d.]+" x2="([\d.]+)" y2="[\d.]+" stroke=', svg)
    assert float(end) == right
    assert float(start) == pytest.approx((left + right) / 2)


def test_bars_of_a_histogram_have_the_heights_of_their_shares():
    svg = str(histograms("SA", [("a", [0.0] * 3 + [100.0] + [250.0] * 2)]))
    heights = [float(h) for h in re.findall(r'height="([\d.]+)" fill', svg)]
    assert len(heights) == 2 and heights[0] == heights[1] == max(heights)
    assert "n = 6" in svg


def test_labels_of_charts_are_escaped():
    for svg in (str(intervals(EVIL, [(EVIL, 1.0, None, None)])), str(histograms(EVIL, [(EVIL, [1.0])]))):
        assert "<script" not in svg and "&lt;script" in svg
