"""Vertices of a PLY mesh: all that is asked of it are points."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gsi_bench_dataset.safety.files import FileProblemError, open_regular, printable_path

__all__ = ["ply_vertices"]

_MAX_BYTES = 4 * 2**30
_TYPES = {
    **dict.fromkeys(("char", "int8"), "i1"),
    **dict.fromkeys(("uchar", "uint8"), "u1"),
    **dict.fromkeys(("short", "int16"), "i2"),
    **dict.fromkeys(("ushort", "uint16"), "u2"),
    **dict.fromkeys(("int", "int32"), "i4"),
    **dict.fromkeys(("uint", "uint32"), "u4"),
    **dict.fromkeys(("float", "float32"), "f4"),
    **dict.fromkeys(("double", "float64"), "f8"),
}
_HEADER_LINES = 200


def ply_vertices(path: Path) -> NDArray[np.float64]:
    """The vertices (n×3) of a mesh, in the file's order.

    Raises:
        FileNotFoundError, PermissionError, FileProblemError: it cannot be read, or is no PLY with vertices first.
    """
    with open_regular(path, _MAX_BYTES) as stream:
        lines: list[str] = []
        while len(lines) < _HEADER_LINES and (not lines or lines[-1] != "end_header"):
            line = stream.readline(1000)
            if not line:
                break
            lines.append(line.decode("ascii", "replace").strip())
        if not lines or lines[0] != "ply" or lines[-1] != "end_header":
            raise FileProblemError(f"{printable_path(path)}: expected a PLY mesh, found another header")
        count, fields = _vertex_fields(lines, path)
        names = [name for name, _ in fields]
        if "format ascii 1.0" in lines:
            rows = np.loadtxt(stream, max_rows=count, ndmin=2, usecols=[names.index(n) for n in "xyz"])
            found: NDArray[np.float64] = np.asarray(rows, dtype=np.float64)
        else:
            mark = ">" if any("big_endian" in line for line in lines[:3]) else "<"
            kind = np.dtype([(name, mark + code) for name, code in fields])
            data = stream.read(kind.itemsize * count)
            table = np.frombuffer(data[: len(data) // kind.itemsize * kind.itemsize], dtype=kind)
            with np.errstate(invalid="ignore"):  # damaged numbers are no points, and hold nothing
                found = np.stack([table[n].astype(np.float64) for n in "xyz"], axis=1)
    if len(found) != count:
        raise FileProblemError(f"{printable_path(path)}: expected {count} vertices, found {len(found)}; the file is cut off")
    return found


def _vertex_fields(lines: list[str], path: Path) -> tuple[int, list[tuple[str, str]]]:
    """Number of vertices, and (name, numpy type) of what stands in each."""
    elements = [i for i, line in enumerate(lines) if line.startswith("element ")]
    if not elements or not lines[elements[0]].startswith("element vertex "):
        raise FileProblemError(f"{printable_path(path)}: expected vertices as the first element")
    last = elements[1] if len(elements) > 1 else len(lines)
    fields = []
    for line in lines[elements[0] + 1 : last]:
        words = line.split()
        if words[:1] == ["property"] and len(words) == 3 and words[1] in _TYPES:
            fields.append((words[2], _TYPES[words[1]]))
        elif words[:1] == ["property"]:
            raise FileProblemError(f"{printable_path(path)}: vertices have {' '.join(words[1:3])}, which is not read")
    missing = [name for name in "xyz" if name not in {n for n, _ in fields}]
    number = lines[elements[0]].split()[-1]
    if missing or not number.isdecimal():
        raise FileProblemError(f"{printable_path(path)}: expected so many vertices with x, y, z, found {lines[elements[0]]!r}")
    return int(number), fields
