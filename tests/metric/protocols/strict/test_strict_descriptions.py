"""One box in other words: what detectors that do not know the objects may say of the same thing, and what they may not."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from strict_cases import case, found, judged, thing, turned

from gsi_bench_dataset.layout.pixel_frame import box_corners
from gsi_bench_metric.geometry.descriptions import descriptions, most_alike
from gsi_bench_metric.geometry.poses import Pose

UP = np.array([0.0, -1.0, 0.0])
CAT = (0.0, 0.0, 2.0, 0.3, 0.2, 0.15)  # every side is another
ROCKET = (0.0, 0.0, 2.0, 0.1, 0.4, 0.1)
CUBE = (0.0, 0.0, 2.0, 0.2, 0.2, 0.2)
SHIFT = {"dx": -0.2}


def about(axis, degrees):
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array({"x": [[1, 0, 0], [0, c, -s], [0, s, c]], "z": [[c, -s, 0], [s, c, 0], [0, 0, 1]]}[axis])


def cat(numbers=CAT, *, tilt=None, again=0, **done):
    """A nameless detection: tilted by (axis, degrees), and described in another of the 24 ways."""
    seen = found("mug", numbers, object_id=None, sigma=None, confidence=None, **done)
    rotation = np.array(seen.rotation_matrix) if tilt is None else about(*tilt) @ seen.rotation_matrix
    pose = descriptions(Pose(np.array(seen.bbox_3d), rotation))[again]
    return dataclasses.replace(seen, bbox_3d=pose.box.tolist(), rotation_matrix=pose.rotation.tolist())


def of(make_sample, kind, numbers=CAT, **fields):
    goal = [numbers[0] - 0.2, *numbers[1:], 0.0] if kind == "move" else [*numbers, 0.0]
    things = [thing("mug", numbers)]
    return case(make_sample, kind, things=things, original_bbox_3d=[*numbers, 0.0], **{"new_bbox_3d": goal} | fields)


def kinds(outcome):
    return [fault.kind for fault in outcome.faults]


def test_a_box_has_24_descriptions_and_they_are_one_box():
    pose = Pose.of([*CAT, 0.0], about("x", 20) @ turned(33))
    found_corners = {tuple(sorted(map(tuple, box_corners(p.box, p.rotation).round(9).tolist()))) for p in descriptions(pose)}
    rotations = {tuple(p.rotation.round(9).ravel()) for p in descriptions(pose)}
    assert (len(descriptions(pose)), len(rotations), len(found_corners)) == (24, 24, 1)
    assert all(np.linalg.det(p.rotation) > 0 for p in descriptions(pose))
    assert np.array_equal(descriptions(pose)[0].rotation, pose.rotation)
    unsure = dataclasses.replace(pose, sigma=pose.box.copy())
    assert all(np.array_equal(p.sigma[3:6], p.box[3:6]) for p in descriptions(unsure))


HALF_TURN = 2  # the description that is half a turn about the vertical, which is believed


@pytest.mark.parametrize("again", [n for n in range(24) if n != HALF_TURN])
@pytest.mark.parametrize("first", [0, 7, 14])
def test_a_move_described_in_other_words_is_the_same(make_sample, again, first):
    outcome = judged(of(make_sample, "move"), [cat(again=again, **SHIFT)], [cat(again=first)])
    assert (outcome.ic, outcome.sa, kinds(outcome)) == (True, 1.0, [])


def test_detectors_that_know_the_objects_are_taken_at_their_word(make_sample):
    things = [found("mug", CAT)]
    for again in (1, 2, 3):  # half turns about an axis: the box is the same, the thing is not
        other = dataclasses.replace(cat(again=again, **SHIFT), object_id="mug", sigma=[0.0] * 7, confidence=1.0)
        assert not judged(of(make_sample, "move"), [other], things).ic


@pytest.mark.parametrize("axis", ["x", "z"])
@pytest.mark.parametrize(
    ("numbers", "degrees", "faults"),
    [
        (ROCKET, 90, ["tilted"]),
        (ROCKET, 45, ["tilted"]),
        (CAT, 45, ["tilted"]),
        (ROCKET, 29, []),  # a network's rotations are off by so much
        (CAT, 180, []),  # the same box
        (CUBE, 90, []),
    ],
)
def test_a_nameless_detector_sees_what_a_box_shows_of_tilt(make_sample, axis, numbers, degrees, faults):
    outcome = judged(of(make_sample, "move", numbers), [cat(numbers, tilt=(axis, degrees), **SHIFT)], [cat(numbers)])
    assert kinds(outcome) == faults


def test_a_toppled_thing_whose_sides_say_so_is_toppled(make_sample):
    """Not its rotation, but its sides have changed: a rocket that lies."""
    lying = dataclasses.replace(cat(ROCKET, tilt=("x", 1), **SHIFT), bbox_3d=[-0.2, 0, 2, 0.1, 0.1, 0.4, 0])
    assert kinds(judged(of(make_sample, "move", ROCKET), [lying], [cat(ROCKET)])) == ["tilted"]
    only_yaw = dataclasses.replace(lying, rotation_matrix=None)
    source = [dataclasses.replace(cat(ROCKET), rotation_matrix=None)]
    assert kinds(judged(of(make_sample, "move", ROCKET), [only_yaw], source)) == ["distorted"]


def exchanged(detection):
    """Its w is its l."""
    x, y, z, w, h, d, yaw = detection.bbox_3d
    return dataclasses.replace(detection, bbox_3d=[x, y, z, d, h, w, yaw])


@pytest.mark.parametrize("rotation", ["known", "only yaw"])
@pytest.mark.parametrize("degrees", [90, -90])
def test_a_quarter_turn_said_by_exchanged_sides_is_one(make_sample, rotation, degrees):
    source, edited = cat(tilt=("x", 1)), exchanged(cat(tilt=("x", 1)))
    if rotation == "only yaw":
        source, edited = (dataclasses.replace(d, rotation_matrix=None) for d in (source, edited))
    sample = of(make_sample, "rotate", new_rotation_matrix=turned(degrees).tolist())
    assert judged(sample, [edited], [source]).ic
    assert kinds(judged(sample, [source], [source])) == ["nothing_done"]


@pytest.mark.parametrize("numbers", [CAT, ROCKET])
@pytest.mark.parametrize("degrees", [90, -90, 50])
@pytest.mark.parametrize("again", [0, 1, 3])  # the other two: half turns about a horizontal axis of its own
def test_a_nameless_thing_that_is_asked_to_lie_may_lie(make_sample, numbers, degrees, again):
    sample = of(make_sample, "move", numbers, new_rotation_matrix=about("z", degrees).tolist())
    lying = cat(numbers, tilt=("z", degrees), again=again, **SHIFT)
    assert "tilted" not in kinds(judged(sample, [lying], [cat(numbers)]))
    slightly = cat(numbers, tilt=("x", 2), **SHIFT)
    assert "tilted" in kinds(judged(sample, [slightly], [cat(numbers)]))
    unseen = judged(sample, [cat(numbers, **SHIFT)], [cat(numbers)])  # as of a detector that cannot see it
    assert (unseen.ic, [r.message for r in unseen.reasons]) == (False, ["edited_tilt_unseen"])


@pytest.mark.parametrize("turn", [25, 60, 100, 180])
@pytest.mark.parametrize("rotation", ["known", "missing"])
@pytest.mark.parametrize("numbers", [CAT, CUBE])
@pytest.mark.parametrize("down", [45, 60])
def test_boxes_that_turn_about_the_camera_tell_no_tilt(make_sample, turn, rotation, numbers, down):
    """The camera looks down: about its own y axis things seem to lean as they turn."""
    level = about("x", down)
    fields = {"up": (level @ UP).tolist(), "new_rotation_matrix": (level @ turned(90)).tolist()}
    sample = of(make_sample, "rotate", numbers, **fields)
    sample = dataclasses.replace(sample, rotation_matrix=level.tolist(), objects=None)
    source, edited = cat(numbers), cat(numbers, turn=turn)
    if rotation == "missing":
        yaw = math.atan2(edited.rotation_matrix[0][2], edited.rotation_matrix[2][2])
        edited = dataclasses.replace(edited, rotation_matrix=None, bbox_3d=(*edited.bbox_3d[:6], yaw))
        source = dataclasses.replace(source, rotation_matrix=None)
    outcome = judged(sample, [edited], [source])
    assert not {"tilted", "distorted"} & set(kinds(outcome))
    half = math.radians(turn) / 2
    about_vertical = 2 * math.atan2(math.sin(half) * math.cos(math.radians(down)), math.cos(half))
    assert turn == 180 or outcome.done[0].amount == pytest.approx(about_vertical)


def test_sides_exchanged_and_turned_back_are_no_turn(make_sample):
    again = exchanged(cat(turn=90, **SHIFT))
    assert judged(of(make_sample, "move"), [again], [cat()]).ic
    assert kinds(judged(of(make_sample, "rotate"), [exchanged(cat(turn=90))], [cat()])) == ["nothing_done"]


@pytest.mark.parametrize("numbers", [CAT, ROCKET, CUBE])
def test_what_is_said_of_a_turn_is_believed_where_sides_agree(make_sample, numbers):
    assert kinds(judged(of(make_sample, "rotate", numbers), [cat(numbers)], [cat(numbers)])) == ["nothing_done"]
    assert judged(of(make_sample, "rotate", numbers), [cat(numbers, turn=90)], [cat(numbers)]).ic
    assert kinds(judged(of(make_sample, "move", numbers), [cat(numbers, turn=180, **SHIFT)], [cat(numbers)])) == ["turned_too"]


@pytest.mark.parametrize(("factor", "faults"), [(1.45, []), (2.0, ["distorted"])])
def test_a_networks_sides_may_err_by_half(make_sample, factor, faults):
    wide = cat((0.0, 0.0, 2.0, 0.2, 0.2, 0.2 * factor), **SHIFT)
    assert [k for k in kinds(judged(of(make_sample, "move", CUBE), [wide], [cat(CUBE)])) if k != "scaled_too"] == faults


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    first=st.integers(0, 23),
    again=st.integers(0, 23),
    tilts=st.tuples(st.floats(-12, 12), st.floats(-12, 12)),
    sides=st.tuples(*[st.floats(0.94, 1.06)] * 3),
)
def test_a_networks_noise_makes_no_fault(make_sample, first, again, tilts, sides):
    noisy = tuple(np.array(CAT) * (1, 1, 1, *sides))
    source, edited = cat(tilt=("x", tilts[0]), again=first), cat(noisy, tilt=("z", tilts[1]), again=again, **SHIFT)
    assert not {"tilted", "distorted", "scaled_too"} & set(kinds(judged(of(make_sample, "move"), [edited], [source])))


@given(again=st.integers(0, 23), turn=st.floats(-180, 180), lean=st.floats(-20, 20))
def test_the_likest_description_is_as_near_as_any(again, turn, lean):
    like = Pose.of([*CAT, 0.0])
    pose = descriptions(Pose.of([*CAT, 0.0], about("x", lean) @ turned(turn)))[again]
    chosen = most_alike(pose, like, UP, side=1.25, tilt=0.5)
    assume(again)  # as it is given it may be turned the other way round, and is believed
    assert any(np.allclose(chosen.rotation, p.rotation) for p in descriptions(pose))
    assert np.allclose(chosen.box[3:6], like.box[3:6])
