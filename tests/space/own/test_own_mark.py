"""Two corners or one click."""

import numpy as np
import pytest
import torch
from own_scene import BOX, rectangle, render

from gsi_bench_metric.geometry.boxes import box_iou_2d
from gsi_bench_space.own.mark import around, between
from gsi_bench_space.problem import OwnError


def overlap(a, b):
    return float(box_iou_2d(torch.tensor(a, dtype=torch.float64), torch.tensor(b, dtype=torch.float64)))


def test_corners_may_come_in_any_order():
    assert {between(a, b) for a, b in (((1, 2), (3, 4)), ((3, 4), (1, 2)), ((3, 2), (1, 4)))} == {(1, 2, 3, 4)}


@pytest.mark.parametrize("times", [1, 2])
def test_a_click_finds_what_stands_out(times):
    """A disc on a plain ground with noise, at two sizes of the image."""
    y, x = np.indices((240 * times, 320 * times)) / times
    noise = np.random.default_rng(0).normal(0, 4, (*x.shape, 3))
    disc = (x - 200) ** 2 + (y - 120) ** 2 < 40**2
    rgb = np.clip(np.where(disc[..., None], (200, 60, 60), (110, 140, 110)) + noise, 0, 255).astype(np.uint8)
    found = around(rgb, (195 * times, 130 * times))
    assert overlap(found, [160 * times, 80 * times, 240 * times, 160 * times]) > 0.9


def test_a_click_finds_one_face_or_all_of_a_coloured_box():
    """What GrabCut takes for one object is its own choice; the visitor corrects it. It never runs over into the table."""
    x1, y1, x2, y2 = rectangle()
    found = around(render(BOX), ((x1 + x2) / 2, y1 + 0.6 * (y2 - y1)))
    assert overlap(found, [x1, y1, x2, y2]) > 0.5
    assert found[0] > x1 - 8 and found[1] > y1 - 8 and found[2] < x2 + 8 and found[3] < y2 + 8


def test_the_same_click_finds_the_same():
    clicks = [around(render(BOX), (280, 250)) for _ in range(2)]
    assert clicks[0] == clicks[1]


def test_where_nothing_stands_out_nothing_is_found():
    with pytest.raises(OwnError, match="own_nothing_there"):
        around(np.full((120, 160, 3), 128, np.uint8), (80, 60))


def test_a_click_at_the_rim_is_no_error():
    x1, y1, x2, y2 = around(render(BOX), (0, 479))
    assert 0 <= x1 < x2 <= 640 and 0 <= y1 < y2 <= 480
