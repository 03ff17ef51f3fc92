"""Move: the object goes a way that is asked for, and keeps its turn, its stand and its size."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from gsi_bench_dataset.records import Change, Fault, Reason
from gsi_bench_metric.geometry.directions import LEAST_STEP_M
from gsi_bench_metric.geometry.poses import THRESHOLDS, Pose, extent_along, sweep
from gsi_bench_metric.geometry.symmetry import period_of
from gsi_bench_metric.protocols.strict.rules.base import EPS, Array, Finding, Rings, Rule, finding
from gsi_bench_metric.protocols.strict.rules.conditions import (
    asked_way,
    done_way,
    place_empty,
    same_size,
    same_turn,
    way_faults,
)
from gsi_bench_metric.protocols.strict.rules.keeping import no_copies, same_shape, stands_right
from gsi_bench_metric.protocols.strict.rules.latitude import Latitude, better
from gsi_bench_metric.protocols.strict.situation import Situation
from gsi_bench_metric.protocols.strict.terms import cannot_tell, goal_of, intruder_of, no_goal, said_distance, target_poses
from gsi_bench_metric.protocols.strict.thresholds import STRICT, Thresholds
from gsi_bench_metric.protocols.text import reason

__all__ = ["RULE", "move", "scale_of"]


def move(
    before: Pose,
    after: Pose,
    goal: Pose,
    *,
    up: Array,
    truth: Pose | None = None,
    distance: float | None = None,
    symmetry: str | None = None,
    copies: Sequence[Pose] = (),
    intruder: Fault | None = None,
    name: str = "object",
    limits: Thresholds = STRICT,
) -> Finding:
    """How well an object went from where it stood to its goal.

    The way that the detector saw (`after` − `before`) is compared with the way that was asked (`goal` − `truth`), so that what
    a detector always gets wrong drops out. Accuracy: error over the asked length (5 cm at least), by tenths of a sweep.

    Args:
        before, after: the object as detected in the source and in the edited image, source camera's frame.
        goal: where it should stand. What it does beside (a turn, another size) may be done too.
        up: (3,) unit vector against gravity.
        truth: where it truly stood; None: where it was detected.
        distance: of the way in the words, metres. Where the goal is another distance away, either is right.
        symmetry: its rotational symmetry, see `geometry.symmetry`.
        copies: further ones of it in the edited image.
        intruder: another object at its original place, as the fault that it is.
        name: what to call it.
        limits: the protocol's numbers.

    >>> mug = Pose.of([0.0, 0.0, 2.0, 0.1, 0.1, 0.1, 0.0])
    >>> left = Pose.of([-0.2, 0.0, 2.0, 0.1, 0.1, 0.1, 0.0])
    >>> right = Pose.of([0.2, 0.0, 2.0, 0.1, 0.1, 0.1, 0.0])
    >>> up = np.array([0.0, -1.0, 0.0])
    >>> found = move(mug, left, goal=left, up=up)
    >>> found.ic, found.sa
    (True, 1.0)
    >>> [fault.kind for fault in move(mug, right, goal=left, up=up).faults]
    ['opposite']
    """
    origin = truth or before
    latitude = Latitude(origin, goal)
    kept = [
        *place_empty(before, copies, intruder, name, limits),
        *same_turn(before, after, up, period_of(symmetry), limits, latitude),
        *same_size(before, after, limits, latitude),
        *stands_right(before, after, up, truth, goal, limits),
        *same_shape(before, after, truth, goal, limits=limits),
        *no_copies(before, after, copies, up, name, limits),
    ]
    asked, done = goal.centre - origin.centre, after.centre - before.centre
    if abs(_height(goal, up) - _height(origin, up)) > EPS:
        # Growth moves the centre, the base or both: of their ways that counts which is the words', or has less of growth in it.
        base = goal.base(up) - origin.base(up)
        if _excess(base, distance) < _excess(asked, distance) - EPS:
            asked, done = base, after.base(up) - before.base(up)
    ways = [asked, asked * (distance / float(np.linalg.norm(asked)))] if distance else [asked]
    return better(*(_went(wanted, done, kept, up, limits) for wanted in ways))


def _height(pose: Pose, up: Array) -> float:
    return extent_along(pose.box, pose.rotation, up)


def _excess(asked: Array, distance: float | None) -> float:
    """How far a way (3,) is from what the words say, metres; without words how long it is. None at all is never meant."""
    length = float(np.linalg.norm(asked))
    return math.inf if length <= EPS else length if distance is None else abs(length - distance)


def _went(asked: Array, done: Array, kept: list[Fault], up: Array, limits: Thresholds) -> Finding:
    """By one reading of the way that is asked for."""
    off = float(np.linalg.norm(done - asked))
    faults = [*way_faults(asked, done, limits), *kept]
    told = [done_way(done, up)], [asked_way(asked, done, up)]
    return finding(sweep(off / scale_of(asked, limits)), faults, *told, off / max(float(np.linalg.norm(asked)), EPS))


def scale_of(asked: Array, limits: Thresholds = STRICT) -> float:
    """What the error of a move by `asked` (3,) is relative to, metres."""
    return max(float(np.linalg.norm(asked)), limits.move_m)


def _judge(situation: Situation, unchanged: float) -> Finding:
    truth, before, after = target_poses(situation)
    target, goal = situation.target, goal_of(situation)
    found = move(
        before,
        after,
        goal,
        up=situation.up,
        truth=truth,
        distance=said_distance(situation),
        symmetry=target.symmetry,
        copies=target.copies,
        intruder=intruder_of(situation),
        name=target.category,
    )
    return dataclasses.replace(found, asked=(*found.asked, *_end(situation, goal.centre - truth.centre)))


def _end(situation: Situation, asked: Array) -> list[Change]:
    """Where the words give where a move ends and not its way."""
    operation = situation.operation
    distance = operation.distance_m
    # "Relative to" an object, too, names a reference; the distance is then that of the way.
    if operation.reference is None or distance is None or abs(float(np.linalg.norm(asked)) - distance) < LEAST_STEP_M:
        return []
    return [Change("ends_from", distance, subject=operation.reference)]


def _excluded(situation: Situation) -> Reason | None:
    goal, truth, before = situation.goal, situation.target.truth, situation.target.before
    if situation.sample.new_bbox_3d is None or goal is None or truth is None or before is None:
        return no_goal("move")
    if "position" in before.unobservable:
        return cannot_tell(situation, "position")
    step = float(np.linalg.norm(goal.centre - truth.centre))
    if step <= EPS:
        return no_goal("move_in_place")
    if step <= STRICT.sigmas * before.sigma_m:
        return reason("below_resolution", "move_below_resolution", step, before.sigma_m)
    return None


def _rings(situation: Situation) -> Rings | None:
    truth = situation.target.truth
    if truth is None or situation.target.before is None:
        return None
    goal = goal_of(situation).centre
    return Rings(goal[None], THRESHOLDS * scale_of(goal - truth.centre), graded=True)


RULE = Rule("move", _judge, _excluded, _rings)
