"""How far a level surface goes: a rectangle over what is seen at its height, or a little beyond what stands on it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage  # type: ignore[import-untyped]

from gsi_bench_builders.photos.limits import LIMITS
from gsi_bench_builders.scene import Camera

__all__ = ["outline_around", "seen_around"]

Points = NDArray[np.float64]
Mask = NDArray[np.bool_]
Outline = tuple[tuple[float, float], ...]


def seen_around(base: Points, z: float, points: Points, camera: Camera, others: Sequence[Points] = ()) -> Outline | None:
    """The outline (world x, y) of what is seen to be level around an object's foot; None where nothing is.

    What the object itself, and others at its height, hide of the surface counts as seen: they stand on it.

    Args:
        base: corners of the object's footprint, n×2.
        z: height of its foot.
        points: seen ones, world, n×3.
        others: footprints of what stands at the same height.
    """
    axes = np.stack([axis[:2] for axis in camera.flat_axes()])
    middle = base.mean(axis=0)
    own = (base - middle) @ axes.T
    reach = LIMITS.surface_reach_m + float(np.abs(own).max())
    count = int(np.ceil(2 * reach / LIMITS.cell_m)) | 1
    distance = float(np.linalg.norm(np.append(middle, z) - camera.position))
    level = np.abs(points[:, 2] - z) <= LIMITS.noise(distance)
    seen = _cells((points[level, :2] - middle) @ axes.T, reach, count)
    rect = _rect(own, reach, count)
    ring = np.zeros_like(seen)
    ring[max(rect[0] - 4, 0) : rect[1] + 5, max(rect[2] - 4, 0) : rect[3] + 5] = True
    ring[rect[0] : rect[1] + 1, rect[2] : rect[3] + 1] = False
    if seen[ring].mean() < LIMITS.shown_share / 2:
        return None
    for other in [base, *others]:
        a, b, c, d = _rect((other - middle) @ axes.T, reach, count)
        seen[max(a, 0) : b + 1, max(c, 0) : d + 1] = True
    a, b, c, d = _grown(ndimage.binary_closing(seen, iterations=2), rect)
    corners = np.array([(a, c), (b + 1, c), (b + 1, d + 1), (a, d + 1)]) * LIMITS.cell_m - reach
    return _outline(corners @ axes + middle)


def outline_around(corners: Points, camera: Camera, margin_m: float) -> Outline:
    """The rectangle (world x, y) around points (n×2) along the camera's ground axes, with a margin."""
    axes = np.stack([axis[:2] for axis in camera.flat_axes()])
    own = corners @ axes.T
    (a, c), (b, d) = own.min(axis=0) - margin_m, own.max(axis=0) + margin_m
    return _outline(np.array([(a, c), (b, c), (b, d), (a, d)]) @ axes)


def _outline(corners: Points) -> Outline:
    return tuple((float(x), float(y)) for x, y in corners)


def _cells(flat: Points, reach: float, count: int) -> Mask:
    """The map of points (n×2, metres from its middle)."""
    places = np.floor((flat + reach) / LIMITS.cell_m).astype(int)
    places = places[((places >= 0) & (places < count)).all(axis=1)]
    seen = np.zeros((count, count), dtype=bool)
    seen[places[:, 0], places[:, 1]] = True
    return seen


def _rect(flat: Points, reach: float, count: int) -> tuple[int, int, int, int]:
    """First and last cell along both axes of a footprint's rectangle, as far as it is on the map."""
    low = np.floor((flat.min(axis=0) + reach) / LIMITS.cell_m).astype(int)
    high = np.floor((flat.max(axis=0) + reach) / LIMITS.cell_m).astype(int)
    (a, c), (b, d) = np.clip(low, -1, count).tolist(), np.clip(high, -1, count - 1).tolist()
    return a, b, c, d


def _grown(seen: Mask, rect: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    """The rectangle, grown by one cell on each side in turn while what it grows over is seen."""
    a, b, c, d = rect
    count = len(seen)
    growing = [True] * 4
    while any(growing):
        for side in range(4):
            if not growing[side]:
                continue
            strips = (
                (a > 0, (a - 1, slice(c, d + 1))),
                (b < count - 1, (b + 1, slice(c, d + 1))),
                (c > 0, (slice(a, b + 1), c - 1)),
                (d < count - 1, (slice(a, b + 1), d + 1)),
            )
            there, strip = strips[side]
            growing[side] = there and bool(seen[strip].mean() >= LIMITS.filled_share)
            if growing[side]:
                a, b, c, d = (a - (side == 0), b + (side == 1), c - (side == 2), d + (side == 3))
    return a, b, c, d
