"""Intervals and paired tests that resample scenes, against scipy and by simulation."""

import numpy as np
import pytest
from scipy import stats

from gsi_bench_metric.results.statistics import MIN_SCENES, mean_interval, paired_difference


def own_scenes(n: int) -> list[str]:
    return [f"s{i:04d}" for i in range(n)]


def test_with_one_edit_a_scene_the_interval_is_the_ordinary_bootstrap():
    values = np.random.default_rng(1).exponential(10, 200)
    low, high = mean_interval(values[:, None], own_scenes(200))
    oracle = stats.bootstrap((values,), np.mean, method="percentile", n_resamples=9999, rng=2).confidence_interval
    assert low[0] == pytest.approx(oracle.low, abs=0.15)
    assert high[0] == pytest.approx(oracle.high, abs=0.15)


def test_repeated_edits_of_a_scene_add_no_certainty():
    values = np.random.default_rng(3).normal(size=30)
    single = mean_interval(values[:, None], own_scenes(30))
    repeated = mean_interval(np.repeat(values, 8)[:, None], np.repeat(own_scenes(30), 8).tolist())
    np.testing.assert_allclose(single, repeated, rtol=0, atol=1e-12)


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    rng, covered, trials = np.random.default_rng(4), 0, 200
    for _ in range(trials):
        scene_effect = rng.normal(scale=2, size=40)
        values = np.repeat(scene_effect, 5) + rng.normal(size=200)
        low, high = mean_interval(values[:, None], np.repeat(own_scenes(40), 5).tolist())
        covered += bool(low[0] <= 0 <= high[0])
    # 95 % of 200 is 190; binomial noise is ±3, and percentile intervals of 40 clusters fall a little short.
    assert 178 <= covered <= 198


def test_the_order_of_edits_does_not_matter():
    rng = np.random.default_rng(5)
    values, scenes = rng.normal(size=(60, 2)), [f"s{i % 15}" for i in range(60)]
    order = rng.permutation(60)
    np.testing.assert_allclose(
        mean_interval(values, scenes), mean_interval(values[order], [scenes[i] for i in order]), rtol=0, atol=1e-12
    )


def test_under_ten_scenes_there_is_no_interval_and_no_p_value():
    scenes = [f"s{i % (MIN_SCENES - 1)}" for i in range(100)]
    assert mean_interval(np.ones((100, 1)), scenes) is None
    found = paired_difference(np.ones(100), np.zeros(100), scenes)
    assert (found.difference, found.n, found.scenes) == (1.0, 100, MIN_SCENES - 1)
    assert found.low is found.high is found.p_value is None


def test_the_p_value_is_that_of_a_sign_flip_test():
    difference = np.random.default_rng(6).normal(0.5, 1, 20)
    found = paired_difference(difference, np.zeros(20), own_scenes(20))
    oracle = stats.permutation_test((difference, np.zeros(20)), lambda a, b, axis: (a - b).mean(axis=axis),
                                    permutation_type="samples", vectorized=True, n_resamples=9999, rng=7)  # fmt: skip
    assert found.p_value == pytest.approx(oracle.pvalue, abs=0.02)


def test_equal_editors_have_no_difference_and_p_one():
    values = np.random.default_rng(8).uniform(size=40)
    found = paired_difference(values, values, own_scenes(40))
    assert (found.difference, found.low, found.high, found.p_value) == (0, 0, 0, 1)


def test_swapping_the_sides_flips_the_difference_and_keeps_the_p_value():
    rng = np.random.default_rng(9)
    a, b = rng.uniform(size=(2, 50))
    one, other = paired_difference(a, b, own_scenes(50)), paired_difference(b, a, own_scenes(50))
    assert one.difference == pytest.approx(-other.difference)
    assert one.p_value == other.p_value
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low))


@pytest.mark.parametrize(("a", "b"), [([1.0], [1.0, 2.0]), ([], [])])
def test_sides_that_do_not_pair_are_refused(a, b):
    with pytest.raises(ValueError, match="equally long"):
        paired_difference(a, b, ["s"] * len(a))


def test_every_edit_needs_a_scene():
    with pytest.raises(ValueError, match="one scene for each row"):
        mean_interval(np.ones((3, 1)), ["a"])
