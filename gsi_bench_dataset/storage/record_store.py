"""An append-only store of records on disk, keyed by what they were made from: safe to kill, to copy and to share.

A store is a folder of `.jsonl` segments. Every writer appends to a segment of its own, so writers need no locks, on a network
file system neither; a reader takes all segments. A line carries a checksum: one that a kill, a power cut or a full disk left
half-written is skipped and counted, and its record is made again. Nothing is ever changed or removed. Values are JSON.

    {"crc":"1f2e3d4c","kind":"locality","key":"9d5e…","value":{…}}
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import secrets
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from gsi_bench_dataset.problems import cannot_be_written
from gsi_bench_dataset.safety.files import MAX_TABLE_BYTES, require_regular
from gsi_bench_dataset.storage.record_index import Place, RecordIndex

__all__ = ["NoRecords", "RecordStore", "Records", "StoreError", "digest"]

# After a power cut at most this much of the work is done again; a kill of the process alone loses nothing that was appended.
SYNC_SECONDS = 2.0

_BEGIN = b'{"crc":"'
_LINE = re.compile(rb'\{"crc":"([0-9a-f]{8})",("kind":"([a-z_]+)","key":"([0-9a-f]+)","value":(.+))\}\n', re.DOTALL)


T = TypeVar("T")


class StoreError(ValueError):
    """A record that could not be kept."""


class Records(Protocol):
    """Where records are kept: a `RecordStore`, or nowhere."""

    def get(self, kind: str, key: str) -> Any | None:
        """The value of a record, None where there is none."""

    def append(self, records: Iterable[tuple[str, str, Any]]) -> None:
        """Keeps (kind, key, value) records."""


class NoRecords:
    """Keeps nothing."""

    def get(self, kind: str, key: str) -> None:
        """None."""

    def append(self, records: Iterable[tuple[str, str, Any]]) -> None:
        """Does nothing."""


def digest(*parts: Any) -> str:
    """A key: 32 hexadecimal digits of the SHA-256 of the parts' canonical JSON.

    >>> digest("locality", {"b": 1, "a": 2}) == digest("locality", {"a": 2, "b": 1})
    True
    """
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:32]


class RecordStore:
    """Records by kind and key. `get` may be called from several threads, everything else from one.

    Args:
        folder: made if it is not there.

    """

    def __init__(self, folder: Path):
        self.folder = folder
        self._damaged = 0
        self._unfinished: set[str] = set()  # segments that do not end with a line
        self._index = RecordIndex()
        self._segments: list[str] = []  # their names, by the number in a place
        self._consumed: dict[str, int] = {}  # bytes of whole lines that were read, by segment
        self._segment: _Segment | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._cannot_write(error) from error
        self.refresh()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def __len__(self) -> int:
        return len(self._index)

    @property
    def damaged(self) -> int:
        """Lines that were skipped because they are not whole; another writer may still be at the last one of a segment."""
        return self._damaged + len(self._unfinished)

    def get(self, kind: str, key: str) -> Any | None:
        """The value of a record, None where there is none."""
        return self._read_value(kind, key, json.loads)

    def counts(self) -> Counter[str]:
        """How many records there are of each kind."""
        return Counter(self._index.counts)

    def _read_value(self, kind: str, key: str, take: Callable[[bytes], T]) -> T | None:
        """What `take` makes of a value's text; None where there is none."""
        head = _head(kind, key)
        for place in self._index.places(kind, key):
            with (self.folder / self._segments[place.segment]).open("rb", buffering=0) as stream:
                stream.seek(place.offset - len(head))
                found = stream.read(len(head) + place.length)
            if found.startswith(head):  # else another record with the same hash
                return take(found[len(head) :])
        return None

    def append(self, records: Iterable[tuple[str, str, Any]]) -> None:
        """Keeps (kind, key, value) records; those that are kept already are left as they are.

        Raises:
            StoreError: the disk is full or not writable. What was kept before is safe.
        """
        new = {(kind, key): value for kind, key, value in records if not self._read_value(kind, key, len)}
        if not new:
            return
        lines = [_line(kind, key, value) for (kind, key), value in new.items()]
        try:
            if self._segment is None:
                self._segment = _Segment(self.folder)
            start = self._segment.write(b"".join(lines))
        except BaseException as error:
            # Half a line may be there now: nothing may follow it, so the next record begins another segment.
            self._drop_segment()
            if isinstance(error, OSError):
                raise self._cannot_write(error) from error
            raise
        number = self._number(self._segment.name)
        for (kind, key), line in zip(new, lines, strict=True):
            before = line.index(b'"value":') + len(b'"value":')
            self._index.add(kind, key, Place(number, start + before, len(line) - before - 2))
            start += len(line)
        self._consumed[self._segment.name] = start

    def refresh(self) -> None:
        """Takes in what other writers appended meanwhile.

        Raises:
            FileProblemError: a folder, pipe or device where a segment should be.
        """
        for path in sorted(self.folder.glob("*.jsonl")):
            require_regular(path, MAX_TABLE_BYTES)
            consumed = self._consumed.get(path.name, 0)
            if path.stat().st_size > consumed:
                self._consumed[path.name] = self._read(path, consumed)
        self._index.settle()

    def sync(self) -> None:
        """Makes sure that everything is on the disk.

        Raises:
            StoreError: it cannot be.
        """
        if self._segment is not None:
            try:
                self._segment.sync()
            except OSError as error:
                self._drop_segment()
                raise self._cannot_write(error) from error

    def close(self) -> None:
        """Makes sure that everything is on the disk, and ends this writer's segment.

        Raises:
            StoreError: see `sync`.
        """
        self.sync()
        segment, self._segment = self._segment, None
        if segment is not None:
            try:
                segment.close()
            except OSError as error:
                raise self._cannot_write(error) from error

    def _read(self, path: Path, start: int) -> int:
        """Takes in the whole lines from `start` on; where they end."""
        number = self._number(path.name)
        with path.open("rb") as stream:
            stream.seek(start)
            for line in stream:
                if not line.endswith(b"\n"):
                    self._unfinished.add(path.name)  # a writer is at it, or was killed there
                    return start
                self._take(number, start, line)
                start += len(line)
        self._unfinished.discard(path.name)
        return start

    def _number(self, segment: str) -> int:
        if segment not in self._segments:
            self._segments.append(segment)
        return self._segments.index(segment)

    def _take(self, segment: int, start: int, line: bytes) -> None:
        """Notes where the record of a line stands. A damaged line may have lost its end: then the next one is glued to it."""
        at = 0
        while (match := _match(line, at)) is None:
            at = line.find(_BEGIN, at + 1)
            if at < 0:
                self._damaged += 1
                return
        self._damaged += at > 0
        place = Place(segment, start + match.start(5), len(match[5]))
        self._index.add_later(match[3].decode(), match[4].decode(), place)

    def _drop_segment(self) -> None:
        segment, self._segment = self._segment, None
        if segment is not None:
            with contextlib.suppress(OSError):  # an error was met already
                segment.close()

    def _cannot_write(self, error: OSError) -> StoreError:
        return StoreError(cannot_be_written(self.folder, error))


class _Segment:
    """The file that this process appends to."""

    def __init__(self, folder: Path):
        self.name = f"{time.time_ns():020d}-{os.getpid()}-{secrets.token_hex(4)}.jsonl"
        self._file = (folder / self.name).open("xb", buffering=0)
        _sync_folder(folder)
        self._size = 0
        self._synced = time.monotonic()

    def write(self, data: bytes) -> int:
        """Appends the bytes; where they begin."""
        start, left = self._size, memoryview(data)
        while left:
            written = self._file.write(left) or 0
            self._size += written
            left = left[written:]
        if time.monotonic() - self._synced > SYNC_SECONDS:
            self.sync()
        return start

    def sync(self) -> None:
        os.fsync(self._file.fileno())
        self._synced = time.monotonic()

    def close(self) -> None:
        self._file.close()


def _sync_folder(folder: Path) -> None:
    """Puts a new file's name on the disk; where folders cannot be synced the file system does it by itself."""
    with contextlib.suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def _match(line: bytes, at: int) -> re.Match[bytes] | None:
    """A whole record from `at` to the end of the line."""
    match = _LINE.fullmatch(line, at)
    return match if match and int(match[1], 16) == zlib.crc32(match[2]) else None


def _head(kind: str, key: str) -> bytes:
    """What stands before a record's value."""
    return f'"kind":"{kind}","key":"{key}","value":'.encode("ascii", "replace")


def _line(kind: str, key: str, value: Any) -> bytes:
    body = f'"kind":"{kind}","key":"{key}","value":{json.dumps(value, separators=(",", ":"))}'.encode("ascii")
    line = b'{"crc":"%08x",%s}\n' % (zlib.crc32(body), body)
    if not _LINE.fullmatch(line):
        raise ValueError(f"kind must be lower-case letters and key hexadecimal, found {kind!r} and {key!r}")
    return line
