"""Light of a closed room: daylight through its windows, and the ceiling's soft light that stands for what bounces."""

from __future__ import annotations

import numpy as np

from gsi_bench_builders.assets.rooms.shells import REVEAL_M
from gsi_bench_builders.interiors import Lamp, Plan
from gsi_bench_builders.scene import Light

__all__ = ["room_light"]

_CEILING_W_M2 = 6.0  # of floor
_WINDOW_W_M2 = 70.0  # of glass
_INWARDS = {"south": (0.0, 1.0), "east": (-1.0, 0.0), "north": (0.0, -1.0), "west": (1.0, 0.0)}


def room_light(plan: Plan, rng: np.random.Generator, windows: float = 1.0) -> Light:
    """Lamps for a plan; `windows` is their strength against the usual one."""
    w, d = plan.x[1] - plan.x[0], plan.y[1] - plan.y[0]
    side = 0.75 * min(w, d)
    middle = (sum(plan.x) / 2, sum(plan.y) / 2, plan.height - 0.02)
    bright, warm = float(rng.uniform(0.85, 1.15)), float(rng.uniform(-0.1, 0.45))
    glazed = any(o.kind == "window" for o in plan.openings)
    share = 1.0 if glazed else 1.8
    lamps = [Lamp(middle, (0.0, 0.0, -1.0), (side, side), _CEILING_W_M2 * w * d * bright * share, warm)]
    for opening in plan.openings:
        if opening.kind != "window":
            continue
        wide, high = opening.span[1] - opening.span[0] - 0.12, opening.z[1] - opening.z[0] - 0.16
        x, y = plan.point(opening.wall, sum(opening.span) / 2, -(REVEAL_M - 0.07))
        nx, ny = _INWARDS[opening.wall]
        power = _WINDOW_W_M2 * wide * high * float(rng.uniform(0.8, 1.25)) * windows
        at = (x, y, sum(opening.z) / 2 + 0.02)
        lamps.append(Lamp(at, (nx, ny, -0.25), (wide, high), power, float(rng.uniform(-0.25, 0.15))))
    return Light(lamps=tuple(lamps))
