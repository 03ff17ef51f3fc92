"""The folders of a pull: the unfinished one beside the dataset, and which of the user's files go into the new one."""

from __future__ import annotations

import glob
import os
import re
import shutil
import stat
from collections.abc import Collection, Iterator
from pathlib import Path

from gsi_bench_dataset.hub.plan import MANIFEST
from gsi_bench_dataset.remote.client import HubError

__all__ = ["all_unfinished", "keep_other_files", "make_unfinished", "state_of", "sweep", "unfinished"]

# What a dataset consists of and a new one therefore replaces.
_DATASET_FILE = re.compile(rf"README\.md|LICENSE[^/]*|{re.escape(MANIFEST)}|data/[a-z0-9]+-\d{{5}}-of-\d{{5}}\.parquet")
_CLIENT_NOTES = ".cache"


def unfinished(out: Path, commit: str) -> Path:
    """Where a pull of a commit gathers its files: beside the folder that they are for, on the same file system."""
    return out.with_name(f".{out.name}-pull-{commit[:12]}")


def all_unfinished(out: Path) -> list[Path]:
    """The folders that pulls for `out` left unfinished."""
    out = Path(os.path.realpath(out))
    name = re.compile(rf"\.{re.escape(out.name)}-pull-[0-9a-f]{{12}}")
    found = out.parent.glob(f".{glob.escape(out.name)}-pull-*")
    return sorted(path for path in found if name.fullmatch(path.name) and path.is_dir() and not path.is_symlink())


def sweep(out: Path, commit: str) -> None:
    """Removes what pulls of other commits left unfinished: nothing goes on from there."""
    for path in all_unfinished(out):
        if path != unfinished(out, commit):
            shutil.rmtree(path, ignore_errors=True)


def make_unfinished(out: Path, commit: str, wanted: Collection[str]) -> Path:
    """The folder to gather files in, with what an earlier pull left there; one that no pull can have left starts empty.

    Raises:
        HubError: a link or a file is in its place.
    """
    folder = unfinished(out, commit)
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise HubError(f"{folder}: expected the folder of an unfinished pull, found a link or a file; remove it")
    # Links in it would lead the client's writing out of it. Removing a tree removes links, never what they lead to.
    if folder.is_dir() and not all(_may_stay(relative, status, wanted) for relative, status in _entries(folder)):
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _may_stay(relative: str, status: os.stat_result, wanted: Collection[str]) -> bool:
    notes = relative == _CLIENT_NOTES or relative.startswith(f"{_CLIENT_NOTES}/")
    if stat.S_ISDIR(status.st_mode):
        return notes or relative == "data"
    return stat.S_ISREG(status.st_mode) and status.st_nlink == 1 and (notes or relative in wanted)


def keep_other_files(old: Path, new: Path) -> None:
    """Carries everything over that is no part of the dataset: the user's notes, tables, links.

    Raises:
        HubError: something that can be neither linked nor copied.
    """
    for relative, status in _entries(old):
        source, target = old / relative, new / relative
        if stat.S_ISDIR(status.st_mode):
            target.mkdir(exist_ok=True)
            shutil.copymode(source, target)
        elif not _DATASET_FILE.fullmatch(relative) and not os.path.lexists(target):
            _carry(source, target, status)


def _carry(source: Path, target: Path, status: os.stat_result) -> None:
    if stat.S_ISLNK(status.st_mode):
        target.symlink_to(source.readlink())
        return
    try:
        os.link(source, target)
    except OSError as error:  # a file system without links
        if not stat.S_ISREG(status.st_mode):
            raise HubError(f"{source}: a pipe, socket or device cannot be kept here; remove it") from error
        shutil.copy2(source, target)


def state_of(folder: Path) -> list[tuple[str, int, int]]:
    """Names, sizes and times of everything in a folder: whether anything was written there meanwhile."""
    if not folder.is_dir():
        return []
    return sorted((relative, status.st_size, status.st_mtime_ns) for relative, status in _entries(folder))


def _entries(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Everything below a folder, folders before what they hold; links are not followed."""

    def complain(error: OSError) -> None:
        raise error

    for root, folders, files in os.walk(folder, onerror=complain):
        for name in (*folders, *files):
            path = Path(root, name)
            yield path.relative_to(folder).as_posix(), path.lstat()
