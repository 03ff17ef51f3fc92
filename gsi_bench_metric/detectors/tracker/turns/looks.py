"""The part of two images that an object can reach by a turn: its pixels in both, and rays through that part."""

from __future__ import annotations

import dataclasses
import math

import cv2
import numpy as np
from numpy.typing import NDArray

from gsi_bench_dataset.layout.pixel_frame import box_corners
from gsi_bench_dataset.records import SceneObject
from gsi_bench_metric.detectors.tracker.evidence import Evidence
from gsi_bench_metric.detectors.tracker.shapes import Fit, depth_of, solids
from gsi_bench_metric.detectors.tracker.surface import Scene, Surface
from gsi_bench_metric.detectors.tracker.turn_config import TurnConfig
from gsi_bench_metric.imaging.cutting import grab_cut
from gsi_bench_metric.imaging.images import RGB

__all__ = ["Part", "Turning", "part_about", "turned_by", "window_of"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

_SQUARE = np.ones((3, 3), np.uint8)


@dataclasses.dataclass(frozen=True)
class Part:
    """What two images show about an object, at a common small size (h, w).

    Attributes:
        window: rows and columns of the whole images.
        scale: small pixels a pixel of these.
        rays: (h, w, 3), points at depth 1.
        before, after: (h, w), the object's pixels in the source and in the edited image.
        free: (h, w), False where something else stands before it.
    """

    window: tuple[slice, slice]
    scale: float
    rays: Array
    before: Mask
    after: Mask
    free: Mask

    @property
    def side(self) -> int:
        """The larger side of the window, pixels of the whole images."""
        rows, columns = self.window
        return max(rows.stop - rows.start, columns.stop - columns.start)


@dataclasses.dataclass(frozen=True)
class Turning:
    """An object of a shape, to be turned about a point.

    Attributes:
        fit: the shape.
        thing: the object in the source.
        up: (3,) against gravity, camera frame.
        pivot: (3,), camera frame.
    """

    fit: Fit
    thing: SceneObject
    up: Array
    pivot: Array

    def covers(self, angle: float, rays: Array) -> Mask:
        """Which rays (..., 3) meet it under an angle of `turned_by`."""
        turn = turned_by(self.up, angle)
        centre = self.pivot + turn @ (np.array(self.thing.bbox_3d[:3]) - self.pivot)
        box = (*centre.tolist(), *self.thing.bbox_3d[3:])
        rotation = tuple(map(tuple, (turn @ np.array(self.thing.rotation_matrix)).tolist()))
        turned = dataclasses.replace(self.thing, bbox_3d=box, rotation_matrix=rotation)
        return np.isfinite(depth_of(self.fit.solid, turned, rays, 0.0))


def turned_by(up: Array, angle: float) -> Array:
    """3×3, a turn of `follow` about `up`: from the camera's right towards the camera for positive angles, in radians."""
    return np.asarray(cv2.Rodrigues(-angle * up)[0], dtype=np.float64)


def window_of(points: Array, margin: float, size: tuple[int, int]) -> tuple[slice, slice]:
    """Rows and columns of an image of `size` (width, height) that hold points (P, 2) and a margin about them, pixels."""
    low, high = np.floor(points.min(0) - margin), np.ceil(points.max(0) + margin)
    columns, rows = (
        slice(int(np.clip(a, 0, length - 1)), int(np.clip(b, 1, length))) for a, b, length in zip(low, high, size, strict=True)
    )
    return rows, columns


def part_about(scene: Scene, surface: Surface, edited: RGB, evidence: Evidence) -> Part | None:
    """The part of the source and of an edited image (H, W, 3) in its frame; None where the box reaches behind the camera, or
    no pixel shows the object."""
    config, thing = scene.config.turns, surface.thing
    swept = _swept(scene, thing)
    if swept is None or not surface.mask.any():
        return None
    reached = float(np.ptp(swept, axis=0).max())
    window = rows, columns = window_of(swept, config.beside * reached + config.beside_px, scene.size)
    scale = config.look_px / max(rows.stop - rows.start, columns.stop - columns.start)
    size = (max(1, round((columns.stop - columns.start) * scale)), max(1, round((rows.stop - rows.start) * scale)))
    x, y = np.meshgrid((np.arange(size[0]) + 0.5) / scale + columns.start, (np.arange(size[1]) + 0.5) / scale + rows.start)
    rays = np.stack([x, y, np.ones_like(x)], -1) @ np.linalg.inv(scene.K).T
    reach = np.zeros((size[1], size[0]), np.uint8)
    for hull in swept.reshape(-1, 8, 2):
        corners = np.round((hull - (columns.start, rows.start)) * scale - 0.5).astype(np.int32)
        cv2.fillConvexPoly(reach, cv2.convexHull(corners).astype(np.int32), (1,))
    wider = cv2.dilate(reach, _SQUARE, iterations=max(1, round(config.near * reached * scale)))
    before = _sized(surface.mask[window], size)
    labels = np.where(wider > 0, cv2.GC_PR_FGD, cv2.GC_BGD).astype(np.uint8)
    labels[(wider > 0) & _sized(_background(evidence, config)[window], size) & ~before] = cv2.GC_PR_BGD
    after = _cut(np.ascontiguousarray(edited[window]), labels, config)
    nearer = scene.things & ~surface.mask & (scene.depth < surface.points[:, 2].mean())
    return Part(window, scale, rays, before, after, ~_sized(nearer[window], size))


def _swept(scene: Scene, thing: SceneObject) -> Array | None:
    """Pixels (8 a way, 2) of the corners of a box that is turned all round: about its middle, and where its body may be."""
    pivots = {
        tuple((np.array(thing.rotation_matrix) @ solid.pivot).tolist())
        for solid in solids(thing, scene.up, scene.config.shapes)
    }
    centre, ways = np.array(thing.bbox_3d[:3]), scene.config.turns.ways
    corners = box_corners(thing.bbox_3d, thing.rotation_matrix) - centre
    turns = [turned_by(scene.up, way * 2 * math.pi / ways) for way in range(ways)]
    points = (
        np.concatenate([(corners - p) @ turn.T + p + centre for p in map(np.array, sorted(pivots)) for turn in turns])
        @ scene.K.T
    )
    return None if (points[:, 2] <= 0).any() else np.asarray(points[:, :2] / points[:, 2:])


def _background(evidence: Evidence, config: TurnConfig) -> Mask:
    """Pixels (H, W) that show what the source shows there, perhaps in a shadow."""
    tint = np.linalg.norm(evidence.edited[..., 1:] - evidence.source[..., 1:], axis=-1)
    shade = evidence.edited[..., 0] / np.maximum(evidence.source[..., 0], 1e-3)
    return np.asarray((tint < config.same_tint) & (shade > config.shade[0]) & (shade < config.shade[1]))


def _sized(mask: Mask, size: tuple[int, int]) -> Mask:
    return np.asarray(cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.5)


def _cut(part: RGB, labels: NDArray[np.uint8], config: TurnConfig) -> Mask:
    """The object in the edited image: in what its box can cover by a turn, what differs in colour from all round."""
    size = labels.shape[1], labels.shape[0]
    way = cv2.INTER_AREA if size[0] < part.shape[1] else cv2.INTER_CUBIC
    if not {int(label) for label in np.unique(labels)} >= {cv2.GC_BGD, cv2.GC_PR_FGD}:
        return np.asarray(labels == cv2.GC_PR_FGD)
    return grab_cut(np.asarray(cv2.resize(part, size, interpolation=way), dtype=np.uint8), labels, config.cut_rounds)
