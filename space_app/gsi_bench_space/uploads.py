"""What a visitor uploads: looked at before it is decoded, refused with a reason, brought to plain 8-bit RGB without loss."""

from __future__ import annotations

import dataclasses
import io
import warnings
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from gsi_bench_dataset.records import EncodedImage
from gsi_bench_metric.images import DAMAGED
from gsi_bench_space.shelf import png

__all__ = ["FORMATS", "MAX_BYTES", "MAX_PIXELS", "MIN_SIDE", "Upload", "UploadError", "read_upload"]

FORMATS = ("PNG", "JPEG", "WEBP", "BMP")
MAX_BYTES = 20 * 2**20
MAX_PIXELS = 24_000_000  # what a phone takes; a free machine still decodes it in a second
MIN_SIDE = 32  # the network that compares pictures takes nothing smaller
_DEEP = ("I", "F", "I;16", "I;16B", "I;16L", "I;16N")  # PIL's modes of more than 8 bits a channel
_SAME_ASPECT = 0.02
_BOMB = "> 179 MP"  # what PIL does not even open
_ORIENTATION = 0x0112


class UploadError(ValueError):
    """A picture that is refused. `name` and `facts` are for the interface's own words; the message is English."""

    def __init__(self, name: str, **facts: Any):
        self.name, self.facts = name, facts
        super().__init__(f"{name}: {facts}" if facts else name)


@dataclasses.dataclass(frozen=True)
class Upload:
    """A picture that may be scored, as a PNG, and what was done to it: (name, facts) of each note."""

    picture: EncodedImage
    size: tuple[int, int]  # (width, height), pixels
    notes: tuple[tuple[str, dict[str, Any]], ...] = ()


def read_upload(data: bytes, like: tuple[int, int] | None = None) -> Upload:
    """A file's bytes as a picture.

    Args:
        data: the file as it was uploaded.
        like: (width, height) of the source, whose aspect ratio the picture should have.

    Raises:
        UploadError: too_heavy, not_a_picture, format, too_many_pixels, too_small, animated, deep or damaged.
    """
    if len(data) > MAX_BYTES:
        raise UploadError("too_heavy", megabytes=round(len(data) / 2**20, 1), most=MAX_BYTES // 2**20)
    image = _opened(data)
    with image:
        _check_header(image, data)
        notes: list[tuple[str, dict[str, Any]]] = []
        try:
            if image.getexif().get(_ORIENTATION, 1) != 1:
                notes.append(("turned", {}))
            if image.has_transparency_data and np.asarray(image.convert("RGBA"))[..., 3].min() < 255:
                notes.append(("transparent", {}))
            upright = ImageOps.exif_transpose(image)
            upright.info.pop("transparency", None)
            rgb = np.asarray(upright.convert("RGB"))
        except DAMAGED as error:
            raise UploadError("damaged", why=str(error)) from error
    height, width = rgb.shape[:2]
    if like is not None and abs(width / height / (like[0] / like[1]) - 1) > _SAME_ASPECT:
        notes.append(("aspect", {"size": f"{width}×{height}", "wanted": f"{like[0]}×{like[1]}"}))
    return Upload(png(rgb, "upload.png"), (width, height), tuple(notes))


def _opened(data: bytes) -> Image.Image:
    try:
        with warnings.catch_warnings():
            # Our own limit, below PIL's, decides.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            return Image.open(io.BytesIO(data))
    except Image.DecompressionBombError as error:
        raise UploadError("too_many_pixels", size=_BOMB, most=MAX_PIXELS // 10**6) from error
    except DAMAGED as error:
        raise UploadError("not_a_picture", formats=", ".join(FORMATS)) from error


def _check_header(image: Image.Image, data: bytes) -> None:
    """Everything that is known before a pixel is decoded."""
    if image.format not in FORMATS:
        raise UploadError("format", found=image.format, formats=", ".join(FORMATS))
    if image.width * image.height > MAX_PIXELS:
        raise UploadError("too_many_pixels", size=f"{image.width}×{image.height}", most=MAX_PIXELS // 10**6)
    if min(image.size) < MIN_SIDE:
        raise UploadError("too_small", size=f"{image.width}×{image.height}", least=MIN_SIDE)
    if getattr(image, "n_frames", 1) > 1:
        raise UploadError("animated", frames=image.n_frames)  # type: ignore[attr-defined]
    # PIL opens 16-bit colour as 8-bit: the file's own header tells.
    if image.mode in _DEEP or (image.format == "PNG" and data[24] > 8):
        raise UploadError("deep")
