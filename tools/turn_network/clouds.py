"""Surfaces of assets as clouds of points: what is drawn fast."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gsi_bench_builders.assets.library import Part
from gsi_bench_builders.assets.material import Material
from gsi_bench_builders.assets.mesh import Mesh
from gsi_bench_builders.scene import turn_about_z

__all__ = ["Cloud", "cloud_of"]

Array = NDArray[np.float64]
_LEAST = 150  # points of a part
_TINY = 1e-9


@dataclasses.dataclass(frozen=True)
class Cloud:
    """Points (P, 3) in metres, outward unit normals (P, 3), colours (P, 3; 0-1), how much they shine (P,)."""

    points: Array
    normals: Array
    colours: Array
    gloss: Array

    def joined(self, other: Cloud) -> Cloud:
        """Both."""
        pairs = ((getattr(self, f.name), getattr(other, f.name)) for f in dataclasses.fields(self))
        return Cloud(*(np.concatenate(pair) for pair in pairs))

    def stretched(self, factors: Array) -> Cloud:
        """Along the axes (3,)."""
        normals = self.normals / factors
        normals = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), _TINY)
        return dataclasses.replace(self, points=self.points * factors, normals=normals)

    def turned(self, angle: float) -> Cloud:
        """About the third axis."""
        return self.seen(np.array(turn_about_z(angle)), np.zeros(3))

    def moved(self, shift: Array) -> Cloud:
        """By (3,)."""
        return dataclasses.replace(self, points=self.points + shift)

    def seen(self, rotation: Array, centre: Array) -> Cloud:
        """In another frame."""
        return dataclasses.replace(self, points=self.points @ rotation.T + centre, normals=self.normals @ rotation.T)

    def recoloured(self, mixing: Array, shift: Array) -> Cloud:
        """What was of one colour still is."""
        return dataclasses.replace(self, colours=np.clip(self.colours @ mixing.T + shift, 0.01, 1))

    def centred(self) -> Cloud:
        """About the middle of its box."""
        return self.moved(-(self.points.min(0) + self.points.max(0)) / 2)


def cloud_of(parts: Sequence[Part], count: int, rng: np.random.Generator) -> Cloud:
    """About `count` points of the surface of an asset, evenly spread."""
    pieces = [_Triangles.of(part.mesh) for part in parts]
    areas = [float(piece.area.sum()) for piece in pieces]
    clouds = [
        _part_cloud(part, piece, max(_LEAST, round(count * area / sum(areas))), rng)
        for part, piece, area in zip(parts, pieces, areas, strict=True)
        if area > 0
    ]
    return Cloud(*(np.concatenate([getattr(c, f.name) for c in clouds]) for f in dataclasses.fields(Cloud)))


@dataclasses.dataclass(frozen=True)
class _Triangles:
    """Corners (T, 3), their places in an image (T, 3, 2), areas (T,), normals of faces (T, 3) and of vertices (V, 3)."""

    corners: NDArray[np.int64]
    uv: Array
    area: Array
    flat: Array
    smooth: Array

    @classmethod
    def of(cls, mesh: Mesh) -> _Triangles:
        quads = mesh.faces[:, 3] >= 0
        uv = np.zeros((len(mesh.faces), 4, 2)) if mesh.uv is None else mesh.uv
        corners = np.concatenate([mesh.faces[:, [0, 1, 2]], mesh.faces[quads][:, [0, 2, 3]]])
        places = np.concatenate([uv[:, [0, 1, 2]], uv[quads][:, [0, 2, 3]]])
        a, b, c = (mesh.vertices[corners[:, n]] for n in range(3))
        cross = np.cross(b - a, c - a)
        length = np.linalg.norm(cross, axis=1)
        smooth = np.zeros_like(mesh.vertices)
        for n in range(3):
            np.add.at(smooth, corners[:, n], cross)
        smooth /= np.maximum(np.linalg.norm(smooth, axis=1, keepdims=True), _TINY)
        return cls(corners, places, length / 2, cross / np.maximum(length[:, None], _TINY), smooth)


def _part_cloud(part: Part, piece: _Triangles, count: int, rng: np.random.Generator) -> Cloud:
    pick = rng.choice(len(piece.area), count, p=piece.area / piece.area.sum())
    root, share = np.sqrt(rng.random(count)), rng.random(count)
    weights = np.stack([1 - root, root * (1 - share), root * share], 1)[..., None]
    points = (part.mesh.vertices[piece.corners[pick]] * weights).sum(1)
    smooth = (piece.smooth[piece.corners[pick]] * weights).sum(1)
    smooth /= np.maximum(np.linalg.norm(smooth, axis=1, keepdims=True), _TINY)
    is_smooth = (smooth * piece.flat[pick]).sum(1) > math.cos(math.radians(max(part.smooth_deg, 1)))
    normals = np.where(is_smooth[:, None], smooth, piece.flat[pick])
    material = part.material
    gloss = (1 - material.roughness) * (0.9 if material.metallic or material.coat else 0.45)
    colours = _colours(material, points, (piece.uv[pick] * weights).sum(1))
    return Cloud(points, normals, colours, np.full(count, gloss))


def _colours(material: Material, points: Array, uv: Array) -> Array:
    """Of points (P, 3) at places (P, 2) of the painted image; patterns only roughly."""
    if material.picture is not None:
        picture = material.picture
        pixels = np.frombuffer(picture.pixels, np.uint8).reshape(picture.height, picture.width, 3)
        rows = np.clip(((1 - uv[:, 1]) * picture.height).astype(int), 0, picture.height - 1)
        columns = np.clip((uv[:, 0] * picture.width).astype(int), 0, picture.width - 1)
        return np.asarray(pixels[rows, columns] / 255)
    plain = np.tile(np.array(material.colour, dtype=np.float64), (len(points), 1))
    if material.pattern is None:
        return plain
    phase = points / max(material.pattern.size, 1e-3) * 2 * math.pi
    if material.pattern.kind == "stripes":
        wave = np.sin(phase[:, "xyz".index(material.pattern.axis)])
    else:
        wave = np.sin(0.7 * phase[:, 0] + 1.3 * np.sin(phase[:, 1]) + 1.5 * np.sin(0.9 * phase[:, 2] + 0.4 * phase[:, 1]))
    amount = material.pattern.amount * (0.5 + 0.5 * wave)
    return np.asarray(plain + (np.array(material.pattern.colour) - plain) * amount[:, None])
