"""An edit that does what a sample stores as its goal is right, and so is one that does only what the words say."""

import dataclasses
import functools
from collections import Counter

import numpy as np
import pytest
from goal_cases import at_goal, before_edit, outcome, situation, stored_samples
from strict_cases import BOOK, BOWL, MUG, SIZE, case, found, thing, turned

from gsi_bench_dataset import EncodedImage
from gsi_bench_dataset.language.chinese import read_zh
from gsi_bench_dataset.language.english import read
from gsi_bench_metric.geometry.poses import Pose
from gsi_bench_metric.protocols.strict.rules.latitude import Latitude
from gsi_bench_metric.protocols.strict.scope import excluded
from gsi_bench_metric.protocols.strict.thresholds import STRICT
from gsi_bench_metric.protocols.text import LANGUAGES

TALL = (0.0, 0.0, 2.0, 0.2, 0.4, 0.2)  # its base 20 cm below its centre
UP = np.array([0.0, -1.0, 0.0])


@pytest.fixture
def make_sample(make_sample, make_image):
    """With an image of the size that the cases' camera has."""
    return functools.partial(make_sample, image=EncodedImage(make_image(SIZE), "a.png"))


@pytest.mark.parametrize("named", [True, False])
def test_stored_goals_comply_or_are_excluded(named):
    """Every sample of every data set here: by name, and as a detector without names sees it."""
    seen_kinds = Counter()
    for sample in stored_samples():
        done, nothing = outcome(sample, at_goal(sample, named), named), outcome(sample, before_edit(sample, named), named)
        if done is None:
            reason = excluded(situation(sample, before_edit(sample, named), named))
            assert reason.message in LANGUAGES["en"].TEMPLATES, sample.id
            continue
        assert (done.ic, done.sa, nothing.ic) == (True, 1.0, False), (sample.id, done.faults, nothing.faults)
        seen_kinds[sample.operation.kind] += 1
    assert set(seen_kinds) == {"move", "place", "rotate", "scale", "remove", "view"}


def moved(numbers, by=(0.0, 0.0, 0.0), factor=1.0, about="base"):
    """A box of seven numbers that went by (3,) and grew about its base or centre."""
    x, y, z, w, h, d = numbers
    rise = (factor - 1) * h / 2 if about == "base" else 0.0
    return [x + by[0], y + by[1] - rise, z + by[2], w * factor, h * factor, d * factor, 0.0]


def target(box, turn=0.0):
    return dataclasses.replace(found("mug", MUG, turn=turn), bbox_3d=tuple(box))


OTHERS = [found("bowl", BOWL), found("book", BOOK)]
LEFT, RIGHT = (-0.2, 0.0, 0.0), (0.2, 0.0, 0.0)
WORDS = {
    "move": ("Move the mug 20 cm to the left.", "把杯子向左移动20厘米。"),
    "rotate": ("Rotate the mug 90 degrees counterclockwise.", "把杯子逆时针旋转90度。"),
    "grow": ("Make the mug 2 times bigger.", "将杯子放大为原来的2倍。"),
    "shrink": ("Shrink the mug by 50%.", "将杯子缩小为原来的0.5倍。"),
}
# what is asked, the stored goal (box, turn), edits that are right (goal first, words alone next), edits that are wrong
GOALS = {
    "grown about its centre": (
        "grow", (moved(TALL, factor=2, about="centre"), 0),
        [(moved(TALL, factor=2, about="centre"), 0), (moved(TALL, factor=2), 0), (moved(TALL, (0, 0.1, 0), 2), 0)],
        [(moved(TALL, factor=0.5), 0), (moved(TALL, factor=0.5, about="centre"), 0), (moved(TALL, LEFT, 2), 0),
         (moved(TALL, (0, 0.3, 0), 2), 0), (moved(TALL, (0, -0.1, 0), 2), 0)],
    ),
    "shrunk about its centre": (
        "shrink", (moved(TALL, factor=0.5, about="centre"), 0),
        [(moved(TALL, factor=0.5, about="centre"), 0), (moved(TALL, factor=0.5), 0)],
        [(moved(TALL, factor=2), 0), (moved(TALL, factor=2, about="centre"), 0), (moved(TALL, factor=0.5), 40)],
    ),
    "grown and turned": (
        "grow", (moved(TALL, factor=2), 90),
        [(moved(TALL, factor=2), 90), (moved(TALL, factor=2), 0), (moved(TALL, factor=2), 45)],
        [(moved(TALL, factor=0.5), 90), (moved(TALL, factor=2), -45), (moved(TALL, factor=2), 135), (moved(TALL), 90)],
    ),
    "moved and turned": (
        "move", (moved(TALL, LEFT), 90),
        [(moved(TALL, LEFT), 90), (moved(TALL, LEFT), 0)],
        [(moved(TALL, RIGHT), 90), (moved(TALL, RIGHT), 0), (moved(TALL), 90), (moved(TALL, LEFT), -60)],
    ),
    "moved and grown about its base": (
        "move", (moved(TALL, LEFT, 2), 0),
        [(moved(TALL, LEFT, 2), 0), (moved(TALL, LEFT), 0), (moved(TALL, LEFT, 1.5), 0)],
        [(moved(TALL, RIGHT, 2), 0), (moved(TALL, factor=2), 0), (moved(TALL, LEFT, 3), 0), (moved(TALL, LEFT, 0.5), 0)],
    ),
    "moved and shrunk about its centre": (
        "move", (moved(TALL, LEFT, 0.5, "centre"), 0),
        [(moved(TALL, LEFT, 0.5, "centre"), 0), (moved(TALL, LEFT), 0)],
        [(moved(TALL, RIGHT, 0.5, "centre"), 0), (moved(TALL, factor=0.5, about="centre"), 0), (moved(TALL, LEFT, 2), 0)],
    ),
    "turned off its base": (
        "rotate", (moved(TALL, (0.15, 0, 0)), 90),
        [(moved(TALL, (0.15, 0, 0)), 90), (moved(TALL), 90)],
        [(moved(TALL, (0.15, 0, 0)), -90), (moved(TALL), -90), (moved(TALL, (0.15, 0, 0)), 0), (moved(TALL, LEFT), 90)],
    ),
    "turned and grown": (
        "rotate", (moved(TALL, factor=1.5), 90),
        [(moved(TALL, factor=1.5), 90), (moved(TALL), 90)],
        [(moved(TALL, factor=1.5), -90), (moved(TALL), -90), (moved(TALL, factor=1.5), 0), (moved(TALL, factor=0.7), 90)],
    ),
}  # fmt: skip


def asked(make_sample, name, language):
    kind, (box, turn), _, _ = GOALS[name]
    prompt = WORDS[kind][language == "zh"]
    fields = {"new_rotation_matrix": turned(turn).tolist()} if turn else {}
    things = [thing("mug", TALL), thing("bowl", BOWL), thing("book", BOOK)]
    operation = (read_zh if language == "zh" else read)(prompt)
    return case(
        make_sample, operation.kind, operation=operation, prompt=prompt, things=things, original_bbox_3d=moved(TALL),
        new_bbox_3d=box, **{"new_rotation_matrix": None} | fields,
    )  # fmt: skip


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", GOALS)
def test_the_goal_and_the_words_alone_are_both_right(make_sample, name, language):
    sample = asked(make_sample, name, language)
    for box, turn in GOALS[name][2]:
        for named in (True, False):
            done = outcome(sample, [target(box, turn), *OTHERS] if named else nameless([target(box, turn), *OTHERS]), named)
            assert (done.ic, done.sa) == (True, 1.0), (box, turn, done.faults)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", GOALS)
def test_no_edit_and_opposite_edits_stay_wrong(make_sample, name, language):
    sample = asked(make_sample, name, language)
    for box, turn in [(moved(TALL), 0), *GOALS[name][3]]:
        done = outcome(sample, [target(box, turn), *OTHERS])
        assert not done.ic, (box, turn)


def nameless(detections):
    return [dataclasses.replace(detection, object_id=None) for detection in detections]


@pytest.mark.parametrize("factor", [1.5, 2.0, 2.7])
@pytest.mark.parametrize("about", ["base", "centre"])
def test_more_or_less_about_either_point_fares_the_same(make_sample, factor, about):
    sample = asked(make_sample, "grown about its centre", "en")
    done = outcome(sample, [target(moved(TALL, factor=factor, about=about)), *OTHERS])
    assert done.ic and not done.faults


@pytest.mark.parametrize(
    ("kind", "prompt", "goal", "right"),
    [
        ("move", "Move the mug 20 cm to the left.", (moved(TALL, (-0.5, 0, 0)), 0), (moved(TALL, LEFT), 0)),
        ("rotate", "Rotate the mug 90 degrees counterclockwise.", (moved(TALL), 30), (moved(TALL), 90)),
        ("scale", "Make the mug 2 times bigger.", (moved(TALL, factor=5), 0), (moved(TALL, factor=2), 0)),
    ],
)
def test_where_amounts_disagree_either_is_right(make_sample, kind, prompt, goal, right):
    things = [thing("mug", TALL), thing("bowl", BOWL), thing("book", BOOK)]
    fields = {"new_bbox_3d": goal[0], "new_rotation_matrix": turned(goal[1]).tolist() if goal[1] else None}
    sample = case(make_sample, kind, operation=read(prompt), things=things, original_bbox_3d=moved(TALL), **fields)
    for box, turn in (goal, right):
        done = outcome(sample, [target(box, turn), *OTHERS])
        assert (done.ic, done.sa) == (True, 1.0)
    assert not outcome(sample, [target(moved(TALL)), *OTHERS]).ic


@pytest.mark.parametrize(
    ("kind", "prompt", "goal"),
    [
        ("move", "Move the mug 20 cm to the right.", (moved(TALL, LEFT), 0)),
        ("rotate", "Rotate the mug 90 degrees clockwise.", (moved(TALL), 90)),
        ("scale", "Make the mug 2 times bigger.", (moved(TALL, factor=0.5), 0)),
    ],
)
def test_where_the_words_say_the_opposite_the_goal_counts(make_sample, kind, prompt, goal):
    things = [thing("mug", TALL), thing("bowl", BOWL), thing("book", BOOK)]
    fields = {"new_bbox_3d": goal[0], "new_rotation_matrix": turned(goal[1]).tolist() if goal[1] else None}
    sample = case(make_sample, kind, operation=read(prompt), things=things, original_bbox_3d=moved(TALL), **fields)
    said = {"move": (moved(TALL, RIGHT), 0), "rotate": (moved(TALL), -90), "scale": (moved(TALL, factor=2), 0)}[kind]
    assert outcome(sample, [target(*goal), *OTHERS]).ic
    assert not outcome(sample, [target(*said), *OTHERS]).ic


@pytest.mark.parametrize(
    ("kind", "fields", "message"),
    [
        ("move", {"new_bbox_3d": moved(MUG)}, "no_goal_move_in_place"),
        ("place", {"new_bbox_3d": moved(MUG)}, "no_goal_place_in_place"),
        ("rotate", {"new_rotation_matrix": turned(0).tolist()}, "no_goal_rotate_unturned"),
        ("scale", {"new_bbox_3d": moved(MUG)}, "no_goal_scale_same_size"),
        ("move", {"new_bbox_3d": moved(MUG, (-3.0, 0, 0))}, "goal_outside"),
    ],
)
def test_a_goal_that_no_edit_can_meet_is_excluded(make_sample, kind, fields, message):
    sample = case(make_sample, kind, **fields)
    assert excluded(situation(sample, at_goal(sample, True), True)).message == message


def test_a_place_goal_outside_its_region_is_right_too(make_sample):
    beside = moved(MUG, (0.7, -0.02, 0.0))
    sample = case(make_sample, "place", new_bbox_3d=beside)
    for box, ic in (
        (beside, True),
        (moved(MUG, (0.4, -0.02, 0)), True),
        (moved(MUG, (0.55, -0.02, 0)), False),
        (moved(MUG), False),
    ):
        done = outcome(sample, [target(box), *OTHERS])
        assert (done.ic, done.sa == 1.0) == (ic, ic)


def test_a_view_goal_may_turn_or_travel_beside_the_words(make_sample):
    operation = dataclasses.replace(case(make_sample, "view").operation, camera_rotation=turned(15).tolist())
    sample = case(make_sample, "view", operation=operation)
    alone = dataclasses.replace(sample, operation=case(make_sample, "view").operation)
    for edit in (at_goal(sample, True), at_goal(alone, True)):
        done = outcome(sample, edit)
        assert (done.ic, done.sa) == (True, 1.0)
    other = dataclasses.replace(sample, operation=dataclasses.replace(operation, camera_rotation=turned(-15).tolist()))
    assert not outcome(sample, at_goal(other, True)).ic
    assert not outcome(sample, before_edit(sample, True)).ic


def test_a_view_goal_without_what_the_words_ask_is_excluded(make_sample):
    still = dataclasses.replace(case(make_sample, "view").operation, camera_translation_m=(0.0, 0.0, 0.0))
    sample = case(make_sample, "view", operation=still)
    assert excluded(situation(sample, before_edit(sample, True), True)).message == "no_goal_view_still"


def test_a_removal_with_a_stored_goal_is_still_a_removal(make_sample):
    sample = case(make_sample, "remove", new_bbox_3d=moved(MUG, LEFT))
    assert outcome(sample, at_goal(sample, True)).ic
    assert not outcome(sample, [target(moved(MUG, LEFT)), *OTHERS]).ic


@pytest.mark.parametrize("turn", [180, -180, 120, -120, 60, -60])
def test_a_goal_that_turns_by_half_allows_either_sense(turn):
    latitude = Latitude(Pose.of(moved(TALL)), Pose.of(moved(TALL), turned(180)))
    assert latitude.excess_turn(np.radians(turn), UP, 2 * np.pi, STRICT) == 0


def test_without_a_goal_nothing_beyond_the_words_is_allowed():
    free = Latitude()
    assert free.excess_turn(0.3, UP, 2 * np.pi, STRICT) == pytest.approx(0.3)
    assert free.excess_size(1.5, (True, True, True)) == 1.5
    assert free.excess_drift(np.array([0.0, 0.3, 0.4]), UP) == pytest.approx(0.5)
