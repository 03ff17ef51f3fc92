"""What runs on the machines of a Ray cluster: one process a worker, which builds the function of the tasks once and calls it.

Tasks, results and errors travel as bytes of plain pickle, as they do to local workers. So what can be sent is the same for
both, and an error arrives as itself.
"""

from __future__ import annotations

import os
import pickle
import platform
import sys
from collections.abc import Callable, Iterable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

from gsi_bench_dataset.execution.attempts import WorkerError, portable

__all__ = ["ERROR", "RESULT", "Ready", "Setup", "Worker", "setup_here"]

RESULT, ERROR = "result", "error"
# Other versions may give other results for the same task: a worker must have those of the command.
_PACKAGES = ("gsi-bench", "numpy", "torch", "opencv-python-headless", "pillow", "scipy", "bpy")
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Setup(NamedTuple):
    """What the command's process is like, for workers to be like it."""

    folder: str  # the working folder, from which relative paths count
    path: tuple[str, ...]  # where modules are looked for
    versions: dict[str, str]


class Ready(NamedTuple):
    """A worker that is there. `problem`: why it cannot work."""

    machine: str
    pid: int
    problem: str | None


def setup_here() -> Setup:
    """Of this process."""
    return Setup(str(Path.cwd()), tuple(map(os.path.abspath, sys.path)), _versions())


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


class Worker:
    """One worker: a Ray actor whose method `work` is called for one task at a time."""

    def __init__(self, setup: Setup):
        # Before anything is imported that computes. Ray's runtime environment could say it too, and doubles a worker's start.
        os.environ |= dict.fromkeys(_ONE_THREAD, "1")
        self._setup = setup
        self._function: Callable[[Any], Iterable[Any]] | None = None

    def ready(self) -> Ready:
        """Says where the worker is, once it is there, and makes it like the command's process."""
        return Ready(platform.node(), os.getpid(), self._problem())

    def work(self, start: bytes, task: bytes) -> Iterator[tuple[str, bytes]]:
        """(`RESULT`, pickled result) of a task, as they are made; (`ERROR`, pickled error) where it or the start raised one."""
        try:
            if self._function is None:
                self._function = _loaded(start, "its function")()
            for result in self._function(_loaded(task, "a task")):
                yield RESULT, pickle.dumps(result)
        except Exception as error:  # noqa: BLE001 - raised again by the command
            yield ERROR, pickle.dumps(portable(error))

    def _problem(self) -> str | None:
        here, asked = _versions(), self._setup.versions
        other = [
            f"{name} {here.get(name, 'is not installed')} (the command: {v})"
            for name, v in asked.items()
            if here.get(name) != v
        ]
        if other:
            return f"other versions are installed: {', '.join(other)}; results would differ. Install the same on all nodes"
        try:
            os.chdir(self._setup.folder)
        except OSError as error:
            return (
                f"the command's working folder {self._setup.folder} cannot be entered ({error.strerror}); run the command, and "
                "keep --out and the data, in a folder that all nodes see under the same path"
            )
        sys.path += [place for place in self._setup.path if place not in sys.path]
        return None


def _loaded(content: bytes, what: str) -> Any:
    try:
        return pickle.loads(content)
    except (ImportError, AttributeError) as error:
        raise WorkerError(
            f"{platform.node()}: {what} cannot be loaded ({error}); its module must be installed on all nodes, and functions "
            "of the script itself cannot be sent"
        ) from error
