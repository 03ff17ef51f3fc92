"""A detector's box becomes one of right, down, forward along gravity, and stays the same box."""

import itertools

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from gsi_bench_dataset.layout.pixel_frame import box_corners
from gsi_bench_metric.marking.upright import overlap, upright_box

UP = np.array([0.0, -0.94, -0.342]) / np.hypot(0.94, 0.342)
BOX = np.array([0.3, 0.2, 2.0, 0.4, 0.9, 0.6])


def standing(turn_deg):
    """A rotation of a box that stands: its columns right, down, forward."""
    down = -UP
    right = np.cross(down, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    own = np.stack([right, down, np.cross(right, down)], axis=1)
    return Rotation.from_rotvec(np.radians(turn_deg) * UP).as_matrix() @ own


def named_otherwise(box, rotation, order, signs):
    """The same box with its axes in another order and of other signs."""
    turn = rotation[:, order] * signs
    return np.concatenate([box[:3], box[3:][list(order)]]), turn


def proper():
    for order in itertools.permutations(range(3)):
        for signs in itertools.product((1, -1), repeat=3):
            if np.linalg.det(np.eye(3)[:, order] * signs) > 0:
                yield order, np.array(signs)


def corner_set(box, rotation):
    return np.array(sorted(box_corners((*box, 0.0), rotation).round(9).tolist()))


@pytest.mark.parametrize("turn", [0, 25, 130])
def test_every_naming_of_axes_gives_the_same_box(turn):
    rotation = standing(turn)
    for order, signs in proper():
        box, turned, off = upright_box(*named_otherwise(BOX, rotation, order, signs), UP, 15)
        assert off == pytest.approx(0, abs=1e-4) and np.linalg.det(turned) == pytest.approx(1)
        assert turned[:, 1] == pytest.approx(-UP) and box[4] == pytest.approx(0.9)
        assert np.abs(corner_set(box, turned) - corner_set(BOX, rotation)).max() < 1e-6


@pytest.mark.parametrize(("lean", "levelled"), [(4, True), (14, True), (16, False), (40, False)])
def test_a_tilted_box_is_levelled_and_a_leaning_one_left(lean, levelled):
    axis = np.cross(UP, [0, 0, 1.0])
    tilted = Rotation.from_rotvec(np.radians(lean) * axis / np.linalg.norm(axis)).as_matrix() @ standing(20)
    box, turned, off = upright_box(BOX, tilted, UP, 15)
    assert off == pytest.approx(lean, abs=1e-6) and box[:3] == pytest.approx(BOX[:3])
    assert np.allclose(turned[:, 1], -UP) == levelled
    assert np.allclose(turned, tilted) != levelled


def test_overlap_is_that_of_rectangles():
    assert overlap([0, 0, 4, 4], [2, 0, 6, 4]) == pytest.approx(1 / 3)
    assert overlap([0, 0, 0, 0], [0, 0, 0, 0]) == 0.0
