"""How many there are: further ones of the target and of bystanders, wherever they stand and whoever tells of them."""

import dataclasses

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strict_cases import BOOK, BOWL, GONE, MUG, SIZE, box, case, found, judged, look, seen, thing

from gsi_bench_dataset import EncodedImage
from gsi_bench_metric.detectors.base import DetectionItem
from gsi_bench_metric.detectors.simulator import SimulatorDetector
from gsi_bench_metric.imaging.pictures import Picture
from gsi_bench_metric.protocols.strict.verdict import judge
from gsi_bench_metric.protocols.text import told

RIGHT = {
    "move": {"dx": -0.2},
    "rotate": {"turn": 90.0},
    "scale": {"factor": 2.0},
    "place": {"dx": 0.4, "dy": -0.02},
}
TWIN = (0.25, 0.0, 2.0, 0.1, 0.1, 0.1)


def right(kind):
    return found("mug", MUG, **RIGHT[kind])


def copy(dx, dz=0.0, **fields):
    return found("mug", MUG, dx, dz=dz, state="duplicate", **fields)


def copies_of(outcome):
    return [(round(f.amount, 3), f.direction, f.subject) for f in outcome.faults if f.kind == "copied"]


def nameless(*detections):
    return [dataclasses.replace(d, object_id=None, sigma=None, confidence=None) for d in detections]


# --- of detectors that know the objects


@pytest.mark.parametrize("kind", RIGHT)
@pytest.mark.parametrize(("dx", "dz"), [(0.15, -0.5), (-0.5, 0.0), (0.0, 3.0), (-0.9, 0.3)])
def test_a_further_one_of_the_target_is_a_fault_anywhere(make_sample, kind, dx, dz):
    outcome = judged(case(make_sample, kind), seen(right(kind), copy(dx, dz)))
    assert not outcome.ic
    assert [f.kind for f in outcome.faults] == ["copied"]
    assert "a further mug stands" in told(outcome)


def test_it_is_said_how_many_there_are_and_where(make_sample):
    outcome = judged(case(make_sample, "move"), seen(found("mug", MUG, -0.2), copy(0.3, 0.0), copy(-0.2, 0.3)))
    assert copies_of(outcome) == [(0.3, "away", "mug"), (0.5, "right", "mug")]
    said = "a further mug stands 30.0 cm from it (away); a further mug stands 50.0 cm from it (right)"
    assert told(outcome).endswith(said)
    many = judged(case(make_sample, "move"), seen(found("mug", MUG, -0.2), *(copy(0.3, 0.3 * i) for i in range(5))))
    assert len(copies_of(many)) == 5
    assert told(many).endswith("5 further ones of the mug are there, the nearest 50.0 cm from it")


@pytest.mark.parametrize("kind", ["rotate", "scale"])
def test_an_edit_in_place_admits_no_copy_either(make_sample, kind):
    outcome = judged(case(make_sample, kind), seen(right(kind), copy(0.12)))
    assert [f.kind for f in outcome.faults] == ["copied"]


@pytest.mark.parametrize("kind", ["move", "place"])
def test_a_copy_at_the_old_place_is_one_fault(make_sample, kind):
    outcome = judged(case(make_sample, kind), seen(right(kind), copy(0.0)))
    assert [f.kind for f in outcome.faults] == ["left_behind"]
    both = judged(case(make_sample, kind), seen(right(kind), copy(0.0), copy(-0.6)))
    assert [f.kind for f in both.faults] == ["left_behind", "copied"]


@pytest.mark.parametrize("kind", RIGHT)
def test_one_thing_that_is_listed_twice_is_one(make_sample, kind):
    assert judged(case(make_sample, kind), seen(right(kind), right(kind))).ic


@pytest.mark.parametrize("kind", RIGHT)
def test_a_copy_that_is_hardly_recognisable_is_none(make_sample, kind):
    assert judged(case(make_sample, kind), seen(right(kind), copy(-0.8, confidence=0.29))).ic
    assert not judged(case(make_sample, kind), seen(right(kind), copy(-0.8, confidence=0.31))).ic
    faint = found("book", BOOK, dz=0.9, state="duplicate", confidence=0.29)
    assert judged(case(make_sample, kind), [*seen(right(kind)), faint]).bystanders == 1.0


@pytest.mark.parametrize("kind", RIGHT)
def test_two_of_one_name_in_the_source_are_two_after_it(make_sample, kind):
    source = seen(found("mug", MUG), copy(-0.8))
    assert judged(case(make_sample, kind), seen(right(kind), copy(-0.8)), source).ic
    assert not judged(case(make_sample, kind), seen(right(kind), copy(-0.8), copy(0.8)), source).ic


@pytest.mark.parametrize("kind", RIGHT)
def test_a_new_object_called_like_the_target_is_a_copy(make_sample, kind):
    sample, edited = case(make_sample, kind), seen(right(kind))
    new = found("mug 2", MUG, -0.6, label="mug")
    assert [f.kind for f in judged(sample, [*edited, new]).faults] == ["copied"]
    assert judged(sample, [*edited, dataclasses.replace(new, label="vase")]).ic
    assert judged(sample, [*edited, new], [*seen(), new]).ic
    went = found("mug 2", MUG, 0.7, label="mug")
    assert judged(sample, [*edited, went], [*seen(), new]).ic  # one more that the sample does not know of, and it moved
    other = dataclasses.replace(went, object_id="mug 3")
    assert copies_of(judged(sample, [*edited, other], [*seen(), new]))  # that one is gone, and this one is new
    assert judged(sample, [*edited, dataclasses.replace(new, confidence=0.2)]).ic


def test_no_copy_of_a_removed_object_may_be_left(make_sample):
    sample = case(make_sample, "remove")
    for left, kind in ((copy(0.0), "still_there"), (copy(0.7), "elsewhere"), (copy(-0.7, 0.5), "elsewhere")):
        assert [f.kind for f in judged(sample, seen(GONE, left)).faults] == [kind]
        assert not judged(sample, nameless(left), nameless(found("mug", MUG))).ic


@pytest.mark.parametrize(("kind", "mug"), [*((kind, right(kind)) for kind in RIGHT), ("remove", GONE)])
def test_a_bystander_of_which_there_are_two_changed(make_sample, kind, mug):
    sample = case(make_sample, kind)
    edited = [*seen(mug), found("book", BOOK, 0.0, dz=0.9, state="duplicate")]
    outcome = judged(sample, edited)
    assert (outcome.ic, outcome.bystanders, [c.subject for c in outcome.changed]) == (True, 0.5, ["book"])
    new = found("another", BOOK, dz=0.9, label="book")
    assert judged(sample, [*seen(mug), new]).bystanders == 0.5
    assert judged(sample, [*seen(mug), found("book", BOOK)]).bystanders == 1.0


# --- of detectors that only say what they see


@pytest.mark.parametrize("kind", RIGHT)
@pytest.mark.parametrize("objects", ["all objects are known", "nothing is known"])
def test_a_nameless_detector_sees_that_there_are_more(make_sample, kind, objects):
    fields = {} if objects == "all objects are known" else {"objects": None}
    sample, source = case(make_sample, kind, **fields), nameless(found("mug", MUG))
    one = judged(sample, nameless(right(kind)), source)
    two = judged(sample, nameless(right(kind), found("mug", MUG, -0.7)), source)
    assert [f.kind for f in two.faults if f not in one.faults] == ["copied"]
    three = judged(sample, nameless(right(kind), found("mug", MUG, -0.7), copy(0.7)), source)
    assert len(copies_of(three)) == 2


def test_a_copy_beside_a_thing_that_is_not_looked_for_is_one(make_sample):
    """Who is asked for mugs tells of no bowl: that there is one is no reason to take a mug beside it for it."""
    sample, source = case(make_sample, "move"), nameless(found("mug", MUG))
    beside_the_bowl = found("mug", MUG, 0.32)
    assert copies_of(judged(sample, nameless(found("mug", MUG, -0.2), beside_the_bowl), source)) == [(0.52, "right", "mug")]
    unlabelled = [dataclasses.replace(d, label=None) for d in nameless(found("mug", MUG, -0.2), beside_the_bowl)]
    assert len(copies_of(judged(sample, unlabelled, source))) == 1


def test_more_of_a_class_of_which_there_were_two_is_a_copy(make_sample):
    sample, source = case(make_sample, "move", objects=None), nameless(found("mug", MUG), found("mug", TWIN))
    moved = nameless(found("mug", TWIN), found("mug", MUG, -0.2))
    assert judged(sample, moved, source).ic
    outcome = judged(sample, [*moved, *nameless(found("mug", TWIN, dz=0.4))], source)
    assert ([f.kind for f in outcome.faults], outcome.bystanders) == (["copied"], 1.0)


@pytest.mark.parametrize(
    "extra",
    [
        found("mug", MUG, -0.21),  # the same one, seen twice
        found("mug", MUG, -0.7, factor=2.0),  # of another size
        found("mug", MUG, -0.7, label="vase"),
        found("twin", TWIN, label="mug"),  # known, and overlooked in the source
    ],
)
def test_what_may_not_be_new_is_no_copy(make_sample, extra):
    things = [thing("mug", MUG), thing("twin", TWIN, category="mug"), thing("bowl", BOWL), thing("book", BOOK)]
    sample = case(make_sample, "move", things=things)
    outcome = judged(sample, nameless(found("mug", MUG, -0.2), extra), nameless(found("mug", MUG)))
    assert (outcome.ic, outcome.faults) == (True, ())


@pytest.mark.parametrize("dx", [-0.2, 0.2])
def test_nameless_detectors_name_what_was_left_behind(make_sample, dx):
    sample = case(make_sample, "move", objects=None, new_bbox_3d=box(MUG, dx))
    outcome = judged(sample, nameless(found("mug", MUG), found("mug", MUG, dx)), nameless(found("mug", MUG)))
    assert (outcome.sa, [f.kind for f in outcome.faults]) == (1.0, ["left_behind"])


# --- the order in which detections are listed

CROWD = [found("mug", MUG, -0.2), copy(0.2), copy(-0.2, 0.2), found("mug", MUG, 0.2, state="present")]
EDITS = {
    "right": [found("mug", MUG, -0.2)],
    "copies at equal distances": CROWD,
    "two of one place": [found("mug", MUG, -0.2, turn=40), found("mug", MUG, -0.2), found("mug", MUG, -0.2, factor=1.3)],
    "left or right of its goal": [found("mug", MUG, -0.1), found("mug", MUG, -0.3)],
    "left and moved": [found("mug", MUG), found("mug", MUG, -0.2)],
    "strangers": [found("mug", MUG, -0.2), found("a", MUG, 0.1, label="mug"), found("b", MUG, -0.5, label="mug")],
}


@pytest.mark.parametrize("names", ["named", "nameless"])
@pytest.mark.parametrize("edit", EDITS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.randoms(use_true_random=False))
def test_the_order_of_detections_changes_nothing(make_sample, edit, names, order):
    def said(*views):
        situations = [nameless(*view) if names == "nameless" else view for view in views]
        situation = look(sample, situations[1], situations[0])
        return situation.target, judge(situation)

    twins = [thing("mug", MUG), thing("twin", TWIN, category="mug", is_target=False), thing("bowl", BOWL)]
    sample = case(make_sample, "move", things=twins)
    source = [found("mug", MUG), found("twin", TWIN, label="mug"), found("bowl", BOWL), found("twin", TWIN, 0.3)]
    edited = [*EDITS[edit], *source[1:]]
    expected = said(source, edited)
    order.shuffle(source)
    order.shuffle(edited)
    target, outcome = said(source, edited)
    assert outcome == expected[1]
    assert np.array_equal(target.after.box, expected[0].after.box)


# --- the detector that knows the truth


@pytest.fixture
def truth(make_sample, make_image):
    """`truth(things) -> Outcome`: what the protocol makes of things after a move, as the simulator tells of them."""

    def judge_after(*after):
        before = [thing("mug", MUG), thing("bowl", BOWL), thing("book", BOOK)]
        pictures = {"image": EncodedImage(make_image(SIZE, 1)), "edited_image": EncodedImage(make_image(SIZE, 2))}
        sample = case(make_sample, "move", things=before, objects_after=list(after), **pictures)
        views = [("source", sample.image), ("edited", sample.edited_image)]
        items = [DetectionItem(sample, view, Picture(picture).pixels()) for view, picture in views]
        source, edited = SimulatorDetector().detect(items)
        return judged(sample, edited, source)

    return judge_after


def moved(**fields):
    return dataclasses.replace(thing("mug", MUG), bbox_3d=box(MUG, -0.2), **fields)


REST = (thing("bowl", BOWL), thing("book", BOOK))
HEAD_DOWN = np.diag([1.0, -1.0, -1.0]).tolist()


def test_the_simulator_tells_of_every_copy(truth):
    copies = [
        dataclasses.replace(moved(), id=f"mug_copy{n}", bbox_3d=box(MUG, 0.3 * i)) for i, n in enumerate(("", "2", "_copy"), 1)
    ]
    assert truth(moved(), *REST).ic
    assert len(copies_of(truth(moved(), *REST, *copies))) == 3
    book = dataclasses.replace(REST[1], id="book_copy", bbox_3d=box(BOOK, dz=0.8))
    assert truth(moved(), *REST, book).bystanders == 0.5


def test_the_simulator_tells_of_tilt_and_sides(truth):
    assert [f.kind for f in truth(moved(rotation_matrix=HEAD_DOWN), *REST).faults] == ["tilted"]
    x, y, z, *_ = moved().bbox_3d
    stretched = dataclasses.replace(moved(), bbox_3d=(x, y, z, 0.8, 0.05, 0.025, 0.0))
    assert [f.kind for f in truth(stretched, *REST).faults] == ["distorted"]
    assert truth(moved(), REST[0], dataclasses.replace(REST[1], rotation_matrix=HEAD_DOWN)).bystanders == 0.5
    round_bowl = dataclasses.replace(REST[0], rotation_matrix=HEAD_DOWN, symmetry="continuous")
    assert truth(moved(), round_bowl, REST[1]).bystanders == 0.5
