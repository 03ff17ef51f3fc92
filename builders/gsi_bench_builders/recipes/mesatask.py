"""The mesatask split: edits on tables. Scenes come from embedded assets, or from a user's copy of MesaTask-10K."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from gsi_bench_builders.recipes.compose import THEMES, compose
from gsi_bench_builders.scene import Scene

__all__ = ["SPLIT", "EmbeddedTabletops"]

SPLIT = "mesatask"


@dataclasses.dataclass(frozen=True)
class EmbeddedTabletops:
    """Tables laid with embedded assets; themes take turns."""

    themes: tuple[str, ...] = tuple(THEMES)

    def __post_init__(self) -> None:
        unknown = sorted(set(self.themes) - set(THEMES))
        if unknown or not self.themes:
            raise ValueError(f"expected themes out of {', '.join(THEMES)}; found {', '.join(unknown) or 'none'}")

    def describe(self) -> dict[str, Any]:
        """See `SceneSource.describe`."""
        return {"assets": "embedded", "themes": list(self.themes)}

    def scene(self, number: int, rng: np.random.Generator, size: int) -> Scene:
        """See `SceneSource.scene`."""
        theme = self.themes[number % len(self.themes)]
        return compose(theme, rng, f"s{number:05d}_{theme}", size)
