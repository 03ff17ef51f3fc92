"""Scale: the object grows or shrinks where it stands, about its base or as its goal does, and keeps turn, stand and sides."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from gsi_bench_dataset.records import Change, Fault, Reason
from gsi_bench_metric.geometry.poses import Pose, size_factor, sweep
from gsi_bench_metric.geometry.symmetry import period_of
from gsi_bench_metric.protocols.strict.rules import rotate
from gsi_bench_metric.protocols.strict.rules.base import EPS, Array, Finding, Rule, finding
from gsi_bench_metric.protocols.strict.rules.conditions import amount_fault, moved_base, same_turn, visible_sizes
from gsi_bench_metric.protocols.strict.rules.keeping import no_copies, same_shape, stands_right
from gsi_bench_metric.protocols.strict.rules.latitude import Latitude, better
from gsi_bench_metric.protocols.strict.situation import Situation
from gsi_bench_metric.protocols.strict.terms import asked_factor, cannot_tell, goal_factor, no_goal, target_poses
from gsi_bench_metric.protocols.strict.thresholds import STRICT, Thresholds
from gsi_bench_metric.protocols.text import reason

__all__ = ["RULE", "scale"]


def scale(
    before: Pose,
    after: Pose,
    factor: float,
    *,
    up: Array,
    truth: Pose | None = None,
    goal: Pose | None = None,
    symmetry: str | None = None,
    copies: Sequence[Pose] = (),
    name: str = "object",
    limits: Thresholds = STRICT,
) -> Finding:
    """How well an object took on another size.

    Sizes are compared as logarithms, so that half and double are equally far from one: the share done is
    log(found factor) / log(asked factor), the geometric mean over the sides that both images show.

    Args:
        before, after, truth: see `rules.move.move`.
        factor: size after / size before that was asked for.
        up: (3,) unit vector against gravity.
        goal: as the sample stores it; None: it stores none. Where it grows by another factor the same way, either is right.
            What it does beside (a base that sinks as the centre is kept) may be done too, in proportion to the size.
        symmetry: of the object.
        copies, name: see `rules.move.move`.
        limits: the protocol's numbers.

    >>> mug, up = Pose.of([0.0, 0.0, 2.0, 0.1, 0.1, 0.1, 0.0]), np.array([0.0, -1.0, 0.0])
    >>> larger = Pose.of([0.0, -0.05, 2.0, 0.2, 0.2, 0.2, 0.0])
    >>> scale(mug, larger, 2.0, up=up).sa, scale(mug, larger, 0.5, up=up).faults[0].kind
    (1.0, 'opposite')
    """
    axes = visible_sizes(before, after)
    done = size_factor(before.box, after.box, axes)
    latitude = Latitude(truth or before, goal)
    factors = [factor]
    if goal is not None:
        ratio = size_factor((truth or before).box, goal.box, axes)
        factors += [ratio] if ratio > 0 and (ratio > 1) == (factor > 1) and abs(math.log(ratio)) > EPS else []
    grown = (done - 1) / (factors[-1] - 1)  # sizes about a point go by this share of the goal's way
    kept = [
        *same_turn(before, after, up, period_of(symmetry), limits, latitude),
        *moved_base(before, after, up, limits, latitude, grown if math.isfinite(grown) else 1.0),
        *stands_right(before, after, up, truth, goal, limits),
        *same_shape(before, after, truth, goal, factor, limits),
        *no_copies(None, after, copies, up, name, limits),
    ]
    return better(*(_grown(done, wanted, kept, limits) for wanted in factors))


def _grown(done: float, factor: float, kept: list[Fault], limits: Thresholds) -> Finding:
    """By one reading of the factor that is asked for."""
    with np.errstate(divide="ignore"):
        share = float(np.log(done)) / math.log(factor)
    faults = [] if limits.share[0] - EPS <= share <= limits.share[1] + EPS else [amount_fault(share, limits)]
    found = Change("scaled", done if math.isfinite(done) else None)
    off = abs(share - 1)
    return finding(sweep(off), [*faults, *kept], [found], [Change("scaled", factor)], off)


def _judge(situation: Situation, unchanged: float) -> Finding:
    truth, before, after = target_poses(situation)
    target = situation.target
    return scale(
        before,
        after,
        asked_factor(situation),
        up=situation.up,
        truth=truth,
        goal=situation.goal,
        symmetry=target.symmetry,
        copies=target.copies,
        name=target.category,
    )


def _excluded(situation: Situation) -> Reason | None:
    factor, before = asked_factor(situation), situation.target.before
    if before is None or factor <= 0 or abs(math.log(factor)) < EPS:
        return no_goal("scale")
    ratio = goal_factor(situation)
    if ratio is not None and abs(math.log(ratio)) < EPS:
        return no_goal("scale_same_size")
    if "size" in before.unobservable:
        return cannot_tell(situation, "size")
    sigma = 0.0 if before.sigma is None else float((before.sigma[3:6] / np.maximum(before.box[3:6], EPS)).mean())
    least = min((factor, ratio or factor), key=lambda asked: abs(math.log(asked)))
    if abs(math.log(least)) <= STRICT.sigmas * sigma:
        return reason("below_resolution", "size_below_resolution", least, sigma)
    return None


RULE = Rule("scale", _judge, _excluded, rotate.RULE.rings)  # its base may drift as that of a turned object may
