"""One parquet file of samples: its schema, its version, writing it and reading it lazily.

The dataset's shards are such files, and what a builder keeps of a finished scene.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, NoReturn, Self

import pyarrow as pa
import pyarrow.parquet as pq

from gsi_bench_dataset.problems import summary_of
from gsi_bench_dataset.records import PICTURE_FIELDS, RecordError, Sample, sample_features
from gsi_bench_dataset.safety.files import FileProblemError, parse_json, printable_path
from gsi_bench_dataset.safety.names import name_problem, printable
from gsi_bench_dataset.safety.parquet import DAMAGED, DamagedError, ParquetSink, open_parquet
from gsi_bench_dataset.safety.system import system_problem
from gsi_bench_dataset.storage.folders import full_disk_named, partial_beside

__all__ = [
    "FORMAT_VERSION",
    "DatasetError",
    "ShardWriter",
    "facts_of",
    "iter_rows",
    "read_samples",
    "refused",
    "row_bytes",
    "rows_in",
    "to_sample",
    "unsound_names",
    "write_samples",
]

logger = logging.getLogger(__name__)

# Raised when old readers would misread new files; readers refuse what is newer than they are.
FORMAT_VERSION = 1
READ_ROWS = 16
READ_WORDS = 1024  # rows at a time without images, which are small

_METADATA = b"gsi_bench"


class DatasetError(ValueError):
    """A dataset that cannot be read or written as asked."""


def write_samples(path: Path, samples: Iterable[Sample], facts: Mapping[str, Any] | None = None) -> int:
    """Writes a file of samples, whole or not at all, and returns their number; `facts` (JSON) go into its footer.

    Raises:
        OSError: the disk is full, or does not take it; nothing of it is left.
        DatasetError: an image's path is not a base name, or `official_json_name` is none.
    """
    count = 0
    with full_disk_named(path), partial_beside(path) as stream, ShardWriter(stream, facts or {}) as writer:
        for sample in samples:
            _require_sound_names(sample)
            writer.write([sample.to_row()])
            count += 1
        writer.close()
    return count


def read_samples(path: Path) -> Iterator[Sample]:
    """The samples of one file, a few in memory at a time, after its bytes were compared with its checksums.

    Raises:
        DatasetError: the file is damaged, foreign, or newer than this release reads.
        RecordError: a row that is no valid sample.
    """
    return (to_sample(row, file) for file, row in iter_rows([path], None))


def iter_rows(
    files: Sequence[Path], columns: Sequence[str] | None, rows: range | None = None
) -> Iterator[tuple[Path, dict[str, Any]]]:
    """(file, row) of checked parquet files, a few rows in memory at a time; `columns` and `rows` (positions) None for all.

    Files with checksums are compared with them before their first row comes, once in a process. Reading `rows`, as several
    workers do in parallel, checks the footer and the pages that it reads. Call `verify_dataset` before workers are started.

    Raises:
        DatasetError: a file that is not one of ours or is damaged.
    """
    position = 0
    size = READ_WORDS if columns is not None and not {*columns} & {*PICTURE_FIELDS} else READ_ROWS
    for file in files:
        with _opened(file, whole=rows is None) as parquet:
            try:
                known = _check_columns(file, parquet)
                wanted_columns = known if columns is None else list(columns)
                for group in range(parquet.num_row_groups):
                    first, position = position, position + parquet.metadata.row_group(group).num_rows
                    if rows is not None and (position <= rows.start or first >= rows.stop):
                        continue
                    # Group by group: otherwise the whole shard ends up in memory.
                    for batch in parquet.iter_batches(size, [group], wanted_columns):
                        wanted = batch if rows is None else _part(batch, rows, first)
                        first += batch.num_rows
                        for row in wanted.to_pylist():
                            yield file, row
            except DatasetError:
                raise
            except DAMAGED as error:
                _refuse(file, error)


def rows_in(file: Path) -> int:
    """Number of rows, from the file's footer alone.

    Raises:
        DatasetError: no parquet file, or a damaged one.
    """
    with _opened(file) as parquet:
        return int(parquet.metadata.num_rows)


def _opened(file: Path, *, whole: bool = False) -> pq.ParquetFile:
    with refused(file):
        return open_parquet(file, whole=whole)


@contextlib.contextmanager
def refused(file: Path) -> Iterator[None]:
    """What damaged bytes raise inside becomes the error of a shard that cannot be read.

    Raises:
        DatasetError: names the file.
    """
    try:
        yield
    except DAMAGED as error:
        _refuse(file, error)


def _refuse(file: Path, error: Exception) -> NoReturn:
    """The error of a shard that cannot be read."""
    if isinstance(error, FileProblemError):
        raise DatasetError(f"{error}; import or download the dataset again") from error
    if isinstance(error, UnicodeEncodeError) or (isinstance(error, OSError) and error.errno is not None):
        # The system's refusal: the file may well be sound.
        raise DatasetError(f"{file.name}: cannot be read: {system_problem(error)}") from error
    said = printable(str(error) or type(error).__name__)
    what = str(error) if isinstance(error, DamagedError) else f"expected a parquet file, found {said}"
    raise DatasetError(f"{file.name}: damaged: {what}; import or download the dataset again") from error


def _part(batch: pa.RecordBatch, rows: range, first: int) -> pa.RecordBatch:
    """The rows of a batch that begins at position `first`."""
    start = min(max(rows.start - first, 0), batch.num_rows)
    return batch.slice(start, max(min(rows.stop - first, batch.num_rows) - start, 0))


class ShardWriter:
    """One open parquet file. The size of its rows goes into its footer, where a later card finds it.

    Args:
        file: an open, empty file; the caller closes it.
        facts: what else goes into the footer.
    """

    def __init__(self, file: BinaryIO, facts: Mapping[str, Any]):
        self.num_bytes = 0
        self._facts = dict(facts)
        self._schema = sample_features().arrow_schema
        self._sink = ParquetSink(file)
        # As datasets writes its files: chunking by content lets the Hub store only what changed between versions.
        self._writer = pq.ParquetWriter(
            self._sink.buffer,
            self._schema,
            compression="snappy",
            use_content_defined_chunking=True,
            write_page_index=True,
            write_page_checksum=True,
        )
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._closed:
            self._closed = True
            with contextlib.suppress(*DAMAGED):  # of what is thrown away; another error is under way
                self._writer.close()  # into memory: the file stays unfinished

    def write(self, rows: list[dict[str, Any]]) -> None:
        """Appends a row group.

        Raises:
            OSError: the disk is full, or does not take it.
        """
        self.write_table(pa.Table.from_pylist(rows, schema=self._schema))

    def write_table(self, table: pa.Table) -> None:
        """Appends a row group of the columns of a sample.

        Raises:
            OSError: the disk is full, or does not take it.
        """
        self.num_bytes += table.nbytes
        self._writer.write_table(table)
        self._sink.drain()

    def close(self) -> None:
        """Completes the file and brings it to the disk; a second call does nothing.

        Raises:
            OSError: the disk is full, or does not take it.
        """
        if self._closed:
            return
        self._closed = True
        facts = {**self._facts, "format_version": FORMAT_VERSION, "num_bytes": self.num_bytes}
        self._writer.add_key_value_metadata({_METADATA.decode(): json.dumps(facts, sort_keys=True)})
        self._writer.close()
        self._sink.finish()


def row_bytes(sample: Sample) -> int:
    """About how much a sample takes."""
    pictures = (getattr(sample, name) for name in PICTURE_FIELDS)
    return sum(len(p.bytes) for p in pictures if p is not None) + len(sample.official_json or "") + 4096


def to_sample(row: dict[str, Any], file: Path) -> Sample:
    """The sample of a row; errors name the file."""
    if "image" in row and row["image"] is None:
        name = printable_path(str(row.get("id")))
        raise DatasetError(
            f"{file.name}: {name} comes without its images, which are not redistributable; load_dataset reads such "
            "rows, scoring needs the images: import the official archive with gsi-bench import"
        )
    try:
        sample = Sample.from_row(row)
    except RecordError as error:
        raise RecordError(f"{file.name}: {error.record}", error.problems) from error
    if problems := unsound_names(sample):
        raise RecordError(f"{file.name}: {sample.describe()}", problems)
    return sample


def unsound_names(sample: Sample) -> list[str]:
    """What is wrong with the names that files of a sample had: base names say nothing of folders, here or elsewhere."""
    images = ((f"{name}.path", getattr(sample, name)) for name in PICTURE_FIELDS)
    names = [(field, image.path) for field, image in images if image is not None and image.path]
    names += [("official_json_name", sample.official_json_name)] if sample.official_json_name else []
    return [
        f"{field} must be a base name, found {printable(name)}, which {problem}"
        for field, name in names
        if (problem := name_problem(name)) is not None
    ]


def _require_sound_names(sample: Sample) -> None:
    if problems := unsound_names(sample):
        raise DatasetError(f"sample {sample.id!r}: {'; '.join(problems)}")


def _check_columns(file: Path, parquet: pq.ParquetFile) -> list[str]:
    """The columns that are read. Others, as `Dataset.map` adds them, are left out with a note."""
    facts = _facts(file, parquet)
    version = facts.get("format_version", 0)
    if not isinstance(version, int):
        raise DatasetError(f"{file.name}: expected a number as format_version, found {version!r:.60}; import the dataset again")
    if version > FORMAT_VERSION:
        raise DatasetError(
            f"{file.name}: written in format {version}, this release reads up to {FORMAT_VERSION}; upgrade gsi-bench"
        )
    found, wanted = parquet.schema_arrow, sample_features().arrow_schema
    # Columns with a default may be missing: an older release did not know them.
    needed = [f.name for f in dataclasses.fields(Sample) if f.default is dataclasses.MISSING]
    lacking = [name for name in needed if name not in found.names]
    problems = [f"lacks the columns {', '.join(lacking)}"] if lacking else []
    unknown = [f"column {printable_path(n)}: not known to this release" for n in found.names if n not in wanted.names]
    problems += [
        f"column {n}: expected {wanted.field(n).type}, found {found.field(n).type}"
        for n in wanted.names
        if n in found.names and not _same_type(found.field(n).type, wanted.field(n).type)
    ]
    if problems:
        title = f"{file.name}: not a GSI-Bench shard; import the dataset with this release"
        raise DatasetError(summary_of(title, [*problems[:1], *unknown, *problems[1:]]))
    if unknown:
        logger.warning("%s: ignored: %s", file.name, "; ".join(unknown))
    return [name for name in found.names if name in wanted.names]


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
    """What a file's writer put into its footer.

    Raises:
        DatasetError: no parquet file, or a damaged one.
    """
    with _opened(file) as parquet:
        return _facts(file, parquet)


def _facts(file: Path, parquet: pq.ParquetFile) -> dict[str, Any]:
    try:
        facts = parse_json((parquet.metadata.metadata or {}).get(_METADATA, b"{}"), "what its writer noted")
    except DAMAGED as error:
        raise DatasetError(f"{file.name}: damaged: {error}; import or download the dataset again") from error
    return facts if isinstance(facts, dict) else {}
