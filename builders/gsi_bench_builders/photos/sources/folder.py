"""Any folder of photographs with a `boxes.json` beside them: one's own kitchen, or what a page has marked."""

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

from gsi_bench_builders.frames import thing_pose
from gsi_bench_builders.photos.camera import PhotoCamera, levelled
from gsi_bench_builders.photos.files.reading import photo_size, read_depth, read_numbers, read_photo
from gsi_bench_builders.photos.source import Capture, PhotoBox, PhotoError, PhotoFrame, Pixels, Rights, Surface
from gsi_bench_builders.polygons import hull
from gsi_bench_dataset.layout.boxes import (
    BOXES_NAME,
    DETECTOR,
    BoxesFile,
    BoxesFileError,
    MarkedObject,
    MarkedPhoto,
    read_boxes,
)
from gsi_bench_dataset.problems import some
from gsi_bench_dataset.safety.files import printable_path, read_regular
from gsi_bench_dataset.safety.names import inside

__all__ = ["PhotoFolder", "open_source", "recognises"]


def recognises(folder: Path) -> bool:
    """Whether boxes.json stands there."""
    return (folder / BOXES_NAME).is_file()


def open_source(folder: Path) -> PhotoFolder:
    """The folder, its boxes checked.

    Raises:
        BoxesFileError: lists every problem of boxes.json.
    """
    source = PhotoFolder(folder)
    _opened(folder)
    return source


@dataclasses.dataclass(frozen=True)
class PhotoFolder:
    """See `PhotoSource`: each photograph is a place of its own, with its own boxes."""

    folder: Path
    name: str = "folder"

    def captures(self) -> tuple[tuple[str, int], ...]:
        """See `PhotoSource.captures`."""
        return tuple((id_, 1) for id_ in _opened(self.folder)[1])

    def fingerprint(self) -> str:
        """See `PhotoSource.fingerprint`."""
        return hashlib.sha256(read_regular(self.folder / BOXES_NAME)).hexdigest()[:16]

    def found_by_detector(self) -> int:
        """Photographs of which a box at least is a detector's."""
        return sum(any(o.source == DETECTOR for o in p.objects) for p in _opened(self.folder)[1].values())

    def capture(self, capture_id: str) -> Capture:
        """See `PhotoSource.capture`."""
        photo = _opened(self.folder)[1][capture_id]
        path = self._path(photo.file)
        size, said = photo_size(path), (photo.width, photo.height)
        if size != said:
            hint = "; it is stored turned, and meant is the image as it is seen" if size == said[::-1] else ""
            raise PhotoError("photo_size", f"{printable_path(path)}: {size[0]}×{size[1]} pixels, boxes.json says {said}{hint}")
        camera = PhotoCamera.of(photo.intrinsics, levelled(photo.up), (0.0, 0.0, 0.0), said)
        return Capture(
            capture_id,
            tuple(_box(o, camera) for o in photo.objects),
            (PhotoFrame(capture_id, photo.file, camera),),
            Rights(photo.licence, photo.redistributable, photo.attribution),
            tuple(_surface(np.array(corners), camera) for corners in photo.surfaces),
            photo.up_source,
            photo.scene,
        )

    def pixels(self, capture: Capture, frame: PhotoFrame, side: int, *, depth: bool = True) -> Pixels:
        """See `PhotoSource.pixels`."""
        photo = _opened(self.folder)[1][capture.id]
        read = read_photo(self._path(frame.name), side)
        left_out: Counter[str] = Counter()
        deep = self._beside(photo.depth, left_out, lambda p: read_depth(p, photo.depth_unit_m)) if depth else None
        numbers = self._beside(photo.instances, left_out, lambda p: read_numbers(p, "masks")) if depth else None
        if numbers is not None and numbers.shape != (photo.height, photo.width):
            left_out["masks_shape"] += 1
            numbers = None
        ids = None if numbers is None else numbers.astype(np.uint16)
        return Pixels(read.rgb, read.full, read.file, deep, ids, left_out)

    def _beside(self, name: str | None, left_out: Counter[str], read: Any) -> NDArray[Any] | None:
        if name is None:
            return None
        try:
            found: NDArray[Any] = read(self._path(name))
        except PhotoError as error:
            left_out[error.reason] += 1
            return None
        return found

    def _path(self, name: str) -> Path:
        return inside(self.folder, name, "photograph")


def _box(marked: MarkedObject, camera: PhotoCamera) -> PhotoBox:
    centre, rotation, size = thing_pose(marked.box, marked.rotation, camera)  # type: ignore[arg-type]
    return PhotoBox(
        marked.id,
        marked.name,
        centre,
        size,
        rotation,
        marked.name_zh,
        marked.symmetry,  # type: ignore[arg-type]
        marked.colour,
        marked.colour_zh,
        marked.movable,  # type: ignore[arg-type]
        marked.on,
    )


def _surface(corners: NDArray[np.float64], camera: PhotoCamera) -> Surface:
    world = corners @ np.array(camera.rotation)
    return Surface(tuple((float(x), float(y)) for x, y in hull(world[:, :2])), float(world[:, 2].mean()))


@functools.lru_cache(maxsize=8)
def _opened(folder: Path) -> tuple[BoxesFile, dict[str, MarkedPhoto]]:
    """The boxes, and the photographs by their ids; read once a process."""
    boxes = read_boxes(folder / BOXES_NAME)
    by_id = {_id(photo.file): photo for photo in boxes.photographs}
    if len(by_id) < len(boxes.photographs):
        twice = [n for n, count in Counter(_id(p.file) for p in boxes.photographs).items() if count > 1]
        said = f"file names that are alike but for signs that no sample's name may have: {some(twice)}; rename one of each"
        raise BoxesFileError(printable_path(folder / BOXES_NAME), [said])
    return boxes, by_id


def _id(file: str) -> str:
    """A name for a photograph's samples that every tool of the reference takes."""
    stem = re.sub(r"[^\w-]+", "-", Path(file).with_suffix("").as_posix()).strip("-")
    return re.sub(r"_(rgb|edit|gtedit)(?=_|$)", r"-\1", stem) or "photograph"
