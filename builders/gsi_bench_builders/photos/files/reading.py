"""Photographs and depth from files: upright, as small as asked, decoded no larger than needed."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gsi_bench_builders.photos.source import PhotoError
from gsi_bench_dataset.records import EncodedImage
from gsi_bench_dataset.safety.files import FileProblemError, printable_path, read_regular
from gsi_bench_dataset.safety.images import DAMAGED, open_image, orientation_of, upright, upright_size

__all__ = ["ReadPhoto", "fitting", "jpeg", "photo_size", "read_depth", "read_numbers", "read_photo", "shrunk"]

_NOTES = {"exif", "xmp", "photoshop", "comment", "XML:com.adobe.xmp"}  # of images, besides their pixels
_QUALITY = 95  # of a photograph that was made smaller or turned: its loss is below what editors do to any image


@dataclasses.dataclass(frozen=True)
class ReadPhoto:
    """A photograph upright: pixels (H×W×3 uint8), its full (width, height), its own bytes where `rgb` are just their pixels."""

    rgb: NDArray[np.uint8]
    full: tuple[int, int]
    file: EncodedImage | None


def fitting(size: tuple[int, int], side: int) -> tuple[int, int]:
    """A (width, height) whose longer side is at most `side`; never enlarged.

    >>> fitting((4032, 3024), 1024), fitting((640, 480), 1024)
    ((1024, 768), (640, 480))
    """
    scale = min(1.0, side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def read_photo(path: Path, side: int) -> ReadPhoto:
    """A photograph from a file.

    Raises:
        PhotoError: there is none, it is damaged, too large, or of a format that is not read.
    """
    data = _bytes(path, "photo")
    try:
        with open_image(data) as image:
            full, turned = upright_size(image), orientation_of(image) != 1
            goal = fitting(full, side)
            # A phone's notes tell where the photograph was taken: they are not passed on.
            plain = (
                image.mode == "RGB" and image.format in ("JPEG", "PNG") and not image.getexif() and not _NOTES & {*image.info}
            )
            verbatim = goal == full and not turned and plain
            if not verbatim and image.format in ("JPEG", "MPO"):
                # JPEG is decoded at a half, a quarter or an eighth of its size where that is enough: 48 MP cost as 3 MP.
                image.draft("RGB", (2 * max(goal), 2 * max(goal)))
            picture = upright(image).convert("RGB")
            if picture.size != goal:
                picture = picture.resize(goal, Image.Resampling.LANCZOS, reducing_gap=2.0)
            rgb = np.array(picture)
    except DAMAGED as error:
        raise PhotoError("photo_unreadable", f"{printable_path(path)}: {error}") from error
    return ReadPhoto(rgb, full, EncodedImage(data, path.name) if verbatim else None)


def photo_size(path: Path) -> tuple[int, int]:
    """(width, height) of a photograph as it is meant to be seen, from its header.

    Raises:
        PhotoError: see `read_photo`.
    """
    data = _bytes(path, "photo")
    try:
        with open_image(data) as image:
            return upright_size(image)
    except DAMAGED as error:
        raise PhotoError("photo_unreadable", f"{printable_path(path)}: {error}") from error


def shrunk(rgb: NDArray[np.uint8], side: int) -> ReadPhoto:
    """A frame of a video as a photograph."""
    full = (rgb.shape[1], rgb.shape[0])
    goal = fitting(full, side)
    picture = Image.fromarray(rgb)
    return ReadPhoto(np.array(picture.resize(goal, Image.Resampling.LANCZOS) if goal != full else picture), full, None)


def read_depth(path: Path, unit_m: float) -> NDArray[np.float32]:
    """Depth of an image of whole numbers, metres, 0 where not known.

    Raises:
        PhotoError: there is none, it is damaged, or it has several channels.
    """
    return np.asarray(read_numbers(path, "depth") * np.float32(unit_m), dtype=np.float32)


def read_numbers(path: Path, what: Literal["depth", "masks"]) -> NDArray[np.float32]:
    """An image of one channel as numbers.

    Raises:
        PhotoError: there is none, it is damaged, or it has several channels; `what` begins the reason.
    """
    data = _bytes(path, what)
    try:
        with open_image(data) as image:
            # The depth of a phone's photograph is stored as the sensor lies, with no note of it; nothing is turned here.
            values = np.asarray(image)
    except DAMAGED as error:
        raise PhotoError(f"{what}_unreadable", f"{printable_path(path)}: {error}") from error
    if values.ndim != 2:
        raise PhotoError(f"{what}_unreadable", f"{printable_path(path)}: expected one channel of numbers, found {values.shape}")
    return values.astype(np.float32)


def jpeg(rgb: NDArray[np.uint8]) -> EncodedImage:
    """A photograph that was made smaller or turned, as a file."""
    stream = io.BytesIO()
    Image.fromarray(rgb).save(stream, "JPEG", quality=_QUALITY, subsampling=0)
    return EncodedImage(stream.getvalue())


def _bytes(path: Path, what: Literal["photo", "depth", "masks"]) -> bytes:
    try:
        return read_regular(path)
    except FileNotFoundError as error:
        raise PhotoError(f"{what}_missing", printable_path(path)) from error
    except (FileProblemError, OSError) as error:
        raise PhotoError(f"{what}_unreadable", str(error)) from error
