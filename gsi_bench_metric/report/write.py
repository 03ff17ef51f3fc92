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

from gsi_bench_dataset.records import Score
from gsi_bench_metric.report.content import Report, build_report
from gsi_bench_metric.runs import Run, write_atomically

__all__ = ["markdown", "write_report"]


def write_report(run: Run, folder: Path) -> list[Path]:
    """Writes `report.html`, `report.md`, `report.json` and `scores.csv` into the folder; their paths."""
    report = build_report(run)
    contents = {
        "report.html": html(report),
        "report.md": markdown(report),
        "report.json": _json(report),
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
    environment.filters["number"] = number
    environment.filters["interval"] = interval
    return environment.get_template("page.html.j2").render(report=report)


def markdown(report: Report) -> str:
    """The headline table and what was not scored, for a terminal or a README."""
    lines = [f"# {report.title}", ""]
    lines += [f"- {_md(label)}: {_md(value)}" for label, value in report.settings]
    lines.append(f"- Comparable with the paper: {'yes' if report.comparable else 'no: ' + _md(report.not_comparable_because)}")
    keys = [key for key, _, _ in report.columns]
    lines += ["", "| Split | Editor | " + " | ".join(heading for _, heading, _ in report.columns) + " |"]
    lines.append("| --- | --- |" + " ---: |" * len(keys))
    for split, editor, row in report.rows:
        cells = (number(row.get(key), key) + interval(row, key) for key in keys)
        lines.append(f"| {split} | {_md(editor)} | " + " | ".join(cells) + " |")
    lines += ["", *(f"- {heading}: {words}" for _, heading, words in report.columns)]
    lines += ["", "## What was not scored or needs a word, and why", ""]
    lines += [f"- {split}, {_md(editor)}: {count} × {_md(reason)}" for split, editor, reason, count in report.unscored]
    if not report.unscored:
        lines.append("Everything was scored.")
    return "\n".join(lines) + "\n"


def number(value: float | None, key: str) -> str:
    """A table cell: counts whole, scores with one decimal, a dash for what does not exist."""
    if value is None:
        return "–"
    return f"{value:.0f}" if key.rsplit("/", 1)[0] in ("n", "n_not_scored") else f"{value:.1f}"


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


def interval(row: Mapping[str, float], key: str) -> str:
    """` [low–high]` of a mean, empty where there is none. `key` may name an operation: `ic/move`."""
    name, slash, operation = key.partition("/")
    low, high = (row.get(f"{name}_{side}{slash}{operation}") for side in ("low", "high"))
    return "" if low is None or high is None else f" [{low:.1f}–{high:.1f}]"


def _md(text: str) -> str:
    text = re.sub(r"([\\`*_{}\[\]|])", r"\\\1", text.replace("\n", " "))
    return text.replace("<", "&lt;").replace(">", "&gt;")


def _json(report: Report) -> str:
    plain = dataclasses.asdict(dataclasses.replace(report, gallery=()))
    plain.pop("gallery")
    return json.dumps(plain, indent=2, ensure_ascii=False) + "\n"
