"""What looks like a move and is the camera's: in pairs taken by hand, near things shift against far ones.

One similarity warp for the whole image follows the background. An object on a nearer table then seems to move; but so does the
table. So a move is also tried on what lies about the object: if that fits the source much better with it, the camera moved.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from gsi_bench_metric.detectors.tracker.follow import Found
from gsi_bench_metric.detectors.tracker.results import outline
from gsi_bench_metric.detectors.tracker.shape_config import ParallaxConfig
from gsi_bench_metric.detectors.tracker.surface import Scene, Surface
from gsi_bench_metric.imaging.alignment import structure
from gsi_bench_metric.imaging.images import RGB

__all__ = ["moved_with_surroundings"]

Array = NDArray[np.float64]
Picture = NDArray[np.float32]


def moved_with_surroundings(scene: Scene, surface: Surface, edited: RGB, found: Found, home: Found) -> bool:
    """Whether an object went no other way in the image than what lies about it.

    Args:
        scene: the source view.
        surface: of the object.
        edited: (H, W, 3), in the source's frame: the drift of the whole image removed.
        found: the object's best pose.
        home: its pose where it was.
    """
    config = scene.config.parallax
    step = outline(scene, surface, found).mean(0) - outline(scene, surface, home).mean(0)
    rows, columns = surface.around
    source, after = (_structure(rgb[rows, columns], scene) for rgb in (scene.rgb, edited))
    shift = np.array([[1.0, 0.0, step[0]], [0.0, 1.0, step[1]]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    moved = cv2.warpAffine(after, shift, (after.shape[1], after.shape[0]), flags=flags, borderMode=cv2.BORDER_CONSTANT)
    beside = _beside(surface.mask[rows, columns], step, config)
    if beside.sum() < config.least_pixels:
        return False
    stayed, went = (_unlike(source, np.asarray(other, np.float32), beside, config) for other in (after, moved))
    return went < config.better * stayed


def _structure(rgb: RGB, scene: Scene) -> Picture:
    return structure(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32), scene.config.alignment)


def _beside(mask: NDArray[np.bool_], step: Array, config: ParallaxConfig) -> NDArray[np.bool_]:
    """Pixels about the lower half of an object, without those that it covers or uncovers under either reading of the step."""
    thing = cv2.dilate(mask.astype(np.uint8), np.ones((5, 5), np.uint8))
    size = (mask.shape[1], mask.shape[0])
    covered = thing > 0
    for way in (step, -step):
        covered |= cv2.warpAffine(thing, np.array([[1.0, 0.0, way[0]], [0.0, 1.0, way[1]]]), size) > 0
    reach = max(4, round(config.reach * float(np.sqrt(mask.sum()))))
    near = cv2.dilate(thing, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)) > 0
    near[: int(np.nonzero(mask)[0].mean())] = False
    return np.asarray(near & ~covered)


def _unlike(source: Picture, other: Picture, beside: NDArray[np.bool_], config: ParallaxConfig) -> float:
    rest = np.abs(source - other)[beside]
    return float(np.minimum(rest, np.percentile(rest, config.trim)).mean())
