import dataclasses
import math

import numpy as np
import pytest

from gsi_bench_dataset.records import Fault
from gsi_bench_dataset.vocabulary import FAULTS
from gsi_bench_metric import Pose, move, place, remove, rotate, scale, view
from gsi_bench_metric.geometry.motion import Motion
from gsi_bench_metric.protocols.base import Measurement
from gsi_bench_metric.protocols.strict.verdict import Outcome
from gsi_bench_metric.reward.config import REWARD, SERVING
from gsi_bench_metric.reward.grading import Traces, grade, kept_of
from gsi_bench_metric.reward.traces import Background, newcomer, rest_left, softened

UP = np.array([0.0, -1.0, 0.0])
MUG = Pose.of([0.0, 0.0, 2.0, 0.1, 0.1, 0.1, 0.0])


def at(x=0.0, z=2.0, yaw=0.0, size=0.1):
    return Pose.of([x, (0.1 - size) / 2, z, size, size, size, yaw])


def of_move(share, aside=0.0):
    return move(MUG, at(-0.2 * share, 2.0 + 0.2 * aside), goal=at(-0.2), up=UP).progress


def of_turn(share):
    return rotate(MUG, at(yaw=share * math.radians(80)), goal=at(yaw=math.radians(80)), up=UP).progress


def of_size(share):
    return scale(MUG, at(size=0.1 * 2**share), 2.0, up=UP).progress


def of_place(share):
    region = np.array([[0.35, 0.05, 1.95], [0.45, 0.05, 1.95], [0.45, 0.05, 2.05], [0.35, 0.05, 2.05]])
    return place(MUG, at(0.35 * share), region, up=UP).progress


def of_view(share):
    wanted, done = (Motion(np.array([0.2 * part, 0, 0]), np.eye(3)) for part in (1, share))
    return view(done, wanted, up=UP, turns=False).progress


WAYS = {"move": of_move, "rotate": of_turn, "scale": of_size, "place": of_place, "view": of_view}


@pytest.mark.parametrize("kind", WAYS)
def test_progress_is_the_share_done(kind):
    shares = np.linspace(0, 1, 11)
    assert [WAYS[kind](share) for share in shares] == pytest.approx(list(shares), abs=1e-6)


@pytest.mark.parametrize("kind", ["move", "rotate", "scale", "view"])
def test_progress_falls_beyond_and_is_none_backwards(kind):
    assert WAYS[kind](1.4) == pytest.approx(0.6, abs=1e-6)  # by as much as it goes beyond
    assert [WAYS[kind](-1.0), WAYS[kind](2.0)] == pytest.approx([0, 0], abs=1e-9)


def test_a_way_aside_is_taken_off_progress():
    assert of_move(1.0, 0.3) == pytest.approx(0.7)


def test_a_short_move_not_done_is_no_progress():
    # Accuracy is relative to 5 cm at least, so that a still object has some of it; progress has none.
    still = move(MUG, MUG, goal=at(-0.02), up=UP)
    assert still.sa > 0 and still.progress == 0


def test_a_removal_is_done_or_not():
    assert remove(MUG, None).progress == 1 and remove(MUG, MUG).progress == 0


def outcome(progress=1.0, faults=(), bystanders=1.0, confidence=1.0):
    found = tuple(Fault(kind, 1.0, subject="mug") for kind in faults)
    return Outcome(not faults, 1.0, bystanders, found, progress=progress, confidence=confidence)


def reward(found=None, lpips=0.0, operation="move", traces=None):
    return grade(found or outcome(), Measurement(lpips=lpips), operation, traces or Traces()).reward


def test_a_right_edit_earns_all():
    assert reward() == 1.0


@pytest.mark.parametrize(
    "kind", ["left_behind", "copied", "lost", "opposite", "too_much", "moved_too", "nothing_done", "replaced"]
)
def test_what_spoils_an_edit_earns_nothing(kind):
    assert reward(outcome(faults=[kind])) == 0


@pytest.mark.parametrize("kind", ["turned_too", "scaled_too", "tilted", "distorted", "camera_turned_too"])
def test_an_unasked_change_costs_a_factor(kind):
    assert reward(outcome(faults=[kind])) == pytest.approx(REWARD.side_fault)
    assert kept_of([Fault(kind), Fault(kind)]) == REWARD.side_fault  # one kind counts once


def test_every_fault_of_the_vocabulary_has_a_worth():
    assert {kept_of([Fault(kind)]) for kind in FAULTS} == {0.0, REWARD.side_fault, 1.0}


def test_each_part_lowers_the_reward():
    parts = [
        reward(outcome(progress=0.8)),
        reward(outcome(bystanders=0.5)),
        reward(outcome(confidence=0.6)),
        reward(lpips=0.1),
        reward(traces=Traces(rest=0.3)),
        reward(traces=Traces(newcomer=0.07)),
    ]
    assert all(0 < part < 1 for part in parts)


def test_the_targets_shape_alone_is_not_the_target():
    assert reward(outcome(confidence=0.5)) == 0 and reward(outcome(confidence=None), operation="remove") == 1


def test_without_lpips_bystanders_alone_count():
    assert reward(outcome(bystanders=0.5), lpips=None) == 0.5


def test_all_numbers_have_unit_and_reason():
    for numbers in (REWARD, SERVING):
        assert all(unit is not None and why for _, _, unit, why in numbers.describe())


def _scene():
    rgb = np.full((64, 64, 3), 200, np.uint8)
    source = rgb.copy()
    source[20:36, 10:26] = (180, 20, 20)
    mask = np.zeros((64, 64), bool)
    mask[20:36, 10:26] = True
    return rgb, source, Background(mask, softened(source), ((softened(rgb), np.ones((64, 64), bool)),))


def test_a_place_shows_background_ghost_or_target():
    empty, source, background = _scene()
    ghost = ((empty.astype(int) + source) // 2).astype(np.uint8)
    found = [rest_left(background, rgb, None, []) for rgb in (empty, ghost, source)]
    assert found == pytest.approx([0, 0.5, 1], abs=0.02)


def test_a_place_that_is_covered_or_unknown_tells_nothing():
    empty, _, background = _scene()
    whole = [((0, 0), (64, 0), (64, 64), (0, 64))]
    assert rest_left(background, empty, None, whole) is None
    assert rest_left(background, empty, np.zeros((64, 64), bool), []) is None


def test_new_things_count_and_shadows_do_not():
    empty, source, _ = _scene()
    shadow = empty.copy()
    shadow[20:36, 10:26] //= 2
    every = np.ones((64, 64), bool)
    assert newcomer(empty, source, every, 256.0) > 0.1
    assert newcomer(empty, shadow, every, 256.0) < 0.01
    assert newcomer(empty, source, ~(source[..., 0] == 180), 1024.0) < 0.06  # in the edit's own places it may


def test_other_numbers_give_other_rewards():
    soft = dataclasses.replace(REWARD, side_fault=0.9)
    assert grade(outcome(faults=["tilted"]), Measurement(lpips=0.0), "move", config=soft).reward == pytest.approx(0.9)
