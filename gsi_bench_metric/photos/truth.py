"""What is known of a pair: where its objects stand, what was done, and what is asked of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from gsi_bench_metric.photos.checks import Checker, Matrix

__all__ = ["ASKED", "DONE", "SAYS", "SYMMETRIES", "Placed", "Question", "Truth"]

# What can have been done to the object -> what that means.
DONE = {
    "nothing": "it stands where it stood; light, noise or the file may differ",
    "removed": "it is gone, and what was behind it shows",
    "repainted": "something of the same shape is left in its place in other colours, as failed removals leave it",
    "replaced": "it is gone, and another object stands in its place",
    "moved": "it went step_m = [right, away, up], metres along the ground as the camera sees it; turn_deg where it turned too",
    "turned": "it turned by turn_deg about the vertical, counter-clockwise > 0 seen from above",
    "scaled": "it has factor times its size, the middle of its base where it was",
    "copied": "it stands where it stood, and a second one step_m from there",
}
ASKED = ("move", "rotate", "scale", "remove")
# What a failed edit may be said to be: kinds of faults.
SAYS = (
    *("nothing_done", "opposite", "left_behind", "still_there", "elsewhere", "replaced", "replaced_by_unknown"),
    *("moved_too", "turned_too", "scaled_too", "turn_missed", "too_little", "too_much", "off_direction", "lost"),
)

SYMMETRIES = ("none", "2-fold", "4-fold", "continuous")
_FARTHEST_M, _SIZES = 100.0, (0.05, 20.0)


@dataclasses.dataclass(frozen=True)
class Placed:
    """An object in the source.

    Attributes:
        id: in the sample.
        box: `[x, y, z, w, h, l, yaw]`, metres, radians, camera frame.
        rotation: (3, 3) object -> camera.
        symmetry: see `SceneObject`.
    """

    id: str
    name: str
    box: tuple[float, ...]
    rotation: Matrix
    symmetry: str | None = None

    @classmethod
    def read(cls, where: str, known: Mapping[str, Any], checker: Checker, name: str) -> Placed | None:
        """From JSON; None, and the problems kept, where it is none."""
        before = checker.count
        box = checker.vector(f"{where}box", known.get("box"), 7)
        if checker.count == before and min(box[3:6]) <= 0:
            checker.say(f"{where}box", f"expected sizes above 0, found {list(box[3:6])}")
        rotation = checker.rotation(f"{where}rotation", known.get("rotation"))
        symmetry = known.get("symmetry")
        if symmetry is not None:
            symmetry = checker.choice(f"{where}symmetry", symmetry, SYMMETRIES)
        called = checker.text(f"{where}name", known.get("name"))
        return None if checker.count > before else cls(name, called, box, rotation, symmetry)


@dataclasses.dataclass(frozen=True)
class Truth:
    """What was done. `step_m`, `turn_deg`, `factor`: where `done` has them; see `DONE`."""

    done: str
    step_m: tuple[float, ...] | None = None
    turn_deg: float | None = None
    factor: float | None = None

    @classmethod
    def read(cls, where: str, value: Any, checker: Checker) -> Truth | None:
        """From JSON; None, and the problems kept, where it is none."""
        known = checker.object(where, value, ["done", "step_m", "turn_deg", "factor"])
        if known is None:
            return None
        before = checker.count
        done = checker.choice(f"{where}.done", known.get("done"), DONE)
        for key, of in (("step_m", ("moved", "copied")), ("turn_deg", ("turned",)), ("factor", ("scaled",))):
            if done in of and known.get(key) is None:
                checker.say(f"{where}.{key}", f"is needed: {done} means {DONE[done]}")
        may = {"moved": {"step_m", "turn_deg"}, "copied": {"step_m"}, "turned": {"turn_deg"}, "scaled": {"factor"}}
        for odd in sorted(known.keys() - {"done"} - may.get(done, set()) if done else ()):
            checker.say(f"{where}.{odd}", f"says nothing of what was {done}; leave it out")
        found = cls(done, *_amounts(where, known, checker))
        return None if checker.count > before else found


@dataclasses.dataclass(frozen=True)
class Question:
    """An edit that is asked of a pair, and what must come out.

    Attributes:
        name: done | opposite | remove | move | a plain name of the pair's own.
        operation: one of `ASKED`.
        step_m, turn_deg, factor: its amount, as in `Truth`.
        passes: whether the edit complies with it.
        says: of a failed one, the kinds of faults of which one must be named; empty: any.
    """

    name: str
    operation: str
    passes: bool
    says: tuple[str, ...] = ()
    step_m: tuple[float, ...] | None = None
    turn_deg: float | None = None
    factor: float | None = None

    @classmethod
    def read(cls, where: str, value: Any, checker: Checker) -> Question | None:
        """From JSON; None, and the problems kept, where it is none."""
        keys = ["name", "operation", "passes", "says", "step_m", "turn_deg", "factor"]
        known = checker.object(where, value, keys)
        if known is None:
            return None
        before = checker.count
        operation = checker.choice(f"{where}.operation", known.get("operation"), ASKED)
        needed = {"move": "step_m", "rotate": "turn_deg", "scale": "factor"}.get(operation)
        for key in ("step_m", "turn_deg", "factor"):
            if (key == needed) != (known.get(key) is not None) and operation:
                checker.say(f"{where}.{key}", f"{'is needed' if key == needed else 'says nothing'} where {operation} is asked")
        passes = known.get("passes")
        if not isinstance(passes, bool):
            checker.say(f"{where}.passes", "expected true or false")
        says = checker.list(f"{where}.says", known.get("says", []))
        kinds = tuple(checker.choice(f"{where}.says[{i}]", one, SAYS) for i, one in enumerate(says))
        name = checker.plain_name(f"{where}.name", known.get("name"))
        found = cls(name, operation, bool(passes), kinds, *_amounts(where, known, checker))
        return None if checker.count > before else found


def _amounts(
    where: str, known: Mapping[str, Any], checker: Checker
) -> tuple[tuple[float, ...] | None, float | None, float | None]:
    step, turn, factor = (known.get(key) for key in ("step_m", "turn_deg", "factor"))
    way = None if step is None else checker.vector(f"{where}.step_m", step, 3)
    if way is not None and not 0 < np.linalg.norm(way) <= _FARTHEST_M:
        checker.say(f"{where}.step_m", f"expected a way of more than 0 and at most {_FARTHEST_M:g} m, found {list(way)}")
    return (
        way,
        None if turn is None else checker.number(f"{where}.turn_deg", turn, -180, 180),
        None if factor is None else checker.number(f"{where}.factor", factor, *_SIZES),
    )
