"""The surface in a glTF 2.0 file, read without Blender: proposing edits needs sizes and shapes, not looks.

Points are in the file's own axes (glTF: x right, y up, z towards the viewer) and units, with the nodes' transforms applied.
Only vertices that a face uses count; the engine drops the others too, so that both speak of the same box.
"""

from __future__ import annotations

import base64
import binascii
import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

import numpy as np
from numpy.typing import NDArray

__all__ = ["ModelFileError", "Surface", "read_gltf"]

_NUMBERS = {5120: np.int8, 5121: np.uint8, 5122: np.int16, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
_DRACO = "KHR_draco_mesh_compression"
_TRIANGLES, _STRIP, _FAN = 4, 5, 6
# Those that change where surfaces are and that are not understood here; Blender refuses the first, too.
_OTHER_GEOMETRY = ("EXT_meshopt_compression", "EXT_mesh_gpu_instancing")


class ModelFileError(ValueError):
    """A file with a mesh cannot be used; the message names it, says why and what to do."""


class Surface(NamedTuple):
    """A surface in its file's axes and units.

    Attributes:
        vertices: n×3.
        triangles: m×3 vertex numbers. None where the file is compressed: `vertices` are then the corners of boxes.
    """

    vertices: NDArray[np.float64]
    triangles: NDArray[np.int64] | None


def read_gltf(path: Path) -> Surface:
    """The surface in a `.glb` or `.gltf` file.

    Raises:
        ModelFileError: it is damaged, or holds what cannot be read here.
    """
    try:
        document, binary = _open(path)
        return _surface(path, _Gltf(document, binary, path))
    except ModelFileError:
        raise
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be read ({error.strerror or error})") from error
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, struct.error) as error:
        said = f"{type(error).__name__}: {error}"
        raise ModelFileError(f"{path}: damaged: expected a glTF 2.0 file ({said}); fetch or export it again") from error


def _open(path: Path) -> tuple[dict[str, Any], bytes | None]:
    content = path.read_bytes()
    if path.suffix.lower() == ".gltf":
        return json.loads(content), None
    if content[:4] != b"glTF":
        raise ValueError(f"it starts with {content[:4]!r}, not b'glTF'")
    version, length = struct.unpack_from("<II", content, 4)
    if version != 2 or length != len(content):
        raise ValueError(f"its header says version {version}, {length} bytes; found {len(content)} bytes")
    chunks = dict(_chunks(content))
    if b"JSON" not in chunks:
        raise ValueError("no JSON in it")
    return json.loads(chunks[b"JSON"]), chunks.get(b"BIN\0")


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    offset = 12
    while offset < len(content):
        length, kind = struct.unpack_from("<I4s", content, offset)
        chunk = content[offset + 8 : offset + 8 + length]
        if len(chunk) != length:
            raise ValueError(f"a piece of {length} bytes ends after {len(chunk)}")
        yield kind, chunk
        offset += 8 + length


class _Gltf:
    """A document with its buffers."""

    def __init__(self, document: dict[str, Any], binary: bytes | None, path: Path):
        self.document, self._binary, self._path = document, binary, path
        self._buffers: dict[int, bytes] = {}

    def accessor(self, number: int) -> NDArray[Any]:
        """Numbers as the file holds them (count × width), integers made floats where they stand for fractions."""
        accessor = self.document["accessors"][number]
        count, width = accessor["count"], _WIDTHS[accessor["type"]]
        kind = np.dtype(_NUMBERS[accessor["componentType"]])
        if "bufferView" in accessor:
            values = self._view(accessor["bufferView"], accessor.get("byteOffset", 0), kind, count, width)
        else:
            values = np.zeros((count, width), dtype=kind)
        if sparse := accessor.get("sparse"):
            where, what = sparse["indices"], sparse["values"]
            index_kind = np.dtype(_NUMBERS[where["componentType"]])
            rows = self._view(where["bufferView"], where.get("byteOffset", 0), index_kind, sparse["count"], 1)
            values = values.copy()
            values[rows[:, 0]] = self._view(what["bufferView"], what.get("byteOffset", 0), kind, sparse["count"], width)
        return _fractions(values) if accessor.get("normalized") else values

    def _view(self, number: int, offset: int, kind: np.dtype[Any], count: int, width: int) -> NDArray[Any]:
        view = self.document["bufferViews"][number]
        start = view.get("byteOffset", 0)
        window = memoryview(self._buffer(view["buffer"]))[start : start + view["byteLength"]]
        step = view.get("byteStride") or kind.itemsize * width
        kind = kind.newbyteorder("<")
        return np.ndarray((count, width), kind, window, offset, (step, kind.itemsize))

    def _buffer(self, number: int) -> bytes:
        if number not in self._buffers:
            uri = self.document["buffers"][number].get("uri")
            if uri is None:
                if self._binary is None:
                    raise ValueError("it names a binary part that it lacks")
                self._buffers[number] = self._binary
            elif uri.startswith("data:"):
                try:
                    self._buffers[number] = base64.b64decode(uri.partition(",")[2], validate=True)
                except binascii.Error as error:
                    raise ValueError(f"its embedded data: {error}") from error
            else:
                self._buffers[number] = (self._path.parent / unquote(uri)).read_bytes()
        return self._buffers[number]


def _surface(path: Path, gltf: _Gltf) -> Surface:
    document = gltf.document
    if str(document["asset"]["version"]) != "2.0":
        raise ValueError(f"version {document['asset']['version']}")
    if strange := [name for name in document.get("extensionsUsed", ()) if name in _OTHER_GEOMETRY]:
        raise ModelFileError(f"{path}: it uses {', '.join(strange)}, which is not read here; export it without")
    if len(document.get("scenes", ())) > 1:
        raise ModelFileError(f"{path}: expected one scene, found {len(document['scenes'])}; export the object alone")
    vertices: list[NDArray[np.float64]] = []
    triangles: list[NDArray[np.int64]] = []
    boxes_only = False
    first = 0
    for node, world in _nodes(document):
        if "mesh" not in node:
            continue
        if "skin" in node:
            raise ModelFileError(f"{path}: its mesh hangs on a skeleton; export it as it stands, without")
        for primitive in document["meshes"][node["mesh"]]["primitives"]:
            if primitive.get("mode", _TRIANGLES) < _TRIANGLES:
                continue  # points and lines
            if _DRACO in primitive.get("extensions", {}):
                boxes_only = True
                vertices.append(_box_corners(path, document, primitive, world))
                continue
            points, faces = _triangles(gltf, primitive)
            vertices.append(points @ world[:3, :3].T + world[:3, 3])
            triangles.append(faces + first)
            first += len(points)
    found = np.concatenate(vertices) if vertices else np.empty((0, 3))
    if not len(found):
        raise ModelFileError(f"{path}: there is no surface in it")
    if not np.isfinite(found).all():
        raise ValueError("coordinates that are no numbers")
    return Surface(found, None if boxes_only else np.concatenate(triangles))


def _nodes(document: dict[str, Any]) -> Iterator[tuple[dict[str, Any], NDArray[np.float64]]]:
    """Nodes with their transforms. Those outside of the scene count, for Blender brings them too."""
    nodes = document.get("nodes", [])
    children = {child for node in nodes for child in node.get("children", ())}
    waiting = [(number, np.eye(4)) for number in range(len(nodes)) if number not in children]
    left = len(nodes)
    while waiting:
        number, parent = waiting.pop()
        left -= 1
        if left < 0:
            raise ValueError("a node is the child of two others")
        world = parent @ _transform(nodes[number])
        yield nodes[number], world
        waiting += [(child, world) for child in nodes[number].get("children", ())]


def _transform(node: dict[str, Any]) -> NDArray[np.float64]:
    if "matrix" in node:
        return np.array(node["matrix"], dtype=np.float64).reshape(4, 4).T
    x, y, z, w = node.get("rotation", (0.0, 0.0, 0.0, 1.0))
    turn = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    made = np.eye(4)
    made[:3, :3] = turn * np.array(node.get("scale", (1.0, 1.0, 1.0)), dtype=np.float64)
    made[:3, 3] = node.get("translation", (0.0, 0.0, 0.0))
    return made


def _triangles(gltf: _Gltf, primitive: dict[str, Any]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Used vertices and triangles of a piece, its node's axes."""
    points = gltf.accessor(primitive["attributes"]["POSITION"]).astype(np.float64)
    order = gltf.accessor(primitive["indices"])[:, 0].astype(np.int64) if "indices" in primitive else np.arange(len(points))
    mode = primitive.get("mode", _TRIANGLES)
    if mode == _TRIANGLES:
        faces = order[: len(order) // 3 * 3].reshape(-1, 3)
    elif mode == _STRIP:
        faces = np.stack([order[:-2], order[1:-1], order[2:]], axis=1)
    elif mode == _FAN:
        faces = np.stack([np.full(max(len(order) - 2, 0), order[0]), order[1:-1], order[2:]], axis=1)
    else:
        raise ValueError(f"primitives of mode {mode}")
    real = (faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 2] != faces[:, 0])
    used, faces = np.unique(faces[real], return_inverse=True)
    if len(used) and used[-1] >= len(points):
        raise ValueError(f"a face uses vertex {used[-1]} of {len(points)}")
    return points[used], faces.reshape(-1, 3)


def _box_corners(
    path: Path, document: dict[str, Any], primitive: dict[str, Any], world: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Corners of a compressed piece, from the extremes that the file must state."""
    turn = np.abs(world[:3, :3]) > 1e-6 * np.abs(world[:3, :3]).max()
    if (turn.sum(axis=1) > 1).any():
        raise ModelFileError(f"{path}: compressed (Draco) and turned, so that its box is not known; export it uncompressed")
    accessor = document["accessors"][primitive["attributes"]["POSITION"]]
    ends = np.array([accessor["min"], accessor["max"]], dtype=np.float64)
    if accessor.get("normalized"):
        ends = _fractions(ends.astype(_NUMBERS[accessor["componentType"]]))
    corners = np.array([(x, y, z) for x in ends[:, 0] for y in ends[:, 1] for z in ends[:, 2]])
    return np.asarray(corners @ world[:3, :3].T + world[:3, 3])


def _fractions(values: NDArray[Any]) -> NDArray[Any]:
    """Integers that stand for -1 ... 1 or 0 ... 1."""
    if values.dtype.kind == "f":
        return values
    return np.maximum(values.astype(np.float64) / np.iinfo(values.dtype).max, -1.0)
