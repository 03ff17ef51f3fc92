"""The flat row of an editor: what is in it, and when a mean is withheld."""

import dataclasses

import pytest

from gsi_bench_dataset.records import Reason, Score
from gsi_bench_metric.results.aggregate import aggregate, reason_counts

GOOD = Score(
    sample_id="a_edit_0",
    split="fine",
    editor="e",
    protocol="official",
    operation="move",
    ic=1.0,
    sa=0.5,
    ssim=0.9,
    lpips=0.2,
    mse=1.0,
    ac=8.0,
)
UNDETECTED = dataclasses.replace(GOOD, sample_id="a_edit_1", operation="scale", ic=None, sa=None, ac=None, state="partial")
MISSING = dataclasses.replace(UNDETECTED, sample_id="a_edit_2", ssim=None, lpips=None, mse=None, state="no_picture")


def test_a_judged_row_has_the_average_of_four():
    row = aggregate([GOOD], judged=True)
    assert row["average"] == pytest.approx((100 + 50 + 80 + 80) / 4)
    assert "average_ic_sa_el" not in row


def test_an_unjudged_row_has_the_average_of_three_and_no_ac():
    row = aggregate([dataclasses.replace(GOOD, ac=None)], judged=False)
    assert row["average_ic_sa_el"] == pytest.approx((100 + 50 + 80) / 3)
    assert not {"ac", "average"} & row.keys()


def test_missing_pictures_drop_out_of_the_mean_and_are_counted():
    row = aggregate([GOOD, MISSING], judged=True)
    assert row["ic"] == 100
    assert (row["n"], row["n_not_scored"]) == (1, 1)


def test_incomplete_means_are_withheld_and_complete_ones_kept():
    row = aggregate([GOOD, UNDETECTED], judged=True)
    assert not {"ic", "sa", "el", "ac", "average"} & row.keys()
    assert row["ic/move"] == 100
    assert "ic/scale" not in row
    assert row["el_ungated"] == pytest.approx(80)
    assert (row["n"], row["n_not_scored"]) == (1, 1)


def test_an_empty_row_has_counts_only():
    assert aggregate([], judged=True) == {"n": 0, "n_not_scored": 0}


def test_missing_images_as_zero_stand_beside_the_plain_means():
    row = aggregate([GOOD, MISSING], judged=True)
    assert (row["ic"], row["ic_all"], row["el_all"]) == (100, 50, pytest.approx(40))
    assert row["average_all"] == pytest.approx(row["average"] / 2)
    assert not any(key.partition("/")[0].endswith("_all") for key in aggregate([GOOD], judged=True))


def test_means_given_ic_are_of_the_edits_that_complied_alone():
    failed = dataclasses.replace(GOOD, sample_id="a_edit_3", ic=0.0, sa=0.0, lpips=0.9, ac=1.0)
    unjudged = dataclasses.replace(GOOD, sample_id="a_edit_4", sa=1.0, lpips=0.0, ac=None)
    row = aggregate([GOOD, failed, unjudged], judged=True)
    assert (row["n_ic"], row["n"]) == (2, 3)
    assert (row["sa_given_ic"], row["el_given_ic"], row["ac_given_ic"]) == pytest.approx((75, 90, 80))
    nobody = aggregate([failed], judged=True)
    assert nobody["n_ic"] == 0
    assert "sa_given_ic" not in nobody


def test_reasons_are_counted_by_name_with_edits_and_text():
    scores = [
        dataclasses.replace(
            MISSING, sample_id=f"a_edit_{i}", reasons=(Reason("stretched", "wide"), Reason("unreadable", f"{i}.png: bad"))
        )
        for i in range(3)
    ]
    stretched, unreadable = sorted(reason_counts(scores), key=lambda found: found.name)
    assert (stretched.name, stretched.count, unreadable.name, unreadable.count) == ("stretched", 3, "unreadable", 3)
    assert unreadable.edits[2] == ("a_edit_2", "2.png: bad")
