"""Meshes in files, as keys and as shapes: `file:<path>`, with `?up=z` and `&scale=0.01` where a file is not y-up or in metres.

Up and scale describe the file: canonical axes (x right, y forward, z up, metres) come out of them in the same way here and in
the engine. The options stand at the end, so that a path may hold question marks.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import re
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gsi_bench_builders.assets.glb import ModelFileError, Surface, read_gltf
from gsi_bench_builders.assets.obj import read_obj
from gsi_bench_builders.assets.symmetry import surface_points
from gsi_bench_builders.frames import from_file_axes
from gsi_bench_builders.scene import Vector3
from gsi_bench_dataset.safety.files import printable_path

__all__ = ["FILE_SOURCE", "SUFFIXES", "FileKey", "FileShape", "ModelFileError", "file_key", "file_shape", "parse_file_key"]

FILE_SOURCE = "file"
SUFFIXES = (".glb", ".gltf", ".obj")

_KEY = re.compile(r"file:(?P<path>.+?)(?:\?(?=[us])(?:up=(?P<up>[yz]))?&?(?:scale=(?P<scale>[0-9.e+-]+))?)?", re.DOTALL)
_SAMPLES = 1500
# Beyond these, single precision no longer tells the points of an object apart. Objects are scaled afterwards.
_SMALLEST_M, _LARGEST_M = 1e-9, 1e9


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
        status = found.path.stat()
    except OSError as error:
        raise ModelFileError(f"{found.path}: cannot be read ({error.strerror or error})") from error
    except ValueError as error:  # a NUL character
        raise ModelFileError(f"{printable_path(found.path)}: no file can have this name ({error})") from error
    return _file_shape(found, (status.st_mtime_ns, status.st_size, status.st_ino))


@functools.lru_cache(maxsize=1024)
def _file_shape(key: FileKey, state: tuple[int, int, int]) -> FileShape:
    surface = _read(key.path)
    with np.errstate(over="ignore", invalid="ignore"):
        points = from_file_axes(surface.vertices, key.up) * key.scale
        low, high = points.min(axis=0), points.max(axis=0)
        size: Vector3 = tuple(float(v) for v in high - low)  # type: ignore[assignment]
    if not _SMALLEST_M <= max(size) <= _LARGEST_M or not float(np.abs(points).max()) <= _LARGEST_M:
        raise ModelFileError(f"{key.path}: {_words(size)} m, or as far from its origin: no size of an object; export it again")
    if min(size) < 1e-6 * max(size) or not max(size):
        raise ModelFileError(f"{key.path}: it is flat ({_words(size)} m): an object needs width, depth and height")
    if surface.triangles is None:
        return FileShape(size, np.empty((0, 3)))
    rng = np.random.default_rng(0)
    return FileShape(size, surface_points(points - (low + high) / 2, surface.triangles, _SAMPLES, rng))


def _words(size: Vector3) -> str:
    return " × ".join(f"{s:.4g}" for s in size)


def _read(path: Path) -> Surface:
    if path.suffix.lower() not in SUFFIXES:
        raise ModelFileError(f"{path}: expected a file of {', '.join(SUFFIXES)}")
    return read_obj(path) if path.suffix.lower() == ".obj" else read_gltf(path)
