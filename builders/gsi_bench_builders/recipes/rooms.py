"""The room splits on embedded assets: furnished living rooms and studios, and bathrooms."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from gsi_bench_builders.composition.interiors.compose import INTERIORS, compose_interior
from gsi_bench_builders.scene import Scene

__all__ = ["EmbeddedRooms", "RoomError"]


class RoomError(ValueError):
    """Rooms that cannot be made."""


@dataclasses.dataclass(frozen=True)
class EmbeddedRooms:
    """Rooms furnished with embedded assets; sorts of rooms take turns."""

    interiors: tuple[str, ...]

    def __post_init__(self) -> None:
        unknown = sorted(set(self.interiors) - set(INTERIORS))
        if unknown or not self.interiors:
            raise RoomError(f"expected interiors out of {', '.join(INTERIORS)}; found {', '.join(unknown) or 'none'}")

    def describe(self) -> dict[str, Any]:
        """See `SceneSource.describe`."""
        return {"assets": "embedded", "interiors": list(self.interiors)}

    def scene(self, number: int, rng: np.random.Generator, size: int) -> tuple[Scene, Mapping[str, int]]:
        """See `SceneSource.scene`."""
        name = self.interiors[number % len(self.interiors)]
        return compose_interior(name, rng, f"s{number:05d}_{name}", size), {}
