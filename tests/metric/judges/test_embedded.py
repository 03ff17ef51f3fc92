"""The judge `embedded` on rendered variants: the right edit is kept, anything else is not, and it says that it is a proxy."""

import io
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from gsi_bench_dataset import EncodedImage
from gsi_bench_dataset.storage.shards import read_dataset
from gsi_bench_metric.imaging.pictures import Picture
from gsi_bench_metric.imaging.weights import trunk_file
from gsi_bench_metric.judges import JudgeItem, make_judge
from gsi_bench_metric.judges.embedded.filling import Filling, look_at_filling
from gsi_bench_metric.judges.embedded.judge import Aspects, score_of, score_of_filling
from gsi_bench_metric.validity.judging.controls import CONTROLS, make_control, shown

DATA = Path(__file__).parents[2] / "data" / "variants" / "GSI-Bench"

pytestmark = pytest.mark.skipif(
    not trunk_file().is_file(), reason="LPIPS weights are not here; run `gsi-bench weights lpips` once"
)


@pytest.fixture(scope="module")
def rows():
    found = {}
    for sample in read_dataset(DATA, "mesatask"):
        found.setdefault(sample.parent_id, {})[sample.variant] = sample
    return found


@pytest.fixture(scope="module")
def judge():
    return make_judge("embedded")


@pytest.fixture(scope="module")
def detections(judge, rows):
    """The tracker's results for right edits, by edit: measured once."""
    from gsi_bench_metric.detectors import DetectionItem  # noqa: PLC0415

    right = {edit: variants["grade100"] for edit, variants in rows.items()}
    return {
        edit: judge.detector.detect([DetectionItem(s, "edited", None, Picture(s.edited_image))])[0] for edit, s in right.items()
    }


def encoded(rgb):
    stream = io.BytesIO()
    Image.fromarray(rgb).save(stream, "PNG")
    return Picture(EncodedImage(stream.getvalue()))


def rate(judge, sample, picture, found):
    return judge.judge([JudgeItem(sample, Picture(sample.image), picture, None, found)])[0]


def scores_of(judge, rows, detections, name):
    """Scores of a control over all right edits, at the pose of the right edit."""
    scores = []
    for edit, variants in rows.items():
        sample = variants["grade100"]
        rgb = make_control(CONTROLS[name], shown(sample))
        if rgb is not None:
            scores.append(rate(judge, sample, encoded(rgb), detections[edit]).score)
    return [score for score in scores if score is not None]


def test_the_right_edit_keeps_its_score_bad_targets_lose_it(judge, rows, detections):
    medians = {
        name: np.median(scores_of(judge, rows, detections, name))
        for name in ("identical", "recoloured5", "recoloured20", "recoloured40", "swapped", "blank")
    }
    assert medians["identical"] >= 8.5  # six edits on images of 256 px; docs/judges.md has the figures of a whole build
    assert medians["identical"] > medians["recoloured5"] > medians["recoloured20"] > medians["recoloured40"]
    assert medians["recoloured20"] <= 7 and medians["swapped"] <= 2 and medians["blank"] <= 3


def test_the_untouched_source_shows_the_object_unchanged(judge, rows):
    sample = next(v["grade000"] for v in rows.values() if "grade000" in v and v["grade000"].operation.kind != "remove")
    found = judge.judge([JudgeItem(sample, Picture(sample.image), Picture(sample.image))])[0]
    assert found.score > 9.9 and json.loads(found.reply)["proxy"] is True


def test_a_lost_target_scores_zero(judge, rows, detections):
    import dataclasses  # noqa: PLC0415

    edit, variants = next((e, v) for e, v in rows.items() if v["grade100"].operation.kind not in ("remove", "view"))
    absent = [dataclasses.replace(d, state="absent") for d in detections[edit]]
    found = rate(judge, variants["grade100"], Picture(variants["grade100"].edited_image), absent)
    assert found.score == 0 and "not found" in found.reply


def test_it_says_that_it_is_a_proxy(judge):
    assert judge.describe()["proxy"] is True and judge.name == "embedded"


def test_an_unreadable_picture_is_not_judged(judge, rows):
    sample = next(iter(rows.values()))["grade100"]
    found = rate(judge, sample, Picture("/nowhere/picture.png"), [])
    assert found.score is None and "no such file" in found.problem


def test_its_score_falls_with_each_aspect():
    right = Aspects(0.0, 0.0, 1.0, -0.5)
    assert score_of(right) == 10
    for worse in (Aspects(10, 0, 1, -0.5), Aspects(0, 0.1, 1, -0.5), Aspects(0, 0, 0.5, -0.5)):
        assert score_of(worse) < 10
    # More like another object, and unlike itself.
    assert score_of(Aspects(12, 0, 1, 0.3)) == 2 < score_of(Aspects(12, 0, 1, 0.0))
    assert score_of(Aspects(2, 0, 1, 0.3)) > 9


def ground(seed=0, size=120):
    rng = np.random.default_rng(seed)
    grain = rng.normal(0, 4, (size, size, 1))
    slope = np.linspace(0, 30, size)[None, :, None]
    return np.clip(np.array([150, 120, 90]) + slope + grain, 0, 255).astype(np.uint8)


def test_removals_rate_by_remains_colours_grain_and_seam():
    clean, mask = ground(), np.zeros((120, 120), np.uint8)
    cv2.circle(mask, (60, 60), 22, 1, -1)
    place, nothing = mask.astype(bool), np.zeros((120, 120), bool)
    source = clean.copy()
    source[place] = (200, 20, 30)
    red, grey = source.copy(), clean.copy()
    grey[place] = 128
    smooth = cv2.inpaint(source, cv2.dilate(mask, np.ones((5, 5))), 3, cv2.INPAINT_TELEA)
    rated = {
        name: score_of_filling(look_at_filling(source, picture, place, nothing))
        for name, picture in {"clean": clean, "still there": red, "grey": grey, "smooth": smooth}.items()
    }
    assert rated["clean"] > 9.5 and rated["still there"] < 0.1 and rated["grey"] < 5
    assert rated["grey"] < rated["smooth"] <= rated["clean"]


def test_a_place_that_fills_the_image_has_no_surroundings():
    picture = ground(size=64)
    everywhere = np.ones((64, 64), bool)
    assert look_at_filling(picture, picture, everywhere, ~everywhere) is None


def test_a_perfect_filling_scores_ten():
    assert score_of_filling(Filling(remains=0, fitting=1, grain=0, seam=0)) == 10


def test_a_run_uses_the_trackers_records_and_says_proxy(rows, tmp_path):
    from gsi_bench_dataset.storage.shards import write_dataset  # noqa: PLC0415
    from gsi_bench_metric.report.content import build_report  # noqa: PLC0415
    from gsi_bench_metric.report.markdown import markdown  # noqa: PLC0415
    from gsi_bench_metric.run.pipeline import Request, evaluate  # noqa: PLC0415

    samples = [variants["grade100"] for variants in rows.values()][:2]
    write_dataset({"mesatask": samples}, tmp_path / "data")
    (tmp_path / "editor").mkdir()
    for sample in samples:
        (tmp_path / "editor" / f"{sample.id}.png").write_bytes(sample.edited_image.bytes)
    request = Request((tmp_path / "editor",), str(tmp_path / "data"), "mesatask", judge="embedded", device="cpu", workers=1)
    run = evaluate(request, tmp_path / "run", progress=False)
    assert all(score.ac is not None for score in run.scores)
    kinds = [
        json.loads(line)["kind"] for p in (tmp_path / "run" / "records").glob("*.jsonl") for line in p.read_text().splitlines()
    ]
    assert kinds.count("judgements") == 2 and kinds.count("detections") == 4  # the protocol's own, none of its own
    assert run.settings["judge_settings"]["proxy"] is True and not run.settings["comparable_with_paper"]
    page = markdown(build_report(run, gallery=0))
    assert page.count("proxy") >= 2
