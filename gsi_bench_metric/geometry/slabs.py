"""Where rays meet boxes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["slabs"]

Array = NDArray[np.float64]


def slabs(start: Array, way: Array, half: Array | float) -> tuple[Array, Array]:
    """Where rays start + t way (..., 3) enter and leave a box about the origin with half sides `half`, as t; they miss it where
    enter > leave (Kay and Kajiya 1986)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = (-half - start) / way, (half - start) / way
    return np.minimum(low, high).max(-1), np.maximum(low, high).min(-1)
