"""Why edits failed: every fault of every failed edit is counted, in each form of a report."""

import csv
import io
import json

import pytest

from gsi_bench_dataset.records import FAULTS, Change, Fault, Score
from gsi_bench_metric.report.faults import failed_edits, fault_tables, meaning_of
from gsi_bench_metric.report.write import scores_csv


def edit(number, *kinds, operation="move", ic=0.0, protocol="strict", editor="e"):
    faults = tuple(Fault(kind, 0.5) for kind in kinds)
    fields = {"split": "fine", "editor": editor, "protocol": protocol, "operation": operation}
    return Score(f"a_edit_{number}", **fields, ic=ic, sa=ic, faults=faults)


SCORES = [
    edit(0, "too_little"),
    edit(1, "too_little", "turned_too"),
    edit(2, ic=1.0),
    edit(3, "still_there", operation="remove"),
    edit(4, operation="remove", ic=None),
]


def test_a_failed_edit_counts_under_each_of_its_faults():
    move, remove = failed_edits("fine", "e", SCORES)
    assert (move.operation, move.scored, list(move.failed)) == ("move", 3, ["a_edit_0", "a_edit_1"])
    assert move.kinds == {"too_little": ["a_edit_0", "a_edit_1"], "turned_too": ["a_edit_1"]}
    assert (remove.scored, dict(remove.kinds), remove.unexplained) == (1, {"still_there": ["a_edit_3"]}, [])


def test_the_table_has_a_sentence_and_columns_per_operation():
    ((split, editor, table),) = fault_tables(failed_edits("fine", "e", SCORES))
    assert (split, editor, [h.words for h in table.headings]) == ("fine", "e", ["all", "move", "remove"])
    rows = {note: (label, [cell.text for cell in cells]) for label, note, cells in table.rows}
    assert rows["of those with IC"] == ("edits that failed", ["3 of 4", "2 of 3", "1 of 1"])
    assert rows["too_little"] == ("less than half of what was asked", ["2", "2", ""])
    assert rows["still_there"] == ("the object to be removed is still there", ["1", "", "1"])


@pytest.mark.parametrize("kind", FAULTS)
def test_every_kind_has_a_plain_sentence(kind):
    words = meaning_of(kind)
    assert words
    assert all(field not in words for field in ("amount", "subject", ";"))


def test_failures_of_older_releases_are_counted_without_a_fault():
    (group,) = failed_edits("fine", "e", [edit(0), edit(1, "opposite")])
    assert group.unexplained == ["a_edit_0"]
    ((*_, table),) = fault_tables([group])
    assert table.rows[-1].label.startswith("no fault is on record")


def test_without_failures_there_is_no_table():
    assert fault_tables(failed_edits("fine", "e", [edit(0, ic=1.0)])) == []
    assert failed_edits("fine", "e", [edit(0, protocol="official")]) == []


def test_csv_has_fault_kinds_and_readable_changes():
    done = (Change("moved", 0.1, "left"),)
    scores = [edit(1, "too_little", "turned_too"), Score("b_edit_0", "fine", "e", "strict", "move", done=done)]
    one, two = csv.DictReader(io.StringIO(scores_csv(scores)))
    assert (one["faults"], one["done"], two["faults"]) == ("too_little|turned_too", "", "")
    assert json.loads(two["done"]) == [{"kind": "moved", "amount": 0.1, "direction": "left"}]
