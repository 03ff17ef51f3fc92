"""Modelling: lathes, sweeps, lofts, plates, rounded boxes. Pure functions; metres; z up.

What an operation's u and v mean stands with it.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gsi_bench_builders.assets.lines import polygon
from gsi_bench_builders.assets.mesh import Mesh, Points, fan, join, surface, weld

__all__ = ["ellipsoid", "extrude", "lathe", "loft", "patch", "rounded_box", "sweep", "thicken", "tube"]


def lathe(profile: Sequence[Sequence[float]] | Points, segments: int = 64) -> Mesh:
    """A surface that is rotationally symmetric about z.

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
    return surface(rings, v, closed=True)


def loft(sections: Sequence[Points] | Points, caps: bool = True) -> Mesh:
    """A skin over closed outlines.

    Args:
        sections: each n×3, with the same n and direction: counter-clockwise seen from the last section.
        caps: whether the first and last are closed by a face.

    u runs around, v from the first to the last section.
    """
    rings = np.stack([np.asarray(s, dtype=np.float64) for s in sections])
    skin = surface(rings, np.linspace(0, 1, len(rings)), closed=True)
    if not caps:
        return skin
    return join([skin, fan(rings[0][::-1]), fan(rings[-1])])


def patch(grid: Points) -> Mesh:
    """An open surface through a grid of points, rows×columns×3: u along the columns, v along the rows.

    Its outside is where rows × columns point (columns to the right, rows up: towards the viewer).
    """
    return surface(np.asarray(grid, dtype=np.float64), np.linspace(0, 1, len(grid)), closed=False)


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
    skin = surface(rings, np.linspace(0, 1, len(rings)), closed=True)
    return skin if closed else join([skin, fan(rings[0][::-1]), fan(rings[-1])])


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
    return weld(join(sides)).moved(z=height / 2)


def ellipsoid(width: float, depth: float, height: float, segments: int = 48, rings: int = 24) -> Mesh:
    """Base on z = 0, centred."""
    t = np.linspace(-90, 90, rings + 1)
    line = np.stack([np.cos(np.radians(t)), np.sin(np.radians(t))], axis=1)
    line[[0, -1], 0] = 0
    return lathe(line, segments).scaled(width / 2, depth / 2, height / 2).moved(z=height / 2)
