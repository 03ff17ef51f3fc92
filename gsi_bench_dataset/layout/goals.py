"""Does the stored goal do what the words ask? Pure comparison of an `Operation` with the boxes and rotations beside it.

The reference's generator moved boxes along wrong axes for turned objects (an object turned by 180 degrees asked to go left
was stored going right). Such samples stay in the benchmark, flagged, so that scores can be shown with and without them.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from gsi_bench_dataset.records import Operation, Sample

__all__ = ["goal_suspicion"]

# Unit vectors of the words, OpenCV camera frame (x right, y down, z away from the camera).
DIRECTIONS = {
    "left": (-1.0, 0.0, 0.0),
    "right": (1.0, 0.0, 0.0),
    "front": (0.0, 0.0, -1.0),
    "behind": (0.0, 0.0, 1.0),
    "above": (0.0, -1.0, 0.0),
    "below": (0.0, 1.0, 0.0),
}
# Stored numbers are rounded, so distances may differ by the larger of these two.
DISTANCE_M, DISTANCE_SHARE = 0.01, 0.02
# Goals may follow the object's own axis nearest to the asked one, which is up to 45° off, or a tilted camera's ground.
DIRECTION_DEG = 50.0
ANGLE_DEG = 2.0
FACTOR_SHARE = 0.02


def goal_suspicion(sample: Sample) -> str | None:
    """Why the stored goal may not be what the words ask for; None when both agree or either is unknown."""
    operation = sample.operation
    if operation is None:
        return None
    if operation.kind == "move" and sample.new_bbox_3d is not None:
        return _suspicious_move(operation, np.subtract(sample.new_bbox_3d[:3], sample.original_bbox_3d[:3]))
    if operation.kind == "rotate" and sample.new_rotation_matrix is not None:
        return _suspicious_turn(operation, sample.rotation_matrix, sample.new_rotation_matrix)
    if operation.kind == "scale" and sample.new_bbox_3d is not None:
        return _suspicious_scale(operation, sample.original_bbox_3d[3:6], sample.new_bbox_3d[3:6])
    return None


def _suspicious_move(operation: Operation, shift: ArrayLike) -> str | None:
    step = np.asarray(shift, dtype=np.float64)
    length = float(np.linalg.norm(step))
    # "10 cm in front of the bowl" speaks about the bowl; its place is not stored.
    if operation.reference is not None and operation.frame != "object":
        return None
    asked = f"asks {_cm(operation.distance_m)}{operation.direction or ''}".rstrip()
    found = f"stored goal lies {_cm(length)}{_nearest(step)} of the original"
    wanted = operation.distance_m
    if wanted is not None and abs(length - wanted) > max(DISTANCE_M, DISTANCE_SHARE * wanted):
        return f"{asked}; {found}"
    if operation.frame != "camera" or operation.direction not in DIRECTIONS or length < DISTANCE_M:
        return None
    cosine = float(step @ np.array(DIRECTIONS[operation.direction])) / length
    return f"{asked}; {found}" if cosine < math.cos(math.radians(DIRECTION_DEG)) else None


def _suspicious_turn(operation: Operation, before: ArrayLike, after: ArrayLike) -> str | None:
    if operation.angle_deg is None:
        return None
    turn = np.asarray(after, dtype=np.float64) @ np.asarray(before, dtype=np.float64).T
    angle = math.degrees(math.acos(float(np.clip((np.trace(turn) - 1) / 2, -1, 1))))
    # 270° one way is 90° the other way, which is what a pair of matrices can show.
    asked = abs((operation.angle_deg + 180) % 360 - 180)
    if abs(angle - asked) > ANGLE_DEG:
        return f"asks a turn of {operation.angle_deg:g}°; stored rotations differ by {angle:.1f}°"
    found = _sense(turn, angle)
    if found and operation.direction in ("clockwise", "counterclockwise") and found != operation.direction:
        return f"asks a {operation.direction} turn; stored rotation turns {found}"
    return None


def _sense(turn: np.ndarray, angle_deg: float) -> str | None:
    """Sense seen from above of a turn in camera coordinates; None where the angle or a lying axis leaves it open."""
    # Twice the sine of the angle along the axis; its y part is positive for turns about an axis that points down.
    about_down = float(turn[0, 2] - turn[2, 0]) / 2
    if not 5 <= angle_deg <= 175 or abs(about_down) < 0.5 * math.sin(math.radians(angle_deg)):
        return None
    return "clockwise" if about_down > 0 else "counterclockwise"


def _suspicious_scale(operation: Operation, before: ArrayLike, after: ArrayLike) -> str | None:
    old, new = np.asarray(before, dtype=np.float64), np.asarray(after, dtype=np.float64)
    if operation.factor is None or (old <= 0).any():
        return None
    ratios = new / old
    if (np.abs(ratios - operation.factor) > FACTOR_SHARE * operation.factor).any():
        words = " × ".join(f"{r:.3g}" for r in ratios)
        return f"asks a factor of {operation.factor:g}; stored sizes grow by {words}"
    return None


def _cm(metres: float | None) -> str:
    return "" if metres is None else f"{metres * 100:.3g} cm "


def _nearest(step: np.ndarray) -> str:
    if not np.linalg.norm(step):
        return "away"
    return max(DIRECTIONS, key=lambda name: float(step @ np.array(DIRECTIONS[name])))
