"""Which object stands on which, found from boxes alone: for scenes that come without it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from gsi_bench_builders.footprints import footprint
from gsi_bench_builders.polygons import area_of, hull, inside, overlap_share
from gsi_bench_builders.scene import Thing

__all__ = ["CONTACT_M", "CONTAINERS", "find_supports", "is_container", "outline"]

Points = NDArray[np.float64]

CONTACT_M = 0.01  # how far a base may be off the surface that carries it
_LEAST_SHARE = 0.05  # of the carried object's outline that must lie over the carrier's: less is brushing past
_SAME_M = 0.005  # carriers this near in height differ by what lies over them

# Last words of nouns for what objects are put into: their boxes reach above the surface that carries.
CONTAINERS = {
    "ashtray", "basin", "basket", "bin", "bowl", "box", "bucket", "caddy", "carton", "case", "casserole", "container",
    "cooker", "crate", "cup", "dish", "drawer", "flowerpot", "glass", "goblet", "holder", "jar", "jug", "mug",
    "organizer", "pan", "pitcher", "plate", "platter", "pot", "rack", "saucer", "saucepan", "shelf", "sink", "skillet",
    "stand", "tin", "tray", "tub", "tumbler", "vase", "wok",
}  # fmt: skip


def is_container(thing: Thing) -> bool:
    """Whether objects are put into it rather than on its top: by its receptacle, else by its noun."""
    if thing.info.receptacle is not None:
        return True
    return thing.info.category.split(" ")[-1] in CONTAINERS


def find_supports(
    things: Sequence[Thing],
    surface_z: float | None = None,
    container: Callable[[Thing], bool] = is_container,
    contact_m: float = CONTACT_M,
) -> tuple[Thing, ...]:
    """The objects with `on` set, in the same order; whatever `on` they had is forgotten.

    An object stands on another when its base is within 1 cm of the other's top, and above the other's middle, and 5 % of its
    outline lies over the other's; it stands in a container when its base is between the container's base and top, its middle
    lies over the container, and its outline is the smaller one. Among several, the one with the highest base carries it (a
    cup on a saucer on a tray stands on the saucer), then the one with the nearer surface, then the one with more of it.

    Args:
        surface_z: height of the surface under everything, metres. If given, an object that is more than 1 cm above it and that
            neither stands on nor in another is taken to be in whatever box its base is in (a shelf, a chair): something
            must carry it. Those that still hang in the air keep `on` None, as do those on the surface.
        container: which objects others are put into.
        contact_m: how far a base may be off the surface that carries it; more than 1 cm where boxes were marked by hand.
    """
    bodies = [_Body(thing) for thing in things]
    # Carriers come strictly before what they carry in this order, so that there are no circles.
    order = sorted(range(len(bodies)), key=lambda i: (round(bodies[i].base, 3), -bodies[i].area, i))
    found: list[Thing] = list(things)
    for place, number in enumerate(order):
        body, below = bodies[number], [bodies[i] for i in order[:place]]
        ranked = [
            (rank, other) for other in below if (rank := _carries(other, body, container(other.thing), contact_m)) is not None
        ]
        if not ranked and surface_z is not None and body.base > surface_z + contact_m:
            ranked = [(rank, other) for other in below if (rank := _carries(other, body, True, contact_m)) is not None]
        carrier = max(ranked, key=lambda pair: pair[0])[1].thing.id if ranked else None
        found[number] = dataclasses.replace(things[number], on=carrier)
    return tuple(found)


class _Body:
    """An object and what is asked of it again and again."""

    def __init__(self, thing: Thing):
        self.thing = thing
        corners = thing.corners()
        self.base, self.top = float(corners[:, 2].min()), float(corners[:, 2].max())
        self.outline = outline(thing)
        self.area = area_of(self.outline)


def _carries(carrier: _Body, body: _Body, container: bool, contact_m: float) -> tuple[float, float, float] | None:
    """How well one carries another, the greater the better; None: not at all."""
    gap = body.base - carrier.top
    on_top = abs(gap) <= contact_m and body.base > (carrier.base + carrier.top) / 2
    within = container and carrier.base - 1e-3 <= body.base < carrier.top and body.area < carrier.area
    if not on_top and not within:
        return None
    share = overlap_share(body.outline, carrier.outline)
    middle = np.asarray(body.thing.position[:2])
    if share < _LEAST_SHARE or (not on_top and not inside(middle, carrier.outline)):
        return None
    return round(carrier.base / _SAME_M) * _SAME_M, -round(abs(gap) / _SAME_M) * _SAME_M if on_top else 0.0, share


def outline(thing: Thing) -> Points:
    """Its footprint to a nanometre: layouts have whole centimetres, and what lies on an edge must be found to lie on it."""
    return hull((round(float(x), 9), round(float(y), 9)) for x, y in footprint(thing))
