"""Tasks of scoring spread over processes, each with its records: what `evaluate` and `validate` have in common."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from gsi_bench_dataset.execution.progress import Dashboard
from gsi_bench_dataset.execution.runners import LOCAL, Runner, run_tasks
from gsi_bench_dataset.records import Score
from gsi_bench_dataset.storage.packed import Packed
from gsi_bench_dataset.storage.record_store import RecordStore
from gsi_bench_metric.run.folder import RECORDS
from gsi_bench_metric.run.threads import one_thread, one_thread_for_good
from gsi_bench_metric.run.unchanged import Watch

__all__ = ["ahead", "keeping_records", "score_tasks"]

T = TypeVar("T")
A = TypeVar("A")
B = TypeVar("B")


def score_tasks(
    tasks: Iterable[T],
    start: Callable[[], Callable[[T], Iterable[Score]]],
    key: Callable[[Score], Hashable],
    bar: Dashboard,
    *,
    workers: int,
    runner: Runner = LOCAL,
    every: Callable[[int], None] = lambda _: None,
) -> Packed[Score]:
    """The scores of all tasks. A task that a dead worker left is done again: a score may come twice, and counts once.

    Args:
        tasks: pieces of work.
        start: makes what scores one, once in each worker; see `keeping_records`.
        key: what tells scores apart.
        bar: counts them, and shows how it goes.
        workers: processes; 1: this one, where the runner is local.
        runner: where they run.
        every: is called after each score with their number.
    """
    found: Packed[Score] = Packed()
    known: set[Hashable] = set()
    with one_thread(), bar, contextlib.closing(run_tasks(tasks, start, runner=runner, workers=workers)) as results:
        for score in results:
            if key(score) in known:
                continue
            known.add(key(score))
            found.append(score)
            bar.update(len(found) - bar.n)
            every(len(found))
    return found


def keeping_records(
    folder: Path, watch: Watch, work: Callable[[T, RecordStore], Iterator[Score]]
) -> Callable[[T], Iterator[Score]]:
    """What a worker does with each task: sees that the inputs are as they were, knows what others recorded, keeps its own."""
    one_thread_for_good()  # in a process of its own too
    records = RecordStore(folder / RECORDS)

    def recorded(task: T) -> Iterator[Score]:
        watch.require_unchanged(folder)
        records.refresh()
        try:
            yield from work(task, records)
        finally:
            records.sync()

    return recorded


def ahead(function: Callable[[A], B], items: Iterable[A], count: int, threads: int = 1) -> Iterator[B]:
    """`map` that works on the next items in other threads, so that decoding goes on while images are compared."""
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[Future[B]] = deque()
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > count:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
