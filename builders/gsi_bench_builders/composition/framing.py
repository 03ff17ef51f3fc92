"""Cameras that frame what stands on a table."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from gsi_bench_builders.scene import Camera, Thing

__all__ = ["View", "framed"]


@dataclasses.dataclass(frozen=True)
class View:
    """How a camera looks, wherever it stands.

    Attributes:
        pitch_deg: down from the horizontal.
        heading_deg: turn of its looking direction to the left (seen from above counter-clockwise > 0).
        fov_deg: of the image's larger side.
    """

    pitch_deg: float
    heading_deg: float
    fov_deg: float

    def camera(self, at: Sequence[float], distance: float, size: int) -> Camera:
        """The camera of this view that sees a point in the middle of its image from a distance."""
        pitch, heading = math.radians(self.pitch_deg), math.radians(self.heading_deg)
        back = np.array([math.sin(heading) * math.cos(pitch), -math.cos(heading) * math.cos(pitch), math.sin(pitch)])
        return Camera.look_at(np.asarray(at) + distance * back, at, self.fov_deg, size, size)


def framed(view: View, things: Sequence[Thing], size: int, margin: float, lift: float = 0.0) -> Camera:
    """The nearest camera of a view that keeps all boxes off the image's rim.

    Args:
        margin: of the image's side that stays free all around.
        lift: how far below the image's middle the objects end up, in image heights; it shows more of the room.
    """
    corners = np.concatenate([t.corners() for t in things])
    at, distance = corners.mean(axis=0), 1.5
    for _ in range(12):
        camera = view.camera(at, distance, size)
        pixels = camera.project(corners) / size
        if np.isnan(pixels).any():
            distance *= 1.5
            continue
        low, high = pixels.min(axis=0), pixels.max(axis=0)
        aim = (low + high) / 2 - (0.5, 0.5 + lift)
        # Shift across the view, then come nearer: both converge within some steps as perspective is mild.
        metres = distance * size / camera.focal
        right, down = np.array(camera.rotation[0]), np.array(camera.rotation[1])
        at = at + (aim[0] * right + aim[1] * down) * metres
        extent = max(high[0] - low[0], (high[1] - low[1]) + 2 * abs(lift))
        distance *= max(0.6, min(1.8, extent / (1 - 2 * margin)))
    return view.camera(at, distance, size)
