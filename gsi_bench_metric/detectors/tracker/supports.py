"""The levels on which an object may stand: its own, and those of all that could carry it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gsi_bench_metric.detectors.tracker.follow import Support
from gsi_bench_metric.detectors.tracker.surface import Scene, Surface

__all__ = ["supports_of"]


def supports_of(scene: Scene, surface: Surface) -> list[Support]:
    """Its present level first."""
    found = [Support(0.0)]
    for other in scene.surfaces:
        if other.thing.id != surface.thing.id:
            found += _tops(scene, surface, other)
    return found


def _tops(scene: Scene, surface: Surface, other: Surface) -> Iterator[Support]:
    """The levels at which another object may carry this one."""
    config, up = scene.config.decision, scene.up
    radius, inner = (side(other.thing.bbox_3d[3], other.thing.bbox_3d[5]) / 2 for side in (max, min))
    rise, carries = float((other.base - surface.base) @ up), other.carries(up)
    arm = surface.base - other.base
    if np.linalg.norm(arm - (arm @ up) * up) < inner:
        inner = 0.0  # it stands there already: of another object only the middle is known not to be hollow
    known = [config.on_floor_m, config.low_share * other.height, carries, other.height]
    for height in known:
        if abs(rise + height) > config.own_level_m:
            yield Support(rise + height, other.base, radius, inner, rise + carries)
    for top in other.tops(up):
        yield Support(rise + top, other.base, radius, inner, rise + carries, seen=True)
