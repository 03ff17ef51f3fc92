"""How a process ended, in words: which signal, what mostly sends it, and what to do."""

from __future__ import annotations

import signal

__all__ = ["ended_by_signal", "how_it_ended"]

_MEMORY = "use fewer workers, smaller batches or images, or a machine with more memory"
_BUILT = (
    "a library in it (torch, OpenCV, Blender …) was built for a newer processor; install one that was built for this machine"
)
_LIBRARY = "a library in it crashed; install the versions in constraints.txt, and report it if it comes again"
# Signal -> (what it mostly means, what to do).
_MEANINGS = {
    "SIGKILL": ("killed from outside, mostly by the system, which was out of memory", _MEMORY),
    "SIGILL": ("an illegal instruction, for this processor lacks one that was used", _BUILT),
    "SIGSEGV": ("a segmentation fault", _LIBRARY),
    "SIGBUS": (
        "a bus error, mostly from a mapped file that was cut off, or a full disk or shared memory",
        "look for space on the disk and in /dev/shm, and do not change files that are being read",
    ),
    "SIGABRT": ("aborted by a library, mostly out of memory or after an error that it wrote above", _MEMORY),
    "SIGFPE": ("an arithmetic error in a library", _LIBRARY),
    "SIGTERM": ("ended from outside, as batch systems do at their time limit", "give it more time"),
    "SIGHUP": ("its terminal was closed", "start it with nohup, or in tmux or screen"),
    "SIGINT": ("interrupted", "run the same command again"),
    "SIGALRM": ("its time limit passed", "give it longer, or look for what is odd about this task"),
    "SIGXCPU": ("its processor time was used up", "raise `ulimit -t`"),
    "SIGXFSZ": ("a file grew over the limit", "raise `ulimit -f`"),
    "SIGSYS": ("a system call that is forbidden here", "allow it in the container's settings"),
}
# Windows has codes of its own for the same.
_OF_WINDOWS = {
    0xC000001D: "SIGILL",
    0xC0000005: "SIGSEGV",
    0xC0000006: "SIGBUS",
    0xC0000017: "SIGKILL",
    0xC0000409: "SIGABRT",
    0xC0000094: "SIGFPE",
}
_SHELL = 128  # a shell gives 128 and the signal's number


def how_it_ended(exit_code: int | None) -> str:
    """An exit status in words: of a process (negative for a signal), of a shell (128 and the signal), or of Windows.

    >>> how_it_ended(-4).partition(":")[0], how_it_ended(3)
    ('SIGILL', 'exit status 3')
    >>> print(how_it_ended(-9).partition(";")[0])
    SIGKILL: killed from outside, mostly by the system, which was out of memory
    """
    name = _signal(exit_code)
    if name is None:
        return f"exit status {exit_code}"
    meaning, remedy = _MEANINGS.get(name, ("a signal from outside", "run the same command again"))
    return f"{name}: {meaning}; {remedy}"


def ended_by_signal(exit_code: int | None) -> bool:
    """Whether a process did not end by itself."""
    return _signal(exit_code) is not None


def _signal(exit_code: int | None) -> str | None:
    if exit_code is None:
        return None
    if exit_code & 0xFFFFFFFF in _OF_WINDOWS:
        return _OF_WINDOWS[exit_code & 0xFFFFFFFF]
    number = -exit_code if exit_code < 0 else exit_code - _SHELL
    try:
        return signal.Signals(number).name
    except ValueError:
        return None
