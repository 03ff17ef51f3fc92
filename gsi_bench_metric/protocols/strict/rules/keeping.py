"""What no object edit may change unasked beside turn, size and base: how it stands, its proportions, how many there are.

Pure functions of poses; metres, radians, source camera's frame. Every rule but `remove` and `view` asks them, and bystanders
are held against the same measures.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gsi_bench_dataset.records import Fault
from gsi_bench_metric.geometry.directions import way
from gsi_bench_metric.geometry.poses import Pose, diagonal, side_logs, tilt_between
from gsi_bench_metric.protocols.strict.rules.base import EPS
from gsi_bench_metric.protocols.strict.rules.conditions import near_original, visible_sizes
from gsi_bench_metric.protocols.strict.thresholds import STRICT, Thresholds

__all__ = [
    "asked_rotation",
    "asked_tilt",
    "distinct",
    "kept_whole",
    "leans",
    "no_copies",
    "same_shape",
    "stands_right",
    "worst_side",
]

Array = NDArray[np.float64]


def asked_rotation(truth: Pose | None, goal: Pose | None) -> Array:
    """The rotation (3, 3) that takes the object as it stood to how it should stand; where no goal is known, none."""
    return np.eye(3) if truth is None or goal is None else goal.rotation @ truth.rotation.T


def asked_tilt(truth: Pose | None, goal: Pose | None, up: Array) -> float:
    """How far the object is asked to be tilted, radians in [0, π]."""
    if truth is None or goal is None:
        return 0.0
    return tilt_between(truth, goal, up) or 0.0


def leans(  # noqa: PLR0917 - two poses and what they are held against
    before: Pose, after: Pose, up: Array, expected: Array, kept: float, limits: Thresholds = STRICT
) -> float | None:
    """How far an object leans from the rotation (3, 3) expected of it, radians; None: no further than it may, or not seen.

    `kept`: how far it may, radians; boxes of nameless detectors further.
    """
    tilt = tilt_between(before, after, up, expected)
    limit = kept if before.own_axes and after.own_axes else max(kept, limits.rough_tilt)
    return tilt if tilt is not None and tilt > limit + EPS else None


def stands_right(  # noqa: PLR0917 - three poses, and what they are held against
    before: Pose, after: Pose, up: Array, truth: Pose | None, goal: Pose | None, limits: Thresholds = STRICT
) -> list[Fault]:
    """The object must stand as it stood, or lean as its goal does (None: upright as before)."""
    expected = asked_rotation(truth or before, goal) @ before.rotation
    tilt = leans(before, after, up, expected, limits.kept_turn, limits)
    return [] if tilt is None else [Fault("tilted", tilt)]


def kept_whole(before: Pose, after: Pose, limits: Thresholds = STRICT) -> bool:
    """Whether an object kept its size as a whole, or changed it within two sigma; yes where it is not seen."""
    seen = np.array(visible_sizes(before, after))
    if not seen.any():
        return True
    change = float(side_logs(before.box, after.box)[seen].mean())
    sigma = limits.sigmas * math.hypot(*(float(_relative_sigma(pose)[seen].mean()) for pose in (before, after)))
    low, high = (math.log(factor) for factor in limits.kept_size)
    return min(low, -sigma) - EPS <= change <= max(high, sigma) + EPS


def worst_side(off: Array, before: Pose, after: Pose, slack: float = 0.0, limits: Thresholds = STRICT) -> float | None:
    """The side that is furthest off, of logarithms (3,) of found / right; None: none is further off than it may, or unseen.

    `slack`: a logarithm that is allowed whatever `kept_size` says. Two sigma of a side are, too.
    """
    if "shape" in before.unobservable | after.unobservable:
        return None
    seen = np.array(visible_sizes(before, after))
    allowed = max(slack, -math.log(limits.kept_size[0]), math.log(limits.kept_size[1]))
    if not (before.own_axes and after.own_axes):
        allowed = max(allowed, math.log(limits.rough_side))
    sigma = limits.sigmas * np.hypot(_relative_sigma(before), _relative_sigma(after))
    excess = np.where(seen, np.abs(off) - np.maximum(allowed, sigma), -np.inf)
    side = int(excess.argmax())
    return float(off[side]) if excess[side] > EPS else None


def _relative_sigma(pose: Pose) -> Array:
    """Of the logarithm of each side (3,)."""
    return np.zeros(3) if pose.sigma is None else pose.sigma[3:6] / np.maximum(pose.box[3:6], EPS)


def same_shape(  # noqa: PLR0917 - three poses, and what they are held against
    before: Pose, after: Pose, truth: Pose | None, goal: Pose | None, factor: float = 1.0, limits: Thresholds = STRICT
) -> list[Fault]:
    """Each side must keep its size, or go along with the others where another size is asked or found.

    Args:
        before, after: as detected.
        truth: as it truly was; None: as it was detected.
        goal: whose sides say what was asked of each; None: the same of all.
        factor: size after / size before that was asked. The sides may then differ by half of its logarithm, as the whole may.
        limits: the protocol's numbers.
    """
    seen = np.array(visible_sizes(before, after))
    if not seen.any():
        return []
    asked = np.zeros(3) if goal is None else side_logs((truth or before).box, goal.box)
    off = side_logs(before.box, after.box) - (asked - asked[seen].mean())
    mean = float(off[seen].mean())
    whole_kept = math.log(limits.kept_size[0]) <= mean <= math.log(limits.kept_size[1])
    # What is wrong with the size as a whole is another fault: then the sides are held against each other.
    if factor != 1.0 or not whole_kept:
        off = off - mean
    slack = (1 - limits.share[0]) * abs(math.log(factor)) if factor > 0 else 0.0
    worst = worst_side(off, before, after, slack, limits)
    return [] if worst is None else [Fault("distorted", math.exp(worst))]


def no_copies(  # noqa: PLR0917 - poses, and what they are held against
    before: Pose | None, after: Pose, copies: Sequence[Pose], up: Array, name: str, limits: Thresholds = STRICT
) -> list[Fault]:
    """There must be one of the object; the nearest copy comes first. `before`: a copy there is another fault."""
    found = [pose for pose in distinct(after, copies, limits) if before is None or not near_original(before, pose, limits)]
    steps = sorted((pose.centre - after.centre for pose in found), key=lambda step: (float(np.linalg.norm(step)), *step))
    return [Fault("copied", float(np.linalg.norm(step)), way(step, up) or None, name) for step in steps]


def distinct(pose: Pose, copies: Sequence[Pose], limits: Thresholds = STRICT) -> list[Pose]:
    """Those of several poses that are surely there, and stand apart from one and from each other: others are seen twice."""
    kept: list[Pose] = []
    for copy in copies:
        if copy.confidence is not None and copy.confidence < limits.sure:
            continue
        near = (
            float(np.linalg.norm(copy.centre - other.centre)) < limits.in_place * diagonal(other.box) for other in (pose, *kept)
        )
        if not any(near):
            kept.append(copy)
    return kept
