"""`gsi-bench leaderboard`: a thin shell."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from gsi_bench_dataset.cli.main import new_command, say, whole

__all__ = ["add_leaderboard"]

_MOST_CARDS = 3  # of a kind: what a gallery shows of one editor on one split


def add_leaderboard(subparsers: Any) -> None:
    """Adds `leaderboard` to the parser of `gsi-bench`."""
    parser = new_command(
        subparsers,
        "leaderboard",
        "write a static site that ranks the editors of many runs: tables by split, protocol and operation with rank bounds, "
        "pairwise differences, a page with a gallery for each editor, CSV, LaTeX, Markdown, and files for the Hub",
        "gsi-bench leaderboard runs/* --out site\n"
        "gsi-bench leaderboard runs/* --out site --dataset-id GSI-Bench/GSI-Bench --space-id ORG/gsi-leaderboard\n"
        "hf upload ORG/gsi-leaderboard site . --repo-type space\n"
        "Only runs that were scored alike stand in one table: the same data and edits, protocol and version, detector, judge,\n"
        "mapping policy. The others get tables of their own, which say in what they differ. Folders that hold no finished run\n"
        "are named and counted, and the rest goes on. A second run replaces the site as a whole.",
    )
    parser.add_argument(
        "run_folders", nargs="+", type=Path, metavar="RUN", help="folders that `gsi-bench evaluate --out` wrote"
    )
    parser.add_argument("--out", required=True, type=Path, help="folder of the site: new, empty, or a former site")
    parser.add_argument(
        "--gallery",
        type=whole(0, _MOST_CARDS),
        default=2,
        metavar="N",
        help="best, worst and random edits on an editor's page, N of each for a run and split (default: 2; 0: no images)",
    )
    parser.add_argument(
        "--dataset-id",
        metavar="ORG/NAME",
        help="the Hub repository that the runs' data is published as (default: the one that a run read); without one there "
        "are no .eval_results",
    )
    parser.add_argument("--space-id", metavar="ORG/NAME", help="the Space that the site will be: results link to it")
    parser.add_argument("--quiet", action="store_true", help="no progress bars and no summary")
    parser.set_defaults(run=_run_leaderboard)


def _run_leaderboard(args: argparse.Namespace) -> int:
    from gsi_bench_metric.leaderboard.content import build_board  # noqa: PLC0415 - torch loads when it is needed
    from gsi_bench_metric.leaderboard.exports import summary  # noqa: PLC0415
    from gsi_bench_metric.leaderboard.hub_files import HubNames  # noqa: PLC0415
    from gsi_bench_metric.leaderboard.write import require_site, write_site  # noqa: PLC0415

    names = HubNames(args.dataset_id, args.space_id)
    names.require_sound()  # before runs are read
    require_site(args.out)
    board = build_board(args.run_folders, progress=not args.quiet)
    written = write_site(board, args.out, gallery=args.gallery, names=names, progress=not args.quiet)
    if not args.quiet:
        say(summary(board, written.left_out, written.problems))
        say(f"{args.out}/index.html; to publish: hf upload ORG/NAME {args.out} . --repo-type space")
    return 0
