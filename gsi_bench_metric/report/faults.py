"""Why edits failed: their faults, counted by kind and operation, for every form of a report."""

from __future__ import annotations

import dataclasses
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gsi_bench_dataset.records import FAULTS, OPERATIONS, Score
from gsi_bench_metric.pages.tables import Cell, Table
from gsi_bench_metric.protocols.registry import protocol_named

__all__ = ["FAULTS_COUNTED", "FailedEdits", "failed_edits", "fault_tables", "meaning_of"]

FAULTS_COUNTED = "Edits that failed, by fault. One fault is enough for IC = 0; an edit with several counts under each."
_UNEXPLAINED = "no fault is on record: the run is of a release before faults were kept"


@dataclasses.dataclass(frozen=True)
class FailedEdits:
    """One editor's edits of one operation on one split, under the strict protocol.

    Attributes:
        scored: edits with IC.
        failed: sample ids of those with IC 0.
        kinds: fault kind -> sample ids of the failed edits that have it, in the order of `FAULTS`; an edit may have several.
    """

    split: str
    editor: str
    operation: str
    scored: int
    failed: Sequence[str]
    kinds: Mapping[str, Sequence[str]]

    @property
    def unexplained(self) -> list[str]:
        """Failed edits without a fault: scores of older releases hold none."""
        explained = {sample_id for ids in self.kinds.values() for sample_id in ids}
        return [sample_id for sample_id in self.failed if sample_id not in explained]

    def to_json(self) -> dict[str, Any]:
        """Counts, and which edits they are of."""
        return {
            "split": self.split,
            "editor": self.editor,
            "operation": self.operation,
            "scored": self.scored,
            "failed": len(self.failed),
            "kinds": [
                {"kind": kind, "meaning": meaning_of(kind), "count": len(ids), "edits": list(ids)}
                for kind, ids in self.kinds.items()
            ],
            "without_fault": self.unexplained,
        }


def meaning_of(kind: str) -> str:
    """What a kind of fault means, as a plain sentence.

    >>> meaning_of("too_little")
    'less than half of what was asked'
    """
    return FAULTS[kind].partition(";")[0]


def failed_edits(split: str, editor: str, scores: Iterable[Score]) -> list[FailedEdits]:
    """By operation; nothing for the official protocol: its scores have no faults."""
    scored: Counter[str] = Counter()
    failed: dict[str, list[str]] = defaultdict(list)
    kinds: dict[str, dict[str, list[str]]] = defaultdict(lambda: {kind: [] for kind in FAULTS})
    for score in scores:
        if not protocol_named(score.protocol).tells_faults or score.ic is None:
            continue
        scored[score.operation] += 1
        if score.ic == 0:
            failed[score.operation].append(score.sample_id)
            for kind in dict.fromkeys(fault.kind for fault in score.faults):
                kinds[score.operation][kind].append(score.sample_id)
    found = []
    for operation in sorted(scored, key=_order):
        known = {kind: ids for kind, ids in kinds[operation].items() if ids}
        found.append(FailedEdits(split, editor, operation, scored[operation], failed[operation], known))
    return found


def _order(operation: str) -> tuple[int, str]:
    return (OPERATIONS.index(operation) if operation in OPERATIONS else len(OPERATIONS)), operation


def fault_tables(found: Sequence[FailedEdits]) -> list[tuple[str, str, Table]]:
    """(split, editor, fault kinds × operations) of the editors that failed on any edit; an edit counts under all its faults."""
    tables = []
    for split, editor in dict.fromkeys((group.split, group.editor) for group in found):
        here = [group for group in found if (group.split, group.editor) == (split, editor)]
        if any(group.failed for group in here):
            tables.append((split, editor, _table(here)))
    return tables


def _table(groups: Sequence[FailedEdits]) -> Table:
    failed, scored = [len(group.failed) for group in groups], [group.scored for group in groups]
    whole = [f"{f} of {s}" for f, s in zip([sum(failed), *failed], [sum(scored), *scored], strict=True)]
    rows = [("edits that failed", "of those with IC", [Cell(words) for words in whole])]
    for kind in FAULTS:
        counts = [len(group.kinds.get(kind, ())) for group in groups]
        if any(counts):
            rows.append((meaning_of(kind), kind, _cells(counts)))
    unexplained = [len(group.unexplained) for group in groups]
    if any(unexplained):
        rows.append((_UNEXPLAINED, "", _cells(unexplained)))
    return Table.plain("Why", ["all", *(group.operation or "(none)" for group in groups)], rows)


def _cells(counts: Sequence[int]) -> list[Cell]:
    return [Cell(str(count) if count else "") for count in (sum(counts), *counts)]
