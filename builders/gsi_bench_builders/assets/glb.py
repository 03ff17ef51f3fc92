"""The surface in a glTF 2.0 file, read without Blender: proposing edits needs sizes and shapes, not looks.

Points are in the file's own axes (glTF: x right, y up, z towards the viewer) and units, with the nodes' transforms applied.
Only vertices that a face uses count; the engine drops the others too, so that both speak of the same box.

A file may come from anywhere, so nothing that it says about itself is believed: sizes and offsets must lie inside of its data,
other files inside of its folder, and images be images. What passes here is what Blender is given.
"""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

import numpy as np
from numpy.typing import NDArray

from gsi_bench_builders.assets.side_files import ModelFileError, check_image, side_file
from gsi_bench_dataset.safety.files import FileProblemError, parse_json, printable_path, read_regular
from gsi_bench_dataset.safety.names import printable

__all__ = ["MAX_MODEL_BYTES", "MAX_VERTICES", "ModelFileError", "Surface", "read_gltf"]

MAX_MODEL_BYTES = 512 * 2**20
# A scan of a household object has some hundred thousand; a float64 vertex takes 24 bytes, and several copies are made.
MAX_VERTICES = 5_000_000
_MOST_ATTRIBUTES = 64
# Parsed JSON takes some twenty times its text. In a .gltf file the data may stand in it.
_MAX_GLB_JSON, _MAX_GLTF_JSON = 32 * 2**20, 128 * 2**20

_NUMBERS = {5120: np.int8, 5121: np.uint8, 5122: np.int16, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
_DRACO = "KHR_draco_mesh_compression"
_TRIANGLES, _STRIP, _FAN = 4, 5, 6
# Those that change where surfaces are and that are not understood here; Blender refuses the first, too.
_OTHER_GEOMETRY = ("EXT_meshopt_compression", "EXT_mesh_gpu_instancing")


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
        gltf = _Gltf(document, binary, path)
        gltf.check()
        with np.errstate(over="ignore", invalid="ignore"):  # what comes out of it is looked at
            return _surface(path, gltf)
    except ModelFileError:
        raise
    except FileProblemError as error:
        raise ModelFileError(f"{error}; fetch or export it again") from error
    except OSError as error:
        beside = "" if error.filename in (None, str(path)) else f"{printable_path(error.filename)}: "
        raise ModelFileError(f"{path}: cannot be read ({beside}{error.strerror or error})") from error
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, struct.error, MemoryError) as error:
        said = printable(f"{type(error).__name__}: {error}")[1:-1]
        raise ModelFileError(f"{path}: damaged: expected a glTF 2.0 file ({said}); fetch or export it again") from error


def _open(path: Path) -> tuple[dict[str, Any], bytes | None]:
    content = read_regular(path, MAX_MODEL_BYTES)
    if path.suffix.lower() == ".gltf":
        return _document(content, path, _MAX_GLTF_JSON), None
    if content[:4] != b"glTF":
        raise ValueError(f"it starts with {content[:4]!r}, not b'glTF'")
    version, length = struct.unpack_from("<II", content, 4)
    if version != 2 or length != len(content):
        raise ValueError(f"its header says version {version}, {length} bytes; found {len(content)} bytes")
    chunks = dict(_chunks(content))
    if b"JSON" not in chunks:
        raise ValueError("no JSON in it")
    return _document(chunks[b"JSON"], path, _MAX_GLB_JSON), chunks.get(b"BIN\0")


def _document(text: bytes, path: Path, most: int) -> dict[str, Any]:
    if len(text) > most:
        raise ValueError(f"{len(text)} bytes of JSON; at most {most} are read")
    document = parse_json(text, f"{path}: damaged: its description")
    if not isinstance(document, dict):
        raise TypeError(f"expected a JSON object, found {type(document).__name__}")
    return document


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

    def check(self) -> None:
        """Looks at all that any reader of the file would follow, used here or not.

        Raises:
            ModelFileError, ValueError, TypeError, KeyError: it lies about sizes, or names what it must not.
        """
        bare = 0
        for number, accessor in enumerate(self.document.get("accessors", ())):
            count = _natural(accessor["count"], "count", 3 * MAX_VERTICES)  # three numbers a triangle
            if "bufferView" in accessor:
                kind, width = np.dtype(_NUMBERS[accessor["componentType"]]), _WIDTHS[accessor["type"]]
                self._view(accessor["bufferView"], accessor.get("byteOffset", 0), kind, count, width)
            else:
                bare += count
                if bare > 3 * MAX_VERTICES:
                    raise ValueError(f"accessor {number}: too many numbers that stand nowhere")
        for number, view in enumerate(self.document.get("bufferViews", ())):
            self._window(view, number)
        for image in self.document.get("images", ()):
            self._check_image(image)

    def item(self, kind: str, number: Any) -> Any:
        """One of the document's accessors, nodes …, by number; never counted from the end."""
        items = self.document[kind]
        if not isinstance(items, list):
            raise TypeError(f"{kind}: expected a list")
        return items[_natural(number, f"a number of {kind}", len(items) - 1)]

    def accessor(self, number: int) -> NDArray[Any]:
        """Numbers as the file holds them (count × width), integers made floats where they stand for fractions."""
        accessor = self.item("accessors", number)
        count, width = _natural(accessor["count"], "count", 3 * MAX_VERTICES), _WIDTHS[accessor["type"]]
        kind = np.dtype(_NUMBERS[accessor["componentType"]])
        if "bufferView" in accessor:
            values = self._view(accessor["bufferView"], accessor.get("byteOffset", 0), kind, count, width)
        else:
            values = np.zeros((count, width), dtype=kind)
        if sparse := accessor.get("sparse"):
            where, what = sparse["indices"], sparse["values"]
            few = _natural(sparse["count"], "count", count)
            rows = self._view(where["bufferView"], where.get("byteOffset", 0), _index_kind(where["componentType"]), few, 1)
            values = values.copy()
            values[rows[:, 0]] = self._view(what["bufferView"], what.get("byteOffset", 0), kind, few, width)
        return _fractions(values) if accessor.get("normalized") else values

    def indices(self, number: int) -> NDArray[np.int64]:
        """An accessor of vertex numbers."""
        _index_kind(self.item("accessors", number)["componentType"])
        return self.accessor(number)[:, 0].astype(np.int64)

    def _view(self, number: int, offset: int, kind: np.dtype[Any], count: int, width: int) -> NDArray[Any]:
        view = self.item("bufferViews", number)
        window = self._window(view, number)
        step = _natural(view.get("byteStride") or kind.itemsize * width, "byteStride", 2**16)
        kind = kind.newbyteorder("<")
        return np.ndarray((count, width), kind, window, _natural(offset, "byteOffset"), (step, kind.itemsize))

    def _window(self, view: dict[str, Any], number: int) -> memoryview:
        """The bytes of a buffer view; Python's slices would take any numbers."""
        data = memoryview(self._buffer(view["buffer"]))
        start, length = _natural(view.get("byteOffset", 0), "byteOffset"), _natural(view["byteLength"], "byteLength")
        if start + length > len(data):
            raise ValueError(f"bufferView {number}: expected bytes {start} to {start + length}, the buffer has {len(data)}")
        return data[start : start + length]

    def _buffer(self, number: int) -> bytes:
        if number not in self._buffers:
            buffer = self.item("buffers", number)
            uri = buffer.get("uri")
            if uri is None:
                if self._binary is None:
                    raise ValueError("it names a binary part that it lacks")
                data = self._binary
            else:
                data = self._uri_bytes(uri, "a buffer")
            if _natural(buffer.get("byteLength", 0), "byteLength") > len(data):
                raise ValueError(f"buffer {number}: expected {buffer['byteLength']} bytes, found {len(data)}")
            self._buffers[number] = data
        return self._buffers[number]

    def _uri_bytes(self, uri: Any, what: str) -> bytes:
        """What a URI of the document stands for: data in it, or a file below the document's folder."""
        if not isinstance(uri, str):
            raise TypeError(f"{what}: expected a URI, found {type(uri).__name__}")
        if not uri.startswith("data:"):
            return side_file(self._path, unquote(uri), what, MAX_MODEL_BYTES)
        try:
            return base64.b64decode(uri.partition(",")[2], validate=True)
        except binascii.Error as error:
            raise ValueError(f"its embedded data: {error}") from error

    def _check_image(self, image: dict[str, Any]) -> None:
        if "uri" in image:
            data = self._uri_bytes(image["uri"], "an image")
        else:
            data = bytes(self._window(self.item("bufferViews", image["bufferView"]), image["bufferView"]))
        check_image(data, f"{self._path}: an image of it")


def _natural(value: Any, what: str, most: int = 2**40) -> int:
    """A whole number from 0 to `most`."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{what}: expected a whole number, found {value!r:.40}")
    if not 0 <= value <= most:
        raise ValueError(f"{what}: expected 0 to {most}, found {value}")
    return value


def _index_kind(component: Any) -> np.dtype[Any]:
    kind = np.dtype(_NUMBERS[component])
    if kind.kind != "u":
        raise ValueError(f"vertex numbers of the type {kind}")
    return kind


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
    taken = 0
    for node, world in _nodes(gltf):
        if "mesh" not in node:
            continue
        if "skin" in node:
            raise ModelFileError(f"{path}: its mesh hangs on a skeleton; export it as it stands, without")
        for primitive in gltf.item("meshes", node["mesh"])["primitives"]:
            if primitive.get("mode", _TRIANGLES) < _TRIANGLES:
                continue  # points and lines
            if _DRACO in primitive.get("extensions", {}):
                boxes_only = True
                vertices.append(_box_corners(path, gltf, primitive, world))
                continue
            taken += _weight(gltf, primitive)  # a few bytes can ask for the same mesh any number of times
            if taken > 3 * MAX_VERTICES:
                raise ModelFileError(f"{path}: over {MAX_VERTICES} vertices in all; export it with fewer")
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


def _weight(gltf: _Gltf, primitive: dict[str, Any]) -> int:
    """How many numbers of a piece are going to be in memory at once, its morph targets counted."""
    if len(primitive["attributes"]) > _MOST_ATTRIBUTES:
        raise ValueError(f"{len(primitive['attributes'])} attributes of a vertex")
    vertices = int(gltf.item("accessors", primitive["attributes"]["POSITION"])["count"])
    corners = int(gltf.item("accessors", primitive["indices"])["count"]) if "indices" in primitive else vertices
    return max(corners, vertices * (1 + len(primitive.get("targets", ()))))


def _nodes(gltf: _Gltf) -> Iterator[tuple[dict[str, Any], NDArray[np.float64]]]:
    """Nodes with their transforms. Those outside of the scene count, for Blender brings them too."""
    nodes = gltf.document.get("nodes", [])
    children = {child for node in nodes for child in node.get("children", ())}
    waiting = [(number, np.eye(4)) for number in range(len(nodes)) if number not in children]
    left = len(nodes)
    while waiting:
        number, parent = waiting.pop()
        left -= 1
        if left < 0:
            raise ValueError("a node is the child of two others")
        node = gltf.item("nodes", number)
        world = parent @ _transform(node)
        yield node, world
        waiting += [(child, world) for child in node.get("children", ())]


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
    if points.shape[1] != 3:
        raise ValueError(f"positions of {points.shape[1]} numbers")
    order = gltf.indices(primitive["indices"]) if "indices" in primitive else np.arange(len(points))
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


def _box_corners(path: Path, gltf: _Gltf, primitive: dict[str, Any], world: NDArray[np.float64]) -> NDArray[np.float64]:
    """Corners of a compressed piece, from the extremes that the file must state."""
    turn = np.abs(world[:3, :3]) > 1e-6 * np.abs(world[:3, :3]).max()
    if (turn.sum(axis=1) > 1).any():
        raise ModelFileError(f"{path}: compressed (Draco) and turned, so that its box is not known; export it uncompressed")
    accessor = gltf.item("accessors", primitive["attributes"]["POSITION"])
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
