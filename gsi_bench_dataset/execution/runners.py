"""Where tasks run: in this process and processes beside it (`local`), or on the machines of a Ray cluster (`ray`).

Callers hand a `Runner` on and ask it how many workers there may be; none of them knows what stands behind it. The contract of
`run_tasks` is the same for all: see `workers.py`.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import math
from collections.abc import Callable, Generator, Iterable
from typing import TypeVar

from gsi_bench_dataset.execution import workers as local
from gsi_bench_dataset.execution.cores import available_cores

__all__ = ["LOCAL", "MOST_GPUS", "RUNNERS", "Runner", "RunnerError", "run_tasks"]

T = TypeVar("T")
R = TypeVar("R")

RUNNERS = ("local", "ray")
_GET_RAY = 'pip install "gsi-bench[ray]"'
MOST_GPUS = 64  # of one machine


class RunnerError(ValueError):
    """A runner that cannot be used as asked, or is lost."""


@dataclasses.dataclass(frozen=True)
class Runner:
    """Where tasks run. May be sent to other processes.

    Attributes:
        name: one of `RUNNERS`.
        gpus_per_worker: GPUs that each worker has for itself; a part of one is shared. None: see `for_device`.
    """

    name: str = "local"
    gpus_per_worker: float | None = None

    @property
    def one_machine(self) -> bool:
        """Whether all workers see this machine's own folders."""
        return self.name == "local"

    def in_this_process(self, workers: int) -> bool:
        """Whether that many workers are this process itself."""
        return self.one_machine and workers <= 1

    def for_device(self, device: str | None) -> Runner:
        """The same with a number of GPUs a worker: those asked for, else one where the workers compute on GPUs.

        Raises:
            RunnerError: GPUs were asked for, for workers that do not compute on them, or a numbered one.
        """
        asked = self.gpus_per_worker
        on_gpu = device is not None and device.lower().partition(":")[0] not in ("cpu", "mps", "metal")
        if self.one_machine:
            return self
        if asked and device is not None and not on_gpu:
            raise RunnerError(f"--gpus-per-worker {asked:g}: with --device {device} workers use no GPU; leave one of them out")
        if on_gpu and device is not None and ":" in device:
            raise RunnerError(
                f"--device {device}: with --runner {self.name} each worker is given its GPUs and sees them as its first ones; "
                f"say --device {device.partition(':')[0]}"
            )
        return self if asked is not None else dataclasses.replace(self, gpus_per_worker=1.0 if on_gpu else 0.0)

    def most_workers(self) -> int:
        """Workers that have a core each, or the GPUs that they need: of this machine, or of the cluster, which is joined."""
        if self.one_machine:
            return available_cores()
        from gsi_bench_dataset.execution.ray_cluster import cluster  # noqa: PLC0415 - only with Ray

        return cluster().room(self.gpus_per_worker or 0.0)

    def check(self) -> None:
        """Does nothing where the runner can be used; joins no cluster.

        Raises:
            RunnerError: it is unknown or not installed, or its options do not go together; says what to do.
        """
        if self.name not in RUNNERS:
            raise RunnerError(f"--runner {self.name!r:.60}: expected one of {', '.join(RUNNERS)}")
        asked = self.gpus_per_worker
        if asked is not None and self.one_machine:
            raise RunnerError(
                "--gpus-per-worker belongs to --runner ray: it says how many GPUs of the cluster a worker is given"
            )
        if asked is not None and not (0 <= asked <= MOST_GPUS and (asked < 1 or math.floor(asked) == asked)):
            raise RunnerError(
                f"--gpus-per-worker: expected a whole number up to {MOST_GPUS}, or a part such as 0.5, found {asked:g}"
            )
        if self.name == "ray" and importlib.util.find_spec("ray") is None:
            raise RunnerError(f"--runner ray needs Ray, which is not installed here; run: {_GET_RAY}")


LOCAL = Runner()


def run_tasks(
    tasks: Iterable[T],
    start: Callable[[], Callable[[T], Iterable[R]]],
    *,
    runner: Runner = LOCAL,
    workers: int = 1,
    attempts: int = 2,
    lost: Callable[[T, str], R] | None = None,
    always_spawn: bool = False,
) -> Generator[R, None, None]:
    """Results of all tasks, as they are ready; see `workers.run_tasks`, whose contract every runner keeps.

    Raises:
        WorkerError: a task took its workers down; names the task. Other errors come as the function raised them.
        RunnerError: the runner cannot be used, or was lost.
    """
    runner.check()
    if runner.one_machine:
        return local.run_tasks(tasks, start, workers=workers, attempts=attempts, lost=lost, always_spawn=always_spawn)
    from gsi_bench_dataset.execution.ray_workers import run_on_ray  # noqa: PLC0415 - only with Ray

    gpus = runner.gpus_per_worker or 0.0
    return run_on_ray(tasks, start, workers=max(1, workers), attempts=attempts, lost=lost, gpus=gpus)
