"""Conditions that several rules share. Pure functions of poses; metres, radians, source camera's frame."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gsi_bench_dataset.records import Change, Fault
from gsi_bench_metric.geometry.directions import way
from gsi_bench_metric.geometry.poses import Pose, diagonal, size_factor, turn_between
from gsi_bench_metric.protocols.strict.rules.base import EPS
from gsi_bench_metric.protocols.strict.rules.latitude import Latitude
from gsi_bench_metric.protocols.strict.thresholds import Thresholds

__all__ = [
    "amount_fault",
    "asked_way",
    "base_limit",
    "copy_left",
    "done_way",
    "moved_base",
    "near_original",
    "place_empty",
    "same_size",
    "same_turn",
    "visible_sizes",
    "way_faults",
]

Array = NDArray[np.float64]

_NONE = Latitude()


def way_faults(asked: Array, done: Array, limits: Thresholds) -> list[Fault]:
    """Of a vector (3,) that should have gone like another: the amount along it, and what is off it."""
    amount = float(np.linalg.norm(asked))
    along = float(done @ asked) / amount
    off = float(np.linalg.norm(done - along * asked / amount))
    share = along / amount
    if not limits.share[0] - EPS <= share <= limits.share[1] + EPS:
        return [amount_fault(share, limits)]
    return [Fault("off_direction", off)] if off > limits.off_axis * amount + EPS else []


def amount_fault(share: float, limits: Thresholds) -> Fault:
    """Which fault it is to do this share of what was asked, outside of what complies."""
    amount = share if math.isfinite(share) else None
    if share > limits.share[1]:
        return Fault("too_much", amount)
    if share < -limits.nothing:
        return Fault("opposite", amount)
    return Fault("too_little" if share > limits.nothing else "nothing_done", amount)


def done_way(step: Array, up: Array) -> Change:
    """What an object did that went by a step (3,)."""
    return Change("moved", float(np.linalg.norm(step)), way(step, up) or None)


def asked_way(step: Array, done: Array, up: Array, *, camera: bool = False) -> Change:
    """What was asked; its direction only where it is another one than that of what was done."""
    direction = way(step, up, camera=camera)
    same = direction == way(done, up, camera=camera)
    return Change("camera_moved" if camera else "moved", float(np.linalg.norm(step)), None if same else direction)


def near_original(before: Pose | None, pose: Pose, limits: Thresholds) -> bool:
    """Whether a pose is so near to where the object stood that it is there still."""
    return before is not None and float(np.linalg.norm(pose.centre - before.centre)) < limits.at_original * diagonal(before.box)


def copy_left(before: Pose | None, copies: Sequence[Pose], limits: Thresholds) -> bool:
    """Whether one of several poses stands at the original place."""
    return any(near_original(before, pose, limits) for pose in copies)


def place_empty(
    before: Pose | None, copies: Sequence[Pose], intruder: Fault | None, name: str, limits: Thresholds
) -> list[Fault]:
    """The original place must be empty. `intruder`: who else stands there now, as the fault that it is."""
    if copy_left(before, copies, limits):
        return [Fault("left_behind", subject=name)]
    return [] if intruder is None else [intruder]


def same_turn(  # noqa: PLR0917 - two poses, what a turn of them is, and what is allowed
    before: Pose, after: Pose, up: Array, period: float, limits: Thresholds, latitude: Latitude = _NONE
) -> list[Fault]:
    """The object must not have turned about the vertical, but for what its goal does."""
    turn = turn_between(before, after, up, period)
    if turn is None or latitude.excess_turn(turn, up, period, limits) <= limits.kept_turn + EPS:
        return []
    return [Fault("turned_too", turn)]


def visible_sizes(before: Pose, after: Pose) -> tuple[bool, bool, bool]:
    """Of the box's w, h, l those whose sizes both images show."""
    blind = before.unobservable | after.unobservable
    size = "size" not in blind
    return size, size and "height" not in blind, size


def same_size(before: Pose, after: Pose, limits: Thresholds, latitude: Latitude = _NONE) -> list[Fault]:
    """The object must have kept its size, as far as both images show it, but for what its goal does."""
    axes = visible_sizes(before, after)
    if not any(axes):
        return []
    factor = size_factor(before.box, after.box, axes)
    kept = limits.kept_size[0] - EPS <= latitude.excess_size(factor, axes) <= limits.kept_size[1] + EPS
    return [] if kept else [Fault("scaled_too", factor if math.isfinite(factor) else None)]


def base_limit(before: Pose, limits: Thresholds) -> float:
    """How far the base of an object that is to be turned or scaled may go, metres."""
    return min(diagonal(before.box) * limits.kept_base_share, limits.kept_base_m)


def moved_base(  # noqa: PLR0917 - two poses and what is allowed
    before: Pose, after: Pose, up: Array, limits: Thresholds, latitude: Latitude = _NONE, reach: float = 1.0
) -> list[Fault]:
    """The object must stand where it stood, or on the way to `reach` times its goal's drift."""
    drift = after.base(up) - before.base(up)
    excess = latitude.excess_drift(drift, up, reach)
    far = excess > base_limit(before, limits) + EPS and "position" not in after.unobservable
    return [Fault("moved_too", float(np.linalg.norm(drift)), way(drift, up) or None)] if far else []
