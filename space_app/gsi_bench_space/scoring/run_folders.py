"""Runs that lie in a folder: their names, their numbers side by side, the report of one.

Names come from visitors, files from anyone who ran something: a name counts only if it is one of `found_runs`, no link leads
out of the folder, files are regular and bounded, and one damaged run takes nothing away from the others.
"""

from __future__ import annotations

import functools
import logging
from pathlib import Path

from gsi_bench_dataset.safety.files import FileProblemError, read_regular
from gsi_bench_dataset.safety.names import UnsafeNameError, inside, printable
from gsi_bench_metric.leaderboard.content import build_board
from gsi_bench_metric.leaderboard.page import index_page
from gsi_bench_metric.report.content import Report, build_report
from gsi_bench_metric.report.page import html
from gsi_bench_metric.run.folder import SCORES, SETTINGS, RunError, load_run

__all__ = ["MOST_PAGE_BYTES", "RunFolderError", "found_runs", "leaderboard_page", "page_of", "report_page"]

logger = logging.getLogger(__name__)

MOST_PAGE_BYTES = 64 * 2**20  # a report with all of its images; it travels to the visitor as a whole


class RunFolderError(ValueError):
    """A run that cannot be shown."""


def found_runs(folder: Path) -> list[str]:
    """Names of the finished runs in a folder, below it at any depth of two; none with files that lie elsewhere by a link.

    Raises:
        RunFolderError: no such folder, or no finished run in it.
    """
    if not folder.is_dir():
        raise RunFolderError(f"{folder}: no such folder; expected one that holds what `gsi-bench evaluate --out` wrote")
    paths = sorted({path.parent for pattern in ("*", "*/*") for path in folder.glob(f"{pattern}/{SCORES}")})
    names = [name for path in paths if _stays_inside(folder, name := path.relative_to(folder).as_posix())]
    if not names:
        raise RunFolderError(f"{folder}: no finished run in it; `gsi-bench evaluate … --out {folder}/NAME` makes one")
    return names


def leaderboard_page(folder: Path) -> str:
    """The leaderboard of `found_runs` as a page that stands alone; runs that cannot be read are named on it.

    Raises:
        RunFolderError: none of them can be read.
    """
    names = found_runs(folder)
    stamps = tuple(_stamp(folder / name / file) for name in names for file in (SETTINGS, SCORES))
    return _leaderboard_as_of(folder, tuple(names), stamps)


def report_page(folder: Path, name: str) -> str:
    """The report of a run as a page: the one that was written with images, else the tables alone.

    Raises:
        RunFolderError: it is none of `found_runs`, or cannot be read.
    """
    if name not in found_runs(folder):  # what a visitor sends may be any path
        raise RunFolderError(f"{printable(name)}: no run of that name")
    written = folder / name / "report.html"
    if written.is_file() and _stays_inside(folder, f"{name}/{written.name}"):
        return page_of(written, f"{name}/{written.name}")
    return html(_report(folder, name))


def page_of(file: Path, name: str) -> str:
    """A page that lies in a file; `name` is what a message calls it, for visitors do not see paths.

    Raises:
        RunFolderError: gone, too large, no regular file or no text.
    """
    try:
        return read_regular(file, MOST_PAGE_BYTES).decode("utf-8")
    except (OSError, FileProblemError, UnicodeDecodeError) as error:
        logger.warning("%s cannot be shown: %s", file, error)
        raise RunFolderError(f"{name}: cannot be read as a page of up to {MOST_PAGE_BYTES // 2**20} MB") from error


def _stays_inside(folder: Path, name: str) -> bool:
    """Whether nothing on the way to a run, and nothing in it, leads out of the folder by a link."""
    try:
        path = inside(folder, name)
        for entry in path.iterdir() if path.is_dir() else ():
            inside(folder, f"{name}/{entry.name}")
    except (UnsafeNameError, OSError) as error:
        logger.warning("%s/%s is not shown: %s", folder, name, error)
        return False
    return True


def _report(folder: Path, name: str) -> Report:
    """The report's numbers, read again when the run was made again."""
    return _report_as_of(folder, name, tuple(_stamp(folder / name / file) for file in (SETTINGS, SCORES)))


def _stamp(path: Path) -> tuple[int, ...] | None:
    """What changes with a file's content, which a run always writes as a whole; None: it is not there."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


@functools.lru_cache(maxsize=4)
def _leaderboard_as_of(folder: Path, names: tuple[str, ...], stamps: tuple[tuple[int, ...] | None, ...]) -> str:
    try:
        return index_page(build_board([folder / name for name in names]))
    except RunError as error:
        raise RunFolderError(str(error).replace(f"{folder}/", "")) from error


@functools.lru_cache(maxsize=256)
def _report_as_of(folder: Path, name: str, stamps: tuple[tuple[int, ...] | None, ...]) -> Report:
    try:
        report = build_report(load_run(folder / name), gallery=0, progress=False)
    except RunError as error:
        raise RunFolderError(f"{name}: {error}".replace(f"{folder}/", "")) from error
    except Exception as error:
        # Whatever its files hold: the other runs are shown all the same.
        logger.exception("the run %s cannot be read", name)
        raise RunFolderError(f"{name}: its files are damaged ({type(error).__name__}); evaluate it again") from error
    return report
