"""Which detection is which known object: detections become poses, and an edit becomes a `Situation`.

Detections are named one by one where the detector gives no ids, brought to the true scale, and names are exchanged within sets
of objects that look alike. Nothing is judged.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gsi_bench_dataset.records import Detection, Sample, SceneObject
from gsi_bench_metric.geometry.matching import assign, best_order, box_costs, target_in_source
from gsi_bench_metric.geometry.poses import diagonal, extent_along, vertical, yaw_rotation
from gsi_bench_metric.protocols.strict.situation import KnownObject, Pose, Situation, true_motion
from gsi_bench_metric.protocols.strict.thresholds import STRICT

__all__ = ["known_objects", "situation_of", "undetected"]

Array = NDArray[np.float64]


def situation_of(
    sample: Sample, size: tuple[int, int], source: Sequence[Detection], edited: Sequence[Detection] | None
) -> Situation:
    """The situation of an edit. `edited` None: no result for this image.

    Args:
        sample: with an operation.
        size: (width, height) of the source image, pixels.
        source: detections in the source.
        edited: detections in the edited image, in the frame of the camera that took it.
    """
    up = vertical(sample.up, sample.rotation_matrix)
    known = known_objects(sample)
    seen = _Seen(sample, known, up)
    named = any(d.object_id is not None for d in source)
    things, strangers = seen.named(source, edited or ()) if named else seen.matched(source, edited or ())
    target, rest = things[0], things[1:]
    carried = {
        thing.id for thing in rest if _is_load(target, thing, up) and sample.operation and sample.operation.kind != "view"
    }
    found = [thing for thing in rest if thing.before is not None]
    return Situation(
        sample,
        up,
        size,
        target,
        tuple(thing for thing in found if thing.id in carried),
        tuple(thing for thing in found if thing.id not in carried),
        strangers,
        answered=edited is not None,
    )


def undetected(sample: Sample, size: tuple[int, int]) -> Situation:
    """What is known of an edit before anyone looks at its images: see `situation_of`."""
    target, *others = known_objects(sample)
    return Situation(
        sample, vertical(sample.up, sample.rotation_matrix), size, target, bystanders=tuple(others), answered=False
    )


def known_objects(sample: Sample) -> list[KnownObject]:
    """The objects that the sample tells of, the target first."""
    truth = Pose(np.array(sample.original_bbox_3d), np.array(sample.rotation_matrix))
    target = KnownObject("target", sample.target, None, truth)
    others = []
    for number, thing in enumerate(sample.objects or (), 1):
        known = KnownObject(thing.id, thing.category, thing.symmetry, _pose_of(thing), number=number)
        if thing.is_target:
            target = dataclasses.replace(known, truth=truth)
        else:
            others.append(known)
    return [target, *others]


def _pose_of(thing: SceneObject) -> Pose:
    return Pose(np.array(thing.bbox_3d), np.array(thing.rotation_matrix))


def _is_load(carrier: KnownObject, thing: KnownObject, up: Array) -> bool:
    """Whether an object stands on or in another, as far as their boxes tell."""
    if carrier.truth is None or thing.truth is None:
        return False
    box, rotation = carrier.truth.box, carrier.truth.rotation
    rise = float((thing.truth.base(up) - carrier.truth.base(up)) @ up)
    height = extent_along(box, rotation, up)
    across = (thing.truth.centre - box[:3]) @ rotation
    inside = np.abs(across[[0, 2]]) <= box[[3, 5]] / 2
    return bool(STRICT.load_rise_m < rise <= height + STRICT.load_above_m and inside.all())


@dataclasses.dataclass(frozen=True)
class _Seen:
    """Brings detections and known objects of one sample together."""

    sample: Sample
    known: list[KnownObject]
    up: Array

    def named(self, source: Sequence[Detection], edited: Sequence[Detection]) -> tuple[list[KnownObject], tuple[Pose, ...]]:
        """Of detectors that say which object each detection is."""
        before, after = _by_id(source), _by_id(edited)
        target = self.known[0]
        mine = _nearest(before[target.id], target.truth)
        factor = _depth_factor(target.truth, mine)
        things = []
        for thing in self.known:
            first = _nearest([_scaled(pose, factor) for pose in before[thing.id]], thing.truth)
            found = [_scaled(pose, factor) for pose in after[thing.id]]
            wanted = self._expected(thing) or first
            last = _nearest(found, wanted)
            copies = tuple(pose for pose in found if pose is not last)
            things.append(dataclasses.replace(thing, before=first, after=last, copies=copies))
        ids = {thing.id for thing in self.known}
        strangers = tuple(_scaled(pose, factor) for name, poses in after.items() if name not in ids for pose in poses)
        return self._renamed(things), strangers

    def matched(self, source: Sequence[Detection], edited: Sequence[Detection]) -> tuple[list[KnownObject], tuple[Pose, ...]]:
        """Of detectors that only say what they see."""
        before = [_pose(d) for d in source if d.state == "present"]
        target = self.known[0]
        boxes = np.array([pose.box for pose in before]).reshape(-1, 7)
        if target.truth is None:
            raise ValueError(f"{self.sample.id}: the target has no box")
        first = target_in_source(target.truth.box, boxes, max(STRICT.source_m, diagonal(target.truth.box)))
        if first is None:
            return self.known, ()
        index, factor = first
        before = [_scaled(pose, factor) for pose in before]
        things = self._in_source(before, index, [d.label for d in source if d.state == "present"])
        after = [_scaled(_pose(d), factor) for d in edited if d.state == "present"]
        return self._in_edited(things, after)

    def _in_source(self, before: list[Pose], target: int, labels: Sequence[str | None]) -> list[KnownObject]:
        """Known objects with their poses in the source; what the sample does not know of becomes known by being seen."""
        rest = [i for i in range(len(before)) if i != target]
        others = self.known[1:]
        truths = np.array([thing.truth.box for thing in others if thing.truth is not None]).reshape(-1, 7)
        boxes = np.array([before[i].box for i in rest]).reshape(-1, 7)
        pairs = assign(box_costs(truths, boxes), STRICT.source_m)
        things = [dataclasses.replace(self.known[0], before=before[target])]
        for row, thing in enumerate(others):
            things.append(dataclasses.replace(thing, before=before[rest[pairs[row]]] if row in pairs else None))
        new = [i for column, i in enumerate(rest) if column not in pairs.values()]
        things += [KnownObject(f"seen {i}", labels[i] or self.sample.target, None, None, before=before[i]) for i in new]
        return things

    def _in_edited(self, things: list[KnownObject], after: list[Pose]) -> tuple[list[KnownObject], tuple[Pose, ...]]:
        seen = [i for i, thing in enumerate(things) if thing.before is not None]
        costs = np.array([[self._cost(things[i], pose) for pose in after] for i in seen]).reshape(len(seen), len(after))
        pairs = assign(costs)
        things = list(things)
        for row, column in pairs.items():
            things[seen[row]] = dataclasses.replace(things[seen[row]], after=after[column])
        return things, tuple(pose for column, pose in enumerate(after) if column not in pairs.values())

    def _cost(self, thing: KnownObject, pose: Pose) -> float:
        """Of calling a detection in the edited image this object: it stands where it stood, or where it should stand."""
        places = [p for p in (thing.before, self._expected(thing)) if p is not None]
        return min(float(box_costs(place.box[None], pose.box[None])[0, 0]) for place in places)

    def _expected(self, thing: KnownObject) -> Pose | None:
        """Where an object stands in the edited image if the edit is right; None where it should be gone, or is not known."""
        operation = self.sample.operation
        motion = true_motion(operation) if operation and operation.kind == "view" else None
        origin = thing.before or thing.truth
        if motion is not None and origin is not None:
            box = np.concatenate([motion.apply(origin.centre), origin.box[3:]])
            return Pose(box, motion.rotation @ origin.rotation)
        if thing.id != self.known[0].id:
            return origin
        if operation is None or operation.kind == "remove":
            return None
        goal = self.sample.new_bbox_3d
        return Pose(np.array(goal), origin.rotation) if goal is not None and origin is not None else origin

    def _renamed(self, things: list[KnownObject]) -> list[KnownObject]:
        """Names exchanged among indistinguishable objects, where that serves better."""
        sets: dict[str, list[int]] = defaultdict(list)
        by_id = {o.id: o.indistinguishable_set for o in self.sample.objects or ()}
        for i, thing in enumerate(things):
            name = by_id.get(thing.id)
            if name is not None and thing.before is not None:
                sets[name].append(i)
        renamed = list(things)
        for members in sets.values():
            expected = np.array([_place(self._expected(things[i])) for i in members])
            found = np.array([_place(things[i].after) for i in members])
            for i, j in zip(members, best_order(expected, found), strict=True):
                finding = things[members[j]]
                renamed[i] = dataclasses.replace(things[i], after=finding.after, copies=finding.copies)
        return renamed


def _by_id(detections: Sequence[Detection]) -> dict[str, list[Pose]]:
    found: dict[str, list[Pose]] = defaultdict(list)
    for number, detection in enumerate(detections):
        if detection.state != "absent":
            found[detection.object_id or f"seen {number}"].append(_pose(detection))
    return found


def _pose(detection: Detection) -> Pose:
    box = np.array(detection.bbox_3d)
    rotation = yaw_rotation(box[6]) if detection.rotation_matrix is None else np.array(detection.rotation_matrix)
    sigma = None if detection.sigma is None else np.array(detection.sigma)
    return Pose(box, rotation, detection.confidence, sigma, frozenset(detection.unobservable), np.array(detection.bbox_2d))


def _nearest(poses: Sequence[Pose], wanted: Pose | None) -> Pose | None:
    if not poses or wanted is None:
        return next(iter(poses), None)
    return min(poses, key=lambda pose: float(np.linalg.norm(pose.centre - wanted.centre)))


def _place(pose: Pose | None) -> Array:
    return np.full(3, np.nan) if pose is None else pose.centre


def _depth_factor(truth: Pose | None, found: Pose | None) -> float:
    """What brings a detector's boxes to the true scale, about the camera's centre."""
    if truth is None or found is None or found.box[2] <= 0 or truth.box[2] <= 0:
        return 1.0
    return float(truth.box[2] / found.box[2])


def _scaled(pose: Pose, factor: float) -> Pose:
    if factor == 1.0:
        return pose
    sigma = None if pose.sigma is None else np.concatenate([pose.sigma[:6] * factor, pose.sigma[6:]])
    return dataclasses.replace(pose, box=np.concatenate([pose.box[:6] * factor, pose.box[6:]]), sigma=sigma)
