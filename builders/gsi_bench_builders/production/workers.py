"""What a worker process does about its own end: it dies with its parent, and when a task takes too long."""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import platform
import signal
import threading
from collections.abc import Iterator

__all__ = ["die_with_parent", "time_limit"]

_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Lets the system end this worker when its parent is gone, however that ended. Nothing happens outside of a worker."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    if platform.system() == "Linux":
        # By the system, for a worker in Blender's own code cannot look after its parent itself.
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent.pid:  # gone before this was asked for
            os._exit(1)
        return

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Lets the system end this process when what is inside takes longer: code that hangs would not answer to anything less."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGALRM})
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
