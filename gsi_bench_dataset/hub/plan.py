"""What a push changes in a repository: a pure comparison of local and remote files.

A push leaves a list of its files in the repository. The next one deletes what it finds in that list, unchanged, and does not
have any more. Files that others put there or changed are never deleted, and replaced only where the user says so.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import re
import stat
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from gsi_bench_dataset.problems import summary_of
from gsi_bench_dataset.safety.files import FileProblemError, parse_json
from gsi_bench_dataset.safety.names import is_plain_path, printable

__all__ = [
    "MANIFEST",
    "MAX_MANIFEST_BYTES",
    "Content",
    "ManifestError",
    "Plan",
    "content_of",
    "is_dataset_path",
    "make_plan",
    "manifest_text",
    "read_manifest",
]

MANIFEST = ".gsi-bench.json"
# Some 200 bytes a file: forty thousand of them.
MAX_MANIFEST_BYTES = 8 * 2**20
_FORMAT = 1
_BLOCK = 2**20
_MAX_SIZE = 2**50
_DATASET_FILE = re.compile(r"README\.md|LICENSE[^/]*|data/[^/]+\.parquet")


class ManifestError(ValueError):
    """A list of files that `push` cannot have left."""


@dataclasses.dataclass(frozen=True)
class Content:
    """What identifies a file: as the Hub names large files (SHA-256), and all others (the SHA-1 of a git blob).

    Of a file on the Hub one of them may be empty: it is not known.
    """

    size: int
    sha256: str
    blob: str

    def equals(self, other: Content) -> bool:
        """Whether both are the same bytes, by a name that both have."""
        if self.sha256 and other.sha256:
            return self.sha256 == other.sha256
        return bool(self.blob) and self.blob == other.blob


@dataclasses.dataclass(frozen=True)
class Plan:
    """Paths by what happens to them, each sorted. With `problems` nothing may happen."""

    add: tuple[str, ...] = ()
    change: tuple[str, ...] = ()
    same: tuple[str, ...] = ()
    delete: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing has to change."""
        return not (self.add or self.change or self.delete)


def content_of(source: Path | bytes) -> Content:
    """Reads a file once and names it both ways.

    Raises:
        OSError: as the system says.
        FileProblemError: a pipe, a device, a folder; or the file changes while it is read.
    """
    if isinstance(source, bytes):
        blob = hashlib.sha1(b"blob %d\0" % len(source) + source, usedforsecurity=False)
        return Content(len(source), hashlib.sha256(source).hexdigest(), blob.hexdigest())
    if not stat.S_ISREG(source.stat().st_mode):  # before it is opened: a pipe would be waited for, a device acts
        raise FileProblemError(f"{source}: expected a file, found a folder, pipe or device; remove it")
    with source.open("rb") as stream:
        size, read = os.fstat(stream.fileno()).st_size, 0
        long, blob = hashlib.sha256(), hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
        while block := stream.read(_BLOCK):
            long.update(block)
            blob.update(block)
            read += len(block)
    if read != size:
        raise FileProblemError(f"{source}: changed while it was read; run the command again when nothing writes there")
    return Content(size, long.hexdigest(), blob.hexdigest())


def is_dataset_path(path: object) -> bool:
    """Whether a name is one that a dataset's card, licence text or shard may have."""
    return is_plain_path(path) and _DATASET_FILE.fullmatch(str(path)) is not None


def manifest_text(files: Mapping[str, Content]) -> str:
    """The list of files that a push leaves in a repository. Equal files give equal text."""
    listed = {path: {"size": c.size, "sha256": c.sha256, "blob": c.blob} for path, c in sorted(files.items())}
    return json.dumps({"made_by": "gsi-bench push", "format": _FORMAT, "files": listed}, indent=2) + "\n"


def read_manifest(data: bytes, allowed: Callable[[object], bool]) -> dict[str, Content]:
    """The files that such a list names. It is from outside: anyone who may write to the repository may write it.

    Args:
        data: the list's bytes.
        allowed: whether a push of this kind puts a file of this name there.

    Raises:
        ManifestError: with every entry that no push can have written.
    """
    try:
        if len(data) > MAX_MANIFEST_BYTES:
            raise ManifestError(f"{MANIFEST}: {len(data)} bytes; a push leaves at most {MAX_MANIFEST_BYTES}")
        content = parse_json(data, MANIFEST)
    except FileProblemError as error:
        raise ManifestError(str(error)) from error
    listed = content.get("files") if isinstance(content, dict) else None
    if not isinstance(listed, dict):
        raise ManifestError(f"{MANIFEST}: expected an object with files by name, found something else")
    problems = [problem for path, entry in listed.items() if (problem := _entry_problem(path, entry, allowed))]
    if problems:
        raise ManifestError(summary_of(f"{MANIFEST}: names what no gsi-bench push can have put there", problems))
    return {path: Content(entry["size"], entry["sha256"], entry["blob"]) for path, entry in listed.items()}


def _entry_problem(path: str, entry: Any, allowed: Callable[[object], bool]) -> str | None:
    if not allowed(path):
        return f"{printable(path)}: expected the relative path of a file that is published, found another name"
    if not isinstance(entry, dict):
        return f"{path}: expected size, sha256 and blob, found {printable(entry)}"
    size = entry.get("size")
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= _MAX_SIZE:
        return f"{path}: expected a size in bytes, found {printable(size)}"
    for name, digits in (("sha256", 64), ("blob", 40)):
        if not isinstance(entry.get(name), str) or not re.fullmatch(rf"[0-9a-f]{{{digits}}}", entry[name]):
            return f"{path}: expected {digits} hex digits as {name}, found {printable(entry.get(name))}"
    return None


def make_plan(
    local: Mapping[str, Content],
    remote: Mapping[str, Content],
    ours: Mapping[str, Content],
    *,
    overwrite: bool = False,
    claimed: Sequence[str] = (),
) -> Plan:
    """The plan that makes a repository equal to the local files.

    Args:
        local: files to publish by path.
        remote: files of the repository.
        ours: files that the last push put there.
        overwrite: files that others put there may be replaced.
        claimed: patterns of paths that a reader of `local` would take for a part of it.
    """

    def put_by_us(path: str) -> bool:
        return path in ours and path in remote and remote[path].equals(ours[path])

    present = [path for path in local if path in remote]
    change = [path for path in present if not remote[path].equals(local[path])]
    delete = [path for path in ours if path not in local and put_by_us(path)]
    staying = [path for path in remote if path not in local and path not in delete]
    problems = [
        f"{path}: another file was put there by others; remove it, or replace it with --overwrite"
        for path in change
        if not overwrite and path != MANIFEST and not put_by_us(path)
    ]
    problems += [
        f"{path if is_plain_path(path) else printable(path)}: not put there by gsi-bench push, and load_dataset would read it "
        "as part of this one; delete it on the Hub"
        for path in staying
        if any(fnmatchcase(path, pattern) for pattern in claimed)
    ]
    return Plan(
        add=tuple(sorted(path for path in local if path not in remote)),
        change=tuple(sorted(change)),
        same=tuple(sorted(set(present) - set(change))),
        delete=tuple(sorted(delete)),
        problems=tuple(sorted(problems)),
    )
