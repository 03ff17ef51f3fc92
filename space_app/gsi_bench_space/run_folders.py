"""Runs that lie in a folder: their names, their numbers side by side, the report of one."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

from gsi_bench_metric.report.content import Report, build_report
from gsi_bench_metric.report.page import html
from gsi_bench_metric.report.tables import MEASURES
from gsi_bench_metric.runs import RunError, load_run

__all__ = ["RunFolderError", "found_runs", "leaderboard", "report_page"]

_SCORES = "scores.jsonl"


class RunFolderError(ValueError):
    """A run that cannot be shown."""


def found_runs(folder: Path) -> list[str]:
    """Names of the finished runs in a folder, below it at any depth of two.

    Raises:
        RunFolderError: no such folder, or no finished run in it.
    """
    if not folder.is_dir():
        raise RunFolderError(f"{folder}: no such folder; expected one that holds what `gsi-bench evaluate --out` wrote")
    paths = sorted({path.parent for pattern in ("*", "*/*") for path in folder.glob(f"{pattern}/{_SCORES}")})
    if not paths:
        raise RunFolderError(f"{folder}: no finished run in it; `gsi-bench evaluate … --out {folder}/NAME` makes one")
    return [path.relative_to(folder).as_posix() for path in paths]


def leaderboard(folder: Path, runs: Sequence[str]) -> list[list[str]]:
    """A row for every editor and split of every run: run, protocol, detector, split, editor, measures, n.

    Raises:
        RunFolderError: a run that cannot be read.
    """
    rows = []
    for name in runs:
        report = _report(folder, name)
        settings = report.run_settings
        for row in report.rows:
            numbers = [f"{row.values[key]:.1f}" if key in row.values else "–" for key in MEASURES]
            who = [name, str(settings["protocol"]), str(settings["detector"]), row.split, row.editor]
            rows.append([*who, *numbers, f"{row.values.get('n', 0):.0f}"])
    return rows


def report_page(folder: Path, name: str) -> str:
    """The report of a run as a page: the one that was written with pictures, else the tables alone.

    Raises:
        RunFolderError: it is none of `found_runs`, or cannot be read.
    """
    if name not in found_runs(folder):  # what a visitor sends may be any path
        raise RunFolderError(f"{name}: no run of that name")
    written = folder / name / "report.html"
    return written.read_text(encoding="utf-8") if written.is_file() else html(_report(folder, name))


@functools.lru_cache(maxsize=32)
def _report(folder: Path, name: str) -> Report:
    try:
        return build_report(load_run(folder / name), gallery=0, progress=False)
    except (RunError, OSError) as error:
        raise RunFolderError(f"{name}: {error}") from error
