"""Words for a thing that are true of it and of nothing else in the scene."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gsi_bench_builders.edits.base import Rejected
from gsi_bench_builders.scene import Scene, Thing

__all__ = ["Name", "name_of"]

_CLEAR_M = 0.05  # by how much "the leftmost" is left of the next


class Name(NamedTuple):
    """A noun phrase without article, and the Chinese one."""

    en: str
    zh: str


def name_of(scene: Scene, thing: Thing, rng: np.random.Generator) -> Name:
    """The category where it is unique; else with its colour; else with its place among its like.

    Raises:
        Rejected: "ambiguous".
    """
    if not thing.info.nameable:
        raise Rejected("ambiguous")
    like = [t for t in scene.things if t.info.category == thing.info.category and t.id != thing.id]
    plain = Name(thing.info.category, thing.info.category_zh)
    coloured = _coloured(thing)
    if not like:
        # A colour is no harm where it is not needed, and tells the editor what to look for.
        return coloured if coloured and rng.random() < 0.35 else plain
    if coloured and not any(t.info.colour in (thing.info.colour, None) for t in like):
        return coloured
    for words, words_zh, axis, sign in _superlatives(scene):
        here = sign * float(np.dot(axis, thing.position))
        if all(here > sign * float(np.dot(axis, t.position)) + _CLEAR_M for t in like):
            return Name(f"{words} {plain.en}", f"{words_zh}{plain.zh}")
    raise Rejected("ambiguous")


def _coloured(thing: Thing) -> Name | None:
    info = thing.info
    if info.colour is None or info.colour_zh is None:
        return None
    return Name(f"{info.colour} {info.category}", f"{info.colour_zh}的{info.category_zh}")


def _superlatives(scene: Scene) -> list[tuple[str, str, np.ndarray, float]]:
    right, away = scene.camera.flat_axes()
    return [
        ("leftmost", "最左边的", right, -1.0),
        ("rightmost", "最右边的", right, 1.0),
        ("nearest", "最近的", away, -1.0),
        ("farthest", "最远的", away, 1.0),
    ]
