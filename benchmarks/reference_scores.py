"""Operation scores as the reference computes them: one edit at a time, numpy, shapely for boxes that overlap.

An implementation of its own, so that the baseline of the speed benchmark shares no formula with what it is compared with.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from shapely.geometry import Polygon

from gsi_bench_dataset.records import Sample

Array = NDArray[np.float64]
Found = list[Mapping[str, Any]]

SIGNS = np.array([[1, -1, 1], [1, -1, -1], [-1, -1, -1], [-1, -1, 1], [1, 1, 1], [1, 1, -1], [-1, 1, -1], [-1, 1, 1]])


def same(a: ArrayLike, b: ArrayLike, threshold: float) -> bool:
    return bool(((np.asarray(a) - np.asarray(b)) ** 2).sum() < threshold)


def corners(box: ArrayLike, rotation: ArrayLike | None = None) -> Array:
    box = np.asarray(box, dtype=np.float64)
    if rotation is None:
        c, s = np.cos(box[6]), np.sin(box[6])
        rotation = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    turned: Array = SIGNS * (box[3:6] / 2) @ np.asarray(rotation).T + box[:3]
    return turned


def projected(box: ArrayLike, rotation: ArrayLike, intrinsics: ArrayLike) -> Array:
    pixels = corners(box, rotation) @ np.asarray(intrinsics).T
    pixels = pixels[:, :2] / pixels[:, 2:]
    return np.concatenate([pixels.min(0), pixels.max(0)])


def iou_3d(a: ArrayLike, b: ArrayLike) -> float:
    corners_a, corners_b = corners(a), corners(b)
    foot_a, foot_b = Polygon(corners_a[:4][:, [0, 2]]), Polygon(corners_b[:4][:, [0, 2]])
    if foot_a.area == 0 or foot_b.area == 0:
        return 0.0
    low_a, high_a = corners_a[:, 1].min(), corners_a[:, 1].max()
    low_b, high_b = corners_b[:, 1].min(), corners_b[:, 1].max()
    inter = foot_a.intersection(foot_b).area * max(0.0, min(high_a, high_b) - max(low_a, low_b))
    union = foot_a.area * (high_a - low_a) + foot_b.area * (high_b - low_b) - inter
    return float(inter / union) if union else 0.0


def locality_mask(sample: Sample, source: Found, edited: Found, height: int, width: int) -> NDArray[np.bool_]:
    """True where a change counts: outside of the original's place and of the last box that is not the original."""
    box = sample.original_bbox_3d
    place = projected(box, sample.rotation_matrix, sample.camera_intrinsics)
    first = [d["bbox_2d"] for d in source if same(d["bbox_3d"], box, 0.1)][:1]
    last = [d["bbox_2d"] for d in edited if not same(d["bbox_3d"], box, 0.1) and not same(d["bbox_2d"], place, 100)][-1:]
    kept = np.ones((height, width), bool)
    for x1, y1, x2, y2 in first + last:
        kept[int(max(0, y1)) : int(min(height, y2)), int(max(0, x1)) : int(min(width, x2))] = False
    return kept


def score(operation: str, sample: Sample, source: Found, edited: Found, passed: bool) -> tuple[float, float]:
    """(IC, SA) of an edit of an object."""
    original = [d["bbox_2d"] for d in source if same(d["bbox_3d"], sample.original_bbox_3d, 0.1)]
    if not passed or not original or (not edited and operation != "remove"):
        return 0.0, 0.0
    scorer = {"move": _move, "rotate": _rotate, "remove": _remove, "scale": _scale}[operation]
    return scorer(sample, source, edited, np.asarray(original[0]))


def _candidate(source: Found, edited: Found, at: Array, goal_at: Array, *, near: ArrayLike, unmoved: float) -> Any:
    competing = []
    for d in edited:
        if any(same(d["bbox_3d"], s["bbox_3d"], unmoved) or same(d["bbox_2d"], s["bbox_2d"], 100) for s in source):
            continue
        if np.linalg.norm(np.asarray(d["bbox_2d"]) - at) / (np.linalg.norm(goal_at - at) + 1e-5) > 0.2:
            competing.append(d)
    return min(competing, key=lambda d: _distance(d["bbox_3d"], near), default=None)


def _distance(a: ArrayLike, b: ArrayLike) -> float:
    return float(np.linalg.norm(np.asarray(a)[:3] - np.asarray(b)[:3]))


def _move(sample: Sample, source: Found, edited: Found, at: Array) -> tuple[float, float]:
    goal, original = np.asarray(sample.new_bbox_3d), sample.original_bbox_3d
    goal_at = projected(goal, sample.rotation_matrix, sample.camera_intrinsics)
    found = _candidate(source, edited, at, goal_at, near=goal, unmoved=0.1)
    overlap = iou_3d(goal, found["bbox_3d"]) if found else 0.0
    ratio = (_distance(found["bbox_3d"], original) if found else 0.0) / (_distance(goal, original) + 1e-5)
    sa = 0.3 * overlap + 0.7 * float(np.exp(-(np.log(np.sqrt(ratio) + 1e-5) ** 2)))
    sa = sa if len(source) == len(edited) else sa / 2
    return float(sa > 0.05), sa


def _rotate(sample: Sample, source: Found, edited: Found, at: Array) -> tuple[float, float]:
    before, goal = np.asarray(sample.rotation_matrix), np.asarray(sample.new_rotation_matrix)
    goal_at = projected(sample.original_bbox_3d, goal, sample.camera_intrinsics)
    found = _candidate(source, edited, at, goal_at, near=sample.original_bbox_3d, unmoved=0.001)
    if found is None:
        return 0.0, 0.0
    turned = np.asarray(found["rotation_matrix"])
    amount = np.exp(-(np.log(_angle(before, turned) / (_angle(before, goal) + 1e-5) + 1e-5) ** 2))
    near = _distance(found["bbox_3d"], sample.original_bbox_3d) < 0.5
    sa = 0.5 * float(amount) + 0.5 * float(np.exp(-_angle(goal, turned))) if near else 0.0
    return float(not same(before, turned, 1e-4)), sa


def _angle(a: Array, b: Array) -> float:
    return float(np.arccos(np.clip((np.trace(a.T @ b) - 1) / 2, -1, 1)))


def _remove(sample: Sample, source: Found, edited: Found, at: Array) -> tuple[float, float]:
    if any(iou_3d(sample.original_bbox_3d, d["bbox_3d"]) > 0.1 or same(at, d["bbox_2d"], 100) for d in edited):
        return 0.0, 0.0
    sa = float(np.clip(1 - 0.3 * (len(source) - len(edited) - 1), 0, 1))
    return float(sa >= 0.5), sa


def _scale(sample: Sample, source: Found, edited: Found, at: Array) -> tuple[float, float]:
    goal = np.asarray(sample.new_bbox_3d)
    goal_at = projected(goal, sample.rotation_matrix, sample.camera_intrinsics)
    found = _candidate(source, edited, at, goal_at, near=goal, unmoved=0.001)
    sizes = np.asarray(sample.original_bbox_3d[3:6]) + 1e-5
    done = np.asarray(found["bbox_3d"][3:6]) / sizes if found else np.ones(3)
    sa = float(np.exp(-np.mean(np.log(done / (goal[3:6] / sizes + 1e-5) + 1e-5) ** 2)))
    return float(np.linalg.norm(done - 1) > 0.2), sa
