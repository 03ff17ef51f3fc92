"""A read-only view of a folder or a zip file as a flat set of files: base name -> bytes.

Members of a zip are read where they lie and never extracted, so a hostile archive cannot write anywhere. What it could
still do (name members outside itself, unpack to a huge size, hide one file behind another of the same name) is checked
before the first member is read, and all findings come in one `ArchiveError`.
"""

from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import BinaryIO, cast

from gsi_bench_dataset.problems import summary_of

__all__ = ["ArchiveError", "FileTree", "open_tree"]

# The largest honest member is a PNG of 64 megapixels, RGB: 192 MiB before compression.
MAX_MEMBER_BYTES = 256 * 2**20
# A published split is a few GB; beyond this an archive is something else.
MAX_TOTAL_BYTES = 64 * 2**30
# Indented JSON compresses about 1:20 and pictures not at all; deflate itself reaches 1:1032 on zeros.
MAX_RATIO = 200
# Small members may compress well by nature; the ratio says something from here on.
RATIO_APPLIES_FROM_BYTES = 2**20
# Splits have a few thousand files; the central directory of more would itself fill the memory.
MAX_MEMBERS = 200_000


class ArchiveError(ValueError):
    """An archive that cannot be read safely; `problems` holds every finding."""

    def __init__(self, path: Path, problems: Sequence[str]):
        self.path = path
        self.problems = list(problems)
        super().__init__(summary_of(f"{path}: not a usable archive", self.problems))


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
        """A readable, seekable stream of one file. Raises KeyError for an unknown name."""
        raise NotImplementedError

    def read(self, name: str) -> bytes:
        """All bytes of one file.

        Raises:
            KeyError: unknown name.
            ArchiveError: the stored bytes are damaged.
        """
        try:
            with self.open(name) as stream:
                return stream.read()
        except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
            raise ArchiveError(self.path, [f"{name}: damaged in the archive ({error}); download the archive again"]) from error

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
        problems = []
        for parent, folders, files in os.walk(path):
            folders[:] = sorted(f for f in folders if not _is_clutter(f))
            for name in sorted(f for f in files if not _is_clutter(f)):
                member = Path(parent) / name
                if name in found:
                    problems.append(_twice(name, str(found[name].relative_to(path)), str(member.relative_to(path))))
                found[name] = member
        problems += [
            f"{n}: {p.stat().st_size} bytes, more than the {MAX_MEMBER_BYTES} allowed"
            for n, p in found.items()
            if p.exists() and p.stat().st_size > MAX_MEMBER_BYTES
        ]
        problems += [f"{n}: a link to a file that does not exist" for n, p in found.items() if not p.exists()]
        if problems:
            raise ArchiveError(path, problems)
        self._files = found

    def names(self) -> list[str]:
        return sorted(self._files)

    def size(self, name: str) -> int:
        return self._files[name].stat().st_size

    def open(self, name: str) -> BinaryIO:
        return self._files[name].open("rb")


class _Zip(FileTree):
    def __init__(self, path: Path):
        super().__init__(path)
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError) as error:
            raise ArchiveError(path, [f"expected a zip file, found {error}; download the archive again"]) from error
        self._members, problems = _check_members(self._zip.infolist())
        if problems:
            self._zip.close()
            raise ArchiveError(path, problems)

    def names(self) -> list[str]:
        return sorted(self._members)

    def size(self, name: str) -> int:
        return self._members[name].file_size

    def open(self, name: str) -> BinaryIO:
        # ZipExtFile stops at the declared size, so a member that lies about it cannot outgrow the limits.
        return cast(BinaryIO, self._zip.open(self._members[name]))

    def close(self) -> None:
        self._zip.close()


def open_tree(path: str | os.PathLike[str]) -> FileTree:
    """The files of a folder or of a zip, found by base name at any depth; dotfiles and `__MACOSX` are left out.

    Raises:
        FileNotFoundError: nothing is there.
        ArchiveError: not a zip, or unsafe; names every finding.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such file or folder")
    return _Folder(path) if path.is_dir() else _Zip(path)


def _check_members(infos: Sequence[zipfile.ZipInfo]) -> tuple[dict[str, zipfile.ZipInfo], list[str]]:
    """Usable members by base name, and everything that makes the archive unsafe."""
    if len(infos) > MAX_MEMBERS:
        return {}, [f"{len(infos)} members; at most {MAX_MEMBERS} are read"]
    members: dict[str, zipfile.ZipInfo] = {}
    problems: list[str] = []
    for info in infos:
        problem = _unsafe(info)
        if problem:
            problems.append(f"{info.filename!r}: {problem}")
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


def _twice(name: str, first: str, second: str) -> str:
    return f"{name}: found twice, as {first!r} and {second!r}; files are told apart by name, so keep one or split the archive"
