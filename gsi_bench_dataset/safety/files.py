"""Files from outside: regular ones, of a bounded size, read once; JSON in them, whatever it is."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from gsi_bench_dataset.safety.names import MAX_QUOTED, printable

__all__ = [
    "MAX_FILE_BYTES",
    "MAX_JSON_BYTES",
    "MAX_TABLE_BYTES",
    "FileProblemError",
    "open_regular",
    "parse_json",
    "printable_path",
    "read_json",
    "read_regular",
    "read_text",
    "require_regular",
    "unique_keys",
]

# An uncompressed image of 64 megapixels, RGB, is 192 MiB.
MAX_FILE_BYTES = 256 * 2**20
# The reference's detections of a split are about 50 MB.
MAX_JSON_BYTES = 1024 * 2**20
# Tables are read in pieces; this is more than any split has.
MAX_TABLE_BYTES = 64 * 2**30

Pairs = Callable[[list[tuple[str, Any]]], Any]

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
}


class FileProblemError(ValueError):
    """A file that cannot be used; the message names it, what was expected and what was found."""


@contextlib.contextmanager
def open_regular(path: str | os.PathLike[str], most: int = MAX_FILE_BYTES) -> Iterator[BinaryIO]:
    """A regular file, open for reading. Never waits for a pipe, never opens a device.

    Raises:
        FileNotFoundError, PermissionError: as the system says.
        FileProblemError: no regular file, over `most` bytes, a name that no file can have, or not readable.
    """
    try:
        # Looked at before it is opened: opening alone makes some devices act.
        _require_regular(path, Path(path).stat().st_mode)
        number = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
        stream = os.fdopen(number, "rb")
    except OSError as error:
        raise _in_words(path, error) from error
    except ValueError as error:
        if isinstance(error, FileProblemError):
            raise
        raise FileProblemError(f"{printable_path(path)}: no file can have this name ({error})") from error
    with stream:
        status = os.fstat(number)  # another file may stand there by now
        _require_regular(path, status.st_mode)
        if status.st_size > most:
            raise FileProblemError(f"{printable_path(path)}: {status.st_size} bytes; at most {most} are read")
        yield stream


def require_regular(path: str | os.PathLike[str], most: int = MAX_FILE_BYTES) -> None:
    """Looks before a library opens the file itself by its name.

    Raises:
        FileNotFoundError, PermissionError, FileProblemError: see `open_regular`.
    """
    with open_regular(path, most):
        pass


def read_regular(path: str | os.PathLike[str], most: int = MAX_FILE_BYTES) -> bytes:
    """All bytes of a regular file. Never waits for a pipe, never opens a device, never reads more than `most`.

    Raises:
        FileNotFoundError, PermissionError: as the system says.
        FileProblemError: no regular file, too large, a name that no file can have, or not readable.
    """
    with open_regular(path, most) as stream:
        try:
            # None: a file of the system (/proc) that would have to be waited for.
            data = stream.read(most + 1) or b""
        except OSError as error:
            raise _in_words(path, error) from error
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


def read_json(path: str | os.PathLike[str], most: int = MAX_JSON_BYTES, pairs: Pairs | None = None) -> Any:
    """What a JSON file holds; `pairs` as in `parse_json`.

    Raises:
        FileNotFoundError, PermissionError, FileProblemError: see `read_regular`; or it is not JSON in UTF-8.
    """
    return parse_json(read_regular(path, most), printable_path(path), pairs)


def parse_json(text: str | bytes, name: str, pairs: Pairs | None = None) -> Any:
    """What a JSON text holds; `name` is what the message calls it.

    Args:
        text: UTF-8 where it is bytes.
        name: of the file, of the entry.
        pairs: makes something else than a dict of an object; `unique_keys` refuses a key that stands there twice.

    Raises:
        FileProblemError: not JSON, nested too deeply, with a number of too many digits, or with a key twice.
    """
    try:
        decoded = text.decode("utf-8-sig") if isinstance(text, bytes) else text
        return json.loads(decoded, object_pairs_hook=pairs)
    except RecursionError as error:
        raise FileProblemError(f"{name}: JSON nested too deeply to be read") from error
    except ValueError as error:  # UnicodeDecodeError and the limit on digits of a number are such too
        raise FileProblemError(f"{name}: not valid JSON ({error})") from error


def printable_path(path: str | os.PathLike[str]) -> str:
    """A path as messages show it: as it is where it prints well, else quoted; a long one by its beginning and its end."""
    text = os.fspath(path)
    quoted = printable(text, 4096)
    shown = text if quoted == f"'{text}'" else quoted
    half = MAX_QUOTED // 2
    return shown if len(shown) <= MAX_QUOTED else f"{shown[: half - 1]}…{shown[-half:]}"


def unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """For `parse_json`: an object with keys that are all different.

    Raises:
        ValueError: one stands twice; a dict would hold the last of them without a word.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {printable(twice)} stands twice in one object; keep one")
    return found


def _in_words(path: str | os.PathLike[str], error: OSError) -> OSError | FileProblemError:
    """The error itself where callers handle it, else a problem of the file."""
    if isinstance(error, (FileNotFoundError, PermissionError)):
        return error
    what = "a chain of links without an end" if error.errno == errno.ELOOP else os.strerror(error.errno or 0)
    return FileProblemError(f"{printable_path(path)}: cannot be read ({what})")


def _require_regular(path: str | os.PathLike[str], mode: int) -> None:
    if not stat.S_ISREG(mode):
        found = _KINDS.get(stat.S_IFMT(mode), "something else")
        raise FileProblemError(f"{printable_path(path)}: expected a file, found {found}")
