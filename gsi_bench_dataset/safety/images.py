"""Opening an image from outside: the formats that are read, the limits, and everything that a damaged one raises."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
import zlib
from typing import BinaryIO

from PIL import Image, ImageFile, UnidentifiedImageError, features

from gsi_bench_dataset.safety.magic import HEAD_BYTES, kind_of

__all__ = [
    "DAMAGED",
    "FORMATS",
    "MAX_PIXELS",
    "FormatError",
    "TooManyPixelsError",
    "open_image",
    "orientation_of",
    "require_checksums",
    "require_format",
    "require_size",
    "upright",
    "upright_size",
]

# Only these: of the others some start programs (EPS: Ghostscript), fetch files or were never meant for pixels (PDF, WMF, FPX).
FORMATS: tuple[str, ...] = ("PNG", "JPEG", "MPO", "WEBP", "BMP", "TIFF", *(("AVIF",) if features.check("avif") else ()))
# Scans and camera files stay below it; decoded RGB is 3 bytes a pixel.
MAX_PIXELS = 64_000_000

# PIL's readers raise what they stumble over in damaged files, each its own.
DAMAGED: tuple[type[Exception], ...] = (OSError, ValueError, SyntaxError, TypeError, AttributeError, LookupError)
DAMAGED += (ArithmeticError, EOFError, RuntimeError, AssertionError, MemoryError, BufferError, struct.error, zlib.error)
DAMAGED += (zipfile.BadZipFile, Image.DecompressionBombError)

_PNG = b"\x89PNG\r\n\x1a\n"
_ORIENTATION = 0x0112
# EXIF orientation -> what brings the pixels upright; from 5 on width and height change places.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# As `kind_of` calls them.
_KINDS = {
    "PNG": "PNG",
    "JPEG": "JPEG",
    "MPO": "JPEG",
    "WEBP": "WebP",
    "BMP": "BMP",
    "TIFF": "TIFF",
    "AVIF": "AVIF",
}


class FormatError(UnidentifiedImageError):
    """No image of the formats that are read, or one that is damaged from its beginning on; the message says what it is."""


class TooManyPixelsError(Image.DecompressionBombError):
    """An image of more pixels than are decoded. `found`: its width × height, or what PIL says of it."""

    def __init__(self, found: str, most: int):
        self.found = found
        super().__init__(f"{found} is over the limit of {most} pixels")


def open_image(data: bytes | bytearray | BinaryIO, formats: tuple[str, ...] = FORMATS, most: int = MAX_PIXELS) -> Image.Image:
    """An image with its header read and its pixels not. Decoding it may still raise any of `DAMAGED`.

    Args:
        data: an encoded image, or a seekable stream of one, which stays open as long as the image is used.
        formats: names of PIL's formats; no other one's reader is asked.
        most: pixels; more are refused by the header.

    Raises:
        FormatError: no image, or one of another format; among `DAMAGED`, as the next.
        TooManyPixelsError: more pixels than `most`.
        DAMAGED: an image of these formats that is damaged.
    """
    stream = io.BytesIO(data) if isinstance(data, (bytes, bytearray)) else data
    with warnings.catch_warnings():
        # The caller's own limit decides; PIL's lower warning limit would only add noise.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            # MPO has no reader of its own: JPEG's returns it.
            image = Image.open(stream, formats=[name for name in formats if name != "MPO"])
        except UnidentifiedImageError as error:
            raise FormatError(_what_else(stream, formats)) from error
        except Image.DecompressionBombError as error:
            raise TooManyPixelsError(f"an image that PIL refuses ({error})", most) from error
    try:
        require_size(image.size, most)
    except TooManyPixelsError:
        image.close()
        raise
    return image


def require_checksums(stream: BinaryIO) -> None:
    """Compares the pixel data of a PNG with its checksums: PIL decodes damaged pixels without an error.

    A chunk with a wrong checksum is forgiven where the compressed data as a whole agrees with its own: some tools write wrong
    ones round sound pixels.

    Args:
        stream: seekable; its place stays as it was.

    Raises:
        SyntaxError: the pixel data is damaged or cut off; among `DAMAGED`.
    """
    start = stream.tell()
    stream.seek(len(_PNG))
    pixels, sound = [], True
    try:
        while head := stream.read(8):
            length, kind = int.from_bytes(head[:4], "big"), head[4:]
            body = stream.read(length)
            checksum = int.from_bytes(stream.read(4), "big")
            if len(body) != length:
                raise SyntaxError(f"the chunk {ascii(kind)[2:-1]} is cut off")
            if kind == b"IDAT":
                pixels.append(body)
                sound = sound and zlib.crc32(body, zlib.crc32(kind)) == checksum
            if kind == b"IEND":
                break
    finally:
        stream.seek(start)
    if not sound and not _unpacks(pixels):
        raise SyntaxError("the pixel data is damaged: its checksums are wrong")


def _unpacks(parts: list[bytes]) -> bool:
    """Whether compressed data agrees with the checksum at its end; never holds more than a megabyte of it."""
    unpacker = zlib.decompressobj()
    try:
        for part in parts:
            rest = part
            while rest:
                unpacker.decompress(rest, 2**20)
                rest = unpacker.unconsumed_tail
    except zlib.error:
        return False
    return unpacker.eof


def orientation_of(image: Image.Image) -> int:
    """The EXIF orientation, 1–8, that still has to be applied: 1 where there is none, or a damaged one.

    Costs a look at the header: no pixel is decoded. PIL turns a TIFF itself, so nothing is left to do for one.
    """
    if image.format == "TIFF":
        return 1
    try:
        if image.format == "PNG" and "exif" not in image.info:
            # PIL's own look at a PNG would decode all of it, for notes that stand behind the pixels.
            notes = _exif_behind_pixels(getattr(image, "fp", None))
            if notes is not None:
                exif = Image.Exif()
                exif.load(b"Exif\0\0" + notes)
                return _turn(exif.get(_ORIENTATION))
        return _turn(Image.Image.getexif(image).get(_ORIENTATION))
    except DAMAGED:
        return 1


def upright(image: Image.Image) -> Image.Image:
    """The image as it is meant to be seen: its EXIF orientation applied. Decodes it where that turns anything.

    Raises:
        DAMAGED: the image is damaged.
    """
    turn = _TURNS.get(orientation_of(image))
    return image if turn is None else image.transpose(turn)


def upright_size(image: Image.Image) -> tuple[int, int]:
    """(width, height) of the image as it is meant to be seen, from its header."""
    width, height = image.size
    return (height, width) if orientation_of(image) in (5, 6, 7, 8) else (width, height)


def _turn(found: object) -> int:
    return found if isinstance(found, int) and found in _TURNS else 1


def _exif_behind_pixels(stream: BinaryIO | None) -> bytes | None:
    """The body of the chunk eXIf of a PNG, found by going over the heads of its chunks; the stream's place stays."""
    if stream is None:
        return None
    start = stream.tell()
    stream.seek(len(_PNG))
    try:
        while len(head := stream.read(8)) == 8:
            length, kind = int.from_bytes(head[:4], "big"), head[4:]
            if kind == b"eXIf":
                return stream.read(length)
            if kind == b"IEND":
                return None
            stream.seek(length + 4, io.SEEK_CUR)
        return None
    finally:
        stream.seek(start)


def require_size(size: tuple[int, int], most: int = MAX_PIXELS) -> None:
    """Refuses a (width, height) of too many pixels, before any memory is taken for them.

    Raises:
        TooManyPixelsError: more pixels than `most`.
    """
    width, height = size
    if width * height > most:
        raise TooManyPixelsError(f"{width}×{height}", most)


def require_format(image: Image.Image, formats: tuple[str, ...] = FORMATS, most: int = MAX_PIXELS) -> None:
    """Refuses an image that was opened elsewhere and is not decoded yet, where `open_image` would have refused it.

    Decoding is what starts the programs that some formats need; an image that is decoded already is past that.

    Raises:
        FormatError: its pixels are still to be read, by the reader of another format.
        TooManyPixelsError: more pixels than `most`.
    """
    pending = isinstance(image, ImageFile.StubImageFile) or (isinstance(image, ImageFile.ImageFile) and bool(image.tile))
    if pending and image.format not in formats:
        raise FormatError(f"expected {_listed(formats)}, found {image.format}")
    require_size(image.size, most)


def _what_else(stream: BinaryIO, formats: tuple[str, ...]) -> str:
    stream.seek(0)
    kind = kind_of(stream.read(HEAD_BYTES) or b"")
    if kind in {_KINDS.get(name, name) for name in formats}:
        return f"expected {_listed(formats)}, found a damaged {kind}"
    return f"expected {_listed(formats)}, found {kind}"


def _listed(formats: tuple[str, ...]) -> str:
    names = list(dict.fromkeys(_KINDS.get(name, name) for name in formats))
    return f"{', '.join(names[:-1])} or {names[-1]}" if len(names) > 1 else names[0]
