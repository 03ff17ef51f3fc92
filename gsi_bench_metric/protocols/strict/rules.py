"""The rules of the strict protocol: what a situation is worth, operation by operation. docs/metric.md has them in a table.

Every change is measured between source and edited picture by the same detector and compared with the change from the
sample's original to its goal, so that what a detector always gets wrong drops out. Metres, radians, source camera's frame.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from gsi_bench_dataset.records import Reason
from gsi_bench_metric.geometry.motion import Motion
from gsi_bench_metric.geometry.poses import (
    diagonal,
    ground_axes,
    inside_polygon,
    polygon_distance,
    rotation_angle,
    size_factor,
    sweep,
    wrapped,
)
from gsi_bench_metric.protocols.strict import words
from gsi_bench_metric.protocols.strict.limits import drift_limit, move_scale, place_scale, turn_scale
from gsi_bench_metric.protocols.strict.scene import Pose, Situation, Thing, true_motion
from gsi_bench_metric.protocols.strict.scope import SMALLEST_TURN
from gsi_bench_metric.protocols.strict.terms import (
    CAMERA_KEPT_M,
    CAMERA_KEPT_TURN,
    SUPPORT_HEIGHT_M,
    asked_factor,
    asked_freedoms,
    asked_turn,
    camera_motion,
    displacement,
    footprint,
    goal_of,
    in_frame,
    receptacle_of,
    target_poses,
    visible_axes,
)

__all__ = ["Outcome", "bystander_changes", "judge"]

Array = NDArray[np.float64]

SHARE = (0.5, 1.5)  # of the asked amount that counts as complying
OFF_AXIS = 0.5  # of the asked amount, at most
TURN_LIMIT = math.radians(45)  # a wrong turn is never forgiven beyond this
KEPT_TURN = math.radians(20)  # unasked
KEPT_SIZE = (0.8, 1.25)
BYSTANDER_M, BYSTANDER_TURN = 0.02, math.radians(10)
SURE = 0.3  # detector's confidence in the target from which on it counts as found
SCENE_FOUND = 0.5
SIGMAS = 2.0
_EPS = 1e-9


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What an edit is worth: compliance, accuracy 0–1, share of bystanders unchanged 0–1, and why, in words."""

    ic: bool
    sa: float
    bystanders: float
    explanation: str
    reasons: tuple[Reason, ...] = ()


@dataclasses.dataclass(frozen=True)
class _Finding:
    """What a rule found. `faults`: in words, each enough for IC = 0."""

    sa: float
    did: str
    asked: str
    faults: Sequence[str] = ()


def judge(situation: Situation, scene_found: float | None = None) -> Outcome:
    """What an edit is worth that `unscored` has nothing against.

    `scene_found`: share of the picture outside of the edit that is found again, 0–1; None: not known.
    """
    target, kind = situation.target, situation.operation.kind
    motion = camera_motion(situation) if kind == "view" else None
    changes = bystander_changes(situation, motion)
    unchanged = 1.0 if not changes else sum(not change for change in changes.values()) / len(changes)
    reasons = _lost(situation, scene_found) + ([] if kind in ("view", "remove") else _target_lost(situation))
    near = [(thing.category, _apart(thing, target)) for thing in situation.bystanders if changes.get(thing.id)]
    too = words.changed_things(near)
    if any(reason.name != "scene_lost" for reason in reasons):
        return Outcome(False, 0.0, unchanged, words.sentence([*(r.text for r in reasons), too]), tuple(reasons))
    finding = (
        _view(situation, motion)
        if kind == "view"
        else _remove(situation, unchanged)
        if kind == "remove"
        else _RULES[kind](situation)
    )
    faults = [*finding.faults, *(r.text for r in reasons)]
    explanation = words.sentence([finding.did, finding.asked, *faults, too])
    return Outcome(not faults, finding.sa, unchanged, explanation, tuple(reasons))


def bystander_changes(situation: Situation, motion: Motion | None = None) -> dict[str, str]:
    """What happened to each bystander, by id: "" nothing, else "gone", "moved", "turned".

    For view edits the things as seen by the camera that moved by `motion`; those that it no longer shows are left out.
    """
    is_view = situation.operation.kind == "view"
    found = {}
    for thing in situation.bystanders + ((situation.target,) if is_view else ()):
        if thing.before is None:
            continue
        expected = thing.before
        if is_view and motion is not None:
            expected = dataclasses.replace(
                expected,
                box=np.concatenate([motion.apply(expected.centre), expected.box[3:]]),
                rotation=motion.rotation @ expected.rotation,
            )
            if not in_frame(situation, expected.centre):
                continue
        found[thing.id] = "moved" if is_view and motion is None else _change(thing, expected, situation.up, motion)
    return found


def _change(thing: Thing, expected: Pose, up: Array, motion: Motion | None) -> str:
    if thing.after is None:
        return "gone"
    step = float(np.linalg.norm(thing.after.centre - expected.centre))
    sigma = math.hypot(expected.sigma_m, thing.after.sigma_m)
    if "position" not in thing.after.unobservable and step >= max(BYSTANDER_M, SIGMAS * sigma):
        return "moved"
    turn = thing.turn(up if motion is None else motion.rotation @ up, expected.rotation)
    return "turned" if turn is not None and abs(turn) >= BYSTANDER_TURN else ""


def _lost(situation: Situation, scene_found: float | None) -> list[Reason]:
    """Whether less than half of the rest of the scene is found again, by the picture or by the known things' surface."""
    motion = true_motion(situation.operation) if situation.operation.kind == "view" else None
    total = found = 0.0
    for thing in situation.bystanders:
        if thing.before is None or (motion is not None and not in_frame(situation, motion.apply(thing.before.centre))):
            continue
        surface = (diagonal(thing.before.box) / max(thing.before.box[2], _EPS)) ** 2  # as large as it looks
        total += surface
        found += surface if thing.after is not None else 0.0
    share = min(1.0 if scene_found is None else scene_found, found / total if total else 1.0)
    text = f"only {100 * share:.0f} % of the rest of the scene is found again"
    return [Reason("scene_lost", text)] if share < SCENE_FOUND else []


def _target_lost(situation: Situation) -> list[Reason]:
    target = situation.target
    name = f"the {target.category}"
    if target.after is None:
        return [Reason("not_detected", f"{name} is gone")]
    if target.after.confidence is not None and target.after.confidence < SURE:
        return [Reason("low_confidence", f"{name} is hardly recognisable (confidence {target.after.confidence:.2f})")]
    if not in_frame(situation, target.after.centre):
        return [Reason("left_frame", f"{name} left the picture")]
    freedom = {"rotate": "turn", "scale": "size"}.get(situation.operation.kind, "position")
    if freedom in target.after.unobservable:
        return [Reason("low_confidence", f"the {freedom} of {name} cannot be seen in the edited picture")]
    return []


def _apart(thing: Thing, target: Thing) -> float:
    if thing.before is None or target.before is None:
        return math.inf
    return float(np.linalg.norm(thing.before.centre - target.before.centre))


# --- what each operation asks


def _move(situation: Situation) -> _Finding:
    truth, before, after = target_poses(situation)
    asked, done = goal_of(situation).centre - truth.centre, after.centre - before.centre
    faults = _way_faults(asked, done) + _place_faults(situation) + _turn_faults(situation) + _size_faults(situation)
    error = float(np.linalg.norm(done - asked)) / move_scale(asked)
    up = situation.up
    wanted = words.asked_length(asked, done, up) + words.beside(situation.operation, asked)
    return _Finding(sweep(error), words.moved(done, up), wanted, faults)


def _rotate(situation: Situation) -> _Finding:
    target = situation.target
    asked = asked_turn(situation)
    done = target.turn(situation.up)
    if done is None:
        return _Finding(0.0, words.turned(None), words.asked_turn(asked), ["it cannot be told whether it turned"])
    error = abs(wrapped(done - asked, target.period))
    faults = [] if error <= min(abs(asked) / 2, TURN_LIMIT) + _EPS else ["" if abs(done) < SMALLEST_TURN else "too far from it"]
    faults += _size_faults(situation) + _base_faults(situation)
    return _Finding(sweep(error / turn_scale(asked)), words.turned(done), words.asked_turn(asked), faults)


def _scale(situation: Situation) -> _Finding:
    _, before, after = target_poses(situation)
    asked = asked_factor(situation)
    done = size_factor(before.box, after.box, visible_axes(situation))
    with np.errstate(divide="ignore"):
        share = float(np.log(done)) / math.log(asked)
    faults = [] if SHARE[0] - _EPS <= share <= SHARE[1] + _EPS else [_amount_fault(share)]
    faults += _turn_faults(situation) + _base_faults(situation)
    return _Finding(sweep(abs(share - 1)), words.scaled(done), f"{100 * asked:.0f} % asked", faults)


def _place(situation: Situation) -> _Finding:
    truth, before, after = target_poses(situation)
    up, name = situation.up, situation.operation.receptacle or "receptacle"
    receptacle = receptacle_of(situation)
    if receptacle is not None and receptacle.before is not None and receptacle.after is None:
        return _Finding(0.0, f"the {name} is gone", f"to be put on or in the {name}", ["nothing to put it on or in"])
    shift = displacement(receptacle)
    # The base as the detector saw it go, from where it truly stood, seen from the receptacle as it stood.
    base = truth.base(up) + (after.base(up) - before.base(up)) - shift
    region = np.array(situation.operation.region)
    axes = np.column_stack(ground_axes(up))
    away = polygon_distance(base @ axes, region @ axes)
    outline = region if receptacle is None else footprint(receptacle)
    rise = float((base - region.mean(0)) @ up)
    faults = []
    if not inside_polygon(base @ axes, outline @ axes):
        faults.append(f"it stands {100 * polygon_distance(base @ axes, outline @ axes):.1f} cm beside the {name}")
    if abs(rise) > SUPPORT_HEIGHT_M:
        faults.append(f"its base is {100 * abs(rise):.1f} cm {'above' if rise > 0 else 'below'} where the {name} carries it")
    faults += _place_faults(situation) + _turn_faults(situation) + _size_faults(situation)
    sa = 1.0 if away < 1e-6 else sweep(away / place_scale(outline @ axes))
    where = "where it was asked to go" if away < 1e-6 else f"{100 * away:.1f} cm from where it was asked to go"
    return _Finding(sa, f"put {where}", "", faults)


def _remove(situation: Situation, unchanged: float) -> _Finding:
    target = situation.target
    faults = []
    left = [*([target.after] if target.after else []), *target.doubles]
    if any(_at_original(situation, pose) for pose in left):
        faults.append(f"the {target.category} is still there")
    elif left:
        faults.append(f"the {target.category} is somewhere else, not gone")
    intruder = _intruder(situation)
    if intruder and not faults:
        faults.append(f"{intruder} stands in its place")
    return _Finding(unchanged, "" if target.after else f"the {target.category} is gone", "", faults)


def _view(situation: Situation, motion: Motion | None) -> _Finding:
    asked = true_motion(situation.operation)
    if asked is None:
        raise ValueError(f"{situation.sample.id}: no camera motion")
    if motion is None:
        return _Finding(0.0, "too little of the scene is found again to tell how the camera moved", "", ["scene not found"])
    faults: list[str] = []
    scores = []
    did = [f"the camera {words.moved(motion.translation, situation.up, camera=True)}", words.camera_turned(motion.turn)]
    wanted = []
    # What the words ask for; a motion about which they say nothing in numbers is asked for where there is one.
    travels, turns = asked_freedoms(situation, asked)
    if travels:
        faults += _way_faults(asked.translation, motion.translation)
        scores.append(
            sweep(float(np.linalg.norm(motion.translation - asked.translation)) / float(np.linalg.norm(asked.translation)))
        )
        wanted.append(words.asked_length(asked.translation, motion.translation, situation.up, camera=True))
    elif float(np.linalg.norm(motion.translation)) >= CAMERA_KEPT_M:
        faults.append("the camera was to stay where it is")
    if turns:
        faults += _way_faults(asked.turn, motion.turn)
        scores.append(sweep(rotation_angle(motion.rotation, asked.rotation) / asked.angle))
        wanted.append(f"{words.camera_turned(asked.turn).removeprefix('turned ')} asked")
    elif motion.angle >= CAMERA_KEPT_TURN:
        faults.append("the camera was not to turn")
    return _Finding(min(scores), " and ".join(did), " and ".join(wanted), faults)


_RULES: dict[str, Callable[[Situation], _Finding]] = {"move": _move, "rotate": _rotate, "scale": _scale, "place": _place}


# --- conditions that several operations share


def _way_faults(asked: Array, done: Array) -> list[str]:
    """Of a vector (3,) that should have gone like another: amount along it and off it.

    An empty text is a fault that what was done and asked say already.
    """
    amount = float(np.linalg.norm(asked))
    along = float(done @ asked) / amount
    off = float(np.linalg.norm(done - along * asked / amount))
    share = along / amount
    if not SHARE[0] - _EPS <= share <= SHARE[1] + _EPS:
        return [_amount_fault(share)]
    return ["too far off the asked direction"] if off > OFF_AXIS * amount + _EPS else []


def _amount_fault(share: float) -> str:
    if share > SHARE[1]:
        return "much too far" if math.isfinite(share) else "far too much"
    if share < -0.1:
        return "the opposite of what was asked"
    return "less than half of what was asked" if share > 0.1 else ""


def _place_faults(situation: Situation) -> list[str]:
    """The original place must be empty."""
    if any(_at_original(situation, pose) for pose in situation.target.doubles):
        return [f"a {situation.target.category} is left where it stood"]
    intruder = _intruder(situation)
    return [f"{intruder} stands where it stood"] if intruder else []


def _at_original(situation: Situation, pose: Pose) -> bool:
    before = situation.target.before
    return before is not None and float(np.linalg.norm(pose.centre - before.centre)) < diagonal(before.box) / 2


def _intruder(situation: Situation) -> str:
    """What stands in the target's place that was not there before; empty for nothing."""
    before = situation.target.before
    if before is None:
        return ""
    near = diagonal(before.box) / 4
    for thing in situation.bystanders:
        came = [pose for pose in (thing.after, *thing.doubles) if pose is not None]
        was_near = thing.before is not None and float(np.linalg.norm(thing.before.centre - before.centre)) < 2 * near
        if not was_near and any(float(np.linalg.norm(pose.centre - before.centre)) < near for pose in came):
            return f"the {thing.category}"
    alike = any(_at_original(situation, pose) for pose in situation.strangers)
    return f"another {situation.target.category}" if alike else ""


def _turn_faults(situation: Situation) -> list[str]:
    turn = situation.target.turn(situation.up)
    return [f"it {words.turned(turn)}, which nobody asked for"] if turn is not None and abs(turn) > KEPT_TURN + _EPS else []


def _size_faults(situation: Situation) -> list[str]:
    _, before, after = target_poses(situation)
    axes = visible_axes(situation)
    if not any(axes):
        return []
    factor = size_factor(before.box, after.box, axes)
    kept = KEPT_SIZE[0] - _EPS <= factor <= KEPT_SIZE[1] + _EPS
    return [] if kept else [f"it was {words.scaled(factor)}, which nobody asked for"]


def _base_faults(situation: Situation) -> list[str]:
    _, before, after = target_poses(situation)
    drift = after.base(situation.up) - before.base(situation.up)
    limit = drift_limit(before)
    moved = float(np.linalg.norm(drift)) > limit + _EPS and "position" not in after.unobservable
    return [f"it {words.moved(drift, situation.up)}, which nobody asked for"] if moved else []
