"""Depth: the scene of the boxes, and estimates brought to the scale of the boxes."""

import dataclasses

import numpy as np
import pytest
from seeing_cases import HEIGHT, HEIGHT_M, UP, WIDTH, K, standing, view_of

from gsi_bench_metric.seeing.base import View
from gsi_bench_metric.seeing.config import SEEING
from gsi_bench_metric.seeing.depth.box_scene import BoxScene, box_scene, support_height
from gsi_bench_metric.seeing.depth.scale import fit, to_boxes
from gsi_bench_metric.seeing.options import Options, SeeingError, UnseenError
from gsi_bench_metric.seeing.registry import make_depth

MUG, CAN, FAR = standing("mug", -0.15, 0.9), standing("can", 0.15, 0.9), standing("far", 0, 1.4)


def test_the_scene_of_the_boxes_has_their_fronts_and_the_table():
    view, numbers, depth = view_of(MUG, CAN, FAR)
    for given in (numbers, None):
        found = box_scene(view, given)
        known = found > 0
        assert known[numbers > 0].mean() > 0.99 and 0.03 < known[numbers == 0].mean() < 0.9
        assert np.median(np.abs(found - depth)[known] / depth[known]) < 1e-3
        assert (np.abs(found - depth)[known] / depth[known] < 0.01).mean() > 0.97


def test_the_table_ends_where_no_object_is_near():
    view, _, depth = view_of(MUG)
    found = box_scene(view, None)
    assert not found[depth > 2].any() and not found[:, -20:].any()


@pytest.mark.parametrize("up", [None, -UP])
def test_without_a_table_in_sight_the_boxes_alone_have_depth(up):
    view, numbers, _ = view_of(MUG, CAN)
    found = box_scene(dataclasses.replace(view, up=up), numbers)
    assert (found[numbers > 0] > 0).all()
    if up is None:
        assert not found[numbers == 0].any()


def test_beside_its_box_an_object_has_its_middles_depth():
    view, numbers, _ = view_of(MUG)
    wide = np.roll(numbers, -8, axis=1) | numbers
    found = box_scene(view, wide)
    beside = (wide == 1) & (numbers == 0)
    assert np.allclose(found[beside], MUG.bbox_3d[2])


@pytest.mark.parametrize("lifted", [0.0, 0.05, 0.3])
def test_the_plane_is_that_of_most_objects_else_the_lowest(lifted):
    stack = standing("top", 0.15, 0.9, lift=lifted)
    assert support_height((MUG, FAR, stack), UP) == pytest.approx(-HEIGHT_M, abs=1e-6)
    assert support_height((MUG, stack), UP) == pytest.approx(-HEIGHT_M, abs=1e-6)


def test_a_depth_beyond_16_bits_is_unknown():
    view, _, _ = view_of(MUG)
    far = View(view.rgb, K, (standing("far", 0, 90, (9, 9, 9)),), UP)
    assert not box_scene(far, None).any()


def test_the_boxes_need_no_weights():
    with pytest.raises(SeeingError, match="boxes"):
        make_depth("boxes", Options(weights="x"))
    assert make_depth("none", Options()) is None and make_depth("boxes", Options()).key == BoxScene().key
    with pytest.raises(SeeingError, match=r"no depth 'x'; expected boxes, transformers or none"):
        make_depth("x", Options())


# Scale


@pytest.mark.parametrize(("scale", "shift"), [(1.0, 0.0), (0.4, 0.0), (3.0, 0.0), (2.0, 0.3), (0.5, -0.2)])
def test_an_estimate_is_brought_to_the_boxes_by_scale_and_shift(scale, shift):
    view, numbers, depth = view_of(MUG, CAN, FAR)
    estimate = ((depth - shift) / scale).astype(np.float32)
    found = to_boxes(view, estimate, numbers)
    assert (found.scale, found.shift_m) == (pytest.approx(scale, rel=0.01), pytest.approx(shift, abs=0.02))
    assert np.median(np.abs(found.depth - depth) / depth) < 0.01 and found.residual < 0.01


def test_one_box_tells_the_scale_alone():
    view, numbers, depth = view_of(MUG)
    found = to_boxes(view, (depth / 2).astype(np.float32), numbers)
    assert found.shift_m == 0 and found.scale == pytest.approx(2, rel=0.01)


def test_boxes_at_one_depth_tell_the_scale_alone():
    view, numbers, depth = view_of(MUG, CAN, standing("third", 0, 0.9))
    assert to_boxes(view, (depth / 2 + 0.1).astype(np.float32), numbers).shift_m == 0


def test_one_wrong_box_of_four_does_not_turn_the_scale():
    things = (MUG, CAN, FAR, standing("fourth", 0.0, 1.1))
    view, numbers, depth = view_of(*things)
    estimate = (depth / 2).astype(np.float32)
    estimate[numbers == 2] *= 1.6
    found = to_boxes(view, estimate, numbers)
    assert np.median(np.abs(found.depth - depth)[numbers != 2] / depth[numbers != 2]) < 0.05


def test_what_the_estimate_does_not_know_stays_unknown():
    view, numbers, depth = view_of(MUG, CAN)
    estimate = depth.astype(np.float32)
    estimate[:20], estimate[20:30], estimate[30:32] = np.nan, 0, -1
    found = to_boxes(view, estimate, numbers)
    assert not found.depth[:32].any() and np.isfinite(found.depth).all() and (found.depth[60:] > 0).all()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda depth, numbers: depth[:50], f"expected a depth of {WIDTH}×{HEIGHT} pixels, found {WIDTH} × 50"),
        (lambda depth, numbers: depth.T, f"expected a depth of {WIDTH}×{HEIGHT} pixels"),
        (lambda depth, numbers: depth[None], f"expected a depth of {WIDTH}×{HEIGHT} pixels"),
        (lambda depth, numbers: np.zeros_like(depth), "no known box is seen where the depth is known"),
        (lambda depth, numbers: np.full_like(depth, np.nan), "no known box is seen where the depth is known"),
        (lambda depth, numbers: 1 / depth, "does not fit the known boxes"),
        (lambda depth, numbers: np.random.default_rng(0).lognormal(0, 2, depth.shape), "does not fit the known boxes"),
    ],
)
def test_a_depth_of_something_else_is_named(make, words):
    view, numbers, depth = view_of(standing("a", -0.2, 0.7), standing("b", 0.1, 1.6), standing("c", 0, 3.2, (0.3, 0.3, 0.3)))
    with pytest.raises(UnseenError, match=words):
        to_boxes(view, make(depth, numbers).astype(np.float32), numbers)


def test_the_fit_stands_noise():
    rng = np.random.default_rng(0)
    box = np.repeat([1, 2, 3, 4], 100)
    known = np.repeat([0.8, 1.2, 2.0, 3.0], 100)
    estimate = (known - 0.2) / 1.5 * rng.normal(1, 0.02, 400)
    estimate[rng.random(400) < 0.2] *= 3
    scale, shift = fit(estimate, known, box, SEEING.scale)
    assert scale == pytest.approx(1.5, rel=0.03) and shift == pytest.approx(0.2, abs=0.05)
