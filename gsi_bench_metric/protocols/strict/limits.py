"""What errors are measured against, and the rings that follow: where accuracy falls by a step. Metres, radians."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from numpy.typing import NDArray

from gsi_bench_metric.geometry.poses import THRESHOLDS, diagonal, ground_axes
from gsi_bench_metric.protocols.strict.scene import Pose, Situation, true_motion
from gsi_bench_metric.protocols.strict.terms import asked_freedoms, footprint, goal_of, radius, receptacle_of

__all__ = ["Rings", "drift_limit", "move_scale", "place_scale", "position_rings", "turn_rings", "turn_scale"]

Array = NDArray[np.float64]

_MOVE_M = 0.05  # errors of shorter moves are relative to this
_RECEPTACLE_M = 0.05
_KEPT_BASE_M = 0.05
_TURN = math.radians(90)


@dataclasses.dataclass(frozen=True)
class Rings:
    """Distances (n,), metres, from an outline (k, 3): a point, or a polygon that counts as hit inside.

    `graded`: accuracy falls by a tenth at each; else there is one, and beyond it the edit does not comply.
    """

    outline: Array
    distances: Array
    graded: bool


def move_scale(asked: Array) -> float:
    """What the error of a move by `asked` (3,) is relative to."""
    return max(float(np.linalg.norm(asked)), _MOVE_M)


def place_scale(outline: Array) -> float:
    """What a distance from the admissible region is relative to, of a receptacle's footprint (n, 2)."""
    return max(radius(outline), _RECEPTACLE_M)


def turn_scale(asked: float) -> float:
    """What the error of a turn is relative to."""
    return min(abs(asked), _TURN)


def drift_limit(pose: Pose) -> float:
    """How far the base of a thing that is to be turned or scaled may go."""
    return min(diagonal(pose.box) / 4, _KEPT_BASE_M)


def position_rings(situation: Situation) -> Rings | None:
    """Where the target (view: the camera) has to go, or may go; None where nothing has to, or the target is not found."""
    kind, truth, before = situation.operation.kind, situation.target.truth, situation.target.before
    if truth is None or before is None:
        return None
    if kind == "move":
        goal = goal_of(situation).centre
        return Rings(goal[None], THRESHOLDS * move_scale(goal - truth.centre), graded=True)
    if kind == "place":
        region = np.array(situation.operation.region)
        receptacle = receptacle_of(situation)
        outline = region if receptacle is None else footprint(receptacle)
        scale = place_scale(np.asarray(outline @ np.column_stack(ground_axes(situation.up)), dtype=np.float64))
        return Rings(region, THRESHOLDS * scale, graded=True)
    motion = true_motion(situation.operation) if kind == "view" else None
    if motion is not None and asked_freedoms(situation, motion)[0]:
        return Rings(motion.translation[None], THRESHOLDS * float(np.linalg.norm(motion.translation)), graded=True)
    if kind in ("rotate", "scale"):
        return Rings(truth.centre[None], np.array([drift_limit(before)]), graded=False)
    return None


def turn_rings(asked: float) -> Array:
    """Errors of a turn (10,), radians, at which accuracy falls by a tenth."""
    return THRESHOLDS * turn_scale(asked)
