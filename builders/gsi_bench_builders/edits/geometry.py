"""Boxes: how far apart they are in the world (metres), and where they show in an image (pixels)."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gsi_bench_builders.scene import Camera, Thing

__all__ = [
    "Boxes",
    "box_distance",
    "boxes_apart",
    "in_image",
    "may_be_seen",
    "pixel_grid",
    "rect_iou",
    "screen_rect",
]

Array = NDArray[np.float64]

# Axes that are crosses of nearly parallel edges say nothing.
_PARALLEL = 1e-6


@dataclasses.dataclass(frozen=True)
class Boxes:
    """N oriented boxes: centres N×3, axes N×3×3 (columns: own x, y, z in the world), half extents N×3."""

    centres: Array
    axes: Array
    halves: Array

    @classmethod
    def of(cls, things: Sequence[Thing]) -> Boxes:
        """The boxes of objects, in their order."""
        return cls(
            np.array([t.position for t in things], dtype=np.float64).reshape(-1, 3),
            np.array([t.rotation for t in things], dtype=np.float64).reshape(-1, 3, 3),
            np.array([t.size for t in things], dtype=np.float64).reshape(-1, 3) / 2,
        )


def boxes_apart(one: Thing, others: Boxes, clearance: float = 0.0) -> NDArray[np.bool_]:
    """Which of N boxes stay further than `clearance` from one box (N,), by the separating axis theorem.

    Two boxes diagonal to each other may count as nearer than they are: only faces and crossed edges are tried as axes.
    """
    mine = Boxes.of([one])
    count = len(others.centres)
    own = np.broadcast_to(mine.axes[0].T, (count, 3, 3))
    theirs = np.swapaxes(others.axes, 1, 2)
    crossed = np.cross(own[:, :, None], theirs[:, None, :]).reshape(count, 9, 3)
    axes = np.concatenate([own, theirs, crossed], axis=1)  # N×15×3
    lengths = np.linalg.norm(axes, axis=2)
    axes = axes / np.where(lengths > _PARALLEL, lengths, 1)[..., None]
    between = np.abs(np.einsum("nij,nj->ni", axes, others.centres - mine.centres))
    reach = np.abs(axes @ mine.axes[0]) @ mine.halves[0]
    reach = reach + np.einsum("nij,nj->ni", np.abs(axes @ others.axes), others.halves)
    gaps = np.where(lengths > _PARALLEL, between - reach, -np.inf)
    return np.asarray(gaps.max(axis=1) > clearance)


def box_distance(point: Sequence[float], others: Boxes) -> Array:
    """Distance of a point from each of N solid boxes (N,); 0 inside."""
    local = np.einsum("nij,ni->nj", others.axes, np.asarray(point, dtype=np.float64) - others.centres)
    return np.asarray(np.linalg.norm(np.maximum(np.abs(local) - others.halves, 0), axis=1))


def screen_rect(camera: Camera, thing: Thing) -> tuple[float, float, float, float] | None:
    """Upright rectangle around a box's image (left, top, right, bottom), pixels; None where it reaches behind the camera."""
    pixels = camera.project(thing.corners())
    if np.isnan(pixels).any():
        return None
    (left, top), (right, bottom) = pixels.min(axis=0), pixels.max(axis=0)
    return float(left), float(top), float(right), float(bottom)


def pixel_grid(rects: Sequence[Sequence[float]], most: int) -> Array:
    """Places (n×2, pixels) that lie evenly in the upright rectangle around others, `most` of them or a few less."""
    low = np.min([rect[:2] for rect in rects], axis=0)
    high = np.max([rect[2:] for rect in rects], axis=0)
    step = float(np.sqrt(np.prod(high - low) / most))
    columns, rows = (np.arange(a + step / 2, b, step) for a, b in zip(low, high, strict=True))
    return np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2)


def rect_iou(a: Sequence[float], b: Sequence[float]) -> float:
    """Intersection over union of two upright rectangles."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    common = width * height
    return common / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - common)


def in_image(camera: Camera, points: NDArray[np.float64]) -> bool:
    """Whether world points (n×3) all lie in the image."""
    pixels = camera.project(points)
    size = (camera.width, camera.height)
    return bool(np.isfinite(pixels).all() and (pixels >= 0).all() and (pixels <= size).all())


def may_be_seen(camera: Camera, thing: Thing) -> bool:
    """Whether any of an object's box may lie in the image; what stands before it is not looked at."""
    depth = camera.depth(thing.corners())
    if depth.max() <= 0:
        return False
    if depth.min() <= 0:
        return True  # partly behind the camera: where its image ends is not known
    pixels = camera.project(thing.corners())
    size = (camera.width, camera.height)
    return bool((pixels.max(axis=0) >= 0).all() and (pixels.min(axis=0) <= size).all())
