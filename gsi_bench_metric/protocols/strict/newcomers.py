"""What an edited image shows beside the known objects: which of it is a further one of them, and which is something else."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from gsi_bench_metric.geometry.matching import assign, box_costs
from gsi_bench_metric.geometry.poses import diagonal, size_factor
from gsi_bench_metric.protocols.strict.situation import KnownObject, Pose
from gsi_bench_metric.protocols.strict.thresholds import STRICT

__all__ = ["Sighting", "sorted_out"]

_ANOTHER = 100.0  # metres: what a detection is called says more than where it stands


@dataclasses.dataclass(frozen=True)
class Sighting:
    """A detection that is none of the known objects: what the detector calls it, and which one it says it is."""

    pose: Pose
    label: str | None
    object_id: str | None = None


def _seen_before(before: Sequence[Sighting], after: Sequence[Sighting]) -> set[int]:
    """Which of an edited image the source showed already, here or elsewhere: one for one, what is alike is the same."""
    costs = box_costs(_boxes(after), _boxes(before))
    other = [[_name(a.label) != _name(b.label) or a.object_id != b.object_id for b in before] for a in after]
    return set(assign(costs + _ANOTHER * np.array(other).reshape(costs.shape), _ANOTHER))


def sorted_out(
    things: Sequence[KnownObject],
    before: Sequence[Sighting],
    after: Sequence[Sighting],
    *,
    labels: Sequence[str | None],
    unseen: Sequence[Sighting] = (),
    of_its_class: bool = False,
) -> tuple[list[KnownObject], tuple[Pose, ...]]:
    """The known objects with what is surely a further one of them among their copies, and the poses of everything else.

    What is sure: the source did not show it, it is called like the object, stands apart from every known one, and is no object
    that the detector overlooked in the source. Of detectors that do not know the objects it must be about as large, too.

    Args:
        things: the known objects, the target first.
        before, after: what source and edited image show beside them.
        labels: what the detector calls each of `things` in the source, beside the object's category.
        unseen: objects that are there and that the detector did not see in the source, and where they stand.
        of_its_class: the detector looks for the target's class alone, so that what has no label is of it.
    """
    copies: dict[int, list[Pose]] = {}
    rest = []
    old = _seen_before(before, after)
    for number, sighting in enumerate(after):
        known = number in old or _is_known(things, unseen, sighting, of_its_class)
        owner = None if known else _owner(things, sighting, labels, of_its_class)
        if owner is None:
            rest.append(sighting.pose)
        else:
            copies.setdefault(owner, []).append(sighting.pose)
    found = [dataclasses.replace(t, copies=(*t.copies, *copies.get(i, ()))) for i, t in enumerate(things)]
    return found, tuple(rest)


def _is_known(things: Sequence[KnownObject], unseen: Sequence[Sighting], sighting: Sighting, of_its_class: bool) -> bool:
    """Whether this is no new thing: a known one seen twice, or one that was overlooked."""
    pose, name = sighting.pose, things[0].category if sighting.label is None and of_its_class else sighting.label
    seen = (thing.after for thing in things if thing.after is not None)
    if any(float(np.linalg.norm(pose.centre - p.centre)) < STRICT.in_place * diagonal(p.box) for p in seen):
        return True
    alike = [other.pose.box for other in unseen if _name(other.label) == _name(name)]
    return any(float(box_costs(box[None], pose.box[None])[0, 0]) <= STRICT.source_m for box in alike)


def _owner(things: Sequence[KnownObject], sighting: Sighting, labels: Sequence[str | None], of_its_class: bool) -> int | None:
    """The number of the object that this is a further one of: the target, or else the nearest; None: of none."""
    pose = sighting.pose

    def fits(number: int) -> bool:
        thing = things[number]
        if thing.after is None or not _called(sighting, (thing.category, labels[number]), of_its_class and number == 0):
            return False
        sizes = [p for p in (thing.before, thing.after) if p is not None]
        alike = (1 / STRICT.rough_side <= size_factor(p.box, pose.box) <= STRICT.rough_side for p in sizes)
        return pose.own_axes or any(alike)

    fitting = [number for number in range(len(things)) if fits(number)]
    if not fitting or fitting[0] == 0:
        return next(iter(fitting), None)
    return min(fitting, key=lambda number: float(np.linalg.norm(things[number].after.centre - pose.centre)))  # type: ignore[union-attr]


def _called(sighting: Sighting, names: Sequence[str | None], unnamed: bool) -> bool:
    if sighting.label is None:
        return unnamed
    return _name(sighting.label) in {_name(name) for name in names if name is not None}


def _name(label: str | None) -> str:
    return (label or "").strip().casefold()


def _boxes(sightings: Sequence[Sighting]) -> np.ndarray:
    return np.array([sighting.pose.box for sighting in sightings]).reshape(-1, 7)
