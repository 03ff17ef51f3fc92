"""English places: on or in a receptacle, or at a spot of it."""

from __future__ import annotations

from gsi_bench_dataset.language.english.move import MOVE_VERBS
from gsi_bench_dataset.language.english.words import OBJECT, OTHER, SPOTS, about_an_object, noun, shape
from gsi_bench_dataset.language.reading import Match
from gsi_bench_dataset.records import Operation

__all__ = ["PATTERNS", "SHAPES"]


def _place(match: Match) -> Operation:
    spot = match.groupdict().get("spot")
    direction = SPOTS.meaning(spot) if spot else None
    frame = "camera" if direction in ("left", "right", "front", "behind") else None
    return Operation(kind="place", direction=direction, frame=frame, receptacle=noun(match["other"]))


_SPOT, _BUILD = SPOTS.group("spot"), about_an_object(_place)
SHAPES = (
    shape(rf"{MOVE_VERBS} {OBJECT} to the {_SPOT} of {OTHER}", _BUILD, other_places="carrier", definite=True),
    shape(rf"(?:put|place) {OBJECT} (?:at|on|in) the {_SPOT} of {OTHER}", _BUILD, other_places="carrier", definite=True),
    # "Move the cup on the plate" may speak of a cup that is there already; "onto" and "into" say where to.
    shape(rf"(?:put|place|move|shift|relocate) {OBJECT} (?:onto|into) {OTHER}", _BUILD, other_places="carrier", definite=True),
    shape(rf"(?:put|place) {OBJECT} (?:on top of|on|inside|in) {OTHER}", _BUILD, other_places="carrier", definite=True),
)


def _placed(key: str) -> tuple[str, ...]:
    spot = SPOTS.said(key)
    return (
        f"Move {{t}} to the {spot} of {{r}}",
        f"Shift {{t}} to the {spot} of {{r}}",
        f"Relocate {{t}} to the {spot} of {{r}}",
        f"Place {{t}} at the {spot} of {{r}}",
        f"Put {{t}} at the {spot} of {{r}}",
        f"Put {{t}} on the {spot} of {{r}}",
    )


PATTERNS = {
    "place/on": (
        "Put {t} on {r}",
        "Place {t} on {r}",
        "Put {t} onto {r}",
        "Place {t} on top of {r}",
        "Move {t} onto {r}",
        "Relocate {t} onto {r}",
    ),
    "place/in": (
        "Put {t} in {r}",
        "Place {t} in {r}",
        "Put {t} into {r}",
        "Place {t} inside {r}",
        "Move {t} into {r}",
        "Relocate {t} into {r}",
    ),
    "place/center": _placed("center"),
    "place/left": _placed("left"),
    "place/right": _placed("right"),
    "place/front": _placed("front"),
    "place/behind": _placed("behind"),
}
