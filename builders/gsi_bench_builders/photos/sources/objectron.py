"""Objectron: short videos around objects of one class, with boxes and a phone's poses, and no depth.

Reads `video.MOV` (or `frames/frame_000000.jpg`) with `annotation.pbdata` beside it, or the published tree
`videos/<class>/<batch>/<n>/video.MOV` with `annotations/<class>/<batch>/<n>.pbdata`. Cameras are those of the sensor, which
lies on its side; the annotation's own 2D points say how the video is turned against it, and prove pose and boxes.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import re
from collections import Counter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gsi_bench_builders.frames import from_graphics_pose, z_up
from gsi_bench_builders.photos.camera import PhotoCamera, is_rotation
from gsi_bench_builders.photos.files.protobuf import Message, MessageError
from gsi_bench_builders.photos.files.reading import photo_size, read_photo, shrunk
from gsi_bench_builders.photos.files.videos import video_frame, video_size
from gsi_bench_builders.photos.limits import FAR
from gsi_bench_builders.photos.source import Capture, PhotoBox, PhotoError, PhotoFrame, Pixels, Rights, box_id
from gsi_bench_builders.scene import matrix3
from gsi_bench_dataset.safety.files import FileProblemError, printable_path, read_regular

__all__ = ["Objectron", "open_source", "recognises"]

RIGHTS = Rights("C-UDA-1.0", True, "Objectron, https://github.com/google-research-datasets/Objectron")
VIDEO, ANNOTATION, FRAMES = "video.MOV", "annotation.pbdata", "frames"
_PROVED = 0.02  # of the image's size: where boxes must project beside where the annotation has them, median
_FRAME = re.compile(r"frame_(\d{6})")


def recognises(folder: Path) -> bool:
    """Whether videos with annotations are there."""
    return bool(_clips(folder))


def open_source(folder: Path) -> Objectron:
    """The videos of a folder."""
    return Objectron(folder)


@dataclasses.dataclass(frozen=True)
class _Clip:
    id: str
    folder: Path
    annotation: Path

    @property
    def frames(self) -> dict[int, Path]:
        """Images by their number, where the video is unpacked."""
        return _unpacked(self.folder / FRAMES)


@functools.lru_cache(maxsize=64)
def _unpacked(images: Path) -> dict[int, Path]:
    found = images.iterdir() if images.is_dir() else ()
    return {int(m[1]): p for p in found if p.suffix == ".jpg" and (m := _FRAME.fullmatch(p.stem))}


@functools.lru_cache(maxsize=8)
def _clips(folder: Path) -> tuple[_Clip, ...]:
    """Found once a process: folders of corpora are large."""

    def beside(path: Path, id_: str) -> list[_Clip]:
        there = (path / ANNOTATION).is_file() and ((path / VIDEO).is_file() or (path / FRAMES).is_dir())
        return [_Clip(id_, path, path / ANNOTATION)] if there else []

    found = beside(folder, folder.name)
    for path in sorted(folder.glob("**/" + ANNOTATION)) if not found else ():
        if len(path.relative_to(folder).parts) <= 4:
            found += beside(path.parent, "_".join(path.parent.relative_to(folder).parts))
    for path in sorted((folder / "annotations").glob("*/*/*.pbdata")) if not found else ():
        parts = path.relative_to(folder / "annotations").with_suffix("").parts
        clip = folder.joinpath("videos", *parts)
        if (clip / VIDEO).is_file():
            found.append(_Clip("_".join(parts), clip, path))
    return tuple(found)


@dataclasses.dataclass(frozen=True)
class Objectron:
    """See `PhotoSource`: each video is a place."""

    folder: Path
    name: str = "objectron"

    def captures(self) -> tuple[tuple[str, int], ...]:
        """See `PhotoSource.captures`."""
        return tuple((clip.id, len(clip.frames) or 10**6) for clip in _clips(self.folder))

    def fingerprint(self) -> str:
        """See `PhotoSource.fingerprint`."""
        sizes = [(clip.id, clip.annotation.stat().st_size, len(clip.frames)) for clip in _clips(self.folder)]
        return hashlib.sha256(repr(sizes).encode()).hexdigest()[:16]

    def capture(self, capture_id: str) -> Capture:
        """See `PhotoSource.capture`."""
        clip = self._clip(capture_id)
        try:
            sequence = Message(read_regular(clip.annotation))
            boxes = tuple(_box(found) for found in sequence.messages(1))
            annotated = sequence.messages(2)
        except FileNotFoundError as error:
            raise PhotoError("annotation_missing", printable_path(clip.annotation)) from error
        except (MessageError, FileProblemError, OSError) as error:
            raise PhotoError("annotation_unreadable", f"{printable_path(clip.annotation)}: {error}") from error
        left_out: Counter[str] = Counter()
        frames = _frames(clip, boxes, annotated, left_out)
        return Capture(capture_id, boxes, frames, RIGHTS, left_out=+left_out)

    def pixels(self, capture: Capture, frame: PhotoFrame, side: int, *, depth: bool = True) -> Pixels:
        """See `PhotoSource.pixels`."""
        clip, number = self._clip(capture.id), int(frame.name)
        image = clip.frames.get(number)
        read = read_photo(image, side) if image else shrunk(video_frame(clip.folder / VIDEO, number), side)
        return Pixels(read.rgb, read.full, read.file)

    def _clip(self, capture_id: str) -> _Clip:
        return next(clip for clip in _clips(self.folder) if clip.id == capture_id)


def _box(found: Message) -> PhotoBox:
    """An object: rotation · scale · unit box + translation, in a world whose y is up, as its own y is."""
    turn, place = found.matrix(4, 3, 3), found.matrix(5, 3, 1)
    if not (np.abs([*turn.ravel(), *place.ravel()]) < FAR).all() or not is_rotation(turn):
        raise MessageError(f"object {found.whole(1)}: expected a rotation and a place, found {turn.tolist()}, {place.tolist()}")
    right, up, back = z_up(turn).T
    x, y, z = z_up(place)[:, 0].tolist()
    wide, high, deep = found.floats(6).tolist() if found.floats(6).size == 3 else (0.0, 0.0, 0.0)
    noun = found.text(2) or "object"
    own = matrix3(np.stack([right, -back, up], axis=1))
    return PhotoBox(box_id(noun, found.whole(1)), noun, (x, y, z), (wide, deep, high), own)


def _frames(
    clip: _Clip, boxes: tuple[PhotoBox, ...], annotated: list[Message], left_out: Counter[str]
) -> tuple[PhotoFrame, ...]:
    """The annotated frames whose boxes project where the annotation has them."""
    images = clip.frames
    size = photo_size(next(iter(images.values()))) if images else video_size(clip.folder / VIDEO)
    found = []
    for row in annotated:
        number = row.whole(1)
        if images and number not in images:
            continue
        camera = _camera(row)
        if camera is None:
            left_out["no_pose"] += 1
        elif (fitting := _as_seen(camera, size, boxes, row)) is None:
            left_out["not_as_annotated"] += 1
        else:
            found.append(PhotoFrame(f"{clip.id}_frame_{number:06d}", str(number), fitting))
    return tuple(found)


def _camera(row: Message) -> PhotoCamera | None:
    """The sensor's camera; None where there is no pose."""
    try:
        (camera,) = row.messages(3)
        pose, k = camera.matrix(3, 4, 4), camera.matrix(7, 3, 3)
        pose[:3] = z_up(pose[:3])
        rotation, centre = from_graphics_pose(pose)
        return PhotoCamera.of(k, rotation, centre, (camera.whole(5), camera.whole(6)))
    except ValueError:  # MessageError is one
        return None


def _as_seen(camera: PhotoCamera, size: tuple[int, int], boxes: tuple[PhotoBox, ...], row: Message) -> PhotoCamera | None:
    """The camera of the frame as the video shows it: of the turns that have its shape, the one that 2D points agree with."""
    best: tuple[float, PhotoCamera] | None = None
    for quarters in range(4):
        turned = camera.turned(quarters)
        if (turned.width > turned.height) != (size[0] > size[1]):
            continue
        error = _error(turned, boxes, row)
        if error is not None and (best is None or error < best[0]):
            best = (error, turned)
    return best[1].resized(*size) if best is not None and best[0] <= _PROVED else None


def _error(camera: PhotoCamera, boxes: tuple[PhotoBox, ...], row: Message) -> float | None:
    """How far boxes' centres and corners project from where the annotation has them: median, shares of the image's size."""
    places = {_number(box): box for box in boxes}
    errors: list[NDArray[np.float64]] = []
    for annotation in row.messages(2):
        box = places.get(annotation.whole(1))
        points = [p.messages(3) for p in annotation.messages(2)]
        if box is None or len(points) != 9 or not all(points):
            continue
        seen = np.array([[float(p.floats(i)[0]) if p.floats(i).size else 0.0 for i in (1, 2)] for (p,) in points])
        pixels = camera.project(_keypoints(box)) / (camera.width, camera.height)
        errors.append(np.linalg.norm(pixels - seen, axis=1))
    found = np.concatenate(errors) if errors else np.zeros(0)
    found = found[np.isfinite(found)]  # what lies behind the camera projects nowhere
    return float(np.median(found)) if len(found) else None


def _number(box: PhotoBox) -> int:
    return int(box.id.rpartition("_")[2])


@functools.lru_cache(maxsize=256)
def _keypoints(box: PhotoBox) -> NDArray[np.float64]:
    """Centre and corners (9×3) in the corpus's order: x, then y (up), then z (back), each from minus to plus."""
    signs = np.array([(x, -z, y) for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)])
    corners = signs * box.size @ np.array(box.rotation).T + box.centre
    return np.concatenate([[box.centre], corners])
