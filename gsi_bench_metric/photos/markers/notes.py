"""`set.json`: what whoever took the photographs wrote down: objects with their cards and sizes, and which photographs pair."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gsi_bench_dataset.problems import summary_of
from gsi_bench_dataset.safety.files import FileProblemError, read_json, unique_keys
from gsi_bench_metric.photos.checks import Checker
from gsi_bench_metric.photos.markers.config import MARKERS

__all__ = ["NOTES", "Known", "Noted", "NotesError", "Spot", "read_notes"]

NOTES = "set.json"
_MOST_JSON = 2**20
_SYMMETRIES = ("none", "2-fold", "4-fold", "continuous")
_SIZES = {"width_m": "from left to right", "height_m": "from the table to its top", "depth_m": "from front to back"}
_LARGEST_M = 2.0
_DONE = ("nothing", "moved", "turned", "removed")

Spot = tuple[float, float, float]  # x right, y down the printed board, metres; turn counter-clockwise from above, degrees


class NotesError(ValueError):
    """Notes that cannot be used; the message lists every problem."""


@dataclasses.dataclass(frozen=True)
class Known:
    """An object: the card that it stands on (None: its places are written down), its sizes (width, height, depth), metres."""

    name: str
    card: int | None
    size: tuple[float, float, float]
    symmetry: str | None


@dataclasses.dataclass(frozen=True)
class Noted:
    """Two photographs.

    Attributes:
        object: which of the set's objects the pair is about.
        places: object -> (place before, place after), where they were measured; None: it is not there.
        done: what was done as far as it was written down: it is held against what the markers say.
    """

    id: str
    before: str
    after: str
    object: str
    places: Mapping[str, tuple[Spot | None, Spot | None]]
    done: str | None


@dataclasses.dataclass(frozen=True)
class Notes:
    """All of a set."""

    licence: str
    attribution: str | None
    objects: Mapping[str, Known]
    pairs: tuple[Noted, ...]


def read_notes(folder: Path) -> Notes:
    """Reads `set.json` of a folder.

    Raises:
        NotesError: it is not there, or says what cannot be; lists every problem.
    """
    try:
        content = read_json(folder / NOTES, _MOST_JSON, unique_keys)
    except FileNotFoundError as error:
        raise NotesError(
            f"{folder}: no {NOTES} in it; write down objects and pairs as docs/photographs-truth.md shows"
        ) from error
    except (PermissionError, FileProblemError) as error:
        raise NotesError(str(error)) from error
    problems: list[str] = []
    notes = _notes(content, Checker(NOTES, problems))
    if problems or notes is None:
        raise NotesError(summary_of(f"{folder}: these notes cannot be used", problems))
    return notes


def _notes(content: Any, checker: Checker) -> Notes | None:
    known = checker.object("", content, ["licence", "attribution", "objects", "pairs"])
    if known is None:
        return None
    objects = checker.object("objects", known.get("objects"), None) or {}
    read = {name: _known(name, value, checker) for name, value in objects.items()}
    cards = [one.card for one in read.values() if one.card is not None]
    for card in sorted({card for card in cards if cards.count(card) > 1}):
        checker.say("objects", f"card {card} is under several objects; give each its own")
    pairs = [_noted(number, value, read, checker) for number, value in enumerate(checker.list("pairs", known.get("pairs")))]
    ids = [pair.id for pair in pairs]
    for name in sorted({name for name in ids if ids.count(name) > 1}):
        checker.say("pairs", f"{name} stands twice; give each pair its own id")
    if not pairs:
        checker.say("pairs", "expected one at least")
    attribution = None if known.get("attribution") is None else checker.text("attribution", known.get("attribution"))
    return Notes(checker.text("licence", known.get("licence")), attribution, read, tuple(pairs))


def _known(name: str, value: Any, checker: Checker) -> Known:
    where = f"objects.{name}"
    checker.text("objects", name)
    known = checker.object(where, value, ["card", *_SIZES, "symmetry"]) or {}
    sizes = []
    for key, meaning in _SIZES.items():
        if known.get(key) is None:
            checker.say(f"{where}.{key}", f"is needed: the size {meaning}, metres")
            sizes.append(0.1)
        else:
            sizes.append(checker.number(f"{where}.{key}", known.get(key), 0.002, _LARGEST_M))
    card = known.get("card")
    if card is not None:
        last = MARKERS.first_card + MARKERS.most_cards - 1
        card = round(checker.number(f"{where}.card", card, MARKERS.first_card, last))
    symmetry = known.get("symmetry")
    symmetry = None if symmetry is None else checker.choice(f"{where}.symmetry", symmetry, _SYMMETRIES)
    return Known(name, card, (sizes[0], sizes[1], sizes[2]), symmetry)


def _noted(number: int, value: Any, objects: Mapping[str, Known], checker: Checker) -> Noted:
    where = f"pairs[{number}]"
    known = checker.object(where, value, ["id", "before", "after", "object", "places", "done"]) or {}
    name = checker.choice(f"{where}.object", known.get("object"), objects) if objects else ""
    places = checker.object(f"{where}.places", known.get("places", {}), list(objects)) or {}
    read = {one: _places(f"{where}.places.{one}", spots, checker) for one, spots in places.items()}
    if name and objects[name].card is None and name not in read:
        checker.say(f"{where}.places", f"{name} has no card; write down where it stands, before and after")
    done = known.get("done")
    return Noted(
        checker.plain_name(f"{where}.id", known.get("id")),
        checker.text(f"{where}.before", known.get("before")),
        checker.text(f"{where}.after", known.get("after")),
        name,
        read,
        None if done is None else checker.choice(f"{where}.done", done, _DONE),
    )


def _places(where: str, value: Any, checker: Checker) -> tuple[Spot | None, Spot | None]:
    known = checker.object(where, value, ["before", "after"]) or {}
    before, after = (
        None if known.get(key) is None else checker.vector(f"{where}.{key}", known.get(key), 3) for key in ("before", "after")
    )
    if before is None:
        checker.say(f"{where}.before", "is needed: [x, y, turn], metres and degrees on the board")
    spots = [None if spot is None else (spot[0], spot[1], spot[2]) for spot in (before, after)]
    return spots[0], spots[1]
