"""One parquet file of samples: its schema, its version, writing it and reading it lazily.

The dataset's shards are such files, and what a builder keeps of a finished scene.
"""

from __future__ import annotations

import dataclasses
import json
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from gsi_bench_dataset.problems import summary_of
from gsi_bench_dataset.records import PICTURE_FIELDS, RecordError, Sample, sample_features

__all__ = [
    "FORMAT_VERSION",
    "DatasetError",
    "ShardWriter",
    "facts_of",
    "iter_rows",
    "read_samples",
    "row_bytes",
    "to_sample",
    "write_samples",
]

# Raised when old readers would misread new files; readers refuse what is newer than they are.
FORMAT_VERSION = 1
READ_ROWS = 16
READ_BYTES = 2**20  # of a column at a time, or the whole of its row group is held

_METADATA = b"gsi_bench"


class DatasetError(ValueError):
    """A dataset that cannot be read or written as asked."""


def write_samples(path: Path, samples: Iterable[Sample], facts: Mapping[str, Any] | None = None) -> int:
    """Writes a file of samples, whole or not at all, and returns their number; `facts` (JSON) go into its footer."""
    partial = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    count = 0
    try:
        writer = ShardWriter(partial, facts or {})
        try:
            for sample in samples:
                writer.write([sample.to_row()])
                count += 1
        finally:
            writer.close()
        with partial.open("rb") as stream:
            os.fsync(stream.fileno())  # else a power cut may leave an empty file of the right name
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    return count


def read_samples(path: Path) -> Iterator[Sample]:
    """The samples of one file, a few in memory at a time.

    Raises:
        DatasetError: the file is damaged, foreign, or newer than this release reads.
    """
    return (to_sample(row, file) for file, row in iter_rows([path], None))


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


class ShardWriter:
    """One open parquet file. The size of its rows goes into its footer, where a later card finds it."""

    def __init__(self, path: Path, facts: Mapping[str, Any]):
        self.num_bytes = 0
        self._facts = dict(facts)
        self._schema = sample_features().arrow_schema
        # As datasets writes its files: chunking by content lets the Hub store only what changed between versions.
        self._writer = pq.ParquetWriter(
            path, self._schema, compression="snappy", use_content_defined_chunking=True, write_page_index=True
        )
        self._closed = False

    def write(self, rows: list[dict[str, Any]]) -> None:
        """Appends a row group."""
        table = pa.Table.from_pylist(rows, schema=self._schema)
        self.num_bytes += table.nbytes
        self._writer.write_table(table)

    def close(self) -> None:
        """Completes the file; a second call does nothing."""
        if self._closed:
            return
        self._closed = True
        facts = {**self._facts, "format_version": FORMAT_VERSION, "num_bytes": self.num_bytes}
        self._writer.add_key_value_metadata({_METADATA.decode(): json.dumps(facts, sort_keys=True)})
        self._writer.close()


def row_bytes(sample: Sample) -> int:
    """About how much a sample takes."""
    pictures = (getattr(sample, name) for name in PICTURE_FIELDS)
    return sum(len(p.bytes) for p in pictures if p is not None) + len(sample.official_json or "") + 4096


def to_sample(row: dict[str, Any], file: Path) -> Sample:
    """The sample of a row; errors name the file."""
    if "image" in row and row["image"] is None:
        raise DatasetError(
            f"{file.name}: {row.get('id')} comes without its pictures, which may not be passed on; load_dataset reads such "
            "rows, scoring needs the pictures: import the official archive with gsi-bench import"
        )
    try:
        return Sample.from_row(row)
    except RecordError as error:
        raise RecordError(f"{file.name}: {error.record}", error.problems) from error


def _check_file(file: Path) -> None:
    version = int(facts_of(file).get("format_version", 0))
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


def facts_of(file: Path) -> dict[str, Any]:
    """What a file's writer put into its footer."""
    try:
        metadata = pq.read_metadata(file).metadata or {}
    except (pa.ArrowInvalid, OSError) as error:
        raise DatasetError(f"{file.name}: expected a parquet file, found {error}; import the dataset again") from error
    facts = json.loads(metadata.get(_METADATA, b"{}"))
    return facts if isinstance(facts, dict) else {}
