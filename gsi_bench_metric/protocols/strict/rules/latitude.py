"""What an edit may do beyond the words because the stored goal does it too. Pure functions of poses.

The reference stores goals that do more than the words say: scaled about the centre, so that the base sinks; moved and turned.
An edit may do all of that, a part of it, or none. Metres, radians, source camera's frame.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from numpy.typing import NDArray

from gsi_bench_metric.geometry.poses import Pose, size_factor, turn_between
from gsi_bench_metric.protocols.strict.rules.base import EPS, Finding
from gsi_bench_metric.protocols.strict.thresholds import Thresholds

__all__ = ["Latitude", "better", "off_segment"]

Array = NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class Latitude:
    """The way from where an object truly stood to its stored goal; without a goal nothing beyond the words may be done."""

    truth: Pose | None = None
    goal: Pose | None = None

    def excess_turn(self, turn: float, up: Array, period: float, limits: Thresholds) -> float:
        """How far a turn goes beyond what lies between none and the goal's, radians >= 0. Half a turn has no sense."""
        goal = 0.0
        if self.truth is not None and self.goal is not None:
            goal = turn_between(self.truth, self.goal, up, period) or 0.0
        if period and abs(goal) > period / 2 - limits.smallest_turn:
            return 0.0
        return min(_outside(turn + k * period, goal) for k in (-1, 0, 1))

    def excess_size(self, factor: float, axes: tuple[bool, bool, bool]) -> float:
        """Size after / size before, over what lies between 1 and the goal's: 1 where it lies there itself."""
        if factor <= 0 or not math.isfinite(factor):
            return factor
        goal = 1.0
        if self.truth is not None and self.goal is not None:
            goal = size_factor(self.truth.box, self.goal.box, axes)
        if goal <= 0 or not math.isfinite(goal):
            return factor
        return factor / min(max(factor, min(1.0, goal)), max(1.0, goal))

    def excess_drift(self, drift: Array, up: Array, reach: float = 1.0) -> float:
        """How far a base that drifted by (3,) is from the way between its place and `reach` times the goal's drift, metres."""
        if self.truth is None or self.goal is None:
            return float(np.linalg.norm(drift))
        return off_segment(drift, max(reach, 1.0) * self.drift(up))

    def drift(self, up: Array) -> Array:
        """How far the base goes (3,) from where the object stood to its goal."""
        if self.truth is None or self.goal is None:
            return np.zeros(3)
        return self.goal.base(up) - self.truth.base(up)


def better(*findings: Finding) -> Finding:
    """Of several readings of what is asked the one by which an edit does best; of equals the first. Progress is the
    best one's."""
    best = max(findings, key=lambda found: (found.ic, found.sa))
    return dataclasses.replace(best, progress=max(found.progress for found in findings))


def off_segment(point: Array, end: Array) -> float:
    """Distance of a point (3,) from the segment between 0 and another."""
    length = float(end @ end)
    share = min(1.0, max(0.0, float(point @ end) / length)) if length > EPS**2 else 0.0
    return float(np.linalg.norm(point - share * end))


def _outside(value: float, end: float) -> float:
    """Distance of a number from what lies between 0 and another."""
    return max(value - max(end, 0.0), min(end, 0.0) - value, 0.0)
