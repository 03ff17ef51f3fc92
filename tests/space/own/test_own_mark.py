"""One click on an object of which everything is known, without a network."""

import torch
from own_scene import BOX, rectangle, render

from gsi_bench_metric.geometry.boxes import box_iou_2d
from gsi_bench_metric.seeing.masks.clicking import around


def overlap(a, b):
    return float(box_iou_2d(torch.tensor(a, dtype=torch.float64), torch.tensor(b, dtype=torch.float64)))


def test_a_click_finds_one_face_or_all_of_a_coloured_box():
    """What GrabCut takes for one object is its own choice; the visitor corrects it. It never runs over into the table."""
    x1, y1, x2, y2 = rectangle()
    found = around(render(BOX), ((x1 + x2) / 2, y1 + 0.6 * (y2 - y1)))
    assert overlap(found, [x1, y1, x2, y2]) > 0.5
    assert found[0] > x1 - 8 and found[1] > y1 - 8 and found[2] < x2 + 8 and found[3] < y2 + 8


def test_the_same_click_finds_the_same():
    clicks = [around(render(BOX), (280, 250)) for _ in range(2)]
    assert clicks[0] == clicks[1]


def test_a_click_at_the_rim_is_no_error():
    x1, y1, x2, y2 = around(render(BOX), (0, 479))
    assert 0 <= x1 < x2 <= 640 and 0 <= y1 < y2 <= 480
