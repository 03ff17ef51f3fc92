"""`gsi-bench import | export | info`: thin shells around the functions of this package."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from gsi_bench_dataset.cli.main import new_command, say
from gsi_bench_dataset.cli.publish_commands import add_publish_commands
from gsi_bench_dataset.cli.trainer_commands import OFFICIAL, add_leakage, add_trainer_options, export_for_trainer, problems_of
from gsi_bench_dataset.problems import some, summary_of
from gsi_bench_dataset.records import ORIGINS, SPLITS
from gsi_bench_dataset.safety.files import printable_path

if TYPE_CHECKING:
    from gsi_bench_dataset.layout.official import OfficialDataset
    from gsi_bench_dataset.layout.official_writer import Exported

__all__ = ["CommandError", "add_commands", "find_archives"]

T = TypeVar("T")


class CommandError(ValueError):
    """Arguments that do not fit together."""


def add_commands(subparsers: Any) -> None:
    """Adds this package's sub-commands to the parser of `gsi-bench`."""
    _add_import(subparsers)
    _add_export(subparsers)
    add_leakage(subparsers)
    add_publish_commands(subparsers)
    _add_info(subparsers)


def _add_import(subparsers: Any) -> None:
    parser = new_command(
        subparsers,
        "import",
        "turn archives of the reference's layout into a dataset for load_dataset",
        "gsi-bench import fine_dataset.zip --split fine --out GSI-Bench/GSI-Bench\n"
        "gsi-bench import GSI-Bench/GSI-Bench@main --split all --out GSI-Bench/GSI-Bench\n"
        "Other splits that the output folder already holds are kept.",
    )
    parser.add_argument(
        "official",
        metavar="OFFICIAL",
        help="a zip or folder with the files of one split; a folder that holds fine_dataset/, mesatask_dataset/, ... or zips"
        " of these names; or a Hub repository ORG/NAME[@REVISION] (an existing path of that name wins; hf:ORG/NAME forces"
        " the Hub)",
    )
    parser.add_argument("--split", choices=(*SPLITS, "all"), required=True, help="which split OFFICIAL is, or all it holds")
    parser.add_argument("--out", type=Path, required=True, help="dataset folder to write, such as GSI-Bench/GSI-Bench")
    parser.add_argument("--origin", choices=ORIGINS, default="official", help="who made the samples (default: official)")
    parser.add_argument("--image-licence", metavar="NAME", help="licence of the images, if you know it, such as cc-by-4.0")
    parser.add_argument("--attribution", metavar="TEXT", help="who the images are by")
    parser.add_argument(
        "--redistributable", choices=("yes", "no"), help="whether the images may be published (default: not known)"
    )
    parser.add_argument(
        "--skip-unexpected", action="store_true", help="leave files out that the layout does not know, instead of stopping"
    )
    parser.set_defaults(run=_run_import)


def _run_import(args: argparse.Namespace) -> int:
    from gsi_bench_dataset.language.reading import unread_instructions  # noqa: PLC0415
    from gsi_bench_dataset.layout.official import OfficialDataset, Rights  # noqa: PLC0415
    from gsi_bench_dataset.storage.shards import write_dataset  # noqa: PLC0415

    redistributable = {None: None, "yes": True, "no": False}[args.redistributable]
    rights = Rights(args.image_licence, redistributable, args.attribution)
    archives = find_archives(args.official, args.split)
    datasets: dict[str, OfficialDataset] = {}
    for split, (path, _) in archives.items():
        datasets[split] = OfficialDataset(path, split, origin=args.origin, rights=rights, skip_unexpected=args.skip_unexpected)
        for name in datasets[split].unexpected:
            sys.stderr.write(f"note: {path.name}: left out {printable_path(name)}\n")
        if turned := datasets[split].turned:
            sys.stderr.write(
                f"note: {path.name}: stored turned, read upright by their EXIF orientation: {some(sorted(turned))}\n"
            )
    summaries = write_dataset(
        {split: _progress(d.samples(), f"import {split}", len(d)) for split, d in datasets.items()},
        args.out,
        sources={split: source for split, (_, source) in archives.items()},
    )
    for split, d in datasets.items():
        say(f"{split}: {len(d)} samples imported")
        if d.box_sources:
            silent = len(d) - d.box_sources.total()
            counts = [f"{name} {n}" for name, n in d.box_sources.items()] + ([f"not said {silent}"] if silent else [])
            say(f"  boxes made by: {', '.join(counts)}")
        for line in unread_instructions(d.not_understood):
            sys.stderr.write(f"note: {split}: {line}\n")
    kept = [split for split in summaries if split not in datasets]
    say(
        f"{args.out}: {', '.join(f'{s} {summaries[s].rows}' for s in summaries)}"
        + (f" (kept {', '.join(kept)})" if kept else "")
    )
    return 0


def find_archives(official: str, split: str) -> dict[str, tuple[Path, str]]:
    """Split -> (path of its archive, where it comes from in words without local folders).

    Raises:
        FileNotFoundError: neither a path nor a repository id.
        CommandError: no split found in a folder that should hold some.
        HubError: the repository lacks an archive.
    """
    from gsi_bench_dataset.remote.client import fetch_official, parse_ref  # noqa: PLC0415

    wanted = SPLITS if split == "all" else (split,)
    path = Path(official)
    if path.exists():
        inside = {s: p for s in wanted if (p := _archive_inside(path, s)) is not None}
        if inside:
            return {s: (p, p.name) for s, p in inside.items()}
        if split != "all":
            return {split: (path, path.resolve().name)}
        names = ", ".join(f"{s}_dataset" for s in SPLITS)
        raise CommandError(f"{path}: expected a folder that holds {names} (folders or .zip), found none of them")
    ref = parse_ref(official)
    if ref is None:
        raise FileNotFoundError(
            f"{printable_path(official)}: no such file or folder, and no repository id such as GSI-Bench/GSI-Bench"
        )
    fetched = fetch_official(ref.repo_id, ref.revision, wanted)
    return {s: (p, f"{fetched.repo_id}@{fetched.commit}") for s, p in fetched.paths.items()}


def _archive_inside(folder: Path, split: str) -> Path | None:
    if not folder.is_dir():
        return None
    names = (f"{split}_dataset", f"{split}_dataset.zip", split, f"{split}.zip")
    found = [folder / name for name in names if (folder / name).exists()]
    if len(found) > 1:
        raise CommandError(f"{folder}: expected one archive of split {split}, found {', '.join(p.name for p in found)}")
    return found[0] if found else None


def _add_export(subparsers: Any) -> None:
    parser = new_command(
        subparsers,
        "export",
        "write samples in the reference's layout, official ones byte for byte, or as training pairs for a trainer",
        "gsi-bench export GSI-Bench/GSI-Bench --split fine --out fine_dataset\n"
        "gsi-bench export GSI-Bench/GSI-Bench --split all --out datasets    (writes datasets/fine_dataset, ...)\n"
        "gsi-bench export GSI-Bench/GSI-Bench-train --format diffsynth --language both --out pairs",
    )
    _add_dataset(parser)
    parser.add_argument("--split", choices=(*SPLITS, "all"), help="which samples (training pairs: all by default)")
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        help="folder to write; one split in the reference's layout: also a name ending in .zip",
    )
    add_trainer_options(parser)
    parser.add_argument("--overwrite", action="store_true", help="replace what is there")
    parser.set_defaults(run=_run_export)


def _run_export(args: argparse.Namespace) -> int:
    from gsi_bench_dataset.layout.holding import query_width  # noqa: PLC0415
    from gsi_bench_dataset.layout.official_writer import export_official  # noqa: PLC0415
    from gsi_bench_dataset.storage.shards import read_columns, read_dataset, split_sizes  # noqa: PLC0415

    if problems := problems_of(args):
        raise CommandError(problems[0] if len(problems) == 1 else summary_of("these options do not go together", problems))
    if args.format != OFFICIAL:
        return export_for_trainer(args, _progress)
    sizes = split_sizes(args.dataset, args.revision)
    if args.split == "all" and not sizes:
        raise CommandError(_no_dataset(args.dataset))
    targets = {args.split: args.out} if args.split != "all" else {s: args.out / f"{s}_dataset" for s in sizes}
    for split, out in targets.items():
        rows = read_columns(args.dataset, split, ["query_id", "official_json"], args.revision)
        width = query_width(str(row["query_id"]) for row in rows if row["official_json"] is None)
        samples = _progress(read_dataset(args.dataset, split, args.revision), f"export {split}", sizes.get(split))
        exported = export_official(samples, out, overwrite=args.overwrite, query_width=width)
        say(f"{out}: {exported.count} samples of {split}")
        _note_export(split, exported, width)
    return 0


def _note_export(split: str, exported: Exported, width: int) -> None:
    """What the layout could not hold, on the error stream."""
    for reason, ids in exported.reasons().items():
        sys.stderr.write(f"note: {split}: {len(ids)} left out, {reason}: {some(ids)}\n")
    if exported.widened:
        words = f"{exported.widened} query ids filled with zeros to {width} digits, so that none is the beginning of another"
        sys.stderr.write(f"note: {split}: {words}\n")
    if exported.lost:
        counts = ", ".join(f"{name} {n}" for name, n in exported.lost.items())
        sys.stderr.write(f"note: {split}: not written, for the layout has no place for it: {counts}\n")
        if given := [name for name in ("origin", "image_licence", "redistributable", "attribution") if name in exported.lost]:
            options = ", ".join(f"--{name.replace('_', '-')}" for name in given)
            sys.stderr.write(f"note: {split}: say again when it is imported: {options}\n")


def _add_info(subparsers: Any) -> None:
    parser = new_command(
        subparsers,
        "info",
        "show what a dataset holds: splits, operations, origins, pixel frames, suspicious goals",
        "gsi-bench info GSI-Bench/GSI-Bench",
    )
    _add_dataset(parser)
    parser.set_defaults(run=_run_info)


def _run_info(args: argparse.Namespace) -> int:
    from gsi_bench_dataset.storage.card import read_content_hash  # noqa: PLC0415
    from gsi_bench_dataset.storage.shards import resolve, split_names  # noqa: PLC0415

    folder = resolve(args.dataset, args.revision, None)
    if not split_names(folder):
        raise CommandError(_no_dataset(args.dataset))
    digest = read_content_hash(folder)
    say(printable_path(args.dataset) + (f"  content hash {digest[:16]}" if digest else "  (no content hash in the card)"))
    for split in split_names(folder):
        columns = ["id", "operation", "origin", "pixel_frame", "goal_suspect", "image_licence", "training"]
        counts: dict[str, Counter[str]] = {name: Counter() for name in ("operation", "origin", "pixel frame", "licence")}
        total, training, suspects = 0, False, []
        for row in _columns(str(folder), split, columns):  # one at a time: there may be a million
            total += 1
            training |= bool(row["training"])
            counts["operation"][(row["operation"] or {}).get("kind") or "not understood"] += 1
            counts["origin"][row["origin"] or "not known"] += 1
            counts["pixel frame"][row["pixel_frame"] or "unknown"] += 1
            counts["licence"][row["image_licence"] or "unknown"] += 1
            if row["goal_suspect"]:
                suspects.append(row)
        say(f"\n{split}: {total} samples{' to train on' if training else ''}")
        for title, found in counts.items():
            say(_table(title, found))
        say(f"  {'suspicious goals':<17} {len(suspects)}")
        for row in suspects:
            say(f"    {printable_path(str(row['id']))}: {printable_path(row['goal_suspect'])}")
    return 0


def _no_dataset(name: str) -> str:
    splits = ", ".join(SPLITS)
    return f"{printable_path(name)}: expected a dataset, data/<split>-*.parquet with a split of {splits}; found no such file"


def _add_dataset(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "dataset",
        metavar="DATASET",
        help="dataset folder, or a Hub repository ORG/NAME[@REVISION]; as in load_dataset an existing folder wins",
    )
    parser.add_argument("--revision", help="branch, tag or commit of a Hub repository")


def _columns(dataset: str, split: str | None, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    from gsi_bench_dataset.storage.shards import read_columns, split_names  # noqa: PLC0415

    for name in [split] if split else split_names(dataset):
        yield from read_columns(dataset, name, columns)


def _table(title: str, counts: Counter[str]) -> str:
    return f"  {title:<17} " + ", ".join(f"{printable_path(value)} {counts[value]}" for value in sorted(counts))


def _progress(items: Iterable[T], title: str, total: int | None) -> Iterable[T]:
    from gsi_bench_dataset.execution.progress import watched  # noqa: PLC0415

    return watched(items, title, total, "sample")
