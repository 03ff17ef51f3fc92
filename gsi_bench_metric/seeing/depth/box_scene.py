"""Depth without weights: the fronts of the known boxes, and the plane on which they stand.

Nothing else of the image is known then. The plane reaches as far round the objects as they are large; beyond it, where a table
may end and a wall begin, the depth is 0, unknown. What stands on the plane without being a known object gets the plane's depth.
The column `depth_source` says `boxes`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gsi_bench_dataset.records import SceneObject
from gsi_bench_dataset.storage.record_store import digest
from gsi_bench_metric.detectors.tracker.config import TRACKER
from gsi_bench_metric.detectors.tracker.surface import box_depth, pixel_rays
from gsi_bench_metric.geometry.poses import Pose, diagonal
from gsi_bench_metric.seeing.base import Array, Depth, DepthEstimator, View
from gsi_bench_metric.seeing.config import SEEING, BoxSceneConfig
from gsi_bench_metric.seeing.masks.numbering import numbered
from gsi_bench_metric.seeing.options import Options

__all__ = ["BoxScene", "box_scene", "make", "support_height"]

# Raised with every change of a depth that this code gives for the same inputs.
_VERSION = 1


class BoxScene:
    """Boxes and the plane under them.

    Args:
        config: the chosen numbers.
    """

    name = "boxes"
    to_scale = True

    def __init__(self, config: BoxSceneConfig = SEEING.box_scene) -> None:
        self.key = digest("boxes", _VERSION, config.to_json())
        self._config = config

    def estimate(self, views: Sequence[View], numbers: Sequence[NDArray[np.int64] | None]) -> list[Depth]:
        """See `DepthEstimator`."""
        return [box_scene(view, found, self._config) for view, found in zip(views, numbers, strict=True)]


def box_scene(view: View, numbers: NDArray[np.int64] | None, config: BoxSceneConfig = SEEING.box_scene) -> Depth:
    """Depth (H, W) in metres, 0 where nothing is known.

    Args:
        view: the image. Without its `up` only boxes have depth.
        numbers: (H, W) of its objects; None: the outlines of their boxes.
        config: the chosen numbers.
    """
    if numbers is None:
        numbers = numbered(view, [None] * len(view.things)).numbers
    rays = pixel_rays(view.K, slice(0, view.shape[0]), slice(0, view.shape[1]))
    depth = np.zeros(view.shape, np.float32) if view.up is None else _plane(view.things, view.up, rays, config)
    for number, thing in enumerate(view.things, 1):
        seen = numbers == number
        if seen.any():
            depth[seen] = _on_object(thing, rays[seen])
    return np.where(depth < config.farthest_m, depth, np.float32(0))


def _on_object(thing: SceneObject, rays: Array) -> Depth:
    """Depth of the pixels that show an object, whose rays are (n, 3): where they enter its box, or its middle beside it."""
    met = box_depth(thing.bbox_3d, thing.rotation_matrix, TRACKER.surface, rays)
    return np.where(np.isfinite(met), met, np.float32(max(thing.bbox_3d[2], 0)))


def _plane(things: Sequence[SceneObject], up: Array, rays: Array, config: BoxSceneConfig) -> Depth:
    """Depth of the plane on which the objects stand, near to them; 0 elsewhere."""
    height = support_height(things, up, config)
    fall = rays @ up
    flat = config.least_fall * np.linalg.norm(rays, axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        met = height / fall
    seen = (np.abs(fall) > flat) & (met > 0)
    points = rays[seen] * met[seen, None]
    near = np.zeros(len(points), np.bool_)
    for thing in things:
        pose = Pose.of(thing.bbox_3d, thing.rotation_matrix)
        foot = pose.base(up)
        reach = config.reach * diagonal(pose.box)
        near |= ((points - foot - up * ((points - foot) @ up)[:, None]) ** 2).sum(-1) < reach**2
    depth = np.zeros(rays.shape[:2], np.float32)
    depth[seen] = np.where(near, met[seen], 0)
    return depth


def support_height(things: Sequence[SceneObject], up: Array, config: BoxSceneConfig = SEEING.box_scene) -> float:
    """Height of the plane on which most of the objects stand, along `up` from the camera (below it: negative), metres.

    Of several with as many objects the lowest: the others stand on them.
    """
    bases = np.array([Pose.of(t.bbox_3d, t.rotation_matrix).base(up) @ up for t in things])
    together = np.abs(bases[:, None] - bases) <= config.same_level_m
    counts = together.sum(1)
    best = np.flatnonzero(counts == counts.max())
    lowest = best[bases[best].argmin()]
    return float(np.median(bases[together[lowest]]))


def make(options: Options) -> DepthEstimator:
    """The scene of the boxes.

    Raises:
        SeeingError: weights are given.
    """
    options.require_no_weights("boxes")
    return BoxScene()
