"""Painting by functions of u and v."""

import numpy as np

from gsi_bench_builders.assets.painting import blend, clouds, painted, ramp


def pixels(picture):
    return np.frombuffer(picture.pixels, np.uint8).reshape(picture.height, picture.width, 3)


def test_u_runs_right_and_v_runs_up():
    found = pixels(painted(8, 4, lambda u, v: np.stack([u, v, 0 * u], axis=-1)))
    assert found.shape == (4, 8, 3)
    assert (np.diff(found[..., 0].astype(int), axis=1) > 0).all()
    assert (np.diff(found[..., 1].astype(int), axis=0) < 0).all()  # rows count from the top


def test_colours_are_clipped_and_blends_stay_between():
    assert pixels(painted(2, 2, lambda u, v: np.stack([u + 9, v - 9, 0 * u + 0.5], axis=-1)))[0, 0].tolist() == [255, 0, 128]
    part = np.array([[-1.0, 0.5, 3.0]])
    assert blend((0.0, 0.0, 0.0), (1.0, 0.5, 0.0), part).tolist() == [[[0, 0, 0], [0.5, 0.25, 0], [1, 0.5, 0]]]


def test_ramps_go_both_ways():
    value = np.linspace(-1, 2, 7)
    assert np.allclose(ramp(value, 0, 1) + ramp(value, 1, 0), 1)


def test_clouds_close_around_and_repeat_by_seed():
    u, v = np.meshgrid([0.0, 0.3, 1.0], np.linspace(0, 1, 9))
    first, again = (clouds(np.random.default_rng(3), u, v, 6, 4) for _ in range(2))
    assert np.array_equal(first, again)
    assert np.allclose(first[:, 0], first[:, 2])
    assert first[:, 0].std() > 0.1
