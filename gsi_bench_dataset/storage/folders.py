"""Putting finished files and folders in the place of older ones, whatever ends the process on the way.

What is unfinished stands beside its place under a hidden name: `.<name>-XXXXXXXX`, a folder with `new` and perhaps `old` in it,
or `.<name>.XXXXXXXXXXXX.tmp`, a file. While its process lives it is locked (flock), and the lock goes with the process, however
that ends; the next one that writes to the same place sweeps what is not held. Where a file system knows no locks nothing is
swept.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import importlib
import os
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from gsi_bench_dataset.safety.files import FileProblemError, printable_path

fcntl: Any
try:
    fcntl = importlib.import_module("fcntl")
except ImportError:  # Windows
    fcntl = None

__all__ = [
    "NEW",
    "OLD",
    "beside",
    "full_disk_named",
    "partial_beside",
    "require_writable",
    "scratch_beside",
    "swap_in",
    "sweep",
    "write_atomically",
]

NEW, OLD = "new", "old"
# As tempfile names them; together with what may be in one, a folder of a user's is never taken for one.
_SCRATCH = re.compile(r"[a-z0-9_]{8}")
_PARTIAL = re.compile(r"[0-9a-f]{12}\.tmp")
_EMPTY_SECONDS = 60.0  # after which an empty scratch folder was left by a process that died
_EXCHANGE = 2  # RENAME_EXCHANGE of linux/fs.h
_AT_FDCWD = -100
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def beside(path: Path, ending: str) -> Path:
    """The place beside a file or folder that is called as it is, with an ending; `.` and `..` by the folder that they mean.

    >>> beside(Path("out/tables"), "-variants").as_posix()
    'out/tables-variants'
    """
    named = path if path.name not in ("", "..") else path.resolve()
    return named.parent / f"{named.name}{ending}"


def swap_in(new: Path, out: Path, aside: Path) -> None:
    """Moves `new` to `out`; a folder that stands there ends up at `aside`. All three must lie on one file system.

    On Linux the two are exchanged in one step, and there is always an `out`. Where the system or the file system cannot do
    that they are renamed one after the other, the first rename being undone if anything, an interrupt too, prevents the
    second; a process that is killed between them leaves the old folder in its scratch, from where `sweep` puts it back.
    """
    if not out.is_dir():
        new.replace(out)
        return
    if _exchange(new, out):
        new.rename(aside)
        return
    try:
        out.rename(aside)
        new.rename(out)
    except BaseException:
        _put_back(aside, out)
        raise


@contextlib.contextmanager
def scratch_beside(out: Path) -> Iterator[Path]:
    """A folder beside `out` for its successor (`new`) and what it replaces (`old`), removed at the end; sweeps old ones first.

    Raises:
        OSError: it cannot be made.
    """
    _make_folder(out.parent)
    sweep(out)
    try:
        scratch, lock = _locked_folder(out)
    except OSError as error:  # said with the name that the user gave
        raise OSError(error.errno, os.strerror(error.errno or 0), str(out)) from error
    try:
        yield scratch
    finally:
        try:
            _put_back(scratch / OLD, out)
            shutil.rmtree(scratch, ignore_errors=True)
        finally:
            os.close(lock)


@contextlib.contextmanager
def partial_beside(path: Path) -> Iterator[BinaryIO]:
    """A file that takes the place of `path` at the end, brought to the disk before, or is removed if anything fails.

    Raises:
        OSError: it cannot be written, or not renamed.
    """
    sweep(path)
    partial, stream = _locked_file(path)
    try:
        with stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())  # else a power cut may leave an empty file in the old one's place
            if fcntl is None:
                stream.close()  # Windows renames no open file; elsewhere, unlocked, it would count as left behind
            partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
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
    r"""Writes a whole file or nothing: bytes, or a text in UTF-8 (or the pieces of one); line ends stay as they are.

    What UTF-8 cannot hold, bytes of odd file names, is written as `\udcff`, which in JSON is the same text.

    Raises:
        FileProblemError: a folder, a pipe or a device stands in its place.
        OSError: it cannot be written.
    """
    require_writable(path)
    _make_folder(path.parent)
    with partial_beside(path) as stream:
        if isinstance(content, bytes):
            stream.write(content)
        else:
            pieces = [content] if isinstance(content, str) else content
            stream.writelines(piece.encode("utf-8", "backslashreplace") for piece in pieces)


def sweep(out: Path) -> None:
    """Removes what dead processes left of writing to `out`, and puts a dataset back that one had just moved aside.

    Only what is not locked and is named and filled as this module does it.
    """
    if fcntl is None or not out.parent.is_dir():
        return
    with os.scandir(out.parent) as entries:
        found = [(e.name, e.is_dir(follow_symlinks=False)) for e in entries if e.name.startswith(f".{out.name}")]
    for name, is_folder in found:
        rest, path = name[len(out.name) + 1 :], out.parent / name
        if is_folder and rest[:1] == "-" and _SCRATCH.fullmatch(rest[1:]):
            _sweep_folder(path, out)
        elif not is_folder and rest[:1] == "." and _PARTIAL.fullmatch(rest[1:]):
            _sweep_file(path)


@contextlib.contextmanager
def full_disk_named(out: Path) -> Iterator[None]:
    """A full disk is reported with the name that the user gave, not that of a file which is gone by then."""
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise OSError(error.errno, os.strerror(error.errno), str(out)) from error


def _exchange(one: Path, other: Path) -> bool:
    """Swaps two paths in one step; False where that is not possible here."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError, TypeError):  # no Linux, or a C library without it
        return False
    if rename(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EXDEV):
        return False
    raise OSError(number, os.strerror(number), str(other))


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder)) from error


def _put_back(aside: Path, out: Path) -> None:
    """Undoes the first of two renames where the second did not happen."""
    if aside.is_dir() and not os.path.lexists(out):
        aside.rename(out)


def _locked_folder(out: Path) -> tuple[Path, int]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
        number = os.open(folder, os.O_RDONLY)
        if _lock(number, wait=True) is False or _is_at(number, folder):
            return folder, number
        os.close(number)  # swept in the moment before it was locked


def _locked_file(path: Path) -> tuple[Path, BinaryIO]:
    while True:
        partial = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")  # hosts that share the folder may share a pid
        stream = partial.open("xb")
        if _lock(stream.fileno(), wait=True) is False or _is_at(stream.fileno(), partial):
            return partial, stream
        stream.close()


def _lock(number: int, *, wait: bool) -> bool:
    """Holds an open file or folder; False where another does, or the file system knows no locks."""
    if fcntl is None:
        return False
    try:
        fcntl.flock(number, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        return False
    return True


def _is_at(number: int, path: Path) -> bool:
    """Whether a path still leads to what is open."""
    try:
        return os.path.samestat(os.fstat(number), path.lstat())
    except FileNotFoundError:
        return False


def _sweep_folder(scratch: Path, out: Path) -> None:
    try:
        number = os.open(scratch, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0))
    except OSError:  # another process was quicker, or it belongs to another user
        return
    try:
        names = set(os.listdir(number))  # noqa: PTH208 - of what was opened
        # An empty one may be another program's, or one of ours that is about to be locked.
        abandoned = bool(names) or time.time() - os.fstat(number).st_mtime > _EMPTY_SECONDS
        if abandoned and names <= {NEW, OLD} and _lock(number, wait=False):
            _put_back(scratch / OLD, out)
            shutil.rmtree(scratch, ignore_errors=True)
    finally:
        os.close(number)


def _sweep_file(partial: Path) -> None:
    try:
        number = os.open(partial, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return
    try:
        if _lock(number, wait=False) and _is_at(number, partial):
            partial.unlink(missing_ok=True)
    finally:
        os.close(number)
