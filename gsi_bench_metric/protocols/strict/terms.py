"""What the rules of the strict protocol speak of: what is asked, what can be seen, how the camera moved, receptacles.

Metres, radians, source camera's frame.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from gsi_bench_dataset.layout.pixel_frame import project_to_source
from gsi_bench_metric.geometry.motion import Motion, fit_motion
from gsi_bench_metric.geometry.poses import size_factor, turn_about, wrapped
from gsi_bench_metric.protocols.strict.scene import Pose, Situation, Thing

__all__ = [
    "CAMERA_KEPT_M",
    "CAMERA_KEPT_TURN",
    "SUPPORT_HEIGHT_M",
    "asked_factor",
    "asked_freedoms",
    "asked_turn",
    "camera_motion",
    "displacement",
    "footprint",
    "goal_of",
    "in_frame",
    "landmarks",
    "radius",
    "receptacle_of",
    "target_poses",
    "visible_axes",
]

Array = NDArray[np.float64]

SUPPORT_HEIGHT_M = 0.02  # between the base and what carries it
CAMERA_KEPT_TURN, CAMERA_KEPT_M = math.radians(5), 0.10  # of a camera that nobody asked to turn, to travel


def in_frame(situation: Situation, point: Array) -> bool:
    """Whether a point is seen; yes where it is not known which pixels the camera matrix means."""
    sample = situation.sample
    if sample.pixel_frame == "unknown":
        return bool(point[2] > 0)
    pixel = project_to_source(point, sample.camera_intrinsics, sample.pixel_frame, situation.size)
    return bool(np.isfinite(pixel).all() and (pixel >= 0).all() and (pixel <= situation.size).all())


def target_poses(situation: Situation) -> tuple[Pose, Pose, Pose]:
    """(truth, before, after) of the target, all known once the lost ones are sorted out."""
    target = situation.target
    if target.truth is None or target.before is None or target.after is None:
        raise ValueError(f"{situation.sample.id}: the target has no pose")
    return target.truth, target.before, target.after


def goal_of(situation: Situation) -> Pose:
    """Where the target should stand; only operations with such a goal ask."""
    if situation.goal is None:
        raise ValueError(f"{situation.sample.id}: no goal")
    return situation.goal


def visible_axes(situation: Situation) -> tuple[bool, bool, bool]:
    """Of the box's w, h, l those whose sizes both pictures show."""
    _, before, after = target_poses(situation)
    blind = before.unobservable | after.unobservable
    size = "size" not in blind
    return size, size and "height" not in blind, size


def asked_turn(situation: Situation) -> float:
    """The smallest turn about the vertical that looks like the asked one."""
    truth = situation.target.truth
    goal = situation.goal
    if truth is None or goal is None:
        return 0.0
    return wrapped(turn_about(situation.up, truth.rotation, goal.rotation), situation.target.period)


def asked_factor(situation: Situation) -> float:
    """Size after / size before that is asked; 1 where the sample does not say."""
    factor = situation.operation.factor
    if factor is not None:
        return factor
    truth, goal = situation.target.truth, situation.goal
    return 1.0 if truth is None or goal is None else size_factor(truth.box, goal.box)


def asked_freedoms(situation: Situation, asked: Motion) -> tuple[bool, bool]:
    """Whether the camera is asked to travel, and to turn."""
    operation = situation.operation
    if operation.distance_m is not None or operation.angle_deg is not None:
        return operation.distance_m is not None, operation.angle_deg is not None
    return float(np.linalg.norm(asked.translation)) >= CAMERA_KEPT_M, asked.angle >= CAMERA_KEPT_TURN


def camera_motion(situation: Situation) -> Motion | None:
    """How the camera moved between the pictures, by all known things; None where too few are found again."""
    both = [t for t in (situation.target, *situation.others) if t.before is not None and t.after is not None]
    return fit_motion([landmarks(t, t.before) for t in both if t.before], [landmarks(t, t.after) for t in both if t.after])


def landmarks(thing: Thing, pose: Pose) -> Array:
    """Points (n, 3) that a camera's motion is read from: centre, ends of the vertical and, where turns show, of all axes."""
    full = thing.before is not None and "turn" not in thing.before.unobservable and thing.symmetry in (None, "none")
    full = full and (thing.after is None or "turn" not in thing.after.unobservable)
    # Axes of the size in the source, so that a size that was misjudged does not look like a motion.
    sizes = (thing.before or pose).box[3:6] / 2
    ends = (pose.rotation * sizes).T[[0, 1, 2] if full else [1]]
    return np.concatenate([pose.centre[None], pose.centre + ends, pose.centre - ends])


def receptacle_of(situation: Situation) -> Thing | None:
    """The known thing whose box holds the middle of the admissible region, of those that fit the words, if any."""
    middle = np.array(situation.operation.region).mean(0)
    name = (situation.operation.receptacle or "").lower()
    things = [thing for thing in situation.others if thing.truth is not None]
    things = [thing for thing in things if thing.category.lower() in name or name in thing.category.lower()] if name else things

    def outside(thing: Thing) -> float:
        if thing.truth is None:
            return math.inf
        local = np.abs((middle - thing.truth.centre) @ thing.truth.rotation)
        return float(np.linalg.norm(np.maximum(local - thing.truth.box[3:6] / 2, 0)))

    best = min(things, key=outside, default=None)
    return best if best is not None and outside(best) <= SUPPORT_HEIGHT_M else None


def displacement(thing: Thing | None) -> Array:
    """How far a thing went (3,); nothing where it is not seen twice."""
    if thing is None or thing.before is None or thing.after is None:
        return np.zeros(3)
    return thing.after.centre - thing.before.centre


def footprint(thing: Thing) -> Array:
    """Corners (4, 3) of the box's middle plane, which seen from above are those of its footprint."""
    if thing.truth is None:
        raise ValueError(f"{thing.id}: no box")
    box = thing.truth.box
    signs = np.array([[-1, 0, -1], [1, 0, -1], [1, 0, 1], [-1, 0, 1]])
    return np.asarray(signs * box[3:6] / 2 @ thing.truth.rotation.T + box[:3])


def radius(outline: Array) -> float:
    """Of the circle that has the area of a polygon (n, 2)."""
    x, y = outline.T
    return math.sqrt(abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2 / math.pi)
