"""What to call an object so that the words are true and fit nothing else that the image may show.

In order of preference: "the mug", "the red mug", "the leftmost mug" or "the mug closest to you", "the mug on the plate". A
phrase is used only if it works in English and in Chinese.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from gsi_bench_builders.edits.geometry import may_be_seen
from gsi_bench_builders.edits.reflections import reflected_ids
from gsi_bench_builders.scene import Scene, Thing

__all__ = ["SPATIAL_MARGIN_M", "Name", "could_be_called", "name_things", "places_of"]

# A spatial word must hold by this much on the ground.
SPATIAL_MARGIN_M = 0.05
# The reference takes every sentence with this word for an edit of the view.
_RESERVED = "camera"
_SUPERLATIVES = (
    ("the leftmost {}", "最左边的{}"),
    ("the rightmost {}", "最右边的{}"),
    ("the {} closest to you", "离你最近的{}"),
    ("the {} farthest from you", "离你最远的{}"),
)


@dataclasses.dataclass(frozen=True)
class Name:
    """A referring phrase.

    Attributes:
        en: with its article: "the red mug".
        zh: the same in Chinese.
        trailing: English words follow the noun; a preposition after them could be read as part of the name.
    """

    en: str
    zh: str
    trailing: bool = False

    @property
    def noun(self) -> str:
        """The English phrase without its article, as parsed instructions hold it."""
        return self.en.removeprefix("the ")


def name_things(scene: Scene) -> dict[str, Name]:
    """Names by id. An object that may not be named, or for which no phrase is both true and unique, is left out.

    Raises:
        ValueError: the camera looks straight down, where "left" and "closest" mean nothing.
    """
    names: dict[str, Name] = {}
    places, doubled = places_of(scene), reflected_ids(scene)
    # Of two paintings, one of them behind the viewer, the other is simply "the painting".
    shown = [t for t in scene.things if t.id in doubled or may_be_seen(scene.camera, t)]
    candidates = [t for t in scene.things if t.info.nameable and _RESERVED not in t.info.category.lower()]
    for thing in candidates:
        rivals = [t for t in shown if t.id != thing.id and could_be_called(t, thing)]
        name = _bare(thing, rivals) or _coloured(thing, rivals)
        # Where a mirror shows one of them again, the leftmost that is seen may be a reflection.
        if name is None and not doubled & {thing.id, *(r.id for r in rivals)}:
            name = _extreme(thing, rivals, places)
        if name is not None:
            names[thing.id] = name
    # "The mug on the plate" needs a plate that already has a name; two such phrases never stand in each other.
    plain = {id_: name for id_, name in names.items() if not name.trailing}
    for thing in candidates:
        if thing.id not in names and thing.on in plain:
            # What shows such objects as its parts does not carry them.
            rivals = [t for t in shown if t.id != thing.id and could_be_called(t, thing)]
            name = _carried(scene, thing, rivals, plain)
            if name is not None:
                names[thing.id] = name
    return names


def could_be_called(other: Thing, thing: Thing) -> bool:
    """Whether the noun of an object fits another or a part of it: a pencil cup is a cup, a bookshelf shows books, and two nouns
    may be one word in Chinese."""
    mine, theirs = thing.info, other.info
    return (
        theirs.category == mine.category
        or theirs.category.endswith(f" {mine.category}")
        or theirs.category_zh.endswith(mine.category_zh)
        or any(en == mine.category or zh == mine.category_zh for en, zh in theirs.also)
    )


def _bare(thing: Thing, rivals: Sequence[Thing]) -> Name | None:
    return None if rivals else Name(f"the {thing.info.category}", thing.info.category_zh)


def _coloured(thing: Thing, rivals: Sequence[Thing]) -> Name | None:
    info = thing.info
    if not info.colour or not info.colour_zh:
        return None
    if any(r.info.colour == info.colour or r.info.colour_zh == info.colour_zh for r in rivals):
        return None
    return Name(f"the {info.colour} {info.category}", f"{info.colour_zh}的{info.category_zh}")


def places_of(scene: Scene) -> dict[str, tuple[tuple[float, float], ...]]:
    """For each object and each superlative: two measures that must both be smallest, metres on the ground first.

    What lies further left on the ground may stand further right in the image, and the first in depth may be further from
    the viewer than one beside it: the words are used only where both readings agree.
    """
    if not scene.things:
        return {}
    right, forward = scene.camera.flat_axes()
    centres = np.array([t.position for t in scene.things])
    offsets = (centres - scene.camera.position) * (1, 1, 0)
    across, along = offsets @ right, offsets @ forward
    far = np.linalg.norm(offsets, axis=1)
    columns = scene.camera.project(centres)[:, 0]
    measures = zip(scene.things, across, along, far, columns, strict=True)
    return {t.id: ((a, u), (-a, -u), (d, r), (-d, -r)) for t, a, d, r, u in measures}


def _extreme(thing: Thing, rivals: Sequence[Thing], places: dict[str, tuple[tuple[float, float], ...]]) -> Name | None:
    for index, (en, zh) in enumerate(_SUPERLATIVES):
        on_ground, agreeing = places[thing.id][index]
        others = [places[r.id][index] for r in rivals]
        if all(on_ground + SPATIAL_MARGIN_M <= ground and agreeing < second for ground, second in others):
            return Name(en.format(thing.info.category), zh.format(thing.info.category_zh), trailing=not en.endswith("{}"))
    return None


def _carried(scene: Scene, thing: Thing, rivals: Sequence[Thing], names: dict[str, Name]) -> Name | None:
    if thing.on is None or any(r.on == thing.on for r in rivals):
        return None
    carrier = scene.thing(thing.on)
    if carrier.info.receptacle is None:
        return None
    relation = carrier.info.receptacle.relation
    where = {"on": "上", "in": "里"}[relation]
    en = f"the {thing.info.category} {relation} {names[carrier.id].en}"
    return Name(en, f"{names[carrier.id].zh}{where}的{thing.info.category_zh}", trailing=True)
