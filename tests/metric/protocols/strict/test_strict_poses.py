"""Full rotations and single sides under the strict protocol: toppled, upside-down and stretched targets and bystanders."""

import dataclasses
import math

import numpy as np
import pytest
from strict_cases import BOOK, BOWL, GONE, MUG, box, case, found, judged, look, seen, thing, turned

from gsi_bench_dataset import Operation
from gsi_bench_metric.geometry.poses import Pose, tilt_between
from gsi_bench_metric.protocols.strict.rules.move import move
from gsi_bench_metric.protocols.strict.rules.place import place
from gsi_bench_metric.protocols.strict.rules.rotate import rotate
from gsi_bench_metric.protocols.strict.rules.scale import scale
from gsi_bench_metric.protocols.strict.scope import excluded
from gsi_bench_metric.protocols.text import told

UP = np.array([0.0, -1.0, 0.0])
RIGHT = {
    "move": {"dx": -0.2},
    "rotate": {"turn": 90.0},
    "scale": {"factor": 2.0},
    "place": {"dx": 0.4, "dy": -0.02},
}
LEANS = [("x", 90), ("x", -90), ("z", 90), ("z", -90), ("x", 180), ("z", 180), ("x", 45), ("z", 45)]


def leaning(axis, degrees):
    """Rotation (3, 3) about a horizontal axis of the camera."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array({"x": [[1, 0, 0], [0, c, -s], [0, s, c]], "z": [[c, -s, 0], [s, c, 0], [0, 0, 1]]}[axis])


def leant(detection, axis, degrees):
    """A detection tilted about its centre."""
    return dataclasses.replace(detection, rotation_matrix=(leaning(axis, degrees) @ detection.rotation_matrix).tolist())


def sided(detection, *factors):
    """A detection stretched along its own axes, about its base."""
    x, y, z, w, h, d, yaw = detection.bbox_3d
    fw, fh, fd = factors
    return dataclasses.replace(detection, bbox_3d=[x, y - (fh - 1) * h / 2, z, w * fw, h * fh, d * fd, yaw])


def right(kind, **fields):
    return found("mug", MUG, **RIGHT[kind], **fields)


def kinds(outcome):
    return [fault.kind for fault in outcome.faults]


def amount_of(outcome, kind):
    return next(fault.amount for fault in outcome.faults if fault.kind == kind)


# --- how the target stands


@pytest.mark.parametrize("kind", RIGHT)
@pytest.mark.parametrize(("axis", "degrees"), LEANS)
def test_an_object_that_does_not_stand_upright_fails(make_sample, kind, axis, degrees):
    outcome = judged(case(make_sample, kind), seen(leant(right(kind), axis, degrees)))
    assert not outcome.ic
    assert amount_of(outcome, "tilted") == pytest.approx(math.radians(abs(degrees)))
    assert f"it is tilted by {abs(degrees)}° from how it should stand" in told(outcome)


@pytest.mark.parametrize("kind", RIGHT)
@pytest.mark.parametrize(("degrees", "ic"), [(19.9, True), (-19.9, True), (20.1, False)])
def test_leaning_by_20_degrees_is_hardly_noticed(make_sample, kind, degrees, ic):
    sample = case(make_sample, kind)
    outcome = judged(sample, seen(leant(right(kind), "z", degrees)))
    assert ("tilted" not in kinds(outcome)) is ic


def test_a_toppled_round_thing_is_toppled_too(make_sample):
    things = [thing("mug", MUG, symmetry="continuous"), thing("bowl", BOWL), thing("book", BOOK)]
    lying = leant(found("mug", MUG, -0.2, unobservable=["turn"]), "x", 90)
    assert kinds(judged(case(make_sample, "move", things=things), seen(lying))) == ["tilted"]


@pytest.mark.parametrize("kind", RIGHT)
def test_a_tilt_that_a_detector_cannot_see_is_no_fault(make_sample, kind):
    sample, lying = case(make_sample, kind), leant(right(kind, unobservable=["tilt"]), "x", 90)
    assert "tilted" not in kinds(judged(sample, seen(lying)))
    assert judged(sample, seen(right(kind, unobservable=["tilt", "shape"]))).ic


def test_a_box_that_has_only_yaw_tells_of_no_tilt(make_sample):
    upright = [dataclasses.replace(d, rotation_matrix=None) for d in seen(found("mug", MUG, -0.2))]
    source = [dataclasses.replace(d, rotation_matrix=None) for d in seen()]
    tipped = case(make_sample, "move", up=(0.0, -(0.5**0.5), -(0.5**0.5)))
    half_turn = [dataclasses.replace(d, bbox_3d=(*d.bbox_3d[:6], math.pi)) for d in upright]
    assert judged(tipped, upright, source).ic
    assert "tilted" not in kinds(judged(tipped, half_turn, source))


@pytest.mark.parametrize("kind", ["move", "rotate", "scale", "place"])
@pytest.mark.parametrize(("axis", "degrees"), [("x", 90), ("z", -90), ("x", 45), ("z", 30)])
def test_an_object_that_is_asked_to_lie_must_lie_so(make_sample, kind, axis, degrees):
    goal = leaning(axis, degrees) @ turned(RIGHT[kind].get("turn", 0.0))
    sample = case(make_sample, kind, new_rotation_matrix=goal.tolist())
    assert "tilted" not in kinds(judged(sample, seen(leant(right(kind), axis, degrees))))
    assert amount_of(judged(sample, seen(right(kind))), "tilted") == pytest.approx(math.radians(abs(degrees)))
    other = judged(sample, seen(leant(right(kind), axis, -degrees)))
    assert amount_of(other, "tilted") == pytest.approx(math.radians(2 * abs(degrees)))


def test_an_object_asked_to_lie_complies_when_it_lies(make_sample):
    sample = case(make_sample, "move", new_rotation_matrix=leaning("z", 90).tolist())
    assert judged(sample, seen(leant(found("mug", MUG, -0.2), "z", 90))).ic
    upside_down = case(make_sample, "move", new_rotation_matrix=leaning("x", 180).tolist())
    assert judged(upside_down, seen(leant(found("mug", MUG, -0.2), "x", 180))).ic


def test_a_lie_that_is_asked_and_unseen_is_scored_for_nobody(make_sample):
    sample = case(make_sample, "move", new_rotation_matrix=leaning("z", 90).tolist())
    blind = found("mug", MUG, unobservable=["tilt"])
    why = excluded(look(sample, seen(), seen(blind)))
    assert (why.name, why.message) == ("unobservable", "cannot_tell_tilt")
    assert excluded(look(case(make_sample, "move"), seen(), seen(blind))) is None
    outcome = judged(sample, seen(found("mug", MUG, -0.2, unobservable=["tilt"])))
    assert (outcome.ic, [r.message for r in outcome.reasons]) == (False, ["edited_tilt_unseen"])


def test_rules_without_a_sample_see_tilt_and_sides():
    mug = Pose.of([0.0, 0.0, 2.0, 0.1, 0.1, 0.1, 0.0])
    left, lying = Pose.of(box(MUG, -0.2)), Pose.of(box(MUG, -0.2), leaning("x", 90))
    assert [f.kind for f in move(mug, lying, left, up=UP).faults] == ["tilted"]
    assert move(mug, lying, lying, up=UP).ic
    on_its_head = Pose.of(box(MUG), leaning("x", 180))
    assert "tilted" in [f.kind for f in rotate(mug, on_its_head, Pose.of(box(MUG), turned(90)), up=UP).faults]
    region = np.array([[0.3, 0.05, 1.9], [0.5, 0.05, 1.9], [0.5, 0.05, 2.1], [0.3, 0.05, 2.1]])
    assert [f.kind for f in place(mug, Pose.of(box(MUG, 0.4), leaning("z", 90)), region, up=UP).faults] == ["tilted"]
    uneven = Pose.of([0.0, -0.05, 2.0, 0.8, 0.2, 0.05, 0.0])
    assert [f.kind for f in scale(mug, uneven, 2.0, up=UP).faults] == ["distorted"]


def test_tilt_follows_what_points_up_whichever_axis_that_is():
    for start in (np.eye(3), np.diag([1.0, -1.0, -1.0]), leaning("x", 90)):
        before, after = Pose.of(box(MUG), start), Pose.of(box(MUG), leaning("z", 40) @ turned(70) @ start)
        assert tilt_between(before, after, UP) == pytest.approx(math.radians(40))


# --- the sides of the target


@pytest.mark.parametrize("kind", ["move", "rotate", "place"])
@pytest.mark.parametrize(
    ("factors", "ic"),
    [
        ((1.3, 1, 1), False),
        ((1, 1.3, 1), False),
        ((1, 1, 0.75), False),
        ((8, 0.5, 0.25), False),  # as large as before
        ((1.2, 0.85, 1), True),
        ((1.24, 1.24, 1.24), True),
    ],
)
def test_each_side_keeps_its_size(make_sample, kind, factors, ic):
    outcome = judged(case(make_sample, kind), seen(sided(right(kind), *factors)))
    assert (outcome.ic, kinds(outcome)) == (ic, [] if ic else ["distorted"])


@pytest.mark.parametrize("factors", [(8, 2, 0.5), (8, 1, 1), (1, 1, 8), (0.5, 8, 2)])
def test_twice_the_size_on_average_is_not_twice_the_size(make_sample, factors):
    outcome = judged(case(make_sample, "scale"), seen(sided(found("mug", MUG), *factors)))
    assert (outcome.ic, kinds(outcome)) == (False, ["distorted"])
    assert "it is stretched or squeezed: one side has" in told(outcome)


@pytest.mark.parametrize("side", [0, 1, 2])
def test_a_scaling_of_one_side_alone_does_not_comply(make_sample, side):
    factors = [2.0 if i == side else 1.0 for i in range(3)]
    assert "distorted" in kinds(judged(case(make_sample, "scale"), seen(sided(found("mug", MUG), *factors))))


@pytest.mark.parametrize(("ratio", "ic"), [(1.41, True), (1.43, False)])  # half of the logarithm of two: √2
def test_sides_of_a_scaled_thing_may_differ_as_its_size_may(make_sample, ratio, ic):
    outcome = judged(case(make_sample, "scale"), seen(sided(found("mug", MUG), 2 * ratio, 2, 2 / ratio)))
    assert outcome.ic is ic


def test_a_thing_that_grew_evenly_is_not_called_stretched(make_sample):
    assert kinds(judged(case(make_sample, "move"), seen(found("mug", MUG, -0.2, factor=1.5)))) == ["scaled_too"]
    both = judged(case(make_sample, "move"), seen(sided(found("mug", MUG, -0.2), 3, 1.5, 1)))
    assert kinds(both) == ["scaled_too", "distorted"]


def test_a_side_that_is_said_is_what_it_should_be(make_sample):
    outcome = judged(case(make_sample, "move"), seen(sided(found("mug", MUG, -0.2), 1, 1, 1.4)))
    assert amount_of(outcome, "distorted") == pytest.approx(1.4)


@pytest.mark.parametrize("freedom", ["shape", "size", "height"])
def test_a_side_that_cannot_be_seen_is_no_fault(make_sample, freedom):
    tall = sided(found("mug", MUG, -0.2, unobservable=[freedom]), 1, 1.6, 1)
    assert judged(case(make_sample, "move"), seen(tall)).ic
    wide = sided(found("mug", MUG, -0.2, unobservable=["height"]), 1.3, 1, 1)
    assert kinds(judged(case(make_sample, "move"), seen(wide))) == ["distorted"]


def test_a_side_within_two_sigma_is_no_fault(make_sample):
    unsure = sided(found("mug", MUG, -0.2, sigma=[0, 0, 0, 0.03, 0.03, 0.03, 0]), 1, 1, 1.4)
    assert judged(case(make_sample, "move"), seen(unsure)).ic


def test_sides_that_the_goal_asks_for_are_right(make_sample):
    longer = list(sided(found("mug", MUG, factor=2.0), 2, 1, 1).bbox_3d)
    sample = case(make_sample, "scale", new_bbox_3d=longer, operation=Operation(kind="scale"))
    assert judged(sample, seen(sided(found("mug", MUG, factor=2.0), 2, 1, 1))).ic
    assert "distorted" in kinds(judged(sample, seen(sided(found("mug", MUG, factor=2.0), 1, 1, 2))))


def test_a_flat_thing_keeps_its_missing_height(make_sample):
    flat = (*MUG[:4], 0.0, MUG[5])
    sample = case(make_sample, "move", things=[thing("mug", flat), thing("bowl", BOWL), thing("book", BOOK)])
    outcome = judged(sample, seen(found("mug", flat, -0.2)), seen(found("mug", flat)))
    assert "distorted" not in kinds(outcome)


# --- bystanders


@pytest.mark.parametrize("kind", ["move", "rotate", "scale", "place", "remove"])
@pytest.mark.parametrize(("axis", "degrees"), LEANS)
def test_a_bystander_that_fell_over_changed(make_sample, kind, axis, degrees):
    mug = GONE if kind == "remove" else right(kind)
    outcome = judged(case(make_sample, kind), seen(mug, book=leant(found("book", BOOK), axis, degrees)))
    assert (outcome.bystanders, [c.subject for c in outcome.changed]) == (0.5, ["book"])


@pytest.mark.parametrize(
    ("degrees", "unobservable", "unchanged"), [(9.9, [], 1.0), (10.1, [], 0.5), (90, ["tilt"], 1.0), (90, ["turn"], 0.5)]
)
def test_a_bystander_leans_from_10_degrees_on_where_it_is_seen(make_sample, degrees, unobservable, unchanged):
    book = leant(found("book", BOOK, unobservable=unobservable), "z", degrees)
    assert judged(case(make_sample, "move"), seen(found("mug", MUG, -0.2), book=book)).bystanders == unchanged


SMALL = (-0.4, 0.0, 2.2, 0.03, 0.03, 0.03)  # half of it or twice: its centre moves by less than 2 cm


@pytest.mark.parametrize(
    ("factors", "unobservable", "unchanged"),
    [
        ((0.5, 0.5, 0.5), [], 0.5),
        ((2, 2, 2), [], 0.5),
        ((2, 1, 1), [], 0.5),
        ((1.3, 0.9, 0.85), [], 0.5),
        ((1.2, 1.2, 1.2), [], 1.0),
        ((0.5, 0.5, 0.5), ["size"], 1.0),
        ((1.4, 0.9, 0.8), ["shape"], 1.0),
    ],
)
def test_a_bystander_of_another_size_or_shape_changed(make_sample, factors, unobservable, unchanged):
    things = [thing("mug", MUG), thing("bowl", BOWL), thing("book", SMALL)]
    sample, source = case(make_sample, "move", things=things), seen(book=found("book", SMALL))
    book = sided(found("book", SMALL, unobservable=unobservable), *factors)
    assert judged(sample, seen(found("mug", MUG, -0.2), book=book), source).bystanders == unchanged


def test_a_size_within_two_sigma_is_unchanged(make_sample):
    things = [thing("mug", MUG), thing("bowl", BOWL), thing("book", SMALL)]
    sample, source = case(make_sample, "move", things=things), seen(book=found("book", SMALL))
    book = found("book", SMALL, factor=1.4, sigma=[0, 0, 0, 0.008, 0.008, 0.008, 0])
    assert judged(sample, seen(found("mug", MUG, -0.2), book=book), source).bystanders == 1.0


def test_objects_that_fell_before_a_moved_camera_changed(make_sample):
    sample = case(make_sample, "view")
    moved = [dataclasses.replace(d, bbox_3d=(d.bbox_3d[0] - 0.2, *d.bbox_3d[1:])) for d in seen()]
    assert judged(sample, moved).bystanders == 1.0
    fell = [leant(d, "z", 90) if d.object_id == "book" else d for d in moved]
    assert judged(sample, fell).bystanders == pytest.approx(2 / 3)


def test_what_lies_on_a_toppled_target_is_no_bystander(make_sample):
    egg = (0.0, -0.03, 2.0, 0.04, 0.04, 0.04)
    sample = case(make_sample, "move", things=[thing("mug", MUG), thing("egg", egg), thing("bowl", BOWL)])
    source = [found("mug", MUG), found("egg", egg), found("bowl", BOWL)]
    lying = [leant(found("mug", MUG, -0.2), "z", 90), leant(found("egg", egg, -0.2), "z", 90), found("bowl", BOWL)]
    outcome = judged(sample, lying, source)
    assert (outcome.bystanders, kinds(outcome)) == (1.0, ["tilted"])
