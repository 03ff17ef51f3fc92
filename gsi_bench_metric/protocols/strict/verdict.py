"""What an edit is worth under the strict protocol: its operation's rule, the other objects, the scene (docs/metric.md).

Every change is measured between source and edited image by the same detector and compared with the change from the sample's
original to its goal, so that what a detector always gets wrong drops out. Metres, radians, source camera's frame.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from numpy.typing import NDArray

from gsi_bench_dataset.records import Change, Fault, Reason
from gsi_bench_metric.geometry.motion import Motion
from gsi_bench_metric.geometry.poses import Pose, diagonal, side_logs
from gsi_bench_metric.protocols.strict.rules import RULES
from gsi_bench_metric.protocols.strict.rules.base import EPS
from gsi_bench_metric.protocols.strict.rules.keeping import asked_tilt, distinct, kept_whole, leans, worst_side
from gsi_bench_metric.protocols.strict.situation import KnownObject, Situation, true_motion
from gsi_bench_metric.protocols.strict.terms import camera_motion, in_frame
from gsi_bench_metric.protocols.strict.thresholds import STRICT
from gsi_bench_metric.protocols.text import reason

__all__ = ["Outcome", "bystander_changes", "judge"]

Array = NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What an edit is worth.

    Attributes:
        ic: whether it complies.
        sa: accuracy 0–1.
        bystanders: share of the other objects that is unchanged, 0–1.
        faults: each enough for ic = False.
        done, asked: what it did and what it should have done; empty where the target or the scene is lost.
        changed: the other objects that changed too, the nearest first.
        reasons: why the target or the scene counts as lost.
        progress: how much of what was asked is done, 0–1, see `rules.base.Finding`; 0 where the target is lost.
        confidence: how sure the detector is of the target in the edited image, 0–1; None: it is not there, or that is not said.
    """

    ic: bool
    sa: float
    bystanders: float
    faults: tuple[Fault, ...] = ()
    done: tuple[Change, ...] = ()
    asked: tuple[Change, ...] = ()
    changed: tuple[Change, ...] = ()
    reasons: tuple[Reason, ...] = ()
    progress: float = 0.0
    confidence: float | None = None


def judge(
    situation: Situation, scene_found: float | None = None, shown: tuple[float, float, float, float] | None = None
) -> Outcome:
    """What an edit of a sample that is not excluded is worth.

    Args:
        situation: the objects in both images.
        scene_found: share of the image outside of the edit that is found again, 0–1; None: not known.
        shown: x0, y0, x1, y1 of the part of the source that the edited image shows, in source pixels; None: all of it.
    """
    kind = situation.operation.kind
    motion = camera_motion(situation) if kind == "view" else None
    changes = bystander_changes(situation, motion)
    unchanged = 1.0 if not changes else sum(not change for change in changes.values()) / len(changes)
    changed = _changed(situation, changes)
    scene = _scene_lost(situation, scene_found)
    target = _cut_away(situation, shown) if shown is not None and kind != "view" else []
    if not target and kind not in ("view", "remove"):
        target = _target_lost(situation)
    lost = (Fault("lost"),) if scene or target else ()
    reasons, seen = (*scene, *target), situation.target.after
    sure = None if seen is None else seen.confidence
    if target:
        return Outcome(False, 0.0, unchanged, lost, changed=changed, reasons=reasons, confidence=sure)
    found = RULES[kind].judge(situation, unchanged)
    faults = (*found.faults, *lost)
    told = (found.done, found.asked, changed, reasons)
    return Outcome(not faults, found.sa, unchanged, faults, *told, found.progress, sure)


def _changed(situation: Situation, changes: dict[str, str]) -> tuple[Change, ...]:
    """The other objects that changed, the nearest first; of a view edit, where all stand still, the target is one too."""
    found = [(_apart(thing, situation.target), thing.category) for thing in situation.bystanders if changes.get(thing.id)]
    found.sort(key=lambda item: item[0])
    return tuple(Change("changed", away if math.isfinite(away) else None, subject=name) for away, name in found)


def bystander_changes(situation: Situation, motion: Motion | None = None) -> dict[str, str]:
    """What happened to each bystander, by id: "" nothing, else gone, moved, turned, tilted, scaled, distorted or copied.

    For view edits the objects as seen by the camera that moved by `motion`; those that it no longer shows are left out.
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


def _change(thing: KnownObject, expected: Pose, up: Array, motion: Motion | None) -> str:
    if thing.after is None:
        return "gone"
    step = float(np.linalg.norm(thing.after.centre - expected.centre))
    sigma = math.hypot(expected.sigma_m, thing.after.sigma_m)
    if "position" not in thing.after.unobservable and step >= max(STRICT.bystander_m, STRICT.sigmas * sigma):
        return "moved"
    turn = thing.turn(up if motion is None else motion.rotation @ up, expected.rotation)
    if turn is not None and abs(turn) >= math.radians(STRICT.bystander_deg):
        return "turned"
    return _remade(thing, expected, thing.after, up)


def _remade(thing: KnownObject, expected: Pose, after: Pose, up: Array) -> str:
    """What else happened to a bystander at its place: how it stands, its size, each side, how many there are."""
    before = thing.before or expected
    if leans(before, after, up, expected.rotation, math.radians(STRICT.bystander_deg)) is not None:
        return "tilted"
    if not kept_whole(before, after):
        return "scaled"
    if worst_side(side_logs(before.box, after.box), before, after) is not None:
        return "distorted"
    return "copied" if distinct(after, thing.copies) else ""


def _scene_lost(situation: Situation, scene_found: float | None) -> list[Reason]:
    """Whether less than half of the rest of the scene is found again, by the image or by the known objects' surface."""
    motion = true_motion(situation.operation) if situation.operation.kind == "view" else None
    total = found = 0.0
    for thing in situation.bystanders:
        if thing.before is None or (motion is not None and not in_frame(situation, motion.apply(thing.before.centre))):
            continue
        surface = (diagonal(thing.before.box) / max(thing.before.box[2], EPS)) ** 2  # as large as it looks
        total += surface
        found += surface if thing.after is not None else 0.0
    share = min(1.0 if scene_found is None else scene_found, found / total if total else 1.0)
    return [reason("scene_lost", "scene_lost", share)] if share < STRICT.scene_found else []


def _target_lost(situation: Situation) -> list[Reason]:
    target = situation.target
    name, after = target.category, target.after
    if after is None:
        return [reason("not_detected", "target_gone", subject=name)]
    if after.confidence is not None and after.confidence < STRICT.sure:
        return [reason("low_confidence", "hardly_recognisable", after.confidence, subject=name)]
    if not in_frame(situation, after.centre):
        return [reason("left_frame", "left_frame", subject=name)]
    freedoms = [{"rotate": "turn", "scale": "size"}.get(situation.operation.kind, "position")]
    if asked_tilt(target.truth, situation.goal, situation.up) > STRICT.kept_turn:
        freedoms.append("tilt")
    unseen = [freedom for freedom in freedoms if freedom in after.unobservable]
    return [reason("low_confidence", f"edited_{freedom}_unseen", subject=name) for freedom in unseen[:1]]


def _cut_away(situation: Situation, shown: tuple[float, float, float, float]) -> list[Reason]:
    """Whether the editor cut away the part of the source where the target should stand, or from where it should be gone."""
    place = situation.target.truth if situation.operation.kind == "remove" else situation.goal
    if place is None or in_frame(situation, place.centre, shown):
        return []
    return [reason("left_frame", "cut_away", subject=situation.target.category)]


def _apart(thing: KnownObject, target: KnownObject) -> float:
    if thing.before is None or target.before is None:
        return math.inf
    return float(np.linalg.norm(thing.before.centre - target.before.centre))
