"""Writes a run's report: one self-contained HTML page, Markdown, JSON, CSV. Everything that came from outside is escaped."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from gsi_bench_dataset.records import Change, Score
from gsi_bench_metric.pages.csv_lines import csv_line
from gsi_bench_metric.pages.files import json_text, write_all
from gsi_bench_metric.report.content import Report, build_report
from gsi_bench_metric.report.markdown import markdown, summary
from gsi_bench_metric.report.page import html
from gsi_bench_metric.report.tables import MEASURES
from gsi_bench_metric.run.folder import Run

__all__ = ["html", "markdown", "report_json", "scores_csv", "summary", "write_report"]

_JSON_KEYS = {
    **{key: meaning for key, (_, meaning) in MEASURES.items()},
    "el_ssim": "100·SSIM outside of the edit, counted where IC > 0",
    "el_ssim_ungated": "100·SSIM outside of the edit, of every image",
    "n": "edits with IC and SA",
    "n_not_scored": "edits without IC and SA",
    "n_ic": "edits with IC = 1",
    "<key>_given_ic": "mean over the edits with IC = 1",
    "<key>_all": "mean over all samples, missing and unreadable images counted as 0; only where there are any",
    "<key>_worst, <key>_best": "strict: mean with what was left out as 0 and as the most it can be; only where there is any",
    "n_<key>": "strict: how many edits that mean is of; edits that cannot be measured are left out of it",
    "<key>_low, <key>_high": "95 % interval clustered by scene; only from 10 scenes on",
    "<key>/<operation>": "the same for one operation",
    "null": "not a number: official SSIM is 0/0 where an edit may touch the whole image",
}


def write_report(run: Run, folder: Path, *, progress: bool = True) -> list[Path]:
    """Writes `report.html`, `report.md`, `report.json` and `scores.csv` into the folder; their paths."""
    report = build_report(run, progress=progress)
    contents: dict[str, str | bytes | Iterable[str]] = {
        "report.html": html(report),
        "report.md": markdown(report),
        "report.json": report_json(report),
        "scores.csv": _csv_lines(run.scores),
    }
    return write_all(folder, contents)


def report_json(report: Report) -> str:
    """All rows unrounded, everything that was not scored by sample id, the run's settings; `keys` says what each key means."""
    content = {
        "keys": _JSON_KEYS,
        "comparable_with_paper": report.comparable,
        "not_comparable_because": report.not_comparable_because,
        "rows": [
            {"split": row.split, "editor": row.editor, "judged": row.judged, "values": _finite(row.values)}
            for row in report.rows
        ],
        "distributions": [dataclasses.asdict(found) for found in report.distributions],
        "faults": [group.to_json() for group in report.faults],
        "unscored": [
            {
                "split": found.split,
                "editor": found.editor,
                "reason": found.reason,
                "meaning": found.meaning,
                "count": found.count,
                "edits": [{"sample_id": i, "text": text} for text, ids in found.texts for i in ids],
            }
            for found in report.unscored
        ],
        "gallery": {
            "problem": report.gallery.problem,
            "not_shown": [
                {
                    "split": card.split,
                    "editor": card.editor,
                    "sample_id": card.sample_id,
                    "image": figure.caption,
                    "why": figure.why,
                }
                for card in report.gallery.cards
                for figure in card.figures
                if figure.url is None
            ],
        },
        "leftovers": [dataclasses.asdict(left) for left in report.leftovers],
        "settings": report.run_settings,
    }
    return json_text(content, indent=2)


def scores_csv(scores: Iterable[Score]) -> str:
    """Every score as a line of CSV. Text that a spreadsheet would take for a formula gets a quote before it.

    `faults` are their kinds with `|` between them; `done`, `asked` and `changed` are JSON, empty where there is nothing.
    """
    return "".join(_csv_lines(scores))


def _csv_lines(scores: Iterable[Score]) -> Iterator[str]:
    names = [field.name for field in dataclasses.fields(Score)]
    yield ",".join(names) + "\n"
    for score in scores:
        row = score.to_row() | {
            "reasons": " | ".join(map(str, score.reasons)),
            "faults": "|".join(fault.kind for fault in score.faults),
            **{name: _changes(getattr(score, name)) for name in ("done", "asked", "changed")},
        }
        yield csv_line(row[name] for name in names) + "\n"


def _changes(found: Iterable[Change]) -> str:
    lines = [{key: value for key, value in change.to_json().items() if value is not None} for change in found]
    return json.dumps(lines, ensure_ascii=False) if lines else ""


def _finite(values: Any) -> dict[str, float | None]:
    return {key: value if math.isfinite(value) else None for key, value in values.items()}
