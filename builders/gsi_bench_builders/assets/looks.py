"""Where compositions take an asset of a kind from."""

from __future__ import annotations

import dataclasses
from typing import Protocol

import numpy as np

from gsi_bench_builders.assets.library import SOURCE, asset, asset_key
from gsi_bench_builders.scene import AssetInfo

__all__ = ["LOOKS", "EmbeddedLooks", "Looks", "first_look"]

LOOKS = 10_000  # a kind's looks are drawn from this many seeds; those of training sets from as many behind them


class Looks(Protocol):
    """Draws assets; the same generator gives the same ones."""

    @property
    def lacks(self) -> frozenset[str]:
        """Kinds of `assets.library.kinds` that a composition does without."""

    def draw(self, kind: str, rng: np.random.Generator) -> AssetInfo:
        """An asset of a kind of `assets.library.kinds`."""


@dataclasses.dataclass(frozen=True)
class EmbeddedLooks:
    """The embedded assets.

    Attributes:
        most: looks of a kind to draw from.
        first: seed of the first of them.
        lacks: see `Looks`.
    """

    most: int = LOOKS
    first: int = 0
    lacks: frozenset[str] = frozenset()

    def draw(self, kind: str, rng: np.random.Generator) -> AssetInfo:
        """See `Looks.draw`."""
        return asset(asset_key(kind, self.first + int(rng.integers(self.most)))).info


def first_look(key: str) -> int:
    """The first look of the space that an asset's look is of: another of its kind comes from the same one.

    >>> first_look("embedded:mug:9999"), first_look("embedded:mug:10000"), first_look("sweethome3d:a/b")
    (0, 10000, 0)
    """
    source, _, rest = key.partition(":")
    seed = rest.rpartition(":")[2]
    return int(seed) // LOOKS * LOOKS if source == SOURCE and seed.isdecimal() else 0
