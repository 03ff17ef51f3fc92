"""The validity page as HTML (self-contained, no scripts) and as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gsi_bench_metric.pages.markdown import bullets, escaped
from gsi_bench_metric.pages.shell import page_template
from gsi_bench_metric.pages.svg import Drawing
from gsi_bench_metric.pages.tables import markdown_table, terminal_table
from gsi_bench_metric.validity.content import Content
from gsi_bench_metric.validity.judge import ALL, DO_NOT_RANK
from gsi_bench_metric.validity.part import RIGHT
from gsi_bench_metric.validity.plots import curve_plot, reliability_plot, robustness_plot
from gsi_bench_metric.validity.sides.given import GIVEN

__all__ = ["bars_table", "drawings", "given_words", "html", "markdown"]

Drawings = Mapping[tuple[str, str], Drawing]


def drawings(content: Content) -> Drawings:
    """Plots by (kind, protocol)."""
    found: dict[tuple[str, str], Drawing] = {}
    for part in content.parts:
        found["curves", part.protocol] = curve_plot(f"Gated SA along the right edit, {part.protocol} protocol", part.curves)
        together = [row for row in part.robustness if row.operation == ALL]
        found["robustness", part.protocol] = robustness_plot(f"IC of spoiled images, {part.protocol} protocol", together)
    found["reliability", ""] = reliability_plot("Confidence of the detector", content.detector.calibration)
    return found


def html(content: Content, plots: Drawings, prompt: str = "", gallery: Sequence[tuple[str, str]] = ()) -> str:
    """The page. `gallery`: (caption, data URL) of example images, all of the edit that `prompt` asks for."""
    return page_template("gsi_bench_metric.validity").render(
        content=content,
        plots=plots,
        gallery=gallery,
        gallery_prompt=prompt,
        do_not_rank=DO_NOT_RANK,
        settings=_settings(content),
    )


def _settings(content: Content) -> list[tuple[str, str]]:
    settings = content.settings
    data = settings["dataset"]
    return [
        ("Data", data["path"]),
        ("Content hash", data["content_hash"] or "none"),
        ("Split", settings["split"]),
        ("Edits", ", ".join(f"{name} {count}" for name, count in settings["operations"].items())),
        ("Images", f"{settings['variants']} rendered, {sum(part.n + part.n_not_scored for part in content.parts)} scored"),
        ("Detector", settings["detector"]),
        *given_words(settings.get("given")),
        ("Cells", ", ".join(settings["cells"]) if settings["cells"] else "all"),
        ("Limit", "none" if settings["limit"] is None else f"the first {settings['limit']} edits"),
        ("Device", settings["device"]),
        ("Made", settings["created"]),
        ("Versions", ", ".join(f"{name} {version}" for name, version in settings["versions"].items())),
    ]


def given_words(given: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """What samples were given, for a list of settings; nothing where they have what they came with."""
    return [] if given is None else [("Given", f"{given['name']}: {GIVEN[given['name']]}")]


def bars_table(content: Content) -> str:
    """Every bar, for a terminal."""
    return f"{content.headline}\n\n{terminal_table(content.scoreboard())}"


def markdown(content: Content) -> str:
    """The tables of the page as Markdown; everything from outside is escaped."""
    detector = escaped(str(content.settings["detector"]))
    blocks = ["# Validity", f"{escaped(content.headline)} On those that are missed, {DO_NOT_RANK}."]
    blocks += ["## Every bar", markdown_table(content.scoreboard())]
    for part in content.parts:
        blocks += [f"## {part.protocol} protocol", "### Right and wrong edits", markdown_table(part.outcome_table())]
        blocks += [f"### {RIGHT.capitalize()}", escaped(part.scored), markdown_table(part.accuracy_table())]
        blocks += ["### Half-done edits", markdown_table(part.curve_table())]
        blocks += ["### Spoiled images", markdown_table(part.robustness_table())]
    of_detector = (
        content.errors_table(),
        content.confusion_table(),
        content.presence_table(),
        content.observability_table(),
        content.conditions_table(),
    )
    blocks += [f"## Detector {detector}", *map(markdown_table, of_detector)]
    blocks += ["## Not applicable", markdown_table(content.not_applicable), "## Settings", bullets(_settings(content))]
    return "\n\n".join(blocks) + "\n"
