"""Temporary folders that go away whatever ends the process: at its end by itself, after a kill by the next one that starts.

A folder belongs to the process that holds the lock on the file in it. The system drops the lock of a process that is gone,
so a folder with a free lock has no owner, and a folder in use is never touched.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

__all__ = ["PREFIX", "scratch_folder", "sweep"]

PREFIX = "gsi-bench-blender-"
_LOCK = "lock"
# A folder without a lock file may be one that is just being made.
_YOUNG_S = 600.0


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """A new temporary folder of this process, removed at the end; those of dead processes are removed first.

    Raises:
        OSError: the temporary directory cannot be written.
    """
    sweep()
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    try:
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_SH)  # shared: a sweeper that tries it at this moment gives it back at once
            yield folder
        finally:
            os.close(lock)
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # a worker that is just dying may still write; the next sweep takes the rest


def sweep() -> None:
    """Removes this user's folders of processes that are gone."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):  # gone meanwhile, or not ours after all
            status = folder.lstat()
            if stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and _is_orphan(folder, status.st_mtime):
                shutil.rmtree(folder, ignore_errors=True)


def _is_orphan(folder: Path, changed: float) -> bool:
    try:
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return time.time() - changed > _YOUNG_S
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(lock)
    # Free, but perhaps of one that has made the file and not locked it yet.
    return time.time() - changed > 1.0 or not _runs(folder.name)


def _runs(name: str) -> bool:
    """Whether the process in a folder's name exists; unknown counts as running."""
    number = name.removeprefix(PREFIX).partition("-")[0]
    if not number.isdecimal():
        return True
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
