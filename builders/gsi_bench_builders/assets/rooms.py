"""Tables, floors and walls: what surrounds the things of a scene."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gsi_bench_builders.assets.library import Part
from gsi_bench_builders.assets.material import Material, wood
from gsi_bench_builders.assets.mesh import fillet, patch, rounded_box
from gsi_bench_builders.scene import Room, Support

__all__ = ["room_parts"]


def room_parts(room: Room, support: Support) -> list[tuple[str, Sequence[Part]]]:
    """Named pieces of a room, world coordinates, with the top of the support where `support` says."""
    if room.style == "studio":
        return _studio(support)
    rng = np.random.default_rng(room.seed)
    width, depth = support.x[1] - support.x[0], support.y[1] - support.y[0]
    x, y = sum(support.x) / 2, sum(support.y) / 2
    top = rounded_box(width, depth, 0.03, 0.004).moved(x, y, support.z - 0.03)
    floor = rounded_box(8, 8, 0.1, 0.001).moved(x, y, -0.1)
    wall = rounded_box(8, 0.1, 3, 0.001).moved(x, support.y[1] + 0.5, 0)
    return [
        ("table", [Part(top, wood((0.62, 0.42, 0.26), (0.38, 0.22, 0.12)))]),
        ("floor", [Part(floor, wood((0.5, 0.38, 0.28), (0.35, 0.25, 0.17), grain=0.06))]),
        ("wall", [Part(wall, Material((0.75 + 0.1 * rng.random(), 0.78, 0.76), roughness=0.9))]),
    ]


def _studio(support: Support) -> list[tuple[str, Sequence[Part]]]:
    """A seamless backdrop."""
    reach = 8.0
    line = fillet([(-reach, 0.0), (1.2, 0.0), (1.2, 4.0)], 1.0, 16)
    grid = np.stack([np.column_stack([[-reach, reach], np.full(2, y), np.full(2, z)]) for y, z in line])
    return [("studio", [Part(patch(grid).moved(z=support.z), Material((0.82, 0.82, 0.81), roughness=0.8), 60.0)])]
