"""A leaderboard as CSV, LaTeX, Markdown and JSON. Everything from outside is escaped."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gsi_bench_dataset.version import __version__
from gsi_bench_metric.leaderboard.boards import ALL, board_tables, csv_rows, facts_json, pair_rows, plain_table
from gsi_bench_metric.leaderboard.content import Board, group_facts
from gsi_bench_metric.leaderboard.published import LABEL, Published
from gsi_bench_metric.pages.csv_lines import csv_line
from gsi_bench_metric.pages.files import json_text
from gsi_bench_metric.pages.markdown import bullets, escaped
from gsi_bench_metric.pages.tables import Cell, markdown_table, terminal_table

__all__ = [
    "KIND",
    "board_csv",
    "board_json",
    "board_latex",
    "board_markdown",
    "latex_escaped",
    "pairs_csv",
    "published_csv",
    "summary",
]

KIND = "gsi-bench leaderboard"  # of the JSON; by it a site is known that may be replaced
_LATEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "–": "--",
    "−": "$-$",
    "’": "'",
}


def board_csv(board: Board) -> str:
    """One line for each editor of each table and operation."""
    return _csv(csv_rows(board))


def pairs_csv(board: Board) -> str:
    """One line for each pair of editors of each table."""
    return _csv(pair_rows(board))


def published_csv(found: Published) -> str:
    """The paper's rows with their source and footnotes."""
    notes = {(split, model): text for split, model, text in found.anomalies}
    rows = (
        {"source": found.source, "status": LABEL, "split": split, "model": model, **values, "note": notes.get((split, model))}
        for (split, model), values in found.rows.items()
    )
    return _csv(rows)


def _csv(rows: Iterable[Mapping[str, Any]]) -> str:
    lines: list[str] = []
    for row in rows:
        lines += [csv_line(row)] if not lines else []
        lines.append(csv_line(row.values()))
    return "\n".join(lines) + "\n" if lines else ""


def board_json(board: Board, found: Published) -> str:
    """Everything unrounded; `kind` says what it is."""
    return json_text(
        {
            "kind": KIND,
            "version": __version__,
            "tables": [facts_json(group) for group in board.groups],
            "rows": [_finite(row) for row in csv_rows(board)],
            "pairs": [_finite(row) for row in pair_rows(board)],
            "refused": [{"folder": one.name, "why": one.why} for one in board.refused],
            "remarks": list(board.remarks),
            "published": {
                "status": LABEL,
                "source": found.source,
                "rows": [{"split": split, "model": model, **values} for (split, model), values in found.rows.items()],
                "footnotes": [{"sign": sign, "text": text} for sign, text in found.footnotes],
            },
        }
    )


def board_markdown(board: Board, found: Published) -> str:
    """All tables as Markdown that GitHub and the Hub render."""
    blocks = ["# GSI-Bench leaderboard", f"{board.summary}."]
    for group in board.groups:
        blocks += [f"## Table {group.number}: {group.name}", bullets(group_facts(group))]
        if group.apart:
            words = "Not ranked with the first table of this split, for these runs were scored otherwise:"
            blocks.append("\n".join([words, "", *(f"- {escaped(line)}" for line in group.apart)]))
        for table in board_tables(group):
            blocks += [f"**{escaped(table.operation or 'All operations')}**", markdown_table(plain_table(table))]
        lines = [f"- {escaped(label)}: {escaped(why)}" for label, why in group.not_ranked()]
        blocks += ["\n".join(["Without a rank:", "", *lines])] if lines else []
    blocks += [*_refused(board), f"## The paper's Table 2: {LABEL}", f"Source: {escaped(found.source)}."]
    for split in found.splits:
        blocks += [f"**{split}**", markdown_table(found.table(split))]
    blocks.append("\n".join(f"- {f'note {sign}: ' if sign else ''}{escaped(text)}" for sign, text in found.footnotes))
    return "\n\n".join(blocks) + "\n"


def _refused(board: Board) -> list[str]:
    if not (board.refused or board.remarks):
        return []
    lines = [f"- {escaped(one.name)}: {escaped(one.why)}" for one in board.refused]
    return [f"## Not in the tables: {len(board.refused)}", "\n".join([*lines, *(f"- {escaped(r)}" for r in board.remarks)])]


def board_latex(board: Board, found: Published) -> str:
    """A `table` for each group (all operations) and one for the paper's numbers; needs the package booktabs."""
    parts = ["% \\usepackage{booktabs}\n% Rank: the places that the 95 % intervals leave open; brackets: these intervals."]
    for group in board.groups:
        table = next(table for table in board_tables(group) if table.operation == ALL)
        caption = f"GSI-Bench, {group.name} protocol, detector {group.settings['detector']}; ordered by {table.ordered_by}."
        rows = [(row.rank_words, row.label, *map(_latex_cell, row.cells)) for row in table.rows]
        parts.append(_latex_table(caption, ["Rank", "Editor", *(h.words for h in table.headings)], rows, f"gsi{group.number}"))
    for split in found.splits:
        source = found.table(split)
        rows = [(row.label + (f" ({row.note})" if row.note else ""), *(c.text for c in row.cells)) for row in source.rows]
        caption = f"GSI-Bench, {split}: {LABEL} ({found.source})."
        headings = ["Model", *(h.words for h in source.headings)]
        notes = [f"note {sign}: {text}" for sign, text in found.footnotes if sign and text.startswith(f"{split}, ")]
        parts.append(_latex_table(caption, headings, rows, f"gsi-published-{split}", notes))
    return "\n\n".join(parts) + "\n"


def latex_escaped(text: str) -> str:
    r"""A text without anything that LaTeX would read as a command, on one line.

    >>> print(latex_escaped("a_b & 5 %"))
    a\_b \& 5 \%
    """
    return "".join(_LATEX.get(mark, mark) for mark in re.sub(r"\s+", " ", text))


def _latex_cell(cell: Cell) -> str:
    return f"{cell.text} [{cell.interval}]" if cell.interval else cell.text


def _latex_table(
    caption: str, headings: Sequence[str], rows: Iterable[Sequence[str]], label: str, notes: Sequence[str] = ()
) -> str:
    columns = "l" * (2 if headings[0] == "Rank" else 1)
    lines = [r"\begin{table}", r"\centering", rf"\caption{{{latex_escaped(caption)}}}", rf"\label{{tab:{label}}}"]
    lines += [rf"\begin{{tabular}}{{{columns}{'r' * (len(headings) - len(columns))}}}", r"\toprule"]
    lines.append(" & ".join(map(latex_escaped, headings)) + r" \\")
    lines.append(r"\midrule")
    lines += [" & ".join(map(latex_escaped, row)) + r" \\" for row in rows]
    lines += [r"\bottomrule", r"\end{tabular}"]
    lines += [rf"\par\footnotesize {latex_escaped(note)}" for note in notes]
    return "\n".join([*lines, r"\end{table}"])


def _finite(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: None if isinstance(value, float) and not math.isfinite(value) else value for key, value in row.items()}


def summary(board: Board, left_out: Sequence[str], problems: Sequence[str] = ()) -> str:
    """Tables with their first places, and what is not in them, for a terminal."""
    blocks = [f"{board.summary}."]
    for group in board.groups:
        table = next(table for table in board_tables(group) if table.operation == ALL)
        blocks += [f"Table {group.number}: {group.name}, ordered by {table.ordered_by}", terminal_table(plain_table(table))]
        blocks += ["\n".join(f"  apart: {line}" for line in group.apart)] if group.apart else []
    lines = [f"- {one.place}: {one.why}" for one in board.refused] + [f"- {remark}" for remark in board.remarks]
    blocks += ["\n".join([f"Not in the tables: {len(board.refused)}", *lines])] if lines else []
    blocks += [f"No files for the Hub for {len(left_out)} rows, such as {left_out[0]}"] if left_out else []
    blocks += ["\n".join(f"Images: {problem}" for problem in problems)] if problems else []
    return "\n\n".join(blocks)
