"""OBJ models of a catalogue as parts: surfaces by material, the materials in our own words. No Blender is asked.

Pictures with holes in them (leaves, lattices) are refused: labels say where a mesh is, and there the image would show what is
behind it.
"""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gsi_bench_builders.assets.library import Part
from gsi_bench_builders.assets.material import Material, Picture
from gsi_bench_builders.assets.mesh import Mesh, weld
from gsi_bench_builders.assets.side_files import ModelFileError
from gsi_bench_builders.assets.sweethome.catalogue import Archive
from gsi_bench_builders.assets.sweethome.polygons import triangles_of
from gsi_bench_dataset.safety.images import DAMAGED, open_image
from gsi_bench_dataset.safety.names import printable

__all__ = ["MAX_FACES", "Surface", "materials_of", "parts_of", "surfaces_of"]

Floats = NDArray[np.float64]

# Ten times what the largest chosen model has; more costs each view seconds.
MAX_FACES = 400_000
_MAX_LINE = 64 * 2**10
_MAX_PIXELS = 8192 * 8192
_PICTURE_SIDE = 1024  # larger ones are made smaller: no view shows more of them
_FORMATS = ("PNG", "JPEG", "BMP", "GIF")
_CLEAR = 0.9  # a material with less of `d` lets light through
# Of a picture's pixels, by how much they may let through: compression leaves a few grey ones.
_HOLES_SHARE, _HOLES_ALPHA = 0.005, 200
_MATT, _GLOSSY = 0.75, 0.25  # roughness where a material says no highlight, and a sharp one
_SHARP_NS = 100.0


@dataclasses.dataclass(frozen=True, eq=False)
class Surface:
    """Faces of one material.

    Attributes:
        faces: F×4 vertex numbers, the last -1 for a triangle.
        uv: F×4×2; None where a face has no place on an image.
    """

    material: str
    faces: NDArray[np.int32]
    uv: NDArray[np.float32] | None


def parts_of(archive: Archive, member: str) -> tuple[Floats, list[tuple[Surface, Material]]]:
    """(vertices V×3 in the file's own axes and units, surfaces with their materials).

    Raises:
        ModelFileError: the model, its materials or an image of them cannot be used; says which and why.
    """
    where = f"{archive.path.name}: {member}"
    text = archive.read(member).decode("utf-8", errors="replace")
    vertices, surfaces, libraries = surfaces_of(text, where)
    materials: dict[str, Material] = {}
    for library in libraries:
        found = archive.beside(member, library, "mtllib")
        materials |= materials_of(archive, found, {s.material for s in surfaces})
    if missing := sorted({s.material for s in surfaces} - materials.keys() - {""}):
        raise ModelFileError(f"{where}: material {printable(missing[0], 60)} is missing")
    return vertices, [(s, materials.get(s.material, Material())) for s in surfaces]


def part(vertices: Floats, surface: Surface, material: Material) -> Part | None:
    """A part of a surface whose vertices are in place; None where nothing of it has an area."""
    used = np.unique(surface.faces[surface.faces >= 0])
    number = np.full(len(vertices) + 1, -1, dtype=np.int32)
    number[used] = np.arange(len(used))
    mesh = weld(Mesh(vertices[used], number[surface.faces], surface.uv))
    return Part(mesh, material) if len(mesh.faces) else None


def surfaces_of(text: str, where: str) -> tuple[Floats, list[Surface], list[str]]:
    """Vertices (V×3), surfaces in the order of their materials' names, and names of material files of an OBJ text.

    Raises:
        ModelFileError: damaged or too large; names the line.
    """
    reader = _Reader(where)
    for number, line in enumerate(text.replace("\\\n", " ").splitlines(), start=1):
        if len(line) > _MAX_LINE:
            raise ModelFileError(f"{where}, line {number}: {len(line)} characters; at most {_MAX_LINE} are read")
        try:
            reader.line(line)
        except ModelFileError:
            raise
        except (ValueError, IndexError, OverflowError) as error:
            said = printable(str(error))[1:-1]
            raise ModelFileError(f"{where}, line {number}: damaged: expected Wavefront OBJ ({said})") from error
    return reader.finished()


class _Reader:
    def __init__(self, where: str):
        self.where, self.material = where, ""
        self.points: list[tuple[float, float, float]] = []
        self.places: list[tuple[float, float]] = []
        self.libraries: list[str] = []
        self.faces: dict[str, list[tuple[int, ...]]] = {}
        self.uv: dict[str, list[tuple[int, ...]]] = {}
        self.polygons: dict[str, list[tuple[list[int], list[int]]]] = {}
        self.count = 0

    def line(self, line: str) -> None:
        words = line.split()
        if not words:
            return
        if words[0] == "v":
            self.points.append((float(words[1]), float(words[2]), float(words[3])))
        elif words[0] == "vt":
            self.places.append((float(words[1]), float(words[2]) if len(words) > 2 else 0.0))
        elif words[0] == "f":
            self._face(words[1:])
        elif words[0] == "usemtl":
            self.material = line.split(maxsplit=1)[1].strip() if len(words) > 1 else ""
        elif words[0] == "mtllib":
            self.libraries.append(line.split(maxsplit=1)[1].strip())
        if self.count > MAX_FACES or len(self.points) > 4 * MAX_FACES:
            raise ModelFileError(f"{self.where}: over {MAX_FACES} faces; such a model is not used")

    def _face(self, words: Sequence[str]) -> None:
        corners, places = [], []
        for word in words:
            point, _, rest = word.partition("/")
            place = rest.partition("/")[0]
            corners.append(_counted(int(point), len(self.points)))
            places.append(_counted(int(place), len(self.places)) if place else -1)
        if len(corners) < 3:
            return  # a line, which has no surface
        self.count += max(1, len(corners) - 3)
        if len(corners) <= 4:
            self.faces.setdefault(self.material, []).append((*corners, -1) if len(corners) == 3 else tuple(corners))
            self.uv.setdefault(self.material, []).append((*places, places[-1]) if len(places) == 3 else tuple(places))
        else:
            self.polygons.setdefault(self.material, []).append((corners, places))

    def finished(self) -> tuple[Floats, list[Surface], list[str]]:
        names = sorted(self.faces.keys() | self.polygons.keys())
        if not names:
            raise ModelFileError(f"{self.where}: there is no surface in it")
        points = np.array(self.points, dtype=np.float64).reshape(-1, 3)
        if not np.isfinite(points).all() or float(np.abs(points).max()) > 1e9:
            raise ModelFileError(f"{self.where}: damaged: coordinates that are no numbers, or no lengths")
        places = np.array([*self.places, (0.0, 0.0)], dtype=np.float32)
        if not np.isfinite(places).all():
            raise ModelFileError(f"{self.where}: damaged: places on images that are no numbers")
        found = []
        for name in names:
            faces, numbers = list(self.faces.get(name, [])), list(self.uv.get(name, []))
            for corners, corner_places in self.polygons.get(name, []):
                for a, b, c in triangles_of(points[corners]):
                    faces.append((corners[a], corners[b], corners[c], -1))
                    numbers.append((corner_places[a], corner_places[b], corner_places[c], corner_places[c]))
            index = np.array(numbers, dtype=np.int64)
            uv = None if (index < 0).any() else places[index]
            found.append(Surface(name, np.array(faces, dtype=np.int32), uv))
        return points, found, list(dict.fromkeys(self.libraries))


def _counted(number: int, known: int) -> int:
    """A number of OBJ, which counts from 1 or back from the last, as a place in a list."""
    if number == 0 or number > known or number < -known:
        raise ValueError(f"number {number} of {known}")
    return number - 1 if number > 0 else known + number


def materials_of(archive: Archive, member: str, wanted: set[str]) -> dict[str, Material]:
    """The wanted materials of an MTL file, by name.

    Raises:
        ModelFileError: a value or an image of one of them cannot be used.
    """
    where = f"{archive.path.name}: {member}"
    text = archive.read(member).decode("utf-8", errors="replace")
    said: dict[str, dict[str, str]] = {}
    name = ""
    for line in text.splitlines():
        statement, _, rest = line.strip().partition(" ")
        if statement == "newmtl":
            name = rest.strip()
        elif statement and name:
            said.setdefault(name, {})[statement] = rest.strip()
    found = {}
    for name in sorted(said.keys() & wanted):
        try:
            found[name] = _material(archive, member, said[name])
        except ModelFileError:
            raise
        except (ValueError, IndexError) as error:
            raise ModelFileError(f"{where}: material {printable(name, 60)}: damaged ({printable(str(error))[1:-1]})") from error
    return found


def _material(archive: Archive, member: str, said: dict[str, str]) -> Material:
    if "map_d" in said:
        raise ModelFileError(f"{archive.path.name}: {member}: a picture with holes in it (map_d)")
    red, green, blue = (min(max(float(word), 0.0), 1.0) for word in said.get("Kd", "0.8 0.8 0.8").split()[:3])
    opacity = float(said.get("d", "1").split()[-1])
    if not all(np.isfinite(v) for v in (red, green, blue, opacity)):
        raise ValueError("expected numbers")
    # A highlight that is sharp is a glossy surface; without one (illum 0, 1) it is matt.
    bright = max((float(word) for word in said.get("Ks", "0").split()[:3]), default=0.0) if said.get("illum") == "2" else 0.0
    sharp = min(max(float(said.get("Ns", "0")), 0.0) / _SHARP_NS, 1.0) * min(max(bright, 0.0) * 2, 1.0)
    roughness = _MATT + (_GLOSSY - _MATT) * sharp
    if opacity < _CLEAR:
        return Material((red, green, blue), roughness=0.05, transmission=1.0, ior=1.15)
    picture = _picture(archive, member, said["map_Kd"]) if "map_Kd" in said else None
    return Material((red, green, blue), roughness=roughness, picture=picture)


def _picture(archive: Archive, member: str, said: str) -> Picture:
    name = said.rsplit(maxsplit=1)[-1] if said.startswith("-") else said
    found = archive.beside(member, name, "image")
    where = f"{archive.path.name}: image {printable(found, 80)}"
    try:
        with open_image(io.BytesIO(archive.read(found)), _FORMATS, _MAX_PIXELS) as image:
            image.thumbnail((_PICTURE_SIDE, _PICTURE_SIDE), Image.Resampling.LANCZOS)
            pixels = np.asarray(image.convert("RGBA"))
    except DAMAGED as error:
        raise ModelFileError(f"{where}: expected {', '.join(_FORMATS)} ({printable(str(error))[1:-1]})") from error
    if float((pixels[..., 3] < _HOLES_ALPHA).mean()) > _HOLES_SHARE:
        raise ModelFileError(f"{where}: a picture with holes in it")
    return Picture.of(pixels[..., :3])
