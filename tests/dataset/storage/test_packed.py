"""Long lists of records in little memory are lists like any other."""

import random

import pytest

from gsi_bench_dataset.records import Change, Score
from gsi_bench_dataset.storage import packed
from gsi_bench_dataset.storage.packed import Packed


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(packed, "BLOCK", 8)
    monkeypatch.setattr(packed, "PLAIN", 20)


def score(number):
    return Score(
        f"s{number}_edit_0", "fine", "e", "strict", "move", ic=float("nan"), sa=number / 3, done=(Change("moved", 0.1),)
    )


@pytest.mark.parametrize("count", [0, 1, 7, 19, 20, 21, 24, 25, 100])
def test_a_packed_list_holds_what_was_added_in_order(count):
    records = [*range(count)]
    made = Packed(records)
    assert (list(made), len(made), made == records) == (records, count, True)
    assert [made[i] for i in range(-count, count)] == [*records, *records]
    assert made[3:50:7] == records[3:50:7]
    with pytest.raises(IndexError, match=f"position under {count}"):
        made[count]


def test_packed_scores_come_back_bit_for_bit():
    records = [score(i) for i in range(60)]
    assert [repr(found) for found in Packed(records)] == [repr(record) for record in records]


def test_reordering_takes_every_record_once():
    order = random.Random(0).sample(range(90), 90)
    assert list(Packed(range(90)).reordered(order)) == order
