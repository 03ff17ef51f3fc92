"""What an edit is, what may be drawn, and why a proposal is dropped."""

from __future__ import annotations

import dataclasses

from gsi_bench_builders.scene import Scene
from gsi_bench_dataset.records import Operation

__all__ = ["KINDS", "REASONS", "Edit", "EditOptions", "Rejected"]

# relate is a move that is described by another object
KINDS = ("move", "relate", "place", "rotate", "scale", "remove", "view")

REASONS = {
    "no_candidate": "nothing in the scene can be edited so",
    "ambiguous": "no true words tell the object from others",
    "hidden_before": "too little of the object can be seen",
    "hidden_after": "too little of the object could be seen afterwards",
    "too_small": "the object's picture is too small",
    "out_of_frame": "the object reaches the edge of the picture",
    "off_support": "it would stand over an edge",
    "collision": "it would cut through something or stand too close to it",
    "carries_load": "something stands on it",
    "symmetric": "it looks the same after such a turn",
    "barely_changes": "the picture would hardly change",
    "hides_another": "something else would be hidden",
    "repeated": "the same edit was proposed before",
}


class Rejected(Exception):  # noqa: N818 - not an error: the search goes on
    """A proposal that is dropped; its reason is a name in `REASONS`."""

    def __init__(self, reason: str):
        if reason not in REASONS:
            raise ValueError(f"no reason {reason!r}")
        self.reason = reason
        super().__init__(f"{reason}: {REASONS[reason]}")


@dataclasses.dataclass(frozen=True)
class EditOptions:
    """Ranges that edits are drawn from, and limits that they keep. Defaults: the reference's ranges.

    Attributes:
        kinds: operations to take in turn.
        move_cm: smallest and largest whole centimetres of a move.
        gap_cm: free centimetres between an object and the one it is placed by (relate).
        turns_deg: counter-clockwise seen from above > 0.
        factors: of size.
        camera_cm, camera_deg: smallest and largest whole centimetres and degrees of the camera's motion.
        margin_m: from the edge of what carries.
        clearance_m: between boxes.
        visible_share: smallest visible part of a target, before and after.
        changed_iou: rectangles before and after may overlap at most so much (move, scale).
        hidden_share: largest part of a bystander's visible surface that an edit may hide.
        attempts: proposals for one wanted edit.
    """

    kinds: tuple[str, ...] = KINDS
    move_cm: tuple[int, int] = (5, 20)
    gap_cm: tuple[int, int] = (3, 12)
    turns_deg: tuple[int, ...] = (45, 90, -45, -90, 180)
    factors: tuple[float, ...] = (0.5, 0.75, 1.5, 2.0)
    camera_cm: tuple[int, int] = (5, 20)
    camera_deg: tuple[int, int] = (3, 10)
    margin_m: float = 0.01
    clearance_m: float = 0.005
    visible_share: float = 0.6
    changed_iou: float = 0.9
    hidden_share: float = 0.6
    attempts: int = 60

    def __post_init__(self) -> None:
        unknown = sorted(set(self.kinds) - set(KINDS))
        if unknown or not self.kinds:
            raise ValueError(f"expected operations out of {', '.join(KINDS)}; found {', '.join(unknown) or 'none'}")


@dataclasses.dataclass(frozen=True)
class Edit:
    """A checked edit.

    Attributes:
        kind: of `KINDS`; `operation.kind` is what the dataset calls it.
        target: id of the thing it is about; of a view edit the most central one.
        before, after: states.
        operation: what the words ask for, in numbers.
        prompt, prompt_zh: the words.
    """

    kind: str
    target: str
    before: Scene
    after: Scene
    operation: Operation
    prompt: str
    prompt_zh: str
