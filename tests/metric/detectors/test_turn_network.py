"""The network that tells turns: its drum of cells, and what holds for whatever weights."""

import math

import numpy as np
import pytest
import torch

from gsi_bench_metric.detectors.tracker.turn_config import TurnConfig
from gsi_bench_metric.detectors.tracker.turns import telling, weights
from gsi_bench_metric.detectors.tracker.turns.drum import (
    AZIMUTHS,
    CELLS,
    CROP,
    Placed,
    cells_of,
    cropped,
    turned_by,
    window_about,
)
from gsi_bench_metric.detectors.tracker.turns.network import TurnNetwork

STEP = 2 * math.pi / AZIMUTHS
UP = np.array([0.0, -math.cos(0.6), -math.sin(0.6)])
MIDDLE = np.array([0.05, 0.1, 1.2])
UPRIGHT = np.stack([[1.0, 0, 0], np.cross(UP, [1.0, 0, 0]), UP], 1)  # columns: right, across, up
BOX = (*MIDDLE, 0.3, 0.1, 0.2)
LENS = (300.0, 300.0, 128.0, 120.0)
WINDOW = (140.0, 145.0, 100.0)


def placed(angle=0.0):
    rotation = turned_by(UP, angle) @ UPRIGHT
    return Placed(*(torch.tensor(np.array(part), dtype=torch.float32)[None] for part in (BOX, rotation, UP, WINDOW, LENS)))


@pytest.mark.parametrize("steps", [1, 7, 24, 40])
def test_a_turn_shifts_the_azimuths_of_the_drum(steps):
    first, turned = (cells_of(placed(angle), is_source=True) for angle in (0.0, steps * STEP))
    assert 0 < first.inside.mean() < 1
    assert (turned.inside == first.inside.roll(steps, -1)).float().mean() > 0.995  # but for rounding on faces
    assert torch.allclose(turned.where, first.where, atol=1e-5)


def test_cells_lie_where_the_camera_sees_them():
    cells = cells_of(placed(), is_source=False)
    radius = math.hypot(0.3, 0.1) / 2
    front = -MIDDLE / np.linalg.norm(MIDDLE) + (0, 1, 0)
    front -= UP * (front @ UP)
    front /= np.linalg.norm(front)
    # The outermost ring, the top level, a quarter round: towards the camera.
    point = MIDDLE + 0.92 * 1.02 * radius * front + 5 / 6 * 0.1 * UP
    pixel = point[:2] / point[2] * 300 + LENS[2:]
    found = cells.where[0, CELLS - 1, AZIMUTHS // 4].numpy()
    assert found == pytest.approx((pixel - WINDOW[:2]) / 50, abs=1e-4)
    assert (cells.inside == -1).all()


def test_depth_beyond_the_middle_is_in_half_diagonals():
    cells = cells_of(placed(), is_source=True)
    nearest = float(cells.depth.min())
    assert -1.1 < nearest < -0.3
    met = torch.isfinite(cells.enter)
    assert (cells.enter[met] <= cells.leave[met]).all()
    in_box = cells.inside == 1
    assert (cells.enter[in_box] <= cells.depth[in_box] + 0.05).all()
    assert (cells.leave[in_box] >= cells.depth[in_box] - 0.05).all()


def test_a_window_is_an_enlarged_part_of_the_image():
    rgb = np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    rgb = np.kron(rgb, np.ones((4, 4, 1), np.uint8))
    assert cropped(rgb, (80.0, 80.0, float(CROP))) == pytest.approx(rgb[48:112, 48:112], abs=1)
    edge = cropped(rgb, (0.0, 80.0, float(CROP)))
    assert (edge[:, 0] == rgb[48:112, 0]).all()  # beyond the image its edge goes on


def test_a_window_holds_all_that_a_box_can_cover_by_a_turn():
    corners = np.array([(x, y, z) for x in (-0.15, 0.15) for y in (-0.05, 0.05) for z in (-0.1, 0.1)]) @ UPRIGHT.T
    K = np.array([[300.0, 0, 128], [0, 300, 120], [0, 0, 1]])
    column, row, side = window_about(corners + MIDDLE, MIDDLE, UP, K, 1.0)
    for angle in np.arange(0, 6.2, 0.1):
        pixels = (corners @ turned_by(UP, angle).T + MIDDLE) @ K.T
        pixels = pixels[:, :2] / pixels[:, 2:]
        assert (np.abs(pixels - (column, row)) <= side / 2 + 0.5).all()
    near = np.array([0, 0, 0.05])
    assert window_about(corners + near, near, UP, K, 1.0) is None


@pytest.mark.parametrize("steps", [0, 5, 30])
def test_a_shifted_reading_shifts_the_turns(steps):
    torch.manual_seed(0)
    made = TurnNetwork().eval()
    reading, other = torch.randn(2, 1, 128, AZIMUTHS)
    with torch.no_grad():
        still, turned = made.turns(reading, other), made.turns(reading, other.roll(steps, -1))
    assert turned[0].numpy() == pytest.approx(still.roll(steps, -1)[0].numpy(), abs=1e-4)


def test_the_weights_of_the_package_are_those_of_the_network():
    made = weights.network("cpu")
    assert not any(p.requires_grad for p in made.parameters())
    assert not made.training
    assert len(weights.weights_digest()) == 64


def test_other_weights_are_refused():
    with pytest.raises(RuntimeError):
        weights.with_arrays(TurnNetwork(), {"fine.0.0.weight": np.zeros((1, 2))})


def test_weights_survive_the_way_through_half_precision():
    made = TurnNetwork().eval()
    again = weights.with_arrays(TurnNetwork().eval(), weights.arrays_of(made))
    assert torch.allclose(again.read.weight, made.read.weight, atol=1e-3)


def test_what_looks_the_same_counts_together():
    likely = np.zeros(AZIMUTHS)
    likely[[6, 30]] = 0.5, 0.5  # 45° and 225°
    once = telling._likeliest(likely, "none", TurnConfig())
    both = telling._likeliest(likely, "2-fold", TurnConfig())
    assert (once.sure, both.sure) == (0.5, 1.0)
    assert both.turn == pytest.approx(math.radians(45))


def test_a_turn_between_two_steps_is_told_by_weight():
    likely = np.zeros(AZIMUTHS)
    likely[[47, 0]] = 0.4, 0.6
    found = telling._likeliest(likely, "none", TurnConfig())
    assert math.degrees(found.turn) == pytest.approx(-3.0)


def test_in_a_mirror_the_same_turn_goes_the_other_way():
    rng = np.random.default_rng(5)
    coarse = rng.integers(0, 256, (2, 32, 40, 3), dtype=np.uint8)
    source, edited = (np.kron(image, np.ones((8, 8, 1), np.uint8)) for image in coarse)
    K = np.array([[300.0, 0, 150], [0, 300, 120], [0, 0, 1]])
    seen = telling.Source(source, K, UP, BOX, UPRIGHT)
    there = telling.told_turn(seen, edited, "none", TurnConfig())
    over = telling.told_turn(seen.mirrored(), np.ascontiguousarray(edited[:, ::-1]), "none", TurnConfig())
    assert over.turn == pytest.approx(-there.turn, abs=1e-3)
    assert over.sure == pytest.approx(there.sure, abs=1e-3)
    config = TurnConfig(itself=0.0, alike=2.0)
    ways = [telling.can_tell(s, angle, "none", config) for s, angle in ((seen, 0.8), (seen.mirrored(), -0.8))]
    assert ways[0] == pytest.approx(ways[1], abs=1e-3)
    assert ways[0] > 0


def test_a_box_behind_the_camera_tells_nothing():
    near = telling.Source(np.zeros((64, 64, 3), np.uint8), np.eye(3) * 60, UP, (0, 0, 0.05, 0.3, 0.1, 0.2), UPRIGHT)
    assert telling.told_turn(near, near.rgb, "none", TurnConfig()) is None
    assert telling.can_tell(near, 0.5) == 0.0
