"""A read-only view of a folder or a zip file as a flat set of files: base name -> bytes.

Members of a zip are read where they lie and never extracted, so a hostile archive cannot write anywhere. What it could
still do (name members outside itself, unpack to a huge size, hide one file behind another of the same name) is checked
before the first member is read, and all findings come in one `ArchiveError`.
"""

from __future__ import annotations

import contextlib
import io
import lzma
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import BinaryIO

from gsi_bench_dataset.problems import summary_of
from gsi_bench_dataset.safety.files import FileProblemError, open_regular, printable_path, read_regular
from gsi_bench_dataset.safety.names import printable

__all__ = ["DAMAGED_ARCHIVE", "ArchiveError", "FileTree", "open_tree"]

# The largest honest member is a PNG of 64 megapixels, RGB: 192 MiB before compression.
MAX_MEMBER_BYTES = 256 * 2**20
# A published split is a few GB; beyond this an archive is something else.
MAX_TOTAL_BYTES = 64 * 2**30
# Indented JSON compresses about 1:20 and images not at all; deflate itself reaches 1:1032 on zeros.
MAX_RATIO = 200
# Small members may compress well by nature; the ratio says something from here on.
RATIO_APPLIES_FROM_BYTES = 2**20
# Splits have a few thousand files; the central directory of more would itself fill the memory.
MAX_MEMBERS = 200_000
# Longer names than a file system takes are no files' names; a member of the list takes 46 bytes and its name.
MAX_LIST_BYTES = MAX_MEMBERS * (46 + 255)

# What `zipfile` and the decompressors raise over damaged bytes, each its own: no central list, a wrong checksum, an unknown
# compression (NotImplementedError, a RuntimeError), a password (RuntimeError), odd names, dates and sizes.
DAMAGED_ARCHIVE: tuple[type[Exception], ...] = (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, lzma.LZMAError)
DAMAGED_ARCHIVE += (OSError, EOFError, RuntimeError, ValueError, struct.error, IndexError, OverflowError, MemoryError)

_END_BYTES, _COMMENT_BYTES, _ZIP64_BYTES = 22, 2**16, 76  # the records at a zip's end


class ArchiveError(ValueError):
    """An archive that cannot be read safely; `problems` holds every finding."""

    def __init__(self, path: Path, problems: Sequence[str]):
        self.path = path
        self.problems = list(problems)
        super().__init__(summary_of(f"{printable_path(path)}: not a usable archive", self.problems))


class FileTree:
    """Files by base name. Use as a context manager; `names()` is sorted."""

    def __init__(self, path: Path):
        self.path = path

    def names(self) -> list[str]:
        """Base names, sorted."""
        raise NotImplementedError

    def size(self, name: str) -> int:
        """Size of a file in bytes, without reading it."""
        raise NotImplementedError

    def open(self, name: str) -> BinaryIO:
        """A readable, seekable stream of one file, which was read whole and is sound. Raises as `read`."""
        return io.BytesIO(self.read(name))

    def read(self, name: str) -> bytes:
        """All bytes of one file.

        Raises:
            KeyError: unknown name.
            FileNotFoundError: gone since the archive was opened.
            ArchiveError: the stored bytes are damaged, or cannot be read.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Releases the archive."""

    def __enter__(self) -> FileTree:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class _Folder(FileTree):
    # Links to files are followed: the user chose this folder, and a Hub snapshot consists of such links.
    def __init__(self, path: Path):
        super().__init__(path)
        found: dict[str, Path] = {}
        problems: list[str] = []

        def refused(error: OSError) -> None:
            problems.append(f"{printable_path(error.filename or path)}: cannot be listed ({error.strerror})")

        for parent, folders, files in os.walk(path, onerror=refused):
            folders[:] = sorted(f for f in folders if not _is_clutter(f))
            for name in sorted(f for f in files if not _is_clutter(f)):
                member = Path(parent) / name
                if name in found:
                    problems.append(_twice(name, str(found[name].relative_to(path)), str(member.relative_to(path))))
                found[name] = member
            if len(found) > MAX_MEMBERS:
                raise ArchiveError(path, [f"over {MAX_MEMBERS} files; at most these are read"])
        problems += [f"{_shown(n)}: {problem}" for n, p in found.items() if (problem := _unusable(p)) is not None]
        if problems:
            raise ArchiveError(path, problems)
        self._files = found

    def names(self) -> list[str]:
        return sorted(self._files)

    def size(self, name: str) -> int:
        return self._files[name].stat().st_size

    def read(self, name: str) -> bytes:
        try:
            return read_regular(self._files[name], MAX_MEMBER_BYTES)
        except FileNotFoundError:
            raise
        except (FileProblemError, OSError) as error:
            raise ArchiveError(self.path, [f"{_shown(name)}: cannot be read ({error})"]) from error


class _Zip(FileTree):
    def __init__(self, path: Path):
        super().__init__(path)
        with contextlib.ExitStack() as stack:
            try:
                # The file is as large as it is; only its list is read here.
                stream = stack.enter_context(open_regular(path, MAX_TOTAL_BYTES))
                listed = _list_bytes(stream)
                if listed > MAX_LIST_BYTES:
                    raise ArchiveError(path, [f"a list of {listed} bytes; at most {MAX_MEMBERS} members are read"])
                self._zip = stack.enter_context(zipfile.ZipFile(stream))
            except (ArchiveError, FileNotFoundError, PermissionError):
                raise
            except FileProblemError as error:
                raise ArchiveError(path, [f"expected a folder or a zip file: {error}"]) from error
            except DAMAGED_ARCHIVE as error:
                raise ArchiveError(path, [f"expected a zip file, found {error}; download the archive again"]) from error
            self._members, problems = _check_members(self._zip.infolist())
            if problems:
                raise ArchiveError(path, problems)
            self._open = stack.pop_all()

    def names(self) -> list[str]:
        return sorted(self._members)

    def size(self, name: str) -> int:
        return self._members[name].file_size

    def read(self, name: str) -> bytes:
        member = self._members[name]
        try:
            # ZipExtFile stops at the declared size, so a member that lies about it cannot outgrow the limits.
            with self._zip.open(member) as stream:
                data = stream.read()
            if len(data) != member.file_size:
                raise EOFError(f"{len(data)} bytes of {member.file_size}")
        except DAMAGED_ARCHIVE as error:
            what = f"{_shown(name)}: damaged in the archive ({error or type(error).__name__}); download the archive again"
            raise ArchiveError(self.path, [what]) from error
        return data

    def close(self) -> None:
        self._open.close()


def open_tree(path: str | os.PathLike[str]) -> FileTree:
    """The files of a folder or of a zip, found by base name at any depth; dotfiles and `__MACOSX` are left out.

    Raises:
        FileNotFoundError: nothing is there.
        ArchiveError: not a zip, or unsafe; names every finding.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{printable_path(path)}: no such file or folder")
    return _Folder(path) if path.is_dir() else _Zip(path)


def _unusable(path: Path) -> str | None:
    """Why a file of a folder cannot be read; looked at without opening it."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return "a link to a file that does not exist"
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    if not stat.S_ISREG(status.st_mode):
        return "expected a file, found a pipe, a socket or a device"
    return None if status.st_size <= MAX_MEMBER_BYTES else f"{status.st_size} bytes, more than the {MAX_MEMBER_BYTES} allowed"


def _list_bytes(stream: BinaryIO) -> int:
    """Size of a zip's list of members, by the record at its end: `zipfile` takes it whole into memory. 0 where it has none."""
    end = stream.seek(0, os.SEEK_END)
    start = stream.seek(max(0, end - _END_BYTES - _COMMENT_BYTES - _ZIP64_BYTES))
    tail = stream.read()
    stream.seek(0)
    at = tail.rfind(b"PK\5\6")
    if at < 0 or len(tail) < at + _END_BYTES:
        return 0
    size, wide = int.from_bytes(tail[at + 12 : at + 16], "little"), tail.rfind(b"PK\6\6", 0, at)
    if wide >= 0:  # zip64 says it again, in more digits
        size = max(size if size < 2**32 - 1 else 0, int.from_bytes(tail[wide + 40 : wide + 48], "little"))
    return min(size, start + at)


def _check_members(infos: Sequence[zipfile.ZipInfo]) -> tuple[dict[str, zipfile.ZipInfo], list[str]]:
    """Usable members by base name, and everything that makes the archive unsafe."""
    if len(infos) > MAX_MEMBERS:
        return {}, [f"{len(infos)} members; at most {MAX_MEMBERS} are read"]
    members: dict[str, zipfile.ZipInfo] = {}
    problems: list[str] = []
    for info in infos:
        problem = _unsafe(info)
        if problem:
            problems.append(f"{printable(info.filename)}: {problem}")
            continue
        parts = PurePosixPath(info.filename).parts
        if info.is_dir() or any(_is_clutter(part) for part in parts):
            continue
        name = parts[-1]
        if name in members:
            problems.append(_twice(name, members[name].filename, info.filename))
        members[name] = info
    total = sum(info.file_size for info in members.values())
    if total > MAX_TOTAL_BYTES:
        problems.append(f"unpacks to {total} bytes; at most {MAX_TOTAL_BYTES} are read")
    return members, problems


def _unsafe(info: zipfile.ZipInfo) -> str | None:
    # Backslashes are separators for the Windows tools that write them, and only an attack otherwise.
    parts = info.filename.replace("\\", "/").split("/")
    if "\\" in info.filename or ".." in parts or parts[0] == "" or parts[0].endswith(":"):
        return "a path that leads outside the archive; expected plain names below one folder"
    mode = info.external_attr >> 16
    if stat.S_ISLNK(mode):
        return "a symbolic link; expected regular files"
    if info.flag_bits & 0x1:
        return "encrypted; expected an archive without a password"
    if info.file_size > MAX_MEMBER_BYTES:
        return f"unpacks to {info.file_size} bytes; at most {MAX_MEMBER_BYTES} are read"
    if info.file_size >= RATIO_APPLIES_FROM_BYTES and info.file_size > MAX_RATIO * max(1, info.compress_size):
        return f"compressed 1:{info.file_size // max(1, info.compress_size)}, as zip bombs are; at most 1:{MAX_RATIO} is read"
    return None


def _is_clutter(name: str) -> bool:
    return name.startswith(".") or name == "__MACOSX"


def _shown(name: str) -> str:
    return printable_path(name)


def _twice(name: str, first: str, second: str) -> str:
    found = f"{_shown(name)}: found twice, as {printable(first)} and {printable(second)}"
    return f"{found}; files are known by their name, so keep one or split the archive"
