"""The surface in a Wavefront OBJ file, read without Blender, and the material files and images that it names."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np

from gsi_bench_builders.assets.glb import MAX_MODEL_BYTES, MAX_VERTICES, Surface
from gsi_bench_builders.assets.side_files import ModelFileError, check_image, side_file
from gsi_bench_dataset.safety.files import FileProblemError, printable_path, read_regular
from gsi_bench_dataset.safety.names import printable

__all__ = ["read_obj"]

_MAX_MATERIAL_BYTES = 16 * 2**20
_IMAGE_STATEMENTS = ("map_", "bump", "disp", "decal", "refl", "norm")
# Of Blender's reader, which is given the file afterwards.
_MAX_LINE = 64 * 2**10


def read_obj(path: Path) -> Surface:
    """Vertices that faces use, and the faces cut into triangles.

    Raises:
        ModelFileError: it is damaged, too large, or names files that it must not.
    """
    points: list[tuple[float, float, float]] = []
    faces: list[tuple[int, int, int]] = []
    libraries: list[str] = []
    where = "line 1"
    try:
        for number, line in enumerate(_lines(path), start=1):
            where = f"line {number}"
            words = line.split()
            if not words:
                continue
            if words[0] == "v":
                points.append((float(words[1]), float(words[2]), float(words[3])))
            elif words[0] == "f":
                corners = [_corner(word, len(points)) for word in words[1:]]
                faces += [(corners[0], b, c) for b, c in itertools.pairwise(corners[1:])]
            elif words[0] == "mtllib":
                libraries.append(line.split(maxsplit=1)[1].strip())
            if len(points) > MAX_VERTICES or len(faces) > MAX_VERTICES:
                raise ModelFileError(f"{path}: over {MAX_VERTICES} vertices or triangles; export it with fewer")
    except FileProblemError as error:
        raise ModelFileError(str(error)) from error
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be read ({error.strerror or error})") from error
    except ModelFileError:
        raise
    except (IndexError, ValueError) as error:
        said = printable(str(error))[1:-1]
        raise ModelFileError(f"{path}, {where}: damaged: expected Wavefront OBJ ({said}); export it again") from error
    for library in dict.fromkeys(libraries):
        _check_library(path, library)
    return _surface(path, points, faces)


def _lines(path: Path) -> list[str]:
    lines = read_regular(path, MAX_MODEL_BYTES).decode("utf-8", errors="replace").replace("\\\n", " ").splitlines()
    for number, line in enumerate(lines, start=1):
        if len(line) > _MAX_LINE:
            shown = printable_path(path)
            raise ModelFileError(f"{shown}, line {number}: damaged: {len(line)} characters; at most {_MAX_LINE} are read")
    return lines


def _surface(path: Path, points: list[tuple[float, float, float]], faces: list[tuple[int, int, int]]) -> Surface:
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
    if number == 0 or number < -known or number > MAX_VERTICES:
        raise ValueError(f"vertex {number}")
    return number - 1 if number > 0 else known + number


def _check_library(path: Path, name: str) -> None:
    """A material file, where it is there: exports without it are common, and drawn grey."""
    try:
        text = side_file(path, _slashes(name), "mtllib", _MAX_MATERIAL_BYTES).decode("utf-8", errors="replace")
    except FileNotFoundError:
        return
    except OSError as error:
        raise ModelFileError(f"{path}: mtllib {printable(name, 80)}: cannot be read ({error.strerror or error})") from error
    for line in text.splitlines():
        statement, _, rest = line.strip().partition(" ")
        if statement.lower().startswith(_IMAGE_STATEMENTS):
            _check_texture(path, rest.strip())


def _check_texture(path: Path, rest: str) -> None:
    """An image that a material names, after options such as `-s 1 1 1`; one that is not there is drawn in one colour."""
    name = rest
    if rest.startswith("-"):
        words = rest.split()
        name = words[-1] if words else ""
    if not name:
        return
    try:
        data = side_file(path, _slashes(name), "an image", MAX_MODEL_BYTES)
    except FileNotFoundError:
        return
    except OSError as error:
        raise ModelFileError(f"{path}: image {printable(name, 80)}: cannot be read ({error.strerror or error})") from error
    check_image(data, f"{path}: image {printable(name, 80)}")


def _slashes(name: str) -> str:
    """As exported on Windows, and with a leading `./`, too."""
    return name.replace("\\", "/").removeprefix("./")
