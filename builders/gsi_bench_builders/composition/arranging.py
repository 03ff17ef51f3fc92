"""Puts chosen objects on a support as people do: in their places, apart, low before tall, turned to whoever sits there."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from numpy.typing import NDArray

from gsi_bench_builders.composition.choosing import Choice
from gsi_bench_builders.composition.framing import View
from gsi_bench_builders.composition.placing import Floats, edge_margin, silhouette
from gsi_bench_builders.composition.themes import FACING, SQUARED, USUAL_DEPTH
from gsi_bench_builders.footprints import footprint
from gsi_bench_builders.polygons import gap, inside
from gsi_bench_builders.scene import AssetInfo, Matrix3, Support, Thing, turn_about_z

__all__ = ["BESIDE_M", "CLEARANCE_M", "EDGE_M", "SLACK", "Area", "arrange", "turned_as_used", "used_area"]

CLEARANCE_M = 0.015
EDGE_M = 0.02
BESIDE_M = 0.006  # between objects on one carrier
SLACK = 1e-9  # of what lies in an outline: rounding
_TRIES = 90
_COMPARED = 10  # places that are looked at through the camera; more is slow and changes little
_MOST_HIDDEN = 0.35


@dataclasses.dataclass(frozen=True)
class Area:
    """The part of a support that is in use."""

    x: tuple[float, float]
    y: tuple[float, float]

    def at(self, spot: tuple[float, float]) -> tuple[float, float]:
        """The place of a spot (each -1 … 1)."""
        right, away = (min(max(s, -1.0), 1.0) / 2 for s in spot)
        (left, far_right), (near, far) = self.x, self.y
        return (left + far_right) / 2 + right * (far_right - left), (near + far) / 2 + away * (far - near)


def used_area(support: Support, chosen: list[Choice], rng: np.random.Generator) -> Area:
    """Room enough for the objects and for moving them, near the front edge."""
    total = sum(c.area for c in chosen)
    fill = float(rng.uniform(0.36, 0.5))
    free_depth = support.y[1] - support.y[0] - 2 * EDGE_M
    depth = min(free_depth, float(rng.uniform(0.38, 0.48)))
    width = min(max(total / fill / depth, 0.44), 0.66, support.x[1] - support.x[0] - 2 * EDGE_M)
    front = support.y[0] + EDGE_M + float(rng.uniform(0.02, min(0.16, max(0.021, free_depth - depth))))
    front = min(front, support.y[1] - EDGE_M - depth)
    slack = (support.x[1] - support.x[0] - width) / 2 - EDGE_M
    x = float(rng.uniform(-slack, slack)) * 0.6
    return Area((x - width / 2, x + width / 2), (front, front + depth))


def turned_as_used(info: AssetInfo, heading_deg: float, rng: np.random.Generator) -> float:
    """An angle about the vertical, degrees, at which people would leave such an object."""
    if info.symmetry == "continuous":
        return float(rng.uniform(-180, 180))
    if info.category in FACING:
        return 0.6 * heading_deg + float(rng.normal(0, 7))
    if info.category in SQUARED:
        return float(rng.normal(0, 9 if rng.random() < 0.7 else 25))
    return 0.5 * heading_deg + float(rng.normal(0, 35))


def arrange(chosen: list[Choice], area: Area, support: Support, view: View, rng: np.random.Generator) -> list[Thing] | None:
    """Objects at their places, in the order of `chosen`; None where an anchor finds no room. Others are left out then."""
    table = _Table(area, support, view)
    carriers = []
    for choice in chosen:
        thing = table.place(choice, rng)
        if thing is not None:
            carriers += [(content, thing) for content in choice.contents]
        if thing is None and choice.anchor:
            return None
    # Numbers of ids count up in the order of placing: first what stands on the support, then what is carried.
    for content, carrier in carriers:
        table.put_onto(content, carrier, rng)
    return table.things


class _Table:
    """A support under arrangement."""

    def __init__(self, area: Area, support: Support, view: View):
        self._area, self._support, self._view = area, support, view
        middle = (sum(area.x) / 2, sum(area.y) / 2, support.z + 0.04)
        # The final camera is known when all objects are; this one sees them much the same.
        self._camera = view.camera(middle, np.ptp(area.x) / 1.5 / math.tan(math.radians(view.fov_deg) / 2), 96)
        self.things: list[Thing] = []
        self._outlines: list[Floats] = []
        self._masks: list[NDArray[np.bool_]] = []

    def place(self, choice: Choice, rng: np.random.Generator) -> Thing | None:
        """The best of some places: near where it belongs, apart from the others, hiding little and hardly hidden."""
        found = sorted(self._candidates(choice, rng), key=lambda pair: pair[0])
        best: tuple[float, Thing] | None = None
        for cost, thing in found[:_COMPARED]:
            hidden = self._most_hidden(thing)
            if hidden <= _MOST_HIDDEN and (best is None or cost + 5 * hidden < best[0]):
                best = (cost + 5 * hidden, thing)
        if best is None:
            return None
        self.things.append(best[1])
        self._outlines.append(footprint(best[1]))
        self._masks.append(silhouette(self._camera, best[1]))
        return best[1]

    def put_onto(self, info: AssetInfo, carrier: Thing, rng: np.random.Generator) -> None:
        """Adds an object with its whole base on what the carrier offers, if there is such a place."""
        outline = carrier.receptacle_outline()
        middle, reach = outline.mean(axis=0), np.ptp(outline[:, :2], axis=0) / 2
        z = float(outline[0, 2]) + info.size[2] / 2
        for number in range(40):
            x, y = middle[:2] + rng.uniform(-0.7, 0.7, 2) * reach * (1 - 0.7 * number / 40)
            thing = Thing(self._name(info), info, (float(x), float(y), z), self._turn(info, rng), on=carrier.id)
            base = footprint(thing)
            beside = [footprint(t) for t in self.things if t.on == carrier.id]
            if inside(base, outline[:, :2], SLACK) and _nearest(base, beside) >= BESIDE_M:
                self.things.append(thing)
                return

    def _candidates(self, choice: Choice, rng: np.random.Generator) -> list[tuple[float, Thing]]:
        """Places that are free, with what speaks against each."""
        right, away = choice.spot or (None, _usual_depth(choice.info))
        twins = [t for t in self.things if t.info.category == choice.info.category]
        found = []
        for number in range(_TRIES):
            spread = 0.12 + 0.5 * number / _TRIES
            u = float(rng.uniform(-1, 1)) if right is None else right + float(rng.normal(0, spread))
            v = away + float(rng.normal(0, spread))
            x, y = self._area.at((u, v))
            position = (x, y, self._support.z + choice.info.size[2] / 2)
            thing = Thing(self._name(choice.info), choice.info, position, self._turn(choice.info, rng))
            outline = footprint(thing)
            if edge_margin(outline, self._support) < EDGE_M:
                continue
            nearest = _nearest(outline, self._outlines)
            if nearest < CLEARANCE_M:
                continue
            cost = abs(v - away) + (0.0 if right is None else abs(u - right)) + max(0.0, 0.05 - nearest) * 12
            # Two objects of a kind differ by their places, too.
            cost += max(0.0, 0.25 - min((math.dist((x, y), t.position[:2]) for t in twins), default=1.0)) * 8
            found.append((cost, thing))
        return found

    def _name(self, info: AssetInfo) -> str:
        number = 1 + sum(t.info.category == info.category for t in self.things)
        return f"{info.category.replace(' ', '_')}_{number}"

    def _turn(self, info: AssetInfo, rng: np.random.Generator) -> Matrix3:
        return turn_about_z(math.radians(turned_as_used(info, self._view.heading_deg, rng)))

    def _most_hidden(self, thing: Thing) -> float:
        """The largest part that the object hides of another, or that others hide of it."""
        _, forward = self._camera.flat_axes()
        own, depth = silhouette(self._camera, thing), float(forward @ thing.position)
        free, most = own.copy(), 0.0
        for other, mask in zip(self.things, self._masks, strict=True):
            if float(forward @ other.position) < depth:
                free &= ~mask
            else:
                most = max(most, float((mask & own).sum() / max(mask.sum(), 1)))
        return max(most, 1 - float(free.sum() / max(own.sum(), 1)))


def _nearest(outline: Floats, others: list[Floats]) -> float:
    """The smallest gap to others, up to 0.1 m; negative as soon as there is an overlap."""
    least = 0.1
    middle, reach = outline.sum(axis=0) / 4, math.dist(outline[2], outline[0]) / 2
    for other in others:
        # Circles around the outlines are quick to compare and mostly far apart.
        away = math.dist(middle, other.sum(axis=0) / 4) - reach - math.dist(other[2], other[0]) / 2
        if away < least:
            least = min(least, gap(outline, other))
            if least < 0:
                break
    return least


def _usual_depth(info: AssetInfo) -> float:
    """Tall objects stand further back: -1 (near) … 1 (far)."""
    if info.category in USUAL_DEPTH:
        return USUAL_DEPTH[info.category]
    return float(np.interp(info.size[2], [0.02, 0.1, 0.22, 0.4], [-0.75, -0.15, 0.6, 0.95]))
