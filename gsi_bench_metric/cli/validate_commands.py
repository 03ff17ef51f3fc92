"""`gsi-bench validate`: a thin shell around the validity of protocols, side by side or alone; of judges and photographs too."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gsi_bench_dataset.cli.main import MOST_WORKERS, new_command, say, whole
from gsi_bench_dataset.cli.runner_options import add_runner, runner_of
from gsi_bench_dataset.records import SPLITS
from gsi_bench_metric.cli.judge_commands import add_judge_validation, run_judge_validation
from gsi_bench_metric.cli.photo_commands import add_photo_validation, require_dataset, run_photo_validation
from gsi_bench_metric.protocols.registry import PROTOCOLS

if TYPE_CHECKING:
    from gsi_bench_metric.validity.run import Request

__all__ = ["add_validate"]


class GivenUsageError(ValueError):
    """Options that do not go together."""


def add_validate(subparsers: Any) -> None:
    """Adds `validate`."""
    parser = new_command(
        subparsers,
        "validate",
        "score right, graded, wrong and spoiled versions of edits with known ground truth, and hold them against bars",
        "gsi-bench build mesatask --variants 2 --out tables && \\\n"
        "  gsi-bench validate --data tables-variants --split mesatask --out runs/validity\n"
        "gsi-bench validate --data tables-variants --split mesatask --given boxes embedded simulator --out runs/sides\n"
        "gsi-bench validate --photos tests/data/photos --out runs/photos",
    )
    parser.add_argument("--data", help="dataset folder, or a Hub repository; an existing folder wins")
    parser.add_argument("--revision", help="branch, tag or commit of a Hub repository")
    parser.add_argument("--split", choices=SPLITS, help="the split that the images belong to")
    add_photo_validation(parser)
    parser.add_argument("--out", required=True, type=Path, help="run folder: written, or gone on with where it was stopped")
    parser.add_argument(
        "--protocol",
        nargs="+",
        dest="protocols",
        metavar="NAME",
        help=f"default: {' '.join(PROTOCOLS)}",
    )
    parser.add_argument(
        "--detector",
        help="tracker (default); tracker-boxes: without depth and masks, as with photographs; simulator: the truth, to judge "
        "protocols alone",
    )
    parser.add_argument("--cells", nargs="+", metavar="NAME", help="only these outcomes and conditions (default: all)")
    parser.add_argument(
        "--given",
        nargs="+",
        metavar="NAME",
        help="score the grid once for each of these and show them side by side: boxes (as photographs), embedded (masks and "
        "depth made from image and boxes, as enrich makes them), simulator (the renderer's); default: what samples have",
    )
    parser.add_argument("--limit", type=whole(), metavar="N", help="only the first N edits")
    parser.add_argument("--device", help="cpu, cuda or mps (default: the best one there is)")
    parser.add_argument(
        "--workers", type=whole(1, MOST_WORKERS), metavar="N", help="processes that score (default: one a core on a CPU)"
    )
    add_runner(parser)
    parser.add_argument("--quiet", action="store_true", help="no progress bar and no table")
    add_judge_validation(parser)
    parser.set_defaults(run=_run_validate)


def _run_validate(args: argparse.Namespace) -> int:
    if args.photos is not None:
        return run_photo_validation(args)
    require_dataset(args)
    if args.judge:
        if args.given:
            raise GivenUsageError("--given is of protocols, and --judge validates judges instead; leave one of them out")
        if not runner_of(args).one_machine:
            raise GivenUsageError(f"--judge asks judges from this process; leave --runner {args.runner} out")
        return run_judge_validation(args)
    from gsi_bench_metric.validity.page import bars_table  # noqa: PLC0415 - torch loads when it is needed
    from gsi_bench_metric.validity.run import Request, validate  # noqa: PLC0415
    from gsi_bench_metric.validity.write import write_validity  # noqa: PLC0415

    names = vars(args).keys() & Request.__dataclass_fields__.keys()
    lists = {
        "protocols": tuple(args.protocols or PROTOCOLS),
        "cells": tuple(args.cells) if args.cells else None,
        "detector": args.detector or Request.detector,
    }
    request = Request(**{name: getattr(args, name) for name in names} | lists | {"given": None, "runner": runner_of(args)})
    if args.given:
        return _run_sides(args, request)
    try:
        found = validate(request, args.out, progress=not args.quiet)
    except KeyboardInterrupt:
        say(f"stopped; {args.out} keeps what was done, and the same command goes on from there")
        raise
    content, written = write_validity(found, request, args.out)
    if not args.quiet:
        say(bars_table(content))
        say("\n".join(map(str, written)))
    return 0


def _run_sides(args: argparse.Namespace, request: Request) -> int:
    """`gsi-bench validate --given …`."""
    from gsi_bench_metric.validity.sides.page import summary  # noqa: PLC0415 - torch loads when it is needed
    from gsi_bench_metric.validity.sides.run import validate_sides  # noqa: PLC0415

    try:
        content, written = validate_sides(request, args.given, args.out, progress=not args.quiet)
    except KeyboardInterrupt:
        say(f"stopped; {args.out} keeps what was done, and the same command goes on from there")
        raise
    if not args.quiet:
        say(summary(content))
        say("\n".join(map(str, written)))
    return 0
