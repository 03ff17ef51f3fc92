"""The tables of a report, the same for every form that it is written in. Rows come from `aggregate`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from gsi_bench_metric.pages.numbers import difference, fixed, interval
from gsi_bench_metric.pages.tables import Cell, Heading, Row, Table

__all__ = [
    "MEASURES",
    "EditorRow",
    "Section",
    "cell_of",
    "count_of",
    "number",
    "operation_table",
    "operations_of",
    "results_tables",
]

# Key of the flat row -> (heading, what it is). Order of the headline table.
MEASURES: Mapping[str, tuple[str, str]] = {
    "ic": ("IC", "instruction compliance, %"),
    "sa": ("SA", "spatial accuracy, %"),
    "el": (
        "EL",
        "edit locality, 100 − 100·LPIPS outside of the edit (strict: × other objects unchanged), where IC > 0",
    ),
    "ac": ("AC", "appearance consistency, 10 × the judge's score, counted where IC > 0"),
    "average": ("Average", "mean of IC, SA, EL and AC"),
    "average_ic_sa_el": ("Avg. w/o AC", "mean of IC, SA and EL, for editors that were not judged"),
    "el_ungated": ("EL, all", "edit locality of every image, whether it complied or not"),
}
_COUNTS: Mapping[str, tuple[str, str]] = {
    "n": ("n", "edits with IC and SA"),
    "n_not_scored": ("Not scored", "edits without IC and SA"),
}
_GIVEN: Mapping[str, tuple[str, str]] = {
    "n_ic": ("n", "edits with IC = 1"),
    "sa_given_ic": ("SA", "spatial accuracy, %"),
    "el_given_ic": ("EL", "edit locality, 100 − 100·LPIPS"),
    "el_ssim_given_ic": ("EL (SSIM)", "100·SSIM outside of the edit"),
    "ac_given_ic": ("AC", "appearance consistency, 10 × the judge's score"),
}


_MISSING = (
    "The official protocol leaves missing and unreadable images out of the means, as the reference does, so an editor that "
    "fails to deliver does not lose by it. Counted as 0 they would give these means; in brackets the difference to the table "
    "above."
)


@dataclasses.dataclass(frozen=True)
class EditorRow:
    """One editor's flat row on one split."""

    split: str
    editor: str
    judged: bool
    values: Mapping[str, float]


class Section(NamedTuple):
    """A table of results with its heading and what has to be said of it; the first has neither."""

    title: str
    words: str
    table: Table


def results_tables(rows: Sequence[EditorRow]) -> list[Section]:
    """What there is to tell of a split: means with counts, and what qualifies them."""
    found = [
        Section("", "", _of_editors(rows, {**MEASURES, **_COUNTS})),
        Section("Of the edits that complied (IC = 1)", "", _given_ic(rows)),
        Section("With missing images counted as 0", _MISSING, _missing_as_zero(rows)),
        Section("Worst and best", "Edits that are excluded for every editor, counted as 0 and as 100.", _bounds(rows)),
    ]
    return [section for section in found if section.table.rows]


def _given_ic(rows: Sequence[EditorRow]) -> Table:
    """Means over the edits that complied, of the editors that have any."""
    return _of_editors([row for row in rows if "n_ic" in row.values], _GIVEN)


def _missing_as_zero(rows: Sequence[EditorRow]) -> Table:
    """Means with missing images counted as 0, each with its difference to the headline, of the editors that lack any."""
    return _affected(rows, "_all", _with_difference)


def _bounds(rows: Sequence[EditorRow]) -> Table:
    """[worst, best] means: edits that are excluded for every editor as 0 and as 100."""
    return _affected(rows, "_worst", _range)


def _affected(rows: Sequence[EditorRow], suffix: str, cell: Callable[[Mapping[str, float], str], Cell]) -> Table:
    """The editors and measures that have a number under the key with this suffix."""
    affected = [row for row in rows if any(f"{key}{suffix}" in row.values for key in MEASURES)]
    keys = {key: words for key, words in MEASURES.items() if any(f"{key}{suffix}" in row.values for row in affected)}
    return Table("Editor", _headings(keys), [Row(row.editor, "", [cell(row.values, key) for key in keys]) for row in affected])


def operations_of(rows: Sequence[EditorRow]) -> list[str]:
    """The operations that occur, sorted."""
    return sorted({key.split("/", 1)[1] for row in rows for key in row.values if key.startswith("n/")})


def operation_table(rows: Sequence[EditorRow], measure: str) -> Table | None:
    """Operations × editors for one measure, of the editors that have it for any; None where there is none."""
    rows = [row for row in rows if any(key.startswith(f"{measure}/") for key in row.values)]
    operations = [o for o in operations_of(rows) if any(f"{measure}/{o}" in row.values for row in rows)]
    lines = [(o or "(none)", "", [cell_of(row.values, f"{measure}/{o}") for row in rows]) for o in operations]
    return Table.plain("Operation", [row.editor for row in rows], lines) if operations else None


def count_of(rows: Sequence[EditorRow], operation: str) -> str:
    """How many edits of an operation were scored, over the editors: `5`, or `2–5` where they differ."""
    counts = sorted({int(row.values.get(f"n/{operation}", 0)) for row in rows})
    return str(counts[0]) if len(counts) == 1 else f"{counts[0]}–{counts[-1]}"


def number(value: float | None, key: str) -> str:
    """A table cell: counts whole, scores with one decimal, a dash for what does not exist."""
    return fixed(value, 0 if _is_count(key) else 1)


def _of_editors(rows: Sequence[EditorRow], columns: Mapping[str, tuple[str, str]]) -> Table:
    used = {key: words for key, words in columns.items() if any(key in row.values for row in rows)}
    return Table("Editor", _headings(used), [Row(row.editor, "", [cell_of(row.values, key) for key in used]) for row in rows])


def _headings(columns: Mapping[str, tuple[str, str]]) -> list[Heading]:
    return [Heading(*words) for words in columns.values()]


def cell_of(values: Mapping[str, float], key: str) -> Cell:
    """A number of a flat row with its interval; a dash where there is none. `key` may name an operation: `ic/move`."""
    value = values.get(key)
    if _is_count(key):
        return Cell(number(value, key))
    name, slash, operation = key.partition("/")
    low, high = (values.get(f"{name}_{side}{slash}{operation}") for side in ("low", "high"))
    return Cell(number(value, key), value=value, low=low, high=high)


def _range(values: Mapping[str, float], key: str) -> Cell:
    possible = interval(values.get(f"{key}_worst"), values.get(f"{key}_best"))
    return Cell(possible) if possible else cell_of(values, key)


def _with_difference(values: Mapping[str, float], key: str) -> Cell:
    cell = cell_of(values, f"{key}_all")
    if cell.value is None or key not in values:
        return cell
    return dataclasses.replace(cell, text=f"{cell.text} ({difference(cell.value - values[key])})")


def _is_count(key: str) -> bool:
    name = key.split("/", 1)[0]
    return name == "n" or name.startswith("n_")
