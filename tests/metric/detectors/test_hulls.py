"""What boxes alone say of which pixels show which object."""

import numpy as np
import pytest

from gsi_bench_dataset.records import SceneObject
from gsi_bench_metric.detectors.tracker.config import TRACKER
from gsi_bench_metric.detectors.tracker.hulls import cut_out, first_met, holds, in_box

LEVEL = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
SEAT = (0.0, 0.0, 3.0, 1.8, 0.8, 0.9, 0.0)


def thing(name, box, rotation=LEVEL):
    return SceneObject(name, name, tuple(map(float, box)), rotation)


@pytest.mark.parametrize(
    ("box", "held"),
    [
        ((0.3, 0.0, 3.1, 0.4, 0.3, 0.3, 0), True),  # a cushion on the seat
        ((0.3, -0.41, 3.1, 0.2, 0.2, 0.2, 0), True),  # half out of it
        ((0.3, -0.55, 3.1, 0.2, 0.3, 0.2, 0), False),  # a vase on top
        ((0.3, 0.0, 3.8, 0.4, 0.3, 0.3, 0), False),  # behind it
        ((0.0, 0.0, 3.0, 2.0, 1.0, 1.0, 0), False),  # larger: it is the one that holds
    ],
)
def test_a_box_holds_what_has_its_middle_in_it(box, held):
    assert holds(thing("sofa", SEAT), thing("other", box), TRACKER.surface) is held


def test_what_stands_in_a_box_is_met_before_its_faces():
    shape, far = (6, 6), np.float32(np.inf)
    sofa, cushion, behind = (np.full(shape, far, np.float32) for _ in range(3))
    sofa[:, :5], cushion[2:4, 1:3], behind[2:4, 3:] = 2.5, 2.9, 3.9
    things = (thing("sofa", SEAT), thing("cushion", (0, 0, 3.1, 0.4, 0.3, 0.3, 0)), thing("box", (0, 0, 4, 0.4, 0.3, 0.3, 0)))
    ids = first_met(things, (sofa, cushion, behind), TRACKER.surface)
    assert (ids[2:4, 1:3] == 2).all() and (ids[2:4, 3:5] == 1).all() and (ids[2:4, 5] == 3).all()
    assert ids[0, 5] == 0 and ids[0, 0] == 1


@pytest.mark.parametrize("turn", [0.0, 0.7])
def test_depth_in_a_box_is_its_objects_and_no_other(turn):
    c, s = np.cos(turn), np.sin(turn)
    rotation = ((c, 0.0, s), (0.0, 1.0, 0.0), (-s, 0.0, c))
    box = thing("box", (0.1, 0.2, 2.0, 0.4, 0.2, 0.1, 0), rotation)
    own = np.array([[0, 0, 0], [0.2, 0.1, 0.05], [0.23, 0, 0], [0, 0.13, 0], [0, 0, -0.08]])
    inside = in_box(own @ np.array(rotation).T + box.bbox_3d[:3], box, TRACKER.surface)
    assert inside.tolist() == [True, True, False, False, False]


@pytest.mark.parametrize("shade", [40, 200])
def test_a_disc_is_cut_out_of_the_square_that_covers_it(shade):
    rng = np.random.default_rng(3)
    rgb = np.clip(rng.normal(120, 4, (160, 160, 3)), 0, 255).astype(np.uint8)
    y, x = np.mgrid[:160, :160]
    disc = (x - 80) ** 2 + (y - 80) ** 2 < 40**2
    rgb[disc] = np.clip(rng.normal(shade, 4, (int(disc.sum()), 3)), 0, 255).astype(np.uint8)
    covered = (abs(x - 80) < 42) & (abs(y - 80) < 42)
    found = cut_out(rgb, covered, TRACKER.silhouette)
    assert (found & disc).sum() > 0.95 * (found | disc).sum()
    assert not (found & ~covered).any()


def test_without_colours_of_its_own_enough_stays():
    covered = np.zeros((80, 80), bool)
    covered[20:60, 30:50] = True
    plain = np.full((80, 80, 3), 90, np.uint8)
    found = cut_out(plain, covered, TRACKER.silhouette)
    assert found.sum() >= TRACKER.silhouette.least_cut * covered.sum() and not (found & ~covered).any()
    few = np.zeros((80, 80), bool)
    few[40:44, 40:44] = True
    assert (cut_out(plain, few, TRACKER.silhouette) == few).all()
