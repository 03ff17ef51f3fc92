"""Modelling with arrays: lathes, sweeps, lofts, rounded boxes. Pure functions; metres; z up.

Faces are counter-clockwise seen from outside. `uv` is per face corner; what an operation's u and v mean stands with it.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "Mesh",
    "arc",
    "ellipsoid",
    "extrude",
    "fillet",
    "join",
    "lathe",
    "loft",
    "patch",
    "polygon",
    "rounded_box",
    "rounded_rectangle",
    "spline",
    "split",
    "sweep",
    "thicken",
    "tube",
]

Points = NDArray[np.float64]


@dataclasses.dataclass(frozen=True, eq=False)
class Mesh:
    """A surface.

    Attributes:
        vertices: V×3.
        faces: F×4 vertex numbers; the last is -1 for a triangle.
        uv: F×4×2, 0–1; None for surfaces that no picture is put on.
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
        """With a picture laid on flat: u along `right`, v along `up`, 0–1 over the mesh's own extent."""
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


# Lines


def spline(points: Sequence[Sequence[float]], count: int = 32, closed: bool = False) -> Points:
    """A smooth line (Catmull-Rom, centripetal enough for gentle shapes) through points of any dimension, `count` samples."""
    p = np.asarray(points, dtype=np.float64)
    p = np.concatenate([p[-1:], p, p[:2]]) if closed else np.concatenate([2 * p[:1] - p[1:2], p, 2 * p[-1:] - p[-2:-1]])
    spans = len(p) - 3
    t = np.linspace(0, spans, count, endpoint=not closed)
    k = np.minimum(t.astype(int), spans - 1)
    f = (t - k)[:, None]
    a, b, c, d = p[k], p[k + 1], p[k + 2], p[k + 3]
    return np.asarray(0.5 * (2 * b + (c - a) * f + (2 * a - 5 * b + 4 * c - d) * f**2 + (3 * b - a - 3 * c + d) * f**3))


def fillet(points: Sequence[Sequence[float]], radius: float | Sequence[float], steps: int = 5, closed: bool = False) -> Points:
    """A polyline with its corners rounded, as far as its sides are long enough.

    Args:
        points: n×2 or n×3.
        radius: one for all corners, or one a point (0: stays sharp).
        steps: pieces of each round.
        closed: whether the last point joins the first; else the ends stay as they are.
    """
    p = np.asarray(points, dtype=np.float64)
    n = len(p)
    radii = np.broadcast_to(np.asarray(radius, dtype=np.float64), (n,))
    out: list[Points] = []
    for i in range(n):
        if radii[i] <= 0 or (not closed and i in (0, n - 1)):
            out.append(p[i : i + 1])
            continue
        out.append(_round_corner(p[i - 1], p[i], p[(i + 1) % n], float(radii[i]), steps))
    return np.concatenate(out)


def _round_corner(before: Points, corner: Points, after: Points, radius: float, steps: int) -> Points:
    a, b = before - corner, after - corner
    la, lb = float(np.linalg.norm(a)), float(np.linalg.norm(b))
    if min(la, lb) == 0:
        return corner[None]
    a, b = a / la, b / lb
    half = math.acos(float(np.clip(a @ b, -1, 1))) / 2
    if half < 1e-3 or half > math.pi / 2 - 1e-3:
        return corner[None]
    cut = min(radius / math.tan(half), 0.499 * la, 0.499 * lb)
    r = cut * math.tan(half)
    middle = corner + (a + b) / np.linalg.norm(a + b) * (r / math.sin(half))
    start, end = corner + a * cut - middle, corner + b * cut - middle
    opening = math.pi - 2 * half
    t = np.linspace(0, 1, steps + 1)[:, None]
    return np.asarray(middle + (np.sin((1 - t) * opening) * start + np.sin(t * opening) * end) / math.sin(opening))


def arc(radius: float, start_deg: float, end_deg: float, steps: int = 12, centre: Sequence[float] = (0.0, 0.0)) -> Points:
    """Points of a circle's piece, 2D, both ends included."""
    t = np.radians(np.linspace(start_deg, end_deg, steps + 1))
    return np.stack([np.cos(t), np.sin(t)], axis=1) * radius + centre


def polygon(sides: int, radius: float) -> Points:
    """A regular polygon, counter-clockwise, n×2."""
    return arc(radius, 0, 360, sides)[:-1]


def rounded_rectangle(width: float, depth: float, radius: float, steps: int = 6) -> Points:
    """Outline around the origin, counter-clockwise, n×2."""
    w, d = width / 2, depth / 2
    return fillet([(-w, -d), (w, -d), (w, d), (-w, d)], min(radius, 0.499 * min(width, depth)), steps, closed=True)


# Surfaces


def lathe(profile: Sequence[Sequence[float]] | Points, segments: int = 64) -> Mesh:
    """A surface of revolution about z.

    Args:
        profile: (radius, z) from the bottom's middle outwards and up, for a vessel on down the inside to its middle. Points
            on the axis close the surface.
        segments: around the axis.

    u runs once around, from the front (-y) to the right; v along the profile's length, 0 at its start.
    """
    line = np.asarray(profile, dtype=np.float64)
    turn = np.linspace(0, 2 * math.pi, segments, endpoint=False) - math.pi / 2
    rings = np.stack(
        [
            line[:, None, 0] * np.cos(turn),
            line[:, None, 0] * np.sin(turn),
            np.broadcast_to(line[:, None, 1], (len(line), segments)),
        ],
        axis=-1,
    )
    steps = np.linalg.norm(np.diff(line, axis=0), axis=1)
    v = np.concatenate([[0.0], np.cumsum(steps)]) / max(float(steps.sum()), 1e-12)
    return _surface(rings, v, closed=True)


def loft(sections: Sequence[Points] | Points, caps: bool = True) -> Mesh:
    """A skin over closed outlines.

    Args:
        sections: each n×3, with the same n and direction: counter-clockwise seen from the last section.
        caps: whether the first and last are closed by a face.

    u runs around, v from the first to the last section.
    """
    rings = np.stack([np.asarray(s, dtype=np.float64) for s in sections])
    skin = _surface(rings, np.linspace(0, 1, len(rings)), closed=True)
    if not caps:
        return skin
    return join([skin, _fan(rings[0][::-1]), _fan(rings[-1])])


def patch(grid: Points) -> Mesh:
    """An open surface through a grid of points, rows×columns×3: u along the columns, v along the rows.

    Its outside is where rows × columns point (columns to the right, rows up: towards the viewer).
    """
    return _surface(np.asarray(grid, dtype=np.float64), np.linspace(0, 1, len(grid)), closed=False)


def thicken(mesh: Mesh, thickness: float) -> Mesh:
    """An open surface with a back at a distance and a rim: cloth, leaves, paper."""
    vertices = mesh.vertices
    normal = np.zeros_like(vertices)
    for corner in range(4):
        valid = mesh.faces[:, corner] >= 0
        np.add.at(normal, mesh.faces[valid, corner], mesh.normals()[valid])
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    back = Mesh(vertices - normal * thickness, mesh.faces, mesh.uv).flipped()
    both = join([mesh, back])
    rim = [(b, a, a + len(vertices), b + len(vertices)) for a, b in _open_edges(mesh.faces)]
    faces = np.concatenate([both.faces, np.array(rim, dtype=np.int32).reshape(-1, 4)])
    uv = both.uv
    if uv is not None:
        uv = np.concatenate([uv, np.zeros((len(rim), 4, 2), dtype=np.float32)])
    return Mesh(both.vertices, faces, uv)


def _open_edges(faces: NDArray[np.int32]) -> list[tuple[int, int]]:
    edges: set[tuple[int, int]] = set()
    for face in faces.tolist():
        ring = [v for v in face if v >= 0]
        for edge in zip(ring, ring[1:] + ring[:1], strict=True):
            if edge[::-1] in edges:
                edges.remove(edge[::-1])
            else:
                edges.add(edge)
    return sorted(edges)


def sweep(path: Sequence[Sequence[float]] | Points, section: Points, scale: ArrayLike = 1.0, closed: bool = False) -> Mesh:
    """A section carried along a path without twist: handles, wires, frames.

    Args:
        path: n×3.
        section: m×2, counter-clockwise seen along the path's end; its x axis starts near the world's horizontal.
        scale: of the section, one number or one a path point.
        closed: whether the path's end joins its start.
    """
    p = np.asarray(path, dtype=np.float64)
    tangents = np.roll(p, -1, axis=0) - np.roll(p, 1, axis=0)
    if not closed:
        tangents[0], tangents[-1] = p[1] - p[0], p[-1] - p[-2]
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True)
    scales = np.broadcast_to(np.asarray(scale, dtype=np.float64), (len(p),))
    axes = _frames(tangents, closed)
    rings = np.stack([o + (section * s) @ a for o, s, a in zip(p, scales, axes, strict=True)])
    if closed:
        rings = np.concatenate([rings, rings[:1]])
    skin = _surface(rings, np.linspace(0, 1, len(rings)), closed=True)
    return skin if closed else join([skin, _fan(rings[0][::-1]), _fan(rings[-1])])


def _frames(tangents: Points, closed: bool) -> Points:
    """For each tangent two axes across it that turn as little as they can from one to the next, n×2×3."""
    first = np.cross(tangents[0], (0.0, 0.0, 1.0))
    if np.linalg.norm(first) < 1e-6:
        first = np.array([1.0, 0.0, 0.0])
    across = [first / np.linalg.norm(first)]
    for t in tangents[1:]:
        carried = across[-1] - t * (across[-1] @ t)
        across.append(carried / np.linalg.norm(carried))
    x = np.stack(across)
    y = np.cross(tangents, x)
    if closed:  # spread the twist that is left when the path comes round
        end = x[-1] - tangents[0] * (x[-1] @ tangents[0])
        twist = math.atan2(float(end @ y[0]), float(end @ x[0])) / len(x)
        angle = -twist * np.arange(len(x))[:, None]
        x, y = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    return np.stack([x, y], axis=1)


def tube(path: Sequence[Sequence[float]] | Points, radius: ArrayLike, sides: int = 16, closed: bool = False) -> Mesh:
    """A round bar along a path; `radius` is one number or one a path point."""
    return sweep(path, polygon(sides, 1.0), radius, closed)


def extrude(outline: Sequence[Sequence[float]] | Points, height: float, bevel: float = 0.0, steps: int = 3) -> Mesh:
    """A plate: an outline (n×2, counter-clockwise, star-shaped about its middle) raised from z = 0; `bevel` rounds edges."""
    flat = np.asarray(outline, dtype=np.float64)
    bevel = min(bevel, 0.499 * height)
    angles = np.radians(np.linspace(0, 90, steps + 1)) if bevel > 0 else np.zeros(1)
    lower = [(bevel * (1 - math.sin(a)), bevel * (1 - math.cos(a))) for a in angles]  # (inset, z)
    rings = [*lower, *((inset, height - z) for inset, z in lower[::-1])]
    inward = _inward(flat)
    sections = [np.column_stack([flat + inward * inset, np.full(len(flat), z)]) for inset, z in rings]
    return loft(sections)


def _inward(outline: Points) -> Points:
    """Steps of each corner that move both its sides inwards by one."""
    side = np.roll(outline, -1, axis=0) - outline
    normal = np.stack([-side[:, 1], side[:, 0]], axis=1)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    both = normal + np.roll(normal, 1, axis=0)
    return np.asarray(2 * both / np.maximum((both * both).sum(axis=1, keepdims=True), 0.5))


def rounded_box(width: float, depth: float, height: float, radius: float, steps: int = 4) -> Mesh:
    """A box with its base centred on the origin and all edges rounded. Without `uv`: see `Mesh.with_flat_uv` and `split`."""
    size = np.array([width, depth, height])
    radius = min(radius, 0.499 * float(size.min()))
    inner = size / 2 - radius
    # Along an axis of a side: 45° … 0° of the round at one end, then 0° … 45° of the other.
    t = np.tan(np.radians(np.linspace(0, 45, steps + 1)))
    along, sign = np.concatenate([-t[::-1], t]), np.concatenate([-np.ones(steps + 1), np.ones(steps + 1)])
    sides = []
    for axis in range(3):
        i, j = (axis + 1) % 3, (axis + 2) % 3
        for out in (1.0, -1.0):
            direction = np.zeros((len(along), len(along), 3))
            direction[..., i], direction[..., j], direction[..., axis] = along[None, :], along[:, None], out
            corner = np.zeros_like(direction)
            corner[..., i], corner[..., j], corner[..., axis] = (
                sign[None, :] * inner[i],
                sign[:, None] * inner[j],
                out * inner[axis],
            )
            grid = corner + radius * direction / np.linalg.norm(direction, axis=-1, keepdims=True)
            mesh = dataclasses.replace(patch(grid), uv=None)
            sides.append(mesh if out > 0 else mesh.flipped())
    return _weld(join(sides)).moved(z=height / 2)


def ellipsoid(width: float, depth: float, height: float, segments: int = 48, rings: int = 24) -> Mesh:
    """Base on z = 0, centred."""
    t = np.linspace(-90, 90, rings + 1)
    line = np.stack([np.cos(np.radians(t)), np.sin(np.radians(t))], axis=1)
    line[[0, -1], 0] = 0
    return lathe(line, segments).scaled(width / 2, depth / 2, height / 2).moved(z=height / 2)


def _surface(rings: Points, v: Points, closed: bool) -> Mesh:
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
    return _weld(Mesh(rings.reshape(-1, 3), faces.astype(np.int32), uv.astype(np.float32)))


def _fan(ring: Points) -> Mesh:
    """A flat cap with a point in its middle; counter-clockwise seen from outside."""
    n = len(ring)
    vertices = np.concatenate([ring, ring.mean(axis=0, keepdims=True)])
    number = np.arange(n)
    faces = np.stack([number, (number + 1) % n, np.full(n, n), np.full(n, -1)], axis=1)
    return Mesh(vertices, faces.astype(np.int32), np.zeros((n, 4, 2), dtype=np.float32))


def _weld(mesh: Mesh) -> Mesh:
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
