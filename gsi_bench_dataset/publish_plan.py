"""What a push changes in a repository: pure comparison of what is here with what is there.

A push leaves a list of its files in the repository. The next one deletes what it finds in that list, unchanged, and does not
have any more. Files that somebody else put there or changed are never deleted, and replaced only where the user says so.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

__all__ = ["MANIFEST", "Content", "Plan", "content_of", "make_plan", "manifest_text", "read_manifest"]

MANIFEST = ".gsi-bench.json"
_FORMAT = 1
_BLOCK = 2**20


@dataclasses.dataclass(frozen=True)
class Content:
    """What identifies a file: as the Hub names large files (SHA-256), and all others (the SHA-1 of a git blob).

    Of a file on the Hub one of them may be empty: it was not told.
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
        """Whether everything is as it should be already."""
        return not (self.add or self.change or self.delete)


def content_of(source: Path | bytes) -> Content:
    """Reads a file once and names it both ways."""
    size = len(source) if isinstance(source, bytes) else source.stat().st_size
    long, blob = hashlib.sha256(), hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
    if isinstance(source, bytes):
        long.update(source)
        blob.update(source)
    else:
        with source.open("rb") as stream:
            while block := stream.read(_BLOCK):
                long.update(block)
                blob.update(block)
    return Content(size, long.hexdigest(), blob.hexdigest())


def manifest_text(files: Mapping[str, Content]) -> str:
    """The list of files that a push leaves in a repository. Equal files give equal text."""
    listed = {path: {"size": c.size, "sha256": c.sha256, "blob": c.blob} for path, c in sorted(files.items())}
    return json.dumps({"made_by": "gsi-bench push", "format": _FORMAT, "files": listed}, indent=2) + "\n"


def read_manifest(text: str) -> dict[str, Content]:
    """The files that such a list names; none where it is no list of ours."""
    try:
        content = json.loads(text)
        return {path: Content(int(c["size"]), str(c["sha256"]), str(c["blob"])) for path, c in content["files"].items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def make_plan(
    local: Mapping[str, Content],
    remote: Mapping[str, Content],
    ours: Mapping[str, Content],
    *,
    overwrite: bool = False,
    claimed: Sequence[str] = (),
) -> Plan:
    """What turns a repository into what is here.

    Args:
        local: files to publish by path.
        remote: files of the repository.
        ours: files that the last push put there.
        overwrite: files that somebody else put there may be replaced.
        claimed: patterns of paths that a reader of `local` would take for a part of it.
    """

    def put_by_us(path: str) -> bool:
        return path in ours and path in remote and remote[path].equals(ours[path])

    present = [path for path in local if path in remote]
    change = [path for path in present if not remote[path].equals(local[path])]
    delete = [path for path in ours if path not in local and put_by_us(path)]
    staying = [path for path in remote if path not in local and path not in delete]
    problems = [
        f"{path}: somebody else put another file there; take it away, or replace it with --overwrite"
        for path in change
        if not overwrite and path != MANIFEST and not put_by_us(path)
    ]
    problems += [
        f"{path}: not put there by gsi-bench push, and load_dataset would read it as part of this one; delete it on the Hub"
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
