"""Which detection is which object: one-to-one, by place and size.

Needed for detectors that give no object ids, and within a set of indistinguishable objects, whose names may be
exchanged. Costs are metres: distance of the centres plus the difference of the sizes (norm over w, h, l).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment  # type: ignore[import-untyped]

__all__ = ["assign", "best_order", "box_costs", "target_in_source"]

Array = NDArray[np.float64]

# What it costs to call an object that is there one that should be gone, or the other way round: any move is cheaper.
_UNEXPECTED = 100.0
# A detector's depth may be wrong by this factor, either way, and be mended by the target's true depth.
_MOST_RESCALING = 2.0


def box_costs(a: Array, b: Array) -> Array:
    """Costs (N, M) of boxes (N, 7) for boxes (M, 7)."""
    apart = np.linalg.norm(a[:, None, :3] - b[None, :, :3], axis=-1)
    return np.asarray(apart + np.linalg.norm(a[:, None, 3:6] - b[None, :, 3:6], axis=-1))


def assign(costs: Array, limit: float = np.inf) -> dict[int, int]:
    """Row -> column of the cheapest one-to-one assignment of costs (N, M); pairs over `limit` are left out."""
    if not costs.size:
        return {}
    rows, columns = linear_sum_assignment(np.minimum(costs, 1e6))
    return {int(r): int(c) for r, c in zip(rows, columns, strict=True) if costs[r, c] <= limit}


def target_in_source(target: Array, found: Array, limit: float) -> tuple[int, float] | None:
    """Which of the boxes (M, 7) found in the source is the target (7,), and the factor that brings boxes to its scale.

    A monocular detector's scale is uncertain: each candidate is first brought to the target's depth about the camera's centre.
    None where no candidate comes within `limit` metres.
    """
    best: tuple[float, int, float] | None = None
    for i, box in enumerate(found):
        factor = float(target[2] / box[2]) if box[2] > 0 else np.inf
        if not 1 / _MOST_RESCALING <= factor <= _MOST_RESCALING:
            continue
        scaled = np.concatenate([box[:6] * factor, box[6:]])
        # The scale itself is evidence too: of two mugs on one ray the one at the right depth is meant.
        cost = float(box_costs(target[None], scaled[None])[0, 0]) + abs(np.log(factor)) * limit / 2
        if cost <= limit and (best is None or cost < best[0]):
            best = cost, i, factor
    return None if best is None else best[1:]


def best_order(expected: Array, found: Array) -> list[int]:
    """For each of N names the number of the finding that serves it best; names stay where that is as good.

    Args:
        expected: where each named object should be (N, 3); NaN: gone.
        found: where the N findings are (N, 3); NaN: not there.
    """
    gone, absent = np.isnan(expected[:, None, 0]), np.isnan(found[None, :, 0])
    apart = np.linalg.norm(np.nan_to_num(expected)[:, None] - np.nan_to_num(found)[None], axis=-1)
    costs = np.where(gone & absent, 0.0, np.where(gone | absent, _UNEXPECTED, apart))
    order = assign(costs)
    cheapest = sum(costs[i, j] for i, j in order.items())
    if cheapest > np.trace(costs) - 1e-6:
        return list(range(len(costs)))
    return [order[i] for i in range(len(costs))]
