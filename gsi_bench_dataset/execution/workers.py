"""Runs tasks in this process or in several. If a worker process dies, its task is run again.

A task's function is built once in every worker (`start`), so models are loaded once. Results come as they are ready, in no
order. The task of a worker that dies is given to a fresh one; it then yields its results again, so results must say what they
belong to.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Generic, TypeVar

from gsi_bench_dataset.execution.attempts import Attempt, GivenUp, WorkerError, death_of, portable
from gsi_bench_dataset.execution.cores import available_cores
from gsi_bench_dataset.execution.deaths import how_it_ended

__all__ = ["WorkerError", "available_cores", "run_tasks"]

# A worker that was asked to end is killed after this.
PATIENCE_SECONDS = 5.0

T = TypeVar("T")
R = TypeVar("R")

Start = Callable[[], Callable[[T], Iterable[R]]]


def run_tasks(
    tasks: Iterable[T],
    start: Start[T, R],
    *,
    workers: int = 1,
    attempts: int = 2,
    lost: Callable[[T, str], R] | None = None,
    always_spawn: bool = False,
) -> Generator[R, None, None]:
    """Results of all tasks.

    Args:
        tasks: what is given to the function, one at a time; must pickle where there are several workers.
        start: makes the function, once in each worker; must pickle too. With one worker all happens in this process.
        workers: processes. They are spawned, not forked: threads and GPU contexts do not survive a fork.
        attempts: how often a task may take its worker down before it is an error.
        lost: makes the result of a task that took its workers down, from the task and what happened; None: it is an error.
        always_spawn: one worker is a process of its own too, for work that may crash or not be interrupted.

    Raises:
        WorkerError: a task took its workers down; names the task. Other errors come as the function raised them.
    """
    if workers <= 1 and not always_spawn:
        work = start()
        for task in tasks:
            yield from work(task)
        return
    waiting = deque(Attempt(task) for task in tasks)
    crew: list[_Worker[T]] = []
    try:
        while _hire(crew, waiting, start, workers):
            for worker in _with_news(crew):
                kind, content = worker.receive()
                if kind == "result":
                    yield content
                elif kind == "error":
                    raise content
                elif kind == "dead":
                    dead = _take_back(worker, waiting, attempts)
                    if dead is not None and lost is None:
                        raise WorkerError(dead.message)
                    if dead is not None and lost is not None:
                        yield lost(dead.task, dead.message)
                else:
                    worker.busy_with = None
    finally:
        _dismiss(crew)


def _dismiss(crew: list[_Worker[Any]]) -> None:
    """Ends all workers. All are asked before the first is waited for: an interrupt while waiting leaves none at work."""
    for worker in crew:
        worker.end()
    for worker in crew:
        worker.dismiss()


class _Worker(Generic[T]):
    """A spawned process and what it is doing."""

    def __init__(self, start: Start[T, Any]):
        context = multiprocessing.get_context("spawn")
        self._ours, theirs = context.Pipe()
        self._process: BaseProcess = context.Process(target=_serve, args=(theirs, start), daemon=True)
        with _interrupts_held():
            self._process.start()
        theirs.close()  # so that the death of the process ends the pipe
        self.busy_with: Attempt[T] | None = None
        self.exit_code: int | None = None  # set when all that it sent before its death is read; negative: a signal

    @property
    def connection(self) -> Connection:
        """The end to wait on."""
        return self._ours

    def give(self, attempt: Attempt[T]) -> None:
        self.busy_with = attempt
        with contextlib.suppress(OSError):  # it is dead; receive() says so
            self._ours.send(attempt.task)

    def receive(self) -> tuple[str, Any]:
        try:
            kind, content = self._ours.recv()
        except (EOFError, OSError):
            self._ours.close()
            self._process.join()
            self.exit_code = self._process.exitcode
            return "dead", None
        return kind, content

    def end(self) -> None:
        self._ours.close()
        self._process.terminate()

    def dismiss(self) -> None:
        self.end()
        self._process.join(PATIENCE_SECONDS)
        if self._process.exitcode is None:  # a library of its work took over SIGTERM
            self._process.kill()
            self._process.join()


def _hire(crew: list[_Worker[T]], waiting: deque[Attempt[T]], start: Start[T, Any], workers: int) -> bool:
    """Gives every worker a task. Dead workers are replaced, those without a task dismissed. Whether any worker is busy."""
    crew[:] = [worker for worker in crew if worker.exit_code is None]
    for worker in [w for w in crew if w.busy_with is None]:
        if waiting:
            worker.give(waiting.popleft())
        else:
            crew.remove(worker)
            worker.dismiss()
    while waiting and len(crew) < workers:
        crew.append(_Worker(start))
        crew[-1].give(waiting.popleft())
    return bool(crew)


def _with_news(crew: list[_Worker[T]]) -> list[_Worker[T]]:
    ready = wait([worker.connection for worker in crew])
    return [worker for worker in crew if worker.connection in ready]


def _take_back(worker: _Worker[T], waiting: deque[Attempt[T]], attempts: int) -> GivenUp | None:
    attempt, worker.busy_with = worker.busy_with, None
    how = f"(exit code {worker.exit_code}) on {{task}}. The last one: {how_it_ended(worker.exit_code)}"
    return death_of(attempt, waiting, attempts, how)


@contextlib.contextmanager
def _interrupts_held() -> Iterator[None]:
    """A process that is started inside never sees Ctrl-C, which reaches the whole group: the parent decides.

    Without it the traceback of a worker that was still importing would stand under the parent's message.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    # multiprocessing's own helper lets the signals through again when it starts, so it must be there before.
    resource_tracker.ensure_running()
    former = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, former)


def _end_with_parent() -> None:
    """Ends this process when its parent dies, also in the middle of a computation."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


class _ParentGoneError(Exception):
    """The parent has died, or does not need this worker any more."""


def _serve(connection: Connection, start: Start[T, Any]) -> None:
    """The life of a worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        work = start()
        while True:
            task = _over_the_pipe(connection.recv)
            for result in work(task):
                _over_the_pipe(connection.send, ("result", result))
            _over_the_pipe(connection.send, ("done", None))
    except _ParentGoneError:
        return
    except Exception as error:  # noqa: BLE001 - raised again in the parent
        with contextlib.suppress(OSError):
            connection.send(("error", portable(error)))


def _over_the_pipe(function: Callable[..., Any], *what: Any) -> Any:
    """Sends or receives. Work may meet the errors of a closed pipe too, so they are kept apart here."""
    try:
        return function(*what)
    except (EOFError, OSError) as error:
        raise _ParentGoneError from error
