"""Drift is found, reported and removed; an edit does not pass for drift."""

import cv2
import numpy as np
import pytest

from gsi_bench_metric.imaging.alignment import align


def scene(seed=0, size=200):
    """An image with detail at every scale."""
    rng = np.random.default_rng(seed)
    layers = [cv2.resize(rng.uniform(0, 255, (n, n, 3)), (size, size), interpolation=cv2.INTER_CUBIC) for n in (5, 13, 40)]
    return np.clip(np.mean(layers, axis=0), 0, 255).astype(np.uint8)


def warped(picture, matrix):
    size = (picture.shape[1], picture.shape[0])
    return cv2.warpAffine(picture, np.array(matrix, float), size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)


def corner_error(found, matrix, size=200):
    corners = np.array([[0, 0, 1], [size, 0, 1], [0, size, 1], [size, size, 1]], float)
    return np.linalg.norm(corners @ found.T - corners @ np.array(matrix).T, axis=1).max()


def zoom(factor, size=200):
    middle = (size - 1) / 2 * (1 - factor)
    return [[factor, 0, middle], [0, factor, middle]]


@pytest.mark.parametrize("matrix", [[[1, 0, 6.4], [0, 1, -3.2]], [[1, 0, 0], [0, 1, 1.0]], zoom(0.98), zoom(1.02)])
def test_a_shift_or_zoom_is_found_to_a_tenth_of_a_pixel(matrix):
    picture = scene()
    found = align(picture, warped(picture, matrix))
    assert corner_error(found.matrix, matrix) < 0.1
    assert found.drift_px > 0.4
    inner = (slice(12, -12), slice(12, -12))
    assert np.abs(found.to_source(warped(picture, matrix))[inner].astype(int) - picture[inner]).mean() < 2


def test_equal_pictures_stay_as_they_are():
    picture = scene()
    found = align(picture, picture)
    assert not found.warps
    assert found.found == 1
    assert np.array_equal(found.to_source(picture), picture)


def test_an_edit_does_not_pass_for_drift():
    picture = scene()
    edited = picture.copy()
    edited[60:120, 90:150] = picture[20:80, 20:80]
    found = align(picture, edited)
    assert not found.warps
    assert np.array_equal(found.to_source(edited), edited)


def test_a_change_of_tone_is_removed_and_no_warp_invented():
    picture = scene()
    toned = np.clip(picture * np.array([1.1, 0.95, 0.9]) + 8, 0, 255).astype(np.uint8)
    found = align(picture, toned)
    assert not found.warps
    unclipped = (toned < 255).all(-1)
    assert np.abs(found.to_source(toned).astype(int) - picture)[unclipped].mean() < 2
    assert found.found > 0.98


@pytest.mark.parametrize("seed", range(4))
def test_another_light_on_every_place_does_not_bend_the_tones(seed):
    picture = scene(size=200)
    field = np.random.default_rng(seed).uniform(0.5, 1.5, (3, 3, 3)).astype(np.float32)
    relit = np.clip(picture * cv2.resize(field, (200, 200), interpolation=cv2.INTER_CUBIC), 0, 255).astype(np.uint8)
    left = np.abs(align(picture, relit).to_source(relit).astype(float) - picture).mean()
    assert left <= np.abs(relit.astype(float) - picture).mean()


def test_another_scene_is_not_found_again():
    assert align(scene(0), scene(1)).found < 0.5


def test_pixels_that_a_shift_loses_are_not_covered():
    picture = scene()
    covered = align(picture, warped(picture, [[1, 0, 10], [0, 1, 0]])).covered(picture.shape[:2])
    assert covered[:, :188].all()
    assert not covered[:, 192:].any()


def test_pictures_of_two_sizes_are_refused():
    with pytest.raises(ValueError, match="one size"):
        align(scene(), scene(size=100))
