"""The published form of a dataset: a folder with a card and parquet shards, written in one go and read lazily.

    README.md                                  the card, with everything `load_dataset` needs
    data/<split>-<number>-of-<count>.parquet   rows in id order, images as the bytes of their files

Writing streams: one row group is in memory, however large a split is. Equal samples give equal bytes.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from gsi_bench_dataset.card import SplitSummary, write_card
from gsi_bench_dataset.folders import swap_in
from gsi_bench_dataset.hub import HubRef, fetch_dataset, parse_ref
from gsi_bench_dataset.problems import summary_of
from gsi_bench_dataset.records import SPLITS, EncodedImage, RecordError, Sample, sample_features

__all__ = [
    "DatasetError",
    "iter_rows",
    "read_columns",
    "read_dataset",
    "sample_ids",
    "split_names",
    "split_sizes",
    "summarise",
    "write_dataset",
]

# Raised when old readers would misread new files; readers refuse what is newer than they are.
FORMAT_VERSION = 1
# Rows of about this size go into one file: few enough files to list, small enough to fetch again after a broken transfer.
SHARD_BYTES = 400 * 2**20
# One row group is what a writer and a streaming reader hold in memory.
ROW_GROUP_BYTES = 32 * 2**20
ROW_GROUP_ROWS = 256
READ_ROWS = 16
READ_BYTES = 2**20  # of a column at a time, or the whole of its row group is held

_METADATA = b"gsi_bench"
_FILE = re.compile(r"(?P<split>[a-z0-9]+)-(?P<number>\d{5})-of-(?P<count>\d{5})\.parquet")


class DatasetError(ValueError):
    """A dataset folder that cannot be read or written as asked."""


def write_dataset(
    samples_by_split: Mapping[str, Iterable[Sample]],
    out: str | os.PathLike[str],
    *,
    sources: Mapping[str, str] | None = None,
    shard_bytes: int = SHARD_BYTES,
    title: str = "GSI-Bench",
) -> dict[str, SplitSummary]:
    """Writes splits to a dataset folder; splits that it already holds and that are not given stay as they are.

    The new folder is built beside the old one and takes its place when complete, card and data together; a failure
    leaves the old one untouched.

    Args:
        samples_by_split: split name -> samples in id order (as strings), read one at a time.
        out: the dataset folder, `GSI-Bench/GSI-Bench` for `load_dataset("GSI-Bench/GSI-Bench")` from beside it.
        sources: split name -> where its samples come from (a repository at a commit, the name of an archive), for the card.
        shard_bytes: size of the rows that go into one file.
        title: heading of the card.

    Returns:
        What each split of the folder now holds, in the order of the card.

    Raises:
        DatasetError: a split is unknown, empty, out of order or has an id twice; an image path is not a base name; another
            process changed the folder meanwhile.
    """
    # Resolved: renaming needs the folder itself, not "." or a link to it.
    out = Path(out).resolve()
    unknown = sorted(set(samples_by_split) - set(SPLITS))
    if unknown or not samples_by_split:
        raise DatasetError(f"expected splits out of {', '.join(SPLITS)}; found {', '.join(unknown) or 'none'}")
    if out.exists() and not out.is_dir():
        raise DatasetError(f"{out}: expected a folder, found a file; choose another place")
    if out.is_dir() and any(out.iterdir()) and not split_names(out):
        raise DatasetError(f"{out}: expected a dataset, a new or an empty folder, found other files; choose another place")
    out.parent.mkdir(parents=True, exist_ok=True)
    before = _state(out)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as scratch:
        new = Path(scratch) / "new"
        (new / "data").mkdir(parents=True)
        summaries: dict[str, SplitSummary] = {}
        for split in SPLITS:
            if split in samples_by_split:
                source = (sources or {}).get(split)
                summaries[split] = _write_split(samples_by_split[split], split, new / "data", source, shard_bytes)
            elif out.is_dir() and split in split_names(out):
                summaries[split] = summarise(out, split)
        _keep_other_files(out, new, set(samples_by_split))
        write_card(new, summaries, title=title)
        if _state(out) != before:
            raise DatasetError(f"{out}: changed while new shards were written; run the command again")
        swap_in(new, out, Path(scratch) / "old")
    return summaries


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
    files = _shards(folder, split)
    return (_to_sample(row, file) for file, row in iter_rows(files, None, rows))


def split_names(path_or_repo: str | os.PathLike[str], revision: str | None = None) -> list[str]:
    """Splits that a dataset holds, in the order of the card."""
    folder = resolve(path_or_repo, revision, None)
    found = {match["split"] for p in (folder / "data").glob("*.parquet") if (match := _FILE.fullmatch(p.name))}
    return [split for split in SPLITS if split in found]


def split_sizes(path_or_repo: str | os.PathLike[str], revision: str | None = None) -> dict[str, int]:
    """Number of samples by split, from the files' footers alone."""
    folder = resolve(path_or_repo, revision, None)
    return {s: sum(pq.read_metadata(f).num_rows for f in _shards(folder, s)) for s in split_names(folder)}


def sample_ids(path_or_repo: str | os.PathLike[str], split: str, revision: str | None = None) -> list[str]:
    """Ids of a split in order, without reading any image."""
    return [row["id"] for row in read_columns(path_or_repo, split, ["id"], revision)]


def read_columns(
    path_or_repo: str | os.PathLike[str], split: str, columns: Sequence[str], revision: str | None = None
) -> Iterator[dict[str, Any]]:
    """Rows of a split with some columns only, None where a file lacks one; without image columns this is quick."""
    files = _shards(resolve(path_or_repo, revision, [split]), split)
    return (dict.fromkeys(columns) | row for _, row in iter_rows(files, columns))


def summarise(folder: Path, split: str) -> SplitSummary:
    """What a split holds, recounted and rehashed from its rows."""
    files = _shards(folder, split)
    summary = SplitSummary(split, source=_format_of(files[0]).get("source"), num_bytes=0)
    for file in files:
        summary.download_bytes += file.stat().st_size
        summary.num_bytes += int(_format_of(file).get("num_bytes", 0))
    for file, row in iter_rows(files, None):
        summary.add(_to_sample(row, file))
    return summary


def resolve(path_or_repo: str | os.PathLike[str], revision: str | None, splits: Sequence[str] | None) -> Path:
    """The folder of a dataset: the local one if there is one, else a download of the repository.

    Args:
        path_or_repo: folder, or `org/name[@revision]` with an optional `hf:` before it.
        revision: branch, tag or commit of a repository.
        splits: the splits whose shards are needed, None for all.
    """
    folder = Path(path_or_repo)
    if folder.is_dir():
        if revision is not None:
            raise DatasetError(f"{folder}: a local folder has no revision {revision!r}; write hf:{path_or_repo} for the Hub")
        return folder
    ref = parse_ref(str(path_or_repo))
    if ref is None:
        raise FileNotFoundError(f"{path_or_repo}: neither a dataset folder nor a repository id such as GSI-Bench/GSI-Bench")
    return fetch_dataset(HubRef(ref.repo_id, revision or ref.revision), splits)


def iter_rows(
    files: Sequence[Path], columns: Sequence[str] | None, rows: range | None = None
) -> Iterator[tuple[Path, dict[str, Any]]]:
    """(file, row) of checked parquet files, a few rows in memory at a time; `columns` and `rows` (positions) None for all.

    Raises:
        DatasetError: a file that is not one of ours or is damaged.
    """
    position = 0
    for file in files:
        _check_file(file)
        # Without pre-buffering, and group by group: otherwise the whole shard ends up in memory.
        with pq.ParquetFile(file, pre_buffer=False, buffer_size=READ_BYTES) as parquet:
            try:
                for group in range(parquet.num_row_groups):
                    first, position = position, position + parquet.metadata.row_group(group).num_rows
                    if rows is not None and (position <= rows.start or first >= rows.stop):
                        continue
                    for batch in parquet.iter_batches(READ_ROWS, [group], None if columns is None else list(columns)):
                        wanted = batch if rows is None else _part(batch, rows, first)
                        first += batch.num_rows
                        for row in wanted.to_pylist():
                            yield file, row
            except (pa.ArrowInvalid, OSError) as error:
                raise DatasetError(f"{file.name}: damaged ({error}); import or download the dataset again") from error


def _part(batch: pa.RecordBatch, rows: range, first: int) -> pa.RecordBatch:
    """The rows of a batch that begins at position `first`."""
    start = min(max(rows.start - first, 0), batch.num_rows)
    return batch.slice(start, max(min(rows.stop - first, batch.num_rows) - start, 0))


def _write_split(samples: Iterable[Sample], split: str, data: Path, source: str | None, shard_bytes: int) -> SplitSummary:
    summary = SplitSummary(split, source=source)
    shards: list[Path] = []
    last_id = ""
    rows: list[dict[str, Any]] = []
    size = 0
    with contextlib.ExitStack() as stack:
        shard: _Shard | None = None

        def flush() -> None:
            nonlocal shard, rows, size
            if shard is None or shard.num_bytes >= shard_bytes:
                if shard is not None:
                    shard.close()
                shards.append(data / f"{split}-{len(shards):05d}.partial")
                shard = _Shard(shards[-1], source)
                stack.callback(shard.close)
            shard.write(rows)
            rows, size = [], 0

        for sample in samples:
            _check_sample(sample, split, last_id)
            last_id = sample.id
            summary.add(sample)
            rows.append(sample.to_row())
            size += _row_bytes(sample)
            if size >= min(ROW_GROUP_BYTES, shard_bytes) or len(rows) >= ROW_GROUP_ROWS:
                flush()
        if rows:
            flush()
    if not shards:
        # datasets 5.2 cannot stream a file without rows: it asks parquet for batches of size 0.
        raise DatasetError(f"split {split} has no samples; leave it out")
    for number, shard_file in enumerate(shards):
        final = data / f"{split}-{number:05d}-of-{len(shards):05d}.parquet"
        shard_file.rename(final)
        summary.download_bytes += final.stat().st_size
        summary.num_bytes += int(_format_of(final)["num_bytes"])
    return summary


class _Shard:
    """One open parquet file. The size of its rows goes into its footer, where a later card finds it."""

    def __init__(self, path: Path, source: str | None):
        self.num_bytes = 0
        self._source = source
        self._schema = sample_features().arrow_schema
        # As datasets writes its files: chunking by content lets the Hub store only what changed between versions.
        self._writer = pq.ParquetWriter(
            path, self._schema, compression="snappy", use_content_defined_chunking=True, write_page_index=True
        )
        self._closed = False

    def write(self, rows: list[dict[str, Any]]) -> None:
        table = pa.Table.from_pylist(rows, schema=self._schema)
        self.num_bytes += table.nbytes
        self._writer.write_table(table)

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        facts = {"format_version": FORMAT_VERSION, "num_bytes": self.num_bytes, "source": self._source}
        self._writer.add_key_value_metadata({_METADATA.decode(): json.dumps(facts, sort_keys=True)})
        self._writer.close()


def _check_sample(sample: Sample, split: str, last_id: str) -> None:
    if sample.split != split:
        raise DatasetError(f"sample {sample.id!r}: expected split {split}, found {sample.split}; file it under its own split")
    if sample.id <= last_id:
        what = "twice" if sample.id == last_id else f"after {last_id!r}"
        raise DatasetError(f"sample {sample.id!r}: found {what}; give samples in the order of their ids, each once")
    for name in ("image", "edited_image", "depth", "instance_mask", "instance_mask_after"):
        image = getattr(sample, name)
        if isinstance(image, EncodedImage) and image.path and set(image.path) & {"/", "\\"}:
            raise DatasetError(f"sample {sample.id!r}: {name}.path must be a base name, found {image.path!r}")


def _row_bytes(sample: Sample) -> int:
    images = (sample.image, sample.edited_image, sample.depth, sample.instance_mask, sample.instance_mask_after)
    return sum(len(image.bytes) for image in images if image is not None) + len(sample.official_json or "") + 4096


def _to_sample(row: dict[str, Any], file: Path) -> Sample:
    try:
        return Sample.from_row(row)
    except RecordError as error:
        raise RecordError(f"{file.name}: {error.record}", error.problems) from error


def _shards(folder: Path, split: str) -> list[Path]:
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


def _check_file(file: Path) -> None:
    version = int(_format_of(file).get("format_version", 0))
    if version > FORMAT_VERSION:
        raise DatasetError(
            f"{file.name}: written in format {version}, this release reads up to {FORMAT_VERSION}; upgrade gsi-bench"
        )
    found, wanted = pq.read_schema(file), sample_features().arrow_schema
    # Columns with a default may be missing: an older release did not know them.
    needed = [f.name for f in dataclasses.fields(Sample) if f.default is dataclasses.MISSING]
    lacking = [name for name in needed if name not in found.names]
    problems = [f"lacks the columns {', '.join(lacking)}"] if lacking else []
    problems += [f"column {n}: not known to this release" for n in found.names if n not in wanted.names]
    problems += [
        f"column {n}: expected {wanted.field(n).type}, found {found.field(n).type}"
        for n in wanted.names
        if n in found.names and not _same_type(found.field(n).type, wanted.field(n).type)
    ]
    if problems:
        raise DatasetError(summary_of(f"{file.name}: not a GSI-Bench shard; import the dataset with this release", problems))


def _same_type(found: pa.DataType, wanted: pa.DataType) -> bool:
    """Equal but for the width of offsets and the names of list items, which rewriting by other tools changes."""
    if pa.types.is_list(found) or pa.types.is_large_list(found):
        return pa.types.is_list(wanted) and _same_type(found.value_type, wanted.value_type)
    if pa.types.is_struct(found) and pa.types.is_struct(wanted):
        names = {f.name for f in found} == {f.name for f in wanted}
        return names and all(_same_type(f.type, wanted.field(f.name).type) for f in found)
    wide = {pa.large_string(): pa.string(), pa.large_binary(): pa.binary()}
    return bool(wide.get(found, found) == wanted)


def _format_of(file: Path) -> dict[str, Any]:
    try:
        metadata = pq.read_metadata(file).metadata or {}
    except (pa.ArrowInvalid, OSError) as error:
        raise DatasetError(f"{file.name}: expected a parquet file, found {error}; import the dataset again") from error
    facts = json.loads(metadata.get(_METADATA, b"{}"))
    return facts if isinstance(facts, dict) else {}


def _state(folder: Path) -> list[tuple[str, int, int]]:
    """Names, sizes and times of the shards: whether somebody else wrote meanwhile."""
    files = sorted((folder / "data").glob("*.parquet"))
    return [(p.name, p.stat().st_size, p.stat().st_mtime_ns) for p in files]


def _keep_other_files(old: Path, new: Path, replaced: set[str]) -> None:
    """Carries everything over that is not rewritten: kept splits, a licence text, `.gitattributes`."""
    if not old.is_dir():
        return
    for path in sorted(old.rglob("*")):
        relative = path.relative_to(old)
        if path.is_dir():
            (new / relative).mkdir(exist_ok=True)
            continue
        match = _FILE.fullmatch(path.name) if relative.parent == Path("data") else None
        if relative == Path("README.md") or (match and match["split"] in replaced):
            continue
        try:
            os.link(path, new / relative)
        except OSError:  # another file system, or one without links
            shutil.copy2(path, new / relative)
