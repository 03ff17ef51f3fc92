"""What clicks on a photograph mean: a rectangle, an object, its mask, a correction of it."""

from pathlib import Path

import numpy as np
import pytest
import torch

from gsi_bench_dataset.records import EncodedImage
from gsi_bench_metric.geometry.boxes import box_iou_2d
from gsi_bench_metric.imaging.images import load_rgb
from gsi_bench_metric.photos.problem import PhotoProblemError
from gsi_bench_metric.seeing.config import SEEING
from gsi_bench_metric.seeing.masks.clicking import (
    around,
    between,
    bounds,
    corrected,
    find_at,
    mask_of_picture,
    read_mask,
    written,
)
from gsi_bench_metric.seeing.masks.salient import SalientSegmenter
from gsi_bench_metric.seeing.options import Options, SeeingError
from gsi_bench_metric.seeing.registry import make_segmenter

PHOTOS = Path(__file__).parents[2] / "data" / "photos"


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


def test_where_nothing_stands_out_nothing_is_found():
    with pytest.raises(PhotoProblemError, match="own_nothing_there"):
        around(np.full((120, 160, 3), 128, np.uint8), (80, 60))


# --- a mask


DISC = (np.indices((240, 320))[1] - 200) ** 2 + (np.indices((240, 320))[0] - 120) ** 2 < 40**2


def noisy_disc() -> np.ndarray:
    noise = np.random.default_rng(0).normal(0, 4, (240, 320, 3))
    return np.clip(np.where(DISC[..., None], (200, 60, 60), (110, 140, 110)) + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("adds", [True, False])
def test_a_correction_follows_the_edge_within_its_reach(adds):
    """Half of a disc is lacking, or as much of the ground is too much: a click near the edge mends it up to the edge."""
    x = np.indices(DISC.shape)[1]
    wrong = DISC & (x < 215) if adds else DISC | ((x >= 230) & (abs(np.indices(DISC.shape)[0] - 120) < 30) & (x < 260))
    point = (228, 120) if adds else (250, 120)
    after = corrected(noisy_disc(), wrong, point, 30, adds=adds)
    y, x = np.indices(DISC.shape)
    near = np.hypot(x + 0.5 - point[0], y + 0.5 - point[1]) <= 22
    assert (after ^ DISC)[near].mean() < 0.03 < (wrong ^ DISC)[near].mean()
    beyond = np.hypot(x + 0.5 - point[0], y + 0.5 - point[1]) > 30
    assert np.array_equal(after[beyond], wrong[beyond])


def test_a_small_correction_paints_a_disc_whatever_is_there():
    after = corrected(noisy_disc(), DISC, (20.0, 20.0), 4, adds=True)
    y, x = np.indices(DISC.shape)
    assert np.array_equal(after & ~DISC, np.hypot(x + 0.5 - 20, y + 0.5 - 20) <= 4)


@pytest.mark.parametrize("point", [(0, 0), (320, 240), (319.9, 0.1)])
@pytest.mark.parametrize("mask", [np.zeros_like(DISC), np.ones_like(DISC)], ids=["none", "all"])
def test_corrections_at_corners_and_of_extreme_masks_are_sound(point, mask):
    for reach in (0.5, 40, 1000):
        for adds in (True, False):
            after = corrected(noisy_disc(), mask, point, reach, adds=adds)
            assert after.shape == mask.shape and (after[mask].all() if adds else not after[~mask].any())


def test_the_input_mask_is_left_as_it_was():
    mask = DISC.copy()
    corrected(noisy_disc(), mask, (200, 120), 20, adds=False)
    assert np.array_equal(mask, DISC)


def test_a_mask_survives_its_file():
    assert np.array_equal(read_mask(written(DISC)), DISC)
    assert bounds(DISC) == (161, 81, 240, 160)


def test_an_image_of_a_mask_is_bright_where_the_object_is():
    rgb = np.where(DISC[..., None], 255, 0).astype(np.uint8).repeat(3, -1)
    assert np.array_equal(mask_of_picture(rgb, (320, 240)), DISC)
    assert abs(mask_of_picture(rgb, (160, 120)).mean() - DISC.mean()) < 0.005


# --- a network asked by a point


class Network(SalientSegmenter):
    """What stands out is red; without a session."""

    def __init__(self):
        self.name = self.key = "red"
        self._config, self.asked = SEEING.salient, []

    def _salience(self, rgb, hidden):
        self.asked.append(rgb.shape[:2])
        return (rgb[..., 0] > 160).astype(np.float32)


def test_the_smallest_window_that_holds_all_of_it_is_taken():
    network = Network()
    mask = network.at(noisy_disc(), (200, 120))
    assert (mask ^ DISC).mean() < 0.001
    assert len(network.asked) == 2  # of 32 and 51 pixels to each side: the first cuts the disc
    whole, _ = find_at(noisy_disc(), (200, 120), network)
    assert np.array_equal(whole, mask)


def test_a_point_beside_it_finds_nothing_and_says_so():
    assert Network().at(noisy_disc(), (20, 20)) is None
    with pytest.raises(PhotoProblemError, match="own_nothing_there"):
        find_at(noisy_disc(), (20, 20), Network())


def test_an_unsure_answer_is_passed_over():
    class Unsure(Network):
        def _salience(self, rgb, hidden):
            return super()._salience(rgb, hidden) * 0.2 + 0.4

    assert Unsure().at(noisy_disc(), (200, 120)) is None


def test_the_object_may_end_at_the_images_border():
    rgb = noisy_disc()[:, 180:]
    mask = Network().at(rgb, (10, 120))
    assert mask is not None and mask[120, 0]


def test_the_embedded_network_finds_a_cat_by_any_click_on_it():
    """Real weights, where the cache has them."""
    try:
        network = make_segmenter("u2netp", Options(fetching=False))
    except SeeingError as error:
        pytest.skip(f"u2netp is not here: {error}"[:120])
    rgb = load_rgb(EncodedImage((PHOTOS / "images" / "cat-source.jpg").read_bytes(), "cat.jpg"))
    found = [bounds(find_at(rgb, point, network)[0]) for point in ((262, 430), (240, 450), (295, 350), (230, 520))]
    assert all(np.abs(np.array(box) - (218, 321, 319, 541)).max() <= 3 for box in found), found
