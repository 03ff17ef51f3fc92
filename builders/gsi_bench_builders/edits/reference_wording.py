"""The sentences of the reference's fine split, one for each operation, for whoever compares with its results.

The reference's evaluator reads the operation out of the first word; names of objects are the builders' own, which are true.
"""

from __future__ import annotations

from gsi_bench_builders.edits import wording
from gsi_bench_builders.edits.naming import Name
from gsi_bench_dataset.records import Operation

__all__ = ["reference_sentence"]

_TAIL = ", while keeping other objects unchanged"
# "To the behind" is the reference's own.
_WAYS = {"left": "to the left", "right": "to the right", "front": "to the front", "behind": "to the behind"}


def reference_sentence(operation: Operation, name: Name, load: str | None = None) -> str | None:
    """The reference's English sentence of an edit; None where its split has no such edit.

    Args:
        name: what the words call the target.
        load: the word ("on", "in") for what the target takes along; then nothing is said about what stays.

    >>> mug = Name("the mug", "杯子")
    >>> reference_sentence(Operation(kind="move", direction="behind", distance_m=0.5, frame="camera"), mug)
    'Move the mug 50 centimeters to the behind, while keeping other objects unchanged.'
    """
    target = wording.target_slots(name, load)["t"][0]
    tail = "" if load else _TAIL
    if operation.kind == "move" and operation.reference is None and operation.direction in _WAYS:
        return f"Move {target} {round(100 * (operation.distance_m or 0))} centimeters {_WAYS[operation.direction]}{tail}."
    if operation.kind == "rotate":
        sense = f" {operation.direction}" if operation.direction else ""
        return f"Rotate {target} {operation.angle_deg:g} degrees{sense} along its vertical axis{tail}."
    if operation.kind == "scale" and operation.factor is not None:
        verb, percent = ("Enlarge", operation.factor - 1) if operation.factor > 1 else ("Shrink", 1 - operation.factor)
        return f"{verb} {target} by {round(100 * percent)} percent."
    return f"Remove {target} from the scene{tail}." if operation.kind == "remove" else None
