"""The room splits on embedded assets or models of Sweet Home 3D: furnished living rooms and studios, and bathrooms."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gsi_bench_builders.assets.sweethome.library import open_sweet_home
from gsi_bench_builders.assets.sweethome.looks import SweetHomeLooks
from gsi_bench_builders.composition.interiors.compose import INTERIORS, compose_interior
from gsi_bench_builders.scene import Scene

__all__ = ["EmbeddedRooms", "RoomError", "SweetHomeRooms"]


class RoomError(ValueError):
    """Rooms that cannot be made."""


@dataclasses.dataclass(frozen=True)
class EmbeddedRooms:
    """Rooms furnished with embedded assets; sorts of rooms take turns."""

    interiors: tuple[str, ...]

    def __post_init__(self) -> None:
        _check(self.interiors)

    def describe(self) -> dict[str, Any]:
        """See `SceneSource.describe`."""
        return {"assets": "embedded", "interiors": list(self.interiors)}

    def scene(self, number: int, rng: np.random.Generator, size: int) -> tuple[Scene, Mapping[str, int]]:
        """See `SceneSource.scene`."""
        name = self.interiors[number % len(self.interiors)]
        return compose_interior(name, rng, f"s{number:05d}_{name}", size), {}


@dataclasses.dataclass(frozen=True)
class SweetHomeRooms:
    """Rooms furnished with models of Sweet Home 3D, and with embedded assets where it has none of a kind.

    Attributes:
        folder: of its catalogues.
    """

    interiors: tuple[str, ...]
    folder: Path

    def __post_init__(self) -> None:
        _check(self.interiors)
        open_sweet_home(self.folder)  # complains now, and not in every scene

    def describe(self) -> dict[str, Any]:
        """See `SceneSource.describe`."""
        return {"assets": "sweethome3d", "catalogues": open_sweet_home(self.folder).digest(), "interiors": list(self.interiors)}

    def scene(self, number: int, rng: np.random.Generator, size: int) -> tuple[Scene, Mapping[str, int]]:
        """See `SceneSource.scene`."""
        name = self.interiors[number % len(self.interiors)]
        looks = SweetHomeLooks(open_sweet_home(self.folder))
        scene = compose_interior(name, rng, f"s{number:05d}_{name}", size, looks)
        return scene, looks.account(scene.things)


def _check(interiors: tuple[str, ...]) -> None:
    unknown = sorted(set(interiors) - set(INTERIORS))
    if unknown or not interiors:
        raise RoomError(f"expected interiors out of {', '.join(INTERIORS)}; found {', '.join(unknown) or 'none'}")
