"""Pictures: reading them safely, and the reference's resize-and-crop to its detector's 896-pixel frame."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps
from torch import Tensor
from torch.nn import functional

from gsi_bench_dataset.layout.pixel_frame import ReferenceFrame
from gsi_bench_dataset.safety.files import FileProblemError, open_regular, printable_path
from gsi_bench_dataset.safety.images import DAMAGED, MAX_PIXELS, TooManyPixelsError, open_image, require_checksums
from gsi_bench_dataset.schema import EncodedImage

__all__ = [
    "DAMAGED",
    "MAX_PIXELS",
    "ImageError",
    "fit_centrally",
    "fit_to",
    "header_mode",
    "header_size",
    "load_numbers",
    "load_rgb",
    "pixel_hash",
    "reference_view",
    "resize_bicubic",
]

RGB = NDArray[np.uint8]
_SAME_ASPECT = 0.02
# Once pixels are there, an assertion that fails is a defect and no damage.
_ILL_SUITED = tuple(kind for kind in DAMAGED if kind is not AssertionError)
Source = EncodedImage | bytes | str | Path


class ImageError(ValueError):
    """A picture that cannot be used; the message says why."""


def header_size(source: Source) -> tuple[int, int]:
    """(height, width) from the file's header, without decoding.

    Raises:
        ImageError: missing, unreadable or too large.
    """
    with _opened(source) as image:
        return image.height, image.width


def header_mode(source: Source) -> str:
    """PIL's name of the pixels' mode, from the file's header.

    Raises:
        ImageError: missing, unreadable or too large.
    """
    with _opened(source) as image:
        return image.mode


def load_rgb(source: Source) -> RGB:
    """The picture as RGB uint8 (H, W, 3), as PIL's `convert("RGB")` gives it: alpha dropped, EXIF rotation not applied.

    Raises:
        ImageError: missing, unreadable, truncated or too large.
    """
    with _opened(source) as image:
        image.info.pop("transparency", None)  # dropped anyway; some of its forms PIL would warn about
        with _decoding(source, DAMAGED):
            _require_sound(image)
            image.load()
        with _decoding(source, _ILL_SUITED):
            return np.asarray(image.convert("RGB"))


def load_numbers(source: Source) -> NDArray[np.int64]:
    """A picture of one number a pixel (depth, object numbers), 8 or 16 bit, as (H, W).

    Raises:
        ImageError: missing, unreadable, or a picture in colour.
    """
    with _opened(source) as image, _decoding(source, DAMAGED):
        _require_sound(image)
        numbers = np.asarray(image)
    if numbers.ndim != 2 or numbers.dtype.kind not in "biu":
        raise ImageError(f"{_describe(source)}: expected one whole number a pixel, found {numbers.dtype} {numbers.shape}")
    return numbers.astype(np.int64)


def fit_centrally(rgb: RGB, height: int, width: int) -> RGB:
    """Scaled until it covers height × width, undistorted, and cut evenly at both ends of the longer side."""
    size = (width, height)
    return np.asarray(ImageOps.fit(Image.fromarray(rgb), size, method=Image.Resampling.BICUBIC, centering=(0.5, 0.5)))


def fit_to(rgb: RGB, height: int, width: int) -> tuple[RGB, str | None]:
    """A picture at another's size, and what that took: None nothing, "resized" (aspects within 2 %) or "fitted" centrally."""
    h, w = rgb.shape[:2]
    if (h, w) == (height, width):
        return rgb, None
    if abs(w / h / (width / height) - 1) <= _SAME_ASPECT:
        return resize_bicubic(rgb, height, width), "resized"
    return fit_centrally(rgb, height, width), "fitted"


def resize_bicubic(rgb: RGB, height: int, width: int) -> RGB:
    """PIL's bicubic resize (with its antialiasing), the reference's way to bring an edited picture to the source's size."""
    return np.asarray(Image.fromarray(rgb).resize((width, height), Image.Resampling.BICUBIC))


def pixel_hash(rgb: RGB) -> str:
    """SHA-256 of size and pixels: equal for equal pictures, whatever file format they came in."""
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
            raise ImageError(f"{error}; not a readable picture") from error
        except DAMAGED as error:
            raise ImageError(f"{_describe(source)}: not a readable picture ({error})") from error
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
        return printable_path(source.path) if source.path else f"picture of {len(source.bytes)} bytes"
    return f"picture of {len(source)} bytes" if isinstance(source, bytes) else printable_path(source)


_MEAN = (123.675, 116.28, 103.53)
_STD = (58.395, 57.12, 57.375)


def reference_view(pictures: Tensor) -> Tensor:
    """The reference's evaluated window of RGB uint8 pictures (N, H, W, 3): float32 **BGR** (N, 3, h, w), about 0–255.

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
