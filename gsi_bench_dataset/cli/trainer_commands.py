"""`gsi-bench export --format TRAINER` and `gsi-bench leakage`: thin shells around trainers/ and leakage/."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from gsi_bench_dataset.cli.main import new_command, say, whole
from gsi_bench_dataset.problems import some
from gsi_bench_dataset.records import SPLITS
from gsi_bench_dataset.safety.files import printable_path
from gsi_bench_dataset.trainers.registry import FORMS

__all__ = ["OFFICIAL", "add_leakage", "add_trainer_options", "export_for_trainer", "problems_of"]

OFFICIAL = "official"
LANGUAGES = ("en", "zh", "both")
_SHOWN = 20  # overlaps on the screen
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


def add_leakage(subparsers: Any) -> None:
    """Adds `leakage`."""
    parser = new_command(
        subparsers,
        "leakage",
        "look for what a training set and a test set have in common",
        "gsi-bench leakage GSI-Bench/GSI-Bench-train GSI-Bench/GSI-Bench\n"
        "Status: 0 nothing, 1 an overlap, 2 a set that cannot be read. Shared sentences and their templates are told and are\n"
        "no overlap: both kinds of sets are worded alike. docs/training.md says what is one.",
    )
    parser.add_argument("train", metavar="TRAIN", help="dataset folder, or a Hub repository ORG/NAME[@REVISION]")
    parser.add_argument("test", metavar="TEST", help="the same")
    parser.add_argument("--split", choices=SPLITS, action="append", help="of both; may be repeated (default: all)")
    parser.add_argument("--strict-templates", action="store_true", help="a shared template of sentences is an overlap too")
    parser.add_argument("--json", action="store_true", help="print all of it as JSON")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    parser.set_defaults(run=_run_leakage)


def _run_leakage(args: argparse.Namespace) -> int:
    from gsi_bench_dataset.leakage.comparing import compare_sets  # noqa: PLC0415

    train, test = _rows(args, "train"), _rows(args, "test")
    found = compare_sets(train, test, strict_templates=args.strict_templates)
    if args.json:
        say(json.dumps(found.to_json(), ensure_ascii=False, indent=1))
        return 0 if found.clean else 1
    for overlap in found.overlaps[:_SHOWN]:
        say(f"{overlap.kind}: {printable_path(overlap.train)} = {printable_path(overlap.test)}  {printable_path(overlap.what)}")
    if len(found.overlaps) > _SHOWN:
        say(f"... and {found.counts.total() - _SHOWN} more (--json lists them)")
    for what, silent in found.silent.items():
        words = ", ".join(f"{count} samples of {side} do not say them" for side, count in silent.items())
        sys.stderr.write(f"note: {what} not compared: {words}\n")
    for name, count in found.distinct.items():
        say(f"{found.shared[name]} of {count} {name} of the test set are in the training set too (no overlap: worded alike)")
    kinds = ", ".join(f"{kind} {count}" for kind, count in found.counts.items())
    say(
        f"{found.train} samples to train on, {found.test} to test with: {f'overlap: {kinds}' if kinds else 'nothing in common'}"
    )
    return 0 if found.clean else 1


def _rows(args: argparse.Namespace, side: str) -> Iterable[Any]:
    from gsi_bench_dataset.execution.progress import watched  # noqa: PLC0415
    from gsi_bench_dataset.leakage.comparing import rows_of  # noqa: PLC0415
    from gsi_bench_dataset.storage.shards import DatasetError, resolve, split_sizes  # noqa: PLC0415

    name = getattr(args, side)
    folder = resolve(name, None, args.split)
    sizes = split_sizes(folder)
    splits = [split for split in sizes if not args.split or split in args.split]
    if not splits:
        wanted = ", ".join(args.split or SPLITS)
        raise DatasetError(
            f"{printable_path(name)}: expected a dataset with a split of {wanted}; found {', '.join(sizes) or 'none'}"
        )
    total = sum(sizes[split] for split in splits)
    return watched(rows_of(folder, splits), f"leakage {side}", total, "sample", quiet=args.quiet)
