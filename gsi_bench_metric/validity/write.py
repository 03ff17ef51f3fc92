"""Writes what a validity run found: page, plots, Markdown, and every number as JSON."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gsi_bench_metric.imaging.images import load_rgb
from gsi_bench_metric.pages.files import json_text, write_all
from gsi_bench_metric.pages.images import data_url, fit, shrink
from gsi_bench_metric.validity.content import Content, build_content
from gsi_bench_metric.validity.grid import CONDITIONS, OUTCOMES
from gsi_bench_metric.validity.page import drawings, html, markdown
from gsi_bench_metric.validity.run import Request, Validation, example_pictures

__all__ = ["content_json", "write_validity"]

_THUMBNAIL = 300  # pixels


def write_validity(found: Validation, request: Request, folder: Path) -> tuple[Content, list[Path]]:
    """Writes `validity.html`, `.md`, `.json`, `objects.jsonl` and the plots as PNG; the content and the paths."""
    content = build_content(found)
    plots = drawings(content)
    prompt, gallery = _gallery(request, found)
    contents: dict[str, str | bytes | Iterable[str]] = {
        "validity.html": html(content, plots, prompt, gallery),
        "validity.md": markdown(content),
        "validity.json": content_json(content),
        "objects.jsonl": (json.dumps(check.to_json()) + "\n" for check in found.checks),
    }
    contents |= {"-".join(filter(None, name)) + ".png": drawing.png() for name, drawing in plots.items()}
    return content, write_all(folder, contents)


def content_json(content: Content) -> str:
    """All verdicts and numbers, unrounded."""
    bars_of = {part.protocol: part.bars for part in content.parts} | {"detector": content.detector_bars}
    whole = {
        "settings": content.settings,
        "bars": {
            name: [{"asked": a, "found": value, "verdict": verdict} for a, value, verdict in bars]
            for name, bars in bars_of.items()
        },
        "protocols": [dataclasses.asdict(part) for part in content.parts],
        "detector": {
            **dataclasses.asdict(dataclasses.replace(content.detector, confusion={})),
            "confusion": [
                {"truth": truth, "found": state, "objects": count}
                for (truth, state), count in sorted(content.detector.confusion.items())
            ],
        },
        "not_applicable": content.not_applicable.to_json(),
    }
    return json_text(whole, default=_plain)


def _plain(value: Any) -> Any:
    return dict(value) if hasattr(value, "items") else list(value)


def _gallery(request: Request, found: Validation) -> tuple[str, list[tuple[str, str]]]:
    words = {c.pictures["after"]: f"right, {c.short}" for c in CONDITIONS if c.degradation is None}
    words |= {"source": "source"} | {o.variant: o.words for o in OUTCOMES} | {f"{c.name}:after": c.short for c in CONDITIONS}
    prompt, (x1, y1, x2, y2), pictures = example_pictures(request, found.families)
    shown = []
    for name, picture in pictures:
        rgb = load_rgb(picture)[y1:y2, x1:x2]
        shown.append((words[name], data_url(shrink(rgb, fit((rgb.shape[1], rgb.shape[0]), _THUMBNAIL)))))
    return prompt, shown
