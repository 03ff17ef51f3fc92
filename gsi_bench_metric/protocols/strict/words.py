"""What was asked and what was done, in words that need no knowledge of the protocol."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gsi_bench_dataset.records import Operation
from gsi_bench_metric.geometry.poses import ground_axes

__all__ = [
    "asked_length",
    "asked_turn",
    "beside",
    "camera_turned",
    "changed_things",
    "listed",
    "moved",
    "scaled",
    "sentence",
    "turned",
    "way",
]

Array = NDArray[np.float64]

# Parts of a way below this are not worth a word: metres, and share of its length.
_SMALL_M, _SMALL_SHARE = 0.005, 0.2
_SMALL_TURN = math.radians(1)
_HALF_TURN_DEG = 179.5
_NEXT_TO_M = 0.3
_MOST_NAMES = 3


_AS_OBJECT, _AS_CAMERA = ("away", "closer"), ("forward", "backward")


def way(step: Array, up: Array, *, camera: bool = False) -> str:
    """The directions of a step (3,), camera frame: "left", "left and closer"; empty for next to nothing.

    `camera`: it is the camera that goes, so "forward" where things go "away".
    """
    length = float(np.linalg.norm(step))
    if length < _SMALL_M:
        return ""
    right, forward = ground_axes(up)
    parts = [
        (float(step @ right), "right", "left"),
        (float(step @ forward), *(_AS_CAMERA if camera else _AS_OBJECT)),
        (float(step @ up), "up", "down"),
    ]
    parts.sort(key=lambda part: -abs(part[0]))
    words = [plus if size > 0 else minus for size, plus, minus in parts if abs(size) >= max(_SMALL_M, _SMALL_SHARE * length)]
    return " and ".join(words[:2])


def moved(step: Array, up: Array, *, camera: bool = False) -> str:
    """Such as "moved 12.4 cm left"."""
    direction = way(step, up, camera=camera)
    return f"moved {centimetres(step)} {direction}" if direction else "did not move"


def asked_length(step: Array, done: Array, up: Array, *, camera: bool = False) -> str:
    """Such as "15.0 asked", with the direction where it is another one than that of what was done."""
    direction = way(step, up, camera=camera)
    if direction == way(done, up, camera=camera):
        return f"{100 * float(np.linalg.norm(step)):.1f} asked"
    return f"{centimetres(step)} {direction} asked".replace("  ", " ")


def beside(operation: Operation, asked: Array) -> str:
    """Such as ", so that it ends 25.0 cm from the banana", where the words give where it ends and not the way (3,)."""
    distance = operation.distance_m
    # "Relative to" an object, too, names a reference; the distance is then that of the way.
    if operation.reference is None or distance is None or abs(float(np.linalg.norm(asked)) - distance) < _SMALL_M:
        return ""
    return f", so that it ends {100 * distance:.1f} cm from the {operation.reference}"


def turned(angle: float | None) -> str:
    """Such as "turned 45° clockwise" of radians, counter-clockwise from above > 0."""
    if angle is None:
        return "its turn cannot be seen"
    return f"turned {_turn(angle)}" if abs(angle) >= _SMALL_TURN else "did not turn"


def asked_turn(angle: float) -> str:
    """Such as "90° clockwise asked"."""
    return f"{_turn(angle)} asked"


def camera_turned(turn: Array) -> str:
    """Such as "turned 10.0° right" of axis × angle (3,), the rotation that takes old camera coordinates to new ones."""
    angle = float(np.linalg.norm(turn))
    if angle < _SMALL_TURN / 2:
        return "did not turn"
    # Points go the other way than the camera: about y (down) > 0 they go right, so the camera looks further left.
    words = [(turn[1], "left", "right"), (turn[0], "down", "up"), (turn[2], "rolling left", "rolling right")]
    size, plus, minus = max(words, key=lambda word: abs(word[0]))
    return f"turned {math.degrees(angle):.1f}° {plus if size > 0 else minus}"


def scaled(factor: float) -> str:
    """Such as "scaled to 74 %"."""
    return f"scaled to {100 * factor:.0f} %" if abs(factor - 1) >= 0.01 else "kept its size"


def changed_things(changes: Sequence[tuple[str, float]]) -> str:
    """Such as "the bowl next to it changed too", of (category, distance from the target in metres) of what changed."""
    if not changes:
        return ""
    changes = sorted(changes, key=lambda change: change[1])
    if len(changes) > _MOST_NAMES:
        return f"{len(changes)} other objects changed too"
    names = [
        f"the {name} next to it" if i == 0 and near <= _NEXT_TO_M else f"the {name}" for i, (name, near) in enumerate(changes)
    ]
    return f"{listed(names)} changed too"


def listed(names: Sequence[str]) -> str:
    """Such as "a, b and c"."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def sentence(parts: Sequence[str]) -> str:
    """The parts that say something, joined."""
    return "; ".join(part for part in parts if part)


def centimetres(step: Array) -> str:
    """Such as "12.4 cm": the length of a step in metres."""
    return f"{100 * float(np.linalg.norm(step)):.1f} cm"


def _turn(angle: float) -> str:
    size = abs(math.degrees(angle))
    if size >= _HALF_TURN_DEG:
        return "180°"  # the same both ways round
    return f"{size:.0f}° {'counter-clockwise' if angle > 0 else 'clockwise'}"
