"""Which thing stands on which, found from boxes alone: for scenes that come without it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from gsi_bench_builders.scene import Thing

__all__ = ["CONTACT_M", "CONTAINERS", "find_supports", "is_container", "outline", "overlap_share"]

Points = NDArray[np.float64]

CONTACT_M = 0.01  # how far a base may be off the surface that carries it
_LEAST_SHARE = 0.05  # of the carried thing's outline that must lie over the carrier's: less is brushing past
_SAME_M = 0.005  # carriers this near in height are told apart by what lies over them

# Last words of nouns for what things are put into: their boxes reach above the surface that carries.
CONTAINERS = {
    "ashtray", "basin", "basket", "bin", "bowl", "box", "bucket", "caddy", "carton", "case", "casserole", "container",
    "cooker", "crate", "cup", "dish", "drawer", "flowerpot", "glass", "goblet", "holder", "jar", "jug", "mug",
    "organizer", "pan", "pitcher", "plate", "platter", "pot", "rack", "saucer", "saucepan", "shelf", "sink", "skillet",
    "stand", "tin", "tray", "tub", "tumbler", "vase", "wok",
}  # fmt: skip


def is_container(thing: Thing) -> bool:
    """Whether things are put into it rather than on its top: by its receptacle, else by its noun."""
    if thing.info.receptacle is not None:
        return True
    return thing.info.category.split(" ")[-1] in CONTAINERS


def find_supports(
    things: Sequence[Thing],
    surface_z: float | None = None,
    container: Callable[[Thing], bool] = is_container,
) -> tuple[Thing, ...]:
    """The things with `on` set, in the same order; whatever `on` they had is forgotten.

    A thing stands on another when its base is within 1 cm of the other's top, and above the other's middle, and 5 % of its
    outline lies over the other's; it stands in a container when its base is between the container's base and top, its middle
    lies over the container, and its outline is the smaller one. Among several, the one whose base is highest carries it (a
    cup on a saucer on a tray stands on the saucer), then the one with the nearer surface, then the one with more of it.

    Args:
        surface_z: height of the surface under everything, metres. If given, a thing that is more than 1 cm above it and that
            neither stands on nor in another is taken to be in whatever box its base is in (a shelf, a chair): something
            must carry it. Those that still hang in the air keep `on` None, as do those on the surface.
        container: which things others are put into.
    """
    bodies = [_Body(thing) for thing in things]
    # Carriers come strictly before what they carry in this order, so that there are no circles.
    order = sorted(range(len(bodies)), key=lambda i: (round(bodies[i].base, 3), -bodies[i].area, i))
    found: list[Thing] = list(things)
    for place, number in enumerate(order):
        body, below = bodies[number], [bodies[i] for i in order[:place]]
        ranked = [(rank, other) for other in below if (rank := _carries(other, body, container(other.thing))) is not None]
        if not ranked and surface_z is not None and body.base > surface_z + CONTACT_M:
            ranked = [(rank, other) for other in below if (rank := _carries(other, body, True)) is not None]
        carrier = max(ranked, key=lambda pair: pair[0])[1].thing.id if ranked else None
        found[number] = dataclasses.replace(things[number], on=carrier)
    return tuple(found)


class _Body:
    """A thing and what is asked of it again and again."""

    def __init__(self, thing: Thing):
        self.thing = thing
        corners = thing.corners()
        self.base, self.top = float(corners[:, 2].min()), float(corners[:, 2].max())
        self.outline = outline(thing)
        self.area = _area(self.outline)


def _carries(carrier: _Body, body: _Body, container: bool) -> tuple[float, float, float] | None:
    """How well one carries another, the greater the better; None: not at all."""
    gap = body.base - carrier.top
    on_top = abs(gap) <= CONTACT_M and body.base > (carrier.base + carrier.top) / 2
    within = container and carrier.base - 1e-3 <= body.base < carrier.top and body.area < carrier.area
    if not on_top and not within:
        return None
    share = _share(body.outline, carrier.outline)
    middle = np.asarray(body.thing.position[:2])
    if share < _LEAST_SHARE or (not on_top and not _inside(middle, carrier.outline)):
        return None
    return round(carrier.base / _SAME_M) * _SAME_M, -round(abs(gap) / _SAME_M) * _SAME_M if on_top else 0.0, share


def outline(thing: Thing) -> Points:
    """A thing's box seen from above: its convex outline, counter-clockwise, n×2."""
    return _hull(thing.corners()[:, :2])


def overlap_share(first: Points, second: Points) -> float:
    """The part of the first convex outline (n×2, counter-clockwise) that lies over the second, 0–1."""
    return _share(first, second)


def _share(first: Points, second: Points) -> float:
    area = _area(first)
    return _area(_clipped(first, second)) / area if area > 0 else 0.0


def _hull(points: Points) -> Points:
    """Andrew's monotone chain."""
    ordered = sorted({(round(float(x), 9), round(float(y), 9)) for x, y in points})
    halves = []
    for sweep in (ordered, ordered[::-1]):
        chain: list[tuple[float, float]] = []
        for point in sweep:
            while len(chain) > 1 and _turn(chain[-2], chain[-1], point) <= 0:
                chain.pop()
            chain.append(point)
        halves.append(chain[:-1])
    return np.array(halves[0] + halves[1])


def _turn(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _area(polygon: Points) -> float:
    if len(polygon) < 3:
        return 0.0
    x, y = polygon.T
    return 0.5 * float(x @ np.roll(y, -1) - y @ np.roll(x, -1))


def _inside(point: Points, polygon: Points) -> bool:
    side, offset = np.roll(polygon, -1, axis=0) - polygon, point - polygon
    return bool((side[:, 0] * offset[:, 1] - side[:, 1] * offset[:, 0] >= 0).all())


def _clipped(polygon: Points, window: Points) -> Points:
    """The part of a convex polygon in another, both counter-clockwise (Sutherland and Hodgman)."""
    kept = [np.asarray(p) for p in polygon]
    for start, end in zip(window, np.roll(window, -1, axis=0), strict=True):
        side = end - start
        before, kept = kept, []
        heights = [float(side[0] * (p[1] - start[1]) - side[1] * (p[0] - start[0])) for p in before]
        for number, (point, height) in enumerate(zip(before, heights, strict=True)):
            previous, previous_height = before[number - 1], heights[number - 1]
            if (height > 0) != (previous_height > 0):
                part = previous_height / (previous_height - height)
                kept.append(previous + part * (point - previous))
            if height > 0:
                kept.append(point)
    return np.array(kept) if len(kept) > 2 else np.empty((0, 2))
