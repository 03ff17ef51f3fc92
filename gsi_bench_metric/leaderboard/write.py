"""Writes the site: built whole beside its place, then put there in one step. Nothing of a former site stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import yaml
from tqdm import tqdm

from gsi_bench_dataset.problems import some
from gsi_bench_dataset.safety.files import FileProblemError, printable_path, read_json
from gsi_bench_dataset.storage.folders import NEW, OLD, scratch_beside, swap_in
from gsi_bench_dataset.version import __version__
from gsi_bench_metric.leaderboard.boards import board_tables
from gsi_bench_metric.leaderboard.content import Board
from gsi_bench_metric.leaderboard.exports import (
    KIND,
    board_csv,
    board_json,
    board_latex,
    board_markdown,
    pairs_csv,
    published_csv,
)
from gsi_bench_metric.leaderboard.hub_files import HubNames, hub_files
from gsi_bench_metric.leaderboard.page import index_page, model_page, pairs_page
from gsi_bench_metric.leaderboard.published import published
from gsi_bench_metric.pages.files import write_all
from gsi_bench_metric.report.gallery import Gallery, build_gallery
from gsi_bench_metric.run.folder import require_folder

__all__ = ["SiteError", "Written", "require_site", "write_site"]

_DATA = "leaderboard.json"
_FILES = (
    ("leaderboard.csv", "every row and operation, unrounded, with rank bounds"),
    ("pairs.csv", "every pair of every table: difference, interval, p-value"),
    ("leaderboard.tex", "LaTeX, booktabs"),
    ("leaderboard.md", "Markdown"),
    (_DATA, "all of it"),
    ("published.csv", "the paper’s Table 2, not re-measured"),
)
_OWN = {"README.md", "index.html", "models", "pairs", "hub", *(name for name, _ in _FILES)}
_KINDS = 3  # best, worst, random
_MOST_BYTES = 512 * 2**20  # of a former site's JSON


class SiteError(ValueError):
    """A place where no site can be written."""


class Written(NamedTuple):
    """What came of a site.

    Attributes:
        left_out: rows without a file for the Hub, and why.
        problems: images that could not be shown, by run, with where they were looked for.
    """

    files: Sequence[Path]
    left_out: Sequence[str]
    problems: Sequence[str]


def require_site(out: Path) -> None:
    """Does nothing where a site may be written: a new name, an empty folder, or a former site, which is replaced.

    Raises:
        SiteError: it holds other files: they would be lost.
        RunError: no folder can be made there.
    """
    require_folder(out)
    if not out.is_dir():
        return
    there = sorted(path.name for path in out.iterdir())
    others = [name for name in there if name not in _OWN]
    if there and (others or not _is_site(out / _DATA)):
        found = some(others or there)
        remedy = "a site is replaced as a whole, which would remove them; choose another --out, or move them"
        raise SiteError(f"{printable_path(out)}: holds other files ({found}); {remedy}")


def _is_site(file: Path) -> bool:
    try:
        found = read_json(file, _MOST_BYTES)
    except (OSError, FileProblemError):
        return False
    return isinstance(found, dict) and found.get("kind") == KIND


def write_site(board: Board, out: Path, *, gallery: int = 3, names: HubNames | None = None, progress: bool = False) -> Written:
    """Writes the site of a leaderboard.

    Args:
        board: what it shows.
        out: folder; see `require_site`.
        gallery: edits of each kind (best, worst, random) on an editor's page, for each run and split. 0: no images.
        names: repositories of the Hub.
        progress: show bars.

    Raises:
        SiteError, RunError, HubError: see `require_site` and `HubNames.require_sound`.
    """
    names = names or HubNames()
    names.require_sound()
    require_site(out)
    for_hub, left_out = hub_files(board, names)
    contents = {**_contents(board, left_out), **{f"hub/{name}": text for name, text in for_hub.items()}}
    with scratch_beside(out) as scratch:
        new = scratch / NEW
        written = write_all(new, contents)
        tables = {group.number: board_tables(group) for group in board.groups}
        galleries = _galleries(board, gallery, progress=progress)
        for model in tqdm(board.models, desc="pages", unit="page", delay=2, disable=not progress):
            page = model_page(model, tables, galleries, gallery=gallery > 0)
            written += write_all(new, {f"models/{model.slug}.html": page})
        require_site(out)  # galleries take their time
        swap_in(new, out, scratch / OLD)
    problems = [f"{name}: {found.problem}" for name, found in galleries.items() if found.problem]
    return Written([out / path.relative_to(new) for path in written], left_out, problems)


def _contents(board: Board, left_out: Sequence[str]) -> Mapping[str, str]:
    paper = published()
    pairs = {f"pairs/table-{group.number}.html": pairs_page(group) for group in board.groups if group.pairs}
    return {
        "README.md": _readme(board),
        "index.html": index_page(board, _FILES, left_out),
        "leaderboard.csv": board_csv(board),
        "pairs.csv": pairs_csv(board),
        "leaderboard.tex": board_latex(board, paper),
        "leaderboard.md": board_markdown(board, paper),
        _DATA: board_json(board, paper),
        "published.csv": published_csv(paper),
        **pairs,
    }


def _galleries(board: Board, each: int, *, progress: bool) -> dict[str, Gallery]:
    if not each:
        return {}
    runs = tqdm(board.runs.items(), desc="galleries", unit="run", delay=2, disable=not progress)
    return {name: build_gallery(run, each * _KINDS * len(run.groups()), progress=False) for name, run in runs}


def _readme(board: Board) -> str:
    """The page that a Space begins with: how the Hub is to show the rest, and what it is."""
    head = {
        "title": "GSI-Bench leaderboard",
        "emoji": "📐",
        "colorFrom": "indigo",
        "colorTo": "blue",
        "sdk": "static",
        "app_file": "index.html",
        "pinned": False,
        "license": "mit",
        "short_description": "Image editors ranked by measured 3D edits",
        "tags": ["leaderboard", "image-editing", "benchmark"],
    }
    front = yaml.safe_dump(head, sort_keys=False, allow_unicode=True)
    words = (
        f"# GSI-Bench leaderboard\n\n{board.summary}. Open `index.html`; the same as data: `leaderboard.csv`, `pairs.csv`, "
        "`leaderboard.json`, `leaderboard.md`, `leaderboard.tex`. `hub/` holds `.eval_results/` for model repositories and "
        f"`eval.yaml` for the dataset's.\n\nMade by gsi-bench {__version__} with `gsi-bench leaderboard`.\n"
    )
    return f"---\n{front}---\n\n{words}"
