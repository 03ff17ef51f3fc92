"""The rules of the strict protocol, one by one: when an edit complies, how accurate it is, and what is said about it."""

import dataclasses

import numpy as np
import pytest
from strict_cases import BOOK, BOWL, EYE, GONE, MUG, box, case, found, judged, look, seen, thing, turned

from gsi_bench_dataset import Operation
from gsi_bench_metric.geometry.motion import Motion
from gsi_bench_metric.protocols.strict.rules.view import view
from gsi_bench_metric.protocols.strict.scope import excluded
from gsi_bench_metric.protocols.text import told

# --- what the editor cut away


@pytest.mark.parametrize(("kind", "mug"), [("move", found("mug", MUG, -0.2)), ("remove", GONE)])
def test_what_should_change_in_a_part_cut_away_left_the_frame(make_sample, kind, mug):
    sample, edited = case(make_sample, kind), seen(mug)
    assert judged(sample, edited, shown=(0, 0, 640, 480)).ic  # all of the source is shown
    cut = judged(sample, edited, shown=(400, 0, 640, 480))  # the mug's place and its goal lie left of that
    assert (cut.ic, cut.sa, [r.name for r in cut.reasons]) == (False, 0.0, ["left_frame"])
    assert "does not show the part of the source where the mug should change" in told(cut)


def test_a_cut_that_keeps_goal_and_place_takes_nothing(make_sample):
    whole, cut = (judged(case(make_sample, "move"), seen(found("mug", MUG, -0.2)), shown=s) for s in (None, (200, 0, 400, 480)))
    assert (whole.ic, whole.sa) == (cut.ic, cut.sa) == (True, 1.0)


# --- move: 20 cm left


@pytest.mark.parametrize(
    ("dx", "dz", "ic", "sa"),
    [
        (-0.2, 0, True, 1.0),
        (-0.1, 0, True, 0.1),  # half of the way is enough, and no less
        (-0.099, 0, False, 0.0),
        (-0.3, 0, True, 0.1),
        (-0.301, 0, False, 0.0),
        (0.2, 0, False, 0.0),
        (-0.2, 0.1, True, 0.1),  # off the axis by half of the way, and no more
        (-0.2, 0.101, False, 0.0),
        (-0.16, 0, True, 0.7),
        (-0.18, 0, True, 0.9),
        (0, 0, False, 0.0),
    ],
)
def test_a_move_goes_half_to_one_and_a_half_and_not_aside(make_sample, dx, dz, ic, sa):
    outcome = judged(case(make_sample, "move"), seen(found("mug", MUG, dx, dz=dz)))
    assert (outcome.ic, outcome.sa) == (ic, pytest.approx(sa))


def test_errors_of_short_moves_are_relative_to_5_cm(make_sample):
    sample = case(make_sample, "move", new_bbox_3d=box(MUG, dx=-0.02))
    assert judged(sample, seen(found("mug", MUG, -0.03))).sa == pytest.approx(0.7)  # 1 cm of 5


def test_a_move_leaves_its_place_empty(make_sample):
    sample = case(make_sample, "move")
    left = judged(sample, seen(found("mug", MUG), found("mug", MUG, -0.2, state="duplicate")))
    assert (left.ic, left.sa) == (False, 1.0)
    assert told(left) == "moved 20.0 cm left; 20.0 asked; a mug is left where it stood"
    taken = judged(sample, seen(found("mug", MUG, -0.2), bowl=found("bowl", MUG)))
    assert "the bowl stands where it stood" in told(taken)
    assert not taken.ic


@pytest.mark.parametrize("kind", ["move", "scale", "place"])
def test_object_edits_that_turn_by_over_20_degrees_fail(make_sample, kind):
    done = {"move": {"dx": -0.2}, "scale": {"factor": 2.0}, "place": {"dx": 0.4, "dy": -0.02}}[kind]
    sample = case(make_sample, kind)
    assert judged(sample, seen(found("mug", MUG, turn=19.9, **done))).ic
    turned_too = judged(sample, seen(found("mug", MUG, turn=-20.1, **done)))
    assert not turned_too.ic
    assert "turned 20° clockwise, unasked" in told(turned_too)


def test_a_turn_that_nobody_can_see_is_none(make_sample):
    things = [thing("mug", MUG, symmetry="2-fold"), thing("bowl", BOWL), thing("book", BOOK)]
    half_turn = seen(found("mug", MUG, -0.2, turn=180))
    assert judged(case(make_sample, "move", things=things), half_turn).ic
    assert not judged(case(make_sample, "move"), half_turn).ic
    hidden = seen(found("mug", MUG, -0.2, turn=180, unobservable=["turn"]))
    assert judged(case(make_sample, "move"), hidden).ic


@pytest.mark.parametrize(
    ("kind", "done"), [("move", {"dx": -0.2}), ("rotate", {"turn": 90}), ("place", {"dx": 0.4, "dy": -0.02})]
)
@pytest.mark.parametrize(("factor", "ic"), [(0.801, True), (0.79, False), (1.249, True), (1.26, False)])
def test_an_object_edit_that_changes_the_size_does_not_comply(make_sample, kind, done, factor, ic):
    assert judged(case(make_sample, kind), seen(found("mug", MUG, factor=factor, **done))).ic is ic


# --- rotate: 90° counter-clockwise


@pytest.mark.parametrize(
    ("turn", "ic", "sa"),
    [(90, True, 1.0), (45, True, 0.1), (44, False, 0.0), (135, True, 0.1), (81, True, 0.9), (-90, False, 0.0), (0, False, 0.0)],
)
def test_a_rotation_may_miss_by_half_and_45_degrees_at_most(make_sample, turn, ic, sa):
    outcome = judged(case(make_sample, "rotate"), seen(found("mug", MUG, turn=turn)))
    assert (outcome.ic, outcome.sa) == (ic, pytest.approx(sa))


def test_a_half_turn_may_miss_by_45_and_is_graded_against_90(make_sample):
    operation = Operation(kind="rotate", angle_deg=180.0)
    sample = case(make_sample, "rotate", operation=operation, new_rotation_matrix=turned(180).tolist())
    assert judged(sample, seen(found("mug", MUG, turn=135))).ic
    assert not judged(sample, seen(found("mug", MUG, turn=134))).ic
    assert judged(sample, seen(found("mug", MUG, turn=171))).sa == pytest.approx(0.9)


@pytest.mark.parametrize(("symmetry", "turn", "ic"), [("none", -90, False), ("2-fold", -90, True), ("2-fold", 0, False)])
def test_turns_that_look_alike_count_alike(make_sample, symmetry, turn, ic):
    sample = case(make_sample, "rotate", things=[thing("mug", MUG, symmetry=symmetry), thing("bowl", BOWL)])
    assert judged(sample, seen(found("mug", MUG, turn=turn))).ic is ic


def test_the_smallest_equivalent_turn_sets_the_tolerance(make_sample):
    """135° of an object with two equal sides is −45°: leaving it as it is must not count as half done."""
    things = [thing("mug", MUG, symmetry="2-fold"), thing("bowl", BOWL)]
    sample = case(make_sample, "rotate", things=things, new_rotation_matrix=turned(135).tolist())
    assert not judged(sample, seen()).ic
    assert judged(sample, seen(found("mug", MUG, turn=-45))).sa == 1.0


@pytest.mark.parametrize(("kind", "done"), [("rotate", {"turn": 90}), ("scale", {"factor": 2.0})])
@pytest.mark.parametrize(("dx", "ic"), [(0.04, True), (0.045, False)])  # a quarter of the diagonal of a 10 cm cube: 4.3 cm
def test_rotations_and_scalings_keep_the_base_in_place(make_sample, kind, done, dx, ic):
    assert judged(case(make_sample, kind), seen(found("mug", MUG, dx, **done))).ic is ic


def test_the_base_of_a_large_thing_drifts_5_cm_at_most(make_sample):
    large = (0.0, 0.0, 2.0, 0.4, 0.4, 0.4)
    sample = case(make_sample, "rotate", things=[thing("mug", large)], original_bbox_3d=box(large), new_bbox_3d=box(large))
    source = [found("mug", large)]
    assert judged(sample, [found("mug", large, 0.049, turn=90)], source).ic
    assert not judged(sample, [found("mug", large, 0.051, turn=90)], source).ic


# --- scale: twice


@pytest.mark.parametrize(
    ("factor", "ic", "sa"),
    [
        (2.0, True, 1.0),
        (2**0.5, True, 0.1),
        (1.4, False, 0.0),
        (2**1.5, True, 0.1),
        (2.9, False, 0.0),
        (0.5, False, 0.0),
        (1, False, 0),
    ],
)
def test_a_scaling_is_measured_in_logarithms(make_sample, factor, ic, sa):
    outcome = judged(case(make_sample, "scale"), seen(found("mug", MUG, factor=factor)))
    assert (outcome.ic, outcome.sa) == (ic, pytest.approx(sa))


def test_a_height_that_cannot_be_seen_does_not_count(make_sample):
    flat = found("mug", MUG, factor=2.0, unobservable=["height"])
    flat = dataclasses.replace(flat, bbox_3d=[*flat.bbox_3d[:4], 0.15, *flat.bbox_3d[5:]])
    assert judged(case(make_sample, "scale"), seen(flat)).sa == 1.0


# --- place: into the bowl, 40 cm to the right


@pytest.mark.parametrize(
    ("dx", "dy", "ic", "sa"),
    [
        (0.4, -0.02, True, 1.0),
        (0.45, -0.02, True, 1.0),  # on the region's border
        (0.48, -0.02, True, 0.5),  # in the bowl, 3 cm beside the region; the bowl's radius is 11.3 cm
        (0.51, -0.02, False, 0.0),  # beside the bowl
        (0.4, -0.039, True, 1.0),
        (0.4, -0.041, False, 1.0),  # floats
        (0.4, 0.001, False, 1.0),  # below the bottom
        (0.0, 0.0, False, 0.0),
    ],
)
def test_a_placed_thing_stands_in_the_receptacle_at_its_height(make_sample, dx, dy, ic, sa):
    outcome = judged(case(make_sample, "place"), seen(found("mug", MUG, dx, dy)))
    assert (outcome.ic, outcome.sa) == (ic, pytest.approx(sa))


def test_a_receptacle_that_went_elsewhere_takes_its_place_along(make_sample):
    sample = case(make_sample, "place")
    with_bowl = judged(sample, seen(found("mug", MUG, 0.6, -0.02), bowl=found("bowl", BOWL, 0.2)))
    assert (with_bowl.ic, with_bowl.sa, with_bowl.bystanders) == (True, 1.0, 0.5)
    without = judged(sample, seen(found("mug", MUG, 0.4, -0.02), bowl=found("bowl", BOWL, state="absent")))
    assert (without.ic, without.sa) == (False, 0.0)
    assert told(without).startswith("the bowl is gone")


def test_a_place_that_leaves_a_copy_does_not_comply(make_sample):
    copies = seen(found("mug", MUG), found("mug", MUG, 0.4, -0.02, state="duplicate"))
    outcome = judged(case(make_sample, "place"), copies)
    assert not outcome.ic
    assert "a mug is left where it stood" in told(outcome)


# --- remove


def test_a_removed_object_is_gone_and_the_rest_is_unchanged(make_sample):
    outcome = judged(case(make_sample, "remove"), seen(GONE))
    assert (outcome.ic, outcome.sa, told(outcome)) == (True, 1.0, "the mug is gone")
    half = judged(case(make_sample, "remove"), seen(GONE, bowl=found("bowl", BOWL, 0.1)))
    assert (half.ic, half.sa, half.bystanders) == (True, 0.5, 0.5)


def test_a_removed_thing_without_others_is_accurate(make_sample):
    sample = case(make_sample, "remove", things=[thing("mug", MUG)])
    assert judged(sample, [GONE], [found("mug", MUG)]).sa == 1.0


@pytest.mark.parametrize(
    ("edited", "words"),
    [
        (seen(), "the mug is still there"),
        (seen(found("mug", MUG, 0.2)), "the mug is somewhere else, not gone"),
        (seen(GONE, found("mug", MUG, state="duplicate")), "the mug is still there"),
        (seen(GONE, bowl=found("bowl", MUG)), "the bowl stands in its place"),
        (seen(GONE, bowl=None, book=None), "only 0 % of the rest of the scene is found again"),
    ],
)
def test_a_removal_that_is_none(make_sample, edited, words):
    outcome = judged(case(make_sample, "remove"), edited)
    assert not outcome.ic
    assert words in told(outcome)


# --- view: 20 cm to the right


def as_seen(translation=(0.0, 0.0, 0.0), turn=0.0, **moved):
    """What a moved and turned camera sees (counter-clockwise from above); `moved`: objects that moved by themselves."""
    # A camera that turns one way sees objects turn the other way.
    rotation = turned(-turn)
    seen_things = []
    for name, numbers in (("mug", MUG), ("bowl", BOWL), ("book", BOOK)):
        centre = np.array(numbers[:3]) + moved.get(name, (0, 0, 0))
        centre = rotation @ (centre - translation)
        detection = found(name, (*centre, *numbers[3:]))
        seen_things.append(dataclasses.replace(detection, rotation_matrix=rotation.tolist()))
    return seen_things


@pytest.mark.parametrize(
    ("translation", "turn", "ic", "sa"),
    [
        ((0.2, 0, 0), 0, True, 1.0),
        ((0.1, 0, 0), 0, True, 0.1),
        ((0.09, 0, 0), 0, False, 0.0),
        ((0.31, 0, 0), 0, False, 0.0),
        ((-0.2, 0, 0), 0, False, 0.0),
        ((0.2, 0, 0.11), 0, False, 0.0),
        ((0.2, 0, 0), 4.9, True, 1.0),
        ((0.2, 0, 0), 5.1, False, 1.0),  # no turn was asked for
        ((0, 0, 0), 0, False, 0.0),
    ],
)
def test_a_camera_travels_as_asked_and_does_not_turn(make_sample, translation, turn, ic, sa):
    outcome = judged(case(make_sample, "view"), as_seen(translation, turn))
    assert (outcome.ic, outcome.sa) == (ic, pytest.approx(sa))


@pytest.mark.parametrize(
    ("translation", "turn", "ic", "sa"),
    [
        ((0, 0, 0), 20, True, 1.0),
        ((0, 0, 0), 10, True, 0.1),
        ((0, 0, 0), 9, False, 0.0),
        ((0, 0, 0), -20, False, 0.0),
        ((0.099, 0, 0), 20, True, 1.0),
        ((0.101, 0, 0), 20, False, 1.0),  # no travel was asked for
    ],
)
def test_a_camera_turns_as_asked_and_does_not_travel(make_sample, translation, turn, ic, sa):
    # The book is where the camera that turned to the left still sees it.
    operation = Operation(
        kind="view", direction="left", angle_deg=20.0, camera_translation_m=(0, 0, 0), camera_rotation=turned(-20).tolist()
    )
    outcome = judged(case(make_sample, "view", operation=operation), as_seen(translation, turn))
    assert (outcome.ic, outcome.sa) == (ic, pytest.approx(sa))


def test_of_two_camera_requests_the_smaller_accuracy_counts(make_sample):
    operation = Operation(
        kind="view",
        distance_m=0.2,
        angle_deg=10.0,
        camera_translation_m=(0.2, 0, 0),
        camera_rotation=turned(-10).tolist(),
    )
    assert judged(case(make_sample, "view", operation=operation), as_seen((0.18, 0, 0), 7)).sa == pytest.approx(0.5)


def test_an_object_moved_by_itself_is_no_camera_motion(make_sample):
    outcome = judged(case(make_sample, "view"), as_seen((0.2, 0, 0), book=(0.1, 0, 0.1)))
    assert (outcome.ic, outcome.sa) == (True, 1.0)
    assert outcome.bystanders == pytest.approx(2 / 3)


def test_a_view_whose_scene_is_lost_does_not_comply(make_sample):
    outcome = judged(case(make_sample, "view"), [d for d in as_seen((0.2, 0, 0)) if d.object_id == "mug"])
    assert not outcome.ic
    assert outcome.reasons[0].name == "scene_lost"


# --- bystanders and the scene


@pytest.mark.parametrize(
    ("change", "unchanged"),
    [
        ({"dx": 0.019}, 1.0),
        ({"dx": 0.021}, 0.5),
        ({"dx": 0.021, "sigma": [0.011, 0, 0, 0, 0, 0, 0]}, 1.0),  # within two standard deviations
        ({"turn": 9.9}, 1.0),
        ({"turn": 10.1}, 0.5),
        ({"turn": 90, "unobservable": ["turn"]}, 1.0),
        ({"state": "absent"}, 0.5),
    ],
)
def test_an_unchanged_bystander_is_there_in_place_and_unturned(make_sample, change, unchanged):
    outcome = judged(case(make_sample, "move"), seen(found("mug", MUG, -0.2), book=found("book", BOOK, **change)))
    assert outcome.bystanders == unchanged
    assert outcome.ic  # what else changed counts in EL


def test_what_the_target_carries_goes_along_and_is_no_bystander(make_sample):
    egg = (0.0, -0.03, 2.0, 0.04, 0.04, 0.04)
    sample = case(make_sample, "move", things=[thing("mug", MUG), thing("egg", egg), thing("bowl", BOWL)])
    source = [found("mug", MUG), found("egg", egg), found("bowl", BOWL)]
    gone_along = [found("mug", MUG, -0.2), found("egg", egg, -0.2), found("bowl", BOWL)]
    assert judged(sample, gone_along, source).bystanders == 1.0


@pytest.mark.parametrize("kind", ["move", "rotate", "scale", "place", "remove"])
def test_no_edit_complies_that_loses_the_scene(make_sample, kind):
    done = {
        "move": found("mug", MUG, -0.2),
        "rotate": found("mug", MUG, turn=90),
        "scale": found("mug", MUG, factor=2.0),
        "place": found("mug", MUG, 0.4, -0.02),
        "remove": GONE,
    }[kind]
    sample = case(make_sample, kind)
    assert judged(sample, seen(done), scene_found=0.5).ic
    lost = judged(sample, seen(done), scene_found=0.49)
    assert (lost.ic, lost.reasons[0].name) == (False, "scene_lost")


@pytest.mark.parametrize(
    ("mug", "reason"),
    [
        (GONE, "not_detected"),
        (found("mug", MUG, -0.2, confidence=0.29), "low_confidence"),
        (found("mug", MUG, -0.2, unobservable=["position"]), "low_confidence"),
        (found("mug", MUG, -1.4), "left_frame"),
    ],
)
def test_a_target_that_is_lost_scores_0_with_a_reason(make_sample, mug, reason):
    outcome = judged(case(make_sample, "move"), seen(mug))
    assert (outcome.ic, outcome.sa, [r.name for r in outcome.reasons]) == (False, 0.0, [reason])
    assert told(outcome)


# --- what a hostile trial found


def test_a_receptacle_slid_under_the_object_is_no_placing(make_sample):
    sample = case(make_sample, "place")
    slid = seen(found("mug", MUG), bowl=found("bowl", BOWL, -0.4, 0.02))
    outcome = judged(sample, slid)
    assert not outcome.ic
    assert "nothing_done" in {fault.kind for fault in outcome.faults}


def test_a_placing_that_has_gone_half_of_the_way_itself_counts(make_sample):
    sample = case(make_sample, "place")
    half = seen(found("mug", MUG, 0.2, -0.02), bowl=found("bowl", BOWL, -0.2))
    assert "nothing_done" not in {fault.kind for fault in judged(sample, half).faults}


@pytest.mark.parametrize(("rise", "ic"), [(0.02, True), (-0.02, True), (0.0205, False), (-0.0205, False)])
def test_a_base_may_be_2_cm_too_high_or_too_low(make_sample, rise, ic):
    assert judged(case(make_sample, "place"), seen(found("mug", MUG, 0.4, -0.02 - rise))).ic is ic


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_half_a_turn_of_the_camera_done_exactly_is_right(axis, sign):
    turn = np.diag([1.0 if i == axis else -1.0 for i in range(3)])
    nearly = Motion(np.zeros(3), turn @ small_turn(axis, sign * 1e-3))
    asked = Motion(np.zeros(3), turn)
    outcome = view(nearly, asked, up=np.array([0.0, -1.0, 0.0]), travels=False)
    assert outcome.ic and outcome.sa == 1.0


def small_turn(axis, angle):
    i, j = [k for k in range(3) if k != axis]
    turn = np.eye(3)
    turn[i, i] = turn[j, j] = np.cos(angle)
    turn[i, j], turn[j, i] = -np.sin(angle), np.sin(angle)
    return turn


def test_a_turn_that_the_detector_cannot_see_is_not_called_symmetry(make_sample):
    blind = seen(found("mug", MUG, unobservable=["turn"]))
    told_why = excluded(look(case(make_sample, "rotate"), blind, blind))
    assert told_why.message == "cannot_tell_turn"
    round_mug = [thing("mug", MUG, symmetry="continuous")]
    assert excluded(look(case(make_sample, "rotate", things=round_mug), blind, blind)).message == "same_from_all_sides"


# --- words


@pytest.mark.parametrize(
    ("edited", "words"),
    [
        (seen(found("mug", MUG, -0.124)), "moved 12.4 cm left; 20.0 asked"),
        (seen(found("mug", MUG, 0.124)), "moved 12.4 cm right; 20.0 cm left asked; the opposite of what was asked"),
        (
            seen(found("mug", MUG, -0.2, dz=-0.2)),
            "moved 28.3 cm left and closer; 20.0 cm left asked; too far off the asked direction",
        ),
        (seen(), "did not move; 20.0 cm left asked"),
        (
            seen(found("mug", MUG, -0.15), bowl=found("bowl", BOWL, 0.1)),
            "moved 15.0 cm left; 20.0 asked; the bowl changed too",
        ),
    ],
)
def test_the_explanation_says_what_was_done_and_asked(make_sample, edited, words):
    assert told(judged(case(make_sample, "move"), edited)) == words


def test_a_neighbour_is_called_one(make_sample):
    near = (0.2, 0.0, 2.0, 0.1, 0.1, 0.1)
    sample = case(make_sample, "move", things=[thing("mug", MUG), thing("bowl", near), thing("book", BOOK)])
    source = seen(bowl=found("bowl", near))
    edited = seen(found("mug", MUG, -0.124), bowl=found("bowl", near, 0.1))
    said = told(judged(sample, edited, source))
    assert said == "moved 12.4 cm left; 20.0 asked; the bowl next to it changed too"


@pytest.mark.parametrize(
    ("kind", "mug", "words"),
    [
        ("rotate", found("mug", MUG, turn=30), "turned 30° counter-clockwise; 90° counter-clockwise asked; too far from it"),
        ("scale", found("mug", MUG, factor=0.8), "scaled to 80 %; 200 % asked; the opposite of what was asked"),
        ("place", found("mug", MUG, 0.52, -0.02), "put 7.0 cm from where it was asked to go; it stands 2.0 cm beside the bowl"),
    ],
)
def test_explanations_of_the_other_operations(make_sample, kind, mug, words):
    assert told(judged(case(make_sample, kind), seen(mug))) == words


@pytest.mark.parametrize(
    ("translation", "turn", "words"),
    [
        ((0.12, 0, 0), 0, "the camera moved 12.0 cm right and did not turn; 20.0 asked"),
        ((0.2, 0, 0), 10, "the camera moved 20.0 cm right and turned 10.0° left; 20.0 asked; the camera was not to turn"),
        ((0, 0, 0.2), 0, "the camera moved 20.0 cm forward and did not turn; 20.0 cm right asked"),
    ],
)
def test_explanations_of_views(make_sample, translation, turn, words):
    assert told(judged(case(make_sample, "view"), as_seen(translation, turn))) == words


# --- what is excluded for every editor


def reason(sample, source=None, hidden=None):
    found_reason = excluded(look(sample, seen(), source), hidden)
    return None if found_reason is None else found_reason.name


@pytest.mark.parametrize(
    ("kind", "mug", "name"),
    [
        ("move", GONE, "source_not_found"),
        ("remove", GONE, "source_not_found"),
        ("remove", found("mug", MUG, unobservable=["presence"]), "unobservable"),
        ("move", found("mug", MUG, sigma=[0.11, 0, 0, 0, 0, 0, 0]), "below_resolution"),
        ("move", found("mug", MUG, sigma=[0.09, 0, 0, 0, 0, 0, 0]), None),
        ("move", found("mug", MUG, unobservable=["position"]), "unobservable"),
        ("place", found("mug", MUG, unobservable=["position"]), "unobservable"),
        ("rotate", found("mug", MUG, unobservable=["turn"]), "unobservable"),
        ("rotate", found("mug", MUG, sigma=[0, 0, 0, 0, 0, 0, 0.8]), "below_resolution"),
        ("scale", found("mug", MUG, unobservable=["size"]), "unobservable"),
        ("scale", found("mug", MUG, sigma=[0, 0, 0, 0.05, 0.05, 0.05, 0]), "below_resolution"),
    ],
)
def test_what_the_source_does_not_show_is_scored_for_nobody(make_sample, kind, mug, name):
    assert reason(case(make_sample, kind), seen(mug)) == name


@pytest.mark.parametrize(
    ("symmetry", "degrees", "name"),
    [
        ("continuous", 90, "unobservable"),
        ("4-fold", 90, "unobservable"),
        ("4-fold", 45, None),
        ("2-fold", 180, "unobservable"),
        ("2-fold", 90, None),
    ],
)
def test_a_turn_inside_of_the_symmetry_is_scored_for_nobody(make_sample, symmetry, degrees, name):
    things = [thing("mug", MUG, symmetry=symmetry)]
    assert reason(case(make_sample, "rotate", things=things, new_rotation_matrix=turned(degrees).tolist())) == name


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("move", {"new_bbox_3d": None}),
        ("rotate", {"new_rotation_matrix": None}),
        ("scale", {"new_bbox_3d": None, "operation": Operation(kind="scale")}),
        ("place", {"operation": Operation(kind="place", receptacle="bowl")}),
        ("view", {"operation": Operation(kind="view", direction="right", distance_m=0.2)}),
    ],
)
def test_a_sample_without_a_goal_is_scored_for_nobody(make_sample, kind, fields):
    assert reason(case(make_sample, kind, **fields)) == "no_goal"


def test_a_target_that_the_right_edit_hides_is_scored_for_nobody(make_sample):
    assert reason(case(make_sample, "move"), hidden=0.41) == "target_hidden"
    assert reason(case(make_sample, "move"), hidden=0.4) is None


def test_unseen_camera_motion_is_excluded_for_every_editor(make_sample):
    things = [thing("mug", MUG, symmetry="continuous"), thing("bowl", BOWL, symmetry="continuous")]
    alone = [found("mug", MUG, unobservable=["turn"])]
    assert reason(case(make_sample, "view", things=things), alone) == "unobservable"
    assert reason(case(make_sample, "view", things=things), [*alone, found("bowl", BOWL, unobservable=["turn"])]) is None


def test_what_is_excluded_does_not_depend_on_the_edited_image(make_sample):
    sample = case(make_sample, "rotate", things=[thing("mug", MUG, symmetry="continuous")])
    names = {excluded(look(sample, edited)).name for edited in (seen(), seen(GONE), [], None)}
    assert names == {"unobservable"}


def test_the_vertical_of_the_sample_is_used_where_it_is_known(make_sample):
    """A camera that looks down by 45°: a turn about its own y axis is no turn about the vertical."""
    up = (0.0, -(0.5**0.5), -(0.5**0.5))
    sample = case(make_sample, "rotate", up=up, new_rotation_matrix=turned(90).tolist())
    assert look(sample, seen()).up == pytest.approx(up)
    assert look(case(make_sample, "rotate", up=None), seen()).up == pytest.approx(-EYE[1])
