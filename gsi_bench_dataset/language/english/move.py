"""English moves: along a direction, or to a place beside another object."""

from __future__ import annotations

import re

from gsi_bench_dataset.language.english.amounts import DISTANCE, metres
from gsi_bench_dataset.language.english.words import (
    DIRECTIONS,
    OBJECT,
    OTHER,
    RELATIONS,
    VIEWPOINT,
    about_an_object,
    noun,
    shape,
)
from gsi_bench_dataset.language.reading import Match, NotUnderstood, Shape
from gsi_bench_dataset.records import Operation

__all__ = ["MOVE_VERBS", "PATTERNS", "SHAPES"]

MOVE_VERBS = r"(?P<verb>move|shift|relocate|slide|push|pull|drag|put|place)"
# A push goes away from the one who pushes and a pull comes nearer, whichever of these words follows.
_HITHER_AND_THITHER = r"(?:forwards?|back(?:wards?)?)"


def _move(match: Match) -> Operation | NotUnderstood:
    groups = match.groupdict()
    words, other, verb = groups.get("direction"), groups.get("other"), match["verb"].lower()
    direction = DIRECTIONS.meaning(words) if words else None
    if words and re.fullmatch(_HITHER_AND_THITHER, words, re.IGNORECASE):
        if verb in ("push", "pull"):
            direction = "behind" if verb == "push" else "front"
        elif verb in ("drag", "put", "place"):
            return NotUnderstood(words, "may be towards the camera or away from it")
    frame = "object" if other else "camera" if words else None
    return Operation(
        kind="move",
        direction=direction,
        distance_m=metres(match),
        frame=frame,
        reference=noun(other) if other else None,
    )


def _lift(match: Match) -> Operation | NotUnderstood:
    lowers, way = match["verb"].lower() == "lower", (match.groupdict().get("way") or "").strip().lower()
    if way and (way == "down") != lowers:
        return NotUnderstood(way, "contradicts the verb")
    return Operation(kind="move", direction="below" if lowers else "above", distance_m=metres(match), frame="camera")


def _relate(match: Match) -> Operation:
    relation, reference = RELATIONS.meaning(match["relation"]), noun(match["other"])
    return Operation(kind="move", direction=relation, distance_m=metres(match), frame="camera", reference=reference)


def _to_position(match: Match) -> Operation:
    return Operation(kind="move", reference=noun(match["other"]))


def _shapes() -> tuple[Shape, ...]:
    to, relation = DIRECTIONS.group("direction"), RELATIONS.group("relation")
    anchored = rf"(?: (?:referencing|relative to|with respect to) {OTHER})?"
    center = r"cent(?:er|re)"
    its_center = rf"(?:so that its {center} is|until its {center} is|with its {center})"
    between = rf"(?:(?:measured from )?{center} to {center}|measured between their {center}s)"
    along = (
        # Camera wording first, so that "relative to the camera view" is a frame and not an object.
        rf"{MOVE_VERBS} {OBJECT} (?:by )?{DISTANCE} {to}{VIEWPOINT}",
        rf"{MOVE_VERBS} {OBJECT} {to}(?: by)? {DISTANCE}{VIEWPOINT}",
    )
    beside = (
        rf"{MOVE_VERBS} {OBJECT}'s {center} {relation} {OTHER}'s {center} by {DISTANCE}{VIEWPOINT}",
        rf"{MOVE_VERBS} {OBJECT} {its_center} {DISTANCE} {relation} the {center} of {OTHER}{VIEWPOINT}",
        rf"{MOVE_VERBS} {OBJECT} (?:to a (?:spot|place) )?{DISTANCE} {relation} {OTHER} {between}{VIEWPOINT}",
        rf"{MOVE_VERBS} {OBJECT} (?:by )?{DISTANCE} {relation} {OTHER}{VIEWPOINT}",
    )
    from_object = (
        rf"{MOVE_VERBS} {OBJECT} (?:by )?{DISTANCE} {to}{anchored}",
        rf"{MOVE_VERBS} {OBJECT} {to}(?: by)? {DISTANCE}{anchored}",
    )
    move, relate = about_an_object(_move), about_an_object(_relate)
    return (
        *(shape(pattern, move) for pattern in along),
        shape(rf"(?P<verb>lift|raise|lower) {OBJECT} (?P<way>up |down )?(?:by )?{DISTANCE}", about_an_object(_lift), "none"),
        shape(rf"{MOVE_VERBS} {OBJECT} to the (?:position|place|location) of {OTHER}", about_an_object(_to_position)),
        *(shape(pattern, relate, other_places="carrier") for pattern in beside),
        *(shape(pattern, move) for pattern in from_object),
        shape(rf"{MOVE_VERBS} {OBJECT} {relation} {OTHER}{VIEWPOINT}", relate, "none", "carrier"),
        shape(rf"{MOVE_VERBS} {OBJECT} {to}{VIEWPOINT}", move, "none"),
        shape(rf"{MOVE_VERBS} {OBJECT} by {DISTANCE}", move, "none"),
    )


SHAPES = _shapes()


def _sideways(side: str) -> tuple[str, ...]:
    to_the_side = DIRECTIONS.said(side)
    return (
        f"Move {{t}} {{d}} {to_the_side}",
        f"Shift {{t}} {{d}} {to_the_side}",
        f"Push {{t}} {{d}} {to_the_side}",
        f"Move {{t}} {to_the_side} by {{d}}",
        f"Relocate {{t}} {{d}} {to_the_side}",
        f"Shift {{t}} {side}ward by {{d}}",
        f"Move {{t}} {side} by {{d}}",
    )


def _upright(way: str) -> tuple[str, ...]:
    return (
        f"Move {{t}} {{d}} {way}",
        f"Move {{t}} {way} by {{d}}",
        f"Shift {{t}} {{d}} {way}",
        f"Move {{t}} {{d}} {way}ward",
        f"Shift {{t}} {way}ward by {{d}}",
        f"Relocate {{t}} {{d}} {way}",
    )


def _related(key: str) -> tuple[str, ...]:
    # The frame is said, because a laptop or a chair has a front of its own; what is measured is said too.
    relation = RELATIONS.said(key)
    return (
        f"Move {{t}} so that its center is {{d}} {relation} the center of {{r}} from the viewer's perspective",
        f"Place {{t}} with its center {{d}} {relation} the center of {{r}} as you see it",
        f"Shift {{t}} until its center is {{d}} {relation} the center of {{r}}, as seen from your viewpoint",
        f"Put {{t}} {{d}} {relation} {{r}}, measured from center to center, as you see it",
        f"Relocate {{t}} to a spot {{d}} {relation} {{r}}, measured between their centers, from the viewer's perspective",
        f"Move {{t}} {{d}} {relation} {{r}}, center to center, as seen from your viewpoint",
    )


PATTERNS = {
    "move/left": _sideways("left"),
    "move/right": _sideways("right"),
    "move/front": (
        f"Move {{t}} {{d}} {DIRECTIONS.said('front')}",
        "Shift {t} {d} toward you",
        "Pull {t} {d} toward you",
        "Move {t} toward you by {d}",
        "Pull {t} closer to you by {d}",
        "Move {t} {d} toward the viewer",
    ),
    "move/behind": (
        f"Move {{t}} {{d}} {DIRECTIONS.said('behind')}",
        "Push {t} {d} away from you",
        "Shift {t} {d} farther away from you",
        "Move {t} away from you by {d}",
        "Push {t} farther away from you by {d}",
        "Move {t} {d} away from the viewer",
    ),
    "move/above": _upright(DIRECTIONS.said("above")),
    "relate/left": _related("left"),
    "relate/right": _related("right"),
    "relate/front": _related("front"),
    "relate/behind": _related("behind"),
}
