"""The page of several ways side by side, as HTML, Markdown and JSON."""

from __future__ import annotations

from pathlib import Path

from gsi_bench_metric.pages.files import json_text, write_all
from gsi_bench_metric.pages.markdown import bullets, escaped
from gsi_bench_metric.pages.shell import page_template
from gsi_bench_metric.pages.tables import markdown_table, terminal_table
from gsi_bench_metric.validity.sides.content import Sides

__all__ = ["html", "markdown", "summary", "write_sides"]


def write_sides(content: Sides, folder: Path) -> list[Path]:
    """Writes `validity.html`, `.md` and `.json`; the paths."""
    texts = {"validity.html": html(content), "validity.md": markdown(content), "validity.json": json_text(content.to_json())}
    return write_all(folder, texts)


def html(content: Sides) -> str:
    """The page: self-contained, no scripts; links lead to the pages of the single ways."""
    return page_template("gsi_bench_metric.validity.sides").render(content=content, settings=_settings(content))


def markdown(content: Sides) -> str:
    """The tables of the page; everything from outside is escaped."""
    blocks = ["# Validity, side by side"]
    blocks.append(bullets([(name, words + (f": {made}" if made else "")) for name, words, made in content.means]))
    for protocol in content.settings["protocols"]:
        blocks += [f"## {escaped(protocol)} protocol", bullets(content.told(protocol))]
        blocks.append(markdown_table(content.summary_table(protocol)))
        blocks += ["### Right edits: IC", markdown_table(content.right_table(protocol))]
        blocks += ["### Wrong edits: IC", markdown_table(content.wrong_table(protocol))]
        blocks += ["### Right edits that cannot be scored", markdown_table(content.excluded_table(protocol))]
        reasons = content.reasons_table(protocol)
        blocks += ["### Why they cannot be scored", markdown_table(reasons)] if reasons.rows else []
    return "\n\n".join([*blocks, "## Settings", bullets(_settings(content))]) + "\n"


def summary(content: Sides) -> str:
    """The deciding figures, for a terminal."""
    tables = [(name, terminal_table(content.summary_table(name))) for name in content.settings["protocols"]]
    return "\n\n".join(f"{name} protocol\n\n{table}" for name, table in tables)


def _settings(content: Sides) -> list[tuple[str, str]]:
    settings = content.settings
    return [
        ("Data", settings["dataset"]["path"]),
        ("Content hash", settings["dataset"]["content_hash"] or "none"),
        ("Split", settings["split"]),
        ("Edits", ", ".join(f"{name} {count}" for name, count in settings["operations"].items())),
        ("Detector", settings["detector"]),
        ("Cells", ", ".join(settings["cells"]) if settings["cells"] else "all"),
        ("Limit", "none" if settings["limit"] is None else f"the first {settings['limit']} edits"),
        ("Device", settings["device"]),
        ("Made", settings["created"]),
        ("Versions", ", ".join(f"{name} {version}" for name, version in settings["versions"].items())),
    ]
