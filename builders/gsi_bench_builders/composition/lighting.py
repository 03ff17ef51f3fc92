"""Light that suits a table: which image lights it, from where the key light falls."""

from __future__ import annotations

import math

import numpy as np

from gsi_bench_builders.scene import Light

__all__ = ["draw_light"]

# Of Blender's world images (night is left out): the azimuth that most of the light comes from, degrees in the image's own
# frame, and the brightness of that half: light on a level surface and on one that faces it, 0.6 : 0.4.
_WORLDS = {
    "city": (-34.0, 1.54),
    "courtyard": (11.0, 0.85),
    "forest": (-52.0, 1.16),
    "interior": (19.0, 1.19),
    "studio": (-37.0, 0.60),
    "sunrise": (-37.0, 0.90),
    "sunset": (-28.0, 0.58),
}
_WORLD = 0.4  # what all of them are brought to: well below the key light, so that shadows are seen, and not black
_KEY = 1.2
# Their shade is blue: the key makes up for it.
_BLUISH = frozenset(("courtyard", "sunset"))


def draw_light(rng: np.random.Generator) -> Light:
    """A soft key from the side and a world with its bright half not behind the wall: shadows fall where they are seen."""
    world = str(rng.choice(sorted(_WORLDS)))
    azimuth_deg, brightness = _WORLDS[world]
    side = rng.choice([-1.0, 1.0])
    azimuth = math.radians(float(rng.uniform(25, 78)))  # 0: over the viewer's shoulder; 90: beside the table
    height = math.radians(float(rng.uniform(38, 60)))
    towards = (side * math.sin(azimuth) * math.cos(height), -math.cos(azimuth) * math.cos(height), math.sin(height))
    # The engine turns the image the other way round, as it turns where the image is looked up.
    bright_deg = -90 + side * float(rng.uniform(-15, 55))
    return Light(
        world=world,
        world_turn=math.radians(azimuth_deg - bright_deg),
        world_strength=_WORLD / brightness * float(rng.uniform(0.9, 1.15)),
        key=towards,
        key_strength=_KEY * float(rng.uniform(0.9, 1.2)),
        key_warmth=float(rng.uniform(0.1, 0.8) if world in _BLUISH else rng.uniform(-0.4, 0.5)),
    )
