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
from gsi_bench_metric.geometry.descriptions import most_alike
from gsi_bench_metric.geometry.matching import assign, best_order, box_costs, target_in_source
from gsi_bench_metric.geometry.poses import diagonal, extent_along, vertical, yaw_rotation
from gsi_bench_metric.protocols.strict.newcomers import Sighting, sorted_out
from gsi_bench_metric.protocols.strict.situation import KnownObject, Pose, Situation, true_motion
from gsi_bench_metric.protocols.strict.thresholds import STRICT

__all__ = ["known_objects", "situation_of", "undetected"]

Array = NDArray[np.float64]

_STAYED = 1e-6  # metres: of two places that an object stands at equally well, the one where it should be is taken for it
_SAME_AXIS = 1e-6


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
    # In an order of their own: which of two that serve equally well is taken must not depend on the detector's order.
    before, after = sorted(source, key=repr), sorted(edited or (), key=repr)
    named = any(d.object_id is not None for d in before)
    seen = _Seen(sample, known, up, named)
    things, strangers = seen.named(before, after) if named else seen.matched(before, after)
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
    """Brings detections and known objects of one sample together.

    Attributes:
        is_named: the detector says which object each detection is, and so knows its axes.
    """

    sample: Sample
    known: list[KnownObject]
    up: Array
    is_named: bool = True

    def named(self, source: Sequence[Detection], edited: Sequence[Detection]) -> tuple[list[KnownObject], tuple[Pose, ...]]:
        """Of detectors that say which object each detection is."""
        before, after = self._by_id(source), self._by_id(edited)
        target = self.known[0]
        mine = _nearest(before[target.id], target.truth)
        factor = _depth_factor(target.truth, mine)
        things = []
        for thing in self.known:
            were = [_scaled(pose, factor) for pose in before[thing.id]]
            first = _nearest(were, thing.truth)
            found = [_scaled(pose, factor) for pose in after[thing.id]]
            wanted = self._expected(thing) or first
            last = _nearest(found, wanted)
            doubles = [pose for pose in were if pose is not first]  # two of one name in the source are two in the edited image
            copies = [p for p in found if p is not last and not any(_coincide(p, double) for double in doubles)]
            things.append(dataclasses.replace(thing, before=first, after=last, copies=tuple(copies)))
        ids = {thing.id for thing in self.known}
        views = ([d for d in view if d.state != "absent" and d.object_id not in ids] for view in (source, edited))
        others = [[Sighting(_scaled(self._pose(d), factor), d.label, d.object_id) for d in view] for view in views]
        things = self._renamed(things)
        return sorted_out(things, *others, labels=[None] * len(things), unseen=self._unseen(things))

    def matched(self, source: Sequence[Detection], edited: Sequence[Detection]) -> tuple[list[KnownObject], tuple[Pose, ...]]:
        """Of detectors that only say what they see."""
        source, edited = ([d for d in view if d.state != "absent"] for view in (source, edited))
        # Boxes that all turn about the camera's y axis alone: nothing tells that the detector could say anything else.
        yaw_before, yaw_after = (all(map(_is_yaw, view)) for view in (source, edited))
        blind = ("tilt",) if yaw_before and yaw_after else ()
        before = [self._pose(d) for d in source]
        target = self.known[0]
        boxes = np.array([pose.box for pose in before]).reshape(-1, 7)
        if target.truth is None:
            raise ValueError(f"{self.sample.id}: the target has no box")
        first = target_in_source(target.truth.box, boxes, max(STRICT.source_m, diagonal(target.truth.box)))
        if first is None:
            return self.known, ()
        index, factor = first
        before = [_scaled(pose, factor) for pose in before]
        things, labels = self._in_source(before, index, [d.label for d in source])
        things, others = self._in_edited(things, [Sighting(_scaled(self._pose(d, blind), factor), d.label) for d in edited])
        # Detectors without ids are asked for the target's class: what they give no name is of it.
        things, strangers = sorted_out(things, (), others, labels=labels, unseen=self._unseen(things), of_its_class=True)
        return [self._described(thing, upright=yaw_before) for thing in things], strangers

    def _in_source(
        self, before: list[Pose], target: int, labels: Sequence[str | None]
    ) -> tuple[list[KnownObject], list[str | None]]:
        """Known objects with their poses in the source, and what each is called there; what the sample does not know of becomes
        known by being seen."""
        rest = [i for i in range(len(before)) if i != target]
        others = self.known[1:]
        truths = np.array([thing.truth.box for thing in others if thing.truth is not None]).reshape(-1, 7)
        boxes = np.array([before[i].box for i in rest]).reshape(-1, 7)
        pairs = assign(box_costs(truths, boxes), STRICT.source_m)
        things = [dataclasses.replace(self.known[0], before=before[target])]
        for row, thing in enumerate(others):
            things.append(dataclasses.replace(thing, before=before[rest[pairs[row]]] if row in pairs else None))
        called = [labels[target], *(labels[rest[pairs[row]]] if row in pairs else None for row in range(len(others)))]
        new = [i for column, i in enumerate(rest) if column not in pairs.values()]
        things += [KnownObject(f"seen {i}", labels[i] or self.sample.target, None, None, before=before[i]) for i in new]
        return things, [*called, *(labels[i] for i in new)]

    def _in_edited(self, things: list[KnownObject], after: list[Sighting]) -> tuple[list[KnownObject], list[Sighting]]:
        seen = [i for i, thing in enumerate(things) if thing.before is not None]
        costs = np.array([[self._cost(things[i], s.pose) for s in after] for i in seen]).reshape(len(seen), len(after))
        pairs = assign(costs)
        things = list(things)
        for row, column in pairs.items():
            things[seen[row]] = dataclasses.replace(things[seen[row]], after=after[column].pose)
        return things, [sighting for column, sighting in enumerate(after) if column not in pairs.values()]

    def _cost(self, thing: KnownObject, pose: Pose) -> float:
        """Of calling a detection in the edited image this object: it stands where it should stand, or else where it stood."""
        expected, before = self._expected(thing), thing.before
        places = [(p, late) for p, late in ((expected, 0.0), (before, _STAYED)) if p is not None]
        return min(float(box_costs(p.box[None], pose.box[None])[0, 0]) + late for p, late in places)

    def _unseen(self, things: Sequence[KnownObject]) -> list[Sighting]:
        """Objects that the detector overlooked in the source, where they should be seen in the edited image."""
        places = [(self._expected(thing), thing.category) for thing in things if thing.before is None]
        return [Sighting(place, category) for place, category in places if place is not None]

    def _described(self, thing: KnownObject, *, upright: bool) -> KnownObject:
        """The object with its boxes along the axes of its true one, as far as the sides tell which these are.

        `upright`: in the source its box can only turn about its own y axis.
        """
        if thing.before is None:
            return thing
        up, side, tilt = self.up, STRICT.same_side, STRICT.rough_tilt
        before = thing.before
        if thing.truth is not None:
            before = most_alike(before, thing.truth, up, side=side, tilt=tilt, upright=upright)
        if thing.after is None:
            return dataclasses.replace(thing, before=before)
        expected = self._turn_asked(thing) @ before.rotation
        after = most_alike(thing.after, before, up, expected=expected, side=side, tilt=tilt)
        return dataclasses.replace(thing, before=before, after=after)

    def _turn_asked(self, thing: KnownObject) -> Array:
        """The rotation (3, 3) that the object should have made in the camera's frame."""
        operation, goal = self.sample.operation, self.sample.new_rotation_matrix
        motion = true_motion(operation) if operation and operation.kind == "view" else None
        if motion is not None:
            return motion.rotation
        is_target = thing.id == self.known[0].id and thing.truth is not None and goal is not None
        return np.array(goal) @ thing.truth.rotation.T if is_target and thing.truth else np.eye(3)

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

    def _by_id(self, detections: Sequence[Detection]) -> dict[str | None, list[Pose]]:
        found: dict[str | None, list[Pose]] = defaultdict(list)
        for detection in detections:
            if detection.state != "absent":
                found[detection.object_id].append(self._pose(detection))
        return found

    def _pose(self, detection: Detection, blind: Sequence[str] = ()) -> Pose:
        box, given = np.array(detection.bbox_3d), detection.rotation_matrix
        rotation = yaw_rotation(box[6]) if given is None else np.array(given)
        sigma = None if detection.sigma is None else np.array(detection.sigma)
        unseen = {*detection.unobservable, *blind, *(("tilt",) if given is None else ())}
        rectangle = np.array(detection.bbox_2d)
        return Pose(box, rotation, detection.confidence, sigma, frozenset(unseen), rectangle, own_axes=self.is_named)

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


def _is_yaw(detection: Detection) -> bool:
    """Whether a box is turned about the camera's y axis alone."""
    if detection.rotation_matrix is None:
        return True
    return bool(np.allclose(np.array(detection.rotation_matrix)[:, 1], (0.0, 1.0, 0.0), atol=_SAME_AXIS))


def _nearest(poses: Sequence[Pose], wanted: Pose | None) -> Pose | None:
    if not poses or wanted is None:
        return next(iter(poses), None)
    return min(poses, key=lambda pose: float(np.linalg.norm(pose.centre - wanted.centre)))


def _coincide(a: Pose, b: Pose) -> bool:
    """Whether two poses are too near to each other for two things."""
    return float(np.linalg.norm(a.centre - b.centre)) < STRICT.in_place * diagonal(b.box)


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
