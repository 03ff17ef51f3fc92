"""Poses that were found, in the words of detections: boxes in the camera's frame, with how sure each is."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from numpy.typing import NDArray

from gsi_bench_dataset.layout.pixel_frame import box_corners, reference_frame
from gsi_bench_dataset.records import Detection, SceneObject
from gsi_bench_metric.detectors.tracker.camera_motion.camera import CameraMotion
from gsi_bench_metric.detectors.tracker.config import TRACKER, ResultsConfig
from gsi_bench_metric.detectors.tracker.follow import Found
from gsi_bench_metric.detectors.tracker.surface import Scene, Surface

__all__ = ["carried", "confidence", "detection", "outline", "posed"]

Array = NDArray[np.float64]


def carried(thing: SceneObject, motion: CameraMotion) -> SceneObject:
    """The object in the frame of a camera that moved."""
    rotation = motion.rotation @ np.array(thing.rotation_matrix)
    centre = motion.rotation @ np.array(thing.bbox_3d[:3]) + motion.translation
    return _boxed(thing, centre, np.array(thing.bbox_3d[3:6]), rotation)


def posed(scene: Scene, surface: Surface, found: Found) -> SceneObject:
    """The object under a pose of `follow`."""
    thing, turn, size = surface.thing, found.pose[3], math.exp(found.pose[4])
    c, s = math.cos(turn), math.sin(turn)
    rotation = scene.axes.T @ np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ scene.axes
    arm = np.array(thing.bbox_3d[:3]) - surface.base
    centre = surface.base + found.pose[:3] @ scene.axes + size * rotation @ arm
    return _boxed(thing, centre, size * np.array(thing.bbox_3d[3:6]), rotation @ np.array(thing.rotation_matrix))


def outline(scene: Scene, surface: Surface, found: Found) -> Array:
    """Pixels (P, 2) where the known surface lies under a pose of `follow`, in no order."""
    c, s = math.cos(found.pose[3]), math.sin(found.pose[3])
    local = (surface.points - surface.base) @ scene.axes.T @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])
    points = surface.base + (math.exp(found.pose[4]) * local + found.pose[:3]) @ scene.axes
    pixels = points @ scene.K.T
    return np.asarray(pixels[:, :2] / np.maximum(pixels[:, 2:], 1e-3) - 0.5)


def confidence(found: Found, config: ResultsConfig = TRACKER.results) -> float:
    """From what speaks for the pose; where the background behind it is a guess, likeness may speak too."""
    likeness = config.likeness_slope * (found.likeness - config.likeness_zero) if found.seen > config.likeness_seen else 0.0
    return 1 / (1 + math.exp(-(max(found.evidence, likeness) - config.sure) / config.unsure))


def detection(
    scene: Scene,
    surface: Surface,
    thing: SceneObject,
    *,
    state: str = "present",
    confidence: float = 1.0,
    sigma: Array | None = None,
    unobservable: tuple[str, ...] = (),
) -> Detection:
    """As the reference's detector words it: the rectangle in its 896 frame, the whole image for a box behind the camera."""
    if thing.symmetry == "continuous" and "turn" not in unobservable:
        unobservable = (*unobservable, "turn")
    corners = box_corners(thing.bbox_3d, thing.rotation_matrix) @ scene.K.T
    scale, offset, frame = reference_frame(scene.size)
    rectangle = (0.0, 0.0, float(frame[0]), float(frame[1]))
    if (corners[:, 2] > 0).all():
        pixels = corners[:, :2] / corners[:, 2:] * scale - offset
        rectangle = (*pixels.min(0).tolist(), *pixels.max(0).tolist())
    return Detection(
        label=thing.category,
        bbox_3d=thing.bbox_3d,
        bbox_2d=rectangle,
        rotation_matrix=thing.rotation_matrix,
        object_id=thing.id,
        state=state,
        confidence=confidence,
        sigma=None if sigma is None else _box_sigma(scene, surface, sigma),
        unobservable=unobservable,
    )


def _boxed(thing: SceneObject, centre: Array, size: Array, rotation: Array) -> SceneObject:
    yaw = math.atan2(rotation[0, 2], rotation[2, 2])
    box = (*centre.tolist(), *size.tolist(), yaw)
    return dataclasses.replace(thing, bbox_3d=box, rotation_matrix=tuple(map(tuple, rotation.tolist())))


def _box_sigma(scene: Scene, surface: Surface, sigma: Array) -> tuple[float, ...]:
    """Of x, y, z, w, h, l, yaw from those of a pose."""
    place = np.sqrt((scene.axes.T**2) @ sigma[:3] ** 2)
    return (*place.tolist(), *(sigma[4] * np.array(surface.thing.bbox_3d[3:6])).tolist(), float(sigma[3]))
