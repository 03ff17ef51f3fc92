"""Scale: an object grows or shrinks about the middle of its base, so that what stands stays standing."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import numpy as np

from gsi_bench_builders.edits import wording
from gsi_bench_builders.edits.aiming import targets
from gsi_bench_builders.edits.base import Candidate, Effect, Rejection, Stage, draw
from gsi_bench_builders.scene import Scene
from gsi_bench_dataset.records import Operation

__all__ = ["Scale", "propose"]


@dataclasses.dataclass(frozen=True)
class Scale(Candidate):
    """A target's size is multiplied by a factor, along every axis."""

    kind: ClassVar[str] = "scale"
    effect: ClassVar[Effect] = "scale"
    target: str
    factor: float

    def check(self, stage: Stage) -> Rejection | None:
        """The target has a name, carries nothing, and does not grow inside a receptacle."""
        if self.target not in stage.names:
            return Rejection("ambiguous")
        if stage.scene.carried_by(self.target):
            return Rejection("carried_load")
        carrier = stage.scene.thing(self.target).on
        holds = carrier is not None and stage.scene.thing(carrier).info.receptacle
        return Rejection("inside_receptacle") if holds and holds.relation == "in" and self.factor > 1 else None

    def apply(self, scene: Scene) -> Scene:
        """Scaled about the base."""
        return scene.with_things([scene.thing(self.target).scaled(self.factor)])

    def operation(self, stage: Stage) -> Operation:
        """The factor."""
        return Operation(kind="scale", factor=self.factor)

    def describe(self, stage: Stage, rng: np.random.Generator) -> tuple[str, str]:
        """Such as "Enlarge the mug by 50%."."""
        slots = wording.target_slots(stage.names[self.target], None) | wording.amounts(self.factor)
        return wording.say("scale/up" if self.factor > 1 else "scale/down", slots, rng, stage.options.phrasing)


def propose(stage: Stage, rng: np.random.Generator) -> Scale | Rejection:
    """A random target and factor."""
    target = draw(targets(stage, "scale"), rng)
    if target is None:
        return Rejection("no_candidate")
    factors = stage.options.factors
    return Scale(target.id, factors[int(rng.integers(len(factors)))])
