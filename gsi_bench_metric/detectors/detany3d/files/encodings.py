"""Encodings of images, kept so that prompts, edits and editors share them: in memory and, if asked, on disk."""

from __future__ import annotations

import logging
import os
import tempfile
from collections import OrderedDict
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from gsi_bench_metric.detectors.detany3d.network.model import PARTS, Encoding

__all__ = ["EncodingCache"]

logger = logging.getLogger(__name__)

MEMORY_LIMIT = 1 << 30  # bytes; one encoding of the released sizes has 8 MB
DISK_LIMIT = 8 << 30


class EncodingCache:
    """Least recently used go first, in memory and on disk. Keys name the image *and* the weights."""

    def __init__(self, memory_limit: int = MEMORY_LIMIT, folder: Path | None = None, disk_limit: int = DISK_LIMIT):
        self._memory_limit, self._folder, self._disk_limit = memory_limit, folder, disk_limit
        self._kept: OrderedDict[str, Encoding] = OrderedDict()
        self._bytes = 0

    def get(self, key: str) -> Encoding | None:
        """The encoding on the CPU, None where it is not kept."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
            return found
        found = self._read(key)
        if found is not None:
            self._remember(key, found)
        return found

    def put(self, key: str, encoding: Encoding) -> None:
        """Keeps it, without the depth map."""
        kept = encoding.to("cpu")
        self._remember(key, kept)
        if self._folder is not None:
            self._write(self._folder, key, kept)

    @property
    def bytes(self) -> int:
        """What is held in memory."""
        return self._bytes

    def _remember(self, key: str, encoding: Encoding) -> None:
        if key in self._kept:
            self._bytes -= self._kept.pop(key).bytes
        self._kept[key] = encoding
        self._bytes += encoding.bytes
        while self._bytes > self._memory_limit and self._kept:
            self._bytes -= self._kept.popitem(last=False)[1].bytes

    def _path(self, folder: Path, key: str) -> Path:
        return folder / f"{key}.safetensors"

    def _read(self, key: str) -> Encoding | None:
        if self._folder is None or not (path := self._path(self._folder, key)).is_file():
            return None
        try:
            parts = load_file(path)
            os.utime(path)  # used just now
            return Encoding.of(parts)
        except (SafetensorError, OSError, KeyError, ValueError, TypeError, RuntimeError) as error:
            logger.warning("%s: not readable (%s); the image is encoded again", path, error)
            return None

    def _write(self, folder: Path, key: str, encoding: Encoding) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, suffix=".tmp", delete=False) as stream:
            partial = Path(stream.name)
        try:
            save_file({name: getattr(encoding, name).contiguous() for name in PARTS}, partial)
            partial.replace(self._path(folder, key))
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        self._trim(folder)

    def _trim(self, folder: Path) -> None:
        """Another process may delete at the same time; what is gone is gone."""
        files = []
        for path in folder.glob("*.safetensors"):
            try:
                files.append((path.stat().st_mtime, path.stat().st_size, path))
            except FileNotFoundError:
                continue
        total = sum(size for _, size, _ in files)
        for _, size, path in sorted(files):
            if total <= self._disk_limit:
                return
            path.unlink(missing_ok=True)
            total -= size
