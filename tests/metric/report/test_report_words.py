"""The sentence under an edit: what it says follows from score and detections by the official rules, and nothing else."""

import math

import numpy as np
import pytest

from gsi_bench_dataset.records import Detection, Reason, Score
from gsi_bench_metric.protocols.official import operations as official
from gsi_bench_metric.protocols.text import say
from gsi_bench_metric.report.verdict import _BOTH, explain


def turned(box, degrees):
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return Detection(bbox_3d=box, bbox_2d=[0, 0, 50, 50], rotation_matrix=[[c, 0, s], [0, 1, 0], [-s, 0, c]])


def seen(box, at=(0, 0, 50, 50)):
    return Detection(bbox_3d=box, bbox_2d=at)


def shifted(box, metres):
    return [box[0] + metres, *box[1:]]


def scored(sample, operation, source, edited, **changes):
    """The score that the official protocol gives, and its verdict."""
    batch = official.pack_edits([sample], [source], [edited])
    ic, sa = (value.item() for value in official.score_operation(operation, batch))
    return verdict(sample, operation, source, edited, ic=ic, sa=sa, **changes)


def verdict(sample, operation, source=None, edited=None, **values):
    fields = {"ssim": 0.99, "lpips": 0.01, "mse": 1.0, "locality_passed": True}
    score = Score(
        sample_id=sample.id, split=sample.split, editor="e", protocol="official", operation=operation, **(fields | values)
    )
    return explain(sample, score, source, edited, None)


@pytest.mark.parametrize(("dataset_type", "joint"), [("GSI-Real", "or"), ("GSI-Syn", "and")])
def test_the_limits_in_words_are_the_gate_s(dataset_type, joint):
    assert _BOTH[dataset_type] == joint
    assert f"SSIM above 0.6 {joint} LPIPS under 0.3" in say("official.locality", ssim=0.0, lpips=1.0, both=joint)
    better, worse = official.locality_gate(0.6001, 0.2999, dataset_type), official.locality_gate(0.6, 0.3, dataset_type)
    assert (better, worse) == (True, False)
    assert official.locality_gate(0.6001, 0.3, dataset_type) is (joint == "or")


def test_a_changed_background_is_said_with_numbers_and_limits(make_sample):
    found = verdict(make_sample(), "move", ic=0.0, sa=0.0, ssim=0.41, lpips=0.32, locality_passed=False)
    assert found.outcome == "Failed"
    assert found.why == (
        "too much changed outside of the edit: SSIM 0.41, LPIPS 0.32, and it takes SSIM above 0.6 or LPIPS under 0.3."
    )


def test_a_rotation_that_passed_the_gate_failed_by_the_camera(make_sample):
    values = {"ic": 0.0, "sa": 0.0, "locality_passed": False}
    assert "camera seems to have turned" in verdict(make_sample(), "rotate", same_viewpoint=False, **values).why
    undecided = verdict(make_sample(), "rotate", reasons=(Reason("viewpoint", "undecided, fewer than 10 matches"),), **values)
    assert undecided.why == "the check that the camera stayed counts as failed: undecided, fewer than 10 matches."


def test_a_move_says_how_far_it_went_and_is_from_the_goal(make_sample):
    sample = make_sample()
    start = sample.original_bbox_3d
    sample = make_sample(new_bbox_3d=shifted(start, 0.8))
    found = scored(sample, "move", [seen(start)], [seen(shifted(start, 0.5), (300, 0, 350, 50))])
    assert found.outcome == "Passed"
    assert "went 50 cm where 80 cm were asked, and is 30 cm from its goal" in found.why


def test_a_move_the_wrong_way_says_that_any_direction_counts(make_sample):
    start = make_sample().original_bbox_3d
    sample = make_sample(new_bbox_3d=shifted(start, 0.5))
    found = scored(sample, "move", [seen(start)], [seen(shifted(start, -0.5), (300, 0, 350, 50))])
    assert found.outcome == "Passed"
    assert "not at the direction" in found.why


def test_an_unmoved_target_is_not_called_lost(make_sample):
    sample = make_sample()
    found = scored(sample, "move", [seen(sample.original_bbox_3d)], [seen(sample.original_bbox_3d)])
    assert found.outcome == "Failed"
    assert "1 × mug found in the edited image, but none counts as edited" in found.why


def test_nothing_found_and_no_original_are_told_apart(make_sample):
    sample = make_sample()
    start = sample.original_bbox_3d
    assert scored(sample, "move", [seen(start)], []).why == "no mug was found in the edited image."
    assert "no detection in the source is the mug" in scored(sample, "move", [seen(shifted(start, 2))], [seen(start)]).why


def test_a_rotation_says_the_angles(make_sample):
    start = make_sample().original_bbox_3d
    sample = make_sample(
        rotation_matrix=np.eye(3).tolist(), new_rotation_matrix=[list(row) for row in turned(start, 60).rotation_matrix]
    )
    after = Detection(
        bbox_3d=shifted(start, 0.05), bbox_2d=[90, 90, 200, 200], rotation_matrix=turned(start, 45).rotation_matrix
    )
    found = scored(sample, "rotate", [turned(start, 0)], [after])
    assert found.outcome == "Passed"
    assert "turned by 45° where 60° were asked, 15° from its goal" in found.why


def test_a_removal_tells_what_stayed_from_what_was_lost_with_it(make_sample):
    sample = make_sample()
    start = sample.original_bbox_3d
    others = [seen(shifted(start, i), (100 * i, 0, 100 * i + 50, 50)) for i in (1, 2, 3)]
    assert "is still found in its place" in scored(sample, "remove", [seen(start)], [seen(start)]).why
    assert scored(sample, "remove", [seen(start), *others], others).why.startswith("nothing is found in its place any more (")
    lost = scored(sample, "remove", [seen(start), *others], others[:1])
    assert "and 2 more than asked" in lost.why
    assert lost.why.endswith("IC needs SA of at least 0.5.")


def test_without_detections_no_cause_is_invented(make_sample):
    found = verdict(make_sample(), "move", ic=0.0, sa=0.01)
    assert found.why == "the rule for move is not met; the boxes behind that are not known here. SA 0.01."


def test_view_edits_are_graded_and_unscored_ones_give_reasons(make_sample):
    assert verdict(make_sample(), "view", ic=0.63, sa=0.63).outcome == "Graded"
    found = verdict(make_sample(), "move", reasons=(Reason("no_detections", "no detections for the edited image"),))
    assert (found.outcome, found.why) == ("Not scored", "no detections for the edited image.")
