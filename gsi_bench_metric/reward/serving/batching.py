"""Requests of many clients, rated by one thread: what waits together is rated together, samples side by side."""

from __future__ import annotations

import dataclasses
import queue
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

from gsi_bench_metric.reward.config import SERVING, ServingConfig
from gsi_bench_metric.reward.grading import Rated
from gsi_bench_metric.reward.serving.bodies import Item
from gsi_bench_metric.reward.spatial import SpatialReward

__all__ = ["Batcher", "BusyError"]


class BusyError(RuntimeError):
    """More work waits than would be done in time."""


@dataclasses.dataclass
class _Job:
    item: Item
    future: Future[Rated]
    until: float  # monotonic seconds after which nobody waits for it any more


class Batcher:
    """A thread that rates what is handed to it.

    Args:
        reward: who rates.
        limits: how much may wait, and how much is rated together.

    Attributes:
        done: images that were rated.
    """

    def __init__(self, reward: SpatialReward, limits: ServingConfig = SERVING):
        self._reward, self._limits = reward, limits
        self._waiting: queue.Queue[_Job | None] = queue.Queue(limits.waiting)
        self._thread = threading.Thread(target=self._work, name="gsi-reward", daemon=True)
        self.done = 0

    @property
    def waiting(self) -> int:
        """Images that nobody has begun with."""
        return self._waiting.qsize()

    @property
    def alive(self) -> bool:
        """Whether work is done."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begins to work."""
        self._thread.start()

    def stop(self) -> None:
        """Ends after what waits already."""
        self._waiting.put(None)
        self._thread.join(self._limits.seconds)

    def submit(self, items: Sequence[Item]) -> list[Future[Rated]]:
        """The ratings to come, in the order of the items.

        Raises:
            BusyError: the queue is full; none of them is rated.
        """
        until = time.monotonic() + self._limits.seconds
        jobs = [_Job(item, Future(), until) for item in items]
        if self._waiting.qsize() + len(jobs) > self._limits.waiting:
            raise BusyError(f"{self._waiting.qsize()} images wait already; at most {self._limits.waiting} may")
        try:
            for job in jobs:
                self._waiting.put_nowait(job)
        except queue.Full:
            for job in jobs:
                job.future.cancel()
            raise BusyError(f"{self._limits.waiting} images wait already") from None
        return [job.future for job in jobs]

    def _work(self) -> None:
        while (first := self._waiting.get()) is not None:
            jobs: list[Any] = [first]
            while len(jobs) < self._limits.batch:
                try:
                    jobs.append(self._waiting.get_nowait())
                except queue.Empty:
                    break
            ending = None in jobs
            self._rate([job for job in jobs if job is not None])
            if ending:
                return

    def _rate(self, jobs: list[_Job]) -> None:
        late = time.monotonic()
        alive = [job for job in jobs if job.until > late and job.future.set_running_or_notify_cancel()]
        # One at a time, samples side by side: an image that cannot be rated takes no other with it.
        for job in sorted(alive, key=lambda job: job.item.sample_id):
            try:
                (found,) = self._reward.rate([job.item.image], [job.item.sample_id])
            except Exception as error:  # noqa: BLE001 - it belongs to that request, whatever it is
                job.future.set_exception(error)
            else:
                self.done += 1
                job.future.set_result(found)
