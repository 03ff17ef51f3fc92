"""The operating system's refusals in words, consoles that print anything, and SIGTERM as an interrupt."""

from __future__ import annotations

import codecs
import contextlib
import errno
import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gsi_bench_dataset.safety.files import printable_path

__all__ = ["Terminated", "consoles_that_print_anything", "system_problem", "terminate_as_interrupt"]

_REMEDIES = {
    errno.ENOSPC: "the disk is full; free space, then run the same command again",
    errno.EDQUOT: "the disk quota is used up; free space, then run the same command again",
    errno.EFBIG: "the file system takes no file of this size; write to another one",
    errno.EROFS: "the file system is read-only; write to another place",
    errno.EACCES: "permission denied; mend the rights, or choose another place",
    errno.EPERM: "the system does not allow it; mend the rights, or choose another place",
    errno.ENAMETOOLONG: "the name is longer than the file system takes; choose a shorter one",
    errno.ENXIO: "a pipe or device without another end; expected a file",
    errno.ENODEV: "a device that is not there; expected a file",
    errno.EISDIR: "a folder; expected a file",
    errno.ENOTDIR: "a part of the path is a file; expected a folder",
    errno.ELOOP: "a chain of links without an end",
    errno.EINVAL: "the system does not take this name or value; choose another",
    errno.EILSEQ: "a name that the file system does not take; choose another",
    errno.ENOENT: "no such file or folder",
    errno.EEXIST: "is there already; choose another place",
    errno.ENOTEMPTY: "is there already and not empty; choose another place",
    errno.EBUSY: "in use by the system; choose another place",
    errno.EMFILE: "too many open files; raise `ulimit -n`, or use fewer workers",
    errno.ENFILE: "too many open files on this machine; use fewer workers",
    errno.ENOMEM: "not enough memory; use fewer workers or a smaller batch",
    errno.EIO: "the device failed to read or write; check the disk",
    errno.ESTALE: "the network file system lost the file; run the same command again",
    errno.ECONNREFUSED: "nothing listens there",
    errno.EADDRINUSE: "the address is in use; choose another port",
    errno.EADDRNOTAVAIL: "no such address on this machine",
}


def system_problem(error: BaseException) -> str | None:
    """What an error of the operating system means and what to do; None where it is another kind of error."""
    if isinstance(error, MemoryError):
        return "not enough memory; use fewer workers or a smaller batch"
    if isinstance(error, UnicodeEncodeError) and error.reason == "surrogates not allowed":
        return "a name that is not valid UTF-8; rename the file"
    if isinstance(error, ValueError) and "null byte" in str(error):
        return "a path that holds a NUL character; no file can have this name"
    if isinstance(error, RuntimeError) and str(error).startswith("Symlink loop"):  # what pathlib makes of ELOOP
        return f"{printable_path(str(error).partition(' from ')[2].strip(chr(39)))}: {_REMEDIES[errno.ELOOP]}"
    if not isinstance(error, OSError):
        return None
    if error.errno is None:  # raised with a message of its own, here or in a library
        return (
            str(error) if isinstance(error, (FileNotFoundError, FileExistsError, NotADirectoryError, PermissionError)) else None
        )
    said = _REMEDIES.get(error.errno, (error.strerror or os.strerror(error.errno)).lower())
    if error.filename is None:
        return said
    return (
        f"{printable_path(os.fsdecode(error.filename)) if isinstance(error.filename, str | bytes) else error.filename}: {said}"
    )


# What is printed beyond ASCII for its looks, for consoles that lack it. Everything else is escaped.
_PLAIN = {
    "\u00a0": " ", "\u2007": " ", "\u2009": " ", "\u202f": " ", "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "−": "-",
    "‘": "'", "’": "'", "‚": ",", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "…": "...", "·": "*", "•": "*", "×": "x",
    "÷": "/", "±": "+/-", "≤": "<=", "≥": ">=", "≠": "!=", "≈": "~", "→": "->", "←": "<-", "↑": "^", "↓": "v", "°": " deg",
    "²": "^2", "³": "^3", "¹": "^1", "Δ": "Delta ", "κ": "kappa", "σ": "sigma", "µ": "u", "μ": "u", "✓": "yes", "✗": "no",
    "，": ",", "。": ".", "：": ":", "；": ";", "（": "(", "）": ")", "、": ",",
    **dict.fromkeys("─━═┄┈", "-"), **dict.fromkeys("│┃║┆┊", "|"), **dict.fromkeys("┌┐└┘├┤┬┴┼╔╗╚╝╠╣╦╩╬╭╮╯╰", "+"),
    **dict.fromkeys("█▉▊▋▌▍▎▏▓▒░", "#"),
}  # fmt: skip
_LEGIBLE = "gsi-bench-legible"


def _legible(error: UnicodeError) -> tuple[str, int]:
    """What stands in the place of characters that an encoding lacks: their plain form, else an escape such as \\u676f."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    plain = "".join(_PLAIN.get(mark) or mark.encode("ascii", "backslashreplace").decode("ascii") for mark in lacking)
    return plain, error.end


codecs.register_error(_LEGIBLE, _legible)


def consoles_that_print_anything() -> None:
    """Lets stdout and stderr write what their encoding lacks in another way, instead of failing half-way.

    Dashes, arrows and the like become plain characters, letters an escape. Closed streams go to nowhere.
    """
    for name in ("stdout", "stderr"):
        stream: Any = getattr(sys, name)
        if stream is None or getattr(stream, "closed", False):
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - until the process ends
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=_LEGIBLE)


class Terminated(KeyboardInterrupt):
    """SIGTERM, as a batch system or a container's end sends it: what is half done is cleared away as after Ctrl-C."""


@contextlib.contextmanager
def terminate_as_interrupt() -> Iterator[None]:
    """SIGTERM raises `Terminated` inside; outside of the main thread, where signals cannot be handled, nothing changes."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def raise_it(number: int, frame: object) -> None:
        raise Terminated

    former = signal.signal(signal.SIGTERM, raise_it)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)
