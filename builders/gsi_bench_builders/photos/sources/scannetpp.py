"""ScanNet++: an iPhone's frames in a scanned room whose objects are segments of its mesh.

Reads `iphone/rgb/frame_000000.jpg` or `iphone/rgb.mkv`, `iphone/pose_intrinsic_imu.json` (`aligned_pose`: camera to the mesh's
world, z up), `iphone/depth/…png` or `iphone/depth.bin`, and `scans/segments_anno.json`. Public readers do not agree whether a
box's axes are rows or columns: each scene's own segments tell, else its depth.
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

from gsi_bench_builders.photos.axes import Oriented, by_count, by_own_points, upright_axes
from gsi_bench_builders.photos.camera import PhotoCamera
from gsi_bench_builders.photos.files.meshes import ply_vertices
from gsi_bench_builders.photos.files.reading import photo_size, read_depth, read_photo, shrunk
from gsi_bench_builders.photos.files.videos import video_frame
from gsi_bench_builders.photos.seeing import clean_depth, world_points
from gsi_bench_builders.photos.source import (
    MALFORMED,
    UNREADABLE,
    Capture,
    PhotoBox,
    PhotoError,
    PhotoFrame,
    Pixels,
    Rights,
    box_id,
)
from gsi_bench_builders.photos.sources.scannetpp_depth import packed_depth
from gsi_bench_dataset.safety.files import FileProblemError, printable_path, read_json
from gsi_bench_dataset.safety.names import name_problem

__all__ = ["ScanNetPP", "open_source", "recognises"]

POSES = Path("iphone/pose_intrinsic_imu.json")
RIGHTS = Rights(
    "ScanNet++ terms of use", False, "ScanNet++, https://kaldir.vc.in.tum.de/scannetpp; not redistributable", "rebuilt"
)
# Pixels that intrinsics of pose_intrinsic_imu.json mean.
FULL = (1920, 1440)
_FRAME = re.compile(r"frame_(\d{6})")
_LOOKED_AT = 8  # frames whose depth tells rows from columns where the mesh is not there


def recognises(folder: Path) -> bool:
    """Whether it is a scene, or holds scenes, perhaps in `data`."""
    return bool(_scenes(folder))


def open_source(folder: Path) -> ScanNetPP:
    """The scenes of a folder."""
    return ScanNetPP(folder)


@functools.lru_cache(maxsize=8)
def _scenes(folder: Path) -> tuple[Path, ...]:
    """Found once a process: folders of corpora are large."""
    if (folder / POSES).is_file():
        return (folder,)
    for base in (folder / "data", folder):
        if base.is_dir():
            found = sorted(p for p in base.iterdir() if (p / POSES).is_file() and name_problem(p.name) is None)
            if found:
                return tuple(found)
    return ()


@dataclasses.dataclass(frozen=True)
class ScanNetPP:
    """See `PhotoSource`: each scene is a place."""

    folder: Path
    name: str = "scannetpp"

    def captures(self) -> tuple[tuple[str, int], ...]:
        """See `PhotoSource.captures`."""
        return tuple((scene.name, _most(scene)) for scene in _scenes(self.folder))

    def fingerprint(self) -> str:
        """See `PhotoSource.fingerprint`."""
        sizes = [
            (scene.name, _most(scene), *(p.stat().st_size if p.is_file() else 0 for p in (scene / POSES, _anno(scene))))
            for scene in _scenes(self.folder)
        ]
        return hashlib.sha256(repr(sizes).encode()).hexdigest()[:16]

    def capture(self, capture_id: str) -> Capture:
        """See `PhotoSource.capture`."""
        scene = self._scene(capture_id)
        left_out: Counter[str] = Counter()
        frames = _frames(scene, left_out)
        found = _annotated(scene)
        boxes = _boxes(scene, found, frames, left_out)
        return Capture(capture_id, boxes, frames, RIGHTS, left_out=+left_out)

    def pixels(self, capture: Capture, frame: PhotoFrame, side: int, *, depth: bool = True) -> Pixels:
        """See `PhotoSource.pixels`."""
        scene = self._scene(capture.id)
        number = int(_FRAME.fullmatch(frame.name)[1])  # type: ignore[index]
        image = scene / "iphone" / "rgb" / f"{frame.name}.jpg"
        read = read_photo(image, side) if image.exists() else shrunk(video_frame(_video(scene), number), side)
        left_out: Counter[str] = Counter()
        deep = _depth_of(scene, frame.name, left_out) if depth else None
        return Pixels(read.rgb, read.full, read.file, deep, left_out=left_out)

    def _scene(self, capture_id: str) -> Path:
        return next(scene for scene in _scenes(self.folder) if scene.name == capture_id)


def _anno(scene: Path) -> Path:
    return scene / "scans" / "segments_anno.json"


def _video(scene: Path) -> Path:
    return scene / "iphone" / "rgb.mkv"


def _most(scene: Path) -> int:
    folder = scene / "iphone" / "rgb"
    return sum(1 for p in folder.iterdir() if p.suffix == ".jpg") if folder.is_dir() else 10**6


def _depth_of(scene: Path, name: str, left_out: Counter[str]) -> NDArray[np.float32] | None:
    image, packed = scene / "iphone" / "depth" / f"{name}.png", scene / "iphone" / "depth.bin"
    try:
        return read_depth(image, 1e-3) if image.exists() else packed_depth(packed, int(name[-6:]))
    except PhotoError as error:
        left_out[error.reason] += 1
        return None


def _frames(scene: Path, left_out: Counter[str]) -> tuple[PhotoFrame, ...]:
    """The frames with an image and a pose."""
    try:
        poses = read_json(scene / POSES)
    except (OSError, FileProblemError) as error:
        raise PhotoError("no_pose", str(error)) from error
    if not isinstance(poses, dict):
        raise PhotoError("no_pose", f"{printable_path(scene / POSES)}: expected frames by name")
    folder = scene / "iphone" / "rgb"
    images = {p.stem for p in folder.iterdir() if p.suffix == ".jpg"} if folder.is_dir() else None
    if images is None and not _video(scene).is_file():
        raise PhotoError("photo_missing", f"{printable_path(scene)}: neither iphone/rgb nor iphone/rgb.mkv")
    found, size = [], None
    for name in sorted(k for k in poses if _FRAME.fullmatch(k) and (images is None or k in images)):
        if size is None:
            size = photo_size(folder / f"{name}.jpg") if images else FULL
        camera = _camera(poses[name])
        if camera is None:
            left_out["no_pose"] += 1
        else:
            found.append(PhotoFrame(f"{scene.name}_{name}", name, camera.resized(*size)))
    return tuple(found)


def _camera(row: Any) -> PhotoCamera | None:
    """None where there is no pose, or none that a camera can have."""
    try:
        pose = np.array(row["aligned_pose"], dtype=np.float64).reshape(4, 4)
        k = np.array(row["intrinsic"], dtype=np.float64).reshape(3, 3)
        return PhotoCamera.of(k, pose[:3, :3].T, pose[:3, 3].tolist(), FULL)
    except MALFORMED:
        return None


@dataclasses.dataclass(frozen=True)
class _Group:
    """An annotated object."""

    id: str
    label: str
    box: Oriented
    segments: frozenset[int]


def _annotated(scene: Path) -> list[_Group]:
    path = _anno(scene)
    try:
        found = read_json(path)
        groups = found["segGroups"]
        return [
            _Group(
                box_id(g["label"], g["id"]),
                str(g["label"]),
                Oriented.of(g["obb"]["centroid"], g["obb"]["axesLengths"], g["obb"]["normalizedAxes"]),
                frozenset(g.get("segments", ())),
            )
            for g in groups
        ]
    except FileNotFoundError as error:
        raise PhotoError("annotation_missing", printable_path(path)) from error
    except UNREADABLE as error:
        said = f"{printable_path(path)}: expected segGroups with label, id and obb ({type(error).__name__}: {error})"
        raise PhotoError("annotation_unreadable", said) from error


def _boxes(scene: Path, groups: list[_Group], frames: tuple[PhotoFrame, ...], left_out: Counter[str]) -> tuple[PhotoBox, ...]:
    """The boxes, read the way in which they hold their own points."""
    boxes = [g.box for g in groups]
    points = _own_points(scene, groups, left_out)
    order, sound = by_own_points(boxes, points)
    if order is None:
        order = by_count(boxes, _seen_points(scene, frames))
    left_out["axes_transposed"] += order == "rows"
    found = []
    for group, holds in zip(groups, sound, strict=True):
        if not holds:
            left_out["holds_not_its_points"] += 1
        elif order is None and not group.box.either_way:
            left_out["axes_unproved"] += 1
        else:
            centre, size, rotation = upright_axes(group.box, order or "columns")
            found.append(PhotoBox(group.id, group.label, centre, size, rotation))
    return tuple(found)


def _own_points(scene: Path, groups: list[_Group], left_out: Counter[str]) -> list[NDArray[np.float64]]:
    """The vertices of each object's segments; empty where mesh or segments are not there."""
    nothing = [np.zeros((0, 3))] * len(groups)
    try:
        vertices = ply_vertices(scene / "scans" / "mesh_aligned_0.05.ply")
        indices = np.asarray(read_json(scene / "scans" / "segments.json")["segIndices"], dtype=np.int64)
    except FileNotFoundError:
        left_out["segments_missing"] += 1
        return nothing
    except UNREADABLE:
        left_out["segments_unreadable"] += 1
        return nothing
    if indices.shape != (len(vertices),):
        left_out["segments_unreadable"] += 1
        return nothing
    return [vertices[np.isin(indices, list(g.segments))] for g in groups]


def _seen_points(scene: Path, frames: tuple[PhotoFrame, ...]) -> NDArray[np.float64]:
    """Points of some frames' depth, in the scene's world."""
    ignored: Counter[str] = Counter()
    found = [np.zeros((0, 3))]
    for number in np.unique(np.linspace(0, len(frames) - 1, _LOOKED_AT).astype(int)) if frames else ():
        depth = _depth_of(scene, frames[number].name, ignored)
        if depth is not None:
            camera = frames[number].camera.resized(depth.shape[1], depth.shape[0])
            found.append(world_points(camera, clean_depth(depth), depth.size)[0])
    return np.concatenate(found)
