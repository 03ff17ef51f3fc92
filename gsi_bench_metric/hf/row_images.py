"""Images of rows, in every form that they are given in -> the form that travels through Arrow, without loss.

A path stays a path and encoded bytes stay bytes. What was decoded is encoded as PNG: colour as `load_rgb` would have read the
file, depth and masks with exactly the numbers that they hold (32-bit ones as TIFF).
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from gsi_bench_dataset.records import EncodedImage
from gsi_bench_dataset.safety.images import DAMAGED, require_format, upright
from gsi_bench_dataset.safety.names import is_utf8, printable
from gsi_bench_dataset.storage.inline import image_in_text
from gsi_bench_dataset.storage.predictions import encode
from gsi_bench_metric.hf.row_forms import array_of, is_nothing
from gsi_bench_metric.imaging.images import numbers_of, rgb_of

__all__ = ["Stored", "colour_image", "name_of", "number_image"]

Stored = dict[str, Any]
_LONGEST_PATH = 4096  # no system opens a longer one


def colour_image(value: Any) -> Stored | None:
    """An image in colour as `{"bytes", "path"}` with one of them set, None for none.

    Raises:
        ValueError: no image, a damaged one, or one that may be meant in two ways.
    """
    return _stored(value, _encoded_colour)


def number_image(value: Any) -> Stored | None:
    """An image of one whole number a pixel, depth or a mask, as `colour_image` gives one in colour.

    Raises:
        ValueError: no image, a damaged one, or one in colour.
    """
    return _stored(value, _encoded_numbers)


def name_of(value: Any) -> str | None:
    """What the file's name says an image is of: without folders, ending and `_rgb`; None where nothing names a file."""
    if isinstance(value, Mapping):
        value = value.get("path")
    elif isinstance(value, EncodedImage):
        value = value.path
    elif isinstance(value, Image.Image):
        value = getattr(value, "filename", None)
    if not isinstance(value, (str, bytes, os.PathLike)) or not (text := os.fsdecode(value)):
        return None
    last = re.split(r"[/\\]", text[-4096:])[-1]
    return (last.rpartition(".")[0] or last).removesuffix("_rgb") or None


def _stored(value: Any, encoded: Callable[[Any], bytes]) -> Stored | None:
    """Never bytes and path: with both, `datasets` takes a file of that name in the current directory for the image."""
    if isinstance(value, Mapping) and value.keys() & {"bytes", "path"}:
        value = value["bytes"] if value.get("bytes") is not None else value.get("path")
    if is_nothing(value):
        return None
    if isinstance(value, str) and (data := image_in_text(value)) is not None:
        return {"bytes": data, "path": None}
    if isinstance(value, (str, os.PathLike)):
        return {"bytes": None, "path": _absolute(os.fspath(value))}
    if isinstance(value, (bytearray, memoryview)):
        value = bytes(value)
    if isinstance(value, (bytes, EncodedImage)):
        return {"bytes": encode(value, "picture").bytes, "path": None}
    array = array_of(value)
    if array is not None and array.dtype.kind not in "OUS":
        return {"bytes": encoded(array), "path": None}
    if isinstance(value, Image.Image):
        try:
            require_format(value)  # it may be open only, and not decoded yet
            return {"bytes": encoded(value), "path": None}
        except DAMAGED as error:
            raise ValueError(f"an image that cannot be decoded ({printable(str(error))})") from error
    return {"bytes": encode(value, "picture").bytes, "path": None}  # says what was expected


def _absolute(path: str | bytes) -> str:
    if not path:
        raise ValueError("expected the path of an image, found an empty text")
    if len(path) > _LONGEST_PATH:
        raise ValueError(f"a text of {len(path)} characters, no path: {printable(path, 60)}; expected a path or an image")
    text = str(Path(os.fsdecode(path)).absolute())
    if not is_utf8(text):
        raise ValueError(f"{printable(text)}: a path that is not valid Unicode cannot be kept in a table; rename the file")
    return text


def _encoded_colour(value: Any) -> bytes:
    image = value if isinstance(value, Image.Image) else _colour_of(value)
    return _saved(Image.fromarray(rgb_of(image)), "PNG")


def _encoded_numbers(value: Any) -> bytes:
    numbers = numbers_of(np.asarray(upright(value)) if isinstance(value, Image.Image) else value)
    low, high = (int(numbers.min()), int(numbers.max())) if numbers.size else (0, 0)
    if low < 0 or high >= 2**31:
        raise ValueError(f"expected numbers of 0 to {2**31 - 1}, found {low} to {high}")
    if high < 2**16:
        return _saved(Image.fromarray(numbers.astype(np.uint16)), "PNG")
    return _saved(Image.fromarray(numbers.astype(np.int32)), "TIFF")


def _colour_of(array: np.ndarray[Any, Any]) -> Image.Image:
    """An array as an image: grey (H, W), or 1, 3 or 4 channels, last or first."""
    found = array
    if found.ndim == 3:
        last, first = found.shape[2] in (1, 3, 4), found.shape[0] in (1, 3, 4)
        if last and first:
            raise ValueError(
                f"an array {array.shape}, with channels that may be its first or its last numbers; give a PIL image or the file"
            )
        found = np.moveaxis(found, 0, 2) if first else found
        found = found[..., 0] if found.shape[2] == 1 else found
    whole = found.dtype in (np.uint8, np.bool_) and (found.ndim == 2 or (found.ndim == 3 and found.shape[2] in (3, 4)))
    deep = found.ndim == 2 and (found.dtype == np.uint16 or found.dtype.kind == "f")
    if not whole and not deep:
        raise ValueError(f"expected a uint8 array (H, W, 3), found {array.dtype} {tuple(array.shape)}")
    if found.dtype == np.bool_:
        found = found.astype(np.uint8) * 255
    return Image.fromarray(np.ascontiguousarray(found.astype(np.float32) if found.dtype.kind == "f" else found))


def _saved(image: Image.Image, kind: str) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind)
    return stream.getvalue()
