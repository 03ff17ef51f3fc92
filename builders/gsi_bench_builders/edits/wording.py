"""Names of a scene's objects as the slots of instructions; the sentences themselves are the dataset's `language`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gsi_bench_dataset.language.writing import amounts, centimetres, say

if TYPE_CHECKING:
    from gsi_bench_builders.edits.naming import Name

__all__ = ["amounts", "centimetres", "other_slots", "say", "target_slots"]


def target_slots(name: Name, load: str | None) -> dict[str, str | tuple[str, str]]:
    """{t}; `load` is the word for what the target takes along ("on", "in"), None for nothing."""
    if load is None:
        return {"t": (name.en, name.zh)}
    where = {"on": "上面", "in": "里面"}[load]
    return {"t": (f"{name.en} together with everything {load} it", f"{name.zh}连同{where}的东西一起"), "load": load}


def other_slots(name: Name) -> dict[str, str | tuple[str, str]]:
    """{r}."""
    return {"r": (name.en, name.zh)}
