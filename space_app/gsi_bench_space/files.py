"""Images that the page fetches by address: thumbnails of samples and ready examples, nothing of any visitor's."""

from __future__ import annotations

import hashlib
import tempfile
import uuid
from pathlib import Path

from gsi_bench_dataset.records import EncodedImage, Sample
from gsi_bench_space.drawing.thumbnail import thumbnail
from gsi_bench_space.shelf import png

__all__ = ["Files"]

_MARKS = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpg", b"RIFF": "webp"}


class Files:
    """A folder of its own that goes when the app does."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="gsi-bench-space-")
        self._thumbnails: dict[str, Path] = {}

    def keep(self, picture: EncodedImage) -> Path:
        """The image as a file, its bytes unchanged."""
        kind = next((kind for start, kind in _MARKS.items() if picture.bytes.startswith(start)), "bmp")
        path = self._path(f"{hashlib.sha256(picture.bytes).hexdigest()[:32]}.{kind}")
        if not path.exists():
            half = path.with_name(f"{path.name}.{uuid.uuid4().hex}")  # two visitors may ask at once
            half.write_bytes(picture.bytes)
            half.replace(path)
        return path

    def thumbnail(self, sample: Sample) -> Path:
        """The sample's source with its boxes, small."""
        if sample.id not in self._thumbnails:
            self._thumbnails[sample.id] = self.keep(png(thumbnail(sample), "thumbnail.png"))
        return self._thumbnails[sample.id]

    def _path(self, name: str) -> Path:
        return Path(self._folder.name) / name
