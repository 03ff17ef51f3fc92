"""A report as Markdown that GitHub renders, and its short form for a terminal. Everything from outside is escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable

from gsi_bench_metric.report.content import Report, Unscored
from gsi_bench_metric.report.gallery import RANK, Gallery
from gsi_bench_metric.report.tables import (
    MEASURES,
    Cell,
    Table,
    bounds,
    count_of,
    given_ic,
    headline,
    missing_as_zero,
    operation_table,
    operations_of,
)

__all__ = ["markdown", "summary"]


def markdown(report: Report) -> str:
    """The whole report without its pictures."""
    blocks = [f"# {report.title}", report.subtitle, _comparable(report), *_headlines(report), _legend(report)]
    blocks += _operations(report) + _distributions(report) + _unscored(report) + _gallery(report.gallery)
    settings = "\n".join(f"- {_md(label)}: {_md(value)}" for label, value in report.settings)
    inputs = "\n".join(f"- {_md(editor)}, {split}, {what}: {_md(where)}" for split, editor, what, where in report.inputs)
    return "\n\n".join([*blocks, "## Settings", settings, inputs]).rstrip() + "\n"


def summary(report: Report) -> str:
    """Headline, means of the edits that complied, and what was not scored, in counts."""
    counts = [f"- {u.split}, {_md(u.editor)}: {u.count} × {u.reason} ({u.meaning})" for u in report.unscored]
    blocks = [*_headlines(report), "\n".join(counts) or "Everything was scored.", _comparable(report)]
    return "\n\n".join(blocks) + "\n"


def _comparable(report: Report) -> str:
    return f"Comparable with the paper: {'yes' if report.comparable else 'no: ' + _md(report.not_comparable_because)}."


def _headlines(report: Report) -> list[str]:
    blocks = []
    for split in report.splits:
        rows = report.rows_of(split)
        blocks += [f"## {split}", _table(headline(rows))]
        complied = given_ic(rows)
        if complied:
            blocks += ["Of the edits with IC = 1:", _table(complied)]
        missing = missing_as_zero(rows)
        if missing:
            blocks += ["Missing and unreadable pictures counted as 0 (difference in brackets):", _table(missing)]
        possible = bounds(rows)
        if possible:
            blocks += ["Worst and best, edits that nobody can be scored on counted as 0 and as 100:", _table(possible)]
    return blocks


def _legend(report: Report) -> str:
    used = [words for key, words in MEASURES.items() if report.has(key)]
    lines = [f"- {heading}: {meaning}" for heading, meaning in used]
    lines.append("- [ ]: 95 % interval, clustered by scene; under 10 scenes there is none")
    lines.append("- –: nothing to score it from, or not every picture could be scored, so that a mean would not compare")
    return "\n".join(lines)


def _operations(report: Report) -> list[str]:
    blocks = ["## By operation"]
    for split in report.splits:
        rows = report.rows_of(split)
        counts = ", ".join(f"{_md(o or '(none)')} {count_of(rows, o)}" for o in operations_of(rows))
        blocks.append(f"{split}: edits scored: {counts}.")
        for measure, (heading, _) in MEASURES.items():
            table = operation_table(rows, measure)
            if table:
                blocks += [f"**{heading}, {split}**", _table(table)]
    return blocks


def _distributions(report: Report) -> list[str]:
    if not report.distributions:
        return []
    lines = ["| Split | Editor | Measure | " + " | ".join(f"{10 * i}–{10 * i + 10}" for i in range(10)) + " |"]
    lines.append("| --- | --- | --- |" + " ---: |" * 10)
    for found in report.distributions:
        cells = " | ".join(str(count) for count in found.counts)
        lines.append(f"| {found.split} | {_md(found.editor)} | {found.measure} | {cells} |")
    return ["## Distributions", "Edits in each tenth of the scale, before any gating.", "\n".join(lines)]


def _unscored(report: Report) -> list[str]:
    blocks = ["## What was not scored or needs a word, and why"]
    for found in report.unscored:
        heading = f"- {found.split}, {_md(found.editor)}: {found.count} × **{_md(found.reason)}** ({found.meaning})"
        blocks.append("\n".join([heading, *_texts(found)]))
    for left in report.leftovers:
        blocks.append(f"- {left.split}, {_md(left.editor)}: {len(left.names)} {left.what}: {_ids(left.names)}")
    return blocks if len(blocks) > 1 else [*blocks, "Everything was scored."]


def _texts(found: Unscored) -> list[str]:
    return [f"  - {_md(text)}: {_ids(ids)}" for text, ids in found.texts]


def _gallery(gallery: Gallery) -> list[str]:
    lines = []
    for card in gallery.cards:
        numbers = ", ".join(f"{name} {value}" for name, value in card.numbers)
        why = " ".join([f"{card.verdict.outcome}: {card.verdict.why}", *card.notes, *(f"{said}." for said in card.not_shown)])
        lines.append(
            f"- {card.split}, {_md(card.editor)}, {card.kind}: {_md(card.prompt)} ({_md(card.sample_id)}; {numbers})  "
        )
        lines.append(f"  {_md(why)}")
    problem = [f"Not shown: {_md(gallery.problem)}."] if gallery.problem else []
    return (
        ["## Single edits", *problem, *([f"Ranked by {RANK}.", "\n".join(lines)] if lines else [])] if lines or problem else []
    )


def _table(table: Table) -> str:
    lines = [f"| {table.stub} | " + " | ".join(_md(heading) for heading, _ in table.headings) + " |"]
    lines.append("| --- |" + " ---: |" * len(table.headings))
    lines += [f"| {_md(label)} | " + " | ".join(_cell(cell) for cell in cells) + " |" for label, cells in table.rows]
    return "\n".join(lines)


def _cell(cell: Cell) -> str:
    return f"{cell.text} [{cell.interval}]" if cell.interval else cell.text


def _ids(names: Iterable[str]) -> str:
    return ", ".join(_md(name) for name in names)


def _md(text: str) -> str:
    text = re.sub(r"([\\`*_{}\[\]|~#])", r"\\\1", re.sub(r"\s+", " ", text))
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("@", "&#64;").replace("://", ":&#47;/")
