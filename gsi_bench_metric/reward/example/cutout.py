"""A parametric editor: the target cut out by its mask and pasted elsewhere, larger or smaller, over a guessed background."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from gsi_bench_dataset.layout.pixel_frame import project_to_source
from gsi_bench_dataset.records import Sample
from gsi_bench_metric.imaging.images import RGB, load_numbers, load_rgb
from gsi_bench_metric.reward.traces import target_number

__all__ = ["CutOut"]


class CutOut:
    """One sample's source, taken apart.

    Args:
        sample: a move with a mask of its target.

    Attributes:
        reach: pixels that the asked distance spans in the image, at the target.
        shrink: the asked distance over the target's distance from the camera.

    Raises:
        ValueError: another operation, or no mask of the target.
        ImageError: its images cannot be read.
    """

    def __init__(self, sample: Sample):
        operation, number = sample.operation, target_number(sample)
        if operation is None or operation.kind != "move" or sample.instance_mask is None or number is None:
            raise ValueError(f"{sample.id}: expected a move whose target has a mask")
        if sample.new_bbox_3d is None:
            raise ValueError(f"{sample.id}: expected a move with a goal")
        self._source = load_rgb(sample.image)
        mask = load_numbers(sample.instance_mask) == number
        wide = cv2.dilate(mask.astype(np.uint8), np.ones((7, 7), np.uint8))
        self._background: RGB = np.asarray(cv2.inpaint(self._source, wide, 3, cv2.INPAINT_TELEA), dtype=np.uint8)
        self._alpha: NDArray[np.float32] = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 0.6).astype(np.float32)
        rows, columns = np.nonzero(mask)
        self._foot = (float(columns.mean()), float(rows.max()))
        centre, goal = np.array(sample.original_bbox_3d[:3]), np.array(sample.new_bbox_3d[:3])
        distance = float(np.linalg.norm(goal - centre))
        size = (mask.shape[1], mask.shape[0])
        beside = np.array([centre, centre + np.array([distance, 0.0, 0.0])])
        ends = project_to_source(beside, sample.camera_intrinsics, sample.pixel_frame, size)
        self.reach = float(np.linalg.norm(ends[1] - ends[0]))
        self.shrink = distance / float(centre[2])

    def render(self, right: float, down: float, larger: float) -> RGB:
        """The edited image (H, W, 3).

        Args:
            right, down: how far the target goes in the image, in units of `reach`.
            larger: logarithm of its growth in the image, in units of `shrink`.
        """
        scale = float(np.exp(np.clip(larger * self.shrink, -1.5, 1.5)))
        x, y = self._foot
        step = np.clip([right, down], -4, 4) * self.reach
        matrix = np.array([[scale, 0, x - scale * x + step[0]], [0, scale, y - scale * y + step[1]]], dtype=np.float32)
        size = (self._source.shape[1], self._source.shape[0])
        alpha = cv2.warpAffine(self._alpha, matrix, size, flags=cv2.INTER_LINEAR)[..., None]
        moved = cv2.warpAffine(self._source, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(np.rint(alpha * moved + (1 - alpha) * self._background), dtype=np.uint8)
