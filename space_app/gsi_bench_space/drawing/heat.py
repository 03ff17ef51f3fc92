"""What changed outside of the part that the edit may change."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gsi_bench_metric.pages.images import change_map
from gsi_bench_metric.protocols.strict.pixels import Compared

__all__ = ["heat_map"]

_STRIPE = 12  # px between stripes, for images of 512 px
_HATCH, _GROUND = np.array([120, 130, 150]), np.array([60, 66, 80])


def heat_map(compared: Compared) -> NDArray[np.uint8]:
    """RGB (H, W, 3): dark = unchanged, bright = changed; hatched where the edit may change the image."""
    changed = change_map(compared.expected, compared.edited)
    height, width = compared.counts.shape
    rows, columns = np.mgrid[:height, :width]
    stripe = max(4, round(_STRIPE * max(height, width) / 512))
    hatch = np.where(((rows + columns) % stripe < stripe / 3)[..., None], _HATCH, _GROUND)
    return np.asarray(np.where(compared.counts[..., None], changed, hatch), dtype=np.uint8)
