"""Meshes in files, as keys and as shapes: `file:<path>`, with `?up=z` and `&scale=0.01` where a file is not y-up or in metres.

Up and scale describe the file: canonical axes (x right, y forward, z up, metres) come out of them in the same way here and in
the engine. The options stand at the end, so that a path may hold question marks.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math
import re
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gsi_bench_builders.assets.glb import ModelFileError, Surface, read_gltf
from gsi_bench_builders.assets.symmetry import surface_points
from gsi_bench_builders.scene import Vector3

__all__ = ["FILE_SOURCE", "SUFFIXES", "FileKey", "FileShape", "ModelFileError", "file_key", "file_shape", "parse_file_key"]

FILE_SOURCE = "file"
SUFFIXES = (".glb", ".gltf", ".obj")

_KEY = re.compile(r"file:(?P<path>.+?)(?:\?(?=[us])(?:up=(?P<up>[yz]))?&?(?:scale=(?P<scale>[0-9.e+-]+))?)?", re.DOTALL)
_SAMPLES = 1500


@dataclasses.dataclass(frozen=True)
class FileKey:
    """What a key `file:...` says.

    Attributes:
        up: the file's axis that points up. With "y" its z points towards the viewer (glTF), with "z" its y points away.
        scale: metres a file unit.
    """

    path: Path
    up: Literal["y", "z"] = "y"
    scale: float = 1.0


@dataclasses.dataclass(frozen=True, eq=False)
class FileShape:
    """What edits need of a file.

    Attributes:
        size: extents along right, forward, up, metres.
        samples: points spread evenly on the surface, around the centre of its box, n×3; none where the file is compressed.
    """

    size: Vector3
    samples: NDArray[np.float64]


def file_key(path: Path, up: Literal["y", "z"] = "y", scale: float = 1.0) -> str:
    """The key of a file; its path becomes absolute, but links are kept: their targets may lack the suffix."""
    options = [f"up={up}"] * (up != "y") + [f"scale={float(scale)!r}"] * (scale != 1.0)
    return f"{FILE_SOURCE}:{path.absolute()}" + ("?" + "&".join(options) if options else "")


def parse_file_key(key: str) -> FileKey:
    """The other way.

    >>> parse_file_key("file:/scans/a cup?.obj?up=z&scale=0.01")
    FileKey(path=PosixPath('/scans/a cup?.obj'), up='z', scale=0.01)

    Raises:
        ModelFileError: not such a key.
    """
    match = _KEY.fullmatch(key)
    try:
        scale = float(match["scale"] or 1.0) if match else math.nan
    except ValueError:
        scale = math.nan
    if match is None or not (math.isfinite(scale) and scale > 0):
        raise ModelFileError(f"{key!r}: expected file:<path>, file:<path>?up=z or file:<path>?up=z&scale=<metres a unit>")
    return FileKey(Path(match["path"]), "z" if match["up"] == "z" else "y", scale)


def file_shape(key: str) -> FileShape:
    """Size and shape of the mesh of a key; read once as long as the file stays as it is.

    Raises:
        ModelFileError: it cannot be read, or is flat.
    """
    found = parse_file_key(key)
    try:
        changed = found.path.stat().st_mtime_ns
    except OSError as error:
        raise ModelFileError(f"{found.path}: cannot be read ({error.strerror or error})") from error
    return _file_shape(found, changed)


@functools.lru_cache(maxsize=1024)
def _file_shape(key: FileKey, changed: int) -> FileShape:
    surface = _read(key.path)
    points = _canonical(surface.vertices, key.up) * key.scale
    low, high = points.min(axis=0), points.max(axis=0)
    size: Vector3 = tuple(float(v) for v in high - low)  # type: ignore[assignment]
    if min(size) < 1e-6 * max(size) or not max(size):
        raise ModelFileError(f"{key.path}: it is flat ({_words(size)} m): a thing needs width, depth and height")
    if surface.triangles is None:
        return FileShape(size, np.empty((0, 3)))
    rng = np.random.default_rng(0)
    return FileShape(size, surface_points(points - (low + high) / 2, surface.triangles, _SAMPLES, rng))


def _canonical(points: NDArray[np.float64], up: Literal["y", "z"]) -> NDArray[np.float64]:
    return points if up == "z" else np.stack([points[:, 0], -points[:, 2], points[:, 1]], axis=1)


def _words(size: Vector3) -> str:
    return " × ".join(f"{s:.4g}" for s in size)


def _read(path: Path) -> Surface:
    if path.suffix.lower() not in SUFFIXES:
        raise ModelFileError(f"{path}: expected a file of {', '.join(SUFFIXES)}")
    return _read_obj(path) if path.suffix.lower() == ".obj" else read_gltf(path)


def _read_obj(path: Path) -> Surface:
    """Vertices that faces use, and the faces cut into triangles."""
    points: list[tuple[float, float, float]] = []
    faces: list[tuple[int, int, int]] = []
    where = "line 1"
    try:
        text = path.read_text(encoding="utf-8", errors="replace").replace("\\\n", " ")
        for number, line in enumerate(text.splitlines(), start=1):
            where = f"line {number}"
            words = line.split()
            if not words:
                continue
            if words[0] == "v":
                points.append((float(words[1]), float(words[2]), float(words[3])))
            elif words[0] == "f":
                corners = [_corner(word, len(points)) for word in words[1:]]
                faces += [(corners[0], b, c) for b, c in itertools.pairwise(corners[1:])]
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be read ({error.strerror or error})") from error
    except (IndexError, ValueError) as error:
        raise ModelFileError(f"{path}, {where}: damaged: expected Wavefront OBJ ({error}); export it again") from error
    if not faces:
        raise ModelFileError(f"{path}: there is no surface in it")
    used, triangles = np.unique(np.array(faces), return_inverse=True)
    if used[-1] >= len(points):
        raise ModelFileError(f"{path}: damaged: a face uses vertex {used[-1] + 1} of {len(points)}; export it again")
    vertices = np.array(points, dtype=np.float64)[used]
    if not np.isfinite(vertices).all():
        raise ModelFileError(f"{path}: damaged: coordinates that are no numbers; export it again")
    return Surface(vertices, triangles.reshape(-1, 3))


def _corner(word: str, known: int) -> int:
    number = int(word.partition("/")[0])
    if number == 0 or number < -known:
        raise ValueError(f"vertex {number}")
    return number - 1 if number > 0 else known + number
