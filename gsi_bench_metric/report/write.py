"""Writes a run's report: one self-contained HTML page, Markdown, JSON, CSV. Everything that came from outside is escaped."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import jinja2

from gsi_bench_dataset.folders import write_atomically
from gsi_bench_dataset.records import Score
from gsi_bench_metric.report.content import COLUMNS, Report, SplitReport, build_report
from gsi_bench_metric.report.plots import colour_of
from gsi_bench_metric.runs import Run

__all__ = ["markdown", "summary", "write_report"]

_COUNTS = ("n", "n_not_scored", "n_ic")
_HEADINGS = {
    "n_ic": "n, IC = 1",
    "sa_given_ic": "SA",
    "el_given_ic": "EL",
    "ac_given_ic": "AC",
    **{f"{key}_all": words[0] for key, words in COLUMNS.items()},
}


def write_report(run: Run, folder: Path, *, progress: bool = False) -> list[Path]:
    """Writes `report.html`, `report.md`, `report.json` and `scores.csv` into the folder; their paths."""
    report = build_report(run, progress=progress)
    contents = {
        "report.html": html(report),
        "report.md": markdown(report),
        "report.json": _json(report, run),
        "scores.csv": scores_csv(run.scores),
    }
    for name, text in contents.items():
        write_atomically(folder / name, text)
    return [folder / name for name in contents]


def html(report: Report) -> str:
    """The page: no scripts, no requests to anywhere."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("gsi_bench_metric.report", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(number=number, interval=interval, colour=colour_of)
    return environment.get_template("page.html.j2").render(report=report, headings=_HEADINGS)


def summary(report: Report) -> str:
    """The headline tables and counts of what was not scored, for a terminal."""
    lines = []
    for split in report.splits:
        lines += [*_headline(split), ""]
    lines += [f"- {u.split}, {_md(u.editor)}: {u.count} × {u.name}, {_md(u.meaning)}" for u in report.unscored]
    return "\n".join(lines) + "\n"


def markdown(report: Report) -> str:
    """Everything but the pictures."""
    lines = [f"# {report.title}", "", report.subtitle, ""]
    lines.append(f"Comparable with the paper: {'yes' if report.comparable else 'no: ' + _md(report.not_comparable_because)}.")
    for split in report.splits:
        lines += ["", f"## {split.name}", "", *_headline(split)]
        lines += _table("Of the edits that did what was asked (IC = 1), not gated:", split, split.given)
        lines += _table("With missing, doubled and unreadable pictures counted as 0:", split, split.all)
        lines += _operations(split)
    lines += ["", "## What the columns are", "", *(f"- {heading}: {words}" for _, heading, words in report.columns)]
    lines.append("- [ ]: 95 % interval, clustered by scene; under 10 scenes there is none")
    lines += ["", "## What was not scored or needs a word, and why", ""]
    lines += [f"- {u.split}, {_md(u.editor)}: {u.count} × {u.name}, {_md(u.meaning)}" for u in report.unscored]
    if not report.unscored:
        lines.append("Everything was scored.")
    lines += ["", "## Settings", "", *(f"- {_md(label)}: {_md(value)}" for label, value in report.settings)]
    return "\n".join(lines) + "\n"


def _headline(split: SplitReport) -> list[str]:
    keys = [key for key, _, _ in split.columns]
    headings = [heading for _, heading, _ in split.columns]
    return _rows([f"{split.name}", *headings], [(editor, [_cell(row, key) for key in keys]) for editor, row in split.rows])


def _table(words: str, split: SplitReport, keys: Iterable[str]) -> list[str]:
    keys = list(keys)
    if not keys:
        return []
    rows = [(editor, [_cell(row, key) for key in keys]) for editor, row in split.rows]
    return ["", words, "", *_rows(["Editor", *(_HEADINGS[key] for key in keys)], rows)]


def _operations(split: SplitReport) -> list[str]:
    lines = []
    for key, heading in split.measures:
        operations = [name for name, _ in split.operations]
        rows = [(editor, [_cell(row, f"{key}/{op}") for op in operations]) for editor, row in split.rows]
        lines += ["", f"{heading} by operation:", "", *_rows(["Editor", *(op or "(none)" for op in operations)], rows)]
    return lines


def _rows(headings: list[str], rows: Iterable[tuple[str, list[str]]]) -> list[str]:
    lines = ["| " + " | ".join(_md(heading) for heading in headings) + " |", "| --- |" + " ---: |" * (len(headings) - 1)]
    return lines + [f"| {_md(editor)} | " + " | ".join(cells) + " |" for editor, cells in rows]


def _cell(row: Mapping[str, float], key: str) -> str:
    return number(row.get(key), key) + interval(row, key)


def number(value: float | None, key: str) -> str:
    """A table cell: counts whole, scores with one decimal, a dash for what does not exist."""
    if value is None:
        return "–"
    return f"{value:.0f}" if key.rsplit("/", 1)[0] in _COUNTS else f"{value:.1f}"


def interval(row: Mapping[str, float], key: str) -> str:
    """` [low–high]` of a mean, empty where there is none. `key` may name an operation: `ic/move`."""
    name, slash, operation = key.partition("/")
    low, high = (row.get(f"{name}_{side}{slash}{operation}") for side in ("low", "high"))
    return "" if low is None or high is None else f" [{low:.1f}–{high:.1f}]"


def scores_csv(scores: Iterable[Score]) -> str:
    """Every score as a line of CSV. Text that a spreadsheet would take for a formula gets a quote before it."""
    buffer = io.StringIO()
    names = [field.name for field in dataclasses.fields(Score)]
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(names)
    for score in scores:
        row = score.to_row() | {"reasons": " | ".join(map(str, score.reasons))}
        writer.writerow([_spreadsheet_safe(row[name]) for name in names])
    return buffer.getvalue()


def _spreadsheet_safe(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def _md(text: str) -> str:
    text = re.sub(r"([\\`*_{}\[\]|])", r"\\\1", text.replace("\n", " "))
    return text.replace("<", "&lt;").replace(">", "&gt;")


def _json(report: Report, run: Run) -> str:
    """`settings`; `rows`: split, editor and the flat row; `unscored`: every reason with its edits."""
    plain = {
        "settings": run.settings,
        "rows": [{"split": split, "editor": editor, **row} for split, editor, row in report.rows],
        "unscored": [
            {
                "split": u.split,
                "editor": u.editor,
                "reason": u.name,
                "meaning": u.meaning,
                "count": u.count,
                "edits": [{"id": name, "text": text} for name, text in u.edits],
            }
            for u in report.unscored
        ],
    }
    return json.dumps(plain, indent=2) + "\n"
