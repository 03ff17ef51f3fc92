"""States of a scene of AI2-THOR, what became of an edit, and how far poses may be off. Pure."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Literal, TypeAlias

from gsi_bench_builders.engines.thor.conversions import AgentView, Pivot
from gsi_bench_builders.engines.thor.metadata import ThorObject, displacement, turn_between
from gsi_bench_builders.engines.thor.options import ThorOptions

__all__ = ["Outcome", "Reason", "Snapshot", "base_of", "differences", "disturbed", "off", "reason_of", "restless", "view_off"]

Reason: TypeAlias = Literal["collision", "out_of_bounds", "unstable", "not_found", "not_movable", "engine_error"]

# What Unity's messages have in them -> the reason; the first that is found counts.
_SAYS: tuple[tuple[str, Reason], ...] = (
    ("out of bounds", "out_of_bounds"),
    ("outside of the scene", "out_of_bounds"),
    ("not in bounds", "out_of_bounds"),
    ("colliding", "collision"),
    ("collided", "collision"),
    ("not clear", "collision"),
    ("blocked", "collision"),
    ("cannot find", "not_found"),
    ("not found", "not_found"),
    ("does not exist", "not_found"),
    ("not moveable", "not_movable"),
    ("not pickupable", "not_movable"),
)


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What became of an edit.

    Attributes:
        ok: whether the scene has changed as it was asked.
        reason: why not; None where it has.
        message: what Unity or the measurement said.
        before, after: the object; `after` is None where it is gone, and where nothing was done.
        others: what else moved by more than is allowed: id, metres, degrees.
    """

    ok: bool
    reason: Reason | None = None
    message: str = ""
    before: ThorObject | None = None
    after: ThorObject | None = None
    others: tuple[tuple[str, float, float], ...] = ()


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """A state of a scene: objects by id as they stand, those that are disabled, how much they are scaled, and the view."""

    scene: str
    objects: Mapping[str, ThorObject]
    disabled: frozenset[str]
    scales: Mapping[str, float]
    view: AgentView


def off(found: Pivot, asked: Pivot, limits: ThorOptions) -> str | None:
    """By how much a pose is not the one asked for; None where it is, to within `pose_m` and `pose_deg`."""
    step, turn = math.dist(found.position, asked.position), turn_between(found, asked)
    if step <= limits.pose_m and turn <= limits.pose_deg:
        return None
    return f"{step * 1000:.1f} mm and {turn:.2f}° off"


def view_off(found: AgentView, asked: AgentView, limits: ThorOptions) -> str | None:
    """The same of the camera, to within `view_m` and `view_deg`."""
    step = math.dist(found.position, asked.position)
    turns = [abs((a - b + 180) % 360 - 180) for a, b in ((found.yaw, asked.yaw), (found.horizon, asked.horizon))]
    if step <= limits.view_m and max(turns) <= limits.view_deg:
        return None
    return f"the camera is {step * 1000:.1f} mm and {max(turns):.2f}° off"


def restless(found: Pivot, asked: Pivot, limits: ThorOptions) -> str | None:
    """Why an object did not stay where it was put, to within `rest_…`; None where it did."""
    x, y, z = (a - b for a, b in zip(found.position, asked.position, strict=True))
    turn, across = turn_between(found, asked), math.hypot(x, z)
    if across <= limits.rest_across_m and abs(y) <= limits.rest_height_m and turn <= limits.rest_deg:
        return None
    return f"it came to rest {across:.3f} m aside, {y:+.3f} m in height and {turn:.1f}° turned"


def disturbed(
    then: Mapping[str, ThorObject], now: Mapping[str, ThorObject], edited: str, limits: ThorOptions
) -> tuple[tuple[str, float, float], ...]:
    """Loose objects but the edited one that went more than `others_…`: id, metres (inf: it is gone), degrees."""
    found = []
    for object_id, before in then.items():
        if object_id == edited or not before.loose:
            continue
        after = now.get(object_id)
        step, turn = displacement(before, after) if after else (math.inf, 0.0)
        if step > limits.others_m or turn > limits.others_deg:
            found.append((object_id, step, turn))
    return tuple(found)


def differences(then: Snapshot, objects: Mapping[str, ThorObject], view: AgentView, limits: ThorOptions) -> list[str]:
    """What is not as it was in a snapshot, a line each."""
    found = [f"{i} is gone" for i in sorted(then.objects.keys() - objects.keys())]
    found += [f"{i} is new" for i in sorted(objects.keys() - then.objects.keys())]
    for object_id in sorted(then.objects.keys() & objects.keys()):
        before, after = then.objects[object_id], objects[object_id]
        grown = max(abs(a - b) for a, b in zip(before.box.size, after.box.size, strict=True))
        problem = off(after.pivot, before.pivot, limits)
        if problem is None and grown > limits.pose_m and before.box_source == after.box_source == "oriented":
            problem = f"its box has other sides, by {grown * 1000:.1f} mm"
        found += [f"{object_id}: {problem}"] if problem else []
    if problem := view_off(view, then.view, limits):
        found.append(problem)
    return found


def base_of(thing: ThorObject) -> float:
    """Height of an object's lowest point: half the box's reach along the vertical below its centre."""
    reach = sum(abs(row) * size for row, size in zip(thing.box.rotation[2], thing.box.size, strict=True))
    return thing.box.centre[2] - reach / 2


def reason_of(message: str) -> Reason:
    """The reason that one of Unity's messages gives.

    >>> reason_of("Mug|1 is colliding with Bowl|2 after teleport"), reason_of("no idea")
    ('collision', 'engine_error')
    """
    lower = message.lower()
    return next((reason for words, reason in _SAYS if words in lower), "engine_error")
