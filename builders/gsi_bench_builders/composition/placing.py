"""Oriented boxes on a level surface: how far apart they are and how much of each a camera sees behind the others."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from gsi_bench_builders.scene import Camera, Support, Thing

__all__ = ["edge_margin", "footprint", "gap", "picture_box", "silhouette", "visible_shares"]

Floats = NDArray[np.float64]
_CELLS = 96  # side of the raster in which things hide each other


def footprint(thing: Thing) -> Floats:
    """Corners of an upright thing's box seen from above, counter-clockwise, 4×2."""
    corners = np.array([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)]) * thing.size[:2]
    return np.asarray(corners @ np.array(thing.rotation)[:2, :2].T + thing.position[:2])


def gap(first: Floats, second: Floats) -> float:
    """The widest separation of two convex outlines (n×2) along a side's normal, metres; < 0 where they overlap.

    The outlines are at least this far apart.
    """
    widest = -math.inf
    for outline in (first, second):
        side = np.roll(outline, -1, axis=0) - outline
        normals = np.stack([side[:, 1], -side[:, 0]], axis=1) / np.linalg.norm(side, axis=1, keepdims=True)
        a, b = first @ normals.T, second @ normals.T
        widest = max(widest, float(np.maximum(a.min(axis=0) - b.max(axis=0), b.min(axis=0) - a.max(axis=0)).max()))
    return widest


def edge_margin(outline: Floats, support: Support) -> float:
    """How far an outline stays inside the support's rectangle, metres; < 0 where it reaches beyond."""
    low, high = outline.min(axis=0), outline.max(axis=0)
    return float(min(low[0] - support.x[0], support.x[1] - high[0], low[1] - support.y[0], support.y[1] - high[1]))


def picture_box(camera: Camera, thing: Thing) -> Floats:
    """Lowest and highest column and row of a thing's box in the picture, pixels, 2×2; NaN if it is partly behind."""
    pixels = camera.project(thing.corners())
    return np.stack([pixels.min(axis=0), pixels.max(axis=0)])


def silhouette(camera: Camera, thing: Thing) -> NDArray[np.bool_]:
    """Which cells of a coarse raster over the picture a thing's box covers."""
    scale = _CELLS / np.array([camera.width, camera.height])
    outline = _hull(camera.project(thing.corners()) * scale)
    image = Image.new("1", (_CELLS, _CELLS))
    ImageDraw.Draw(image).polygon([tuple(p) for p in outline.tolist()], fill=1)
    return np.asarray(image, dtype=bool)


def visible_shares(camera: Camera, things: Sequence[Thing]) -> list[float]:
    """For each thing the part of its box's picture that no nearer box covers, 0–1. What stands on a thing hides none of it."""
    _, forward = camera.flat_axes()
    depths = [float(forward @ t.position) for t in things]
    masks = [silhouette(camera, t) for t in things]
    shares = []
    for i, thing in enumerate(things):
        free = masks[i].copy()
        for j, other in enumerate(things):
            if i != j and thing.id != other.on and other.id != thing.on and depths[j] < depths[i]:
                free &= ~masks[j]
        shares.append(float(free.sum() / max(masks[i].sum(), 1)))
    return shares


def _hull(points: Floats) -> Floats:
    """Convex hull of a few points (Andrew's chains), counter-clockwise."""
    order = sorted(map(tuple, points.tolist()))

    def chain(line: list[tuple[float, ...]]) -> list[tuple[float, ...]]:
        out: list[tuple[float, ...]] = []
        for p in line:
            while len(out) > 1 and _turn(out[-2], out[-1], p) <= 0:
                out.pop()
            out.append(p)
        return out[:-1]

    return np.array(chain(order) + chain(order[::-1]))


def _turn(a: tuple[float, ...], b: tuple[float, ...], c: tuple[float, ...]) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
