"""A report as Markdown that GitHub renders, and its short form for a terminal. Everything from outside is escaped."""

from __future__ import annotations

from gsi_bench_metric.pages.markdown import bullets, escaped, joined
from gsi_bench_metric.pages.tables import Cell, Table, markdown_table
from gsi_bench_metric.report.content import Report, Unscored
from gsi_bench_metric.report.faults import FAULTS_COUNTED, fault_tables
from gsi_bench_metric.report.gallery import RANK, Gallery
from gsi_bench_metric.report.tables import MEASURES, count_of, operation_table, operations_of, results_tables

__all__ = ["markdown", "summary"]


def markdown(report: Report) -> str:
    """The whole report without its images."""
    blocks = [f"# {report.title}", report.subtitle, _comparable(report), *_headlines(report), _legend(report)]
    blocks += _operations(report) + _distributions(report) + _faults(report) + _unscored(report) + _gallery(report.gallery)
    settings = bullets(report.settings)
    inputs = bullets((f"{editor}, {split}, {what}", where) for split, editor, what, where in report.inputs)
    return "\n\n".join([*blocks, "## Settings", settings, inputs]).rstrip() + "\n"


def summary(report: Report) -> str:
    """Headline, means of the edits that complied, and what was not scored, in counts."""
    counts = [f"- {u.split}, {escaped(u.editor)}: {u.count} × {u.reason} ({u.meaning})" for u in report.unscored]
    blocks = [*_headlines(report), "\n".join(counts) or "Everything was scored.", _comparable(report)]
    return "\n\n".join(blocks) + "\n"


def _comparable(report: Report) -> str:
    return f"Comparable with the paper: {'yes' if report.comparable else 'no: ' + escaped(report.not_comparable_because)}."


def _headlines(report: Report) -> list[str]:
    blocks = []
    for split in report.splits:
        blocks.append(f"## {split}")
        for section in results_tables(report.rows_of(split)):
            blocks += [f"**{section.title}.** {section.words}".rstrip()] if section.title else []
            blocks.append(markdown_table(section.table))
    return blocks


def _legend(report: Report) -> str:
    used = [words for key, words in MEASURES.items() if report.has(key)]
    lines = [f"- {heading}: {meaning}" for heading, meaning in used]
    lines.append("- [ ]: 95 % interval, clustered by scene; under 10 scenes there is none")
    lines.append("- –: nothing to score it from, or not every image could be scored, so that a mean would not compare")
    return "\n".join(lines)


def _operations(report: Report) -> list[str]:
    blocks = ["## By operation"]
    for split in report.splits:
        rows = report.rows_of(split)
        counts = ", ".join(f"{escaped(o or '(none)')} {count_of(rows, o)}" for o in operations_of(rows))
        blocks.append(f"{split}: edits scored: {counts}.")
        for measure, (heading, _) in MEASURES.items():
            table = operation_table(rows, measure)
            if table:
                blocks += [f"**{heading}, {split}**", markdown_table(table)]
    return blocks


def _distributions(report: Report) -> list[str]:
    if not report.distributions:
        return []
    rows = [
        (f"{found.measure}, {found.editor}, {found.split}", "", [Cell(str(count)) for count in found.counts])
        for found in report.distributions
    ]
    table = Table.plain("Measure", [f"{10 * i}–{10 * i + 10}" for i in range(10)], rows)
    return ["## Distributions", "Edits in each tenth of the scale, before any gating.", markdown_table(table)]


def _faults(report: Report) -> list[str]:
    blocks = [f"## Why edits failed\n\n{FAULTS_COUNTED}"]
    for split, editor, table in fault_tables(report.faults):
        blocks += [f"**{escaped(editor)}, {split}**", markdown_table(table)]
    return blocks if len(blocks) > 1 else []


def _unscored(report: Report) -> list[str]:
    blocks = ["## What was not scored or needs a word, and why"]
    for found in report.unscored:
        heading = f"- {found.split}, {escaped(found.editor)}: {found.count} × **{escaped(found.reason)}** ({found.meaning})"
        blocks.append("\n".join([heading, *_texts(found)]))
    for left in report.leftovers:
        blocks.append(f"- {left.split}, {escaped(left.editor)}: {len(left.names)} {left.what}: {joined(left.names)}")
    return blocks if len(blocks) > 1 else [*blocks, "Everything was scored."]


def _texts(found: Unscored) -> list[str]:
    return [f"  - {escaped(text)}: {joined(ids)}" for text, ids in found.texts]


def _gallery(gallery: Gallery) -> list[str]:
    lines = []
    for card in gallery.cards:
        numbers = ", ".join(f"{name} {value}" for name, value in card.numbers)
        why = " ".join([f"{card.verdict.outcome}: {card.verdict.why}", *card.notes, *(f"{said}." for said in card.not_shown)])
        shown = f"{escaped(card.prompt)} ({escaped(card.sample_id)}; {numbers})"
        lines.append(f"- {card.split}, {escaped(card.editor)}, {card.kind}: {shown}  ")
        lines.append(f"  {escaped(why)}")
    problem = [f"Not shown: {escaped(gallery.problem)}."] if gallery.problem else []
    return (
        ["## Single edits", *problem, *([f"Ranked by {RANK}.", "\n".join(lines)] if lines else [])] if lines or problem else []
    )
