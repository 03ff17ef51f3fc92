"""Where compositions take an asset of a kind from."""

from __future__ import annotations

import dataclasses
from typing import Protocol

import numpy as np

from gsi_bench_builders.assets.library import asset, asset_key
from gsi_bench_builders.scene import AssetInfo

__all__ = ["LOOKS", "EmbeddedLooks", "Looks"]

LOOKS = 10_000  # a kind's looks are drawn from this many seeds


class Looks(Protocol):
    """Draws assets; the same generator gives the same ones."""

    def draw(self, kind: str, rng: np.random.Generator) -> AssetInfo:
        """An asset of a kind of `assets.library.kinds`."""


@dataclasses.dataclass(frozen=True)
class EmbeddedLooks:
    """The embedded assets.

    Attributes:
        most: looks of a kind to draw from.
    """

    most: int = LOOKS

    def draw(self, kind: str, rng: np.random.Generator) -> AssetInfo:
        """See `Looks.draw`."""
        return asset(asset_key(kind, int(rng.integers(self.most)))).info
