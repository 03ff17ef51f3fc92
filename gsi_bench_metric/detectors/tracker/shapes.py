"""What shape an object has of which only the box is known: a solid that fills the box and has the object's outline.

A turn moves what is painted on an object by its shape. On a mug that is taken for its box, the print would move as on a flat
side. And a turn shows in the outline only where the shape says what stands out on one side.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from gsi_bench_dataset.records import SceneObject
from gsi_bench_metric.detectors.tracker.config import TrackerConfig
from gsi_bench_metric.detectors.tracker.turn_config import ShapeConfig

__all__ = ["BOX", "Fit", "Solid", "box_of", "depth_of", "fits", "slabs", "solids"]

Array = NDArray[np.float64]
Depth = NDArray[np.float32]
Span = tuple[Array, Array]  # where rays enter a solid and where they leave it, in depths; enter > leave: they miss it
BOX = "box"  # the name of the solid that is the whole box

Spans = Callable[[Array, Array], Span]  # of rays start + t way (..., 3), in the box's own axes, metres from its centre


@dataclasses.dataclass(frozen=True)
class Solid:
    """A shape in an object's box.

    Attributes:
        name: what it is, and to which side.
        spans: where rays meet it.
        pivot: (3,) in the box's axes, metres from its centre: the middle of its body.
    """

    name: str
    spans: Spans
    pivot: Array


@dataclasses.dataclass(frozen=True)
class Fit:
    """A solid for an object.

    Attributes:
        solid: it.
        overlap: of its outline and the pixels that show the object, intersection over union.
        depth: (H, W) metres to its surface, inf beside it.
    """

    solid: Solid
    overlap: float
    depth: Depth


def fits(thing: SceneObject, up: Array, rays: Array, shown: NDArray[np.bool_], config: TrackerConfig) -> list[Fit]:
    """Every solid in an object's box, the one with the object's outline first.

    Args:
        thing: the object.
        up: (3,) unit vector against gravity, camera frame.
        rays: (H, W, 3), points at depth 1.
        shown: (H, W), the pixels that show it.
        config: the numbers.
    """
    found = []
    for solid in solids(thing, up, config.shapes):
        depth = depth_of(solid, thing, rays, config.surface.nearest_m)
        seen = np.isfinite(depth)
        union = int((seen | shown).sum())
        found.append(Fit(solid, float((seen & shown).sum() / union) if union else 0.0, depth))
    return sorted(found, key=lambda fit: -fit.overlap)


def depth_of(solid: Solid, thing: SceneObject, rays: Array, nearest: float) -> Depth:
    """Depth (...) in metres at which rays (..., 3) meet a solid in an object's box, inf beside it and nearer than `nearest`."""
    axes, centre = np.array(thing.rotation_matrix), np.array(thing.bbox_3d[:3])
    enter, leave = solid.spans(np.broadcast_to(-centre @ axes, rays.shape), rays @ axes)
    return np.where((enter <= leave) & (enter > nearest), enter, np.inf).astype(np.float32)


def solids(thing: SceneObject, up: Array, config: ShapeConfig) -> Iterator[Solid]:
    """Box, round column and ball; a column with something on one side (mugs, jugs); a lying and a standing slab (laptops)."""
    half, own = np.array(thing.bbox_3d[3:6]) / 2, np.array(thing.rotation_matrix).T @ up
    upright = int(np.abs(own).argmax())
    level = [axis for axis in range(3) if axis != upright]
    middle = np.zeros(3)
    yield box_of(thing)
    yield Solid("column", _column(middle, half, upright), middle)
    yield Solid("ball", lambda start, way: _quadric(start / half, way / half, np.ones(3)), middle)
    for long, short in (level, level[::-1]):
        if half[long] > config.oblong * half[short]:
            for side in (1, -1):
                yield _handled(half, (long, short, upright), side, config)
    for axis in level:
        for side in (1, -1):
            yield _open(half, axis, side, (upright, 1 if own[upright] > 0 else -1), config)


def box_of(thing: SceneObject) -> Solid:
    """The whole box."""
    half = np.array(thing.bbox_3d[3:6]) / 2
    return Solid(BOX, _box(-half, half), np.zeros(3))


def slabs(start: Array, way: Array, half: Array | float) -> Span:
    """Of a box about the origin with half sides `half`, for rays start + t way (..., 3) (Kay and Kajiya 1986)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = (-half - start) / way, (half - start) / way
    return np.minimum(low, high).max(-1), np.maximum(low, high).min(-1)


def _handled(half: Array, axes: tuple[int, int, int], side: int, config: ShapeConfig) -> Solid:
    """A column as wide as the box's short side at one end of the long one, and a thin part that reaches to the other end."""
    long, short, upright = axes
    radius, pivot = half[short], np.zeros(3)
    pivot[long] = -side * (half[long] - radius)
    body = half.copy()
    body[long] = radius
    low, high = -half, half.copy()
    inner = half[long] - 2 * (half[long] - radius) - config.rooted * radius
    if side > 0:
        low[long] = inner
    else:
        high[long] = -inner
    low[short], high[short] = -config.thin * radius, config.thin * radius
    low[upright], high[upright] = -config.tall * half[upright], config.tall * half[upright]
    name = f"column with a part on side {side * (long + 1)}"
    return Solid(name, _union((_column(pivot, body, upright), _box(low, high))), pivot)


def _open(half: Array, axis: int, side: int, upright: tuple[int, int], config: ShapeConfig) -> Solid:
    """A slab on the box's floor and one that stands on a side of it."""
    floor, wall = (-half, half.copy()), (-half, half.copy())
    _cut(floor, upright[0], -upright[1], (1 - 2 * config.slab) * half)
    _cut(wall, axis, side, (1 - 2 * config.slab) * half)
    return Solid(f"open to side {-side * (axis + 1)}", _union((_box(*floor), _box(*wall))), np.zeros(3))


def _cut(corners: tuple[Array, Array], axis: int, side: int, kept: Array) -> None:
    """Leaves of a box what lies beyond `kept` on one side of an axis."""
    if side > 0:
        corners[0][axis] = kept[axis]
    else:
        corners[1][axis] = -kept[axis]


def _box(low: Array, high: Array) -> Spans:
    centre, half = (low + high) / 2, (high - low) / 2
    return lambda start, way: slabs(start - centre, way, half)


def _column(centre: Array, half: Array, upright: int) -> Spans:
    def spans(start: Array, way: Array) -> Span:
        start, way = (start - centre) / half, way / half
        round_ = _quadric(start, way, 1.0 - np.eye(3)[upright])
        slab = slabs(start[..., [upright]], way[..., [upright]], 1.0)
        return np.maximum(round_[0], slab[0]), np.minimum(round_[1], slab[1])

    return spans


def _union(parts: Sequence[Spans]) -> Spans:
    """Of what is seen from outside: where rays leave it is not known."""

    def spans(start: Array, way: Array) -> Span:
        entered = [np.where(enter <= leave, enter, np.inf) for enter, leave in (part(start, way) for part in parts)]
        enter = np.min(entered, axis=0)
        return enter, np.where(np.isfinite(enter), enter, -np.inf)

    return spans


def _quadric(start: Array, way: Array, weight: Array) -> Span:
    """Of the points with sum(weight * x²) ≤ 1."""
    a, b, c = (way**2) @ weight, (way * start) @ weight, (start**2) @ weight - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        root = np.sqrt(b**2 - a * c)
        enter, leave = (-b - root) / a, (-b + root) / a
    missed = ~np.isfinite(root) | ~np.isfinite(enter)
    return np.where(missed, np.inf, enter), np.where(missed, -np.inf, leave)
