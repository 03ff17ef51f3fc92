"""The published form of a dataset: a folder with a card and parquet shards, written in one go and read lazily.

    README.md                                  the card, with everything `load_dataset` needs
    data/<split>-<number>-of-<count>.parquet   rows in id order, images as the bytes of their files

Writing streams: one row group is in memory, however large a split is. Equal samples give equal bytes.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from gsi_bench_dataset.layout.goals import flagged
from gsi_bench_dataset.records import PICTURE_FIELDS, SPLITS, Sample
from gsi_bench_dataset.remote.client import HubRef, fetch_dataset, parse_ref
from gsi_bench_dataset.safety.files import MAX_TABLE_BYTES, FileProblemError, printable_path, require_regular
from gsi_bench_dataset.safety.parquet import identity
from gsi_bench_dataset.storage.card import TITLE, SplitSummary, content_hash, read_split_hashes, write_card
from gsi_bench_dataset.storage.counting import count_rows
from gsi_bench_dataset.storage.folders import NEW, OLD, full_disk_named, scratch_beside, swap_in, sweep
from gsi_bench_dataset.storage.sample_files import (
    DatasetError,
    ShardWriter,
    facts_of,
    iter_rows,
    row_bytes,
    rows_in,
    to_sample,
    unsound_names,
)

__all__ = [
    "DatasetError",
    "iter_rows",
    "read_columns",
    "read_dataset",
    "sample_ids",
    "shard_files",
    "split_names",
    "split_sizes",
    "summarise",
    "verify_dataset",
    "write_dataset",
]

# Rows of about this size go into one file: few enough files to list, small enough to fetch again after a broken transfer.
SHARD_BYTES = 400 * 2**20
# One row group is what a writer and a streaming reader hold in memory.
ROW_GROUP_BYTES = 32 * 2**20
ROW_GROUP_ROWS = 256

_AGAIN = "import, build or download the dataset again"

_FILE = re.compile(r"(?P<split>[a-z0-9]+)-(?P<number>\d{5})-of-(?P<count>\d{5})\.parquet")


def write_dataset(
    samples_by_split: Mapping[str, Iterable[Sample]],
    out: str | os.PathLike[str],
    *,
    sources: Mapping[str, str] | None = None,
    shard_bytes: int = SHARD_BYTES,
    title: str = TITLE,
    withhold: Callable[[Sample], bool] = lambda _: False,
) -> dict[str, SplitSummary]:
    """Writes splits to a dataset folder; splits that it already holds and that are not given stay as they are.

    The new folder is built beside the old one and takes its place when complete, card and data together; a failure
    leaves the old one untouched. Where a sample's goal is not what its words ask for and `goal_suspect` does not say so yet,
    it is filled in.

    Args:
        samples_by_split: split name -> samples in id order (as strings), read one at a time.
        out: the dataset folder, `GSI-Bench/GSI-Bench` for `load_dataset("GSI-Bench/GSI-Bench")` from beside it.
        sources: split name -> where its samples come from (a repository at a commit, the name of an archive), for the card.
        shard_bytes: size of the rows that go into one file.
        title: heading of the card.
        withhold: whether a sample's row comes without its images. Such rows load as rows, not as samples.

    Returns:
        What each split of the folder now holds, in the order of the card.

    Raises:
        DatasetError: a split is unknown, empty, out of order or has an id twice; an image path is not a base name; samples to
            train on and to test with; another process changed the folder meanwhile.
        OSError: the disk is full, or does not take it.
    """
    # Resolved: renaming needs the folder itself, not "." or a link to it.
    out = Path(out).resolve()
    unknown = sorted(set(samples_by_split) - set(SPLITS))
    if unknown or not samples_by_split:
        raise DatasetError(f"expected splits out of {', '.join(SPLITS)}; found {', '.join(unknown) or 'none'}")
    sweep(out)  # before looking: it may put a dataset back that a killed process had moved aside
    _require_free(out)
    before = _state(out)
    kept = [split for split in (split_names(out) if out.is_dir() else []) if split not in samples_by_split]
    with full_disk_named(out), scratch_beside(out) as scratch:
        new = scratch / NEW
        (new / "data").mkdir(parents=True)
        summaries: dict[str, SplitSummary] = {}
        for split in SPLITS:
            if split in samples_by_split:
                source = (sources or {}).get(split)
                given = samples_by_split[split]
                summaries[split] = _write_split(
                    given, split, new / "data", source=source, shard_bytes=shard_bytes, withhold=withhold
                )
            elif split in kept:
                summaries[split] = summarise(out, split)
        _require_stated(out, {split: summaries[split] for split in kept})
        _require_one_use(summaries, out)
        _keep_other_files(out, new, set(samples_by_split))
        write_card(new, summaries, title=title)
        if _state(out) != before:
            raise DatasetError(f"{out}: changed while new shards were written; run the command again")
        swap_in(new, out, scratch / OLD)
    return summaries


def _require_one_use(summaries: Mapping[str, SplitSummary], out: Path) -> None:
    """A dataset is a training set or none: beside test samples, those to train on would be taken for them."""
    mixed = [s.split for s in summaries.values() if 0 < s.training < s.rows]
    training = [s.split for s in summaries.values() if s.training]
    others = [s.split for s in summaries.values() if not s.training]
    if mixed or (training and others):
        both = f"{', '.join(training)} to train on, {', '.join(others)} to test with"
        found = f"mixed in {', '.join(mixed)}" if mixed else both
        raise DatasetError(
            f"{out}: expected samples to train on or samples to test with, found both ({found}); choose another folder"
        )


def _require_free(out: Path) -> None:
    """Only a dataset, a new or an empty folder is written to."""
    if out.exists() and not out.is_dir():
        raise DatasetError(f"{out}: expected a folder, found a file; choose another place")
    if out.is_dir() and any(out.iterdir()) and not split_names(out):
        raise DatasetError(f"{out}: expected a dataset, a new or an empty folder, found other files; choose another place")


def read_dataset(
    path_or_repo: str | os.PathLike[str],
    split: str,
    revision: str | None = None,
    rows: range | None = None,
) -> Iterator[Sample]:
    """Samples of one split in id order, read lazily; images stay the bytes of their files. `rows`: only these, by position.

    As in `load_dataset`, an existing local folder wins over a repository of the same name; here a `revision` for a local
    folder is an error instead of being ignored. A repository is downloaded to the Hugging Face cache first.

    Raises:
        FileNotFoundError: neither a folder nor a repository id.
        DatasetError: no such split, missing shards, foreign columns, or a format newer than this release reads.
        RecordError: a row that is no valid sample.
    """
    folder = resolve(path_or_repo, revision, [split])
    files = shard_files(folder, split)
    return (to_sample(row, file) for file, row in iter_rows(files, None, rows))


def split_names(path_or_repo: str | os.PathLike[str], revision: str | None = None) -> list[str]:
    """Splits that a dataset holds, in the order of the card."""
    folder = resolve(path_or_repo, revision, None)
    found = {match["split"] for p in (folder / "data").glob("*.parquet") if (match := _FILE.fullmatch(p.name))}
    return [split for split in SPLITS if split in found]


def split_sizes(path_or_repo: str | os.PathLike[str], revision: str | None = None) -> dict[str, int]:
    """Number of samples by split, from the files' footers alone."""
    folder = resolve(path_or_repo, revision, None)
    return {s: sum(rows_in(f) for f in shard_files(folder, s)) for s in split_names(folder)}


def sample_ids(path_or_repo: str | os.PathLike[str], split: str, revision: str | None = None) -> list[str]:
    """Ids of a split in order, without reading any image."""
    return [row["id"] for row in read_columns(path_or_repo, split, ["id"], revision)]


def read_columns(
    path_or_repo: str | os.PathLike[str], split: str, columns: Sequence[str], revision: str | None = None
) -> Iterator[dict[str, Any]]:
    """Rows of a split with some columns only, None where a file lacks one; without image columns this is quick."""
    files = shard_files(resolve(path_or_repo, revision, [split]), split)
    return (dict.fromkeys(columns) | row for _, row in iter_rows(files, columns))


def summarise(folder: Path, split: str) -> SplitSummary:
    """What a split holds, recounted and rehashed from its rows; rows without their images count as such."""
    files = shard_files(folder, split)
    facts = [facts_of(file) for file in files]
    source = facts[0].get("source")
    summary = SplitSummary(split, source=source if isinstance(source, str) else None)
    summary.download_bytes = sum(file.stat().st_size for file in files)
    summary.num_bytes = sum(n for noted in facts if isinstance(n := noted.get("num_bytes"), int))
    count_rows(files, summary)
    return summary


_verified: set[tuple[Any, ...]] = set()  # what was compared in this process: card and shards as they stood


def verify_dataset(folder: Path, splits: Sequence[str] | None = None) -> None:
    """Reads every row of some splits (None: all) and compares what it says with the content hash that the card states.

    Costs about what hashing the files costs, and nothing a second time in a process while they stay the same. A card without
    a hash states nothing to compare with, and one of an older release has but one for all splits together: with it, and not
    all of its splits here, there is nothing to compare either. Shards are compared with their own checksums in any case.

    Raises:
        DatasetError: names the split or the shard that is not what was written, or the card if it contradicts itself.
        RecordError: a row that is no valid sample.
    """
    folder = Path(folder)
    present = split_names(folder)
    wanted = present if splits is None else list(splits)
    files = [file for split in wanted for file in shard_files(folder, split)]
    stated, by_split = _stated(folder)
    everything = [*files, *([card] if (card := folder / "README.md").is_file() else [])]
    known = (tuple(wanted), *map(identity, everything))
    if known in _verified:
        return
    if stated is not None and not by_split and splits is not None:
        wanted = present  # an older card: only all splits together can be compared
    found = {split: summarise(folder, split) for split in wanted}
    _require_stated(folder, found)
    if stated is not None and not by_split and content_hash(found) != stated:
        raise DatasetError(
            f"{folder}: the splits {', '.join(found)} are not what the card states: expected content hash {stated}, found"
            f" {content_hash(found)}; {_AGAIN}"
        )
    _verified.add(known)


def _stated(folder: Path) -> tuple[str | None, dict[str, str]]:
    """The hashes that a card states."""
    try:
        return read_split_hashes(folder)
    except FileProblemError as error:
        raise DatasetError(f"{error}; {_AGAIN}") from error


def _require_stated(folder: Path, found: Mapping[str, SplitSummary]) -> None:
    """Compares splits with what the card states of each. Kept splits too: else a new card would state their damage."""
    by_split = _stated(folder)[1] if found else {}
    for split, summary in found.items() if by_split else ():
        if summary.sha256 != by_split.get(split):
            raise DatasetError(
                f"{folder}: split {split} is not what the card states: expected content hash {by_split.get(split, 'none')},"
                f" found {summary.sha256}; {_AGAIN}"
            )


def resolve(path_or_repo: str | os.PathLike[str], revision: str | None, splits: Sequence[str] | None) -> Path:
    """The folder of a dataset: the local one if there is one, else a download of the repository.

    Args:
        path_or_repo: folder, or `org/name[@revision]` with an optional `hf:` before it.
        revision: branch, tag or commit of a repository.
        splits: the splits with shards that are needed, None for all.
    """
    folder = Path(path_or_repo)
    if folder.is_dir():
        if revision is not None:
            raise DatasetError(f"{folder}: a local folder has no revision {revision!r}; write hf:{path_or_repo} for the Hub")
        return folder
    ref = parse_ref(str(path_or_repo))
    if ref is None:
        name = printable_path(path_or_repo)
        raise FileNotFoundError(f"{name}: neither a dataset folder nor a repository id such as GSI-Bench/GSI-Bench")
    return fetch_dataset(HubRef(ref.repo_id, revision or ref.revision), splits)


def _write_split(
    samples: Iterable[Sample],
    split: str,
    data: Path,
    *,
    source: str | None,
    shard_bytes: int,
    withhold: Callable[[Sample], bool],
) -> SplitSummary:
    summary = SplitSummary(split, source=source)
    shards: list[Path] = []
    last_id = ""
    rows: list[dict[str, Any]] = []
    size = 0
    with contextlib.ExitStack() as stack:
        shard: ShardWriter | None = None

        def flush() -> None:
            nonlocal shard, rows, size
            if shard is None or shard.num_bytes >= shard_bytes:
                if shard is not None:
                    shard.close()
                shards.append(data / f"{split}-{len(shards):05d}.partial")
                shard = stack.enter_context(ShardWriter(stack.enter_context(shards[-1].open("xb")), {"source": source}))
            shard.write(rows)
            rows, size = [], 0

        for given in samples:
            sample = flagged(given)
            _check_sample(sample, split, last_id)
            last_id = sample.id
            hidden = PICTURE_FIELDS if withhold(sample) else ()
            summary.add(sample, hidden)
            rows.append(sample.to_row() | dict.fromkeys(hidden))
            size += row_bytes(sample)
            if size >= min(ROW_GROUP_BYTES, shard_bytes) or len(rows) >= ROW_GROUP_ROWS:
                flush()
        if rows:
            flush()
        if shard is not None:
            shard.close()
    if not shards:
        # datasets 5.2 cannot stream a file without rows: it asks parquet for batches of size 0.
        raise DatasetError(f"split {split} has no samples; leave it out")
    for number, shard_file in enumerate(shards):
        final = data / f"{split}-{number:05d}-of-{len(shards):05d}.parquet"
        shard_file.rename(final)
        summary.download_bytes += final.stat().st_size
        summary.num_bytes += int(facts_of(final)["num_bytes"])
    return summary


def _check_sample(sample: Sample, split: str, last_id: str) -> None:
    if sample.split != split:
        raise DatasetError(f"sample {sample.id!r}: expected split {split}, found {sample.split}; file it under its own split")
    if sample.id <= last_id:
        what = "twice" if sample.id == last_id else f"after {last_id!r}"
        raise DatasetError(f"sample {sample.id!r}: found {what}; give samples in the order of their ids, each once")
    if problems := unsound_names(sample):
        raise DatasetError(f"sample {sample.id!r}: {'; '.join(problems)}")


def shard_files(folder: Path, split: str) -> list[Path]:
    """All files of a split in order; complains about those that are missing."""
    found = sorted(p for p in (folder / "data").glob(f"{split}-*.parquet") if _FILE.fullmatch(p.name))
    if not found:
        present = ", ".join(split_names(folder)) or "none"
        raise DatasetError(f"{folder}: expected split {split} as data/{split}-*.parquet, found splits: {present}")
    count = found[0].name[-13:-8]
    wanted = [folder / "data" / f"{split}-{i:05d}-of-{count}.parquet" for i in range(int(count))]
    if found != wanted:
        odd = sorted({p.name for p in wanted} ^ {p.name for p in found})
        raise DatasetError(f"{folder}: split {split} is incomplete or mixed, see {', '.join(odd[:5])}; import it again")
    return found


def _state(folder: Path) -> list[tuple[str, int, int]]:
    """Names, sizes and times of the shards: whether another process wrote meanwhile."""
    files = sorted((folder / "data").glob("*.parquet"))
    return [(p.name, p.stat().st_size, p.stat().st_mtime_ns) for p in files]


def _keep_other_files(old: Path, new: Path, replaced: set[str]) -> None:
    """Carries everything over that is not rewritten: kept splits, a licence text, `.gitattributes`."""
    if not old.is_dir():
        return
    for path in sorted(old.rglob("*")):
        relative = path.relative_to(old)
        match = _FILE.fullmatch(path.name) if relative.parent == Path("data") else None
        if relative == Path("README.md") or (match and match["split"] in replaced):
            continue
        if path.is_symlink():
            (new / relative).symlink_to(path.readlink())
        elif path.is_dir():
            (new / relative).mkdir(exist_ok=True)
        else:
            _link_or_copy(path, new / relative)


def _link_or_copy(path: Path, target: Path) -> None:
    try:
        os.link(path, target)
    except OSError:  # another file system, or one without links
        require_regular(path, MAX_TABLE_BYTES)
        shutil.copy2(path, target)
