"""Putting finished files and folders in the place of older ones."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from gsi_bench_dataset.safety.files import FileProblemError, printable_path

__all__ = ["require_writable", "swap_in", "write_atomically"]


def swap_in(new: Path, out: Path, aside: Path) -> None:
    """Moves `new` to `out`; a folder that stands there goes to `aside` first, and back if the move fails.

    All three must lie on one file system. For a moment between the two renames there is no `out`.
    """
    if not out.is_dir():
        new.replace(out)
        return
    out.rename(aside)
    try:
        new.rename(out)
    except OSError:
        aside.rename(out)
        raise


def require_writable(path: Path) -> None:
    """Does nothing where a file may be written: a new name, or a regular file that is replaced.

    Raises:
        FileProblemError: a folder, a pipe or a device stands there, or a link to one: replacing it would do harm.
    """
    try:
        there = path.exists() and not path.is_file()
    except (OSError, ValueError):
        return  # writing says what is wrong with the name
    if there:
        found = "a folder" if path.is_dir() else "a device, a pipe or a socket"
        raise FileProblemError(f"{printable_path(path)}: expected the name of a file to write, found {found}")


def write_atomically(path: Path, content: str | bytes | Iterable[str]) -> None:
    r"""Writes a whole file or nothing: bytes, or a text in UTF-8 (or the pieces of one), whose line ends stay as they are.

    What UTF-8 cannot hold, bytes of odd file names, is written as `\udcff`, which in JSON is the same text.

    Raises:
        FileProblemError: a folder, a pipe or a device stands in its place.
    """
    require_writable(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")  # hosts that share the folder may share a pid
    try:
        with partial.open("wb") as stream:
            if isinstance(content, bytes):
                stream.write(content)
            else:
                pieces = [content] if isinstance(content, str) else content
                stream.writelines(piece.encode("utf-8", "backslashreplace") for piece in pieces)
            stream.flush()
            os.fsync(stream.fileno())  # else a power cut may leave an empty file in the old one's place
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
