"""`gsi-bench review`: a thin shell around review/page.py and review/applying.py."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gsi_bench_dataset.cli.main import new_command, say, whole
from gsi_bench_dataset.records import SPLITS

if TYPE_CHECKING:
    from gsi_bench_metric.review.agreement import Agreement

__all__ = ["add_review"]

_LEAST_SIDE, _MOST_SIDE = 256, 4096
_UNDECIDED = ("keep", "drop")


def add_review(subparsers: Any) -> None:
    """Adds `review`."""
    parser = new_command(
        subparsers,
        "review",
        "let people keep, drop or amend samples: write the page, then apply their decisions",
        "gsi-bench review GSI-Bench/GSI-Bench --split fine --out review     # review/fine.html; open it, decide, save\n"
        "gsi-bench review GSI-Bench/GSI-Bench --apply decisions-fine-ada.json --apply decisions-fine-bo.json \\\n"
        "    --out checked/GSI-Bench",
    )
    parser.add_argument("data", metavar="DATA", help="dataset folder, or a Hub repository; an existing folder wins")
    parser.add_argument("--revision", help="branch, tag or commit of a Hub repository")
    parser.add_argument("--split", choices=(*SPLITS, "all"), help="of pages: which (default: all)")
    parser.add_argument(
        "--out", required=True, type=Path, help="folder of pages, one a split; with --apply: dataset folder to write"
    )
    parser.add_argument(
        "--apply",
        action="append",
        default=[],
        type=Path,
        metavar="JSON",
        help="decisions that a page saved; may be repeated, for other reviewers and splits",
    )
    parser.add_argument(
        "--undecided", choices=_UNDECIDED, help="with --apply: what becomes of samples that nobody decided (default: an error)"
    )
    parser.add_argument(
        "--side",
        type=whole(_LEAST_SIDE, _MOST_SIDE),
        metavar="PIXELS",
        help="of pages: longer side of their images at most (default: 1024)",
    )
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    from gsi_bench_dataset.storage.shards import resolve  # noqa: PLC0415
    from gsi_bench_metric.review.decisions import ReviewError  # noqa: PLC0415

    wrong = [f"--{name} is of pages" for name in ("split", "side") if args.apply and getattr(args, name) is not None]
    if args.undecided and not args.apply:
        wrong.append("--undecided is of decisions; give them with --apply")
    if wrong:
        raise ReviewError("these options do not go together", wrong)
    splits = None if args.split in (None, "all") else [args.split]
    data = resolve(args.data, args.revision, splits)
    return _apply(data, args) if args.apply else _pages(data, splits, args)


def _pages(data: Path, splits: Sequence[str] | None, args: argparse.Namespace) -> int:
    from gsi_bench_dataset.storage.shards import read_dataset, split_names  # noqa: PLC0415
    from gsi_bench_metric.review.page import LONGEST_SIDE, write_page  # noqa: PLC0415

    for split in splits or split_names(data):
        page = args.out / f"{split}.html"
        count = write_page(split, read_dataset(data, split), page, args.side or LONGEST_SIDE)
        say(f"{page}: {count} samples, {page.stat().st_size / 2**20:.1f} MB; open it in a browser")
    return 0


def _apply(data: Path, args: argparse.Namespace) -> int:
    from gsi_bench_metric.review.applying import apply_decisions  # noqa: PLC0415
    from gsi_bench_metric.review.decisions import Decisions, ReviewError, read_decisions  # noqa: PLC0415

    decisions: list[Decisions] = []
    problems: list[str] = []
    for path in args.apply:
        try:
            decisions.append(read_decisions(path))
        except ReviewError as error:
            problems += [f"{path}: {problem}" for problem in error.problems]
    if problems:
        raise ReviewError("these decisions cannot be read, and nothing was written", problems)
    done = apply_decisions(data, decisions, args.out, args.undecided)
    for split, counts in done.counts.items():
        say(f"{split}: {counts['kept']} kept, {counts['dropped']} dropped, {counts['amended']} amended")
        if counts["apart"]:
            say(f"  of the dropped, {counts['apart']} that another reviewer did not drop")
        if counts["undecided"]:
            say(f"  {counts['undecided']} that nobody decided: {args.undecided}")
        for found in done.agreements[split]:
            say(f"  {_in_words(found)}")
    say(f"dataset: {args.out}")
    return 0


def _in_words(found: Agreement) -> str:
    who = f"{found.first}, {found.second}"
    if not found.n:
        return f"{who}: no sample that both decided"
    kappa = "undefined (one verdict throughout)" if found.kappa is None else f"{found.kappa:.2f}"
    return f"{who}: κ {kappa}; {found.same} of {found.n} alike"
