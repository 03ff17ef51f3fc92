"""Rank bounds: what intervals leave open, and nothing else; pairwise differences are those of `gsi-bench compare`."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsi_bench_metric.leaderboard.ranking import Rank, rank_bounds, rank_of, ranking_measure, standings
from gsi_bench_metric.results.compare import compare, load_side
from gsi_bench_metric.results.pairwise import pairwise
from gsi_bench_metric.results.statistics import paired_difference, paired_differences

BOUND = st.floats(0, 100)


def test_intervals_apart_give_one_place_each():
    assert rank_bounds([(10, 20), (50, 60), (30, 40)]) == [Rank(3, 3), Rank(1, 1), Rank(2, 2)]


def test_intervals_that_overlap_share_their_places():
    assert rank_bounds([(10, 30), (20, 40), (90, 95)]) == [Rank(2, 3), Rank(2, 3), Rank(1, 1)]


def test_bounds_that_touch_do_not_tell_editors_apart():
    assert rank_bounds([(10, 20), (20, 30)]) == [Rank(1, 2), Rank(1, 2)]


def test_overlap_is_not_handed_on_along_a_chain():
    assert rank_bounds([(0, 40), (30, 70), (60, 100)]) == [Rank(2, 3), Rank(1, 3), Rank(1, 2)]


def test_an_editor_without_interval_leaves_the_others_open():
    assert rank_bounds([(10, 20), None, (50, 60)]) == [Rank(2, 3), None, Rank(1, 2)]


@given(st.lists(st.tuples(BOUND, BOUND).map(lambda pair: tuple(sorted(pair))), min_size=1, max_size=12))
def test_a_rank_always_holds_the_place_by_any_value_inside(intervals):
    ranks = rank_bounds(intervals)
    for values in ([low for low, _ in intervals], [high for _, high in intervals]):
        for value, rank in zip(values, ranks, strict=True):
            place = 1 + sum(other > value for other in values)
            assert 1 <= rank.best <= place <= rank.worst <= len(intervals)


def test_rows_without_the_number_come_last_and_have_no_rank():
    rows = [{"n": 3}, {"ic": 10.0, "ic_low": 5.0, "ic_high": 15.0}, {"ic": 90.0, "ic_low": 85.0, "ic_high": 95.0}]
    assert [(s.position, s.rank) for s in standings(rows, "ic")] == [(2, Rank(1, 1)), (1, Rank(2, 2)), (0, None)]


def test_numbers_without_interval_are_ordered_and_not_ranked():
    assert standings([{"ic": 1.0}, {"ic": 2.0}], "ic") == [(1, None), (0, None)]


def test_an_operation_is_ranked_by_its_own_intervals():
    rows = [{"ic": 1, "ic/move": 9.0, "ic_low/move": 8.0, "ic_high/move": 10.0}]
    rows += [{"ic": 2, "ic/move": 5.0, "ic_low/move": 4.0, "ic_high/move": 6.0}]
    assert rank_of(rows, "ic/move") == [Rank(1, 1), Rank(2, 2)]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([{"ic": 1, "average": 1}, {"ic": 1, "average": 2}], "average"),
        ([{"ic": 1, "average_ic_sa_el": 1}] * 2, "average_ic_sa_el"),
        ([{"ic": 1, "average": 1}, {"ic": 1, "average_ic_sa_el": 2}], "ic"),
        ([{"n": 0}], "average"),
    ],
)
def test_tables_are_ordered_by_a_number_that_all_rows_have(rows, expected):
    assert ranking_measure(rows) == expected


@pytest.mark.parametrize("scenes", [4, 11, 40])
def test_many_pairs_at_once_are_each_tested_as_alone(scenes):
    rng = np.random.default_rng(1)
    names = [f"s{i % scenes}" for i in range(4 * scenes)]
    a, b = rng.uniform(0, 100, (2, len(names), 150))
    b[:, 0] = a[:, 0]
    a[0, 1] = np.nan
    for column, found in enumerate(paired_differences(a - b, names)):
        alone = paired_difference(a[:, column], b[:, column], names)
        exact, summed = ([getattr(one, f.name) for f in dataclasses.fields(one)] for one in (found, alone))
        assert found.p_value == alone.p_value
        np.testing.assert_allclose(np.array(exact, float), np.array(summed, float), atol=2e-9)


def test_pairwise_differences_are_those_of_compare(save, scores_of):
    some = [s for i, s in enumerate(scores_of("z", 0.7)) if i % 7]
    sides = [load_side(str(save(s[0].editor, s))) for s in (scores_of("x", 0.3), scores_of("y", 0.6), some)]
    values = {side.editor: {s.sample_id: 100 * s.sa for s in side.scores("fine") if s.sa is not None} for side in sides}
    scenes = {s.sample_id: s.scene_id for side in sides for s in side.scores("fine")}
    found = pairwise(values, scenes)
    assert list(found) == [("x", "y"), ("x", "z"), ("y", "z")]
    for (a, b), pair in zip([(0, 1), (0, 2), (1, 2)], found.values(), strict=True):
        assert pair == compare(sides[a], sides[b])[0].rows["sa"][2]


def test_pairs_without_a_common_edit_are_left_out():
    assert pairwise({"a": {"1": 1.0}, "b": {"2": 1.0}, "c": {}}, {"1": "s", "2": "s"}) == {}
