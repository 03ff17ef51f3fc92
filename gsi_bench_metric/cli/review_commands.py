"""`gsi-bench review`: a thin shell around review/page.py, review/asking.py and review/applying.py."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gsi_bench_dataset.cli.main import new_command, say, whole
from gsi_bench_dataset.records import SPLITS
from gsi_bench_metric.cli.judge_commands import add_judge_options, judge_options
from gsi_bench_metric.judges.registry import MODELS

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
        "    --out checked/GSI-Bench\n"
        "gsi-bench review GSI-Bench/GSI-Bench --split fine --judge openai --judge-url http://localhost:8000/v1 \\\n"
        "    --judge-model MODEL --out review     # a second opinion: review/decisions-fine-judge.json",
    )
    parser.add_argument("data", metavar="DATA", help="dataset folder, or a Hub repository; an existing folder wins")
    parser.add_argument("--revision", help="branch, tag or commit of a Hub repository")
    parser.add_argument("--split", choices=(*SPLITS, "all"), help="of pages and judges: which (default: all)")
    parser.add_argument(
        "--out",
        required=True,
        type=Path,
        help="folder of pages, one a split, or of a judge's decisions; with --apply: dataset folder to write",
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
    parser.add_argument(
        "--judge",
        metavar="NAME",
        help=f"ask a model instead whether each instruction is plain and possible: {', '.join(MODELS)}; its answers are "
        "decisions of reviewer judge:MODEL",
    )
    parser.add_argument("--device", help="with --judge local: cpu, cuda or mps (default: the best one there is)")
    parser.add_argument("--quiet", action="store_true", help="with --judge: no progress bar")
    add_judge_options(parser, question=False)
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    from gsi_bench_dataset.storage.shards import resolve  # noqa: PLC0415
    from gsi_bench_metric.review.decisions import ReviewError  # noqa: PLC0415

    wrong = [f"--{name} is of pages" for name in ("split", "side") if args.apply and getattr(args, name) is not None]
    if args.undecided and not args.apply:
        wrong.append("--undecided is of decisions; give them with --apply")
    if args.judge is not None and args.apply:
        wrong.append("--judge makes decisions, and --apply takes them; ask first, then apply")
    if args.judge is not None and args.side is not None:
        wrong.append("--side is of pages; images for judges: --judge-max-side")
    if wrong:
        raise ReviewError("these options do not go together", wrong)
    splits = None if args.split in (None, "all") else [args.split]
    if args.judge is not None:
        return _ask(splits, args)
    data = resolve(args.data, args.revision, splits)
    return _apply(data, args) if args.apply else _pages(data, splits, args)


def _ask(splits: Sequence[str] | None, args: argparse.Namespace) -> int:
    from gsi_bench_dataset.problems import some  # noqa: PLC0415 - torch loads when it is needed
    from gsi_bench_dataset.storage.shards import read_dataset, resolve, split_names, split_sizes  # noqa: PLC0415
    from gsi_bench_metric.judges import JudgeOptions  # noqa: PLC0415
    from gsi_bench_metric.review.asking import ask_judge  # noqa: PLC0415
    from gsi_bench_metric.review.decisions import write_decisions  # noqa: PLC0415

    MODELS.require(args.judge)
    options = JudgeOptions(**judge_options(args))
    options.require_sound()  # before a dataset is fetched
    data = resolve(args.data, args.revision, splits)
    sizes = split_sizes(data)
    for split in splits or split_names(data):
        try:
            samples = read_dataset(data, split)
            found = ask_judge(
                args.judge, options, split, samples, args.out / "replies", total=sizes[split], progress=not args.quiet
            )
        except KeyboardInterrupt:
            say(f"stopped; {args.out / 'replies'} keeps what was answered, and the same command goes on from there")
            raise
        path = args.out / f"decisions-{split}-judge.json"
        write_decisions(path, found.decisions)
        lacking = sum(map(len, found.undecided.values()))
        said = f"{found.counts['keep']} keep, {found.counts['drop']} drop, {lacking} without a decision"
        say(f"{path}: {found.decisions.reviewer}: {said}")
        for why, ids in found.undecided.items():
            say(f"  {len(ids)}: {why}: {some(ids)}")
        if found.outages:
            say("  the same command asks again for those that it was not reached for")
    return 0


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
