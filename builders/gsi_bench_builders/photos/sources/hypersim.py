"""Hypersim: rendered interiors with everything known, in HDF5 files.

Reads `<scene>/_detail` (`metadata_scene.csv`, `cam_XX/camera_keyframe_*.hdf5`, the boxes in `mesh`), `<scene>/images`
(`…_final_preview/frame.0000.tonemap.jpg`, `…_geometry_hdf5`) and `metadata_camera_parameters.csv`. Lengths are asset units;
depth is the distance to the optical centre; labels are the classes of NYU40 that an object's pixels have.
"""

from __future__ import annotations

import csv
import dataclasses
import functools
import hashlib
import importlib.util
import io
import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gsi_bench_builders.frames import from_graphics_pose
from gsi_bench_builders.photos.axes import Oriented, upright_axes
from gsi_bench_builders.photos.camera import PhotoCamera
from gsi_bench_builders.photos.files.reading import read_photo
from gsi_bench_builders.photos.limits import FAR
from gsi_bench_builders.photos.seeing import known_depth
from gsi_bench_builders.photos.source import MALFORMED, Capture, PhotoBox, PhotoError, PhotoFrame, Pixels, Rights, box_id
from gsi_bench_dataset.safety.files import FileProblemError, printable_path, read_text, require_regular
from gsi_bench_dataset.safety.names import name_problem

__all__ = ["Hypersim", "open_source", "recognises"]

RIGHTS = Rights("cc-by-sa-3.0", True, "Hypersim, https://github.com/apple/ml-hypersim")
PARAMETERS = "metadata_camera_parameters.csv"
_BOX = "metadata_semantic_instance_bounding_box_object_aligned_2d_{}.hdf5"
_IMAGE = re.compile(r"frame\.(\d{4})\.(?:tonemap|color)\.jpg")
_LOOKED_AT = 24  # frames in which labels of objects are looked up
_PLAIN = 1e-3  # entries of the matrix of rays that a plain pinhole camera has not
_NYU40 = """
    wall, floor, cabinet, bed, chair, sofa, table, door, window, bookshelf, picture, counter, blinds, desk, shelf, curtain,
    dresser, pillow, mirror, mat, clothes, ceiling, book, refrigerator, television, paper, towel, shower curtain, box,
    whiteboard, person, nightstand, toilet, sink, lamp, bathtub, bag, other structure, other furniture, other thing
"""
NYU40 = tuple(" ".join(_NYU40.split()).split(", "))


def recognises(folder: Path) -> bool:
    """Whether it is a scene, or holds scenes, perhaps in `scenes`."""
    return bool(_scenes(folder))


def open_source(folder: Path) -> Hypersim:
    """The scenes of a folder.

    Raises:
        PhotoError: h5py is not installed.
    """
    if importlib.util.find_spec("h5py") is None:
        said = f"{printable_path(folder)}: files of Hypersim need h5py, which is not installed: pip install h5py"
        raise PhotoError("annotation_unreadable", said)
    return Hypersim(folder)


@functools.lru_cache(maxsize=8)
def _scenes(folder: Path) -> tuple[Path, ...]:
    """Found once a process: folders of corpora are large."""

    def is_scene(path: Path) -> bool:
        return (path / "_detail" / "metadata_scene.csv").is_file() and name_problem(path.name) is None

    if is_scene(folder):
        return (folder,)
    bases = [p for p in (folder, folder / "scenes", folder / "evermotion_dataset" / "scenes") if p.is_dir()]
    return tuple(sorted(p for base in bases for p in base.iterdir() if is_scene(p)))


@dataclasses.dataclass(frozen=True)
class Hypersim:
    """See `PhotoSource`: each scene is a place, whatever camera took its images."""

    folder: Path
    name: str = "hypersim"

    def captures(self) -> tuple[tuple[str, int], ...]:
        """See `PhotoSource.captures`."""
        return tuple((scene.name, max(1, len(_images(scene)))) for scene in _scenes(self.folder))

    def fingerprint(self) -> str:
        """See `PhotoSource.fingerprint`."""
        boxes = "_detail/mesh/" + _BOX.format("positions")
        sizes = [
            (s.name, len(_images(s)), (s / boxes).stat().st_size if (s / boxes).is_file() else 0) for s in _scenes(self.folder)
        ]
        return hashlib.sha256(repr(sizes).encode()).hexdigest()[:16]

    def capture(self, capture_id: str) -> Capture:
        """See `PhotoSource.capture`."""
        scene = self._scene(capture_id)
        left_out: Counter[str] = Counter()
        unit = _metres_per_unit(scene)
        frames = _frames(scene, self._intrinsics(scene), unit, left_out)
        return Capture(capture_id, _boxes(scene, unit, left_out), frames, RIGHTS, left_out=+left_out)

    def pixels(self, capture: Capture, frame: PhotoFrame, side: int, *, depth: bool = True) -> Pixels:
        """See `PhotoSource.pixels`."""
        scene = self._scene(capture.id)
        read = read_photo(_images(scene)[frame.name], side)
        if not depth:
            return Pixels(read.rgb, read.full, read.file)
        left_out: Counter[str] = Counter()
        deep = _image(_geometry(scene, frame.name, "depth_meters"), "depth", left_out)
        deep = None if deep is None else _along_the_axis(deep, frame.camera)
        ids = _image(_geometry(scene, frame.name, "semantic_instance"), "masks", left_out)
        numbers = [int(box.id.rpartition("_")[2]) for box in capture.boxes]
        ids = None if ids is None else _numbered(ids.astype(np.int64), numbers)
        return Pixels(read.rgb, read.full, read.file, deep, ids, left_out)

    def _scene(self, capture_id: str) -> Path:
        return next(scene for scene in _scenes(self.folder) if scene.name == capture_id)

    def _intrinsics(self, scene: Path) -> tuple[NDArray[np.float64], tuple[int, int]]:
        places = [
            base / part / PARAMETERS
            for base in (scene, self.folder, self.folder.parent)
            for part in ("", "contrib/mikeroberts3000", "evermotion_dataset/analysis")
        ]
        there = next((p for p in places if p.is_file()), None)
        if there is None:
            said = f"{printable_path(self.folder)}: {PARAMETERS} of the corpus's repository is not there (docs/fine.md)"
            raise PhotoError("annotation_missing", said)
        return _of_parameters(there, scene.name)


@functools.lru_cache(maxsize=64)
def _images(scene: Path) -> dict[str, Path]:
    """Images by camera and number ("cam_00.0012"); tone-mapped ones rather than others."""
    found: dict[str, Path] = {}
    for folder in sorted((scene / "images").glob("scene_cam_??_final_preview")):
        for path in sorted(folder.iterdir()):
            if match := _IMAGE.fullmatch(path.name):
                found[f"{folder.name[6:12]}.{match[1]}"] = path
    return dict(sorted(found.items()))


def _geometry(scene: Path, name: str, kind: str) -> Path:
    camera, _, number = name.partition(".")
    return scene / "images" / f"scene_{camera}_geometry_hdf5" / f"frame.{number}.{kind}.hdf5"


def _hdf5(path: Path, what: str = "annotation") -> NDArray[Any]:
    """The dataset of an HDF5 file; `what` begins the reason where it cannot be read."""
    import h5py  # noqa: PLC0415 - of this corpus alone; `open_source` has looked for it

    try:
        require_regular(path)
        with h5py.File(path, "r") as file:
            return np.asarray(file["dataset"][:])
    except FileNotFoundError as error:
        raise PhotoError(f"{what}_missing", printable_path(path)) from error
    except Exception as error:  # a reader of damaged bytes raises anything
        raise PhotoError(f"{what}_unreadable", f"{printable_path(path)}: {error}") from error


def _image(path: Path, what: str, left_out: Counter[str]) -> NDArray[Any] | None:
    """Numbers of the pixels of an image; None, and counted, where they cannot be read."""
    try:
        found = _hdf5(path, what)
        if found.ndim != 2 or not found.size or found.dtype.kind not in ("iuf" if what == "depth" else "iu"):
            said = f"expected one {'' if what == 'depth' else 'whole '}number a pixel, found {found.dtype} of {found.shape}"
            raise PhotoError(f"{what}_unreadable", f"{printable_path(path)}: {said}")
    except PhotoError as error:
        left_out[error.reason] += 1
        return None
    return found


def _table(path: Path) -> list[dict[str, str]]:
    try:
        return list(csv.DictReader(io.StringIO(read_text(path, 256 * 2**20))))
    except FileNotFoundError as error:
        raise PhotoError("annotation_missing", printable_path(path)) from error
    except (FileProblemError, OSError, csv.Error) as error:
        raise PhotoError("annotation_unreadable", f"{printable_path(path)}: {error}") from error


def _metres_per_unit(scene: Path) -> float:
    path = scene / "_detail" / "metadata_scene.csv"
    rows = {row.get("parameter_name"): row.get("parameter_value") for row in _table(path)}
    try:
        found = float(rows["meters_per_asset_unit"] or "")
    except (KeyError, ValueError) as error:
        raise PhotoError("annotation_unreadable", f"{printable_path(path)}: no meters_per_asset_unit") from error
    if not 0 < found < FAR:
        raise PhotoError("annotation_unreadable", f"{printable_path(path)}: meters_per_asset_unit of {found:g}; expected > 0")
    return found


@functools.lru_cache(maxsize=4)
def _parameters(path: Path) -> dict[str, dict[str, str]]:
    return {row["scene_name"]: row for row in _table(path) if row.get("scene_name")}


def _of_parameters(path: Path, scene: str) -> tuple[NDArray[np.float64], tuple[int, int]]:
    """K and (width, height) of a scene's cameras."""
    row = _parameters(path).get(scene)
    if row is None:
        raise PhotoError("annotation_missing", f"{printable_path(path)}: no scene {scene}")
    try:
        rays = np.array([[float(row[f"M_cam_from_uv_{i}{j}"]) for j in range(3)] for i in range(3)])
        width, height = (round(float(row[f"settings_output_img_{side}"])) for side in ("width", "height"))
    except MALFORMED as error:
        raise PhotoError("annotation_unreadable", f"{printable_path(path)}: {scene}: {error!r}") from error
    # Rays of a plain camera: (a·u + c, b·v + d, -1), u to the right and v up, from -1 to 1.
    if abs(rays[2, 2]) > _PLAIN:
        rays = rays / -rays[2, 2]
    odd = np.abs([rays[0, 1], rays[1, 0], rays[2, 0], rays[2, 1]]).max()
    if not (odd <= _PLAIN and min(rays[0, 0], rays[1, 1]) > 0):  # NaN is none either
        raise PhotoError("odd_camera", f"{scene}: rays of its images are no plain pinhole's")
    fx, fy = width / 2 / rays[0, 0], height / 2 / rays[1, 1]
    k = np.array([[fx, 0, width / 2 - fx * rays[0, 2]], [0, fy, height / 2 + fy * rays[1, 2]], [0, 0, 1]])
    return k, (width, height)


def _frames(
    scene: Path, intrinsics: tuple[NDArray[np.float64], tuple[int, int]], unit: float, left_out: Counter[str]
) -> tuple[PhotoFrame, ...]:
    k, size = intrinsics
    found: list[PhotoFrame] = []
    images = _images(scene)
    if not images:
        raise PhotoError(
            "photo_missing", f"{printable_path(scene)}: no images/scene_cam_XX_final_preview/frame.0000.tonemap.jpg"
        )
    for camera in sorted({name.partition(".")[0] for name in images}):
        detail = scene / "_detail" / camera
        places, turns = (_hdf5(detail / f"camera_keyframe_{what}.hdf5") for what in ("positions", "orientations"))
        for name in (n for n in images if n.startswith(f"{camera}.")):
            number = int(name.partition(".")[2])
            pose = np.eye(4)
            try:
                pose[:3, :3], pose[:3, 3] = turns[number], places[number] * unit
                rotation, centre = from_graphics_pose(pose)
                taken = PhotoCamera.of(k, rotation, centre, size)
            except MALFORMED:
                left_out["no_pose"] += 1
                continue
            found.append(PhotoFrame(f"{scene.name}_{camera}_frame_{number:04d}", name, taken))
    return tuple(found)


def _boxes(scene: Path, unit: float, left_out: Counter[str]) -> tuple[PhotoBox, ...]:
    """The boxes of all that have a label; their ids end in the corpus's numbers of objects."""
    centres, extents, turns = (
        _hdf5(scene / "_detail" / "mesh" / _BOX.format(what)) for what in ("positions", "extents", "orientations")
    )
    found = []
    for number, label in sorted(_labels(scene).items()):
        try:
            box = Oriented.of(centres[number] * unit, extents[number] * unit, turns[number])
        except MALFORMED:
            left_out["no_size"] += 1
            continue
        if not (box.lengths > 0).all():
            left_out["no_size"] += 1
            continue
        centre, size, rotation = upright_axes(box, "columns")
        found.append(PhotoBox(box_id(label, number), label, centre, size, rotation))
    return tuple(found)


@functools.lru_cache(maxsize=4)
def _labels(scene: Path) -> dict[int, str]:
    """Class of each object: the one that most of its pixels have, in some of the frames."""
    names = list(_images(scene))
    votes: Counter[tuple[int, int]] = Counter()
    for place in np.unique(np.linspace(0, len(names) - 1, _LOOKED_AT).astype(int)) if names else ():
        objects, classes = (_hdf5(_geometry(scene, names[place], kind)) for kind in ("semantic_instance", "semantic"))
        if objects.shape != classes.shape:
            raise PhotoError("annotation_unreadable", f"{scene.name} {names[place]}: classes and objects differ in size")
        pairs, counts = np.unique(np.stack([objects.ravel(), classes.ravel()]), axis=1, return_counts=True)
        votes.update({(int(a), int(b)): int(n) for (a, b), n in zip(pairs.T, counts, strict=True)})
    found: dict[int, tuple[int, str]] = {}
    for (number, kind), count in votes.items():
        if number > 0 and 1 <= kind <= len(NYU40) and count > found.get(number, (0, ""))[0]:
            found[number] = (count, NYU40[kind - 1])
    return {number: label for number, (_, label) in found.items()}


def _along_the_axis(distance: NDArray[Any], camera: PhotoCamera) -> NDArray[np.float32]:
    """Depth along the viewing axis from distances to the optical centre."""
    height, width = distance.shape
    small = camera.resized(width, height)
    k = small.intrinsics
    x = (np.arange(width) + 0.5 - k[0][2]) / k[0][0]
    y = (np.arange(height) + 0.5 - k[1][2]) / k[1][1]
    with np.errstate(all="ignore"):  # what no depth can be becomes 0
        return known_depth((distance / np.sqrt(1 + x[None, :] ** 2 + y[:, None] ** 2)).astype(np.float32))


def _numbered(found: NDArray[np.int64], numbers: list[int]) -> NDArray[np.uint16]:
    """The corpus's numbers of objects as places in the capture's boxes, from 1."""
    table = np.zeros(max([0, *numbers]) + 1, dtype=np.uint16)
    table[numbers] = np.arange(1, len(numbers) + 1)  # none of them is 0
    return table[np.where((found > 0) & (found < len(table)), found, 0)]
