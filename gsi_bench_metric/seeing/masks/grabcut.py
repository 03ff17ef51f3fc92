"""GrabCut (Rother et al. 2004) about the projected box: colours inside against colours round it. Needs no weights."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from gsi_bench_dataset.storage.record_store import digest
from gsi_bench_metric.imaging.cutting import grab_cut
from gsi_bench_metric.imaging.images import RGB
from gsi_bench_metric.seeing.base import Mask, Segmenter, View
from gsi_bench_metric.seeing.config import SEEING, GrabCutConfig
from gsi_bench_metric.seeing.masks.numbering import crop_of, in_front, largest_within, near_first
from gsi_bench_metric.seeing.options import Options

__all__ = ["GrabCut", "make"]

# Raised with every change of a mask that this code gives for the same inputs.
_VERSION = 2
_LEAST_PX = 25  # fewer pixels inside or outside have no colours to learn


class GrabCut:
    """Masks by colour.

    Args:
        config: the chosen numbers.
    """

    name = "grabcut"

    def __init__(self, config: GrabCutConfig = SEEING.grabcut) -> None:
        self.key = digest("grabcut", _VERSION, cv2.__version__, config.to_json())
        self._config = config

    def segment(self, views: Sequence[View]) -> list[list[Mask | None]]:
        """See `Segmenter`."""
        return [self._masks(view) for view in views]

    def _masks(self, view: View) -> list[Mask | None]:
        """The nearest object first: its pixels count as none of those that it hides."""
        found: dict[int, Mask] = {}
        for number in near_first(view):
            rectangle, silhouette = view.rectangle(number), view.silhouettes[number]
            if rectangle is not None and silhouette is not None:
                found[number] = self._mask(view, rectangle, silhouette & ~in_front(view, number, found))
        return [found.get(number) for number in range(len(view.things))]

    def _mask(self, view: View, rectangle: tuple[int, int, int, int], free: Mask) -> Mask:
        """`free`: the box's outline without what nearer objects hide of it."""
        part = crop_of(rectangle, self._config.margin, view.shape)
        found = np.zeros(view.shape, np.bool_)
        found[part] = largest_within(self._cut(view.rgb[part], free[part]), free[part])
        return found

    def _cut(self, rgb: RGB, inside: Mask) -> Mask:
        """The object's pixels of a crop (h, w, 3) whose box fills `inside` (h, w)."""
        height, width = inside.shape
        scale = min(1.0, self._config.side / max(height, width))
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
        box = cv2.resize(inside.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
        if box.sum() < _LEAST_PX or (~box).sum() < _LEAST_PX:
            return inside
        labels = np.where(box, cv2.GC_PR_BGD, cv2.GC_BGD).astype(np.uint8)
        labels[self._middle(box)] = cv2.GC_PR_FGD
        seen = grab_cut(np.asarray(small, np.uint8), labels, self._config.steps).astype(np.uint8)
        return np.asarray(cv2.resize(seen, (width, height), interpolation=cv2.INTER_NEAREST) > 0)

    def _middle(self, box: Mask) -> Mask:
        """What is taken for the object at first: all of the outline but its border."""
        rows, columns = np.nonzero(box)
        reach = max(1, int(self._config.sure * min(np.ptp(rows), np.ptp(columns)) / 2))
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
        middle = cv2.erode(box.astype(np.uint8), kernel, borderType=cv2.BORDER_CONSTANT, borderValue=(0,)) > 0
        return np.asarray(middle if middle.any() else box)


def make(options: Options) -> Segmenter:
    """GrabCut, which runs on the CPU wherever the rest runs.

    Raises:
        SeeingError: weights are given.
    """
    options.require_no_weights("grabcut")
    return GrabCut()
