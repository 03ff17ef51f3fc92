"""Writes an export: all of its folder or nothing of it, with a page that says what it is and how it is trained on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from gsi_bench_dataset.problems import summary_of
from gsi_bench_dataset.safety.files import printable_path
from gsi_bench_dataset.storage.folders import NEW, OLD, full_disk_named, scratch_beside, swap_in, sweep
from gsi_bench_dataset.trainers.form import Facts, Pair, Place
from gsi_bench_dataset.trainers.pairs import STEP, Account, Wanted
from gsi_bench_dataset.trainers.registry import form
from gsi_bench_dataset.version import __version__

__all__ = ["MARK", "NO_FLIPS", "TrainerExportError", "export_pairs", "rights_words", "shape_words", "test_words"]

# Says that a folder is an export and may be replaced by one. Hidden: loaders of folders pass hidden files by.
MARK = ".gsi-bench-export.json"
NO_FLIPS = "Never mirror the images while training: left would become right, and the words stay as they are."


class TrainerExportError(ValueError):
    """Pairs that cannot be written as asked."""


def export_pairs(
    name: str,
    pairs: Iterable[Pair | None],
    out: Path,
    account: Account,
    wanted: Wanted,
    *,
    source: str,
    overwrite: bool = False,
) -> Facts:
    """Writes pairs in a form of `registry.FORMS`; the folder appears when it is complete.

    Args:
        name: of the form.
        pairs: see `pairs.pairs_of`, which fills `account` while they pass by.
        out: a new or an empty folder; with `overwrite` also an earlier export.
        account: what became of the samples.
        wanted: what was asked for.
        source: the dataset, as the page says it.
        overwrite: replace an earlier export.

    Raises:
        TrainerExportError: no sample gives a pair, or the form takes no such folder.
        FileExistsError: something stands there.
        OSError: the disk is full, or does not take it.
    """
    out = Path(out).resolve()
    chosen = form(name)
    sweep(out)
    _require_free(out, overwrite)
    if problems := chosen.problems(out):
        raise TrainerExportError(problems[0] if len(problems) == 1 else summary_of("cannot be exported", problems))
    with full_disk_named(out), scratch_beside(out) as scratch:
        place = Place(scratch / NEW, out)
        place.folder.mkdir()
        files = chosen.write((pair for pair in pairs if pair is not None), place)
        if not account.pairs:
            reasons = [f"{len(ids)}: {reason}" for reason, ids in account.left_out.items()]
            raise TrainerExportError(summary_of(f"{source}: no sample gives a training pair", reasons or ["it has no sample"]))
        facts = Facts(out, account.pairs, account.largest, files)
        chosen.finish(place, facts)
        place.put("README.md", _page(name, facts, account, wanted, source).encode())
        place.put(MARK, json.dumps({"format": name, "version": __version__, "pairs": account.pairs}).encode())
        swap_in(place.folder, out, scratch / OLD)
    return facts


def _require_free(out: Path, overwrite: bool) -> None:
    shown = printable_path(out)
    if out.exists() and not out.is_dir():
        raise FileExistsError(f"{shown}: expected a folder, found a file; choose another place")
    if not out.is_dir() or not any(out.iterdir()):
        return
    if not (out / MARK).is_file():
        raise FileExistsError(f"{shown}: holds other files than an export; choose another place")
    if not overwrite:
        raise FileExistsError(f"{shown}: holds an export; replace it with --overwrite, or choose another place")


def shape_words(account: Account) -> str:
    """What was done to images."""
    sizes = ", ".join(f"{w}×{h} {n}" for (w, h), n in sorted(account.sizes.items()))
    done = ", ".join(f"{what} {n}" for what, n in sorted(account.shapes.items()))
    return (
        f"{done}; sizes {sizes}. Source and target are treated alike: one factor for both sides, then cut at opposite edges to "
        f"multiples of {STEP}, {STEP - 1} pixels in all at most; nothing is stretched or mirrored"
    )


def rights_words(account: Account) -> str:
    """How samples that may not be published are treated; empty where all may."""
    if not account.restricted:
        return ""
    return (
        f"{account.restricted} of {account.pairs} images are not known to be redistributable: this folder is for your own use; "
        "publish it, or what it is part of, only without them (--drop-restricted)"
    )


def _page(name: str, facts: Facts, account: Account, wanted: Wanted, source: str) -> str:
    chosen = form(name)
    traps = [NO_FLIPS, *chosen.TRAPS]
    left_out = [f"{len(ids)} samples left out: {reason}." for reason, ids in sorted(account.left_out.items())]
    warnings = [words + "." for words in (rights_words(account), test_words(account)) if words]
    rights = ["| origin | licence of the images | redistributable | attribution | pairs |", "| --- | --- | --- | --- | --- |"]
    rights += [f"| {' | '.join(_cell(part) for part in key)} | {count} |" for key, count in sorted(account.rights.items())]
    parts = (
        f"# Training pairs of GSI-Bench for {name}",
        f"{account.pairs} pairs of {source}, for {chosen.TRAINER}. Instructions: {' and '.join(wanted.languages)}.",
        *(f"**{words}**" for words in warnings),
        "## Train",
        f"```\n{chosen.command(facts)}\n```",
        "## What goes wrong without an error",
        _listed(traps),
        "## What was done",
        _listed([f"Images: {shape_words(account)}.", *left_out]),
        "## Rights",
        "\n".join(rights),
        f"Written by gsi-bench {__version__}.",
    )
    return "\n\n".join(parts) + "\n"


def test_words(account: Account) -> str:
    """What follows for scores where samples of test splits are among the pairs; empty where none is."""
    if not account.tests:
        return ""
    return (
        f"{account.tests} of {account.pairs} pairs are of no training set: scores of an editor that was trained on them say "
        "nothing on these test splits (make a training set with gsi-bench build --train)"
    )


def _listed(lines: Sequence[str]) -> str:
    return "\n".join(f"- {' '.join(line.split())}" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
