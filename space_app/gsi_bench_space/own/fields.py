"""What the fields of the tab *Your own image* show of a draft, rounded, and what typed numbers make of it.

Numbers that are as they were shown change nothing: a field that is merely left must not undo what is finer than it shows.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from gsi_bench_metric.photos.standing import PITCH_DEG, Block
from gsi_bench_space.intake.values import number
from gsi_bench_space.own.draft import Camera, Draft
from gsi_bench_space.own.masking import Tools
from gsi_bench_space.problem import OwnError

__all__ = [
    "block_numbers",
    "camera_numbers",
    "corrected",
    "edge_numbers",
    "marked",
    "numbers",
    "point_of",
    "proposed",
    "refitted",
    "segmented",
    "taken_by",
    "undone",
    "unmasked",
]


def numbers(draft: Draft | None) -> dict[str, tuple[float | None, ...]]:
    """What each group of fields shows."""
    if draft is None:
        return {"camera": (None, PITCH_DEG, None), "edges": (None,) * 4, "block": (None,) * 6}
    return {"camera": camera_numbers(draft), "edges": edge_numbers(draft), "block": block_numbers(draft)}


def camera_numbers(draft: Draft) -> tuple[float, float, float]:
    """Focal length (35 mm equivalent), degrees down, height in cm."""
    return round(draft.camera.focal_mm, 1), round(draft.ground.pitch_deg, 1), round(100 * draft.ground.height_m, 1)


def edge_numbers(draft: Draft) -> tuple[float | None, ...]:
    """Of the marked rectangle, pixels; None until there is one."""
    return (None,) * 4 if draft.rectangle is None else tuple(round(edge, 1) for edge in draft.rectangle)


def block_numbers(draft: Draft) -> tuple[float | None, ...]:
    """Right, away, width, height, depth in cm, turn in degrees; None until there is a box."""
    if draft.block is None:
        return (None,) * 6
    *metres, turn = dataclasses.astuple(draft.block)
    return *(round(100 * value, 1) for value in metres), round(turn, 1) + 0.0  # no "-0"


def point_of(index: Any) -> tuple[float, float]:
    """Where a click was, as the page sends it: two numbers, pixels.

    Raises:
        ValueProblemError: something else.
    """
    x, y = index if isinstance(index, list | tuple) and len(index) == 2 else (None, None)
    return float(number(x, "x")), float(number(y, "y"))


def taken_by(draft: Draft, tools: Tools, focal: float, pitch: float, height: float, known: float | None) -> Draft:  # noqa: PLR0917
    """With another camera. `known`: the object's height in cm, if the visitor knows it.

    Raises:
        OwnError: numbers that no photo is taken with.
    """
    known_m = known / 100 if known else None
    if (focal, pitch, height) == camera_numbers(draft) and known_m == draft.known_height_m:
        return draft
    return draft.taken_by(Camera(focal, pitch, height), known_m, tools)


def marked(draft: Draft, tools: Tools, *edges: float | None) -> Draft:
    """With another rectangle, once all of its edges are there."""
    if edges == edge_numbers(draft) or any(edge is None for edge in edges):
        return draft
    return draft.marked(edges, tools)  # type: ignore[arg-type]


def proposed(draft: Draft, tools: Tools, *edges: float | None) -> Draft:
    """As typed, and anew even if the rectangle is as it was."""
    return marked(draft, tools, *edges).proposed(tools)


def corrected(draft: Draft, _: Tools, *numbers: float | None) -> Draft:
    """With the visitor's box.

    Raises:
        OwnError: numbers that no box has.
    """
    if draft.block is None or numbers == block_numbers(draft):
        return draft
    return draft.corrected(_typed_block(numbers))


def refitted(draft: Draft, tools: Tools, *numbers: float | None) -> Draft:
    """Proposed anew, as turned and as deep as typed.

    Raises:
        OwnError: no box yet, or numbers that none has.
    """
    if draft.block is None:
        raise OwnError("own_mark_first")
    return draft.corrected(_typed_block(numbers)).proposed(dataclasses.replace(tools, proposer=None), _typed_block(numbers))


def segmented(draft: Draft, tools: Tools) -> Draft:
    """With a mask found anew.

    Raises:
        OwnError: there is no box yet.
    """
    return draft.segmented(tools)


def undone(draft: Draft, tools: Tools) -> Draft:
    """Without the last correction of the mask.

    Raises:
        OwnError: there was none.
    """
    return draft.undone(tools)


def unmasked(draft: Draft, _: Tools) -> Draft:
    """Without a mask."""
    return draft.unmasked()


def _typed_block(numbers: Sequence[float | None]) -> Block:
    if any(number is None for number in numbers):
        raise OwnError("own_block_numbers")
    right, away, width, height, depth, turn = (float(number) for number in numbers if number is not None)
    return Block(right / 100, away / 100, width / 100, height / 100, depth / 100, turn)
