"""From a marked rectangle to a box on the ground: exact where the camera is known."""

import dataclasses
import math

import numpy as np
import pytest

from gsi_bench_dataset.layout.pixel_frame import box_corners, project, projected_rectangle
from gsi_bench_metric.photos.problem import PhotoProblemError
from gsi_bench_metric.photos.standing import (
    Block,
    Ground,
    block_of,
    ground_under,
    intrinsics,
    looking_down,
    on_ground,
    place,
    propose,
)

SIZE = (1024, 768)
K = intrinsics(26, SIZE)
GROUND = looking_down(30, 0.5)
MUG = Block(0.05, 0.7, 0.09, 0.1, 0.09)


def rectangle_of(block, ground=GROUND):
    return tuple(projected_rectangle(*place(block, ground), K).tolist())


def random_cases(count):
    """Blocks that a camera looking 5–55° down sees whole, nearer than eight times its height."""
    rng = np.random.default_rng(0)
    while count:
        ground = looking_down(rng.uniform(5, 55), rng.uniform(0.2, 2))
        fall = math.radians(ground.pitch_deg)
        away = ground.height_m / math.tan(fall + rng.uniform(-0.05, 0.2)) if fall > 0.18 else 4 * ground.height_m
        if away > 8 * ground.height_m:
            continue
        width = rng.uniform(0.05, 0.3) * ground.height_m
        tall, deep = width * rng.uniform(0.3, 2.5), width * rng.uniform(0.6, 1.6)
        block = Block(rng.uniform(-0.3, 0.3) * away, away, width, tall, deep, rng.uniform(-60, 60))
        yield block, ground
        count -= 1


def numbers(block):
    return np.array(dataclasses.astuple(block))


def test_the_true_box_is_found_from_right_camera_and_depth():
    for block, ground in random_cases(60):
        share = block.depth / block.width
        found = propose(rectangle_of(block, ground), K, ground, SIZE, depth_share=share, turn_deg=block.turn_deg)
        assert found.method == "own_method_ground"
        assert numbers(block_of(found.box, found.rotation, ground)) == pytest.approx(numbers(block), rel=1e-3, abs=1e-4)


def test_a_proposed_box_fills_the_rectangle_always():
    for block, ground in random_cases(40):
        marked = rectangle_of(block, ground)
        found = propose(marked, K, ground, SIZE)
        longer = max(marked[2] - marked[0], marked[3] - marked[1])
        assert projected_rectangle(found.box, found.rotation, K) == pytest.approx(marked, abs=0.005 * longer)


def test_a_proposal_stands_on_the_ground():
    found = propose(rectangle_of(MUG), K, GROUND, SIZE)
    lowest = (box_corners(found.box, found.rotation) @ np.array(GROUND.up)).min()
    assert lowest == pytest.approx(-GROUND.height_m)


def test_a_wrong_camera_height_only_scales_everything():
    found = propose(rectangle_of(MUG), K, looking_down(30, 1.0), SIZE)
    assert numbers(block_of(found.box, found.rotation, found.ground))[:5] == pytest.approx(2 * numbers(MUG)[:5], rel=1e-3)


def test_the_known_height_of_the_object_gives_the_cameras():
    found = propose(rectangle_of(MUG), K, looking_down(30, 3.0), SIZE, known_height_m=MUG.height)
    assert found.ground.height_m == pytest.approx(0.5, rel=1e-3)
    assert found.box == pytest.approx(place(MUG, GROUND)[0], rel=1e-3, abs=1e-3)
    assert [name for name, _ in found.assumptions] == ["own_follows_height", "own_assumes_depth"]


def test_of_what_lies_flat_the_depth_is_read():
    book = Block(0.0, 0.7, 0.2, 0.01, 0.15)
    found = propose(rectangle_of(book), K, GROUND, SIZE)
    flat = block_of(found.box, found.rotation, GROUND)
    assert found.method == "own_method_flat"
    assert (flat.width, flat.depth) == pytest.approx((0.2, 0.15), rel=0.05)


def test_an_object_at_the_rim_is_said_to_be_cut_off():
    inside = propose(rectangle_of(MUG), K, GROUND, SIZE)
    x1, y1, x2, y2 = rectangle_of(dataclasses.replace(MUG, right=-0.48))
    cut = propose((max(x1, 0.0), y1, x2, y2), K, GROUND, SIZE)
    assert x1 < 0
    assert ("own_assumes_whole", {}) in cut.assumptions and ("own_assumes_whole", {}) not in inside.assumptions


@pytest.mark.parametrize(
    ("rectangle", "ground", "problem"),
    [
        ((10, 10, 12, 300), GROUND, "own_no_rectangle"),
        ((10, 10, float("nan"), 300), GROUND, "own_no_rectangle"),
        ((400, 100, 500, 200), looking_down(0, 0.5), "own_above_horizon"),
        ((400, 380, 500, 386), looking_down(0, 0.5), "own_above_horizon"),
    ],
)
def test_what_no_box_can_be_proposed_for_has_a_name(rectangle, ground, problem):
    with pytest.raises(PhotoProblemError) as caught:
        propose(rectangle, K, ground, SIZE)
    assert caught.value.name == problem


def test_a_block_comes_back_from_its_box():
    for block, ground in random_cases(20):
        box, rotation = place(block, ground)
        assert numbers(block_of(box, rotation, ground)) == pytest.approx(numbers(block), abs=1e-9)
        under = ground_under(box, rotation)
        assert (*under.up, under.height_m) == pytest.approx((*ground.up, ground.height_m))


def test_a_pixel_of_the_ground_comes_back_from_its_point():
    point = on_ground((300, 500), K, GROUND)
    assert point @ np.array(GROUND.up) == pytest.approx(-0.5)
    assert project(point, K) == pytest.approx((300, 500))
    with pytest.raises(PhotoProblemError, match="own_above_horizon"):
        on_ground((300, 5), K, looking_down(10, 0.5))


def test_pitch_zero_looks_along_the_ground():
    level = Ground((0.0, -1.0, 0.0), 0.5)
    assert level.axes.tolist() == [[1, 0, 0], [0, 0, 1], [0, -1, 0]]
    assert (level.pitch_deg, looking_down(25, 1).pitch_deg) == pytest.approx((0, 25))


def test_a_box_that_the_camera_is_not_above_has_no_ground():
    box, rotation = place(MUG, GROUND)
    with pytest.raises(PhotoProblemError, match="own_below_ground"):
        ground_under((*box[:1], -2.0, *box[2:]), rotation)
