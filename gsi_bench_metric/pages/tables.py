"""A table as data, and as Markdown or lines for a terminal. As HTML it is written by the macro of `table.html.j2`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from gsi_bench_metric.pages.markdown import escaped
from gsi_bench_metric.pages.numbers import interval

__all__ = ["SIGNS", "Cell", "Heading", "Row", "Table", "markdown_table", "terminal_table"]

SIGNS = {"met": "✓", "missed": "✗"}  # verdict -> how it is shown


@dataclasses.dataclass(frozen=True)
class Cell:
    """A number in words, and what stands with it.

    Attributes:
        small: a smaller line below it; "\\n" begins another.
        verdict: colours it: met, missed or nothing.
        value, low, high: on 0–100, for its mark in a plot; None for what is no score. With low and high it has an interval.
    """

    text: str
    small: str = ""
    verdict: str = ""
    value: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def interval(self) -> str:
        """From low to high; empty where there is none."""
        return interval(self.low, self.high)

    @property
    def below(self) -> str:
        """What stands below the number."""
        return self.small or self.interval


class Heading(NamedTuple):
    """The heading of a column, and what it means."""

    words: str
    meaning: str = ""


class Row(NamedTuple):
    """A line of a table; `note` stands below its label."""

    label: str
    note: str
    cells: Sequence[Cell]


@dataclasses.dataclass(frozen=True)
class Table:
    """`headings` are those of the columns after the first, whose own is `stub`; a note equal to `warning` is coloured."""

    stub: str
    headings: Sequence[Heading]
    rows: Sequence[Row]
    warning: str = ""

    @classmethod
    def plain(cls, stub: str, headings: Iterable[str], rows: Iterable[tuple[str, str, Sequence[Cell]]], **more: str) -> Table:
        """A table whose headings need no explanation, of rows (label, note, cells)."""
        return cls(stub, [Heading(words) for words in headings], [Row(*row) for row in rows], **more)

    def to_json(self) -> dict[str, Any]:
        """The words of it."""
        return {
            "stub": self.stub,
            "headings": [heading.words for heading in self.headings],
            "rows": [
                [label, note, [{"text": c.text, "small": c.small, "verdict": c.verdict} for c in cells]]
                for label, note, cells in self.rows
            ],
        }


def markdown_table(table: Table) -> str:
    """The lines of a Markdown table, without the last line's end."""
    return _lines(table, escaped)


def terminal_table(table: Table) -> str:
    """The same for a terminal: nothing is escaped but the signs that part the columns."""
    return _lines(table, lambda text: text.replace("|", "\\|").replace("\n", " "))


def _lines(table: Table, safe: Callable[[str], str]) -> str:
    lines = [[safe(table.stub), *(safe(heading.words) for heading in table.headings)]]
    lines.append(["---", *("---:" for _ in table.headings)])
    for label, note, cells in table.rows:
        lines.append([safe(f"{label} ({note})" if note else label), *(_cell(cell, safe) for cell in cells)])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _cell(cell: Cell, safe: Callable[[str], str]) -> str:
    sign = f"{SIGNS[cell.verdict]} " if cell.verdict in SIGNS else ""
    small = f" ({safe(cell.small.replace(chr(10), ', '))})" if cell.small else ""
    between = f" [{cell.interval}]" if cell.interval else ""
    return f"{sign}{safe(cell.text)}{between}{small}"
