"""The room splits on embedded assets or models of Sweet Home 3D: furnished living rooms and studios, and bathrooms."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gsi_bench_builders.assets.looks import Looks
from gsi_bench_builders.assets.sweethome.library import open_sweet_home
from gsi_bench_builders.assets.sweethome.looks import SweetHomeLooks
from gsi_bench_builders.composition.interiors.compose import INTERIORS, compose_interior
from gsi_bench_builders.interiors import Plan
from gsi_bench_builders.recipes.room_choices import SUBSETS, TRAIN
from gsi_bench_builders.recipes.training import described, looks_of, restyled
from gsi_bench_builders.scene import Scene

__all__ = ["EmbeddedRooms", "RoomError", "SweetHomeRooms", "subset_of"]

# One plan in five is for validation, as one flat in five of RoboTHOR's is.
_VAL_SHARE = 5


class RoomError(ValueError):
    """Rooms that cannot be made."""


@dataclasses.dataclass(frozen=True)
class EmbeddedRooms:
    """Rooms furnished with embedded assets; sorts of rooms take turns.

    Attributes:
        interiors: sorts.
        subset: of `SUBSETS`, only rooms of it; None: of all. A room's plan alone says which subset it is of, so that no seed
            and no number gives a room of the one that is also of the other.
        training: whether they are of a training set, see `recipes.training`; they are of the subset `train` then.
    """

    interiors: tuple[str, ...]
    subset: str | None = None
    training: bool = dataclasses.field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        if self.subset not in (None, *SUBSETS):
            raise RoomError(f"expected a subset out of {', '.join(SUBSETS)}; found {self.subset!r}")
        if self.training and self.subset != TRAIN:
            raise RoomError(f"rooms of a training set are of the subset {TRAIN}; found {self.subset!r}")
        unknown = sorted(set(self.interiors) - set(INTERIORS))
        if unknown or not self.interiors:
            raise RoomError(f"expected interiors out of {', '.join(INTERIORS)}; found {', '.join(unknown) or 'none'}")

    def describe(self) -> dict[str, Any]:
        """See `SceneSource.describe`."""
        facts: dict[str, Any] = {"assets": "embedded", "interiors": list(self.interiors)}
        return facts | ({"subset": self.subset} if self.subset else {}) | described(self.training)

    def scene(self, number: int, rng: np.random.Generator, size: int) -> tuple[Scene, Mapping[str, int]]:
        """See `SceneSource.scene`."""
        return restyled(self._composed(number, rng, size, looks_of(self.training)), self.training), {}

    def _composed(self, number: int, rng: np.random.Generator, size: int, looks: Looks) -> Scene:
        name = self.interiors[number % len(self.interiors)]
        if self.subset is None:
            return compose_interior(name, rng, f"s{number:05d}_{name}", size, looks)
        # The id of a training set's scene says it in front.
        scene_id = f"s{number:05d}_{name}" if self.training else f"s{number:05d}_{self.subset}_{name}"
        return compose_interior(name, rng, scene_id, size, looks, keep=lambda plan: subset_of(plan) == self.subset)


@dataclasses.dataclass(frozen=True)
class SweetHomeRooms(EmbeddedRooms):
    """Rooms furnished with models of Sweet Home 3D, and with embedded assets where it has none of a kind.

    Attributes:
        folder: of its catalogues.
    """

    folder: Path = dataclasses.field(kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        open_sweet_home(self.folder)  # complains now, and not in every scene

    def describe(self) -> dict[str, Any]:
        """See `SceneSource.describe`."""
        catalogues = open_sweet_home(self.folder).digest()
        return {**super().describe(), "assets": "sweethome3d", "catalogues": catalogues}

    def scene(self, number: int, rng: np.random.Generator, size: int) -> tuple[Scene, Mapping[str, int]]:
        """See `SceneSource.scene`."""
        looks = SweetHomeLooks(open_sweet_home(self.folder))
        scene = self._composed(number, rng, size, looks)
        return scene, looks.account(scene.things)


def subset_of(plan: Plan) -> str:
    """The subset that a room of this plan is of: one of `SUBSETS`, the same on every machine."""
    digest = hashlib.sha256(repr(plan).encode()).digest()
    return "val" if int.from_bytes(digest[:8], "big") % _VAL_SHARE == 0 else "train"
