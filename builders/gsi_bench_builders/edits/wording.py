"""Names of a scene's objects as the slots of instructions; the sentences themselves are the dataset's `language`."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from gsi_bench_dataset.language.writing import Phrasing, amounts, centimetres, say

if TYPE_CHECKING:
    from gsi_bench_builders.edits.base import EditOptions
    from gsi_bench_builders.edits.naming import Name

__all__ = ["amounts", "centimetres", "in_reference_words", "other_slots", "say", "target_slots"]

# The reference's, by setting: what a recipe's scenes are.
_PHRASINGS: dict[str, Phrasing] = {"table": "reference_table", "room": "reference_room", "photo": "reference_photo"}
# Where the reference's camera goes.
_REFERENCE_TRAVELS = ("forward", "backward", "left", "right")


def in_reference_words(options: EditOptions, setting: str) -> EditOptions:
    """The options with the reference's phrasing of that setting (of `SETTINGS`), and only with what it has words for.

    Placements name a spot, the camera stays at its height, and half a turn is one of two senses.
    """
    turns = options.turns_deg + ((-180,) if 180 in options.turns_deg and -180 not in options.turns_deg else ())
    travels = tuple(way for way in options.travels if way in _REFERENCE_TRAVELS)
    return dataclasses.replace(options, phrasing=_PHRASINGS[setting], turns_deg=turns, travels=travels, spot_share=1.0)


def target_slots(name: Name, load: str | None) -> dict[str, str | tuple[str, str]]:
    """{t}; `load` is the word for what the target takes along ("on", "in"), None for nothing."""
    if load is None:
        return {"t": (name.en, name.zh)}
    where = {"on": "上面", "in": "里面"}[load]
    return {"t": (f"{name.en} together with everything {load} it", f"{name.zh}连同{where}的东西一起"), "load": load}


def other_slots(name: Name) -> dict[str, str | tuple[str, str]]:
    """{r}."""
    return {"r": (name.en, name.zh)}
