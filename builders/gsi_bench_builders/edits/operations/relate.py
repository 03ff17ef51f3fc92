"""Relate: an object goes to a place that another object gives, "10 cm in front of the bowl", measured between the centres.

Its centre comes to lie exactly in the named direction of the other's centre, seen from above; it keeps its own height.
"""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import numpy as np

from gsi_bench_builders.edits import wording
from gsi_bench_builders.edits.aiming import others, targets
from gsi_bench_builders.edits.base import DIRECTIONS, Candidate, Effect, Rejection, Stage, amount, draw, ground_direction
from gsi_bench_builders.edits.geometry import in_image
from gsi_bench_builders.edits.operations.move import shift
from gsi_bench_builders.scene import Scene
from gsi_bench_dataset.records import Operation

__all__ = ["Relate", "propose"]

# Nearer than this to where it is asked to go, an object counts as standing there.
_THERE_M = 0.05


@dataclasses.dataclass(frozen=True)
class Relate(Candidate):
    """A target goes to a place beside a reference; `direction` is one of `DIRECTIONS`, seen from the camera."""

    kind: ClassVar[str] = "relate"
    effect: ClassVar[Effect] = "shift"
    target: str
    reference: str
    direction: str
    distance_cm: int

    def spoken_of(self) -> dict[str, str]:
        """What the distance is measured from."""
        return {"reference": self.reference}

    def check(self, stage: Stage) -> Rejection | None:
        """Both have names; neither carries the other; the reference is wholly in the image; the target has some way to go."""
        names = stage.names
        if self.target not in names or self.reference not in names or names[self.target].trailing:
            return Rejection("ambiguous")
        carried = {t.id for t in stage.scene.carried_by(self.target)}
        if self.reference in carried:
            return Rejection("carried_load")
        if not in_image(stage.scene.camera, stage.scene.thing(self.reference).corners()):
            return Rejection("out_of_sight")  # nobody knows where its center is
        return Rejection("already_there") if np.linalg.norm(self._step(stage.scene)) < _THERE_M else None

    def unsaid(self, stage: Stage) -> bool:
        """Nor has it words for the centre of "the bowl on the tray"."""
        return super().unsaid(stage) or stage.names[self.reference].trailing

    def apply(self, scene: Scene) -> Scene:
        """The target and its load, shifted along the ground."""
        return shift(scene, self.target, self._step(scene))

    def _step(self, scene: Scene) -> np.ndarray:
        goal = np.array(scene.thing(self.reference).position)
        goal = goal + self.distance_cm / 100 * ground_direction(scene, self.direction)
        return (goal - scene.thing(self.target).position) * (1, 1, 0)

    def operation(self, stage: Stage) -> Operation:
        """The distance is that from the reference."""
        return Operation(
            kind="move",
            direction=self.direction,
            distance_m=self.distance_cm / 100,
            frame="camera",
            reference=stage.names[self.reference].noun,
        )

    def describe(self, stage: Stage, rng: np.random.Generator) -> tuple[str, str]:
        """Such as "Move the mug so that its center is 10 cm in front of the center of the bowl."."""
        slots = wording.target_slots(stage.names[self.target], stage.load(self.target))
        slots |= wording.other_slots(stage.names[self.reference]) | wording.centimetres(self.distance_cm, rng)
        return wording.say(f"relate/{self.direction}", slots, rng, stage.options.phrasing)


def propose(stage: Stage, rng: np.random.Generator) -> Relate | Rejection:
    """A random target, another object, direction and distance."""
    target = draw(targets(stage, "shift"), rng)
    beside = tuple(t for t in others(stage) if target is not None and t.id != target.id)
    reference = draw(beside, rng)
    if target is None or reference is None:
        return Rejection("no_candidate")
    direction = tuple(DIRECTIONS)[int(rng.integers(len(DIRECTIONS)))]
    return Relate(target.id, reference.id, direction, amount(stage.options.relate_cm, rng))
