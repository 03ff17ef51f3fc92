"""The tables of a report, the same for every form that it is written in. Rows come from `aggregate`."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

__all__ = [
    "MEASURES",
    "Cell",
    "EditorRow",
    "Table",
    "bounds",
    "count_of",
    "given_ic",
    "headline",
    "missing_as_zero",
    "number",
    "operation_table",
    "operations_of",
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
    "el_ungated": ("EL, all", "edit locality of every picture, whether it complied or not"),
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


@dataclasses.dataclass(frozen=True)
class EditorRow:
    """One editor's flat row on one split."""

    split: str
    editor: str
    judged: bool
    values: Mapping[str, float]


@dataclasses.dataclass(frozen=True)
class Cell:
    """A number as it is shown, and what a plot of it needs: value, low and high on 0–100, None for what is no score."""

    text: str
    interval: str = ""
    value: float | None = None
    low: float | None = None
    high: float | None = None


@dataclasses.dataclass(frozen=True)
class Table:
    """`headings`: (heading, what it is) of the columns after the first, whose own heading is `stub`."""

    stub: str
    headings: Sequence[tuple[str, str]]
    rows: Sequence[tuple[str, Sequence[Cell]]]


def headline(rows: Sequence[EditorRow]) -> Table:
    """Editors × measures, with counts."""
    return _of_editors(rows, {**MEASURES, **_COUNTS})


def given_ic(rows: Sequence[EditorRow]) -> Table | None:
    """Means over the edits that complied; None where no editor has any."""
    complied = [row for row in rows if "n_ic" in row.values]
    return _of_editors(complied, _GIVEN) if complied else None


def missing_as_zero(rows: Sequence[EditorRow]) -> Table | None:
    """Means with missing pictures counted as 0, each with its difference to the headline; None where nothing is missing."""
    affected = [row for row in rows if any(f"{key}_all" in row.values for key in MEASURES)]
    keys = {key: words for key, words in MEASURES.items() if any(f"{key}_all" in row.values for row in affected)}
    lines = [(row.editor, [_with_difference(row.values, key) for key in keys]) for row in affected]
    return Table("Editor", list(keys.values()), lines) if affected else None


def bounds(rows: Sequence[EditorRow]) -> Table | None:
    """[worst, best] means: edits that nobody can be scored on as 0 and as 100; None where all could be."""
    affected = [row for row in rows if any(f"{key}_worst" in row.values for key in MEASURES)]
    keys = {key: words for key, words in MEASURES.items() if any(f"{key}_worst" in row.values for row in affected)}
    lines = [(row.editor, [_range(row.values, key) for key in keys]) for row in affected]
    return Table("Editor", list(keys.values()), lines) if affected else None


def operations_of(rows: Sequence[EditorRow]) -> list[str]:
    """The operations that occur, sorted."""
    return sorted({key.split("/", 1)[1] for row in rows for key in row.values if key.startswith("n/")})


def operation_table(rows: Sequence[EditorRow], measure: str) -> Table | None:
    """Operations × editors for one measure, of the editors that have it for any; None where there is none."""
    rows = [row for row in rows if any(key.startswith(f"{measure}/") for key in row.values)]
    operations = [o for o in operations_of(rows) if any(f"{measure}/{o}" in row.values for row in rows)]
    headings = [(row.editor, "") for row in rows]
    lines = [(o or "(none)", [_cell(row.values, f"{measure}/{o}") for row in rows]) for o in operations]
    return Table("Operation", headings, lines) if operations else None


def count_of(rows: Sequence[EditorRow], operation: str) -> str:
    """How many edits of an operation were scored, over the editors: `5`, or `2–5` where they differ."""
    counts = sorted({int(row.values.get(f"n/{operation}", 0)) for row in rows})
    return str(counts[0]) if len(counts) == 1 else f"{counts[0]}–{counts[-1]}"


def number(value: float | None, key: str) -> str:
    """A table cell: counts whole, scores with one decimal, a dash for what does not exist."""
    if value is None:
        return "–"
    return f"{value:.0f}" if _is_count(key) else f"{value:.1f}"


def _of_editors(rows: Sequence[EditorRow], columns: Mapping[str, tuple[str, str]]) -> Table:
    used = {key: words for key, words in columns.items() if any(key in row.values for row in rows)}
    return Table("Editor", list(used.values()), [(row.editor, [_cell(row.values, key) for key in used]) for row in rows])


def _cell(values: Mapping[str, float], key: str) -> Cell:
    """`key` may name an operation: `ic/move`."""
    value = values.get(key)
    name, slash, operation = key.partition("/")
    low, high = (values.get(f"{name}_{side}{slash}{operation}") for side in ("low", "high"))
    shown = f"{low:.1f}–{high:.1f}" if low is not None and high is not None else ""
    return Cell(number(value, key), shown) if _is_count(key) else Cell(number(value, key), shown, value, low, high)


def _range(values: Mapping[str, float], key: str) -> Cell:
    worst, best = values.get(f"{key}_worst"), values.get(f"{key}_best")
    return _cell(values, key) if worst is None or best is None else Cell(f"{worst:.1f}–{best:.1f}")


def _with_difference(values: Mapping[str, float], key: str) -> Cell:
    cell = _cell(values, f"{key}_all")
    if cell.value is None or key not in values:
        return cell
    return dataclasses.replace(cell, text=f"{cell.text} ({cell.value - values[key]:+.1f})".replace("-", "−"))


def _is_count(key: str) -> bool:
    return key.split("/", 1)[0] in ("n", "n_ic", "n_not_scored")
