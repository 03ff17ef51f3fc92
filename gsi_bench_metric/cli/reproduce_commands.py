"""`gsi-bench reproduce`: a thin shell around the package `reproduce`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from gsi_bench_dataset.cli.main import MOST_WORKERS, new_command, say, whole
from gsi_bench_dataset.cli.runner_options import add_runner, runner_of

__all__ = ["add_reproduce"]

DIFFERS = 1


def add_reproduce(subparsers: Any) -> None:
    """Adds `reproduce`."""
    parser = new_command(
        subparsers,
        "reproduce",
        "make a published result again from its bundle, three ways, beside the verified numbers",
        "gsi-bench reproduce bagel --bundle bagel-fine --out runs/bagel\n"
        "gsi-bench reproduce bagel --bundle ORG/NAME@REVISION --out runs/bagel --paths inspect aggregate\n"
        "inspect reads the published table, aggregate averages the published results again, full computes every number anew\n"
        "from images and recorded detections, without a GPU. The exit status is 1 where a number differs.",
    )
    parser.add_argument("what", choices=("bagel",), help="bagel: BAGEL on fine, 441 edits")
    parser.add_argument(
        "--bundle", required=True, metavar="DIR|REPO", help="the published bundle: a folder, or its dataset repository"
    )
    parser.add_argument("--revision", help="branch, tag or commit of the repository")
    parser.add_argument("--out", required=True, type=Path, help="folder for reproduce.md, reproduce.json and the run of `full`")
    parser.add_argument(
        "--paths", nargs="+", choices=("inspect", "aggregate", "full"), default=["inspect", "aggregate", "full"]
    )
    parser.add_argument(
        "--workers", type=whole(1, MOST_WORKERS), metavar="N", help="processes that score (default: one a core)"
    )
    add_runner(parser, gpus=False)
    parser.add_argument("--quiet", action="store_true", help="no progress bars")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    from gsi_bench_dataset.storage.folders import write_atomically  # noqa: PLC0415 - torch loads when it is needed
    from gsi_bench_metric.reproduce import PUBLISHED, open_bundle, reproduce, reproduction_markdown  # noqa: PLC0415
    from gsi_bench_metric.run.folder import require_folder  # noqa: PLC0415

    runner = runner_of(args)
    require_folder(args.out)
    bundle = open_bundle(args.bundle, PUBLISHED[args.what], args.revision)
    paths = tuple(dict.fromkeys(args.paths))
    made = reproduce(bundle, args.out, paths, workers=args.workers, runner=runner, progress=not args.quiet)
    page = reproduction_markdown(made)
    write_atomically(args.out / "reproduce.md", page)
    write_atomically(args.out / "reproduce.json", json.dumps(made.to_json(), indent=2) + "\n")
    say(page)
    return 0 if made.agrees else DIFFERS
