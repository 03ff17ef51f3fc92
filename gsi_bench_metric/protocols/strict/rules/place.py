"""Place: the object goes on or into another one, and keeps its turn, its stand and its size."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from gsi_bench_dataset.records import Change, Fault, Reason
from gsi_bench_metric.geometry.poses import THRESHOLDS, Pose, ground_axes, inside_polygon, polygon_distance, sweep
from gsi_bench_metric.geometry.symmetry import period_of
from gsi_bench_metric.protocols.strict.rules.base import EPS, Array, Finding, Rings, Rule, finding
from gsi_bench_metric.protocols.strict.rules.conditions import amount_fault, place_empty, same_size, same_turn
from gsi_bench_metric.protocols.strict.rules.keeping import no_copies, same_shape, stands_right
from gsi_bench_metric.protocols.strict.rules.latitude import Latitude, better
from gsi_bench_metric.protocols.strict.situation import Situation
from gsi_bench_metric.protocols.strict.terms import (
    cannot_tell,
    displacement,
    footprint,
    intruder_of,
    no_goal,
    radius,
    receptacle_of,
    target_poses,
)
from gsi_bench_metric.protocols.strict.thresholds import STRICT, Thresholds

__all__ = ["RULE", "place", "scale_of"]

_IN = 1e-6  # metres: in the region, up to rounding
_ROUNDING_M = 1e-6  # of heights


def place(
    before: Pose,
    after: Pose,
    region: Array,
    *,
    up: Array,
    outline: Array | None = None,
    truth: Pose | None = None,
    goal: Pose | None = None,
    shift: Array | None = None,
    symmetry: str | None = None,
    copies: Sequence[Pose] = (),
    intruder: Fault | None = None,
    name: str = "object",
    receptacle: str = "receptacle",
    limits: Thresholds = STRICT,
) -> Finding:
    """How well an object was put on or into another one.

    It must have gone at least half of the way itself, unless it stood there already. Its base must stand over the
    receptacle's outline and within 2 cm of the region's height. Accuracy: distance from the region over the receptacle's
    radius, by tenths of a sweep.

    Args:
        before, after, truth, symmetry, copies, intruder, name: see `rules.move.move`.
        region: (n, 3) corners of where the base may stand, in the receptacle as it stood.
        up: (3,) unit vector against gravity.
        goal: as the sample stores it; None: it stores none. To stand there is right too, where it is outside of what the words
            admit. What it does beside (a turn, another size) may be done too.
        outline: (m, 3) corners of the receptacle's footprint; None: those of the region.
        shift: (3,) how far the receptacle itself went; None: not at all.
        receptacle: what to call it.
        limits: the protocol's numbers.

    >>> mug, up = Pose.of([0.0, 0.0, 2.0, 0.1, 0.1, 0.1, 0.0]), np.array([0.0, -1.0, 0.0])
    >>> region = np.array([[0.3, 0.05, 1.9], [0.5, 0.05, 1.9], [0.5, 0.05, 2.1], [0.3, 0.05, 2.1]])
    >>> place(mug, Pose.of([0.4, 0.0, 2.0, 0.1, 0.1, 0.1, 0.0]), region, up=up).sa
    1.0
    """
    start, step, latitude = (truth or before).base(up), after.base(up) - before.base(up), Latitude(truth or before, goal)
    kept = place_empty(before, copies, intruder, name, limits)
    kept += same_turn(before, after, up, period_of(symmetry), limits, latitude) + same_size(before, after, limits, latitude)
    kept += stands_right(before, after, up, truth, goal, limits) + same_shape(before, after, truth, goal, limits=limits)
    kept += no_copies(before, after, copies, up, name, limits)
    edge = region if outline is None else outline
    in_words = _Spot(region, edge, scale_of(edge @ np.column_stack(ground_axes(up)), limits), receptacle)
    spots = [in_words]
    if goal is not None and np.linalg.norm(goal.base(up) - start) > EPS and in_words.faults(goal.base(up), up, limits):
        spots.append(_around(goal.base(up), in_words, up))
    # The base as the detector saw it go, from where it truly stood, seen from the receptacle as it stood.
    base = start + step - (0.0 if shift is None else shift)
    return better(*(_stands(spot, start, step, base, kept, up, limits) for spot in spots))


@dataclasses.dataclass(frozen=True)
class _Spot:
    """Where a base may stand: a region (n, 3) that is right, and an outline (m, 3) that it must be in.

    `scale`: what errors are relative to, metres. `exempt`: whether an object that stood there already need not have gone.
    """

    region: Array
    edge: Array
    scale: float
    receptacle: str
    exempt: bool = True

    def away(self, base: Array, up: Array) -> float:
        """How far a base (3,) is from the region, along the ground."""
        axes = np.column_stack(ground_axes(up))
        return polygon_distance(base @ axes, self.region @ axes)

    def distance(self, base: Array, up: Array) -> float:
        """How far a base (3,) is from the region, along the ground and in height together."""
        return math.hypot(self.away(base, up), float((base - self.region.mean(0)) @ up))

    def faults(self, base: Array, up: Array, limits: Thresholds) -> list[Fault]:
        """What is wrong with a base that stands there."""
        axes = np.column_stack(ground_axes(up))
        point, edge = base @ axes, self.edge @ axes
        faults = []
        if not inside_polygon(point, edge):
            faults.append(Fault("beside", polygon_distance(point, edge), subject=self.receptacle))
        rise = float((base - self.region.mean(0)) @ up)
        if abs(rise) > limits.support_m + _ROUNDING_M:
            faults.append(Fault("base_too_high" if rise > 0 else "base_too_low", abs(rise), subject=self.receptacle))
        return faults


def _around(base: Array, spot: _Spot, up: Array) -> _Spot:
    """The stored goal, as far round it as accuracy reaches."""
    angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    right, forward = ground_axes(up)
    ring = np.cos(angles)[:, None] * right + np.sin(angles)[:, None] * forward
    return _Spot(base[None], base + THRESHOLDS[-1] * spot.scale * ring, spot.scale, spot.receptacle, exempt=False)


def _stands(  # noqa: PLR0917 - a way and what it is held against
    spot: _Spot, start: Array, step: Array, base: Array, kept: list[Fault], up: Array, limits: Thresholds
) -> Finding:
    """By one reading of where the object should stand."""
    away = spot.away(base, up)
    faults = [*spot.faults(base, up, limits), *_went(spot, start, step, up, limits), *kept]
    sa = 1.0 if away < _IN else sweep(away / spot.scale)
    left = spot.distance(base, up) / max(spot.distance(start, up), EPS)
    return finding(sa, faults, [Change("put", 0.0 if away < _IN else away)], [], left)


def _went(spot: _Spot, start: Array, step: Array, up: Array, limits: Thresholds) -> list[Fault]:
    """The object itself must have gone there, not the receptacle to it; nowhere if its base (3,) stood there already."""
    if spot.exempt and not spot.faults(start, up, limits):
        return []
    needed = spot.distance(start, up)
    share = float(np.linalg.norm(step)) / max(needed, EPS)
    return [] if share >= limits.share[0] - EPS else [amount_fault(share, limits)]


def scale_of(outline: Array, limits: Thresholds = STRICT) -> float:
    """What a distance from the region is relative to, of a receptacle's footprint (n, 2), metres."""
    return max(radius(outline), limits.receptacle_m)


def _judge(situation: Situation, unchanged: float) -> Finding:
    truth, before, after = target_poses(situation)
    target, receptacle = situation.target, receptacle_of(situation)
    name = situation.operation.receptacle or "receptacle"
    if receptacle is not None and receptacle.before is not None and receptacle.after is None:
        asked = Change("put", subject=name)
        return finding(0.0, [Fault("no_receptacle", subject=name)], [Change("gone", subject=name)], [asked])
    return place(
        before,
        after,
        np.array(situation.operation.region),
        up=situation.up,
        outline=None if receptacle is None else footprint(receptacle),
        truth=truth,
        goal=situation.goal,
        shift=displacement(receptacle),
        symmetry=target.symmetry,
        copies=target.copies,
        intruder=intruder_of(situation),
        name=target.category,
        receptacle=name,
    )


def _excluded(situation: Situation) -> Reason | None:
    before = situation.target.before
    if not situation.operation.region or before is None:
        return no_goal("place")
    if "position" in before.unobservable:
        return cannot_tell(situation, "position")
    goal, truth, up = situation.goal, situation.target.truth, situation.up
    if goal is not None and truth is not None and float(np.linalg.norm(goal.base(up) - truth.base(up))) <= EPS:
        return no_goal("place_in_place")
    return None


def _rings(situation: Situation) -> Rings | None:
    if situation.target.truth is None or situation.target.before is None:
        return None
    region = np.array(situation.operation.region)
    receptacle = receptacle_of(situation)
    outline = region if receptacle is None else footprint(receptacle)
    scale = scale_of(np.asarray(outline @ np.column_stack(ground_axes(situation.up)), dtype=np.float64))
    return Rings(region, THRESHOLDS * scale, graded=True)


RULE = Rule("place", _judge, _excluded, _rings)
