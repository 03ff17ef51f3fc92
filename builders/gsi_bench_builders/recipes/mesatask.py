"""The mesatask split: edits on tables, of embedded assets, models of Sweet Home 3D, or layouts of a user's MesaTask-10K."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gsi_bench_builders.assets.mesatask import ENLARGEMENT, MesaTask, open_mesatask
from gsi_bench_builders.assets.sweethome.library import open_sweet_home
from gsi_bench_builders.assets.sweethome.looks import SweetHomeLooks
from gsi_bench_builders.composition.compose import THEMES, compose
from gsi_bench_builders.composition.framing import View, framed
from gsi_bench_builders.composition.lighting import draw_light
from gsi_bench_builders.production.places import real_path
from gsi_bench_builders.recipes.training import described, looks_of, restyled
from gsi_bench_builders.scene import Scene

__all__ = ["SPLIT", "EmbeddedTabletops", "MesaTaskTabletops", "SourceError", "SweetHomeTabletops"]

SPLIT = "mesatask"
# Around the objects of a layout, as share of the image: moves of up to 20 cm stay in it.
_MARGIN = 0.12


class SourceError(ValueError):
    """A source of scenes that does not have what is asked of it."""


@dataclasses.dataclass(frozen=True)
class EmbeddedTabletops:
    """Tables laid with embedded assets; themes take turns.

    Attributes:
        training: whether they are of a training set, see `recipes.training`.
    """

    themes: tuple[str, ...] = tuple(THEMES)
    training: bool = False

    def __post_init__(self) -> None:
        _check(self.themes)

    def describe(self) -> dict[str, Any]:
        """See `SceneSource.describe`."""
        return {"assets": "embedded", "themes": list(self.themes)} | described(self.training)

    def scene(self, number: int, rng: np.random.Generator, size: int) -> tuple[Scene, Mapping[str, int]]:
        """See `SceneSource.scene`."""
        theme = self.themes[number % len(self.themes)]
        return restyled(compose(theme, rng, f"s{number:05d}_{theme}", size, looks_of(self.training)), self.training), {}


@dataclasses.dataclass(frozen=True)
class SweetHomeTabletops:
    """Tables laid with models of Sweet Home 3D, and with embedded assets where it has none of a kind.

    Attributes:
        folder: of its catalogues.
    """

    folder: Path
    themes: tuple[str, ...] = tuple(THEMES)

    def __post_init__(self) -> None:
        _check(self.themes)
        open_sweet_home(self.folder)  # complains now, and not in every scene

    def describe(self) -> dict[str, Any]:
        """See `SceneSource.describe`."""
        return {"assets": "sweethome3d", "catalogues": open_sweet_home(self.folder).digest(), "themes": list(self.themes)}

    def scene(self, number: int, rng: np.random.Generator, size: int) -> tuple[Scene, Mapping[str, int]]:
        """See `SceneSource.scene`."""
        theme = self.themes[number % len(self.themes)]
        looks = SweetHomeLooks(open_sweet_home(self.folder))
        scene = compose(theme, rng, f"s{number:05d}_{theme}", size, looks)
        return scene, looks.account(scene.things)


def _check(themes: tuple[str, ...]) -> None:
    unknown = sorted(set(themes) - set(THEMES))
    if unknown or not themes:
        raise SourceError(f"expected themes out of {', '.join(THEMES)}; found {', '.join(unknown) or 'none'}")


@dataclasses.dataclass(frozen=True)
class MesaTaskTabletops:
    """Layouts of MesaTask-10K in sorted order, each once.

    Attributes:
        folder: a copy of MesaTask-10K.
        table_types: empty for all.
        enlarge: draws the reference's enlargement of tables, which spreads nothing but leaves more of them free.
        reference_view: the reference's camera, which frames the whole table; else ours, which frames what stands on it.
    """

    folder: Path
    table_types: tuple[str, ...] = ()
    enlarge: bool = False
    reference_view: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "folder", real_path(self.folder, "MesaTask-10K"))
        self.num_layouts()  # complains now, and not in every scene

    def num_layouts(self) -> int:
        """How many scenes there are."""
        return len(_opened(self.folder).layouts(self.table_types or None))

    def describe(self) -> dict[str, Any]:
        """See `SceneSource.describe`."""
        return {
            "assets": "MesaTask-10K",
            "table_types": list(self.table_types),
            "enlarge": self.enlarge,
            "reference_view": self.reference_view,
        }

    def scene(self, number: int, rng: np.random.Generator, size: int) -> tuple[Scene, Mapping[str, int]]:
        """See `SceneSource.scene`."""
        source = _opened(self.folder)
        layouts = source.layouts(self.table_types or None)
        if number >= len(layouts):
            raise SourceError(f"{self.folder} has {len(layouts)} layouts of these tables, and no number {number}")
        factors = rng.uniform(*ENLARGEMENT, 2) if self.enlarge else (1.0, 1.0)
        enlarge = (float(factors[0]), float(factors[1]))
        scene, left_out = source.scene(layouts[number], size, enlarge=enlarge, light=draw_light(rng))
        camera = scene.camera
        if not self.reference_view:
            view = View(float(rng.uniform(28, 38)), float(rng.uniform(-10, 10)), 42.0)
            camera = framed(view, scene.things, size, _MARGIN)
        scene = dataclasses.replace(scene, id=f"s{number:05d}_{scene.id}", camera=camera)
        return scene, {reason: len(objects) for reason, objects in left_out.items()}


@functools.lru_cache(maxsize=1)
def _opened(folder: Path) -> MesaTask:
    """Its annotations are large: each process reads them once."""
    return open_mesatask(folder)
