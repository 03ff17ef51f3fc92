"""ARKitScenes: an iPad's frames with boxes that people drew into the scanned room.

Reads a video's folder of the 3dod or the raw part: `<id>_3dod_annotation.json`, `lowres_wide.traj` (world to camera), and of
the largest stream that is there (`wide`, `vga_wide`, `lowres_wide`) the images, `<stream>_intrinsics/*.pincam` and
`lowres_depth`. Images lie as the sensor does; they are turned upright with their cameras.
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
from scipy.spatial.transform import Rotation  # type: ignore[import-untyped]

from gsi_bench_builders.photos.axes import Oriented, by_count, upright_axes
from gsi_bench_builders.photos.camera import PhotoCamera
from gsi_bench_builders.photos.files.meshes import ply_vertices
from gsi_bench_builders.photos.files.reading import read_depth, read_photo
from gsi_bench_builders.photos.limits import FAR
from gsi_bench_builders.photos.seeing import clean_depth, world_points
from gsi_bench_builders.photos.source import UNREADABLE, Capture, PhotoBox, PhotoError, PhotoFrame, Pixels, Rights, box_id
from gsi_bench_dataset.safety.files import FileProblemError, printable_path, read_json, read_text
from gsi_bench_dataset.safety.names import name_problem

__all__ = ["ARKitScenes", "open_source", "recognises"]

RIGHTS = Rights("ARKitScenes licence (Apple)", False, "ARKitScenes, https://github.com/apple/ARKitScenes; not redistributable")
_STREAMS = ("wide", "vga_wide", "lowres_wide")
_ANNOTATION = "{}_3dod_annotation.json"
_SAME_MOMENT_S = 0.02  # between an image and its pose: a hand moves a centimetre meanwhile
_LOOKED_AT = 8
_MAX_TEXT = 64 * 2**20


def recognises(folder: Path) -> bool:
    """Whether it is a video's folder, or holds some, perhaps in `Training` or `Validation`."""
    return bool(_videos(folder))


def open_source(folder: Path) -> ARKitScenes:
    """The videos of a folder."""
    return ARKitScenes(folder)


@functools.lru_cache(maxsize=8)
def _videos(folder: Path) -> tuple[Path, ...]:
    """Found once a process: folders of corpora are large."""

    def is_video(path: Path) -> bool:
        return (path / _ANNOTATION.format(path.name)).is_file() or (path / f"{path.name}_frames").is_dir()

    if is_video(folder):
        return (folder,)
    bases = [p for p in (folder / "Training", folder / "Validation", folder) if p.is_dir()]
    return tuple(sorted(p for base in bases for p in base.iterdir() if is_video(p) and name_problem(p.name) is None))


@dataclasses.dataclass(frozen=True)
class ARKitScenes:
    """See `PhotoSource`: each video is a place."""

    folder: Path
    name: str = "arkitscenes"

    def captures(self) -> tuple[tuple[str, int], ...]:
        """See `PhotoSource.captures`."""
        return tuple((video.name, max(1, len(_images(video)[1]))) for video in _videos(self.folder))

    def fingerprint(self) -> str:
        """See `PhotoSource.fingerprint`."""
        files = [(v.name, len(_images(v)[1]), v / _ANNOTATION.format(v.name)) for v in _videos(self.folder)]
        sizes = [(name, count, path.stat().st_size if path.is_file() else 0) for name, count, path in files]
        return hashlib.sha256(repr(sizes).encode()).hexdigest()[:16]

    def capture(self, capture_id: str) -> Capture:
        """See `PhotoSource.capture`."""
        video = self._video(capture_id)
        left_out: Counter[str] = Counter()
        found = _annotated(video)
        frames = _frames(video, left_out)
        order = by_count([box for _, _, box in found], _points(video, frames))
        left_out["axes_transposed"] += order == "columns"
        boxes = []
        for id_, label, box in found:
            # As its makers say, where nothing contradicts.
            centre, size, rotation = upright_axes(box, order or "rows")
            boxes.append(PhotoBox(id_, label, centre, size, rotation))
        return Capture(capture_id, tuple(boxes), frames, RIGHTS, left_out=+left_out)

    def pixels(self, capture: Capture, frame: PhotoFrame, side: int, *, depth: bool = True) -> Pixels:
        """See `PhotoSource.pixels`."""
        video = self._video(capture.id)
        read = read_photo(_images(video)[1][frame.name], side)
        left_out: Counter[str] = Counter()
        deep = _depth_of(video, frame.name, left_out) if depth else None
        return Pixels(read.rgb, read.full, read.file, deep, left_out=left_out)

    def _video(self, capture_id: str) -> Path:
        return next(video for video in _videos(self.folder) if video.name == capture_id)


def _base(video: Path) -> Path:
    frames = video / f"{video.name}_frames"
    return frames if frames.is_dir() else video


@functools.lru_cache(maxsize=64)
def _images(video: Path) -> tuple[str, dict[str, Path]]:
    """The stream, and its images by their moment ("6845.341"); the largest that has images and cameras."""
    base = _base(video)
    for stream in _STREAMS:
        if (base / stream).is_dir() and (base / f"{stream}_intrinsics").is_dir():
            found = {_moment(p): p for p in sorted((base / stream).iterdir()) if p.suffix in (".png", ".jpg")}
            if found:
                return stream, found
    return _STREAMS[-1], {}


def _moment(path: Path) -> str:
    return path.stem.rpartition("_")[2]


def _depth_of(video: Path, moment: str, left_out: Counter[str]) -> NDArray[np.float32] | None:
    path = _base(video) / "lowres_depth" / f"{video.name}_{moment}.png"
    try:
        return read_depth(path, 1e-3)
    except PhotoError as error:
        left_out[error.reason] += 1
        return None


def _frames(video: Path, left_out: Counter[str]) -> tuple[PhotoFrame, ...]:
    """The images with a camera and a pose of their moment."""
    stream, images = _images(video)
    if not images:
        expected = " or ".join(f"{s} with {s}_intrinsics" for s in _STREAMS)
        raise PhotoError("photo_missing", f"{printable_path(_base(video))}: expected images in {expected}")
    moments, poses = _poses(_base(video) / "lowres_wide.traj")
    found = []
    for moment in images:
        if not re.fullmatch(r"\d+(\.\d+)?", moment):
            left_out["no_pose"] += 1
            continue
        near = int(np.argmin(np.abs(moments - float(moment))))
        # Names of images and of their cameras are rounded, not always alike.
        moments_of_k = (f"{float(moment) + step:.3f}" for step in (0.0, -0.001, 0.001))
        folder = _base(video) / f"{stream}_intrinsics"
        k = next((k for m in moments_of_k if (k := _pincam(folder / f"{video.name}_{m}.pincam")) is not None), None)
        if k is None or abs(moments[near] - float(moment)) > _SAME_MOMENT_S:
            left_out["no_pose"] += 1
            continue
        matrix, size = k
        rotation, centre = poses[near]
        try:
            camera = PhotoCamera.of(matrix, rotation, centre.tolist(), size)
        except ValueError:
            left_out["no_pose"] += 1
            continue
        found.append(PhotoFrame(f"{video.name}_frame_{moment.replace('.', '-')}", moment, camera))
    return tuple(found)


def _poses(path: Path) -> tuple[NDArray[np.float64], list[tuple[NDArray[np.float64], NDArray[np.float64]]]]:
    """Moments, and of each the rows right, down, forward in the world and the camera's centre."""
    try:
        lines = [line.split() for line in read_text(path, _MAX_TEXT).splitlines() if line.strip()]
        table = np.array(lines, dtype=np.float64).reshape(len(lines), 7)
    except (OSError, FileProblemError, ValueError) as error:
        said = f"{printable_path(path)}: expected lines of a time, an axis and angle, and a translation ({error})"
        raise PhotoError("no_pose", said) from error
    if not len(table) or not (np.abs(table) < FAR).all():
        raise PhotoError("no_pose", f"{printable_path(path)}: no pose in it")
    turns = Rotation.from_rotvec(table[:, 1:4]).as_matrix()
    # x_C = R·x_N + t: the centre is -Rᵀ·t.
    return table[:, 0], [(turn, -turn.T @ step) for turn, step in zip(turns, table[:, 4:], strict=True)]


def _pincam(path: Path) -> tuple[NDArray[np.float64], tuple[int, int]] | None:
    """K and (width, height); None where there is none."""
    try:
        width, height, fx, fy, cx, cy = (float(v) for v in read_text(path, 10_000).split())
        return np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]]), (round(width), round(height))
    except (OSError, FileProblemError, ValueError, OverflowError):  # no whole number is NaN or infinite
        return None


def _annotated(video: Path) -> list[tuple[str, str, Oriented]]:
    """(id, label, box) of the drawn boxes."""
    path = video / _ANNOTATION.format(video.name)
    try:
        rows: list[Any] = read_json(path)["data"]
        return [
            (box_id(str(row["label"]), n), str(row["label"]), _box(row["segments"]["obbAligned"])) for n, row in enumerate(rows)
        ]
    except FileNotFoundError as error:
        raise PhotoError("annotation_missing", printable_path(path)) from error
    except UNREADABLE as error:
        said = f"{printable_path(path)}: expected data with label and segments.obbAligned ({type(error).__name__}: {error})"
        raise PhotoError("annotation_unreadable", said) from error


def _box(found: Any) -> Oriented:
    return Oriented.of(found["centroid"], found["axesLengths"], found["normalizedAxes"])


def _points(video: Path, frames: tuple[PhotoFrame, ...]) -> NDArray[np.float64]:
    """Points that are seen: the mesh's vertices, else those of some frames' depth."""
    try:
        return ply_vertices(video / f"{video.name}_3dod_mesh.ply")
    except (OSError, FileProblemError):
        ignored: Counter[str] = Counter()
    found = [np.zeros((0, 3))]
    for number in np.unique(np.linspace(0, len(frames) - 1, _LOOKED_AT).astype(int)) if frames else ():
        depth = _depth_of(video, frames[number].name, ignored)
        if depth is not None:
            camera = frames[number].camera.resized(depth.shape[1], depth.shape[0])
            found.append(world_points(camera, clean_depth(depth), depth.size)[0])
    return np.concatenate(found)
