"""The validity page as HTML (self-contained, no scripts) and as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import resources

from markupsafe import Markup

from gsi_bench_metric.report.template import page_template
from gsi_bench_metric.validity.content import RIGHT, Content
from gsi_bench_metric.validity.drawing import Drawing
from gsi_bench_metric.validity.judge import ALL, DO_NOT_RANK
from gsi_bench_metric.validity.plots import curve_plot, reliability_plot, robustness_plot
from gsi_bench_metric.validity.tables import Table

__all__ = ["bars_table", "drawings", "html", "markdown"]

Drawings = Mapping[tuple[str, str], Drawing]


def drawings(content: Content) -> Drawings:
    """Plots by (kind, protocol)."""
    found: dict[tuple[str, str], Drawing] = {}
    for part in content.parts:
        found["curves", part.protocol] = curve_plot(f"Gated SA along the right edit, {part.protocol} protocol", part.curves)
        together = [row for row in part.robustness if row.operation == ALL]
        found["robustness", part.protocol] = robustness_plot(f"IC of spoiled pictures, {part.protocol} protocol", together)
    found["reliability", ""] = reliability_plot("Confidence of the detector", content.detector.calibration)
    return found


def html(content: Content, plots: Drawings, prompt: str = "", gallery: Sequence[tuple[str, str]] = ()) -> str:
    """The page. `gallery`: (caption, data URL) of example pictures, all of the edit that `prompt` asks for."""
    return page_template("gsi_bench_metric.validity").render(
        content=content,
        plots=plots,
        gallery=gallery,
        gallery_prompt=prompt,
        do_not_rank=DO_NOT_RANK,
        settings=_settings(content),
        style=_css("gsi_bench_metric.report"),
        own_style=_css("gsi_bench_metric.validity"),
    )


def _css(package: str) -> Markup:
    return Markup(resources.files(package).joinpath("page.css").read_text(encoding="utf-8"))  # ours, not from outside


def _settings(content: Content) -> list[tuple[str, str]]:
    settings = content.settings
    data = settings["dataset"]
    return [
        ("Data", data["path"]),
        ("Content hash", data["content_hash"] or "none"),
        ("Split", settings["split"]),
        ("Edits", ", ".join(f"{name} {count}" for name, count in settings["operations"].items())),
        ("Pictures", f"{settings['variants']} rendered, {sum(part.n + part.n_not_scored for part in content.parts)} scored"),
        ("Detector", settings["detector"]),
        ("Cells", ", ".join(settings["cells"]) if settings["cells"] else "all"),
        ("Limit", "none" if settings["limit"] is None else f"the first {settings['limit']} edits"),
        ("Device", settings["device"]),
        ("Made", settings["created"]),
        ("Versions", ", ".join(f"{name} {version}" for name, version in settings["versions"].items())),
    ]


def bars_table(content: Content) -> str:
    """Every bar, for a terminal."""
    return f"{content.headline}\n\n{_table(content.scoreboard())}"


def markdown(content: Content) -> str:
    """The tables of the page as Markdown."""
    pieces = [f"# Validity\n\n{content.headline} On those that are missed, {DO_NOT_RANK}.\n"]
    pieces.append("## Every bar\n\n" + _table(content.scoreboard()))
    for part in content.parts:
        pieces.append(f"## {part.protocol} protocol\n\n### Right and wrong edits\n\n" + _table(part.outcome_table()))
        pieces.append(f"### {RIGHT.capitalize()}\n\n{part.scored}\n\n" + _table(part.accuracy_table()))
        pieces.append("### Half-done edits\n\n" + _table(part.curve_table()))
        pieces.append("### Spoiled pictures\n\n" + _table(part.robustness_table()))
    pieces.append(f"## Detector {content.settings['detector']}\n\n" + _table(content.errors_table()))
    pieces.append("\n".join(map(_table, (content.confusion_table(), content.presence_table(), content.observability_table()))))
    pieces.append(_table(content.conditions_table()))
    pieces.append("## Not applicable\n\n" + _table(content.not_applicable))
    pieces.append("## Settings\n\n" + "".join(f"- {label}: {value}\n" for label, value in _settings(content)))
    return "\n".join(pieces)


def _table(table: Table) -> str:
    lines = [[table.stub, *table.headings], ["---", *("---:" for _ in table.headings)]]
    for label, note, cells in table.rows:
        signs = {"met": "✓ ", "missed": "✗ "}
        shown = [f"{signs.get(c.verdict, '')}{c.text}" + (f" ({c.small})" if c.small else "") for c in cells]
        lines.append([f"{label} ({note})" if note else label, *shown])
    return "".join("| " + " | ".join(cell.replace("|", "\\|").replace("\n", ", ") for cell in line) + " |\n" for line in lines)
