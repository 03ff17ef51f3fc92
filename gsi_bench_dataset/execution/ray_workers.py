"""Runs tasks on a Ray cluster, under the contract of `workers.run_tasks`. A lost worker's task is run again by another.

Each worker is an actor that Ray never restarts: a death is seen here, counted for the task that it had, and another worker is
hired. A worker has one call at a time, so that no task waits behind a deadly one, and no more is under way than is worked on.
One that is hired has no task before it is there, so that a place that the cluster lacks holds nothing up.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pickle
import platform
import re
import sys
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable
from pathlib import Path
from typing import Any, Generic, TypeVar

from gsi_bench_dataset.execution.attempts import Attempt, GivenUp, WorkerError, death_of
from gsi_bench_dataset.execution.deaths import how_it_ended
from gsi_bench_dataset.execution.ray_actor import RESULT, Ready, Worker, setup_here
from gsi_bench_dataset.execution.ray_cluster import Cluster, cluster
from gsi_bench_dataset.execution.runners import RunnerError

__all__ = ["run_on_ray"]

# Seconds between two looks whether the cluster is there, how often in a row it may fail to answer (Ray itself ends this
# process after a minute), and seconds between two notes that no worker has a place.
_LOOK_S, _SILENCES, _NOTE_S = 4.0, 5, 60.0
# Workers that may die in a row before they have a task: then it is not chance.
_STILLBORN = 5
# Seconds for the processes of dismissed workers to be gone.
_PATIENCE_S = 5.0

T = TypeVar("T")
R = TypeVar("R")


def run_on_ray(
    tasks: Iterable[T],
    start: Callable[[], Callable[[T], Iterable[R]]],
    *,
    workers: int,
    attempts: int,
    lost: Callable[[T, str], R] | None,
    gpus: float = 0.0,
) -> Generator[R, None, None]:
    """Results of all tasks; see `workers.run_tasks`. One worker is a process of its own too.

    Raises:
        WorkerError: a task took its workers down, or workers die before they have one. Other errors come as they were raised.
        RunnerError: no cluster, or it was lost; or a node is not like this machine.
    """
    waiting = deque(Attempt(task) for task in tasks)
    if not waiting:
        return
    content = pickle.dumps(start)
    crew = _Crew[T](cluster(workers), content, workers, gpus)
    try:
        while crew.hire(waiting):
            worker = crew.next_news()
            if worker is None:
                continue
            kind, news = crew.receive(worker)
            if kind == RESULT:
                yield news
            elif kind == "error":
                raise news
            elif kind == "dead":
                given_up = death_of(crew.bury(worker, news), waiting, attempts, f"on {{task}}. The last one: {news}")
                if given_up is not None:
                    yield _result_of(given_up, lost)
    finally:
        crew.dismiss()


def _result_of(given_up: GivenUp, lost: Callable[[T, str], R] | None) -> R:
    if lost is None:
        raise WorkerError(given_up.message)
    return lost(given_up.task, given_up.message)


@dataclasses.dataclass(eq=False)
class _Hired(Generic[T]):
    """An actor. `awaited` is what is waited for: its word that it is there, then the results of its task."""

    actor: Any
    awaited: Any
    ready: Ready | None = None
    busy_with: Attempt[T] | None = None


class _Crew(Generic[T]):
    """The workers of one run."""

    def __init__(self, joined: Cluster, start: bytes, workers: int, gpus: float):
        joined.require_gpus(gpus)
        self._cluster, self._ray, self._workers, self._gpus = joined, joined.ray, workers, gpus
        self._setup = setup_here()
        self._hired: list[_Hired[T]] = []
        self._stillborn = self._silences = 0
        self._noted = self._looked = time.monotonic()
        errors = joined.ray.exceptions
        self._deaths = (errors.RayActorError, errors.OutOfMemoryError, errors.WorkerCrashedError, errors.NodeDiedError)
        # What was on its way is gone with the machine that held it, or found no room.
        self._losses = (errors.ObjectLostError, errors.ObjectStoreFullError, errors.OutOfDiskError)
        self._ends = (errors.LocalRayletDiedError, errors.RaySystemError)
        self._class = joined.ray.remote(Worker)
        try:
            self._start = joined.ray.put(start)  # once for all workers: a watch over many files is large
        except self._losses as error:
            raise RunnerError(
                f"Ray's object store at {joined.address} takes no {len(start)} bytes ({error!s:.200}); give it more: "
                "`ray start --object-store-memory`"
            ) from error

    def hire(self, waiting: deque[Attempt[T]]) -> bool:
        """Gives every worker that is there a task; hires, and dismisses those without one. Whether any is left to wait for."""
        for worker in [w for w in self._hired if w.ready is not None and w.busy_with is None]:
            if waiting:
                self._give(worker, waiting.popleft())
            else:
                self._end(worker)
        coming = [w for w in self._hired if w.ready is None]
        for worker in coming[len(waiting) :]:
            self._end(worker)
        for _ in range(min(self._workers - len(self._hired), len(waiting) - len(coming))):
            options = {"num_cpus": 1, "num_gpus": self._gpus, "max_restarts": 0, "max_task_retries": 0}
            actor = self._class.options(**options).remote(self._setup)
            self._hired.append(_Hired(actor, actor.ready.remote()))
        return bool(self._hired)

    def next_news(self) -> _Hired[T] | None:
        """A worker with something to receive; None: none for some seconds.

        Raises:
            RunnerError: the cluster does not answer any more.
        """
        ready, _ = self._ray.wait([w.awaited for w in self._hired], num_returns=1, timeout=_LOOK_S)
        # Workers may go on without the head for a while; Ray would then end this process without a word of what to do.
        if time.monotonic() - self._looked > _LOOK_S:
            self._look_after_cluster()
        if not ready:
            return None
        worker = next(w for w in self._hired if w.awaited is ready[0])
        # Last from now on: the first one would be heard again and again.
        self._hired.remove(worker)
        self._hired.append(worker)
        return worker

    def receive(self, worker: _Hired[T]) -> tuple[str, Any]:
        """What a worker sent: ("result", it), ("error", it), ("dead", how), or ("", None) where it is free for a task."""
        try:
            if worker.ready is None:
                return self._greet(worker, self._ray.get(worker.awaited))
            try:
                kind, content = self._ray.get(next(worker.awaited))
            except StopIteration:
                worker.busy_with = None
                return "", None
            return kind, pickle.loads(content)
        except self._deaths as error:
            return "dead", _how(error, worker.ready)
        except self._ends as error:
            raise RunnerError(self._lost_cluster(f"{error!s:.200}")) from error
        except self._losses as error:
            words = " ".join(str(error).split())[:300]
            remedy = "give it more (`ray start --object-store-memory`), and room in /tmp/ray"
            return "dead", f"Ray's object store lost or did not take what it gave ({type(error).__name__}: {words}); {remedy}"

    def bury(self, worker: _Hired[T], how: str) -> Attempt[T] | None:
        """Takes a dead worker's task back.

        Raises:
            WorkerError: workers die one after another without a task.
        """
        if worker.ready is None:
            self._stillborn += 1
        self._end(worker)
        if self._stillborn >= _STILLBORN:
            raise WorkerError(
                f"{self._stillborn} workers in turn died on {self._cluster.address} before they had a task. The last one: "
                f"{how}. Is gsi-bench installed on the nodes? Their logs: /tmp/ray/session_latest/logs"
            )
        return worker.busy_with

    def dismiss(self) -> None:
        """Ends all workers. Those of this machine are gone when it returns: they leave alone what is cleared away then."""
        ended = list(self._hired)
        for worker in ended:
            self._end(worker)
        here = [w.ready.pid for w in ended if w.ready is not None and w.ready.machine == platform.node()]
        end = time.monotonic() + _PATIENCE_S
        while any(map(_runs, here)) and time.monotonic() < end:
            time.sleep(0.02)

    def _greet(self, worker: _Hired[T], ready: Ready) -> tuple[str, Any]:
        if ready.problem is not None:
            return "error", RunnerError(f"node {ready.machine}: {ready.problem}")
        worker.ready, self._stillborn = ready, 0
        return "", None

    def _give(self, worker: _Hired[T], attempt: Attempt[T]) -> None:
        content = pickle.dumps(attempt.task)
        worker.busy_with = attempt
        worker.awaited = worker.actor.work.options(num_returns="streaming").remote(self._start, content)

    def _end(self, worker: _Hired[T]) -> None:
        """Lets go of a worker. One that was lost may be running still, where only the way to it is cut."""
        self._hired.remove(worker)
        with contextlib.suppress(Exception):  # it is gone, or the cluster is
            self._ray.kill(worker.actor, no_restart=True)

    def _look_after_cluster(self) -> None:
        """Called every few seconds.

        Raises:
            RunnerError: the cluster does not answer any more.
        """
        self._silences = 0 if self._cluster.answers() else self._silences + 1
        self._looked = time.monotonic()
        if self._silences >= _SILENCES:
            raise RunnerError(self._lost_cluster(f"{self._silences} attempts"))
        if all(w.ready is None for w in self._hired) and time.monotonic() - self._noted > _NOTE_S:
            self._noted = time.monotonic()
            sys.stderr.write(f"note: {self._cluster.shortage(self._workers, self._gpus)}\n")

    def _lost_cluster(self, why: str) -> str:
        return (
            f"the Ray cluster at {self._cluster.address} does not answer any more ({why}). What was recorded is kept; the same "
            "command goes on once the cluster is there again"
        )


def _how(error: Exception, ready: Ready | None) -> str:
    """How a worker ended, as far as Ray knows."""
    text, kind = str(error), type(error).__name__
    where = "" if ready is None else f", process {ready.pid} on {ready.machine}"
    if kind == "OutOfMemoryError":
        return f"ended by Ray's memory monitor, for its node had too little memory{where}; use fewer workers, or larger nodes"
    if found := re.search(r"exit code (-?\d+)", text):
        return f"exit code {found[1]}{where}: {how_it_ended(int(found[1]))}"
    if kind == "NodeDiedError" or re.search(r"\bnode (has died|is dead|was terminated|died)\b", text):
        return f"its node was lost{where} ({kind})"
    said = " ".join(text.rsplit("Worker exit detail:", maxsplit=1)[-1].partition("Some common causes")[0].split())[:300]
    return f"{kind}{where}: {said or 'Ray does not say why'}; mostly a signal: {how_it_ended(-9)}"


def _runs(pid: int) -> bool:
    """Whether a process of this machine runs; one that nobody waited for yet is dead all the same."""
    stat = Path(f"/proc/{pid}/stat")
    if stat.parent.parent.joinpath("self").exists():
        with contextlib.suppress(OSError):
            return stat.read_text().rpartition(")")[2].split()[0] != "Z"
        return False
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True
