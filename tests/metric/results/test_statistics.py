"""Intervals that hold near 0 and 100, and paired tests whose interval and p-value are one, by scipy and simulation."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from gsi_bench_metric.results import statistics
from gsi_bench_metric.results.statistics import DRAWS, ENUMERATED, MIN_SCENES, mean_interval, paired_difference


def own_scenes(n: int) -> list[str]:
    return [f"s{i:04d}" for i in range(n)]


def test_with_many_scenes_the_interval_nears_the_bootstrap():
    values = np.random.default_rng(1).exponential(10, 2000)
    low, high = mean_interval(values[:, None], own_scenes(2000))
    oracle = stats.bootstrap((values,), np.mean, method="percentile", n_resamples=2000, rng=2).confidence_interval
    assert low[0] == pytest.approx(oracle.low, abs=0.15)
    assert high[0] == pytest.approx(oracle.high, abs=0.15)


def test_shares_of_independent_edits_are_near_clopper_pearson():
    values = np.repeat([100.0, 0.0], [170, 30])
    (low,), (high,) = mean_interval(values[:, None], own_scenes(200))
    exact = stats.binomtest(170, 200).proportion_ci(0.95, "exact")
    assert low / 100 == pytest.approx(exact.low, abs=0.005)
    assert high / 100 == pytest.approx(exact.high, abs=0.005)


@pytest.mark.parametrize("value", [0.0, 100.0])
def test_20_of_20_right_is_no_proof_of_perfection(value):
    (low,), (high,) = mean_interval(np.full((20, 1), value), [f"s{i // 2}" for i in range(20)])
    assert (high == 100 and 65 < low < 85) if value else (low == 0 and 15 < high < 35)


def test_the_interval_of_mirrored_values_is_mirrored():
    values = np.random.default_rng(2).beta(5, 0.3, (60, 3)) * 100
    scenes = [f"s{i // 4}" for i in range(60)]
    (low, high), (mirrored_low, mirrored_high) = mean_interval(values, scenes), mean_interval(100 - values, scenes)
    np.testing.assert_allclose(low, 100 - mirrored_high, rtol=0, atol=1e-9)
    np.testing.assert_allclose(high, 100 - mirrored_low, rtol=0, atol=1e-9)


def test_values_off_the_scale_and_nan_are_carried_along():
    values = np.random.default_rng(3).uniform(0, 100, (40, 3))
    values[:, 0] = -30.0
    values[7, 2] = np.nan
    low, high = mean_interval(values, [f"s{i // 2}" for i in range(40)])
    assert low[0] == -30 < high[0]
    assert 0 < low[1] < values[:, 1].mean() < high[1] < 100
    assert np.isnan(low[2]) and np.isnan(high[2])


def test_scenes_of_unequal_size_count_as_fewer():
    values = np.random.default_rng(4).uniform(0, 100, (100, 1))
    even = [f"s{i % 20}" for i in range(100)]
    uneven = [f"s{max(0, i - 80)}" for i in range(100)]
    (low, high), (uneven_low, uneven_high) = mean_interval(values, even), mean_interval(values, uneven)
    assert uneven_high[0] - uneven_low[0] > 1.5 * (high[0] - low[0])


def test_repeated_edits_of_a_scene_add_no_certainty():
    values = np.random.default_rng(3).normal(size=30)
    single = mean_interval(values[:, None], own_scenes(30))
    repeated = mean_interval(np.repeat(values, 8)[:, None], np.repeat(own_scenes(30), 8).tolist())
    np.testing.assert_allclose(single, repeated, rtol=0, atol=1e-12)


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    rng, covered, trials = np.random.default_rng(4), 0, 200
    for _ in range(trials):
        scene_effect = rng.normal(50, scale=20, size=40)
        values = np.clip(np.repeat(scene_effect, 5) + rng.normal(scale=10, size=200), 0, 100)
        low, high = mean_interval(values[:, None], np.repeat(own_scenes(40), 5).tolist())
        covered += bool(low[0] <= 50 <= high[0])
    # 95 % of 200 is 190; binomial noise is ±3.
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


def test_swapped_sides_flip_the_difference_and_keep_the_p_value():
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


# --- interval and p-value never contradict


def paired_data(rng):
    """Two editors, in one of several shapes: graded or yes and no, alike or not, many exact ties, scenes of unequal size."""
    scenes = int(rng.integers(MIN_SCENES, 25))
    names = np.repeat(own_scenes(scenes), rng.integers(1, 6, scenes))
    ease = np.repeat(rng.uniform(0, 100, scenes), np.unique(names, return_counts=True)[1])
    a, b = (np.clip(ease + rng.normal(shift, 30, len(names)), 0, 100) for shift in (rng.uniform(-15, 15), 0))
    shape = rng.integers(4)
    if shape == 1:
        a, b = 100.0 * (a > 50), 100.0 * (b > 50)
    elif shape == 2:
        b = np.where(rng.random(len(names)) < 0.8, a, b)
    elif shape == 3:
        a, b = a.round(-1), b.round(-1)
    return a, b, names.tolist()


def test_p_is_under_5_percent_where_the_interval_excludes_0():
    rng, rejected = np.random.default_rng(10), 0
    for _ in range(300):
        found = paired_difference(*paired_data(rng))
        assert (found.p_value < 0.05) == (not found.low <= 0 <= found.high)
        assert found.low <= found.difference <= found.high
        rejected += found.p_value < 0.05
    assert 30 < rejected < 270


def test_the_interval_holds_what_the_test_does_not_reject():
    rng = np.random.default_rng(11)
    for _ in range(30):
        a, b, scenes = paired_data(rng)
        found = paired_difference(a, b, scenes)
        for inside, edge in (
            (True, found.low + 1e-6),
            (True, found.high - 1e-6),
            (False, found.low - 1e-6),
            (False, found.high + 1e-6),
        ):
            if found.high - found.low > 1e-5:
                assert (paired_difference(a - edge, b, scenes).p_value >= 0.05) == inside


def test_few_scenes_are_enumerated_exactly():
    rng = np.random.default_rng(12)
    difference = rng.normal(0.6, 1, MIN_SCENES)
    exact = stats.permutation_test((difference, np.zeros(MIN_SCENES)), lambda a, b, axis: (a - b).mean(axis=axis),
                                   permutation_type="samples", vectorized=True, n_resamples=np.inf)  # fmt: skip
    found = paired_difference(difference, np.zeros(MIN_SCENES), own_scenes(MIN_SCENES))
    assert found.p_value == pytest.approx(exact.pvalue, abs=1e-12)
    most = [paired_difference(np.ones(n), np.zeros(n), own_scenes(n)).p_value for n in (ENUMERATED, ENUMERATED + 1)]
    assert most == [2.0 ** (1 - ENUMERATED), pytest.approx(1 / (DRAWS + 1), rel=1.5)]


def test_sums_in_another_order_are_no_difference():
    values = np.random.default_rng(13).uniform(0, 100, (60, 3))
    one, other = values.sum(axis=1) / 3, (values[:, 2] + values[:, 1] + values[:, 0]) / 3
    assert np.any(one != other)
    found = paired_difference(one, other, [f"s{i // 3}" for i in range(60)])
    assert (found.difference, found.low, found.high, found.p_value) == (0, 0, 0, 1)


# --- coverage


@pytest.fixture(scope="module")
def coverage():
    """benchmarks/coverage.py, under a name that no package has."""
    spec = importlib.util.spec_from_file_location("coverage_of_intervals", Path(__file__).parents[3] / "benchmarks/coverage.py")
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, spec.name, module)
        spec.loader.exec_module(module)
        yield module


@pytest.mark.parametrize("kind", ["compliance", "graded"])
@pytest.mark.parametrize(("mean", "scenes"), [(50, 20), (90, 10), (97, 10), (97, 20), (99, 10), (99, 100)])
def test_intervals_hold_in_the_worlds_of_the_benchmark(coverage, kind, mean, scenes):
    rows = [coverage.measure(coverage.World(kind, mean, scenes, likeness), 400, compared=False) for likeness in (0.0, 0.3)]
    assert min(row.covered for row in rows) >= coverage.WANTED
    assert max(row.width for row in rows) < 50 * (10 / scenes) ** 0.5


def test_the_percentile_bootstrap_did_not_hold(coverage):
    row = coverage.measure(coverage.World("compliance", 97, 10, 0.3), 400, compared=False)
    assert row.bootstrap_covered < 0.7 < coverage.WANTED <= row.covered
    assert coverage.table([row]).count("\n") == 2


def test_equal_editors_differ_in_one_comparison_of_twenty(coverage):
    row = coverage.measure(coverage.World("graded", 90, 20, 0.3), 200)
    assert 0.9 <= row.level <= 0.99


@pytest.mark.parametrize("scenes", [14, 40, 333])
def test_signs_drawn_in_parts_give_the_same_test(scenes, monkeypatch):
    rng = np.random.default_rng(scenes)
    names = [f"scene{i % scenes}" for i in range(3 * scenes)]
    values = rng.normal(2, 30, (len(names), 3))
    whole = statistics.paired_differences(values, names)
    monkeypatch.setattr(statistics, "_WHOLE_SCENES", 13)
    monkeypatch.setattr(statistics, "_DRAWN_AT_ONCE", 7 * scenes + 3)
    assert statistics.paired_differences(values, names) == whole


def test_scenes_may_be_numbers_in_the_order_of_names():
    names = [f"scene{i:02d}" for i in (11, 3, 3, 40, 2, 9, 11, 5, 7, 8, 1, 0, 4)]
    numbers = np.array([sorted(set(names)).index(name) for name in names])
    values = np.random.default_rng(0).uniform(0, 100, (len(names), 2))
    for found, wanted in zip(statistics.mean_interval(values, numbers), statistics.mean_interval(values, names), strict=True):
        assert found.tolist() == wanted.tolist()
