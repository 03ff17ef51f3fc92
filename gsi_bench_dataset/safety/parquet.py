"""Parquet files of ours on an unsure disk: written through Python, checked against their own checksums when read.

Between the last page and the footer stands a block of ours, where readers of parquet never look:

    GSI-Bench SHA256 | SHA-256 of all bytes before the block | SHA-256 of the footer, with its length and the closing PAR1

A file without the block, of an older release or rewritten by another tool, is read as it is: then nothing can be compared.
"""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from gsi_bench_dataset.safety.files import MAX_TABLE_BYTES, require_regular

__all__ = ["DAMAGED", "DamagedError", "ParquetSink", "check_contents", "identity", "open_parquet"]

# What pyarrow raises over damaged files: its own exceptions, and those of Python for odd text, sizes and offsets in them.
DAMAGED: tuple[type[Exception], ...] = (pa.ArrowException, OSError, ValueError, TypeError, LookupError, ArithmeticError)
DAMAGED += (MemoryError, EOFError, RuntimeError, SystemError)

BUFFER_BYTES = 2**20  # of a column at a time, or the whole of its row group is held
# A footer says where each column of each row group lies: about 20 KB a group here.
MAX_FOOTER_BYTES = 64 * 2**20
# What a damaged length must not make Arrow's reader of footers and page headers allocate.
MAX_THRIFT_STRING = 16 * 2**20
MAX_THRIFT_ITEMS = 10**6

_MAGIC = b"GSI-Bench SHA256"
_BLOCK_BYTES = len(_MAGIC) + 2 * hashlib.sha256().digest_size
_TAIL_BYTES = 8  # length of the footer, PAR1


class DamagedError(ValueError):
    """A file with bytes that are not those written; the message says what was expected and found, without its name."""


class ParquetSink:
    """What Arrow writes goes to memory, `buffer`, and from there to the disk by Python: Arrow never meets an error.

    Over one that it meets in its clean-up, of a full disk or by an interrupt in a Python function, it ends the process.
    """

    def __init__(self, file: BinaryIO):
        self.buffer = io.BytesIO()
        self._file = file
        self._body = hashlib.sha256()

    def drain(self) -> None:
        """Brings what Arrow wrote so far to the file.

        Raises:
            OSError: the disk is full, or does not take it.
        """
        self._put(self._take())

    def finish(self) -> None:
        """The same for what Arrow wrote in closing, the footer, with the checksums before it; brings the file to the disk.

        Raises:
            OSError: the disk is full, or does not take it.
        """
        rest = self._take()
        start = len(rest) - _TAIL_BYTES - int.from_bytes(rest[-_TAIL_BYTES:-4], "little")
        self._put(rest[:start])
        footer = rest[start:]
        self._file.write(_MAGIC + self._body.digest() + hashlib.sha256(footer).digest() + footer)
        self._file.flush()
        os.fsync(self._file.fileno())  # else a power cut may leave an empty file of the right name

    def _put(self, data: bytes) -> None:
        self._file.write(data)
        self._body.update(data)

    def _take(self) -> bytes:
        data = self.buffer.getvalue()
        self.buffer.seek(0)
        self.buffer.truncate()
        return data


def open_parquet(path: Path, *, whole: bool = False) -> pq.ParquetFile:
    """A parquet file with its footer as it was written; its pages are checked as they are read.

    Args:
        path: the file.
        whole: compare everything else in it too before the first row is read.

    Raises:
        DamagedError: other bytes than were written, or a footer of no sensible size.
        FileProblemError: no regular file.
        DAMAGED: no parquet file, or one that cannot be read.
    """
    require_regular(path, MAX_TABLE_BYTES)
    _check_footer(path)
    if whole:
        check_contents(path)
    # Without pre-buffering: otherwise the whole file ends up in memory.
    return pq.ParquetFile(
        path,
        pre_buffer=False,
        buffer_size=BUFFER_BYTES,
        page_checksum_verification=True,
        thrift_string_size_limit=MAX_THRIFT_STRING,
        thrift_container_size_limit=MAX_THRIFT_ITEMS,
    )


_intact: set[tuple[Any, ...]] = set()  # files with contents that were compared in this process


def check_contents(path: Path) -> bool:
    """Compares all bytes with the checksums; once in a process while a file stays the same. False: it carries none.

    Raises:
        DamagedError: other bytes than were written.
        FileProblemError: no regular file.
        OSError: it cannot be read.
    """
    require_regular(path, MAX_TABLE_BYTES)
    known = identity(path)
    if known in _intact:
        return True
    expected = _check_footer(path)
    if expected is None:
        return False
    end, wanted = expected
    found = hashlib.sha256()
    with path.open("rb") as stream:
        while end > 0 and (piece := stream.read(min(end, BUFFER_BYTES))):
            found.update(piece)
            end -= len(piece)
    if found.digest() != wanted:
        raise DamagedError(f"its data: expected SHA-256 {wanted.hex()[:16]}…, found {found.hexdigest()[:16]}…")
    _intact.add(known)
    return True


def identity(path: Path) -> tuple[Any, ...]:
    """What changes when a file is replaced or written to."""
    status = path.stat()
    return os.path.realpath(path), status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _check_footer(path: Path) -> tuple[int, bytes] | None:
    """Where the block of checksums begins and the hash of what stands before it; None for a file without."""
    with path.open("rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        stream.seek(max(0, size - _TAIL_BYTES))
        tail = stream.read(_TAIL_BYTES)
        length = int.from_bytes(tail[:4], "little")
        if tail[4:] != b"PAR1" or length + _TAIL_BYTES > size:
            raise DamagedError(f"expected a parquet file, found {size} bytes that do not end as one does")
        if length > MAX_FOOTER_BYTES:
            raise DamagedError(f"expected a footer of at most {MAX_FOOTER_BYTES} bytes, found one of {length}")
        block_at = size - _TAIL_BYTES - length - _BLOCK_BYTES
        if block_at < 0:
            return None
        stream.seek(block_at)
        block, footer = stream.read(_BLOCK_BYTES), stream.read()
    alike = sum(a == b for a, b in zip(block, _MAGIC, strict=False))
    if alike < len(_MAGIC) // 2:
        return None
    if alike < len(_MAGIC):
        raise DamagedError(f"the block of its checksums: expected {_MAGIC!r}, found {block[: len(_MAGIC)]!r}")
    wanted, found = block[-32:], hashlib.sha256(footer).digest()
    if wanted != found:
        raise DamagedError(f"its footer: expected SHA-256 {wanted.hex()[:16]}…, found {found.hex()[:16]}…")
    return block_at, block[len(_MAGIC) : len(_MAGIC) + 32]
