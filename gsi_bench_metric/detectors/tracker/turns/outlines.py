"""A turn by the outline: a solid's outline under every turn, held against the object's pixels in the edited image."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gsi_bench_metric.detectors.tracker.turns.looks import Part, Turning

__all__ = ["outline_overlaps"]

Array = NDArray[np.float64]


def outline_overlaps(part: Part, turning: Turning, angles: Array, shift: int) -> Array:
    """Overlap (A,) of a shape's outline under angles (A,) and the object in the edited image, 0–1, where nothing hides it.

    `shift`: pixels that an outline may lie beside.
    """
    free, shown = part.free.astype(np.float64), (part.after & part.free).astype(np.float64)
    found = []
    for angle in angles:
        outline = turning.covers(angle, part.rays).astype(np.float64)
        shared, seen = _shifted(outline, shown, shift), _shifted(outline, free, shift)
        found.append(float((shared / np.maximum(seen + shown.sum() - shared, 1.0)).max()))
    return np.array(found)


def _shifted(outline: Array, image: Array, shift: int) -> Array:
    """Sums of an image (h, w) over an outline (h, w) that is shifted by up to `shift` pixels: (2 shift + 1, 2 shift + 1)."""
    padded = np.pad(image, shift)
    height, width = outline.shape
    around = range(2 * shift + 1)
    return np.array([[(outline * padded[y : y + height, x : x + width]).sum() for x in around] for y in around])
