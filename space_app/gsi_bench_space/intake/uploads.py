"""What a visitor uploads: found where uploads lie, looked at before it is decoded, brought to plain 8-bit RGB without loss.

A program may send any path as "its upload". `uploaded_path` is the one place that says which file that is: it lies, links
resolved, in the folder that Gradio puts uploads into, and is a regular file. Whatever else is named is refused in the same
words, whether it exists or not.
"""

from __future__ import annotations

import dataclasses
import os
import stat
from pathlib import Path
from typing import Any

import numpy as np
from gradio.utils import get_upload_folder
from PIL import Image

from gsi_bench_dataset.records import EncodedImage
from gsi_bench_dataset.safety.files import FileProblemError, read_regular
from gsi_bench_dataset.safety.images import DAMAGED, open_image, orientation_of
from gsi_bench_metric.imaging.images import rgb_of
from gsi_bench_space.shelf import png

__all__ = [
    "FORMATS",
    "MAX_BYTES",
    "MAX_PIXELS",
    "MIN_SIDE",
    "Upload",
    "UploadError",
    "read_upload",
    "read_uploaded",
    "uploaded_path",
]

FORMATS = ("PNG", "JPEG", "WEBP", "BMP")  # of those that the benchmark reads: what editors and browsers give
# What phones add behind the photo of a JPEG, such as a map of brightness; PIL counts it as another frame.
_WITH_EXTRAS = "MPO"
MAX_BYTES = 20 * 2**20
MAX_PIXELS = 50_000_000  # what phones take, 24.5 and 48.8 million; a free machine still decodes it in seconds
MIN_SIDE = 32  # the network that compares images takes nothing smaller
_DEEP = ("I", "F", "I;16", "I;16B", "I;16L", "I;16N")  # PIL's modes of more than 8 bits a channel
_SAME_ASPECT = 0.02
_BOMB = "> 179 MP"  # what PIL does not even open
_LONGEST_PATH = 4096
_LONGEST_WHY = 120
# How files begin that people take for images; only the name is said, nothing opens them.
_OTHERS = {
    b"GIF8": "GIF",
    b"%!PS": "PostScript",
    b"\xc5\xd0\xd3\xc6": "EPS",
    b"%PDF": "PDF",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"8BPS": "Photoshop",
    b"<svg": "SVG",
    b"\0\0\1\0": "ICO",
}
_BOXED = {b"avif": "AVIF", b"heic": "HEIC", b"heix": "HEIC", b"mif1": "HEIF"}  # after "ftyp"


class UploadError(ValueError):
    """An image that is refused. `name` and `facts` are for the interface's own words; the message is English."""

    def __init__(self, name: str, **facts: Any):
        self.name, self.facts = name, facts
        super().__init__(f"{name}: {facts}" if facts else name)


@dataclasses.dataclass(frozen=True)
class Upload:
    """An image that may be scored, as a PNG, and what was done to it: (name, facts) of each note."""

    picture: EncodedImage
    size: tuple[int, int]  # (width, height), pixels
    notes: tuple[tuple[str, dict[str, Any]], ...] = ()


def uploaded_path(value: Any) -> Path:
    """Where an upload lies, links resolved, by what Gradio's page or a program sends for it: an object with a `path`.

    Raises:
        UploadError: not_uploaded: no such object, a path that leads elsewhere, nothing there, or no regular file.
    """
    path = value.get("path") if isinstance(value, dict) else None
    if not isinstance(path, str) or len(path) > _LONGEST_PATH or "\0" in path:
        raise UploadError("not_uploaded")
    folder = os.path.abspath(get_upload_folder())  # noqa: PTH100 - links are resolved below; `path` names them as Gradio does
    real_folder = os.path.realpath(folder)
    try:
        # By its words first: of what lies elsewhere not even the existence is asked for.
        named = Path(os.path.normpath(path))
        if not (named.is_relative_to(folder) or named.is_relative_to(real_folder)):
            raise UploadError("not_uploaded")
        real = Path(os.path.realpath(named, strict=True))
        regular = stat.S_ISREG(real.stat().st_mode)
    except (OSError, UnicodeError) as error:
        raise UploadError("not_uploaded") from error
    if not regular or not real.is_relative_to(real_folder):
        raise UploadError("not_uploaded")
    return real


def read_uploaded(value: Any) -> bytes:
    """The bytes of an upload, never more than `MAX_BYTES`; see `uploaded_path`.

    Raises:
        UploadError: not_uploaded or too_heavy.
    """
    path = uploaded_path(value)
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise _too_heavy(size)
        return read_regular(path, MAX_BYTES)
    except (OSError, FileProblemError) as error:
        raise UploadError("not_uploaded") from error


def read_upload(data: bytes, like: tuple[int, int] | None = None) -> Upload:
    """A file's bytes as an image.

    Args:
        data: the file as it was uploaded.
        like: (width, height) of the source; the image should have its aspect ratio.

    Raises:
        UploadError: too_heavy, not_a_picture, format, too_many_pixels, too_small, animated, deep or damaged.
    """
    if len(data) > MAX_BYTES:
        raise _too_heavy(len(data))
    image = _opened(data)
    with image:
        notes: list[tuple[str, dict[str, Any]]] = []
        try:
            _check_header(image, data)
            if orientation_of(image) != 1:
                notes.append(("turned", {}))
            if image.has_transparency_data and np.asarray(image.convert("RGBA"))[..., 3].min() < 255:
                notes.append(("transparent", {}))
            rgb = rgb_of(image)
        except UploadError:
            raise
        except DAMAGED as error:
            raise UploadError("damaged", why=_why(error)) from error
    height, width = rgb.shape[:2]
    if like is not None and abs(width / height / (like[0] / like[1]) - 1) > _SAME_ASPECT:
        notes.append(("aspect", {"size": f"{width}×{height}", "wanted": f"{like[0]}×{like[1]}"}))
    return Upload(png(rgb, "upload.png"), (width, height), tuple(notes))


def _too_heavy(size: int) -> UploadError:
    return UploadError("too_heavy", megabytes=round(size / 2**20, 1), most=MAX_BYTES // 2**20)


def _opened(data: bytes) -> Image.Image:
    """With the readers of `FORMATS` alone: others start programs, whatever the file is called."""
    try:
        return open_image(data, FORMATS)
    except Image.DecompressionBombError as error:
        raise UploadError("too_many_pixels", size=_BOMB, most=MAX_PIXELS // 10**6) from error
    except DAMAGED as error:
        other = next((name for start, name in _OTHERS.items() if data.startswith(start)), None)
        other = other or (_BOXED.get(data[8:12]) if data[4:8] == b"ftyp" else None)
        if other is not None:
            raise UploadError("format", found=other, formats=", ".join(FORMATS)) from error
        raise UploadError("not_a_picture", formats=", ".join(FORMATS)) from error


def _why(error: Exception) -> str:
    """What a reader said, on one line; it may quote the file, and an object's address means nothing to readers."""
    said = " ".join("".join(mark if mark.isprintable() else " " for mark in str(error)).split())
    return said[:_LONGEST_WHY] if said and "<_io." not in said else type(error).__name__


def _check_header(image: Image.Image, data: bytes) -> None:
    """Everything that is known before a pixel is decoded."""
    if image.format not in (*FORMATS, _WITH_EXTRAS):
        raise UploadError("format", found=image.format, formats=", ".join(FORMATS))
    if image.width * image.height > MAX_PIXELS:
        raise UploadError("too_many_pixels", size=f"{image.width}×{image.height}", most=MAX_PIXELS // 10**6)
    if min(image.size) < MIN_SIDE:
        raise UploadError("too_small", size=f"{image.width}×{image.height}", least=MIN_SIDE)
    if image.format != _WITH_EXTRAS and getattr(image, "n_frames", 1) > 1:
        raise UploadError("animated", frames=image.n_frames)  # type: ignore[attr-defined]
    # PIL opens 16-bit colour as 8-bit: the file's own header says so.
    if image.mode in _DEEP or (image.format == "PNG" and (data[12:16] != b"IHDR" or data[24] > 8)):
        raise UploadError("deep")
