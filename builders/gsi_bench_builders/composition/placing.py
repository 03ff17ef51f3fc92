"""Boxes on a level surface: how far from its edge they stand, and how much of each a camera sees behind the others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from gsi_bench_builders.polygons import hull
from gsi_bench_builders.scene import Camera, Support, Thing

__all__ = ["edge_margin", "picture_box", "silhouette", "visible_shares"]

Floats = NDArray[np.float64]
_CELLS = 96  # side of the raster in which objects hide each other


def edge_margin(outline: Floats, support: Support) -> float:
    """How far an outline stays inside the support's rectangle, metres; < 0 where it reaches beyond."""
    low, high = outline.min(axis=0), outline.max(axis=0)
    return float(min(low[0] - support.x[0], support.x[1] - high[0], low[1] - support.y[0], support.y[1] - high[1]))


def picture_box(camera: Camera, thing: Thing) -> Floats:
    """Lowest and highest column and row of an object's box in the image, pixels, 2×2; NaN if it is partly behind."""
    pixels = camera.project(thing.corners())
    return np.stack([pixels.min(axis=0), pixels.max(axis=0)])


def silhouette(camera: Camera, thing: Thing) -> NDArray[np.bool_]:
    """Which cells of a coarse raster over the image an object's box covers."""
    scale = _CELLS / np.array([camera.width, camera.height])
    outline = hull(camera.project(thing.corners()) * scale)
    image = Image.new("1", (_CELLS, _CELLS))
    ImageDraw.Draw(image).polygon([tuple(p) for p in outline.tolist()], fill=1)
    return np.asarray(image, dtype=bool)


def visible_shares(camera: Camera, things: Sequence[Thing]) -> list[float]:
    """For each object the part of its box's image that no nearer box covers, 0–1. What stands on an object hides none of it."""
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
