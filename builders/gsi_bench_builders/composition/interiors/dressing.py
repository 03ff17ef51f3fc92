"""Small objects where people leave them: on tops, seats and shelves, and in what holds things."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from gsi_bench_builders.assets.looks import Looks
from gsi_bench_builders.composition.interiors.floor import meets_hung
from gsi_bench_builders.footprints import footprint
from gsi_bench_builders.polygons import depth_inside, gap
from gsi_bench_builders.scene import AssetInfo, Thing

__all__ = ["ON", "dress"]

# What stands on what: how many, and kinds in the order in which they come to mind.
ON: Mapping[str, tuple[tuple[int, int], str]] = {
    "coffee table": ((3, 5), "remote control|mug|book|candle|vase|bowl|plant|tray|glass|cup|notebook|toy car|teapot"),
    "side table": ((1, 2), "table lamp|mug|book|vase|clock|plant|glass|candle"),
    "tv stand": ((1, 3), "speaker|plant|picture frame|remote control|candle|vase|clock|toy car"),
    "dining table": ((3, 6), "bowl|vase|plate|mug|pitcher|teapot|bread|basket|candle|bottle|glass|cup|cake"),
    "desk": ((3, 5), "laptop|mug|desk lamp|book|pencil cup|notebook|clock|plant|phone|can|picture frame|water bottle"),
    "nightstand": ((1, 3), "table lamp|clock|book|glass|mug|phone|picture frame|candle"),
    "sideboard": ((2, 5), "vase|table lamp|picture frame|plant|candle|basket|bowl|speaker|clock|pitcher|storage box"),
    "dresser": ((2, 4), "jewelry box|picture frame|perfume bottle|table lamp|vase|candle|plant|clock|storage box"),
    "console table": ((2, 4), "table lamp|vase|tray|picture frame|bowl|plant|candle|book"),
    "bookshelf": ((1, 3), "plant|vase|clock|picture frame|storage box|candle|speaker"),
    "sofa": ((1, 3), "cushion|cushion|blanket|book"),
    "armchair": ((0, 1), "cushion|blanket|book"),
    "bed": ((0, 2), "blanket|book|laptop|tray|towel"),
    "bench": ((0, 2), "blanket|storage box|cushion|book"),
    "stool": ((0, 1), "plant|book|mug"),
    "storage basket": ((0, 1), "toy car|book"),
    "bowl": ((0, 2), "apple|orange|lemon|pear"),
    "plate": ((0, 1), "croissant|muffin|apple|donut|sandwich"),
    "tray": ((1, 2), "mug|candle|glass|cup|teapot"),
    "basket": ((0, 2), "apple|orange|bread|banana"),
    "book": ((0, 1), "phone|remote control"),
    "vanity": ((2, 4), "soap dispenser|toothbrush cup|perfume bottle|candle|toothpaste|plant|towel|lotion bottle|soap dish"),
    "toilet": ((0, 1), "toilet paper|candle|plant|spray bottle"),
    "bathroom cabinet": ((2, 4), "towel|plant|candle|lotion bottle|spray bottle|perfume bottle|storage box|toilet paper"),
    "shelving unit": ((2, 3), "towel|plant|candle|storage box|lotion bottle|toilet paper|perfume bottle"),
    "bathtub": ((0, 0), ""),
    "laundry basket": ((0, 1), "towel|storage box"),
    "step stool": ((0, 1), "towel|candle|plant|lotion bottle"),
}
# Of these there may be two in a room; two of another kind would have no names of their own.
_TWICE = frozenset(("cushion", "mug", "book", "candle", "plant", "towel", "vase", "picture frame", "glass", "storage box"))
_FACING = frozenset(
    ("laptop", "clock", "picture frame", "speaker", "television", "table lamp", "desk lamp", "cushion", "storage box",
     "soap dispenser", "jewelry box", "teapot", "toothpaste")
)  # fmt: skip
_BEHIND = frozenset(
    ("table lamp", "desk lamp", "vase", "plant", "picture frame", "speaker", "clock", "pitcher", "bottle", "cushion")
)
_TRIES = 60
APART_M = 0.02


def dress(things: Sequence[Thing], rng: np.random.Generator, looks: Looks) -> list[Thing]:
    """All that is put on things, and what is put on that, in the order of putting."""
    stage = _Stage(list(things), rng, looks)
    for carrier in list(things):
        stage.lay(carrier)
    for carrier in list(stage.added):
        stage.lay(carrier)
    return stage.added


class _Stage:
    def __init__(self, things: list[Thing], rng: np.random.Generator, looks: Looks):
        self._there, self._rng, self._looks = things, rng, looks
        self.added: list[Thing] = []
        self._count: dict[str, int] = {}
        for thing in things:
            self._count[thing.info.category] = self._count.get(thing.info.category, 0) + 1

    def lay(self, carrier: Thing) -> None:
        """Puts things on a carrier that has a place for them."""
        noun = carrier.info.category
        if noun not in ON or carrier.info.receptacle is None:
            return
        (low, high), listed = ON[noun]
        wanted = int(self._rng.integers(low, high + 1))
        names = listed.split("|") if listed else []
        weight = self._rng.random(len(names)) + 0.09 * np.arange(len(names))
        for index in np.argsort(weight):
            if wanted <= 0:
                return
            name = names[index]
            if self._count.get(name, 0) >= (2 if name in _TWICE else 1):
                continue
            info = self._looks.draw(name, self._rng)
            if self._twin_of(info) or not self._put(info, carrier):
                continue
            wanted -= 1

    def _twin_of(self, info: AssetInfo) -> bool:
        """Two of a kind differ in colour."""
        alike = [t.info for t in (*self._there, *self.added) if t.info.category == info.category]
        return any(i.colour == info.colour for i in alike)

    def _put(self, info: AssetInfo, carrier: Thing) -> bool:
        outline = carrier.receptacle_outline()
        flat, z = outline[:, :2], float(outline[0, 2])
        beside = [footprint(t) for t in (*self._there, *self.added) if t.on == carrier.id]
        back = np.array(carrier.rotation)[:2, 1]
        best: tuple[float, Thing] | None = None
        name = f"{info.category.replace(' ', '_')}_{self._count.get(info.category, 0) + 1}"
        for _ in range(_TRIES):
            x, y = self._rng.uniform(flat.min(axis=0), flat.max(axis=0))
            thing = Thing(name, info, (float(x), float(y), z + info.size[2] / 2), on=carrier.id)
            thing = thing.turned(math.radians(self._turn(info, carrier)))
            base = footprint(thing)
            if depth_inside(base, flat).min() < 0.002:
                continue
            nearest = min((gap(base, other) for other in beside), default=0.3)
            if nearest < APART_M or meets_hung(thing, self._there):
                continue
            # What is tall stands at the back, what is used at the front.
            away = float(back @ (np.array([x, y]) - flat.mean(axis=0)))
            cost = (
                -min(nearest, 0.15) * 4
                + (-away if info.category in _BEHIND else 0.4 * away) * 3
                + float(self._rng.random()) * 0.5
            )
            if best is None or cost < best[0]:
                best = (cost, thing)
        if best is None:
            return False
        self.added.append(best[1])
        self._count[info.category] = self._count.get(info.category, 0) + 1
        return True

    def _turn(self, info: AssetInfo, carrier: Thing) -> float:
        heading = math.degrees(math.atan2(carrier.rotation[1][0], carrier.rotation[0][0]))
        if info.symmetry == "continuous":
            return float(self._rng.uniform(-180, 180))
        if info.category in _FACING:
            return heading + float(self._rng.normal(0, 6))
        return heading + float(self._rng.normal(0, 25))
