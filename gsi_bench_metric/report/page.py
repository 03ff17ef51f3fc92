"""A report as one self-contained page: no scripts, no requests to anywhere, everything from outside escaped."""

from __future__ import annotations

from collections.abc import Sequence

from gsi_bench_metric.pages.images import CHANGE_SCALE, colour_stops
from gsi_bench_metric.pages.shell import page_template
from gsi_bench_metric.pages.tables import Table
from gsi_bench_metric.report import overlay, plots, tables
from gsi_bench_metric.report.content import Distribution, Report
from gsi_bench_metric.report.faults import FAULTS_COUNTED, fault_tables
from gsi_bench_metric.report.gallery import KINDS, RANK, Card

__all__ = ["html", "shape_words"]


def html(report: Report) -> str:
    """The page."""
    return page_template("gsi_bench_metric.report").render(
        report=report,
        tables=tables,
        plots=plots,
        panels=_panels,
        histograms=_histograms,
        groups=_groups(report.gallery.cards),
        rank=RANK,
        faults=fault_tables(report.faults),
        faults_counted=FAULTS_COUNTED,
        shape_words=shape_words(report.gallery.cards),
        change_scale=CHANGE_SCALE,
        colour_stops=colour_stops(),
    )


def _panels(rows: list[tables.EditorRow]) -> list[tuple[str, Table, list[tuple[int, str]]]]:
    """Heading, operations × editors, and (number, name) of those editors, of every measure that has any."""
    numbers = {row.editor: i for i, row in enumerate(rows)}
    found = [(heading, tables.operation_table(rows, key)) for key, (heading, _) in tables.MEASURES.items()]
    return [(heading, table, [(numbers[name], name) for name, _ in table.headings]) for heading, table in found if table]


def _histograms(report: Report, split: str) -> list[tuple[str, int, list[Distribution | None]]]:
    """By measure: the largest count of any editor, and each editor's distribution (None: it has none)."""
    editors = [row.editor for row in report.rows_of(split)]
    here = [d for d in report.distributions if d.split == split]
    result = []
    for measure in dict.fromkeys(d.measure for d in here):
        by_editor = {d.editor: d for d in here if d.measure == measure}
        peak = max(max(d.counts) for d in by_editor.values())
        result.append((measure, peak, [by_editor.get(editor) for editor in editors]))
    return result


def _groups(cards: Sequence[Card]) -> list[tuple[str, str, list[tuple[str, list[Card]]]]]:
    """Cards by split and editor, then by kind."""
    found = []
    for split, editor in dict.fromkeys((c.split, c.editor) for c in cards):
        here = [c for c in cards if (c.split, c.editor) == (split, editor)]
        kinds = [(kind, [c for c in here if c.kind == kind]) for kind in KINDS]
        found.append((split, editor, [(kind, group) for kind, group in kinds if group]))
    return found


def shape_words(cards: Sequence[Card]) -> list[tuple[str, str]]:
    """(kind, meaning) of the outlines that occur on the page."""
    used = {shape.kind for card in cards for figure in card.figures for shape in figure.shapes}
    return [(kind, words) for kind, words in overlay.KINDS.items() if kind in used]
