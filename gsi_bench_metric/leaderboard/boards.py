"""The tables of a leaderboard as data: the same for the page, CSV, LaTeX, Markdown and JSON."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

from gsi_bench_metric.leaderboard.content import Board, group_facts
from gsi_bench_metric.leaderboard.grouping import Group
from gsi_bench_metric.leaderboard.intake import Entry, shown_name
from gsi_bench_metric.leaderboard.ranking import Rank
from gsi_bench_metric.pages.numbers import DASH
from gsi_bench_metric.pages.tables import Cell, Heading, Row, Table
from gsi_bench_metric.report.tables import MEASURES, cell_of

__all__ = ["ALL", "BoardRow", "BoardTable", "board_tables", "csv_rows", "facts_json", "pair_rows", "plain_table"]

ALL = ""  # of the operations
_COUNTS = {"n": ("n", "edits with IC and SA"), "n_not_scored": ("Not scored", "edits without IC and SA")}
_COLUMNS = {**MEASURES, **_COUNTS}
_WITH_INTERVAL = tuple(MEASURES)


@dataclasses.dataclass(frozen=True)
class BoardRow:
    """One editor's line. `place`: where it stands by its mean, from 1; None without one."""

    entry: Entry
    label: str
    place: int | None
    rank: Rank | None
    cells: Sequence[Cell]

    @property
    def rank_words(self) -> str:
        """Rank bounds as they are printed."""
        return self.rank.words if self.rank else DASH


@dataclasses.dataclass(frozen=True)
class BoardTable:
    """A group's editors by one operation, or by all (`ALL`)."""

    group: Group
    operation: str
    keys: Sequence[str]
    rows: Sequence[BoardRow]

    @property
    def headings(self) -> list[Heading]:
        """Of the columns after rank and editor."""
        return [Heading(*_COLUMNS[key]) for key in self.keys]

    @property
    def ordered_by(self) -> str:
        """The heading of the column that it is ordered by."""
        return MEASURES[self.group.measure][0]


def board_tables(group: Group) -> list[BoardTable]:
    """The table of all operations, then one for each, where there are several."""
    operations = group.operations
    return [_table(group, operation) for operation in (ALL, *(operations if len(operations) > 1 else ()))]


def _table(group: Group, operation: str) -> BoardTable:
    # What it is ordered by comes first: on a phone the others are out of sight.
    keys = [
        key
        for key in dict.fromkeys((group.measure, *_COLUMNS))
        if any(_key(key, operation) in entry.row for entry in group.entries)
    ]
    rows = []
    for place, ranked in enumerate(group.ranked(operation), 1):
        row = ranked.entry.row
        cells = [cell_of(row, _key(key, operation)) for key in keys]
        has = _key(group.measure, operation) in row
        rows.append(BoardRow(ranked.entry, ranked.label, place if has else None, ranked.rank, cells))
    return BoardTable(group, operation, keys, rows)


def _key(key: str, operation: str) -> str:
    return f"{key}/{operation}" if operation else key


def plain_table(table: BoardTable) -> Table:
    """The table with its ranks as a first column, for Markdown."""
    headings = [Heading("Rank", "bounds that the intervals leave open"), *table.headings]
    return Table("Editor", headings, [Row(row.label, "", [Cell(row.rank_words), *row.cells]) for row in table.rows])


def csv_rows(board: Board) -> Iterator[dict[str, Any]]:
    """A flat line for every editor of every table, numbers unrounded; all lines have the same keys."""
    for group in board.groups:
        for table in board_tables(group):
            bounds = {key: group.ranks(_key(key, table.operation)) for key in _WITH_INTERVAL}
            place_of = {id(entry): i for i, entry in enumerate(group.entries)}
            for row in table.rows:
                yield _csv_row(group, table.operation, row, {k: found[place_of[id(row.entry)]] for k, found in bounds.items()})


def _csv_row(group: Group, operation: str, row: BoardRow, ranks: dict[str, Rank | None]) -> dict[str, Any]:
    facts, values = group.settings, row.entry.row
    line: dict[str, Any] = {
        "table": group.number,
        "split": group.split,
        "protocol": facts["protocol"],
        "detector": facts["detector"],
        "judge": facts["judge"],
        "run": row.entry.run_name,
        "editor": shown_name(row.entry.editor),
        "operation": operation or "all",
        "ordered_by": group.measure,
        "n": int(values.get(_key("n", operation), 0)),
        "n_not_scored": int(values.get(_key("n_not_scored", operation), 0)),
    }
    for key, rank in ranks.items():
        line |= {key: values.get(_key(key, operation))}
        line |= {f"{key}_{side}": values.get(_key(f"{key}_{side}", operation)) for side in ("low", "high")}
        line |= {f"{key}_rank_best": rank.best if rank else None, f"{key}_rank_worst": rank.worst if rank else None}
    return line


def pair_rows(board: Board) -> Iterator[dict[str, Any]]:
    """A flat line for every pair of every table: mean of a − b, 95 % interval, p-value, on the edits of both."""
    for group in board.groups:
        for (a, b), found in group.pairs.items():
            yield {
                "table": group.number,
                "split": group.split,
                "protocol": group.settings["protocol"],
                "measure": group.measure,
                "a": a,
                "b": b,
                "difference": found.difference,
                "low": found.low,
                "high": found.high,
                "p_value": found.p_value,
                "n": found.n,
                "scenes": found.scenes,
            }


def facts_json(group: Group) -> dict[str, Any]:
    """What a table is of, for JSON."""
    return {
        "table": group.number,
        "split": group.split,
        "facts": dict(group_facts(group)),
        "apart_because": list(group.apart),
        "runs": sorted({entry.run_name for entry in group.entries}),
        "not_ranked": [{"editor": label, "why": why} for label, why in group.not_ranked()],
    }
