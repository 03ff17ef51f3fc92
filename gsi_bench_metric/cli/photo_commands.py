"""`gsi-bench validate --photos …` and `gsi-bench photos …`."""

from __future__ import annotations

import argparse
from pathlib import Path

from gsi_bench_dataset.cli.main import say

__all__ = ["add_photo_validation", "require_dataset", "run_photo_validation"]

_FOR_DATASETS = ("data", "split", "revision", "cells", "judge", "controls")  # options of `validate` that mean nothing here


class PhotoUsageError(ValueError):
    """Options that do not go together."""


def add_photo_validation(parser: argparse.ArgumentParser) -> None:
    """Adds `--photos` to `validate`: photographs with a known outcome instead of rendered edits."""
    parser.add_argument(
        "--photos",
        type=Path,
        metavar="DIR",
        help="validate on pairs of photographs whose outcome is known instead of a dataset (docs/photographs-truth.md); by "
        "default with tracker-boxes",
    )
    parser.add_argument("--only", nargs="+", metavar="NAME", help="with --photos: only these pairs or kinds of pairs")


def require_dataset(args: argparse.Namespace) -> None:
    """Does nothing where `validate` is told of a dataset.

    Raises:
        PhotoUsageError: it is not, or of pairs too.
    """
    lacking = [f"--{name}" for name in ("data", "split") if getattr(args, name) is None]
    if lacking:
        raise PhotoUsageError(f"{' and '.join(lacking)} {'is' if len(lacking) == 1 else 'are'} needed, or --photos DIR")
    if args.only:
        raise PhotoUsageError("--only belongs to --photos; leave it out, or use --cells and --limit")


def run_photo_validation(args: argparse.Namespace) -> int:
    """`gsi-bench validate --photos …`."""
    from gsi_bench_metric.photos.run import PROTOCOL, PhotoRequest, validate_photos  # noqa: PLC0415 - torch loads here
    from gsi_bench_metric.photos.write import terminal, write_photos  # noqa: PLC0415

    strange = [f"--{name}" for name in _FOR_DATASETS if getattr(args, name) is not None]
    if args.protocols is not None and list(args.protocols) != [PROTOCOL]:
        strange.append("--protocol")
    if strange:
        raise PhotoUsageError(f"--photos is scored under {PROTOCOL} and takes no {', '.join(strange)}; leave it out")
    request = PhotoRequest(
        photos=args.photos,
        detector=args.detector or PhotoRequest.detector,
        only=tuple(args.only) if args.only else None,
        limit=args.limit,
        device=args.device,
        workers=args.workers,
    )
    try:
        found = validate_photos(request, args.out, progress=not args.quiet)
    except KeyboardInterrupt:
        say(f"stopped; {args.out} keeps what was done, and the same command goes on from there")
        raise
    written = write_photos(found, args.out)
    if not args.quiet:
        say(terminal(found))
        say("\n".join(map(str, written)))
    return 0
