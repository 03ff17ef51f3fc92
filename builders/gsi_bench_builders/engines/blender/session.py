"""The Blender of this process: imported once, silent, with nothing of the user's own settings in it.

Blender prints on file descriptor 1, so that one leads to a log file from here on; what this process prints itself goes to a
copy of the old one.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gsi_bench_builders.engine import EngineError
from gsi_bench_builders.scratch import scratch_folder

__all__ = ["blender", "quiet", "reset"]

# Debian's names of the libraries that bpy's wheel links and slim images lack.
SYSTEM_PACKAGES = "libx11-6 libxrender1 libxfixes3 libxi6 libxkbcommon0 libsm6 libice6 libxext6 libgl1"


def blender() -> Any:
    """The `bpy` module.

    Raises:
        EngineError: it is not installed or a system library is missing (says what to install), or this is not the main
            thread, where Blender would take the process down.
    """
    if "bpy" in sys.modules:
        return sys.modules["bpy"]
    if threading.current_thread() is not threading.main_thread():
        raise EngineError("Blender runs in a process's main thread only; use a worker process")
    # A parent process that has imported Blender hands down its script folders, in which another `bpy` lies.
    sys.path[:] = [p for p in sys.path if not Path(p, "_bpy_types.py").is_file()]
    if "BLENDER_USER_RESOURCES" not in os.environ:
        # Read at import: an empty folder keeps the user's start-up file and add-ons out.
        os.environ["BLENDER_USER_RESOURCES"] = str(_own_folder())
    try:
        with _one_core():
            import bpy  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if error.name != "bpy":
            raise
        raise EngineError("Blender is not installed; run: pip install 'gsi-bench[blender]' (Python 3.11)") from error
    except ImportError as error:
        raise EngineError(f"Blender does not start ({error}); run: apt-get install -y {SYSTEM_PACKAGES}") from error
    return bpy


def _own_folder() -> Path:
    """A folder that goes with this process; a build gives its workers theirs."""
    held = contextlib.ExitStack()
    atexit.register(held.close)
    return held.enter_context(scratch_folder())


@contextlib.contextmanager
def _one_core() -> Iterator[None]:
    """Blender counts the cores when it is imported. A worker draws with one thread; those of a pool for all cores would spin
    beside it and double the CPU time of every image for nothing."""
    if not hasattr(os, "sched_setaffinity"):  # macOS and Windows
        yield
        return
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        yield
    finally:
        for thread in Path("/proc/self/task").iterdir():
            os.sched_setaffinity(int(thread.name), cores)


def quiet(log: Path | None = None) -> None:
    """Sends Blender's chatter to a file (None: nowhere) and keeps this process's own prints on its standard output."""
    sys.stdout.flush()
    ours = os.dup(1)
    target = os.open(log or os.devnull, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(target, 1)
    os.close(target)
    sys.stdout = os.fdopen(ours, "w", buffering=1, encoding="utf-8")


def reset() -> Any:
    """An empty Blender, as if just started. Returns `bpy`."""
    bpy = blender()
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return bpy
