"""The wanted box is what the benchmark's own edits would make, and its instruction is worded as theirs are."""

import dataclasses
import math

import numpy as np
import pytest
from own_scene import BOX, GROUND, K, photo

from gsi_bench_dataset.language.chinese import parse_zh
from gsi_bench_dataset.language.chinese import writer as chinese
from gsi_bench_dataset.language.english import parse
from gsi_bench_dataset.language.english import writer as english
from gsi_bench_dataset.layout.goals import goal_suspicion
from gsi_bench_dataset.records import Sample
from gsi_bench_metric.geometry.poses import base_centre, turn_about
from gsi_bench_metric.photos.standing import Ground, Placed, block_of, ground_under, place
from gsi_bench_metric.protocols.official.scoring import operation_of
from gsi_bench_space.own.edit import DIRECTIONS, TURNS, Wish, instruction, make_sample, require_scorable, wanted
from gsi_bench_space.problem import OwnError

PLACED = Placed(*place(BOX, GROUND), GROUND, K)
WISHES = [
    *(Wish("move", direction, 12) for direction in DIRECTIONS),
    *(Wish("rotate", sense, 30) for sense in TURNS),
    Wish("rotate", "clockwise", 180),
    Wish("scale", amount=150),
    Wish("scale", amount=70),
    Wish("remove"),
]


def said(wish):
    return f"{wish.operation}-{wish.direction}-{wish.amount}"


def test_the_wanted_box_is_that_of_the_benchmarks_own_samples(shelf):
    seen = set()
    for sample in shelf.samples.values():
        operation = sample.operation
        if operation.kind not in ("move", "rotate", "scale") or operation.reference:
            continue  # "25 cm to the left of the bowl" is no amount that the target goes
        under = ground_under(sample.original_bbox_3d, sample.rotation_matrix)
        placed = Placed(sample.original_bbox_3d, sample.rotation_matrix, Ground(sample.up, under.height_m), K)
        amount = {"move": operation.distance_m, "rotate": operation.angle_deg, "scale": operation.factor}[operation.kind]
        amount = round(amount if operation.kind == "rotate" else 100 * amount)
        sense = operation.direction or "clockwise"  # of half a turn
        box, rotation = wanted(placed, Wish(operation.kind, sense if operation.kind != "scale" else "", amount))
        assert box[:6] == pytest.approx(sample.new_bbox_3d[:6], abs=1e-6)
        assert np.array(rotation) == pytest.approx(np.array(sample.new_rotation_matrix), abs=1e-6)
        assert math.remainder(box[6] - sample.new_bbox_3d[6], 2 * math.pi) == pytest.approx(0, abs=1e-6)
        seen.add(operation.kind)
    assert seen == {"move", "rotate", "scale"}


@pytest.mark.parametrize(
    ("direction", "field", "step"), [("left", "right", -1), ("right", "right", 1), ("front", "away", -1), ("behind", "away", 1)]
)
def test_a_move_goes_along_the_ground_by_exactly_what_is_asked(direction, field, step):
    moved = block_of(*wanted(PLACED, Wish("move", direction, 15)), GROUND)
    expected = dataclasses.replace(BOX, **{field: getattr(BOX, field) + 0.15 * step})
    assert dataclasses.astuple(moved) == pytest.approx(dataclasses.astuple(expected), abs=1e-9)


def test_a_lift_goes_against_gravity():
    box, _ = wanted(PLACED, Wish("move", "above", 15))
    assert np.array(box[:3]) - PLACED.box[:3] == pytest.approx(0.15 * np.array(GROUND.up))


@pytest.mark.parametrize(("sense", "sign"), [("clockwise", -1), ("counterclockwise", 1)])
def test_a_turn_is_about_the_vertical_and_leaves_the_place(sense, sign):
    box, rotation = wanted(PLACED, Wish("rotate", sense, 40))
    turned = turn_about(np.array(GROUND.up), np.array(PLACED.rotation), np.array(rotation))
    assert math.degrees(turned) == pytest.approx(40 * sign)
    assert box[:6] == pytest.approx(PLACED.box[:6])


def test_a_size_changes_about_the_base():
    up = np.array(GROUND.up)
    box, rotation = wanted(PLACED, Wish("scale", amount=150))
    assert box[3:6] == pytest.approx([1.5 * side for side in PLACED.box[3:6]])
    before = base_centre(np.array(PLACED.box), np.array(PLACED.rotation), up)
    assert base_centre(np.array(box), np.array(rotation), up) == pytest.approx(before)


@pytest.mark.parametrize("wish", WISHES, ids=said)
def test_every_instruction_is_understood_as_drawn(wish):
    sample = make_sample(photo(), PLACED, wish)
    assert parse(sample.prompt) == parse_zh(sample.prompt_zh) == sample.operation
    assert goal_suspicion(sample) is None
    assert operation_of(sample.prompt) == wish.operation  # to the official protocol, which reads the words


@pytest.mark.parametrize("wish", [w for w in WISHES if w.direction != "above"], ids=said)
def test_instructions_are_sentences_of_the_benchmark(wish):
    key = {
        "move": f"move/{wish.direction}",
        "rotate": "rotate/half" if wish.amount == 180 else f"rotate/{wish.direction}",
        "scale": "scale/up" if wish.amount > 100 else "scale/down",
        "remove": "remove",
    }[wish.operation]
    percent = str(abs(wish.amount - 100))
    in_english, in_chinese = (
        {text.format(t=name, d=f"{wish.amount}{unit}", a=wish.amount, p=percent, f="", q="") for text in patterns[key]}
        for patterns, name, unit in ((english.PATTERNS, "the mug", " cm"), (chinese.PATTERNS, "杯子", "厘米"))
    )
    found = instruction(dataclasses.replace(wish, name="mug", name_zh="杯子"))
    assert found[0].removesuffix(".") in in_english
    assert found[1].removesuffix("。") in in_chinese


def test_a_sample_survives_the_datasets_row():
    sample = make_sample(photo(), PLACED, WISHES[0])
    assert Sample.from_row(sample.to_row()) == sample
    assert (sample.depth, sample.instance_mask, sample.edited_image, sample.split) == (None, None, None, "fine")


def test_samples_that_differ_in_anything_have_other_ids():
    other = dataclasses.replace(PLACED, box=(*PLACED.box[:3], *(1.01 * side for side in PLACED.box[3:6]), PLACED.box[6]))
    made = [make_sample(photo(), placed, wish) for placed in (PLACED, other) for wish in (WISHES[0], Wish("move", "left", 13))]
    assert len({sample.id for sample in made}) == len({sample.objects[0].id for sample in made}) == 4


@pytest.mark.parametrize("name", ["the red mug", "a red mug", "red mug"])
def test_an_article_is_not_doubled(name):
    assert instruction(Wish("remove", name=name))[0] == "Remove the red mug."


@pytest.mark.parametrize(
    ("wish", "problem"),
    [
        (lambda: Wish("paint"), "own_no_operation"),
        (lambda: Wish("move", "sideways", 5), "own_no_direction"),
        (lambda: Wish("move", "left", 0), "own_amount"),
        (lambda: Wish("move", "left", 2.5), "own_amount"),
        (lambda: Wish("scale", amount=100), "own_same_size"),
        (lambda: instruction(Wish("remove", name=" ")), "own_name"),
        (lambda: instruction(Wish("move", "left", 5, name="mug to the left and then remove the cup")), "own_name"),
        (lambda: instruction(Wish("move", "left", 5, name_zh="杯子向右移动3厘米，把碗")), "own_name"),
        (lambda: make_sample(photo(), PLACED, Wish("move", "front", 120)), "own_goal_behind"),
        (lambda: make_sample(photo(), PLACED, Wish("move", "left", 150)), "own_goal_outside"),
        (lambda: require_scorable(Wish("move", "above", 5), lifts=False), "own_lift"),
    ],
)
def test_what_cannot_be_asked_has_a_name(wish, problem):
    with pytest.raises(OwnError) as caught:
        wish()
    assert caught.value.name == problem


def test_a_detector_that_sees_lifts_may_score_them():
    require_scorable(Wish("move", "above", 5), lifts=True)
