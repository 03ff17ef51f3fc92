"""What shape an object has of which only the box is known: a box, a round column or a ball, whichever has its outline.

A turn moves what is painted on an object by its shape. On a mug that is taken for its box, the print would move as on a flat
side.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from gsi_bench_dataset.records import SceneObject

__all__ = ["SHAPES", "Fit", "depth_of", "fits", "slabs"]

Array = NDArray[np.float64]
Depth = NDArray[np.float32]
Span = tuple[Array, Array]  # where rays enter a solid and where they leave it, in depths; enter > leave: they miss it


def slabs(start: Array, way: Array, half: Array | float) -> Span:
    """Of a box about the origin with half sides `half`, for rays start + t way (..., 3) (Kay and Kajiya 1986)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = (-half - start) / way, (half - start) / way
    return np.minimum(low, high).max(-1), np.maximum(low, high).min(-1)


def _box(start: Array, way: Array, _upright: int) -> Span:
    return slabs(start, way, 1.0)


def _ball(start: Array, way: Array, _upright: int) -> Span:
    return _quadric(start, way, np.ones(3))


def _column(start: Array, way: Array, upright: int) -> Span:
    round_ = _quadric(start, way, 1.0 - np.eye(3)[upright])
    slab = slabs(start[..., [upright]], way[..., [upright]], 1.0)
    return np.maximum(round_[0], slab[0]), np.minimum(round_[1], slab[1])


def _quadric(start: Array, way: Array, weight: Array) -> Span:
    """Of the points with sum(weight * x²) ≤ 1."""
    a, b, c = (way**2) @ weight, (way * start) @ weight, (start**2) @ weight - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        root = np.sqrt(b**2 - a * c)
        enter, leave = (-b - root) / a, (-b + root) / a
    missed = ~np.isfinite(root) | ~np.isfinite(enter)
    return np.where(missed, np.inf, enter), np.where(missed, -np.inf, leave)


SHAPES: dict[str, Callable[[Array, Array, int], Span]] = {"box": _box, "column": _column, "ball": _ball}


@dataclasses.dataclass(frozen=True)
class Fit:
    """A shape in an object's box.

    Attributes:
        name: of the shape.
        overlap: of its outline and the pixels that show the object, intersection over union.
        depth: (H, W) metres to its surface, inf beside it.
    """

    name: str
    overlap: float
    depth: Depth


def fits(thing: SceneObject, up: Array, rays: Array, shown: NDArray[np.bool_], nearest: float) -> list[Fit]:
    """Every shape in an object's box, the one with the object's outline first.

    Args:
        thing: the object.
        up: (3,) unit vector against gravity, camera frame.
        rays: (H, W, 3), points at depth 1.
        shown: (H, W), the pixels that show it.
        nearest: metres; nothing nearer is seen.
    """
    found = []
    for name in SHAPES:
        depth = depth_of(name, thing, up, rays, nearest)
        seen = np.isfinite(depth)
        union = int((seen | shown).sum())
        found.append(Fit(name, float((seen & shown).sum() / union) if union else 0.0, depth))
    return sorted(found, key=lambda fit: -fit.overlap)


def depth_of(name: str, thing: SceneObject, up: Array, rays: Array, nearest: float) -> Depth:
    """Depth (H, W) in metres of a shape that fills an object's box, inf beside it; see `fits`."""
    axes, box = np.array(thing.rotation_matrix), np.array(thing.bbox_3d)
    half = box[3:6] / 2
    way, start = rays @ axes / half, np.broadcast_to(-box[:3] @ axes / half, rays.shape)
    enter, leave = SHAPES[name](start, way, int(np.abs(axes.T @ up).argmax()))
    return np.where((enter <= leave) & (enter > nearest), enter, np.inf).astype(np.float32)
