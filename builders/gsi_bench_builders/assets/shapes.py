"""Pieces that several kinds are made of: turned plates, decals, leaves."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from gsi_bench_builders.assets.lines import rounded_rectangle, spline
from gsi_bench_builders.assets.mesh import Mesh, Points, split
from gsi_bench_builders.assets.solids import extrude, lathe, loft, patch, thicken

__all__ = [
    "decal",
    "disc",
    "faced",
    "keycap",
    "leaf",
    "outline_of",
    "oval",
    "side_plate",
    "smooth_profile",
    "squircle",
    "upright_plate",
    "wrap",
]


def faced(mesh: Mesh, direction: ArrayLike, within_deg: float = 12.0) -> tuple[Mesh, Mesh]:
    """(the faces that look in a direction, with image coordinates as seen from there; all others)."""
    out = np.asarray(direction, dtype=np.float64)
    out = out / np.linalg.norm(out)
    right = np.array([1.0, 0.0, 0.0]) if abs(out[2]) > 0.9 else np.cross((0.0, 0.0, 1.0), out)
    chosen, rest = split(mesh, mesh.facing(out, within_deg))
    return chosen.with_flat_uv(right, np.cross(out, right)), rest


def upright_plate(outline: Sequence[Sequence[float]] | Points, depth: float, bevel: float = 0.0, steps: int = 3) -> Mesh:
    """A plate that stands: outline in (x, z), its face towards the front at y = -depth, its back at y = 0."""
    return extrude(outline, depth, bevel, steps).turned(90, "x")


def side_plate(outline: Sequence[Sequence[float]] | Points, width: float, bevel: float = 0.0, steps: int = 3) -> Mesh:
    """A plate with its outline in (y, z), centred on x = 0."""
    return extrude(outline, width, bevel, steps).turned(90, "x").turned(90).moved(x=-width / 2)


def squircle(width: float, depth: float, power: float = 2.5, count: int = 48) -> Points:
    """A superellipse, counter-clockwise from its right: 2 is an ellipse, large powers are boxes."""
    t = np.linspace(0, 2 * math.pi, count, endpoint=False)
    c, s = np.cos(t), np.sin(t)
    return np.stack(
        [np.sign(c) * np.abs(c) ** (2 / power) * width / 2, np.sign(s) * np.abs(s) ** (2 / power) * depth / 2], axis=1
    )


def oval(outline: Points, rings: Sequence[tuple[float, float]], caps: bool = True) -> Mesh:
    """A lathe with another outline than a circle: rings of (scale of the outline, z), from the bottom up."""
    return loft([np.column_stack([outline * scale, np.full(len(outline), z)]) for scale, z in rings], caps)


def decal(width: float, height: float, radius: float = 0.0) -> Mesh:
    """An image's rectangle around the origin that looks up, readable from the front."""
    if radius > 0:
        outline = rounded_rectangle(width, height, radius, 5)
        top = loft([np.column_stack([outline * s, np.zeros(len(outline))]) for s in (1.0, 0.999)])
        return faced(top, (0, 0, 1), 30)[0]
    x, y = width / 2, height / 2
    return patch(np.array([[(-x, -y, 0.0), (x, -y, 0.0)], [(-x, y, 0.0), (x, y, 0.0)]]))


def disc(radius: float, segments: int = 48) -> Mesh:
    """A round decal that looks up."""
    return lathe([(radius, 0.0), (0.0, 0.0)], segments).with_flat_uv((1, 0, 0), (0, 1, 0))


def wrap(radius: float, low: float, high: float, degrees: float = 140.0, steps: int = 32) -> Mesh:
    """A label on the front of a cylinder."""
    turn = np.radians(np.linspace(-90 - degrees / 2, -90 + degrees / 2, steps + 1))
    row = np.stack([radius * np.cos(turn), radius * np.sin(turn), np.zeros_like(turn)], axis=1)
    return patch(np.stack([row + np.array([0, 0, z]) for z in (low, high)]))


def keycap(width: float, depth: float, height: float, taper: float = 0.75) -> Mesh:
    """A key: wide at its foot, `taper` of that on top, its rim rounded; base on z = 0."""
    lost = min(width, depth) * (1 - taper)
    rings = [(0.0, 0.0), (lost * 0.8, height * 0.82), (lost * 1.05, height * 0.96), (lost * 1.5, height)]
    sections = []
    for inset, z in rings:
        outline = rounded_rectangle(width - inset, depth - inset, 0.18 * min(width, depth), 2)
        sections.append(np.column_stack([outline, np.full(len(outline), z)]))
    return loft(sections)


def leaf(
    length: float,
    width: float,
    *,
    rise_deg: float = 60.0,
    droop_deg: float = 70.0,
    fold: float = 0.25,
    power: float = 1.0,
    rows: int = 14,
) -> Mesh:
    """A leaf that grows from the origin towards +x, first `rise_deg` up, then bending down by `droop_deg`; u across, v along.

    Args:
        fold: how deep it is folded along its rib, part of its width.
        power: below 1: broad at its foot; above: broad near its tip.
    """
    t = np.linspace(0, 1, rows)
    angle = np.radians(rise_deg - droop_deg * t)
    step = length / (rows - 1)
    x = np.concatenate([[0], np.cumsum(np.cos(angle[:-1]) * step)])
    z = np.concatenate([[0], np.cumsum(np.sin(angle[:-1]) * step)])
    half = width / 2 * np.sin(np.pi * np.clip(t, 0.015, 0.992) ** power) ** 0.75
    across = np.linspace(-1, 1, 7)
    lift = fold * np.abs(across) ** 1.3
    grid = np.stack(
        [
            x[:, None] - np.sin(angle)[:, None] * half[:, None] * lift,
            -half[:, None] * across,
            z[:, None] + np.cos(angle)[:, None] * half[:, None] * lift,
        ],
        axis=-1,
    )
    return thicken(patch(grid), 0.0005)


def smooth_profile(points: Sequence[Sequence[float]], count: int = 40) -> Points:
    """A lathe's profile through points, never left of the axis."""
    line = spline(points, count)
    line[:, 0] = np.maximum(line[:, 0], 0)
    return line


def outline_of(points: Points) -> tuple[tuple[float, float], ...]:
    """An outline (n×2) as receptacles hold it."""
    return tuple((float(x), float(y)) for x, y in points)
