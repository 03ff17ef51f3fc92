"""Texts in the place of an image's path that are no paths: images in base64, data URIs, web addresses."""

from __future__ import annotations

import base64
import binascii
import re
from pathlib import Path

from gsi_bench_dataset.safety.magic import HEAD_BYTES, kind_of
from gsi_bench_dataset.safety.names import printable

__all__ = ["InlineError", "image_in_text"]

_DATA = re.compile(r"data:[^,]{0,200},", re.IGNORECASE)
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_BASE64 = re.compile(r"[A-Za-z0-9+/_\-\s]{60,}={0,2}\s*")
# How the formats that are read begin in base64; a shorter beginning is a name as well as anything else.
_BEGINNINGS = ("iVBORw0KGgo", "/9j/", "_9j_", "UklGR", "SUkqA", "TU0AK", "Qk")
_IMAGES = ("PNG", "JPEG", "WebP", "BMP", "TIFF", "AVIF", "GIF", "HEIC", "HEIF")
_SHOWN = 60


class InlineError(ValueError):
    """A text that is neither a path here nor an image; the message says what it is."""


def image_in_text(text: str) -> bytes | None:
    """The encoded image that a text holds, None where the text is a path.

    >>> image_in_text("edits/a_edit_0.png") is None
    True

    Raises:
        InlineError: a data URI or base64 that is damaged or holds no image, or a web address.
    """
    if (head := _DATA.match(text)) is not None:
        if not head[0].lower().endswith(";base64,"):
            raise InlineError(f"a data URI {printable(text, _SHOWN)} that is not base64; expected data:image/png;base64,…")
        return _decoded(text[head.end() :])
    if text.startswith(_BEGINNINGS) and _BASE64.fullmatch(text) and not _exists(text):
        return _decoded(text)
    if (address := _ADDRESS.match(text)) is not None:
        found = "a file's address" if address[0].lower() == "file://" else "a web address, and nothing is fetched"
        raise InlineError(f"{found}: {printable(text, _SHOWN)}; give the path of the file, downloaded where it is not here")
    return None


def _decoded(text: str) -> bytes:
    plain = "".join(text.split()).replace("-", "+").replace("_", "/").rstrip("=")
    try:
        data = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InlineError(f"damaged base64 ({error}): {printable(text, _SHOWN)}; encode the image again") from error
    kind = kind_of(data[:HEAD_BYTES])
    if kind not in _IMAGES:
        raise InlineError(f"base64 of no image but of {kind}: {printable(text, _SHOWN)}; encode the image's own file")
    return data


def _exists(text: str) -> bool:
    try:
        return Path(text).exists()
    except OSError:  # too long to be a name
        return False
