"""Images in every format that PIL writes, damaged and exotic, and attacks on what reads them."""

from __future__ import annotations

import functools
import io
import random
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from PIL import Image

from gsi_bench_metric.imaging.images import ImageError, header_size, load_numbers, load_rgb
from hostile.harness import ANYTHING, Attack, Outcome
from hostile.makers import damaged, truncations

__all__ = ["attacks", "bases", "exotic"]

SIZE = (40, 34)
# A change of these formats' pixels is noticed: their data carry checksums. Of the others it is another image.
CHECKED = ("PNG",)


@functools.cache
def bases() -> dict[str, tuple[str, bytes]]:
    """Sound images by name: (format, file). Only formats that this build of PIL writes."""
    coarse = np.random.default_rng(0).integers(0, 256, (5, 6, 3), dtype=np.uint8)
    rgb = Image.fromarray(coarse).resize(SIZE)
    deep = Image.fromarray(np.arange(SIZE[0] * SIZE[1], dtype=np.uint16).reshape(SIZE[1], SIZE[0]))
    frames = [rgb, rgb.rotate(90), rgb.rotate(180)]
    wanted: list[tuple[str, str, Any, dict[str, Any]]] = [
        ("rgb", "PNG", rgb, {}),
        ("interlaced or not", "PNG", rgb.resize((200, 150)), {"compress_level": 1}),
        ("alpha", "PNG", rgb.convert("RGBA"), {}),
        ("grey and alpha", "PNG", rgb.convert("LA"), {}),
        ("palette", "PNG", rgb.convert("P"), {"transparency": 3}),
        ("one bit", "PNG", rgb.convert("1"), {}),
        ("16 bit", "PNG", deep, {}),
        ("animated", "PNG", rgb, {"save_all": True, "append_images": frames}),
        ("with a profile and text", "PNG", rgb, {"icc_profile": b"not a profile" * 9, "exif": b"Exif\0\0II*\0\x08\0\0\0\0\0"}),
        ("rgb", "JPEG", rgb, {}),
        ("progressive", "JPEG", rgb.resize((200, 150)), {"progressive": True}),
        ("grey", "JPEG", rgb.convert("L"), {}),
        ("cmyk", "JPEG", rgb.convert("CMYK"), {}),
        ("lossy", "WEBP", rgb, {}),
        ("lossless with alpha", "WEBP", rgb.convert("RGBA"), {"lossless": True}),
        ("animated", "WEBP", rgb, {"save_all": True, "append_images": frames}),
        ("rgb", "BMP", rgb, {}),
        ("palette", "BMP", rgb.convert("P"), {}),
        ("rgb", "TIFF", rgb, {}),
        ("deflated", "TIFF", rgb, {"compression": "tiff_adobe_deflate"}),
        ("lzw", "TIFF", rgb, {"compression": "tiff_lzw"}),
        ("float", "TIFF", rgb.convert("F"), {}),
        ("rgb", "AVIF", rgb, {}),
        ("two", "MPO", rgb, {"save_all": True, "append_images": frames[1:2]}),
        ("animated", "GIF", rgb, {"save_all": True, "append_images": frames}),
        *(("rgb", kind, rgb, {})
          for kind in ("PPM", "TGA", "PCX", "SGI", "ICO", "ICNS", "JPEG2000", "EPS", "PDF", "DDS", "DIB")),
        ("grey", "IM", rgb.convert("L"), {}),
        ("palette", "SPIDER", rgb.convert("F"), {}), ("bits", "XBM", rgb.convert("1"), {}),
    ]  # fmt: skip
    made = {}
    for name, kind, image, options in wanted:
        stream = io.BytesIO()
        try:
            image.save(stream, kind, **options)
        except (KeyError, OSError, ValueError):  # this build of PIL does not write it
            continue
        made[f"{kind} {name}"] = (kind, stream.getvalue())
    return made


def exotic() -> dict[str, bytes]:
    """Files that were never sound: bombs, sides of nothing, headers that promise what is not there, other kinds of file."""
    made = {
        "a PNG of 0×0": _png(0, 0, b""),
        "a PNG of 60000×60000": _png(60_000, 60_000, bytes(100)),
        "a PNG of 8000×8001": _png(8_000, 8_001, bytes(100)),
        "a PNG of 2³¹−1 sides": _png(2**31 - 1, 2**31 - 1, bytes(100)),
        "a PNG of 3000×3000 without data": _png(3_000, 3_000, b""),
        "a PNG with a text bomb": _png(8, 8, bytes(8 * 25), (b"zTXt", b"k\0\0" + zlib.compress(bytes(2**26)))),
        "a PNG with a profile bomb": _png(8, 8, bytes(8 * 25), (b"iCCP", b"k\0\0" + zlib.compress(bytes(2**26)))),
        "a PNG with an endless chunk": _png(8, 8, bytes(8 * 25))[:33] + struct.pack(">I", 2**31 - 1) + b"IDAT" + bytes(99),
        "EPS": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\n%%EndComments\n(/etc/passwd) run\nshowpage\n%%EOF",
        "EPS that loops": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\n%%EndComments\n{} loop\n%%EOF",
        "EPS with a preview": struct.pack("<4sIIIIII", b"\xc5\xd0\xd3\xc6", 30, 40, 0, 0, 0, 0)
        + b"\xff\xff%!PS-Adobe-3.0 EPSF\n",
        "SVG": b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="file:///etc/passwd"/></svg>',
        "PDF": b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF",
        "WMF": b"\xd7\xcd\xc6\x9a\x00\x00" + bytes(200),
        "FLI": struct.pack("<IHHHHH", 200, 0xAF12, 5000, 30000, 30000, 8) + bytes(200),
        "GD": b"\xff\xfe" + bytes(2000),
        "a zip": b"PK\x03\x04" + bytes(60),
        "gzip": b"\x1f\x8b\x08" + bytes(60),
        "a pickle": b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94.",
        "HTML": b"<!DOCTYPE html><html></html>",
        "a pointer of Git LFS": b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
        "nothing": b"",
        "one byte": b"\x89",
        "zeros": bytes(4096),
        "only a PNG's first bytes": b"\x89PNG\r\n\x1a\n",
        "only a JPEG's first bytes": b"\xff\xd8\xff\xe0",
        "a TIFF whose directory is itself": b"II*\x00\x08\x00\x00\x00\x01\x00" + bytes(12) + b"\x08\x00\x00\x00",
        "a TIFF of a huge directory": b"II*\x00\x08\x00\x00\x00\xff\xff" + bytes(range(256)) * 40,
    }
    return {name: data for name, data in made.items() if data or name == "nothing"}


def _png(width: int, height: int, rows: bytes, *more: tuple[bytes, bytes]) -> bytes:
    """A PNG with whatever header, its checksums right."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", head), *more, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, data) for kind, data in parts)


def _decoded(data: bytes) -> Any:
    """Size by header and pixels; they must agree."""
    size, rgb = header_size(data), load_rgb(data)
    assert rgb.shape == (*size, 3), f"header says {size}, decoded {rgb.shape}"
    assert rgb.dtype == np.uint8
    return rgb.tobytes()


def _numbers(data: bytes) -> Any:
    """Pixels of one number, which must be finite whole numbers."""
    return load_numbers(data).tobytes()


READERS: dict[str, Callable[[bytes], Any]] = {"load_rgb": _decoded, "load_numbers": _numbers}


def _truth(read: Callable[[bytes], Any], data: bytes) -> Any:
    """What a sound file gives; a kind of file that is not read at all has no truth."""
    try:
        return read(data)
    except ImageError:
        return None


def attacks(seed: int, count: int) -> Iterator[Attack]:
    """`count` damaged images, and the exotic ones with seed 0.

    A truncated file must be named or decode to the same pixels, of any format. Elsewhere a change is noticed only where the
    format has checksums; of the others the result must only be an image.
    """
    chance = random.Random(f"images {seed}")
    if seed == 0:
        for name, data in exotic().items():
            for reader, read in READERS.items():
                yield Attack(f"{reader}: {name}", lambda r=read, d=data: _only_named(r, d), payload=data)  # type: ignore[misc]
        for name, (_, data) in bases().items():
            yield Attack(f"load_rgb: sound {name}", lambda d=data: _decoded(d), payload=data)  # type: ignore[misc]
    names = list(bases())
    for number in range(count):
        name = names[number % len(names)]
        kind, data = bases()[name]
        reader = "load_numbers" if "16 bit" in name or chance.random() < 0.15 else "load_rgb"
        read = READERS[reader]
        if number // len(names) % 2:
            how, bad = next(truncations(data, chance, 1)) if chance.random() < 0.1 else _cut(data, chance)
            # What follows the pixels of the first frame may go.
            truth = _truth(read, data)
        else:
            how, bad = damaged(data, chance)
            truth = _truth(read, data) if kind in CHECKED else ANYTHING
        label = f"{reader}: {name}, {how} (seed {seed}, {number})"
        yield Attack(label, lambda r=read, d=bad: r(d), truth, payload=bad)  # type: ignore[misc]


def _cut(data: bytes, chance: random.Random) -> tuple[str, bytes]:
    length = chance.randrange(1, len(data))
    return f"first {length} of {len(data)} bytes", data[:length]


def _only_named(read: Callable[[bytes], Any], data: bytes) -> Any:
    """What is no image must be refused."""
    try:
        read(data)
    except ImageError:
        raise
    return Outcome("", "altered", "was taken for an image")
