"""Meshes as arrays, and how points become one: rows of points, caps, welding. Pure functions; metres; z up.

Faces are counter-clockwise seen from outside. `uv` is per face corner.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Mesh", "Points", "fan", "join", "split", "surface", "weld"]

Points = NDArray[np.float64]


@dataclasses.dataclass(frozen=True, eq=False)
class Mesh:
    """A surface.

    Attributes:
        vertices: V×3.
        faces: F×4 vertex numbers; the last is -1 for a triangle.
        uv: F×4×2, 0–1; None for surfaces that no image is put on.
    """

    vertices: Points
    faces: NDArray[np.int32]
    uv: NDArray[np.float32] | None = None

    def moved(self, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Mesh:
        """Shifted."""
        return dataclasses.replace(self, vertices=self.vertices + np.array([x, y, z]))

    def scaled(self, x: float, y: float | None = None, z: float | None = None) -> Mesh:
        """Stretched about the origin; one factor scales all axes. A mirrored mesh would look inwards: factors are positive."""
        factors = (x, x if y is None else y, x if z is None else z)
        if min(factors) <= 0:
            raise ValueError(f"scale factors must be positive, found {factors}")
        return dataclasses.replace(self, vertices=self.vertices * factors)

    def turned(self, degrees: float, axis: str = "z") -> Mesh:
        """Turned about an axis through the origin, counter-clockwise seen from the axis' tip."""
        c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        i, j = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
        turn = np.eye(3)
        turn[i, i], turn[i, j], turn[j, i], turn[j, j] = c, -s, s, c
        return dataclasses.replace(self, vertices=self.vertices @ turn.T)

    def bent(self, move: Callable[[Points], Points]) -> Mesh:
        """With its vertices (V×3) moved by a function."""
        return dataclasses.replace(self, vertices=np.asarray(move(self.vertices), dtype=np.float64))

    def flipped(self) -> Mesh:
        """With the other side out."""
        order = [3, 2, 1, 0]
        quad = self.faces[:, 3] >= 0
        faces = np.where(quad[:, None], self.faces[:, order], self.faces[:, [2, 1, 0, 3]])
        uv = None
        if self.uv is not None:
            uv = np.where(quad[:, None, None], self.uv[:, order], self.uv[:, [2, 1, 0, 3]])
        return Mesh(self.vertices, faces.astype(np.int32), uv)

    def bounds(self) -> tuple[Points, Points]:
        """Lowest and highest x, y, z."""
        return self.vertices.min(axis=0), self.vertices.max(axis=0)

    def normals(self) -> Points:
        """Outward unit normals of the faces, F×3 (zero for a face without area)."""
        a, b, c, d = (self.vertices[self.faces[:, i]] for i in range(4))
        d = np.where((self.faces[:, 3] >= 0)[:, None], d, a)
        cross = np.cross(c - a, d - b) / 2
        # Of a triangle the diagonals give (c - a) × (a - b), the same normal.
        length = np.linalg.norm(cross, axis=1, keepdims=True)
        return np.asarray(cross / np.where(length > 0, length, 1))

    def facing(self, direction: ArrayLike, within_deg: float = 30.0) -> NDArray[np.bool_]:
        """Which faces look into a direction."""
        towards = np.asarray(direction, dtype=np.float64)
        return np.asarray(self.normals() @ (towards / np.linalg.norm(towards)) > math.cos(math.radians(within_deg)))

    def with_flat_uv(self, right: ArrayLike, up: ArrayLike) -> Mesh:
        """With an image laid on flat: u along `right`, v along `up`, 0–1 over the mesh's own extent."""
        axes = np.stack([np.asarray(right, dtype=np.float64), np.asarray(up, dtype=np.float64)])
        flat = self.vertices @ axes.T
        used = flat[np.unique(self.faces[self.faces >= 0])]
        low, high = used.min(axis=0), used.max(axis=0)
        unit = (flat - low) / np.where(high > low, high - low, 1)
        return dataclasses.replace(self, uv=unit[self.faces].astype(np.float32))


def join(meshes: Iterable[Mesh]) -> Mesh:
    """One mesh of several; surfaces are not merged where they meet."""
    meshes = list(meshes)
    if any(m.uv is None for m in meshes):
        meshes = [dataclasses.replace(m, uv=None) for m in meshes]
    starts = np.cumsum([0, *(len(m.vertices) for m in meshes)])
    faces = [np.where(m.faces >= 0, m.faces + start, -1) for m, start in zip(meshes, starts, strict=False)]
    uv = None if meshes[0].uv is None else np.concatenate([m.uv for m in meshes if m.uv is not None])
    return Mesh(np.concatenate([m.vertices for m in meshes]), np.concatenate(faces).astype(np.int32), uv)


def split(mesh: Mesh, chosen: NDArray[np.bool_]) -> tuple[Mesh, Mesh]:
    """(the chosen faces, the others), for parts of one surface that have different materials."""
    return _part(mesh, chosen), _part(mesh, ~chosen)


def _part(mesh: Mesh, chosen: NDArray[np.bool_]) -> Mesh:
    faces = mesh.faces[chosen]
    used = np.unique(faces[faces >= 0])
    number = np.full(len(mesh.vertices) + 1, -1, dtype=np.int32)
    number[used] = np.arange(len(used))
    return Mesh(mesh.vertices[used], number[faces], None if mesh.uv is None else mesh.uv[chosen])


def surface(rings: Points, v: Points, closed: bool) -> Mesh:
    """Faces between neighbouring rows of points; `closed` joins the last column to the first. Rows of one point become fans."""
    rows, columns = rings.shape[:2]
    spans = columns if closed else columns - 1
    i, j = np.meshgrid(np.arange(rows - 1), np.arange(spans), indexing="ij")
    i, j = i.ravel(), j.ravel()
    k = (j + 1) % columns
    faces = np.stack([i * columns + j, i * columns + k, (i + 1) * columns + k, (i + 1) * columns + j], axis=1)
    u0, u1 = j / spans, (j + 1) / spans
    uv = np.stack(
        [np.stack([u0, v[i]], 1), np.stack([u1, v[i]], 1), np.stack([u1, v[i + 1]], 1), np.stack([u0, v[i + 1]], 1)], 1
    )
    return weld(Mesh(rings.reshape(-1, 3), faces.astype(np.int32), uv.astype(np.float32)))


def fan(ring: Points) -> Mesh:
    """A flat cap with a point in its middle; counter-clockwise seen from outside."""
    n = len(ring)
    vertices = np.concatenate([ring, ring.mean(axis=0, keepdims=True)])
    number = np.arange(n)
    faces = np.stack([number, (number + 1) % n, np.full(n, n), np.full(n, -1)], axis=1)
    return Mesh(vertices, faces.astype(np.int32), np.zeros((n, 4, 2), dtype=np.float32))


def weld(mesh: Mesh) -> Mesh:
    """Points that coincide (to a micrometre) become one; faces that lose an edge become triangles or vanish."""
    keys = np.round(mesh.vertices * 1e6).astype(np.int64)
    _, first, number = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    faces = np.where(mesh.faces >= 0, number.reshape(-1)[mesh.faces], -1)
    uv = mesh.uv
    quads = faces[:, 3] >= 0
    for corner in range(4):  # a quad with a collapsed side: drop one of the two equal corners, make it a triangle
        following = (corner + 1) % 4
        flat = quads & (faces[:, corner] == faces[:, following])
        keep = [c for c in range(4) if c != following]
        faces[flat] = np.column_stack([faces[flat][:, keep], np.full(int(flat.sum()), -1)])
        if uv is not None:
            uv = uv.copy()
            uv[flat] = np.concatenate([uv[flat][:, keep], uv[flat][:, keep[-1:]]], axis=1)
        quads &= ~flat
    real = (faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 2] != faces[:, 0])
    return Mesh(mesh.vertices[first], faces[real].astype(np.int32), None if uv is None else uv[real])
