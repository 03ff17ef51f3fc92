"""Remove: an object that carries nothing goes away."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import numpy as np

from gsi_bench_builders.edits import wording
from gsi_bench_builders.edits.aiming import targets
from gsi_bench_builders.edits.base import Candidate, Effect, Rejection, Stage, draw
from gsi_bench_builders.scene import Scene
from gsi_bench_dataset.records import Operation

__all__ = ["Remove", "propose"]


@dataclasses.dataclass(frozen=True)
class Remove(Candidate):
    """A target goes away."""

    kind: ClassVar[str] = "remove"
    effect: ClassVar[Effect] = "remove"
    target: str

    def check(self, stage: Stage) -> Rejection | None:
        """The target has a name and carries nothing."""
        if self.target not in stage.names:
            return Rejection("ambiguous")
        return Rejection("carried_load") if stage.scene.carried_by(self.target) else None

    def apply(self, scene: Scene) -> Scene:
        """The scene without it."""
        return scene.without([self.target])

    def operation(self, stage: Stage) -> Operation:
        """Nothing but its kind."""
        return Operation(kind="remove")

    def describe(self, stage: Stage, rng: np.random.Generator) -> tuple[str, str]:
        """Such as "Remove the mug from the scene."."""
        slots = wording.target_slots(stage.names[self.target], None)
        return wording.say("remove", slots, rng, stage.options.phrasing)


def propose(stage: Stage, rng: np.random.Generator) -> Remove | Rejection:
    """A random target."""
    target = draw(targets(stage, "remove"), rng)
    return Rejection("no_candidate") if target is None else Remove(target.id)
