"""Light that suits a table: which image lights it, from where the key light falls."""

from __future__ import annotations

import math

import numpy as np

from gsi_bench_builders.scene import Light

__all__ = ["draw_light"]

# World image: (strength that gives all of them the same brightness on a table, key light's strength that goes with it).
_WORLDS = {
    "city": (0.62, 1.0),
    "courtyard": (0.62, 1.0),
    "forest": (0.62, 0.9),
    "interior": (0.62, 1.0),
    "studio": (0.62, 1.0),
    "sunrise": (0.62, 1.0),
    "sunset": (0.62, 1.0),
}


def draw_light(rng: np.random.Generator) -> Light:
    """A soft key from the side, never from behind the camera alone, so that shadows fall where they can be seen."""
    world = str(rng.choice(sorted(_WORLDS)))
    strength, key = _WORLDS[world]
    side = rng.choice([-1.0, 1.0])
    azimuth = math.radians(float(rng.uniform(25, 115)))  # from straight behind the table's front (0) to beside it and beyond
    height = math.radians(float(rng.uniform(38, 60)))
    towards = (side * math.sin(azimuth) * math.cos(height), -math.cos(azimuth) * math.cos(height), math.sin(height))
    return Light(
        world=world,
        world_turn=float(rng.uniform(0, 2 * math.pi)),
        world_strength=strength * float(rng.uniform(0.85, 1.15)),
        key=towards,
        key_strength=key * float(rng.uniform(0.8, 1.2)),
        key_warmth=float(rng.uniform(-0.4, 0.8)),
    )
