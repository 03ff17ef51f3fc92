"""Move: an object goes left, right, closer or away along the ground, as the camera sees it; what stands on it goes along."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import numpy as np

from gsi_bench_builders.edits import wording
from gsi_bench_builders.edits.aiming import targets
from gsi_bench_builders.edits.base import DIRECTIONS, Candidate, Effect, Rejection, Stage, amount, draw, ground_direction
from gsi_bench_builders.scene import Scene
from gsi_bench_dataset.records import Operation

__all__ = ["Move", "propose", "shift"]


@dataclasses.dataclass(frozen=True)
class Move(Candidate):
    """A target goes a whole number of centimetres; `direction` is one of `DIRECTIONS`."""

    kind: ClassVar[str] = "move"
    effect: ClassVar[Effect] = "shift"
    target: str
    direction: str
    distance_cm: int

    def check(self, stage: Stage) -> Rejection | None:
        """The target has a name."""
        return None if self.target in stage.names else Rejection("ambiguous")

    def apply(self, scene: Scene) -> Scene:
        """The target and its load, shifted along the ground."""
        return shift(scene, self.target, self.distance_cm / 100 * ground_direction(scene, self.direction))

    def operation(self, stage: Stage) -> Operation:
        """In the camera's frame."""
        return Operation(kind="move", direction=self.direction, distance_m=self.distance_cm / 100, frame="camera")

    def describe(self, stage: Stage, rng: np.random.Generator) -> tuple[str, str]:
        """Such as "Move the mug 15 cm to the left."."""
        slots = wording.target_slots(stage.names[self.target], stage.load(self.target))
        return wording.say(
            f"move/{self.direction}", slots | wording.centimetres(self.distance_cm, rng), rng, stage.options.phrasing
        )


def propose(stage: Stage, rng: np.random.Generator) -> Move | Rejection:
    """A random target, direction and distance."""
    target = draw(targets(stage, "shift"), rng)
    if target is None:
        return Rejection("no_candidate")
    direction = tuple(DIRECTIONS)[int(rng.integers(len(DIRECTIONS)))]
    return Move(target.id, direction, amount(stage.options.move_cm, rng))


def shift(scene: Scene, target: str, step: np.ndarray) -> Scene:
    """The state in which an object and all that it carries have gone by a step (world, metres)."""
    return scene.with_things(t.moved(step.tolist()) for t in (scene.thing(target), *scene.carried_by(target)))
