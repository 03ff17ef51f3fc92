"""Assets of Sweet Home 3D for compositions; embedded ones where it has none of a kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np

from gsi_bench_builders.assets.library import SOURCE as EMBEDDED
from gsi_bench_builders.assets.looks import EmbeddedLooks
from gsi_bench_builders.assets.side_files import ModelFileError
from gsi_bench_builders.assets.sweethome.library import SOURCE, SweetHome
from gsi_bench_builders.scene import AssetInfo, Thing

__all__ = ["SweetHomeLooks"]


class SweetHomeLooks:
    """For one scene.

    Attributes:
        unusable: models that were drawn and cannot be used, with what is wrong.
    """

    lacks: frozenset[str] = frozenset()

    def __init__(self, home: SweetHome, embedded: EmbeddedLooks | None = None):
        self._home, self._embedded = home, embedded or EmbeddedLooks()
        self.unusable: dict[str, str] = {}

    def draw(self, kind: str, rng: np.random.Generator) -> AssetInfo:
        """See `Looks.draw`. A model that cannot be used gives way to the next of its kind."""
        rows = self._home.usable.get(kind, ())
        for index in rng.permutation(len(rows)):
            name = rows[index].name
            try:
                return self._home.asset(f"{SOURCE}:{name}").info
            except ModelFileError as error:
                self.unusable[name] = str(error)
        return self._embedded.draw(kind, rng)

    def account(self, things: Iterable[Thing]) -> dict[str, int]:
        """What of a scene is not as asked for: models that cannot be used, and objects that are embedded assets instead."""
        found = Counter(f"unusable model {name} ({problem})" for name, problem in self.unusable.items())
        instead = sum(thing.info.key.startswith(f"{EMBEDDED}:") for thing in things)
        if instead:
            found["no model of the kind, an embedded asset instead"] = instead
        return dict(found)
