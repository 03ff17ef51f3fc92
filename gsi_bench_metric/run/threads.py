"""How many threads scoring computes with: one. Work is spread over processes instead.

Images are small: threads that wait for each other take longer than one that works, several times as long on a busy machine.
And sums in several threads end in other digits; with one, the bytes depend on neither cores nor workers.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

import cv2
import torch

__all__ = ["one_thread", "one_thread_for_good"]

_lock = threading.Lock()
_inside = 0  # how many blocks of `one_thread` are open, in whatever thread
_former = (0, 0)  # torch's and OpenCV's threads before the first of them
_here = threading.local()  # `depth`: how many are open in this thread


def one_thread_for_good() -> None:
    """Torch and OpenCV compute with one thread from now on: for a process that does nothing else than score."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Torch, with the linear algebra in it, and OpenCV compute with one thread in the block, and then as before.

    Blocks may be nested, and open in several threads at once. NumPy's own linear algebra is left alone: its matrices here are
    too small for threads.
    """
    global _inside, _former  # noqa: PLW0603 - the settings are the process's too
    with _lock:
        # Asked in every thread: one that never was takes on the process's number at its first sum, over the one set here.
        found = torch.get_num_threads(), cv2.getNumThreads()
        if not _inside:
            _former = found
        _inside += 1
        _here.depth = getattr(_here, "depth", 0) + 1
        one_thread_for_good()
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            _here.depth -= 1
            if not _inside:
                cv2.setNumThreads(_former[1])
            if not _here.depth:  # torch has a number for each thread: those that are still inside keep theirs
                torch.set_num_threads(_former[0])
