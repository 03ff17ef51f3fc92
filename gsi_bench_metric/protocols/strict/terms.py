"""What the rules of the strict protocol speak of: what is asked, what can be seen, how the camera moved, receptacles.

Metres, radians, source camera's frame.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from gsi_bench_dataset.layout.pixel_frame import project_to_source
from gsi_bench_dataset.records import Fault, Reason
from gsi_bench_dataset.vocabulary import SELF_TEST
from gsi_bench_metric.geometry.motion import Motion, fit_motion
from gsi_bench_metric.geometry.poses import Pose, diagonal, size_factor, turn_about
from gsi_bench_metric.geometry.symmetry import wrapped
from gsi_bench_metric.protocols.strict.situation import KnownObject, Situation
from gsi_bench_metric.protocols.strict.thresholds import STRICT
from gsi_bench_metric.protocols.text import reason

__all__ = [
    "asked_factor",
    "asked_freedoms",
    "asked_turn",
    "camera_motion",
    "cannot_tell",
    "displacement",
    "footprint",
    "goal_factor",
    "goal_of",
    "in_frame",
    "intruder_of",
    "landmarks",
    "no_goal",
    "radius",
    "receptacle_of",
    "said_distance",
    "said_turn",
    "target_poses",
]

Array = NDArray[np.float64]


def in_frame(situation: Situation, point: Array, shown: tuple[float, float, float, float] | None = None) -> bool:
    """Whether a point is seen; yes where it is not known which pixels the camera matrix means.

    `shown`: x0, y0, x1, y1 of the part of the image that is there, pixels; None: all of it.
    """
    sample = situation.sample
    if sample.pixel_frame == "unknown":
        return bool(point[2] > 0)
    pixel = project_to_source(point, sample.camera_intrinsics, sample.pixel_frame, situation.size)
    left, top, right, bottom = shown or (0, 0, *situation.size)
    return bool(np.isfinite(pixel).all() and (pixel >= (left, top)).all() and (pixel <= (right, bottom)).all())


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


def asked_turn(situation: Situation) -> float:
    """The smallest turn about the vertical that looks like the asked one."""
    truth = situation.target.truth
    goal = situation.goal
    if truth is None or goal is None:
        return 0.0
    return wrapped(turn_about(situation.up, truth.rotation, goal.rotation), situation.target.period)


def said_distance(situation: Situation) -> float | None:
    """How far the words have the target go itself, metres; None: they do not say, or say how far from another object."""
    operation = situation.operation
    return operation.distance_m if operation.reference is None else None


def said_turn(situation: Situation) -> float | None:
    """The turn that the words give, counter-clockwise > 0, radians; None: they give none. Without a sense it is the goal's."""
    operation = situation.operation
    if operation.angle_deg is None:
        return None
    angle = math.radians(operation.angle_deg)
    if operation.direction not in ("clockwise", "counterclockwise"):
        return math.copysign(angle, asked_turn(situation))
    return angle if operation.direction == "counterclockwise" else -angle


def goal_factor(situation: Situation) -> float | None:
    """Size after / size before of the stored goal box, > 0; None: it stores none, or one without size."""
    truth, goal = situation.target.truth, situation.goal
    if truth is None or goal is None or situation.sample.new_bbox_3d is None:
        return None
    factor = size_factor(truth.box, goal.box)
    return factor if factor > 0 else None


def asked_factor(situation: Situation) -> float:
    """Size after / size before that is asked, by the words; by the goal where these say none or the opposite; 1: by neither."""
    said, stored = situation.operation.factor, goal_factor(situation)
    if said is None or said <= 0:
        return stored or 1.0
    opposite = stored is not None and math.log(stored) * math.log(said) < 0
    return stored if opposite and stored is not None else said


def asked_freedoms(situation: Situation, asked: Motion) -> tuple[bool, bool]:
    """Whether the camera is asked to travel, and to turn."""
    operation = situation.operation
    if operation.distance_m is not None or operation.angle_deg is not None:
        return operation.distance_m is not None, operation.angle_deg is not None
    return float(np.linalg.norm(asked.translation)) >= STRICT.camera_kept_m, asked.angle >= math.radians(STRICT.camera_kept_deg)


def camera_motion(situation: Situation) -> Motion | None:
    """How the camera moved between the images, by all known objects; None where too few are found again."""
    both = [t for t in (situation.target, *situation.others) if t.before is not None and t.after is not None]
    return fit_motion([landmarks(t, t.before) for t in both if t.before], [landmarks(t, t.after) for t in both if t.after])


def landmarks(thing: KnownObject, pose: Pose) -> Array:
    """Points (n, 3) that a camera's motion is read from: centre, ends of the vertical and, where turns show, of all axes."""
    full = thing.before is not None and "turn" not in thing.before.unobservable and thing.symmetry in (None, "none")
    full = full and (thing.after is None or "turn" not in thing.after.unobservable)
    # Axes of the size in the source, so that a size that was misjudged does not look like a motion.
    sizes = (thing.before or pose).box[3:6] / 2
    ends = (pose.rotation * sizes).T[[0, 1, 2] if full else [1]]
    return np.concatenate([pose.centre[None], pose.centre + ends, pose.centre - ends])


def receptacle_of(situation: Situation) -> KnownObject | None:
    """The known object whose box holds the middle of the admissible region, of those that fit the words, if any."""
    middle = np.array(situation.operation.region).mean(0)
    name = (situation.operation.receptacle or "").lower()
    things = [thing for thing in situation.others if thing.truth is not None]
    things = [thing for thing in things if thing.category.lower() in name or name in thing.category.lower()] if name else things

    def outside(thing: KnownObject) -> float:
        if thing.truth is None:
            return math.inf
        local = np.abs((middle - thing.truth.centre) @ thing.truth.rotation)
        return float(np.linalg.norm(np.maximum(local - thing.truth.box[3:6] / 2, 0)))

    best = min(things, key=outside, default=None)
    return best if best is not None and outside(best) <= STRICT.support_m else None


def displacement(thing: KnownObject | None) -> Array:
    """How far an object went (3,); nothing where it is not seen twice."""
    if thing is None or thing.before is None or thing.after is None:
        return np.zeros(3)
    return thing.after.centre - thing.before.centre


def footprint(thing: KnownObject) -> Array:
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


def intruder_of(situation: Situation) -> Fault | None:
    """What stands at the target's original place that was not there before, as the fault that it is for most operations."""
    before = situation.target.before
    if before is None:
        return None
    size = diagonal(before.box)
    for other in situation.bystanders:
        came = [pose for pose in (other.after, *other.copies) if pose is not None]
        was_near = other.before is not None and _apart(other.before, before) < STRICT.was_near * size
        if not was_near and any(_apart(pose, before) < STRICT.in_place * size for pose in came):
            # What only a detector knows may be called after the target for want of a name.
            unknown = other.truth is None and other.category == situation.sample.target
            return Fault("place_taken_by_unknown") if unknown else Fault("place_taken", subject=other.category)
    alike = any(_apart(pose, before) < STRICT.at_original * size for pose in situation.strangers)
    return Fault("place_taken_by_unknown") if alike else None


def _apart(a: Pose, b: Pose) -> float:
    return float(np.linalg.norm(a.centre - b.centre))


def cannot_tell(situation: Situation, freedom: str) -> Reason:
    """Why a sample is excluded: the detector measures a freedom of the target wrong where it knows the answer, or not."""
    before = situation.target.before
    tested = before is not None and SELF_TEST in before.unobservable
    return reason("unobservable", f"{'failed' if tested else 'cannot_tell'}_{freedom}", subject=situation.target.category)


def no_goal(kind: str) -> Reason:
    """Why a sample is excluded that lacks what its operation is measured against."""
    return reason("no_goal", f"no_goal_{kind}")
