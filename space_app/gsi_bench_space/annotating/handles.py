"""Handles of a box in the image: where they are, and the box after one was dragged. Pure."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from numpy.typing import NDArray

from gsi_bench_dataset.layout.pixel_frame import BOX_EDGES, box_corners, project
from gsi_bench_metric.geometry.poses import base_centre
from gsi_bench_metric.photos.standing import Block, Ground, Matrix, Placed, on_ground

__all__ = ["HANDLES", "dragged", "edges_of", "handles_of"]

Array = NDArray[np.float64]

# Each: what it changes. All but the top lie on what the object stands on.
HANDLES = ("base", "right", "front", "turn", "top")
_LEAST_M = 0.005  # a box is no thinner than this
_TURN_SHARE = 0.45  # of the longer side of the base: how far before the front the handle of the turn lies


def edges_of(placed: Placed) -> list[list[float]]:
    """The twelve edges as x1, y1, x2, y2, pixels; empty where a corner is not in front of the camera."""
    corners = project(box_corners(placed.box, placed.rotation), placed.K)
    if not np.isfinite(corners).all():
        return []
    return [[*corners[a].tolist(), *corners[b].tolist()] for a, b in BOX_EDGES]


def handles_of(placed: Placed) -> dict[str, tuple[float, float]]:
    """Pixel (x, y) of each handle that is in front of the camera."""
    rotation = np.array(placed.rotation)
    width, height, depth = placed.box[3:6]
    base = base_centre(np.array(placed.box), rotation, np.array(placed.ground.up))
    right, up, front = rotation[:, 0], -rotation[:, 1], -rotation[:, 2]
    points = {
        "base": base,
        "right": base + right * width / 2,
        "front": base + front * depth / 2,
        "turn": base + front * (depth / 2 + _TURN_SHARE * max(width, depth)),
        "top": base + up * height,
    }
    found = {name: project(point, placed.K) for name, point in points.items()}
    return {name: (float(p[0]), float(p[1])) for name, p in found.items() if np.isfinite(p).all()}


def dragged(block: Block, ground: Ground, K: Matrix, handle: str, point: tuple[float, float]) -> Block:
    """The block after one of its `HANDLES` was dragged to a pixel (x, y). Of width and depth the other side stays.

    Args:
        block: on the ground.
        ground: that it stands on.
        K: of the image.

    Raises:
        OwnError: the pixel lies on the horizon or above, where a handle that stays on the ground cannot go.
        ValueError: no such handle.
    """
    if handle not in HANDLES:
        raise ValueError(f"handle: expected one of {', '.join(HANDLES)}, found {handle!r}")
    right, away, up = ground.axes
    base = block.right * right + block.away * away - ground.height_m * up
    if handle == "top":
        return dataclasses.replace(block, height=max(_LEAST_M, _height(base, up, K, point)))
    spot = on_ground(point, K, ground)
    if handle == "base":
        return dataclasses.replace(block, right=float(spot @ right), away=float(spot @ away))
    turn = math.radians(block.turn_deg)
    own_right = math.cos(turn) * right + math.sin(turn) * away
    own_front = math.sin(turn) * right - math.cos(turn) * away
    if handle == "turn":
        x, y = float((spot - base) @ right), float((spot - base) @ away)
        return block if math.hypot(x, y) < _LEAST_M else dataclasses.replace(block, turn_deg=math.degrees(math.atan2(x, -y)))
    name, way = ("width", own_right) if handle == "right" else ("depth", own_front)
    old = getattr(block, name)
    new = max(_LEAST_M, float((spot - base) @ way) + old / 2)
    base = base + way * (new - old) / 2
    return dataclasses.replace(block, right=float(base @ right), away=float(base @ away), **{name: new})


def _height(base: Array, up: Array, K: Matrix, point: tuple[float, float]) -> float:
    """Where the ray of a pixel meets the upright plane through the base that faces the camera: how far above it, metres."""
    ray = np.linalg.solve(np.array(K), np.array([*point, 1.0]))
    facing = base - (base @ up) * up
    along = float(ray @ facing)
    return 0.0 if along <= 0 else float((ray * (float(base @ facing) / along) - base) @ up)
