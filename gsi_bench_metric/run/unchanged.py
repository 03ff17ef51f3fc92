"""What a run reads must stay as it is until the run ends: files are looked at when it begins, between tasks and at its end."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import platform
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from gsi_bench_dataset.problems import summary_of
from gsi_bench_dataset.safety.files import printable_path
from gsi_bench_dataset.safety.system import system_problem
from gsi_bench_dataset.storage import shards
from gsi_bench_dataset.storage.shards import DatasetError, shard_files
from gsi_bench_metric.run.folder import RunError, file_hash

__all__ = ["Watch", "changed_message", "verify", "watch_dataset"]


@dataclasses.dataclass(frozen=True)
class _Seen:
    """A file as it was. `sha256`: None where only its place, size and time are compared."""

    stamp: tuple[int, ...]
    changed_ns: int
    sha256: str | None


class Watch:
    """Files that a run reads, as they were when it began. May be sent to other processes."""

    def __init__(self) -> None:
        self._machine = platform.node()
        self._files: dict[Path, _Seen] = {}
        self._shards: dict[tuple[Path, str], list[Path]] = {}

    def add(self, path: Path, sha256: str | None = None, *, content: bool = True) -> str | None:
        """Watches one file; its hash, which is made here unless it is given. `content`: False compares no hashes.

        Raises:
            OSError: it cannot be read.
        """
        status = path.stat()
        digest = (sha256 or file_hash(path)) if content else None
        self._files[path] = _Seen(_stamp(status), status.st_ctime_ns, digest)
        return digest

    def add_shards(self, data: Path, split: str) -> dict[str, str]:
        """Watches all files of a split; their hashes by name."""
        files = shard_files(data, split)
        self._shards[data, split] = files
        return {path.name: self.add(path) or "" for path in files}

    def add_quickly(self, paths: Iterable[Path]) -> None:
        """Watches files by place, size and time. Those that are not there are left out: their scores say so."""
        for path in paths:
            try:
                self.add(path, content=False)
            except (OSError, ValueError):
                continue

    def changes(self, *, again: bool = False) -> list[str]:
        """What is not as it was, one line each. `again`: hashes are made anew even where place, size and time are the same."""
        problems = []
        for (data, split), files in self._shards.items():
            try:
                if shard_files(data, split) != files:
                    problems.append(f"{printable_path(data)}: split {split} is cut into other files now")
            except DatasetError as error:
                problems.append(str(error))
            except OSError as error:
                problems.append(f"{printable_path(data)}: the dataset cannot be read any more ({system_problem(error)})")
        return problems + [problem for path in self._files if (problem := self._change(path, again)) is not None]

    def require_unchanged(self, folder: Path, *, again: bool = False) -> None:
        """Does nothing where everything is as it was.

        Raises:
            RunError: something changed; names each file.
        """
        problems = self.changes(again=again)
        if problems:
            raise RunError(changed_message(folder, problems))

    @contextlib.contextmanager
    def over(self, folder: Path) -> Iterator[None]:
        """Where something changed inside, that is the error: whatever else was met came of it.

        Raises:
            RunError: see `require_unchanged`.
        """
        try:
            yield
        except RunError:
            raise
        except Exception as error:
            problems = self.changes()
            if problems:
                raise RunError(changed_message(folder, problems)) from error
            raise
        self.require_unchanged(folder, again=True)

    def _change(self, path: Path, again: bool) -> str | None:
        seen, name = self._files[path], printable_path(path)
        try:
            status = path.stat()
            if seen.sha256 is None:
                # A changed right or another link to the file changes no image: only its change time tells.
                same = _comparable(_stamp(status), self._machine) == _comparable(seen.stamp, self._machine)
                return None if same else f"{name}: another file stands there now"
            if not again and (_stamp(status), status.st_ctime_ns) == (seen.stamp, seen.changed_ns):
                return None
            if file_hash(path) != seen.sha256:
                return f"{name}: has other content now"
        except FileNotFoundError:
            # A prediction that goes has a score which says so, or was read before.
            return None if seen.sha256 is None else f"{name}: is gone"
        except OSError as error:
            return f"{name}: cannot be read any more ({system_problem(error)})"
        self._files[path] = _Seen(_stamp(status), status.st_ctime_ns, seen.sha256)
        return None


def watch_dataset(data: Path, splits: Sequence[str]) -> tuple[Watch, Mapping[str, Mapping[str, str]]]:
    """A watch over the splits' files, and their SHA-256 by split and name.

    Raises:
        DatasetError: a split is incomplete.
    """
    watch = Watch()
    return watch, {split: watch.add_shards(data, split) for split in splits}


def verify(data: Path, splits: Sequence[str]) -> None:
    """Holds the dataset's files against what its card states of them.

    Raises:
        DatasetError: names the damaged file.
    """
    shards.verify_dataset(data, splits)


def changed_message(folder: Path, problems: Sequence[str]) -> str:
    """The message for inputs that are not as they were when the run began."""
    return summary_of(
        f"what this run reads changed while it ran. Nothing of it was finished; {folder} keeps its records. Run the same "
        "command again once nothing writes there: it scores what is new, and takes the rest from the records",
        problems,
    )


def _comparable(stamp: tuple[int, ...], machine: str) -> tuple[int, ...]:
    """What of a machine's stamp holds here: on another one a shared folder has other numbers of devices and files."""
    return stamp if machine == platform.node() else stamp[2:]


def _stamp(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
