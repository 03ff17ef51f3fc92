"""Rotate: a standing object turns about the vertical through its centre; what stands on it turns along."""

from __future__ import annotations

import dataclasses
import math
from typing import ClassVar

import numpy as np

from gsi_bench_builders.edits import wording
from gsi_bench_builders.edits.aiming import targets
from gsi_bench_builders.edits.base import Candidate, Effect, Rejection, Stage, draw
from gsi_bench_builders.scene import Scene, Symmetry
from gsi_bench_dataset.records import Operation

__all__ = ["Rotate", "is_symmetry", "propose"]

_PERIOD_DEG: dict[Symmetry, float] = {"none": 360, "2-fold": 180, "4-fold": 90}


@dataclasses.dataclass(frozen=True)
class Rotate(Candidate):
    """A target turns by whole degrees, counter-clockwise seen from above > 0."""

    kind: ClassVar[str] = "rotate"
    effect: ClassVar[Effect] = "turn"
    target: str
    angle_deg: int

    def check(self, stage: Stage) -> Rejection | None:
        """The target has a name, stands upright, and shows the turn."""
        thing = stage.scene.thing(self.target)
        if self.target not in stage.names:
            return Rejection("ambiguous")
        if not thing.is_upright:
            return Rejection("not_upright")
        return Rejection("unobservable_rotation") if is_symmetry(self.angle_deg, thing.info.symmetry) else None

    def instead(self, stage: Stage, rng: np.random.Generator) -> list[Rotate]:
        """The other turns of the list, the least first, either sense as often: of a smaller turn more stays in view."""
        others = [int(turn) for turn in rng.permutation(stage.options.turns_deg) if turn != self.angle_deg]
        return [Rotate(self.target, turn) for turn in sorted(others, key=abs)]

    def apply(self, scene: Scene) -> Scene:
        """The target and its load, turned about the target's centre."""
        target = scene.thing(self.target)
        turning = (target, *scene.carried_by(self.target))
        return scene.with_things(t.turned(math.radians(self.angle_deg), about=target.position) for t in turning)

    def operation(self, stage: Stage) -> Operation:
        """Half a turn has no sense, but in the reference's phrasing, which always says one."""
        return Operation(kind="rotate", direction=self._sense(stage), angle_deg=abs(self.angle_deg))

    def _sense(self, stage: Stage) -> str | None:
        if abs(self.angle_deg) == 180 and stage.options.phrasing == "ours":
            return None
        return "counterclockwise" if self.angle_deg > 0 else "clockwise"

    def describe(self, stage: Stage, rng: np.random.Generator) -> tuple[str, str]:
        """Such as "Rotate the mug 90 degrees clockwise."."""
        slots = wording.target_slots(stage.names[self.target], stage.load(self.target))
        slots |= {"a": str(abs(self.angle_deg))}
        return wording.say(f"rotate/{self._sense(stage) or 'half'}", slots, rng, stage.options.phrasing)


def propose(stage: Stage, rng: np.random.Generator) -> Rotate | Rejection:
    """A random target and angle."""
    target = draw(targets(stage, "turn"), rng)
    if target is None:
        return Rejection("no_candidate")
    turns = stage.options.turns_deg
    return Rotate(target.id, turns[int(rng.integers(len(turns)))])


def is_symmetry(angle_deg: float, symmetry: Symmetry) -> bool:
    """Whether an object of that symmetry looks the same after the turn.

    >>> is_symmetry(180, "2-fold"), is_symmetry(90, "2-fold"), is_symmetry(45, "continuous")
    (True, False, True)
    """
    return symmetry == "continuous" or angle_deg % _PERIOD_DEG[symmetry] == 0
