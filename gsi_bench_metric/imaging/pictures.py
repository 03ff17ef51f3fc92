"""An image on its way to a score: its bytes are read once; fingerprint, pixels and their hash follow when asked for."""

from __future__ import annotations

import threading
from pathlib import Path

from gsi_bench_dataset.safety.files import FileProblemError, printable_path, read_regular
from gsi_bench_dataset.schema import EncodedImage
from gsi_bench_metric.imaging.images import RGB, ImageError, load_rgb, pixel_hash

__all__ = ["Picture"]


class Picture:
    """An encoded image in memory or on disk. May be used by several threads.

    Every method raises `ImageError` where the image is missing, unreadable or too large.
    """

    def __init__(self, source: EncodedImage | str | Path):
        self._encoded = source if isinstance(source, EncodedImage) else None
        self._path = None if isinstance(source, EncodedImage) else Path(source)
        self._lock = threading.Lock()
        self._sha256: str | None = None
        self._rgb: RGB | None = None

    def sha256(self) -> str:
        """SHA-256 of the file's bytes."""
        with self._lock:
            if self._sha256 is None:
                self._sha256 = self._read().sha256
            return self._sha256

    def rgb(self) -> RGB:
        """The decoded image (H, W, 3), RGB uint8. The encoded bytes of a file are let go of."""
        with self._lock:
            if self._rgb is None:
                self._rgb = load_rgb(self._read())
                if self._path is not None:
                    self._encoded = None
            return self._rgb

    def pixels(self) -> str:
        """SHA-256 of the decoded pixels."""
        return pixel_hash(self.rgb())

    def encoded(self) -> EncodedImage:
        """The file as it is; that of an image on disk is read again once it was decoded."""
        with self._lock:
            return self._read()

    def _read(self) -> EncodedImage:
        if self._encoded is None:
            path = self._path or Path()
            name = printable_path(path)
            try:
                data = read_regular(path)
            except FileNotFoundError as error:
                raise ImageError(f"{name}: no such file") from error
            except FileProblemError as error:  # names the file itself
                raise ImageError(f"{error}; not a readable image") from error
            except OSError as error:
                raise ImageError(f"{name}: not a readable image ({error})") from error
            if not data:
                raise ImageError(f"{name}: not a readable image (the file is empty)")
            self._encoded = EncodedImage(data, str(path))
        return self._encoded
