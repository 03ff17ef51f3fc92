"""Light that suits a table: which image lights it, from where the key light falls."""

from __future__ import annotations

import math

import numpy as np

from gsi_bench_builders.scene import Light

__all__ = ["draw_light"]

# Brightness of Blender's world images: light on a level surface and mean of all directions, 0.6 : 0.4. Night is left out.
_BRIGHTNESS = {
    "city": 1.68,
    "courtyard": 0.69,
    "forest": 1.22,
    "interior": 1.45,
    "studio": 0.62,
    "sunrise": 0.58,
    "sunset": 0.60,
}
_WORLD = 0.42  # what all of them are brought to: well below the key light, so that shadows are seen, and not black
_KEY = 1.2
# Their shade is blue: the key makes up for it.
_BLUISH = frozenset(("courtyard", "sunset"))


def draw_light(rng: np.random.Generator) -> Light:
    """A soft key from the side, never from behind the camera alone, so that shadows fall where they can be seen."""
    world = str(rng.choice(sorted(_BRIGHTNESS)))
    side = rng.choice([-1.0, 1.0])
    azimuth = math.radians(float(rng.uniform(25, 80)))  # 0: over the viewer's shoulder; 90: beside the table
    height = math.radians(float(rng.uniform(38, 60)))
    towards = (side * math.sin(azimuth) * math.cos(height), -math.cos(azimuth) * math.cos(height), math.sin(height))
    return Light(
        world=world,
        world_turn=float(rng.uniform(0, 2 * math.pi)),
        world_strength=_WORLD / _BRIGHTNESS[world] * float(rng.uniform(0.9, 1.15)),
        key=towards,
        key_strength=_KEY * float(rng.uniform(0.9, 1.2)),
        key_warmth=float(rng.uniform(0.1, 0.8) if world in _BLUISH else rng.uniform(-0.4, 0.5)),
    )
