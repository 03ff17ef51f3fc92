"""Degradations: named, seeded, of the size that their name says at every image width; the grid names what exists."""

import numpy as np
import pytest

from gsi_bench_metric.validity.degrade import DEGRADATIONS, degrade
from gsi_bench_metric.validity.grid import CONDITIONS, OUTCOMES, Bar, GridError, cells_of


def dot(width, x, y):
    rows, columns = np.mgrid[0:width, 0:width]
    spot = 200 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * (width / 64) ** 2))
    return np.repeat(spot[..., None], 3, axis=2).astype(np.uint8)


def centre(rgb):
    weights = rgb[..., 0].astype(float)
    rows, columns = np.mgrid[0 : rgb.shape[0], 0 : rgb.shape[1]]
    return np.array([(weights * columns).sum(), (weights * rows).sum()]) / weights.sum()


@pytest.mark.parametrize("name", DEGRADATIONS)
def test_equal_seeds_give_equal_pixels_of_the_same_size(name):
    rgb = np.random.default_rng(0).integers(0, 256, (192, 256, 3), dtype=np.uint8)
    first, again = degrade(name, rgb, 7), degrade(name, rgb, 7)
    assert first.shape == rgb.shape
    assert first.dtype == np.uint8
    assert (first == again).all()
    assert (first != rgb).any()


@pytest.mark.parametrize("name", ["noise", "regenerated"])
def test_other_seeds_give_other_pixels(name):
    rgb = np.full((48, 64, 3), 128, np.uint8) if name == "noise" else dot(64, 30, 30)
    assert (degrade(name, rgb, 1) != degrade(name, rgb, 2)).any()


@pytest.mark.parametrize("width", [256, 512])
@pytest.mark.parametrize("pixels", [1, 2, 4, 8])
def test_a_shift_is_as_long_as_its_name_says_at_512_wide(width, pixels):
    rgb = dot(width, width / 2, width / 2)
    moved = centre(degrade(f"shift{pixels}", rgb, 0)) - centre(rgb)
    assert np.hypot(*moved) == pytest.approx(pixels * width / 512, abs=0.05)
    assert moved[0] == pytest.approx(moved[1], abs=0.02)


@pytest.mark.parametrize(("name", "factor"), [("zoom_out", 0.98), ("zoom_in", 1.02)])
def test_a_zoom_keeps_the_middle_and_scales_the_rest(name, factor):
    middle = (256 - 1) / 2
    rgb = dot(256, middle + 50, middle)
    assert centre(degrade(name, rgb, 0)) - middle == pytest.approx([50 * factor, 0], abs=0.1)


def test_noise_has_the_spread_that_its_name_says():
    grey = np.full((128, 128, 3), 128, np.uint8)
    assert (degrade("noise", grey, 0).astype(float) - 128).std() == pytest.approx(10, rel=0.02)


def test_cells_have_own_names_and_clean_ones_to_compare_with():
    cells = list(cells_of())
    assert len({cell.name for cell in cells}) == len(cells)
    assert {cell.name for cell in cells_of(["jpeg"])} == {
        "grade100", "grade000", "opposite", "jpeg:after", "jpeg:source", "jpeg:opposite",
    }  # fmt: skip


def test_every_degradation_is_a_condition_and_short_names_differ():
    assert {c.degradation for c in CONDITIONS} - {None} == set(DEGRADATIONS)
    assert len({c.short for c in CONDITIONS}) == len(CONDITIONS)
    assert not {c.short for c in CONDITIONS} & {o.words for o in OUTCOMES}


def test_an_unknown_cell_is_named_with_those_there_are():
    with pytest.raises(GridError, match="no cells sideways; there are grade100"):
        list(cells_of(["sideways", "jpeg"]))


def test_a_bar_forgives_rounding_and_nothing_else():
    assert Bar(low=100).met(100 - 1e-10)
    assert not Bar(low=100).met(99.99)
    assert Bar(high=0).met(1e-12)
    assert not Bar(high=2).met(2.01)
