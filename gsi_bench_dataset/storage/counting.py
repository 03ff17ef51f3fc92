"""Every row of a split read, counted and hashed: in this process, or a large split's in one process a core."""

from __future__ import annotations

import dataclasses
import functools
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from gsi_bench_dataset.execution.workers import available_cores, run_tasks
from gsi_bench_dataset.records import PICTURE_FIELDS
from gsi_bench_dataset.safety.parquet import check_contents
from gsi_bench_dataset.storage.card import SplitSummary
from gsi_bench_dataset.storage.row_hash import sample_digest
from gsi_bench_dataset.storage.sample_files import DatasetError, iter_rows, refused, rows_in, to_sample

__all__ = ["count_rows"]

PARALLEL_ROWS = 50_000  # from here on workers are worth their start, about two seconds
_PART_ROWS = 4096  # rows that a worker reads at a time
_WITHHELD = {"bytes": b"-", "path": None}  # stands in for images that a row comes without, while its words are hashed


@dataclasses.dataclass(frozen=True)
class _Part:
    """Rows from `start` on: their counts, without a hash, and their digests in order."""

    start: int
    counts: dict[str, Any]
    digests: bytes


def count_rows(files: Sequence[Path], summary: SplitSummary) -> None:
    """Adds every row of a split's files to its summary; rows without their images count as such.

    Raises:
        DatasetError: a file that is not one of ours or is damaged, or a row with some of its images alone.
        RecordError: a row that is no valid sample.
    """
    total = sum(map(rows_in, files))
    cores = available_cores()
    if total < PARALLEL_ROWS or cores < 2 or multiprocessing.parent_process() is not None:  # workers have no workers
        _add(summary, _count(files, summary.split, None))
        return
    for file in files:
        with refused(file):
            check_contents(file)  # once here; each worker checks the pages that it reads
    tasks = [range(start, min(start + _PART_ROWS, total)) for start in range(0, total, _PART_ROWS)]
    parts: dict[int, _Part] = {}
    wanted = 0
    for part in run_tasks(tasks, functools.partial(_start, files, summary.split), workers=min(cores, len(tasks))):
        parts[part.start] = part
        while wanted in parts:  # the hash is of rows in order
            found = parts.pop(wanted)
            _add(summary, found)
            wanted += len(found.digests) // 32


def _start(files: Sequence[Path], split: str) -> Callable[[range], Iterator[_Part]]:
    def work(rows: range) -> Iterator[_Part]:
        yield _count(files, split, rows)

    return work


def _add(summary: SplitSummary, part: _Part) -> None:
    summary.merge(SplitSummary(summary.split, **part.counts))
    summary.take(part.digests)


def _count(files: Sequence[Path], split: str, rows: range | None) -> _Part:
    found, digests = SplitSummary(split), []
    for file, row in iter_rows(files, None, rows):
        hidden: tuple[str, ...] = ()
        if row.get("image") is None:
            there = {name: row[name] for name in PICTURE_FIELDS if row.get(name) is not None}
            if there:
                raise DatasetError(f"{file.name}: a row without image but with {', '.join(there)}; import the dataset again")
            hidden = PICTURE_FIELDS
        sample = to_sample(row | {"image": _WITHHELD} if hidden else row, file)
        found.count(sample, hidden)
        digests.append(sample_digest(sample, hidden))
    names = [field.name for field in dataclasses.fields(found) if field.name not in ("split", "source")]
    counts = {name: getattr(found, name) for name in names}
    return _Part(rows.start if rows is not None else 0, counts, b"".join(digests))
