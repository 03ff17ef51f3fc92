"""Directions as a viewer names them: left, right, closer, away, up, down; of a camera forward, backward and its turns."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from gsi_bench_metric.geometry.poses import ground_axes

__all__ = ["LEAST_STEP_M", "camera_turn", "way"]

Array = NDArray[np.float64]

LEAST_STEP_M = 0.005  # steps below this have no direction worth a word
_SMALL_SHARE = 0.2  # nor have parts of a step below this share of its length
_LEAST_TURN = math.radians(0.5)


def way(step: Array, up: Array, *, camera: bool = False) -> str:
    """The directions of a step (3,), camera frame, the longest first: "left", "left closer"; empty for next to nothing.

    `camera`: it is the camera that goes, so "forward" where objects go "away".

    >>> way(np.array([-0.2, 0.0, -0.1]), up=np.array([0.0, -1.0, 0.0]))
    'left closer'
    """
    length = float(np.linalg.norm(step))
    if length < LEAST_STEP_M:
        return ""
    right, forward = ground_axes(up)
    parts = [
        (float(step @ right), "right", "left"),
        (float(step @ forward), *(("forward", "backward") if camera else ("away", "closer"))),
        (float(step @ up), "up", "down"),
    ]
    parts.sort(key=lambda part: -abs(part[0]))
    limit = max(LEAST_STEP_M, _SMALL_SHARE * length)
    words = [plus if size > 0 else minus for size, plus, minus in parts if abs(size) >= limit]
    return " ".join(words[:2])


def camera_turn(turn: Array) -> str:
    """Where a camera turned by axis × angle (3,), which takes old camera coordinates to new ones; empty for next to nothing.

    One of left, right, up, down, rolling_left, rolling_right.
    """
    if float(np.linalg.norm(turn)) < _LEAST_TURN:
        return ""
    # Points go the other way than the camera: about y (down) > 0 they go right, so the camera looks further left.
    words = [(turn[1], "left", "right"), (turn[0], "down", "up"), (turn[2], "rolling_left", "rolling_right")]
    size, plus, minus = max(words, key=lambda word: abs(word[0]))
    return plus if size > 0 else minus
