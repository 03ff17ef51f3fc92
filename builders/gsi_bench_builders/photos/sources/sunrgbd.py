"""SUN RGB-D: single photographs of four depth sensors, with boxes in a levelled world whose origin is the camera.

Reads `SUNRGBDMeta3DBB_v2.mat` and, below its folder, the images and depth that it names by their sequence. Sizes in it are
halves; `Rtilt` leads from the camera's tilted axes (x right, y forward, z up) to level ones; the bits of depth are turned.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gsi_bench_builders.photos.axes import Oriented, by_count, upright_axes
from gsi_bench_builders.photos.camera import PhotoCamera
from gsi_bench_builders.photos.files.reading import photo_size, read_numbers, read_photo
from gsi_bench_builders.photos.seeing import clean_depth, world_points
from gsi_bench_builders.photos.source import MALFORMED, Capture, PhotoBox, PhotoError, PhotoFrame, Pixels, Rights, box_id
from gsi_bench_dataset.safety.files import printable_path, require_regular
from gsi_bench_dataset.safety.names import UnsafeNameError, inside

__all__ = ["SunRGBD", "open_source", "recognises"]

META = "SUNRGBDMeta3DBB_v2.mat"
RIGHTS = Rights(
    None, False, "SUN RGB-D, https://rgbd.cs.princeton.edu; no licence is stated, so that images are not redistributable"
)
_FARTHEST_M = 8.0  # as the corpus's own toolbox reads it
_MAX_BYTES = 2**30
# What the corpus writes as one word or in its own way.
_NOUNS = {
    "garbage_bin": "garbage can",
    "night_stand": "nightstand",
    "sofa_chair": "armchair",
    "tv": "television",
    "books": "book",
}


def recognises(folder: Path) -> bool:
    """Whether the file of boxes stands there."""
    return (folder / META).is_file()


def open_source(folder: Path) -> SunRGBD:
    """The photographs that the file names.

    Raises:
        PhotoError: it cannot be understood.
    """
    _rows(folder)
    return SunRGBD(folder)


@dataclasses.dataclass(frozen=True)
class SunRGBD:
    """See `PhotoSource`: each photograph is a place of its own."""

    folder: Path
    name: str = "sunrgbd"

    def captures(self) -> tuple[tuple[str, int], ...]:
        """See `PhotoSource.captures`."""
        return tuple((id_, 1) for id_ in _rows(self.folder))

    def fingerprint(self) -> str:
        """See `PhotoSource.fingerprint`."""
        size = (self.folder / META).stat().st_size
        return hashlib.sha256(repr((size, tuple(_rows(self.folder)))).encode()).hexdigest()[:16]

    def capture(self, capture_id: str) -> Capture:
        """See `PhotoSource.capture`."""
        row = _rows(self.folder)[capture_id]
        left_out: Counter[str] = Counter()
        camera = _camera(row, photo_size(self._path(row, "image", row.rgbname)))
        frame = PhotoFrame(capture_id, capture_id, camera)
        found = _annotated(row, left_out)
        depth = self._depth(row, Counter())
        points = np.zeros((0, 3))
        if depth is not None:
            points = world_points(camera.resized(depth.shape[1], depth.shape[0]), clean_depth(depth), depth.size)[0]
        order = by_count([box for _, box in found], points)
        left_out["axes_transposed"] += order == "columns"
        boxes = []
        for number, (label, box) in enumerate(found):
            # As the corpus's toolbox has it, where nothing contradicts.
            centre, size, rotation = upright_axes(box, order or "rows")
            boxes.append(PhotoBox(box_id(label, number), _NOUNS.get(label, label), centre, size, rotation))
        return Capture(capture_id, tuple(boxes), (frame,), RIGHTS, left_out=+left_out)

    def pixels(self, capture: Capture, frame: PhotoFrame, side: int, *, depth: bool = True) -> Pixels:
        """See `PhotoSource.pixels`."""
        row = _rows(self.folder)[capture.id]
        read = read_photo(self._path(row, "image", row.rgbname), side)
        left_out: Counter[str] = Counter()
        return Pixels(read.rgb, read.full, read.file, self._depth(row, left_out) if depth else None, left_out=left_out)

    def _depth(self, row: Any, left_out: Counter[str]) -> NDArray[np.float32] | None:
        """Of the filled image where it is there, else of the sensor's own."""
        try:
            filled = self._path(row, "depth_bfx", row.depthname)
            path = filled if filled.exists() else self._path(row, "depth", row.depthname)
            stored = read_numbers(path, "depth").astype(np.uint16)
        except PhotoError as error:
            left_out[error.reason] += 1
            return None
        metres = ((stored >> 3) | (stored << 13)).astype(np.float32) / 1000
        return np.where(metres > _FARTHEST_M, np.float32(0), metres)

    def _path(self, row: Any, kind: str, name: Any) -> Path:
        try:
            return inside(self.folder, f"{_sequence(row)}/{kind}/{name}", "photograph")
        except UnsafeNameError as error:
            raise PhotoError("photo_missing", str(error)) from error


def _sequence(row: Any) -> str:
    return str(row.sequenceName).strip("/")


@functools.lru_cache(maxsize=2)
def _rows(folder: Path) -> dict[str, Any]:
    """What the file says of each photograph, by a name made of its sequence."""
    path = folder / META
    from scipy.io import loadmat  # type: ignore[import-untyped]  # noqa: PLC0415 - of this corpus alone

    try:
        require_regular(path, _MAX_BYTES)
        rows = np.atleast_1d(loadmat(path, squeeze_me=True, struct_as_record=False)["SUNRGBDMeta"])
        return {re.sub(r"[^\w-]+", "-", _sequence(row).removeprefix("SUNRGBD/")): row for row in rows}
    except Exception as error:  # a reader of damaged bytes raises anything
        said = f"{printable_path(path)}: expected SUNRGBDMeta with sequenceName, Rtilt, K, groundtruth3DBB ({error})"
        raise PhotoError("annotation_unreadable", said) from error


def _camera(row: Any, size: tuple[int, int]) -> PhotoCamera:
    try:
        tilt = np.array(row.Rtilt, dtype=np.float64).reshape(3, 3)
        k = np.array(row.K, dtype=np.float64).reshape(3, 3)
        right, forward, up = tilt.T
        return PhotoCamera.of(k, np.stack([right, -up, forward]), (0.0, 0.0, 0.0), size)
    except MALFORMED as error:
        raise PhotoError("no_pose", f"{_sequence(row)}: Rtilt and K of 3×3 numbers are no camera's ({error})") from error


def _annotated(row: Any, left_out: Counter[str]) -> list[tuple[str, Oriented]]:
    """(label, box) of what is marked; what cannot be a box is counted."""
    found = []
    for marked in np.atleast_1d(getattr(row, "groundtruth3DBB", ())).ravel():
        try:
            lengths = 2 * np.abs(np.array(marked.coeffs, dtype=np.float64))
            found.append((str(marked.classname), Oriented.of(marked.centroid, lengths, marked.basis)))
        except MALFORMED:
            left_out["annotation_unreadable"] += 1
    return found
