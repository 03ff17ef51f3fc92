"""Files from outside: regular ones, of a bounded size, read once; JSON in them, whatever it is."""

from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path
from typing import Any

from gsi_bench_dataset.safety.names import printable

__all__ = ["MAX_FILE_BYTES", "MAX_JSON_BYTES", "FileProblemError", "parse_json", "read_json", "read_regular", "read_text"]

# An uncompressed image of 64 megapixels, RGB, is 192 MiB.
MAX_FILE_BYTES = 256 * 2**20
# The reference's detections of a split are about 50 MB.
MAX_JSON_BYTES = 1024 * 2**20

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
}


class FileProblemError(ValueError):
    """A file that cannot be used; the message names it, what was expected and what was found."""


def read_regular(path: str | os.PathLike[str], most: int = MAX_FILE_BYTES) -> bytes:
    """All bytes of a regular file. Never waits for a pipe, never opens a device, never reads more than `most`.

    Raises:
        FileNotFoundError, PermissionError: as the system says.
        FileProblemError: no regular file, too large, a name that no file can have, or not readable.
    """
    try:
        # Looked at before it is opened: opening alone makes some devices act.
        _require_regular(path, Path(path).stat().st_mode)
        number = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
        with os.fdopen(number, "rb") as stream:
            status = os.fstat(number)  # another file may stand there by now
            _require_regular(path, status.st_mode)
            if status.st_size > most:
                raise FileProblemError(f"{printable_path(path)}: {status.st_size} bytes; at most {most} are read")
            data = stream.read(most + 1)
    except (FileNotFoundError, PermissionError):
        raise
    except OSError as error:
        what = "a chain of links without an end" if error.errno == errno.ELOOP else os.strerror(error.errno or 0)
        raise FileProblemError(f"{printable_path(path)}: cannot be read ({what})") from error
    except ValueError as error:
        if isinstance(error, FileProblemError):
            raise
        raise FileProblemError(f"{printable_path(path)}: no file can have this name ({error})") from error
    if len(data) > most:
        raise FileProblemError(f"{printable_path(path)}: over {most} bytes; at most these are read")
    return data


def read_text(path: str | os.PathLike[str], most: int = MAX_JSON_BYTES) -> str:
    """A regular file as UTF-8 text, a byte-order mark dropped.

    Raises:
        FileNotFoundError, PermissionError, FileProblemError: see `read_regular`; or the bytes are not UTF-8.
    """
    try:
        return read_regular(path, most).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileProblemError(f"{printable_path(path)}: expected UTF-8 text, found other bytes at {error.start}") from error


def read_json(path: str | os.PathLike[str], most: int = MAX_JSON_BYTES) -> Any:
    """What a JSON file holds.

    Raises:
        FileNotFoundError, PermissionError, FileProblemError: see `read_text`; or it is not JSON.
    """
    return parse_json(read_text(path, most), printable_path(path))


def parse_json(text: str | bytes, name: str) -> Any:
    """What a JSON text holds; `name` is what the message calls it.

    Raises:
        FileProblemError: not JSON, nested too deeply, or with a number of too many digits.
    """
    try:
        return json.loads(text)
    except RecursionError as error:
        raise FileProblemError(f"{name}: JSON nested too deeply to be read") from error
    except ValueError as error:  # UnicodeDecodeError and the limit on digits of a number are such too
        raise FileProblemError(f"{name}: not valid JSON ({error})") from error


def printable_path(path: str | os.PathLike[str]) -> str:
    """A path as messages show it: as it is where it prints well, else quoted."""
    text = os.fspath(path)
    quoted = printable(text, 4096)
    return text if quoted == f"'{text}'" else quoted


def _require_regular(path: str | os.PathLike[str], mode: int) -> None:
    if not stat.S_ISREG(mode):
        found = _KINDS.get(stat.S_IFMT(mode), "something else")
        raise FileProblemError(f"{printable_path(path)}: expected a file, found {found}")
