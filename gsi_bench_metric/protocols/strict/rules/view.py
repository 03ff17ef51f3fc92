"""View: the camera travels or turns, and every object stays where it is."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation  # type: ignore[import-untyped]

from gsi_bench_dataset.records import Change, Fault, Reason
from gsi_bench_metric.geometry.directions import camera_turn, way
from gsi_bench_metric.geometry.motion import Motion, fit_motion
from gsi_bench_metric.geometry.poses import THRESHOLDS, rotation_angle, sweep
from gsi_bench_metric.protocols.strict.rules.base import EPS, Array, Finding, Rings, Rule, finding
from gsi_bench_metric.protocols.strict.rules.conditions import asked_way, way_faults
from gsi_bench_metric.protocols.strict.rules.latitude import better, off_segment
from gsi_bench_metric.protocols.strict.situation import Situation, true_motion
from gsi_bench_metric.protocols.strict.terms import asked_freedoms, camera_motion, landmarks, no_goal
from gsi_bench_metric.protocols.strict.thresholds import STRICT, Thresholds
from gsi_bench_metric.protocols.text import reason

__all__ = ["RULE", "view"]


def view(
    motion: Motion | None,
    asked: Motion,
    *,
    up: Array,
    travels: bool = True,
    turns: bool = True,
    distance: float | None = None,
    angle: float | None = None,
    limits: Thresholds = STRICT,
) -> Finding:
    """How well a camera moved. Accuracy: the worse of the errors of its travel and of its turn, each over what was asked.

    Args:
        motion: as the known objects show it; None: too few are found again.
        asked: as the sample has it. What it does beside the words may be done too.
        up: (3,) unit vector against gravity, in the old camera's frame.
        travels, turns: which of both is asked for.
        distance, angle: in the words, metres and radians. Where the sample's motion has another, either is right.
        limits: the protocol's numbers.

    >>> right, up = Motion(np.array([0.2, 0.0, 0.0]), np.eye(3)), np.array([0.0, -1.0, 0.0])
    >>> view(right, right, up=up, turns=False).sa, view(None, right, up=up, turns=False).faults[0].kind
    (1.0, 'camera_lost')
    """
    if motion is None:
        return finding(0.0, [Fault("camera_lost")], [Change("camera_unknown")], [])
    travelled, turn = float(np.linalg.norm(motion.translation)), _alike(motion.turn, asked.turn)
    parts: list[list[Finding]] = []
    if travels:
        ways = [asked.translation, *_of_length(asked.translation, distance)]
        parts.append([_travel(wanted, motion.translation, up, limits) for wanted in ways])
    elif off_segment(motion.translation, asked.translation) >= limits.camera_kept_m:
        parts.append([finding(1.0, [Fault("camera_travelled", travelled)], [], [], 0.0)])
    if turns:
        parts.append([_turning(asked.turn, motion, turn, limits)])
        parts[-1] += [_turning(wanted, motion, turn, limits) for wanted in _of_length(asked.turn, angle)]
    elif off_segment(turn, asked.turn) >= np.radians(limits.camera_kept_deg):
        parts.append([finding(1.0, [Fault("camera_turned_too", motion.angle)], [], [], 0.0)])
    found = [better(*readings) for readings in parts]
    done = [
        Change("camera_moved", travelled, way(motion.translation, up, camera=True) or None),
        Change("camera_turned", motion.angle, camera_turn(motion.turn) or None),
    ]
    faults = [fault for part in found for fault in part.faults]
    asked_of = [change for part in found for change in part.asked]
    return finding(min(part.sa for part in found), faults, done, asked_of, 1 - min(part.progress for part in found))


def _of_length(asked: Array, length: float | None) -> list[Array]:
    """A way (3,) made as long as the words say, if they do."""
    return [asked * (length / float(np.linalg.norm(asked)))] if length else []


def _travel(asked: Array, done: Array, up: Array, limits: Thresholds) -> Finding:
    """By one reading of how far the camera should travel."""
    error = float(np.linalg.norm(done - asked)) / float(np.linalg.norm(asked))
    return finding(sweep(error), way_faults(asked, done, limits), [], [asked_way(asked, done, up, camera=True)], error)


def _turning(asked: Array, motion: Motion, turn: Array, limits: Thresholds) -> Finding:
    """By one reading of the turn, axis × angle (3,), that the camera should make."""
    amount = float(np.linalg.norm(asked))
    error = rotation_angle(motion.rotation, Rotation.from_rotvec(asked).as_matrix()) / amount
    wanted = Change("camera_turned", amount, camera_turn(asked) or None)
    return finding(sweep(error), way_faults(asked, turn, limits), [], [wanted], error)


def _alike(turn: Array, asked: Array) -> Array:
    """Half a turn has no sense: of the two turns (3,), axis × angle, that are one rotation, the one more like another."""
    angle = float(np.linalg.norm(turn))
    other = turn - 2 * np.pi * turn / angle if angle else turn
    return min((turn, other), key=lambda way: float(np.linalg.norm(way - asked)))


def _judge(situation: Situation, unchanged: float) -> Finding:
    asked = true_motion(situation.operation)
    if asked is None:
        raise ValueError(f"{situation.sample.id}: no camera motion")
    travels, turns = asked_freedoms(situation, asked)
    operation = situation.operation
    angle = None if operation.angle_deg is None else float(np.radians(operation.angle_deg))
    return view(
        camera_motion(situation),
        asked,
        up=situation.up,
        travels=travels,
        turns=turns,
        distance=operation.distance_m,
        angle=angle,
    )


def _excluded(situation: Situation) -> Reason | None:
    asked = true_motion(situation.operation)
    if asked is None or not any(asked_freedoms(situation, asked)):
        return no_goal("view")
    travels, turns = asked_freedoms(situation, asked)
    if (travels and float(np.linalg.norm(asked.translation)) <= EPS) or (turns and asked.angle <= EPS):
        return no_goal("view_still")
    seen = [landmarks(t, t.before) for t in (situation.target, *situation.others) if t.before is not None]
    if not seen or fit_motion(seen, seen) is None:
        return reason("unobservable", "too_few_landmarks")
    return None


def _rings(situation: Situation) -> Rings | None:
    motion = true_motion(situation.operation)
    if situation.target.truth is None or situation.target.before is None or motion is None:
        return None
    if not asked_freedoms(situation, motion)[0]:
        return None
    return Rings(motion.translation[None], THRESHOLDS * float(np.linalg.norm(motion.translation)), graded=True)


RULE = Rule("view", _judge, _excluded, _rings)
