"""Opening an image from outside: the formats that are read, the limits, and everything that a damaged one raises."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
import zlib

from PIL import Image, features

__all__ = ["DAMAGED", "FORMATS", "MAX_PIXELS", "open_image"]

# Only these: of the others some start programs (EPS: Ghostscript), fetch files or were never meant for pixels (PDF, WMF, FPX).
FORMATS: tuple[str, ...] = ("PNG", "JPEG", "MPO", "WEBP", "BMP", "TIFF", *(("AVIF",) if features.check("avif") else ()))
# Scans and camera files stay below it; decoded RGB is 3 bytes a pixel.
MAX_PIXELS = 64_000_000

# PIL's readers raise what they stumble over in damaged files, each its own.
DAMAGED: tuple[type[Exception], ...] = (OSError, ValueError, SyntaxError, TypeError, AttributeError, LookupError)
DAMAGED += (ArithmeticError, EOFError, RuntimeError, AssertionError, MemoryError, BufferError, struct.error, zlib.error)
DAMAGED += (zipfile.BadZipFile, Image.DecompressionBombError)


def open_image(data: bytes, formats: tuple[str, ...] = FORMATS) -> Image.Image:
    """An image whose header was read and whose pixels were not. Decoding it may still raise any of `DAMAGED`.

    Raises:
        DAMAGED: no image, or one of another format.
    """
    with warnings.catch_warnings():
        # The caller's own limit decides; PIL's lower warning limit would only add noise.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        return Image.open(io.BytesIO(data), formats=formats)
