"""The editors of `tools/leaderboard.sh` do as much of an edit as they say."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from gsi_bench_metric.editors.baselines import copy, paste

TOOLS = Path(__file__).parents[3] / "tools"


@pytest.fixture(scope="module")
def editors():
    spec = importlib.util.spec_from_file_location("parametric_editors", TOOLS / "parametric_editors.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_half_of_a_move_is_a_move_of_half_the_way(editors, make_sample):
    box = [0.0, 0.1, 2.0, 0.3, 0.3, 0.3, 0.0]
    sample = make_sample(original_bbox_3d=box, new_bbox_3d=[0.4, *box[1:]], pixel_frame="source")
    shorter = make_sample(original_bbox_3d=box, new_bbox_3d=[0.2, *box[1:]], pixel_frame="source")
    assert np.array_equal(editors.half(sample), paste(shorter))
    assert not np.array_equal(editors.half(sample), editors.most(sample))


def test_what_has_no_goal_box_is_done_as_paste_does_it(editors, make_sample):
    sample = make_sample(new_bbox_3d=None, pixel_frame="unknown")
    assert np.array_equal(editors.half(sample), copy(sample))
