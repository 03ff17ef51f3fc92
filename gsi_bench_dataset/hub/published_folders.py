"""The folders that a push reads: which of their files go to the Hub, and that nothing else does by a link or a pipe."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import socket
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from gsi_bench_dataset.problems import summary_of
from gsi_bench_dataset.remote.client import HubError
from gsi_bench_dataset.safety.names import is_plain_path, printable
from gsi_bench_dataset.storage import shards

__all__ = ["dataset_files", "require_own_files", "scratch_beside", "verified"]


def dataset_files(folder: Path) -> dict[str, Path | bytes]:
    """What is published of a dataset folder: card, licence texts, shards.

    Raises:
        HubError: it holds no dataset; or something in the place of these files is no file of the folder.
    """
    paths = sorted({*folder.glob("README.md"), *folder.glob("LICENSE*"), *(folder / "data").glob("*.parquet")})
    require_own_files(folder, paths)
    if not (folder / "README.md").is_file() or not any(path.suffix == ".parquet" for path in paths):
        raise HubError(f"{folder}: expected a dataset folder with README.md and data/*.parquet; run gsi-bench import first")
    return {path.relative_to(folder).as_posix(): path for path in paths}


def require_own_files(folder: Path, paths: Iterable[Path]) -> None:
    """Looks whether each path is a file that lies in the folder: nothing is opened, for a pipe would be waited for.

    Raises:
        HubError: with every one that is not.
    """
    problems = [problem for path in paths if (problem := _problem(folder, path))]
    if problems:
        raise HubError(summary_of(f"{folder}: not published", problems))


def _problem(folder: Path, path: Path) -> str | None:
    relative = path.relative_to(folder).as_posix()
    if not is_plain_path(relative):
        return f"{printable(relative)}: expected a name without control characters; rename it"
    try:
        mode = path.stat().st_mode
    except OSError:  # a link to nowhere, or in a circle
        return f"{relative}: a link that leads nowhere; remove it"
    if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder)):
        return f"{relative}: a link that leads out of the folder; put the file itself there, or remove it"
    return None if stat.S_ISREG(mode) else f"{relative}: expected a file, found a folder, pipe, socket or device; remove it"


def verified(folder: Path) -> None:
    """Reads every shard of a dataset, and compares its content with the hash that the card states.

    Raises:
        DatasetError: a shard is damaged, or not the one that the card was written for.
    """
    shards.verify_dataset(folder)


@contextlib.contextmanager
def scratch_beside(folder: Path) -> Iterator[Path]:
    """An empty folder beside another, removed in the end. What killed processes of this machine left goes first."""
    folder = Path(os.path.realpath(folder))
    here = re.sub(r"[^A-Za-z0-9]", "", socket.gethostname()) or "host"
    stem = f".{folder.name}-push-{here}-"
    for left in folder.parent.iterdir():
        match = re.fullmatch(rf"{re.escape(stem)}(\d{{1,9}})-[0-9a-f]{{8}}", left.name)
        if match and left.is_dir() and not left.is_symlink() and not _runs(int(match[1])):
            shutil.rmtree(left)
    scratch = folder.with_name(f"{stem}{os.getpid()}-{secrets.token_hex(4)}")
    scratch.mkdir()
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # of another user
        return True
    return True
