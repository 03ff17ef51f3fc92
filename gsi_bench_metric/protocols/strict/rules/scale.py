"""Scale: the object grows or shrinks about its base, and keeps its turn, its stand and its proportions."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from gsi_bench_dataset.records import Change, Reason
from gsi_bench_metric.geometry.poses import Pose, size_factor, sweep
from gsi_bench_metric.geometry.symmetry import period_of
from gsi_bench_metric.protocols.strict.rules import rotate
from gsi_bench_metric.protocols.strict.rules.base import EPS, Array, Finding, Rule, finding
from gsi_bench_metric.protocols.strict.rules.conditions import amount_fault, moved_base, same_turn, visible_sizes
from gsi_bench_metric.protocols.strict.rules.keeping import no_copies, same_shape, stands_right
from gsi_bench_metric.protocols.strict.situation import Situation
from gsi_bench_metric.protocols.strict.terms import asked_factor, cannot_tell, no_goal, target_poses
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
        before, after: see `rules.move.move`.
        factor: size after / size before that was asked for.
        up: (3,) unit vector against gravity.
        truth: see `rules.move.move`.
        goal: how it should stand, and its proportions; None: as before. Its place and its size as a whole are not read.
        symmetry: of the object.
        copies, name: see `rules.move.move`.
        limits: the protocol's numbers.

    >>> mug, up = Pose.of([0.0, 0.0, 2.0, 0.1, 0.1, 0.1, 0.0]), np.array([0.0, -1.0, 0.0])
    >>> larger = Pose.of([0.0, -0.05, 2.0, 0.2, 0.2, 0.2, 0.0])
    >>> scale(mug, larger, 2.0, up=up).sa, scale(mug, larger, 0.5, up=up).faults[0].kind
    (1.0, 'opposite')
    """
    done = size_factor(before.box, after.box, visible_sizes(before, after))
    with np.errstate(divide="ignore"):
        share = float(np.log(done)) / math.log(factor)
    faults = [] if limits.share[0] - EPS <= share <= limits.share[1] + EPS else [amount_fault(share, limits)]
    faults += same_turn(before, after, up, period_of(symmetry), limits) + moved_base(before, after, up, limits)
    faults += stands_right(before, after, up, truth, goal, limits) + same_shape(before, after, truth, goal, factor, limits)
    faults += no_copies(None, after, copies, up, name, limits)
    return finding(
        sweep(abs(share - 1)), faults, [Change("scaled", done if math.isfinite(done) else None)], [Change("scaled", factor)]
    )


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
    if "size" in before.unobservable:
        return cannot_tell(situation, "size")
    sigma = 0.0 if before.sigma is None else float((before.sigma[3:6] / np.maximum(before.box[3:6], EPS)).mean())
    if abs(math.log(factor)) <= STRICT.sigmas * sigma:
        return reason("below_resolution", "size_below_resolution", factor, sigma)
    return None


RULE = Rule("scale", _judge, _excluded, rotate.RULE.rings)  # its base may drift as that of a turned object may
