"""Rotate: the object turns about the vertical where it stands, and keeps its stand and its size."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gsi_bench_dataset.records import Change, Fault, Reason
from gsi_bench_metric.geometry.poses import THRESHOLDS, Pose, sweep, turn_about, turn_between
from gsi_bench_metric.geometry.symmetry import period_of, wrapped
from gsi_bench_metric.protocols.strict.rules.base import EPS, Array, Finding, Rings, Rule, finding
from gsi_bench_metric.protocols.strict.rules.conditions import base_limit, moved_base, same_size
from gsi_bench_metric.protocols.strict.rules.keeping import no_copies, same_shape, stands_right
from gsi_bench_metric.protocols.strict.rules.latitude import Latitude, better
from gsi_bench_metric.protocols.strict.situation import Situation
from gsi_bench_metric.protocols.strict.terms import asked_turn, cannot_tell, goal_of, no_goal, said_turn, target_poses
from gsi_bench_metric.protocols.strict.thresholds import STRICT, Thresholds
from gsi_bench_metric.protocols.text import reason

__all__ = ["RULE", "rotate", "turn_rings", "turn_scale"]


def rotate(
    before: Pose,
    after: Pose,
    goal: Pose,
    *,
    up: Array,
    truth: Pose | None = None,
    angle: float | None = None,
    symmetry: str | None = None,
    copies: Sequence[Pose] = (),
    name: str = "object",
    limits: Thresholds = STRICT,
) -> Finding:
    """How well an object turned about the vertical.

    The smallest turn that looks like the asked one is what counts. It may miss by half of that, and by 45° at most; accuracy
    is the error over the asked turn (90° at most), by tenths of a sweep.

    Args:
        before, after, truth: see `rules.move.move`.
        goal: with the rotation that was asked for. What it does beside (a base elsewhere, another size) may be done too.
        angle: the turn in the words, counter-clockwise > 0, radians. Where the goal turns the same way by another angle, either
            is right.
        up: (3,) unit vector against gravity.
        symmetry: of the object.
        copies, name: see `rules.move.move`.
        limits: the protocol's numbers.

    >>> mug, up = Pose.of([0.0, 0.0, 2.0, 0.1, 0.1, 0.1, 0.0]), np.array([0.0, -1.0, 0.0])
    >>> turned = Pose.of([0.0, 0.0, 2.0, 0.1, 0.1, 0.1, np.pi / 2])
    >>> rotate(mug, turned, goal=turned, up=up).ic, rotate(mug, mug, goal=turned, up=up).ic
    (True, False)
    """
    period, latitude = period_of(symmetry), Latitude(truth or before, goal)
    asked = [wrapped(turn_about(up, (truth or before).rotation, goal.rotation), period)]
    said = 0.0 if angle is None else wrapped(angle, period)
    asked += [said] if said * asked[0] > 0 and abs(said) >= limits.smallest_turn else []
    done = turn_between(before, after, up, period)
    if done is None:
        return finding(0.0, [Fault("turn_unseen")], [Change("turned")], [Change("turned", asked[0])])
    kept = same_size(before, after, limits, latitude) + moved_base(before, after, up, limits, latitude)
    kept += stands_right(before, after, up, truth, goal, limits) + same_shape(before, after, truth, goal, limits=limits)
    kept += no_copies(None, after, copies, up, name, limits)
    return better(*(_turned(done, turn, kept, period, limits) for turn in asked))


def _turned(done: float, asked: float, kept: list[Fault], period: float, limits: Thresholds) -> Finding:
    """By one reading of the turn that is asked for."""
    error = abs(wrapped(done - asked, period))
    faults = []
    if error > min(abs(asked) / 2, limits.turn_limit) + EPS:
        faults.append(Fault("nothing_done", 0.0) if abs(done) < limits.smallest_turn else Fault("turn_missed", error))
    scale = turn_scale(asked, limits)
    told = [Change("turned", done)], [Change("turned", asked)]
    return finding(sweep(error / scale if scale else 0.0), [*faults, *kept], *told, error / max(abs(asked), EPS))


def turn_scale(asked: float, limits: Thresholds = STRICT) -> float:
    """What the error of a turn is relative to, radians."""
    return min(abs(asked), float(np.radians(limits.turn_deg)))


def turn_rings(asked: float) -> Array:
    """Errors of a turn (10,), radians, at which accuracy falls by a tenth."""
    return THRESHOLDS * turn_scale(asked)


def _judge(situation: Situation, unchanged: float) -> Finding:
    truth, before, after = target_poses(situation)
    target, goal = situation.target, goal_of(situation)
    return rotate(
        before,
        after,
        goal,
        up=situation.up,
        truth=truth,
        angle=said_turn(situation),
        symmetry=target.symmetry,
        copies=target.copies,
        name=target.category,
    )


def _excluded(situation: Situation) -> Reason | None:
    target, before = situation.target, situation.target.before
    if situation.sample.new_rotation_matrix is None or before is None:
        return no_goal("rotate")
    if target.period == 0:
        return reason("unobservable", "same_from_all_sides", subject=target.category)
    if "turn" in before.unobservable:
        return cannot_tell(situation, "turn")
    angle = abs(asked_turn(situation))
    if angle < STRICT.smallest_turn:
        return _looks_unturned(situation)
    sigma = 0.0 if before.sigma is None else float(before.sigma[6])
    if angle <= STRICT.sigmas * sigma:
        return reason("below_resolution", "turn_below_resolution", angle, sigma)
    return None


def _looks_unturned(situation: Situation) -> Reason:
    """Why the goal looks like no turn: it is none, a small one, or one inside of the symmetry."""
    truth, said = situation.target.truth, said_turn(situation)
    turn = 0.0 if truth is None else abs(turn_about(situation.up, truth.rotation, goal_of(situation).rotation))
    if turn >= STRICT.smallest_turn:
        return reason("unobservable", "looks_as_before", subject=situation.target.category)
    if said is not None and abs(wrapped(said, 2 * np.pi)) >= STRICT.smallest_turn:
        return no_goal("rotate_unturned")
    return reason("unobservable", "turn_too_small", turn, STRICT.smallest_turn)


def _rings(situation: Situation) -> Rings | None:
    truth, before = situation.target.truth, situation.target.before
    if truth is None or before is None:
        return None
    drift = Latitude(truth, situation.goal).drift(situation.up)
    places = [truth.centre, truth.centre + drift] if np.linalg.norm(drift) > EPS else [truth.centre]
    return Rings(np.array(places), np.array([base_limit(before, STRICT)]), graded=False)


RULE = Rule("rotate", _judge, _excluded, _rings)
