"""Whether a turn can be told from image and box alone, as of a photograph: the one question that builders ask of the metric."""

from __future__ import annotations

import numpy as np

from gsi_bench_builders.engine import Frame
from gsi_bench_builders.frames import evaluation_box, up_in_camera
from gsi_bench_builders.scene import Scene

__all__ = ["can_tell"]


def can_tell(before: Frame, scene: Scene, after: Scene, thing_id: str) -> float:
    """Probability (0–1) that the tracker will tell the turn of an object between two states.

    Args:
        before: the image of `scene`.
        scene, after: with the object as it is, and turned in its place.
        thing_id: the object.
    """
    # Few builds need torch.
    from gsi_bench_metric.detectors.tracker.config import TRACKER  # noqa: PLC0415
    from gsi_bench_metric.detectors.tracker.turns import telling  # noqa: PLC0415

    camera, thing = before.camera, scene.thing(thing_id)
    box, rotation = evaluation_box(thing, camera)
    source = telling.Source(before.rgb, np.array(camera.intrinsics), np.array(up_in_camera(camera)), box, rotation)
    turn = np.array(after.thing(thing_id).rotation) @ np.array(thing.rotation).T
    # Of `follow`: clockwise from above.
    return telling.can_tell(source, -float(np.arctan2(turn[1, 0], turn[0, 0])), thing.info.symmetry, TRACKER.turns)
