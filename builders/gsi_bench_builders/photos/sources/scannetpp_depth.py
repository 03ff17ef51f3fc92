"""ScanNet++'s packed depth of an iPhone, `depth.bin`: two forms exist, and both are found by what the file holds.

Either the whole file is raw deflate of float32 metres, n×192×256; or each frame is a 32-bit length and a block of LZ4 of 16-bit
millimetres, or deflate of float32.
"""

from __future__ import annotations

import functools
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gsi_bench_builders.photos.source import PhotoError
from gsi_bench_dataset.safety.files import FileProblemError, open_regular, printable_path

__all__ = ["lz4_block", "packed_depth"]

HEIGHT, WIDTH = 192, 256
_MAX_BYTES = 64 * 2**30
_FRAME_MM, _FRAME_M = HEIGHT * WIDTH * 2, HEIGHT * WIDTH * 4


def packed_depth(path: Path, number: int) -> NDArray[np.float32]:
    """Depth of a frame (192×256), metres, 0 where not known.

    Raises:
        PhotoError: there is no such file or frame, or it is of neither form.
    """
    try:
        blocks = _blocks(path, path.stat().st_size)
        with open_regular(path, _MAX_BYTES) as stream:
            if blocks is None:
                return _from_whole(stream, number, path)
            if number >= len(blocks):
                raise PhotoError("depth_missing", f"{printable_path(path)}: {len(blocks)} frames, and no number {number}")
            start, length = blocks[number]
            stream.seek(start)
            return _of_block(stream.read(length), path)
    except FileNotFoundError as error:
        raise PhotoError("depth_missing", printable_path(path)) from error
    except (FileProblemError, OSError) as error:
        raise PhotoError("depth_unreadable", str(error)) from error


@functools.lru_cache(maxsize=4)
def _blocks(path: Path, size: int) -> tuple[tuple[int, int], ...] | None:
    """(start, length) of each frame's block; None where lengths do not lead through the file."""
    found = []
    with open_regular(path, _MAX_BYTES) as stream:
        place = 0
        while place < size:
            stream.seek(place)
            head = stream.read(4)
            length = struct.unpack("<i", head)[0] if len(head) == 4 else 0
            if not 0 < length <= min(_FRAME_M + 1024, size - place - 4):
                return None
            found.append((place + 4, length))
            place += 4 + length
    return tuple(found)


def _of_block(data: bytes, path: Path) -> NDArray[np.float32]:
    for unpack, size, kind, unit in ((lz4_block, _FRAME_MM, "<u2", 1e-3), (_inflated, _FRAME_M, "<f4", 1.0)):
        try:
            plain = unpack(data)
        except (ValueError, zlib.error):
            continue
        if len(plain) == size:
            values = np.frombuffer(plain, kind).reshape(HEIGHT, WIDTH)
            return np.asarray(values * np.float32(unit), dtype=np.float32)
    raise PhotoError("depth_unreadable", f"{printable_path(path)}: a frame is neither LZ4 of millimetres nor deflate of metres")


def _from_whole(stream: object, number: int, path: Path) -> NDArray[np.float32]:
    """The frame out of one deflated array; what stands before it is unpacked and forgotten."""
    unpacker, held, skip = zlib.decompressobj(wbits=-zlib.MAX_WBITS), bytearray(), number * _FRAME_M
    try:
        while len(held) < _FRAME_M:
            data = unpacker.unconsumed_tail or stream.read(2**20)  # type: ignore[attr-defined]
            if not data:
                raise PhotoError("depth_missing", f"{printable_path(path)}: no frame {number}")
            part = unpacker.decompress(data, 2**22)
            dropped = min(skip, len(part))
            skip -= dropped
            held += part[dropped:]
    except zlib.error as error:
        raise PhotoError("depth_unreadable", f"{printable_path(path)}: neither blocks nor deflate ({error})") from error
    return np.frombuffer(bytes(held[:_FRAME_M]), "<f4").reshape(HEIGHT, WIDTH).copy()


def _inflated(data: bytes) -> bytes:
    # At most what a frame has, and one byte to tell that there is more.
    raw = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
    try:
        return raw.decompress(data, _FRAME_M + 1)
    except zlib.error:
        return zlib.decompressobj().decompress(data, _FRAME_M + 1)


def lz4_block(data: bytes, most: int = _FRAME_MM) -> bytes:
    """A block of LZ4 unpacked.

    Raises:
        ValueError: it is none, or longer than `most`.
    """
    out, place, end = bytearray(), 0, len(data)
    try:
        while place < end:
            token = data[place]
            literal, place = _length(data, token >> 4, place + 1)
            if place + literal > end:
                raise ValueError("literals beyond the end")
            out += data[place : place + literal]
            place += literal
            if place >= end:
                break
            offset = data[place] | data[place + 1] << 8
            match, place = _length(data, token & 15, place + 2)
            match += 4
            if not 0 < offset <= len(out) or len(out) + match > most:
                raise ValueError("a match beyond the block")
            start = len(out) - offset
            # Where a match reaches into what it writes, its beginning repeats.
            piece = out[start : start + match]
            out += (piece * (match // len(piece) + 1))[:match]
    except IndexError as error:
        raise ValueError("cut off") from error
    if len(out) > most:
        raise ValueError("more than a frame")
    return bytes(out)


def _length(data: bytes, nibble: int, place: int) -> tuple[int, int]:
    """A length that begins with four bits, and where the rest goes on."""
    total = nibble
    if nibble == 15:
        while True:
            total += data[place]
            place += 1
            if data[place - 1] != 255:
                break
    return total, place
