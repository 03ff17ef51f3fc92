"""`gsi-bench export --format TRAINER` and `gsi-bench leakage`: thin shells around trainers/ and leakage/."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from gsi_bench_dataset.cli.main import say, whole
from gsi_bench_dataset.problems import some
from gsi_bench_dataset.records import SPLITS
from gsi_bench_dataset.safety.files import printable_path
from gsi_bench_dataset.trainers.registry import FORMS

__all__ = ["OFFICIAL", "add_trainer_options", "export_for_trainer", "problems_of"]

OFFICIAL = "official"
LANGUAGES = ("en", "zh", "both")
_SMALLEST, _LARGEST = 64, 8192  # sides of images, pixels


def add_trainer_options(parser: argparse.ArgumentParser) -> None:
    """The options of `export` that say for which trainer, and how."""
    parser.add_argument(
        "--format",
        choices=(OFFICIAL, *FORMS),
        default=OFFICIAL,
        help="the reference's layout, or training pairs as a trainer reads them (default: %(default)s)",
    )
    parser.add_argument("--language", choices=LANGUAGES, help="training pairs: of the instructions (default: en)")
    parser.add_argument(
        "--max-side",
        type=whole(_SMALLEST, _LARGEST),
        metavar="PIXELS",
        help="training pairs: longer side of the images at most (default: as they are; sides become multiples of 16)",
    )
    parser.add_argument(
        "--drop-restricted",
        action="store_true",
        help="training pairs: leave out images that are not known to be redistributable",
    )


def problems_of(args: argparse.Namespace) -> list[str]:
    """Why options of `export` do not go together; empty where they do."""
    if args.format != OFFICIAL:
        return []
    given = {"--language": args.language, "--max-side": args.max_side, "--drop-restricted": args.drop_restricted}
    found = [f"{name} goes with --format of a trainer ({', '.join(FORMS)})" for name, value in given.items() if value]
    return found + (["--split is needed for the reference's layout"] if args.split is None else [])


def export_for_trainer(args: argparse.Namespace, progress: Callable[[Iterable[Any], str, int | None], Iterable[Any]]) -> int:
    """`gsi-bench export --format TRAINER`; `progress(items, title, total)` shows how far it is."""
    from gsi_bench_dataset.storage.shards import DatasetError, resolve, split_names, split_sizes  # noqa: PLC0415
    from gsi_bench_dataset.trainers.exporting import NO_FLIPS, export_pairs, rights_words, shape_words, test_words  # noqa: PLC0415
    from gsi_bench_dataset.trainers.pairs import Account, Wanted, pairs_of  # noqa: PLC0415
    from gsi_bench_dataset.trainers.registry import form  # noqa: PLC0415

    asked = None if args.split in (None, "all") else [args.split]
    folder = resolve(args.dataset, args.revision, asked)
    there = split_names(folder)
    splits = there if asked is None else asked
    if not splits or (asked and asked[0] not in there):
        wanted_words = f"split {asked[0]}" if asked else f"a split of {', '.join(SPLITS)}"
        raise DatasetError(f"{printable_path(args.dataset)}: expected {wanted_words}, found {', '.join(there) or 'none'}")
    account, wanted = Account(), Wanted(args.language or "en", args.max_side, args.drop_restricted)
    sizes = split_sizes(folder)
    pairs = progress(pairs_of(folder, splits, wanted, account), f"export {args.format}", sum(sizes[s] for s in splits))
    name = folder.resolve().name if folder.is_dir() and Path(args.dataset).is_dir() else str(args.dataset)
    facts = export_pairs(args.format, pairs, args.out, account, wanted, source=printable_path(name), overwrite=args.overwrite)
    chosen = form(args.format)
    say(f"{printable_path(args.out)}: {account.pairs} training pairs for {chosen.TRAINER}")
    say(f"  images: {shape_words(account)}")
    say("  train (also in README.md there):")
    for line in chosen.command(facts).splitlines():
        say(f"    {line}")
    for trap in (NO_FLIPS, *chosen.TRAPS):
        say(f"  mind: {trap}")
    for reason, ids in account.left_out.items():
        sys.stderr.write(f"note: {len(ids)} left out, {reason}: {some(ids)}\n")
    for words in (rights_words(account), test_words(account)):
        if words:
            sys.stderr.write(f"warning: {words}\n")
    return 0
