"""Strict runs as a whole: scores with reasons, excluded edits, missing images, and the row of an editor."""

import dataclasses
import io

import numpy as np
import pytest
from PIL import Image
from strict_cases import BOOK, BOWL, MUG, box, case, thing

from gsi_bench_dataset import EncodedImage, Prediction, Score
from gsi_bench_dataset.records import Fault
from gsi_bench_dataset.storage.predictions import PredictionSet
from gsi_bench_metric.detectors.simulator import SimulatorDetector
from gsi_bench_metric.editors.baselines import BASELINES
from gsi_bench_metric.hf.evaluate_module import GsiBench
from gsi_bench_metric.imaging.images import load_rgb
from gsi_bench_metric.protocols.base import Scorer
from gsi_bench_metric.results.aggregate import aggregate
from gsi_bench_metric.run.planning import make_plan
from gsi_bench_metric.run.scoring import make_scorer, score

ROUND = [thing("mug", MUG, symmetry="continuous"), thing("bowl", BOWL), thing("book", BOOK)]


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return make_scorer("strict", "cpu")


def png(seed, size=(640, 480)):
    coarse = np.random.default_rng(seed).integers(0, 256, (12, 16, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(coarse).resize(size).save(stream, "PNG")
    return EncodedImage(stream.getvalue())


def with_patch(picture):
    """The image, with a part of another image in it."""
    rgb = load_rgb(picture).copy()
    rgb[215:265, 200:340] = load_rgb(png(1))[215:265, 200:340]
    return as_png(rgb)


@pytest.fixture
def move(make_sample):
    things = [thing("mug", MUG), thing("bowl", BOWL), thing("book", BOOK)]
    after = [dataclasses.replace(things[0], bbox_3d=box(MUG, -0.2)), *things[1:]]
    return case(make_sample, "move", image=png(0), edited_image=with_patch(png(0)), objects_after=after)


@pytest.fixture
def rotate(make_sample):
    """Of a rotationally symmetric object: excluded for every editor."""
    return case(make_sample, "rotate", things=ROUND, image=png(0), img_id="b", query_id="0", id="b_edit_0")


def scored(scorer, samples, **pictures):
    """Scores of images by sample id; samples without one are missing."""
    found_pictures = {i: Prediction(i, "e", image=p) for i, p in pictures.items()}
    plan = make_plan(samples, PredictionSet("e", found_pictures), protocol="strict")
    return score(plan, samples, scorer, SimulatorDetector(), progress=False)


def as_png(rgb):
    stream = io.BytesIO()
    Image.fromarray(rgb).save(stream, "PNG")
    return EncodedImage(stream.getvalue())


def test_the_right_edit_complies_and_a_copy_does_not(scorer, move):
    (right,) = scored(scorer, [move], a_edit_0=move.edited_image)
    assert (right.ic, right.sa, right.bystanders, right.state) == (1.0, 1.0, 1.0, "scored")
    assert right.explanation == "moved 20.0 cm left; 20.0 asked"
    assert right.drift_px < 0.1
    (copied,) = scored(scorer, [move], a_edit_0=move.image)
    assert (copied.ic, copied.sa, copied.lpips) == (0.0, 0.0, 0.0)


def test_scores_come_back_from_json_and_old_ones_are_read(scorer, move):
    (right,) = scored(scorer, [move], a_edit_0=move.edited_image)
    assert Score.from_json(right.to_json()) == right
    old = {k: v for k, v in right.to_json().items() if k not in ("bystanders", "drift_px", "explanation")}
    assert Score.from_json(old).explanation is None


def test_a_blank_picture_scores_0_and_is_flagged(scorer, move):
    (blank,) = scored(scorer, [move], a_edit_0=as_png(BASELINES["blank"](move)))
    assert (blank.ic, blank.sa, blank.lpips, [r.name for r in blank.reasons]) == (0.0, 0.0, 1.0, ["blank"])


def test_missing_and_unreadable_pictures_score_0_and_are_flagged(scorer, move):
    other = dataclasses.replace(move, id="c_edit_0", img_id="c")
    unreadable, missing = scored(scorer, [move, other], a_edit_0=EncodedImage(move.image.bytes[:200]))
    for found_score, name in ((unreadable, "unreadable"), (missing, "missing")):
        assert (found_score.ic, found_score.sa, found_score.state) == (0.0, 0.0, "no_picture")
        assert [r.name for r in found_score.reasons] == [name]
        assert found_score.explanation
    row = aggregate([unreadable, missing], judged=False)
    assert (row["ic"], row["n"], row["n_not_scored"]) == (0.0, 2, 0)


def test_who_is_not_scored_does_not_depend_on_the_editor(scorer, move, rotate):
    delivered = scored(scorer, [move, rotate], a_edit_0=move.image, b_edit_0=rotate.image)
    silent = scored(scorer, [move, rotate], a_edit_0=move.image)
    blank = scored(scorer, [move, rotate], a_edit_0=move.image, b_edit_0=as_png(BASELINES["blank"](rotate)))
    for editor in (delivered, silent, blank):
        assert [s.ic for s in editor] == [0.0, None]
        assert "unobservable" in [r.name for r in editor[1].reasons]
        assert (
            editor[1].explanation
            == "not scored: the mug looks the same from all sides, by the symmetry that the sample gives it"
        )


def test_unparsed_instructions_and_unknown_images_are_unscored(scorer, move):
    (unclear,) = scored(scorer, [dataclasses.replace(move, operation=None)], a_edit_0=move.image)
    assert (unclear.ic, [r.name for r in unclear.reasons]) == (None, ["unknown_operation"])
    (unseen,) = scored(scorer, [move], a_edit_0=png(7))
    assert (unseen.ic, [r.name for r in unseen.reasons]) == (None, ["no_detections"])


# --- the row of an editor

GOOD = Score(
    sample_id="a_edit_0",
    split="fine",
    editor="e",
    protocol="strict",
    operation="move",
    ic=1.0,
    sa=0.5,
    ssim=0.9,
    lpips=0.2,
    bystanders=0.5,
    ac=8.0,
)
FAILED = dataclasses.replace(GOOD, sample_id="a_edit_1", ic=0.0)
UNSCORED = dataclasses.replace(GOOD, sample_id="a_edit_2", ic=None, sa=None, bystanders=None, state="not_scored")


def test_everything_counts_as_far_as_the_edit_complied():
    row = aggregate([GOOD, FAILED], judged=True)
    assert (row["ic"], row["sa"], row["el"], row["el_ssim"], row["ac"]) == pytest.approx((50, 25, 20, 22.5, 40))
    assert row["average"] == pytest.approx((50 + 25 + 20 + 40) / 4)
    given = (row["n_ic"], row["sa_given_ic"], row["el_given_ic"], row["el_ssim_given_ic"], row["ac_given_ic"])
    assert given == pytest.approx((1, 50, 40, 45, 80))


def test_the_unscored_make_a_range_and_nothing_else_does():
    row = aggregate([GOOD, FAILED, UNSCORED], judged=False)
    assert (row["n"], row["n_not_scored"], row["ic"]) == (2, 1, 50)
    assert (row["ic_worst"], row["ic_best"]) == pytest.approx((100 / 3, 200 / 3))
    assert row["average_ic_sa_el_worst"] < row["average_ic_sa_el"] < row["average_ic_sa_el_best"]
    assert not any(key.endswith(("_worst", "_best")) for key in aggregate([GOOD, FAILED], judged=False))


def test_an_edit_that_was_not_judged_is_left_out_of_ac():
    unjudged = dataclasses.replace(GOOD, sample_id="a_edit_3", ac=None)
    row = aggregate([GOOD, dataclasses.replace(FAILED, ac=None), unjudged], judged=True)
    assert (row["ac"], row["n_ac"], row["n"]) == (80, 1, 3)
    assert (row["average"], row["n_average"]) == (pytest.approx((100 + 50 + 40 + 80) / 4), 1)
    assert (row["ac_worst"], row["ac_best"]) == pytest.approx((80 / 3, 180 / 3))
    assert row["ic"] == pytest.approx(200 / 3)


def test_a_judge_that_fails_at_random_does_not_move_ac():
    scores = [dataclasses.replace(GOOD, sample_id=f"{i}_edit_0", ic=float(i % 2)) for i in range(100)]
    failing = [dataclasses.replace(s, ac=None) if i % 10 not in (0, 3) else s for i, s in enumerate(scores)]
    whole, part = aggregate(scores, judged=True), aggregate(failing, judged=True)
    assert (whole["ac"], whole["n_ac"]) == (40, 100)
    assert (part["ac"], part["n_ac"]) == (40, 20)
    assert part["average"] == pytest.approx(whole["average"])


@pytest.mark.parametrize("lacking", [9, 10])
def test_views_without_depth_are_left_out_of_el_however_many(lacking):
    bare = {"operation": "view", "lpips": None, "ssim": None, "state": "partial"}
    scores = [
        dataclasses.replace(GOOD, sample_id=f"{i}_edit_0", ic=float(i % 2), **(bare if i < lacking else {"operation": "view"}))
        for i in range(10)
    ]
    row = aggregate(scores, judged=False)
    assert row["n_el"] == row["n_average_ic_sa_el"] == row["n_el/view"] == 10 - lacking
    assert ("el" in row, "average_ic_sa_el" in row) == (lacking == 9, lacking == 9)
    assert row.get("el", 40) == 40
    assert (row["ic"], row["n"]) == (50, 10)


@pytest.mark.parametrize("nothing", [{"state": "no_picture", "faults": (Fault("no_image"),)}, {"faults": (Fault("blank"),)}])
def test_an_image_that_shows_nothing_counts_0_in_ac_unjudged(nothing):
    empty = dataclasses.replace(FAILED, sa=0.0, lpips=1.0, ssim=0.0, bystanders=0.0, ac=None, **nothing)
    row = aggregate([GOOD, empty], judged=True)
    assert (row["ac"], row["n_ac"], row["el"], row["n_el"], row["n_average"]) == (40, 2, 20, 2, 2)


def test_the_best_case_of_an_edit_that_did_not_comply_is_0():
    row = aggregate([GOOD, dataclasses.replace(FAILED, lpips=None, ssim=None, state="partial")], judged=False)
    assert (row["el_worst"], row["el_best"]) == (20, 20)


def test_whose_el_is_not_measured_does_not_depend_on_the_editor(scorer, make_sample):
    view = case(make_sample, "view", image=png(0))
    other = dataclasses.replace(view, id="z_edit_9", img_id="z", query_id="9")
    empty = as_png(BASELINES["blank"](view))
    (delivered, silent), (blank, _) = (scored(scorer, [view, other], a_edit_0=sent) for sent in (view.image, empty))
    for found in (delivered, silent, blank):
        assert (found.ic is not None, found.lpips, found.ssim) == (True, None, None)
        assert "no_depth" in [r.name for r in found.reasons]
        assert aggregate([found], judged=False)["n_el"] == 0
    assert (silent.ic, blank.ic) == (0.0, 0.0)


def test_intervals_stand_beside_means_from_ten_scenes_on():
    scores = [dataclasses.replace(GOOD, sample_id=f"{i}_edit_0", ic=float(i % 2), scene_id=str(i)) for i in range(10)]
    row = aggregate(scores, judged=False)
    assert row["ic_low"] < row["ic"] < row["ic_high"]
    assert "ic_low" not in aggregate(scores[:9], judged=False)


def test_lpips_over_1_is_no_less_than_nothing():
    assert aggregate([dataclasses.replace(GOOD, lpips=1.4)], judged=False)["el"] == 0


def test_the_evaluate_metric_scores_strictly_through_arrow(move, rotate):
    """Objects, masks and operations travel with the rows of the dataset."""
    mask = np.zeros((480, 640), dtype=np.uint16)
    mask[228:253, 307:333] = 1
    stream = io.BytesIO()
    Image.fromarray(mask).save(stream, "PNG")
    masked = dataclasses.replace(move, instance_mask=EncodedImage(stream.getvalue()))
    predictions = [{"id": "a_edit_0", "image": move.edited_image.bytes}, {"id": "b_edit_0", "image": rotate.image.bytes}]
    row = GsiBench().compute(
        predictions=predictions, references=[masked, rotate], protocol="strict", detector="simulator", device="cpu"
    )
    assert (row["ic"], row["sa"], row["n"], row["n_not_scored"]) == (100, 100, 1, 1)
    assert (row["ic_worst"], row["ic_best"]) == (50, 100)
    assert row["ic/move"] == 100
