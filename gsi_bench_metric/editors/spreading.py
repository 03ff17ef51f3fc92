"""Generating by several workers, each with an editor of its own: a model on a GPU each, on one machine or many.

One worker first says what the editor is, so that the folder is claimed once. Then the samples are handed out a few at a time.
Every worker keeps its images and their records itself, in the tree that `generating.py` describes; a worker that dies loses the
images that it was at, and its samples are given to another.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from gsi_bench_dataset.execution.runners import Runner, run_tasks
from gsi_bench_dataset.safety.keys import clean, clean_json
from gsi_bench_dataset.storage.record_store import RecordStore
from gsi_bench_dataset.storage.shards import read_columns, read_dataset
from gsi_bench_metric.editors.base import Editor
from gsi_bench_metric.editors.generating import (
    Generated,
    GenerateError,
    Outcome,
    Place,
    Wanted,
    claim,
    gather,
    outcomes,
    settings_of,
)
from gsi_bench_metric.editors.registry import EditorOptions, make_editor

__all__ = ["generate_by_workers"]

_PARTS_A_WORKER = 4  # so that workers end at about the same time
_MOST_SAMPLES = 4  # in one part, or twice what the editor makes at a time: what the death of a worker may delay


class _Part(NamedTuple):
    """Rows of the split, and the ids of the samples there."""

    first: int
    ids: tuple[str, ...]


class _Described(NamedTuple):
    """What the driver must know of an editor that it does not hold."""

    name: str
    settings: Mapping[str, Any]
    concurrency: int


def generate_by_workers(
    editor: str,
    options: EditorOptions,
    data: Path,
    out: Path,
    wanted: Wanted,
    *,
    runner: Runner,
    workers: int,
    progress: bool = True,
) -> Generated:
    """As `generate`, by several workers. `wanted.name` may be empty: then the editor's own is taken.

    Raises:
        GenerateError, EditorError, StoreError: see `generate`; workers' editors that are not the same.
        WorkerError, RunnerError: the workers cannot be had.
    """
    make = functools.partial(make_editor, editor, options)
    described = _described(make, runner)
    wanted = dataclasses.replace(wanted, name=wanted.name or described.name)
    place = claim(out, wanted, described.settings)
    ids = [str(row["id"]) for row in read_columns(data, wanted.split, ["id"])][: wanted.limit]
    parts = _parts(ids, workers, described.concurrency)
    start = functools.partial(_start, make, data, dataclasses.replace(wanted, limit=None), place)
    running = run_tasks(parts, start, runner=runner, workers=min(workers, max(1, len(parts))), lost=_lost, always_spawn=True)
    with contextlib.closing(running):
        found = (outcome for some in running for outcome in some)
        return gather(found, place, wanted, total=len(ids), progress=progress)


def _described(make: Callable[[], Editor], runner: Runner) -> _Described:
    (found,) = run_tasks([None], functools.partial(_start_describing, make), runner=runner, always_spawn=True)
    return found


def _start_describing(make: Callable[[], Editor]) -> Callable[[None], list[_Described]]:
    editor = make()
    return lambda _: [_Described(editor.name, clean_json(dict(editor.settings)), editor.concurrency)]


def _parts(ids: list[str], workers: int, concurrency: int) -> list[_Part]:
    most = max(_MOST_SAMPLES, 2 * concurrency)
    size = min(max(1, math.ceil(len(ids) / (_PARTS_A_WORKER * workers))), most)
    return [_Part(first, tuple(ids[first : first + size])) for first in range(0, len(ids), size)]


def _start(make: Callable[[], Editor], data: Path, wanted: Wanted, place: Place) -> Callable[[_Part], Iterator[list[Outcome]]]:
    """What a worker does once: loads the editor."""
    editor, records = make(), RecordStore(place.notes / "records")
    if settings_of(editor.settings, wanted) != place.settings:
        raise GenerateError(f"{editor.name}: this worker's editor has other settings than the first one's; use equal machines")

    def work(part: _Part) -> Iterator[list[Outcome]]:
        records.refresh()
        samples = read_dataset(data, wanted.split, rows=range(part.first, part.first + len(part.ids)))
        with contextlib.closing(outcomes(editor, samples, place, wanted, records)) as made:
            for outcome in made:
                yield [outcome._replace(position=part.first + outcome.position)]
        records.sync()

    return work


def _lost(part: _Part, message: str) -> list[Outcome]:
    """What is said of samples that took their workers down."""
    return [Outcome(part.first + at, name, None, False, clean(message)) for at, name in enumerate(part.ids)]
