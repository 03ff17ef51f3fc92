"""Whether what stands in an object's old place continues its surroundings.

Where something was taken away, what it hid comes to light: the table, the wall, more of what is seen beside it. A smear, a blob
or another thing has colours that are nowhere around.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree  # type: ignore[import-untyped]

from gsi_bench_metric.detectors.tracker.signs.silhouette import shrunk
from gsi_bench_metric.detectors.tracker.surface import Scene, Surface
from gsi_bench_metric.imaging.images import RGB

__all__ = ["foreign_share"]

Mask = NDArray[np.bool_]


def foreign_share(scene: Scene, surface: Surface, edited: RGB) -> float:
    """The share of an object's old pixels whose colour is nowhere about its old place, 0–1; 0 with nothing to compare.

    Args:
        scene: the source view.
        surface: of the object.
        edited: (H, W, 3), in the source's frame: drift and tone removed.

    Colours are compared in CIELAB (ΔE 1976), slightly blurred. Pixels that other known objects may cover are left out.
    """
    config = scene.config.surroundings
    place, size = shrunk(surface.mask, config.look_px)
    small = cv2.resize(edited, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    colours = cv2.GaussianBlur(cv2.cvtColor(small, cv2.COLOR_RGB2LAB), (0, 0), config.blur_px)
    covered, known = shrunk(_all_of(surface), config.look_px)[0], np.zeros_like(place)
    for other in scene.surfaces:
        if other.thing.id != surface.thing.id:
            known |= shrunk(_all_of(other), config.look_px)[0]
    reach = max(config.least_reach_px, round(config.reach * math.sqrt(place.sum())))
    around = _grown(place | covered, reach) & ~_grown(place | covered, config.apart_px)
    inside = cv2.erode(place.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool) & ~known
    if min(around.sum(), inside.sum()) < config.least_pixels:
        return 0.0
    nearest, _ = cKDTree(colours[around]).query(colours[inside])
    return float((nearest > config.unlike).mean())


def _all_of(surface: Surface) -> Mask:
    """All that an object may cover: what its box does, where no mask says better."""
    return surface.mask if surface.covered is None else surface.covered.mask


def _grown(mask: Mask, pixels: int) -> Mask:
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * pixels + 1, 2 * pixels + 1))
    return np.asarray(cv2.dilate(mask.astype(np.uint8), disk) > 0)
