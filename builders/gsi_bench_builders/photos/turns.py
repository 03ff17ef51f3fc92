"""Whether a turn can be told from a photograph, as the tracker sees it: the one question that builders ask of the metric."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gsi_bench_builders.scene import UP, Camera, Thing

__all__ = ["can_tell"]


def can_tell(camera: Camera, rgb: NDArray[np.uint8], before: Thing, after: Thing) -> float:
    """Probability (0–1) that the turn from one state of an object to another will be told.

    Args:
        camera: that took the photograph.
        rgb: H×W×3.
        before, after: the object in it, and turned in its place.
    """
    # Only photographs need torch.
    from gsi_bench_metric.detectors.tracker.config import TRACKER  # noqa: PLC0415
    from gsi_bench_metric.detectors.tracker.turns.telling import Source, can_tell  # noqa: PLC0415

    axes = np.array(camera.rotation)
    box = (*camera.to_camera(np.array(before.position)).tolist(), *before.size)
    source = Source(rgb, np.array(camera.intrinsics), axes @ np.array(UP), box, axes @ np.array(before.rotation))
    turn = np.array(after.rotation) @ np.array(before.rotation).T
    # Of `follow`: clockwise from above.
    return can_tell(source, -float(np.arctan2(turn[1, 0], turn[0, 0])), TRACKER.turns)
