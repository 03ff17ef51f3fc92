"""What all edits share: the result, why a proposal fails, the options, and the stage on which proposals are made."""

from __future__ import annotations

import abc
import dataclasses
import functools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gsi_bench_builders.edits.geometry import Boxes
from gsi_bench_builders.edits.naming import Name, name_things
from gsi_bench_builders.engine import Coverage, Probe
from gsi_bench_builders.scene import Scene, Thing
from gsi_bench_dataset.language.writing import Phrasing
from gsi_bench_dataset.records import Operation

__all__ = [
    "DIRECTIONS",
    "REASONS",
    "SETTINGS",
    "TELLABLE",
    "CanTell",
    "Candidate",
    "Edit",
    "EditOptions",
    "Effect",
    "Proposer",
    "Rejection",
    "Stage",
    "amount",
    "draw",
    "ground_direction",
]

# Why a proposal is not kept: name -> what it means. Runs count by name.
REASONS = {
    "infeasible": "boxes alone ruled a draw out, so that it was drawn anew and not proposed",
    "no_candidate": "the scene has nothing that this operation could be asked of",
    "duplicate": "the same edit was proposed before",
    "ambiguous": "no phrase names the object truly and uniquely, in words that fit the sentence",
    "unreadable": "the sentence would not be understood as what was done",
    "unsaid": "the reference's phrasing, which is asked for, has no words for it",
    "carried_load": "other objects stand on the target",
    "not_upright": "the object lies or leans",
    "inside_receptacle": "the object stands in a receptacle and would grow out of it",
    "does_not_fit": "the receptacle has no room for the object's base at the asked place",
    "already_there": "the object stands where it is asked to go",
    "stays_on_floor": "it is furniture that stands on the floor, and would be put on top of something",
    "out_of_sight": "what the words measure from, or the place that they name, lies partly outside the image",
    "off_support": "its base would not stay wholly on the surface that carries it",
    "collision": "it would cut through another object or a piece of the room",
    "behind_camera": "part of it would lie behind the camera",
    "out_of_frame": "part of it lies outside the image before or after",
    "too_small": "its image is too small before or after",
    "hidden_before": "too little of it can be seen before",
    "hidden_after": "too little of it could be seen after",
    "hides_bystander": "it would hide another object nearly wholly",
    "unobservable_rotation": "the turn brings the object back to the same look",
    "unmeasurable_rotation": "too little of what was seen stays in view, and the outline stays nearly the same",
    "alike_both_ways": "turned as far the other way the object would look nearly the same",
    "turn_untold": "that turn could not be told from the image and the box alone",
    "hardly_stands_out": "it looks like what it hides: no image would show that it is gone",
    "barely_changes": "its image before and after is nearly the same",
    "built_in": "the object hangs on a wall or is built in, so that it cannot be edited so",
    "too_large": "the object is furniture, or fills too much of the image",
    "camera_blocked": "the camera would touch or come too near to something",
    "scene_lost": "too many objects would leave the image",
}
# Steps (right, forward) on the ground as the camera sees them; "front" is towards the viewer.
DIRECTIONS = {"left": (-1, 0), "right": (1, 0), "front": (0, -1), "behind": (0, 1)}


CanTell: TypeAlias = Callable[[Scene, str], float]
# What becomes of the target: all that checks, labels and variants must know of an operation. "camera" leaves it as it is.
Effect: TypeAlias = Literal["shift", "place", "turn", "scale", "remove", "camera"]


@dataclasses.dataclass(frozen=True)
class Rejection:
    """Why a proposal is not kept: one of `REASONS`."""

    reason: str

    def __post_init__(self) -> None:
        if self.reason not in REASONS:
            raise ValueError(f"rejection: expected one of {', '.join(REASONS)}, found {self.reason!r}")


@dataclasses.dataclass(frozen=True)
class EditOptions:
    """Amounts and limits. Of amounts all are listed, in whole centimetres and degrees.

    Attributes:
        phrasing: whose sentences are written.
        move_cm: how far a move goes.
        relate_cm: distance between the centres after a move to another object.
        turns_deg: turns of objects, counter-clockwise from above > 0.
        factors: of size.
        travels: where the camera goes.
        travel_cm: how far the camera goes.
        pan_deg: how far the camera turns.
        spot_share: share of placements "on" something that name a spot such as "the left edge".
        support_margin_m: from the rim of the support.
        receptacle_margin_m: from the rim of where a receptacle carries.
        clearance_m: boxes nearer to each other than this collide.
        lift_m: how far an object is lifted before its surfaces are asked for collisions: contact is none.
        min_share: visible part of the target, before and after.
        min_target_px: shorter side of the target's image, before and after; from the preset.
        frame_margin: between the target and the edge of the image, share of its width.
        max_iou: overlap of the target's image before and after, as boxes, from which on nothing has changed.
        min_still_seen: share of the target's seen surface, by pixels of the source, that is still seen after a turn: from a
            half on there is as much to compare as there is new.
        max_same_outline: overlap (intersection over union) of the target's outlines before and after a turn up to which the
            outline alone tells the turn. Of 47 turns (tables, preset small, seed 1400) those of which less than half stays
            in view fall apart: 0.84 and less where a handle, a nozzle or leaves turn, 0.92 and more for tins, clocks, fruit.
        min_told_apart: share of the target's pixels that differ between the turn and its opposite; 0: not asked.
        min_stands_out: share of the target's pixels that would show something else without it; 0: not asked.
        min_can_tell: probability, by the image before it and the box alone, that the tracker will tell a turn; 0: not asked,
            for what a builder draws shows more.
        bystander_share: an object of which this share could be seen before keeps half of that after.
        camera_clearance_m: between the camera and anything.
        min_kept: share of the objects in the image that stay in it when the camera moves.
        attempts: for each edit.
        aimed: draw targets only among what the image shows well, as in a room, where much stands outside of it; and draw
            again what boxes alone rule out, before it counts as proposed.
        redraws: how often, for one proposal.
        target_scale: `min_target_px` against the preset's: things in a room are farther away than on a table.
        max_target_share: largest part of the image that a target may fill.
        scale_below_m: only things whose largest side is shorter are scaled; others are furniture.
        on_floor_m: furniture whose base lies less above the floor stands on it, or on a rug, and goes onto nothing higher.
    """

    phrasing: Phrasing = "ours"
    move_cm: tuple[int, ...] = tuple(range(5, 21))
    relate_cm: tuple[int, ...] = tuple(range(10, 31))
    turns_deg: tuple[int, ...] = (90, 45, -45, -90, 180)
    factors: tuple[float, ...] = (0.5, 0.75, 1.5, 2.0)
    travels: tuple[str, ...] = ("left", "right", "forward", "backward", "up", "down")
    travel_cm: tuple[int, ...] = tuple(range(5, 31))
    pan_deg: tuple[int, ...] = tuple(range(5, 31))
    spot_share: float = 0.4
    support_margin_m: float = 0.01
    receptacle_margin_m: float = 0.002
    clearance_m: float = 0.003
    lift_m: float = 0.001
    min_share: float = 0.6
    min_target_px: float = 40
    frame_margin: float = 0.01
    max_iou: float = 0.9
    min_still_seen: float = 0.5
    max_same_outline: float = 0.85
    min_told_apart: float = 0.25
    min_stands_out: float = 0.4
    min_can_tell: float = 0.0
    bystander_share: float = 0.3
    camera_clearance_m: float = 0.15
    min_kept: float = 0.5
    attempts: int = 80
    aimed: bool = False
    redraws: int = 150
    target_scale: float = 1.0
    max_target_share: float = 1.0
    scale_below_m: float = math.inf
    on_floor_m: float = 0.05


# The tracker's own limit (`TurnConfig.tellable`) and a little: a sample may come back resized.
TELLABLE = 0.65

# Amounts and limits by setting: what a recipe's scenes are.
SETTINGS: Mapping[str, EditOptions] = {
    "table": EditOptions(),
    "room": EditOptions(
        move_cm=tuple(range(5, 31)), aimed=True, target_scale=0.8, max_target_share=0.25, scale_below_m=0.6, frame_margin=0.008
    ),
    # The distances are those of the reference's fine split. Boxes that were marked by hand touch each other.
    "photo": EditOptions(
        move_cm=(10, 20, 30, 50, 70, 90, 110),
        clearance_m=0.0,
        aimed=True,
        max_target_share=0.3,
        scale_below_m=0.6,
        frame_margin=0.008,
        min_still_seen=0.0,  # a box is no shape: what its turn would show is not known
        min_told_apart=0.0,
        min_stands_out=0.0,
        min_can_tell=TELLABLE,
    ),
}


@dataclasses.dataclass(frozen=True)
class Edit:
    """One edit of a scene: two states, the words that lead from one to the other, and their numbers.

    Attributes:
        kind: the operation's name in `OPERATIONS` (`relate` is a `move` by its numbers).
        effect: what becomes of the target.
        target: id of the object that is edited; for `view` a large, central object.
        name: what the words call the target.
        operation: what the words fix, the admissible region of a placement and the motion of the camera.
        reference, receptacle: ids of the other object that the words speak of.
        other: what the words call that object.
        measurable: whether the two images show how far the target turned; None: of other operations it is not asked.
    """

    kind: str
    effect: Effect
    target: str
    name: Name
    before: Scene
    after: Scene
    operation: Operation
    prompt: str
    prompt_zh: str
    reference: str | None = None
    receptacle: str | None = None
    other: Name | None = None
    measurable: bool | None = None

    @property
    def changed(self) -> tuple[str, ...]:
        """Ids of the objects that stand otherwise after the edit or are gone."""
        after = {t.id: t for t in self.after.things}
        return tuple(t.id for t in self.before.things if after.get(t.id) != t)


@dataclasses.dataclass(frozen=True)
class Stage:
    """A scene with what proposals ask of it again and again.

    Attributes:
        can_tell: (state after, object) -> probability that its turn will be told by the image before it and its box alone;
            None: turns are not asked for it.
    """

    scene: Scene
    probe: Probe
    options: EditOptions = EditOptions()
    can_tell: CanTell | None = None

    @functools.cached_property
    def names(self) -> Mapping[str, Name]:
        """What objects can be called."""
        return name_things(self.scene)

    @functools.cached_property
    def nameable(self) -> tuple[Thing, ...]:
        """The objects that instructions may speak of, if words can be found."""
        return tuple(t for t in self.scene.things if t.info.nameable)

    @functools.cached_property
    def boxes(self) -> Boxes:
        """Boxes of all objects, in their order."""
        return Boxes.of(self.scene.things)

    @functools.cached_property
    def pools(self) -> dict[str, tuple[Thing, ...]]:
        """Kept by `aiming`: the objects that operations draw their targets from."""
        return {}

    @functools.cached_property
    def standing_out(self) -> dict[str, float]:
        """Kept by `contrast`: how far objects stand out from what they hide."""
        return {}

    @functools.cached_property
    def _coverage(self) -> dict[str, Coverage]:
        return {}

    def coverage(self, thing_id: str) -> Coverage:
        """How much of an object is seen before any edit; asked once."""
        if thing_id not in self._coverage:
            self._coverage[thing_id] = self.probe.coverage(self.scene, thing_id)
        return self._coverage[thing_id]

    def load(self, thing_id: str) -> str | None:
        """The word ("on", "in") for what stands on an object; None where nothing does."""
        if not self.scene.carried_by(thing_id):
            return None
        receptacle = self.scene.thing(thing_id).info.receptacle
        return receptacle.relation if receptacle else "on"


class Candidate(abc.ABC):
    """A drawn edit: target and exact parameters. Equal candidates are the same edit; subclasses are frozen dataclasses.

    Attributes:
        kind: the operation's name in `OPERATIONS`.
        effect: what becomes of the target.
        target: the object's id.
    """

    kind: ClassVar[str]
    effect: ClassVar[Effect]
    target: str

    def name(self, stage: Stage) -> Name:
        """What the words call the target, which has a name."""
        return stage.names[self.target]

    def spoken_of(self) -> dict[str, str]:
        """The other object that the words speak of: its part, "reference" or "receptacle", and its id; empty where none is."""
        return {}

    @abc.abstractmethod
    def check(self, stage: Stage) -> Rejection | None:
        """The rules of this operation that need no image; None where all hold."""

    def instead(self, stage: Stage, rng: np.random.Generator) -> Sequence[Candidate]:
        """What may be asked in its place where the image does not show it: the same of the same target, by other amounts."""
        return ()

    def unsaid(self, stage: Stage) -> bool:
        """Whether the reference's phrasing has no words for this: it knows of no object that takes others along."""
        return self.effect in ("shift", "turn") and stage.load(self.target) is not None

    @abc.abstractmethod
    def apply(self, scene: Scene) -> Scene:
        """The state after the edit."""

    @abc.abstractmethod
    def operation(self, stage: Stage) -> Operation:
        """The edit in numbers."""

    @abc.abstractmethod
    def describe(self, stage: Stage, rng: np.random.Generator) -> tuple[str, str]:
        """The instruction in English and in Chinese."""


def amount(amounts: tuple[int, ...], rng: np.random.Generator) -> int:
    """One of the amounts, all alike."""
    return amounts[int(rng.integers(len(amounts)))]


def draw(things: tuple[Thing, ...], rng: np.random.Generator) -> Thing | None:
    """One of the objects, all alike; None of none."""
    return things[int(rng.integers(len(things)))] if things else None


def ground_direction(scene: Scene, direction: str) -> NDArray[np.float64]:
    """World unit vector of a word of `DIRECTIONS`."""
    right, forward = scene.camera.flat_axes()
    across, along = DIRECTIONS[direction]
    return np.asarray(across * right + along * forward)


Proposer: TypeAlias = Callable[[Stage, np.random.Generator], Candidate | Rejection]  # what a module of an operation offers
