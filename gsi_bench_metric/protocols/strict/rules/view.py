"""View: the camera travels or turns, and every object stays where it is."""

from __future__ import annotations

import numpy as np

from gsi_bench_dataset.records import Change, Fault, Reason
from gsi_bench_metric.geometry.directions import camera_turn, way
from gsi_bench_metric.geometry.motion import Motion, fit_motion
from gsi_bench_metric.geometry.poses import THRESHOLDS, rotation_angle, sweep
from gsi_bench_metric.protocols.strict.rules.base import Array, Finding, Rings, Rule, finding
from gsi_bench_metric.protocols.strict.rules.conditions import asked_way, way_faults
from gsi_bench_metric.protocols.strict.situation import Situation, true_motion
from gsi_bench_metric.protocols.strict.terms import asked_freedoms, camera_motion, landmarks, no_goal
from gsi_bench_metric.protocols.strict.thresholds import STRICT, Thresholds
from gsi_bench_metric.protocols.text import reason

__all__ = ["RULE", "view"]


def view(
    motion: Motion | None, asked: Motion, *, up: Array, travels: bool = True, turns: bool = True, limits: Thresholds = STRICT
) -> Finding:
    """How well a camera moved. Accuracy: the worse of the errors of its travel and of its turn, each over what was asked.

    Args:
        motion: as the known objects show it; None: too few are found again.
        asked: as the sample has it.
        up: (3,) unit vector against gravity, in the old camera's frame.
        travels, turns: which of both is asked for.
        limits: the protocol's numbers.

    >>> right, up = Motion(np.array([0.2, 0.0, 0.0]), np.eye(3)), np.array([0.0, -1.0, 0.0])
    >>> view(right, right, up=up, turns=False).sa, view(None, right, up=up, turns=False).faults[0].kind
    (1.0, 'camera_lost')
    """
    if motion is None:
        return finding(0.0, [Fault("camera_lost")], [Change("camera_unknown")], [])
    faults: list[Fault] = []
    scores: list[float] = []
    wanted: list[Change] = []
    travelled = float(np.linalg.norm(motion.translation))
    if travels:
        faults += way_faults(asked.translation, motion.translation, limits)
        error = float(np.linalg.norm(motion.translation - asked.translation)) / float(np.linalg.norm(asked.translation))
        scores.append(sweep(error))
        wanted.append(asked_way(asked.translation, motion.translation, up, camera=True))
    elif travelled >= limits.camera_kept_m:
        faults.append(Fault("camera_travelled", travelled))
    if turns:
        faults += way_faults(asked.turn, _alike(motion.turn, asked.turn), limits)
        scores.append(sweep(rotation_angle(motion.rotation, asked.rotation) / asked.angle))
        wanted.append(Change("camera_turned", asked.angle, camera_turn(asked.turn) or None))
    elif motion.angle >= np.radians(limits.camera_kept_deg):
        faults.append(Fault("camera_turned_too", motion.angle))
    done = [
        Change("camera_moved", travelled, way(motion.translation, up, camera=True) or None),
        Change("camera_turned", motion.angle, camera_turn(motion.turn) or None),
    ]
    return finding(min(scores), faults, done, wanted)


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
    return view(camera_motion(situation), asked, up=situation.up, travels=travels, turns=turns)


def _excluded(situation: Situation) -> Reason | None:
    asked = true_motion(situation.operation)
    if asked is None or not any(asked_freedoms(situation, asked)):
        return no_goal("view")
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
