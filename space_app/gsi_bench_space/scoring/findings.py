"""What there is to draw of a scored edit, read from the metric: footprints seen from above, turns, sizes, boxes."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from gsi_bench_dataset.layout.pixel_frame import box_corners
from gsi_bench_metric.geometry.poses import ground_axes, size_factor
from gsi_bench_metric.imaging.images import header_size
from gsi_bench_metric.protocols.strict.association import situation_of
from gsi_bench_metric.protocols.strict.rules import RULES
from gsi_bench_metric.protocols.strict.rules.conditions import visible_sizes
from gsi_bench_metric.protocols.strict.rules.rotate import turn_rings
from gsi_bench_metric.protocols.strict.situation import KnownObject, Pose, Situation, true_motion
from gsi_bench_metric.protocols.strict.terms import (
    asked_factor,
    asked_freedoms,
    asked_turn,
    camera_motion,
    footprint,
)
from gsi_bench_metric.protocols.strict.thresholds import STRICT
from gsi_bench_metric.protocols.strict.verdict import bystander_changes
from gsi_bench_space.scoring.bench import EditResult

__all__ = ["Dial", "Findings", "Footprint", "GroundMap", "RingSet", "SizeBar", "Solid", "findings_of"]

Array = NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class Footprint:
    """A box seen from above: corners (4, 2), metres right of and away from the camera.

    `kind`: original, goal, found; thing for other objects around, changed if it should not have.
    """

    kind: str
    name: str
    corners: Array


@dataclasses.dataclass(frozen=True)
class RingSet:
    """Distances, metres, from an outline (k, 2); see the metric's `Rings`."""

    outline: Array
    distances: Array
    graded: bool


@dataclasses.dataclass(frozen=True)
class GroundMap:
    """A scene seen from above. Ways are (start, end) of (2,), metres; `camera`: it is the camera that was to go."""

    footprints: tuple[Footprint, ...]
    rings: RingSet | None
    asked: tuple[Array, Array] | None
    done: tuple[Array, Array] | None
    camera: bool = False


@dataclasses.dataclass(frozen=True)
class Dial:
    """A turn about the vertical, radians, counter-clockwise from above > 0. `done` None: it cannot be seen."""

    asked: float
    done: float | None
    rings: Array


@dataclasses.dataclass(frozen=True)
class SizeBar:
    """Size after / size before. `allowed`: what still complies."""

    asked: float
    done: float | None
    allowed: tuple[float, float]


@dataclasses.dataclass(frozen=True)
class Solid:
    """A box: its eight corners (8, 3), source camera's frame, metres, as `pixel_frame.BOX_EDGES` counts them."""

    kind: str
    name: str
    corners: Array


@dataclasses.dataclass(frozen=True)
class Findings:
    """Everything that can be drawn of an edit; None: its operation has none."""

    ground: GroundMap | None
    dial: Dial | None
    bar: SizeBar | None
    solids: tuple[Solid, ...]


def findings_of(result: EditResult) -> Findings | None:
    """What the strict protocol went by; None where the words or the source image are not understood."""
    sample = result.sample
    if sample.operation is None or result.source_detections is None:
        return None
    height, width = header_size(sample.image)
    situation = situation_of(sample, (width, height), result.source_detections, result.edited_detections)
    kind = situation.operation.kind
    return Findings(
        ground=_camera_map(situation) if kind == "view" else _object_map(situation),
        dial=_dial(situation) if kind == "rotate" else None,
        bar=_bar(situation) if kind == "scale" else None,
        solids=tuple(_solids(situation)),
    )


def _object_map(situation: Situation) -> GroundMap:
    target, axes = situation.target, np.column_stack(ground_axes(situation.up))
    found = _as_went(target)
    prints = [*_bystanders(situation, axes)]
    poses = (("original", target.truth), ("goal", _goal(situation)), ("found", found))
    prints += [Footprint(kind, target.category, _print(target, pose, axes)) for kind, pose in poses if pose is not None]
    rings = RULES[situation.operation.kind].rings(situation)
    moves = situation.operation.kind in ("move", "place")
    start = None if target.truth is None else target.truth.centre @ axes
    asked = done = None
    if moves and start is not None:
        goal = _goal(situation)
        asked = None if goal is None else (start, goal.centre @ axes)
        done = None if found is None else (start, found.centre @ axes)
    return GroundMap(tuple(prints), _flat(rings, axes), asked, done)


def _camera_map(situation: Situation) -> GroundMap:
    axes = np.column_stack(ground_axes(situation.up))
    things = [(thing, thing.truth or thing.before) for thing in (situation.target, *situation.others)]
    prints = tuple(Footprint("thing", t.category, _print(t, pose, axes)) for t, pose in things if pose is not None)
    wanted, motion, here = true_motion(situation.operation), camera_motion(situation), np.zeros(2)
    asked = None if wanted is None else (here, wanted.translation @ axes)
    done = None if motion is None else (here, motion.translation @ axes)
    if wanted is not None and not asked_freedoms(situation, wanted)[0]:
        asked = None
    return GroundMap(prints, _flat(RULES[situation.operation.kind].rings(situation), axes), asked, done, camera=True)


def _flat(rings: object, axes: Array) -> RingSet | None:
    return None if rings is None else RingSet(rings.outline @ axes, rings.distances, rings.graded)  # type: ignore[attr-defined]


def _goal(situation: Situation) -> Pose | None:
    return None if situation.operation.kind == "remove" else situation.goal


def _as_went(thing: KnownObject) -> Pose | None:
    """Where an object ended up if it started where it truly stood: the protocol compares changes, not places."""
    if thing.after is None:
        return None
    if thing.truth is None or thing.before is None:
        return thing.after
    box = np.concatenate([thing.truth.centre + thing.after.centre - thing.before.centre, thing.after.box[3:]])
    return dataclasses.replace(thing.after, box=box)


def _bystanders(situation: Situation, axes: Array) -> Iterator[Footprint]:
    changes = bystander_changes(situation)
    for thing in situation.others:
        pose = thing.truth or thing.before
        if pose is not None:
            yield Footprint("changed" if changes.get(thing.id) else "thing", thing.category, _print(thing, pose, axes))


def _print(thing: KnownObject, pose: Pose, axes: Array) -> Array:
    return np.asarray(footprint(dataclasses.replace(thing, truth=pose)) @ axes)


def _dial(situation: Situation) -> Dial:
    asked = asked_turn(situation)
    return Dial(asked, situation.target.turn(situation.up), turn_rings(asked))


def _bar(situation: Situation) -> SizeBar:
    target, asked = situation.target, asked_factor(situation)
    done = None
    if target.before is not None and target.after is not None:
        done = size_factor(target.before.box, target.after.box, visible_sizes(target.before, target.after))
    low, high = sorted(asked**share for share in STRICT.share)
    return SizeBar(asked, done, (low, high))


def _solids(situation: Situation) -> Iterator[Solid]:
    target = situation.target
    is_view = situation.operation.kind == "view"
    for thing in situation.others:
        if (pose := thing.truth or thing.before) is not None:
            yield Solid("other", thing.category, box_corners(pose.box, pose.rotation))
    poses = [("original", target.truth), ("goal", _goal(situation)), ("found", None if is_view else _as_went(target))]
    for kind, pose in poses:
        if pose is not None:
            yield Solid(kind, target.category, box_corners(pose.box, pose.rotation))
