"""Do an edit's sentences say what was done? Both are parsed again and compared with its numbers."""

from __future__ import annotations

from gsi_bench_builders.edits.base import Edit
from gsi_bench_dataset.language import chinese as instructions_zh
from gsi_bench_dataset.language import english as instructions
from gsi_bench_dataset.records import Operation

__all__ = ["FIRST_WORDS", "reads_back"]

# What the words fix; regions and camera matrices are no words.
_SAID = ("kind", "direction", "distance_m", "angle_deg", "factor", "frame", "reference", "receptacle")
# The words by which the reference's evaluator tells operations apart, as far as our patterns use them.
FIRST_WORDS = {
    "move": ("move", "shift", "relocate", "place", "put", "push", "pull"),
    "rotate": ("rotate", "turn", "spin"),
    "scale": ("scale", "resize", "make", "shrink", "reduce", "enlarge", "increase"),
    "remove": ("remove",),
}


def reads_back(edit: Edit) -> list[str]:
    """What is wrong with an edit's sentences; empty where both say exactly what was done."""
    problems = _compare("prompt", edit.prompt, instructions.parse(edit.prompt), edit, edit.other.noun if edit.other else None)
    other_zh = edit.other.zh if edit.other else None
    problems += _compare("prompt_zh", edit.prompt_zh, instructions_zh.parse_zh(edit.prompt_zh), edit, other_zh)
    if edit.effect != "camera":
        spoken = ((edit.prompt.lower(), edit.name.en.lower()), (edit.prompt_zh.lower(), edit.name.zh.lower()))
        problems += [f"{sentence!r} does not name {name!r}" for sentence, name in spoken if name not in sentence]
    return problems + _evaluator_problems(edit)


def _compare(field: str, prompt: str, read: Operation | None, edit: Edit, other: str | None) -> list[str]:
    """Differences between what was read and what was done; `other` is what this language calls the other object."""
    if read is None:
        return [f"{field}: not understood: {prompt!r}"]
    wanted = {name: getattr(edit.operation, name) for name in _SAID}
    for name in ("reference", "receptacle"):
        if wanted[name] is not None:
            wanted[name] = other
    found = {name: getattr(read, name) for name in _SAID}
    return [
        f"{field}: {prompt!r} says {name} {found[name]!r}, the edit has {wanted[name]!r}"
        for name in _SAID
        if found[name] != wanted[name]
    ]


def _evaluator_problems(edit: Edit) -> list[str]:
    """The reference's evaluator takes the first word for the operation, and any sentence about a camera for a view edit."""
    words = edit.prompt.lower().split(" ")
    first = words[1] if words[0] == "please" else words[0]
    if edit.operation.kind == "view":
        return [] if "camera" in edit.prompt or first in ("view", "look") else [f"prompt: {edit.prompt!r} names no camera"]
    wanted = FIRST_WORDS["move" if edit.operation.kind == "place" else edit.operation.kind]
    # "Closest to the camera" tells an object apart; the evaluator knows that.
    of_the_view = "camera" in edit.prompt and "to the camera" not in edit.prompt and "from the camera" not in edit.prompt
    if first in wanted and not of_the_view:
        return []
    return [f"prompt: {edit.prompt!r} must begin with one of {', '.join(wanted)} and speak of no camera"]
