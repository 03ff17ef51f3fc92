"""Which detection is which object, and how the camera moved: matching, names that may be exchanged, rigid fits."""

import dataclasses

import numpy as np
import pytest
from strict_cases import GONE, MUG, box, case, found, judged, look, seen, thing, turned

from gsi_bench_metric.geometry.matching import assign, best_order, target_in_source
from gsi_bench_metric.geometry.motion import fit_motion
from gsi_bench_metric.geometry.poses import polygon_distance, turn_about
from gsi_bench_metric.geometry.symmetry import wrapped
from gsi_bench_metric.protocols.strict.scope import excluded

TWIN = (0.25, 0.0, 2.0, 0.1, 0.1, 0.1)


def rescaled(detection, factor):
    numbers = np.array(detection.bbox_3d)
    return dataclasses.replace(detection, bbox_3d=[*(numbers[:6] * factor), numbers[6]])


def nameless(*detections, factor=1.0):
    """What a detector of the class says: no ids, perhaps another scale."""
    plain = {"object_id": None, "sigma": None, "confidence": None}
    return [dataclasses.replace(rescaled(d, factor), **plain) for d in detections]


def mugs(make_sample, kind="move", **fields):
    alike = {"category": "mug", "indistinguishable_set": "mugs"}
    return case(make_sample, kind, things=[thing("mug", MUG, **alike), thing("twin", TWIN, is_target=False, **alike)], **fields)


def test_assignment_is_one_to_one_and_cheapest_in_all():
    assert assign(np.array([[1.0, 2.0], [1.1, 5.0]])) == {0: 1, 1: 0}
    assert assign(np.array([[1.0, 2.0], [1.1, 5.0]]), limit=1.5) == {1: 0}
    assert assign(np.zeros((0, 3))) == {}


def test_names_stay_where_exchanging_them_gains_nothing():
    places = np.array([[0.0, 0, 0], [1.0, 0, 0]])
    assert best_order(places, places) == [0, 1]
    assert best_order(places, places[::-1]) == [1, 0]
    assert best_order(np.array([[np.nan] * 3, [1.0, 0, 0]]), np.array([[1.0, 0, 0], [np.nan] * 3])) == [1, 0]


def test_detections_without_ids_are_matched_by_place_and_size(make_sample):
    sample = case(make_sample, "move", objects=None)
    source = nameless(found("mug", TWIN), found("mug", MUG))
    moved = nameless(found("mug", MUG, -0.2), found("mug", TWIN))
    outcome = judged(sample, moved, source)
    assert (outcome.ic, outcome.sa, outcome.bystanders) == (True, 1.0, 1.0)
    wrong = judged(sample, nameless(found("mug", MUG), found("mug", TWIN, -0.2)), source)
    assert (wrong.ic, wrong.bystanders) == (False, 0.0)


@pytest.mark.parametrize("factor", [0.7, 1.0, 1.6])
def test_a_detector_with_another_scale_is_rescaled(make_sample, factor):
    sample = case(make_sample, "move", objects=None)
    source, edited = nameless(found("mug", MUG), factor=factor), nameless(found("mug", MUG, -0.2), factor=factor)
    assert judged(sample, edited, source).sa == 1.0


def test_a_named_detector_is_brought_to_the_true_scale_too(make_sample):
    source, edited = ([rescaled(d, 1.1) for d in view] for view in (seen(), seen(found("mug", MUG, -0.2))))
    assert judged(case(make_sample, "move"), edited, source).sa == 1.0


def test_what_a_detector_always_gets_wrong_drops_out(make_sample):
    """Δ is measured between the images: a box that is 3 cm off in both says the same move."""
    source, edited = seen(found("mug", MUG, 0.03)), seen(found("mug", MUG, -0.17))
    assert judged(case(make_sample, "move"), edited, source).sa > 0.9


def test_a_target_not_in_the_source_is_excluded_for_all_editors(make_sample):
    far = nameless(found("mug", MUG, 1.0))
    sample = case(make_sample, "move", objects=None)
    assert excluded(look(sample, far, far)).name == "source_not_found"
    assert target_in_source(np.array(box(MUG)), np.zeros((0, 7)), 0.3) is None


def test_indistinguishable_objects_may_exchange_their_names(make_sample):
    """The left mug is to go to the right of the right one. No image shows which mug has which id."""
    sample = mugs(make_sample, new_bbox_3d=box(MUG, 0.5))
    source = [found("mug", MUG), found("twin", TWIN)]
    # "mug" went 25 cm to its twin's place, "twin" 25 cm further: the same image as mug going 50 cm.
    exchanged = [found("mug", TWIN), found("twin", TWIN, 0.25)]
    outcome = judged(sample, exchanged, source)
    assert (outcome.ic, outcome.sa, outcome.bystanders) == (True, 1.0, 1.0)


def test_moving_the_twin_instead_is_no_exchange(make_sample):
    sample = mugs(make_sample, new_bbox_3d=box(MUG, -0.2))
    source = [found("mug", MUG), found("twin", TWIN)]
    assert not judged(sample, [found("mug", MUG), found("twin", TWIN, -0.2)], source).ic


def test_removing_the_twin_instead_is_no_exchange(make_sample):
    source = [found("mug", MUG), found("twin", TWIN)]
    for left in ([found("mug", MUG), found("twin", TWIN, state="absent")], [GONE, found("twin", MUG)]):
        outcome = judged(mugs(make_sample, "remove"), left, source)
        assert not outcome.ic
    assert judged(mugs(make_sample, "remove"), [GONE, found("twin", TWIN)], source).ic


def test_camera_motion_is_found_with_a_third_of_objects_moved():
    rng = np.random.default_rng(0)
    old = [rng.uniform((-1, -1, 2), (1, 1, 4), (7, 3)) for _ in range(6)]
    rotation, translation = turned(17), np.array([0.1, -0.2, 0.3])
    new = [(points - translation) @ rotation.T for points in old]
    new[0], new[1] = new[0] + np.array([0.5, 0, 0]), new[1] + np.array([0, 0.4, 0.2])
    motion = fit_motion(old, new)
    assert motion.translation == pytest.approx(translation)
    assert motion.rotation == pytest.approx(rotation)
    assert np.degrees(motion.angle) == pytest.approx(17)


def test_points_on_a_line_fix_no_motion():
    line = [np.linspace([0, 0, 2], [1, 0, 2], 5)]
    assert fit_motion(line, line) is None
    assert fit_motion([], []) is None


@pytest.mark.parametrize("degrees", [-179, -90, -1, 0, 30, 120, 180])
@pytest.mark.parametrize("tilt", [0.0, 0.4])
def test_the_turn_about_the_vertical_from_any_two_rotations(degrees, tilt):
    lean = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
    up = lean @ np.array([0.0, -1.0, 0.0])
    start = lean @ turned(25)
    after = lean @ turned(degrees) @ turned(25)
    assert wrapped(turn_about(up, start, after) - np.radians(degrees), 2 * np.pi) == pytest.approx(0, abs=1e-9)


def test_distance_from_a_polygon():
    square = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]])
    assert polygon_distance(np.array([0.5, 0.5]), square) == 0
    assert polygon_distance(np.array([1.3, 1.4]), square) == pytest.approx(0.5)
    assert polygon_distance(np.array([1.0, 0.5]), square[::-1]) == 0


def test_bystanders_outside_the_detectors_search_do_not_count(make_sample):
    """A detector of the target's class never sees the bowl: it is no bystander, and not lost."""
    source, edited = nameless(found("mug", MUG)), nameless(found("mug", MUG, -0.2))
    situation = look(case(make_sample, "move"), edited, source)
    assert situation.bystanders == ()
    assert judged(case(make_sample, "move"), edited, source).ic
