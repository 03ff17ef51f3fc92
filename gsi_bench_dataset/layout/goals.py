"""Does the stored goal do what the words ask? Pure comparison of an `Operation` with the boxes and rotations beside it.

The reference's generator moved boxes along wrong axes for turned objects (an object turned by 180 degrees asked to go left
was stored going right). Such samples stay in the benchmark, flagged, so that scores can be shown with and without them. What a
goal does beside is a disagreement too, but for what leaves the words' meaning open: about which point an object grows.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gsi_bench_dataset.records import Operation, Sample

__all__ = ["flagged", "goal_suspicion"]

Array = NDArray[np.float64]

# Unit vectors of the words, OpenCV camera frame (x right, y down, z away from the camera).
DIRECTIONS = {
    "left": (-1.0, 0.0, 0.0),
    "right": (1.0, 0.0, 0.0),
    "front": (0.0, 0.0, -1.0),
    "behind": (0.0, 0.0, 1.0),
    "above": (0.0, -1.0, 0.0),
    "below": (0.0, 1.0, 0.0),
}
# The same of the camera's own way.
CAMERA_DIRECTIONS = {
    "left": (-1.0, 0.0, 0.0),
    "right": (1.0, 0.0, 0.0),
    "forward": (0.0, 0.0, 1.0),
    "backward": (0.0, 0.0, -1.0),
    "up": (0.0, -1.0, 0.0),
    "down": (0.0, 1.0, 0.0),
}
# Axes of the camera's turns, which take old coordinates to new ones: what is seen goes the other way than the camera looks.
CAMERA_AXES = {"left": (0.0, 1.0, 0.0), "right": (0.0, -1.0, 0.0), "up": (-1.0, 0.0, 0.0), "down": (1.0, 0.0, 0.0)}
# Stored numbers are rounded, so distances may differ by the larger of these two.
DISTANCE_M, DISTANCE_SHARE = 0.01, 0.02
# Goals may follow the object's own axis nearest to the asked one, which is up to 45° off, or a tilted camera's ground.
DIRECTION_DEG = 50.0
ANGLE_DEG = 2.0
FACTOR_SHARE = 0.02
# What a goal may do beside the words: smaller changes are hardly noticed.
BESIDE_DEG = 20.0
BESIDE_FACTOR = (0.8, 1.25)
BESIDE_M, BESIDE_SHARE = 0.05, 0.25  # metres; share of the diagonal; the smaller counts
BESIDE_CAMERA_M, BESIDE_CAMERA_DEG = 0.10, 5.0
REGION_M = 0.02  # between a goal's base and the region that it should stand in, along the ground and upright


def flagged(sample: Sample) -> Sample:
    """The sample with `goal_suspect` filled in, where it is empty and the goal does not do what the words ask."""
    if sample.goal_suspect is not None:
        return sample
    suspicion = goal_suspicion(sample)
    return sample if suspicion is None else dataclasses.replace(sample, goal_suspect=suspicion)


def goal_suspicion(sample: Sample) -> str | None:
    """Why the stored goal may not be what the words ask for; None when both agree or either is unknown."""
    operation = sample.operation
    if operation is None:
        return None
    if operation.kind == "view":
        return _suspicious_view(operation)
    if operation.kind == "remove":
        return _suspicious_removal(sample)
    found = [_main(sample, operation), *_beside(sample, operation.kind)]
    return "; ".join(text for text in found if text) or None


def _main(sample: Sample, operation: Operation) -> str | None:
    """Of what the words ask for."""
    if operation.kind == "move" and sample.new_bbox_3d is not None:
        return _suspicious_move(operation, np.subtract(sample.new_bbox_3d[:3], sample.original_bbox_3d[:3]))
    if operation.kind == "rotate" and sample.new_rotation_matrix is not None:
        return _suspicious_turn(operation, sample.rotation_matrix, sample.new_rotation_matrix)
    if operation.kind == "scale" and sample.new_bbox_3d is not None:
        return _suspicious_scale(operation, sample.original_bbox_3d[3:6], sample.new_bbox_3d[3:6])
    if operation.kind == "place" and sample.new_bbox_3d is not None:
        return _suspicious_place(sample, operation)
    return None


def _beside(sample: Sample, kind: str) -> list[str]:
    """What the goal does that the words do not say: turns, another size, another place."""
    found = []
    if kind != "rotate" and sample.new_rotation_matrix is not None:
        angle = _angle_deg(_turn(sample.rotation_matrix, sample.new_rotation_matrix))
        found += [f"stored goal also turns it by {angle:.0f}°"] if angle > BESIDE_DEG else []
    if sample.new_bbox_3d is None:
        return found
    old, new = np.array(sample.original_bbox_3d), np.array(sample.new_bbox_3d)
    if kind != "scale" and (old[3:6] > 0).all() and (new[3:6] > 0).all():
        factor = float(np.exp(np.log(new[3:6] / old[3:6]).mean()))
        beyond = not BESIDE_FACTOR[0] <= factor <= BESIDE_FACTOR[1]
        found += [f"stored goal also changes its size to {100 * factor:.0f} %"] if beyond else []
    if kind in ("rotate", "scale"):
        # Grown about its base, its centre or any corner, an object's centre goes by half of the growth at most.
        growth = float(np.linalg.norm(new[3:6] - old[3:6])) / 2
        limit = min(BESIDE_M, BESIDE_SHARE * float(np.linalg.norm(old[3:6])))
        step = float(np.linalg.norm(new[:3] - old[:3]))
        found += [f"stored goal also moves it by {_cm(step).strip()}"] if step > growth + limit else []
    return found


def _suspicious_removal(sample: Sample) -> str | None:
    """A removal has no goal. Some writers repeat the original in its place, which says nothing."""
    box, turn = sample.new_bbox_3d, sample.new_rotation_matrix
    other = box is not None and not np.allclose(box, sample.original_bbox_3d, atol=1e-3)
    other = other or (turn is not None and not np.allclose(turn, sample.rotation_matrix, atol=1e-3))
    return "asks to remove it; a goal is stored where it should stand" if other else None


def _suspicious_place(sample: Sample, operation: Operation) -> str | None:
    if not operation.region or sample.up is None or sample.new_bbox_3d is None:
        return None
    up, region, box = np.array(sample.up), np.array(operation.region), np.array(sample.new_bbox_3d)
    turn = np.array(sample.new_rotation_matrix if sample.new_rotation_matrix is not None else sample.rotation_matrix)
    base = box[:3] - up * float(np.abs(up @ turn) @ box[3:6]) / 2
    where = f"the region on {operation.receptacle or 'the receptacle'}"
    rise = float((base - region.mean(axis=0)) @ up)
    away = _outside(base, region, up)
    if away > REGION_M:
        return f"asks to place it in {where}; stored goal stands {_cm(away)}beside it"
    if abs(rise) > REGION_M:
        return f"asks to place it in {where}; stored goal stands {_cm(abs(rise))}{'above' if rise > 0 else 'below'} it"
    return None


def _outside(point: Array, corners: Array, up: Array) -> float:
    """Distance of a point (3,) from a polygon (n, 3) along the ground, metres; 0 over it."""
    flat = np.linalg.svd(up[None])[2][1:].T  # (3, 2): two axes of the ground
    p, polygon = point @ flat, corners @ flat
    sides = np.roll(polygon, -1, axis=0) - polygon
    lengths = np.maximum((sides**2).sum(axis=1), 1e-18)
    share = np.clip(((p - polygon) * sides).sum(axis=1) / lengths, 0, 1)
    nearest = float(np.linalg.norm(polygon + share[:, None] * sides - p, axis=1).min())
    a, b = polygon - p, np.roll(polygon, -1, axis=0) - p
    angles = np.arctan2(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0], (a * b).sum(axis=1))
    return 0.0 if abs(float(angles.sum())) > math.pi else nearest


def _suspicious_view(operation: Operation) -> str | None:
    if operation.camera_translation_m is None or operation.camera_rotation is None:
        return None
    step, turn = np.array(operation.camera_translation_m), _axis_angle(np.array(operation.camera_rotation))
    travelled, angle = float(np.linalg.norm(step)), math.degrees(float(np.linalg.norm(turn)))
    found = []
    travels, turns = operation.distance_m is not None, operation.angle_deg is not None
    if operation.distance_m is not None:
        wrong = abs(travelled - operation.distance_m) > max(DISTANCE_M, DISTANCE_SHARE * operation.distance_m)
        wrong = wrong or _off(step, operation.direction, CAMERA_DIRECTIONS)
        asked = f"asks the camera to travel {_cm(operation.distance_m)}{operation.direction or ''}".rstrip()
        found += [f"{asked}; stored camera goes {_cm(travelled)}{_nearest(step, CAMERA_DIRECTIONS)}"] if wrong else []
    if operation.angle_deg is not None:
        wanted = abs((operation.angle_deg + 180) % 360 - 180)
        wrong = abs(angle - wanted) > ANGLE_DEG or (angle <= 175 and _off(turn, operation.direction, CAMERA_AXES))
        asked = f"asks the camera to turn {operation.angle_deg:g}° {operation.direction or ''}".rstrip()
        found += [f"{asked}; stored camera turns {angle:.1f}° {_nearest(turn, CAMERA_AXES)}"] if wrong else []
    if turns and not travels and travelled > BESIDE_CAMERA_M:
        found.append(f"stored camera also travels {_cm(travelled).strip()}")
    if travels and not turns and angle > BESIDE_CAMERA_DEG:
        found.append(f"stored camera also turns {angle:.1f}°")
    return "; ".join(found) or None


def _off(way: Array, direction: str | None, directions: dict[str, tuple[float, float, float]]) -> bool:
    """Whether a way (3,) is another one than a word's."""
    length = float(np.linalg.norm(way))
    if direction not in directions or length < 1e-9:
        return False
    return float(way @ np.array(directions[direction])) / length < math.cos(math.radians(DIRECTION_DEG))


def _turn(before: ArrayLike, after: ArrayLike) -> Array:
    return np.asarray(np.asarray(after, dtype=np.float64) @ np.asarray(before, dtype=np.float64).T)


def _angle_deg(turn: Array) -> float:
    return math.degrees(math.acos(float(np.clip((np.trace(turn) - 1) / 2, -1, 1))))


def _axis_angle(turn: Array) -> Array:
    """Axis × angle (3,), radians, of a rotation (3, 3); of half a turn the axis may point either way."""
    axial = np.array([turn[2, 1] - turn[1, 2], turn[0, 2] - turn[2, 0], turn[1, 0] - turn[0, 1]]) / 2
    sine, angle = float(np.linalg.norm(axial)), math.radians(_angle_deg(turn))
    if sine > 1e-9:
        return np.asarray(axial * angle / sine)
    return np.asarray(angle * np.linalg.eigh((turn + turn.T) / 2)[1][:, -1])


def _suspicious_move(operation: Operation, shift: ArrayLike) -> str | None:
    step = np.asarray(shift, dtype=np.float64)
    length = float(np.linalg.norm(step))
    # "10 cm in front of the bowl" speaks about the bowl; its place is not stored.
    if operation.reference is not None and operation.frame != "object":
        return None
    asked = f"asks {_cm(operation.distance_m)}{operation.direction or ''}".rstrip()
    found = f"stored goal lies {_cm(length)}{_nearest(step, DIRECTIONS)} of the original"
    wanted = operation.distance_m
    if wanted is not None and abs(length - wanted) > max(DISTANCE_M, DISTANCE_SHARE * wanted):
        return f"{asked}; {found}"
    if operation.frame != "camera" or operation.direction not in DIRECTIONS or length < DISTANCE_M:
        return None
    return f"{asked}; {found}" if _off(step, operation.direction, DIRECTIONS) else None


def _suspicious_turn(operation: Operation, before: ArrayLike, after: ArrayLike) -> str | None:
    if operation.angle_deg is None:
        return None
    turn = _turn(before, after)
    angle = _angle_deg(turn)
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


def _nearest(step: Array, directions: dict[str, tuple[float, float, float]]) -> str:
    if not np.linalg.norm(step):
        return "away"
    return max(directions, key=lambda name: float(step @ np.array(directions[name])))
