"""What a source image is to those who look at it, and what a segmenter and an estimator of depth must be.

Frames: OpenCV camera (x right, y down, z forward), metres; pixels of the source image, pixel centres at half numbers.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import cv2
import numpy as np
from numpy.typing import NDArray

from gsi_bench_dataset.layout.pixel_frame import box_corners, project
from gsi_bench_dataset.records import SceneObject
from gsi_bench_metric.imaging.images import RGB

__all__ = [
    "Clickable",
    "Depth",
    "DepthEstimator",
    "Mask",
    "Segmenter",
    "View",
]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Depth = NDArray[np.float32]


@dataclasses.dataclass(frozen=True)
class View:
    """One source image and everything that is known to stand in it.

    Attributes:
        rgb: (H, W, 3) uint8.
        K: (3, 3), pixels of `rgb`.
        things: the known objects, in the order of their numbers.
        up: (3,) unit vector against gravity; None: not known.
    """

    rgb: RGB
    K: Array
    things: tuple[SceneObject, ...]
    up: Array | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width)."""
        return self.rgb.shape[0], self.rgb.shape[1]

    @functools.cached_property
    def outlines(self) -> tuple[Array | None, ...]:
        """Of each object the convex outline (n, 2) of its projected box, pixels; None where it is not wholly before the
        camera, or beside the image."""
        return tuple(self._outline(thing) for thing in self.things)

    def _outline(self, thing: SceneObject) -> Array | None:
        pixels = project(box_corners(thing.bbox_3d, thing.rotation_matrix), self.K)
        if not np.isfinite(pixels).all():
            return None
        height, width = self.shape
        if (pixels.max(0) <= 0).any() or (pixels.min(0) >= (width, height)).any():
            return None
        return np.asarray(cv2.convexHull(pixels.astype(np.float32))[:, 0], dtype=np.float64)

    @functools.cached_property
    def silhouettes(self) -> tuple[Mask | None, ...]:
        """Of each object the pixels inside of its outline, (H, W); None where there are none."""
        return tuple(None if outline is None else self._filled(outline) for outline in self.outlines)

    def _filled(self, outline: Array) -> Mask | None:
        """Pixels whose centre lies inside of a convex outline."""
        height, width = self.shape
        low = np.clip(np.floor(outline.min(0)), 0, (width, height)).astype(int)
        high = np.clip(np.ceil(outline.max(0)), 0, (width, height)).astype(int)
        x, y = np.meshgrid(np.arange(low[0], high[0]) + 0.5, np.arange(low[1], high[1]) + 0.5)
        sides = np.roll(outline, -1, axis=0) - outline
        across = [dx * (y - v) - dy * (x - u) for (u, v), (dx, dy) in zip(outline, sides, strict=True)]
        inside = np.all(np.stack(across) >= 0, axis=0) | np.all(np.stack(across) <= 0, axis=0)
        canvas = np.zeros(self.shape, np.bool_)
        canvas[low[1] : high[1], low[0] : high[0]] = inside
        return canvas if inside.any() else None

    def rectangle(self, number: int) -> tuple[int, int, int, int] | None:
        """x1, y1, x2, y2 (past the end) round the seen part of a projected box, whole pixels; None where nothing is seen."""
        outline = self.outlines[number]
        if outline is None:
            return None
        height, width = self.shape
        low = np.clip(np.floor(outline.min(0)), 0, (width - 1, height - 1)).astype(int)
        high = np.clip(np.ceil(outline.max(0)), low + 1, (width, height)).astype(int)
        return int(low[0]), int(low[1]), int(high[0]), int(high[1])


class Segmenter(Protocol):
    """Finds the pixels of known objects, asked by the projections of their boxes.

    Attributes:
        name: what stands in the column `mask_source`.
        key: everything that its answers depend on beside the view: code, weights, numbers.
    """

    name: str
    key: str

    def segment(self, views: Sequence[View]) -> list[list[Mask | None]]:
        """Of each view, for each of its objects (H, W) its pixels; None where its box is not seen.

        Raises:
            SeeingError: it cannot work at all.
        """
        ...


@runtime_checkable
class Clickable(Segmenter, Protocol):
    """A segmenter that finds an object by a point on it alone."""

    def at(self, rgb: RGB, point: tuple[float, float]) -> Mask | None:
        """The pixels (H, W) of what is seen at a point (x, y) of an image (H, W, 3); None where nothing stands out there."""
        ...


class DepthEstimator(Protocol):
    """Estimates the depth of every pixel.

    Attributes:
        name: what stands in the column `depth_source`.
        key: see `Segmenter`.
        to_scale: whether its depth already has the scale of the known boxes.
    """

    name: str
    key: str
    to_scale: bool

    def estimate(self, views: Sequence[View], numbers: Sequence[NDArray[np.int64] | None]) -> list[Depth]:
        """Of each view (H, W) the distance along the camera's axis in metres, not finite or 0 where it is not known.

        Args:
            views: the images.
            numbers: of each (H, W) the object numbers where they are known.

        Raises:
            SeeingError: it cannot work at all.
        """
        ...
