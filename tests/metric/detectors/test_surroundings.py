"""A removal is none where something stands in the old place whose colours are nowhere around."""

import cv2
import numpy as np
import pytest

from gsi_bench_dataset.records import SceneObject
from gsi_bench_metric.detectors.tracker.config import TRACKER
from gsi_bench_metric.detectors.tracker.signs.surroundings import foreign_share
from gsi_bench_metric.detectors.tracker.surface import Scene, Surface, level_axes

SIZE = 128
UP = np.array([0.0, -1.0, 0.0])


def surface(name, rows, columns):
    mask = np.zeros((SIZE, SIZE), bool)
    mask[rows, columns] = True
    thing = SceneObject(name, name, [0, 0, 1, 0.1, 0.1, 0.1, 0.0], np.eye(3).tolist(), "none", is_target=name == "mug")
    points = np.zeros((int(mask.sum()), 3))
    return Surface(thing, points, points, np.argwhere(mask)[:, ::-1], np.zeros(3), 0.1, mask, TRACKER.surface)


MUG, PLATE = surface("mug", slice(50, 80), slice(50, 75)), surface("plate", slice(70, 85), slice(45, 80))


@pytest.fixture
def table():
    """Wood with a dark and a light half."""
    noise = np.random.default_rng(1).normal(0, 6, (SIZE, SIZE, 3))
    shade = np.where(np.arange(SIZE) < 62, 70, 150)[None, :, None] * np.array([1.0, 0.8, 0.6])
    return (shade + noise).clip(0, 255).astype(np.uint8)


def share(edited, *surfaces):
    scene = Scene(np.zeros_like(edited), np.eye(3), UP, level_axes(UP), np.ones((SIZE, SIZE)), surfaces,
                  np.zeros((SIZE, SIZE), bool), TRACKER, True, True)  # fmt: skip
    return foreign_share(scene, surfaces[0], edited)


def test_the_table_alone_is_not_foreign(table):
    assert share(table, MUG) == 0


@pytest.mark.parametrize("sigma", [0.5, 5, 8])
def test_a_blob_of_another_colour_is_foreign_however_soft(table, sigma):
    blob = cv2.GaussianBlur(MUG.mask.astype(np.float32), (0, 0), sigma)[..., None]
    smeared = (table * (1 - blob) + np.array((60, 90, 200)) * blob).astype(np.uint8)
    assert share(smeared, MUG) > 2 * TRACKER.surroundings.foreign


def test_another_known_object_that_comes_to_light_is_not_foreign(table):
    shown = table.copy()
    shown[PLATE.mask & MUG.mask] = (240, 240, 250)
    assert share(shown, MUG) > TRACKER.surroundings.foreign
    assert share(shown, MUG, PLATE) < TRACKER.surroundings.foreign / 2  # its blurred edge


def test_where_nothing_is_around_nothing_is_told(table):
    everything = surface("mug", slice(0, SIZE), slice(0, SIZE))
    assert share(table, everything) == 0
