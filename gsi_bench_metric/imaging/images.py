"""Images: reading them safely, and the reference's resize-and-crop to its detector's 896-pixel frame.

One conversion holds for every image that is scored, shown or judged, whatever it came in:

- It is seen upright: the EXIF orientation is applied, as `datasets` and viewers do.
- 8-bit colour, grey, palette and CMYK are what PIL's `convert("RGB")` gives, which knows Adobe's inverted CMYK.
- Transparent pixels are laid over white, as on a page; an image without a transparent pixel loses its alpha alone.
- Grey of 16 bits (`I;16`, and `I` up to 65535) keeps the high byte, as PIL does for 16-bit colour: nothing saturates.
- Floats (`F`) of 0–1 are scaled by 255, those of 0–255 are rounded; any other range is refused, with the range.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional

from gsi_bench_dataset.layout.pixel_frame import ReferenceFrame
from gsi_bench_dataset.safety.files import FileProblemError, open_regular, printable_path
from gsi_bench_dataset.safety.images import (
    DAMAGED,
    MAX_PIXELS,
    TooManyPixelsError,
    open_image,
    require_checksums,
    upright,
    upright_size,
)
from gsi_bench_dataset.schema import EncodedImage

__all__ = [
    "DAMAGED",
    "MAX_PIXELS",
    "ImageError",
    "header_mode",
    "header_size",
    "load_numbers",
    "load_rgb",
    "numbers_of",
    "pixel_hash",
    "reference_view",
    "resize_bicubic",
    "rgb_of",
]

RGB = NDArray[np.uint8]
# Once pixels are there, an assertion that fails is a defect and no damage.
_ILL_SUITED = tuple(kind for kind in DAMAGED if kind is not AssertionError)
Source = EncodedImage | bytes | str | Path


class ImageError(ValueError):
    """An image that cannot be used; the message says why."""


def header_size(source: Source) -> tuple[int, int]:
    """(height, width) as the image is seen, upright, from the file's header, without decoding.

    Raises:
        ImageError: missing, unreadable or too large.
    """
    with _opened(source) as image:
        width, height = upright_size(image)
        return height, width


def header_mode(source: Source) -> str:
    """PIL's name of the pixels' mode, from the file's header.

    Raises:
        ImageError: missing, unreadable or too large.
    """
    with _opened(source) as image:
        return image.mode


def load_rgb(source: Source) -> RGB:
    """The image as RGB uint8 (H, W, 3), upright; see the module for what becomes of other kinds of pixels.

    Raises:
        ImageError: missing, unreadable, truncated, too large, or of a range of values that may be meant in two ways.
    """
    with _opened(source) as image:
        with _decoding(source, DAMAGED):
            _require_sound(image)
            image.load()
        with _decoding(source, _ILL_SUITED):
            return rgb_of(image)


def rgb_of(image: Image.Image) -> RGB:
    """A PIL image as `load_rgb` gives the file that it came from.

    Raises:
        DAMAGED: it cannot be decoded or converted; a ValueError for floats of an odd range.
    """
    image = upright(image)
    if image.mode.startswith("I") or image.mode == "F":
        return np.repeat(_eight_bits(np.asarray(image), image.mode)[..., None], 3, axis=2)
    clear = image.info.get("transparency")
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or (image.mode in ("P", "L", "RGB") and _fits_eight_bits(clear)):
        rgba = image.convert("RGBA")
        if np.asarray(rgba.getchannel("A")).min() < 255:
            return np.asarray(Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB"))
    if clear is None:
        return np.asarray(image.convert("RGB"))
    image = image.copy()  # the caller's keeps its notes
    image.info.pop("transparency")  # some of its forms PIL would warn about
    return np.asarray(image.convert("RGB"))


def load_numbers(source: Source) -> NDArray[np.int64]:
    """An image of one whole number a pixel (depth, object numbers), 8 or 16 bit, as (H, W), upright. Equal channels are one.

    Raises:
        ImageError: missing, unreadable, or an image in colour.
    """
    with _opened(source) as image, _decoding(source, DAMAGED):
        _require_sound(image)
        numbers = np.asarray(upright(image))
    try:
        return numbers_of(numbers)
    except ValueError as error:
        raise ImageError(f"{_describe(source)}: {error}") from error


def numbers_of(values: NDArray[Any]) -> NDArray[np.int64]:
    """An array of one whole number a pixel as (H, W): a single channel, or several that are equal, may come first or last.

    Raises:
        ValueError: of other dimensions, in colour, or with parts of numbers.
    """
    flat = values
    if flat.ndim == 3:
        last, first = flat.shape[2] in (1, 3), flat.shape[0] in (1, 3)
        if last != first:
            flat = flat if last else np.moveaxis(flat, 0, 2)
            flat = flat[..., 0] if (flat == flat[..., :1]).all() else flat
    if flat.ndim == 2 and flat.dtype.kind == "f" and np.isfinite(flat).all() and (flat == np.rint(flat)).all():
        flat = flat.astype(np.int64)
    if flat.ndim != 2 or flat.dtype.kind not in "biu":
        raise ValueError(f"expected one whole number a pixel, found {values.dtype} {values.shape}")
    return flat.astype(np.int64)


def _fits_eight_bits(clear: object) -> bool:
    """Whether a palette's or a file's transparent colour names pixels as PIL holds them; one of 16-bit colour does not."""
    if isinstance(clear, int):
        return 0 <= clear <= 255
    return isinstance(clear, bytes) or (isinstance(clear, tuple) and all(0 <= value <= 255 for value in clear))


def _eight_bits(values: NDArray[Any], mode: str) -> NDArray[np.uint8]:
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
    if mode == "F":
        if not (low >= 0 and high <= 255):  # NaN is neither
            raise ValueError(f"expected floats of 0–1 or of 0–255, found {low:g} to {high:g}; scale them to 0–255")
        return np.rint(values * 255 if high <= 1 else values).astype(np.uint8)
    if low < 0 or high > 65535:
        raise ValueError(f"expected whole numbers of 16 bits, 0–65535, found {low:.0f} to {high:.0f}; scale them to 0–255")
    return (values.astype(np.uint16) >> 8).astype(np.uint8)


def resize_bicubic(rgb: RGB, height: int, width: int) -> RGB:
    """PIL's bicubic resize (with its antialiasing), the reference's way to bring an edited image to the source's size."""
    return np.asarray(Image.fromarray(rgb).resize((width, height), Image.Resampling.BICUBIC))


def pixel_hash(rgb: RGB) -> str:
    """SHA-256 of size and pixels: equal for equal images, whatever file format they came in."""
    digest = hashlib.sha256(f"{rgb.shape[0]}x{rgb.shape[1]}:".encode())
    digest.update(np.ascontiguousarray(rgb).data)
    return digest.hexdigest()


@contextlib.contextmanager
def _opened(source: Source) -> Iterator[Image.Image]:
    """The image by its header; what goes wrong inside is the caller's to catch."""
    with contextlib.ExitStack() as stack:
        data = _encoded(source)
        try:
            stream = stack.enter_context(open_regular(data)) if isinstance(data, Path) else data
            image = stack.enter_context(open_image(stream, most=MAX_PIXELS))
        except FileNotFoundError as error:
            raise ImageError(f"{_describe(source)}: no such file") from error
        except TooManyPixelsError as error:
            raise ImageError(f"{_describe(source)}: {error}") from error
        except FileProblemError as error:  # names the file itself
            raise ImageError(f"{error}; not a readable image") from error
        except DAMAGED as error:
            raise ImageError(f"{_describe(source)}: not a readable image ({error})") from error
        yield image


def _require_sound(image: Image.Image) -> None:
    stream = getattr(image, "fp", None)
    if image.format == "PNG" and stream is not None:
        require_checksums(stream)


@contextlib.contextmanager
def _decoding(source: Source, errors: tuple[type[Exception], ...]) -> Iterator[None]:
    try:
        yield
    except errors as error:
        raise ImageError(f"{_describe(source)}: cannot be decoded ({error})") from error


def _encoded(source: Source) -> bytes | Path:
    if isinstance(source, EncodedImage):
        return source.bytes
    return source if isinstance(source, bytes) else Path(source)


def _describe(source: Source) -> str:
    if isinstance(source, EncodedImage):
        return printable_path(source.path) if source.path else f"image of {len(source.bytes)} bytes"
    return f"image of {len(source)} bytes" if isinstance(source, bytes) else printable_path(source)


_MEAN = (123.675, 116.28, 103.53)
_STD = (58.395, 57.12, 57.375)


def reference_view(pictures: Tensor) -> Tensor:
    """The reference's evaluated window of RGB uint8 images (N, H, W, 3): float32 **BGR** (N, 3, h, w), about 0–255.

    Normalising and undoing it is kept: the rounding is part of the numbers.
    """
    frame = ReferenceFrame(pictures.shape[1], pictures.shape[2])
    x = pictures.permute(0, 3, 1, 2).to(torch.float32, memory_format=torch.contiguous_format)
    x = functional.interpolate(x, size=frame.resized, mode="bilinear", align_corners=False, antialias=True)
    (top, left), (height, width) = frame.crop_start, frame.cropped
    x = x[..., top : top + height, left : left + width].flip(1)
    mean = torch.tensor(_MEAN[::-1], device=x.device).view(3, 1, 1)
    std = torch.tensor(_STD[::-1], device=x.device).view(3, 1, 1)
    x = x.sub_(mean).div_(std)  # in place: these are large, and ours since the flip
    x = functional.pad(x, (0, frame.SIDE - width, 0, frame.SIDE - height))
    x = x[..., : frame.final[0], : frame.final[1]]
    return x.contiguous().mul_(std).add_(mean)
