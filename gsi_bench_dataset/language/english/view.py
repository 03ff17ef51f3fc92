"""English changes of the view: the camera travels or turns."""

from __future__ import annotations

from gsi_bench_dataset.language.english.amounts import ANGLE, DISTANCE, metres, number
from gsi_bench_dataset.language.english.words import CAMERA, CAMERA_DIRECTIONS, shape
from gsi_bench_dataset.language.reading import Match, NotUnderstood
from gsi_bench_dataset.records import Operation

__all__ = ["PATTERNS", "SHAPES"]

# A pitched camera can go forward along its view or along the ground.
_LEVEL = r"(?: (?:at the same height|without changing its height|along the ground))?"
_LEVELS = (" at the same height", " without changing its height", " along the ground")


def _travel(match: Match) -> Operation:
    direction = CAMERA_DIRECTIONS.meaning(match["direction"])
    return Operation(kind="view", direction=direction, distance_m=metres(match), frame="camera")


def _pan(match: Match) -> Operation | NotUnderstood:
    words = match.groupdict().get("direction")
    direction = CAMERA_DIRECTIONS.meaning(words) if words else None
    return Operation(kind="view", direction=direction, angle_deg=number(match), frame="camera" if direction else None)


_TO, _SIDEWAYS = CAMERA_DIRECTIONS.group("direction"), CAMERA_DIRECTIONS.group("direction", without=("forward", "backward"))
_BY = r"change ?(?:the )?view by"
_TURNING = r"(?:rotat(?:e|ing)|turn(?:ing)?|pan(?:ning)?|tilt(?:ing)?)"
# "The camera" is the whole object of the verb, so a security camera or one on a shelf stays an object.
SHAPES = (
    shape(rf"(?:move|shift|slide) {CAMERA} {_TO}(?: by)? {DISTANCE}{_LEVEL}", _travel),
    shape(rf"(?:(?:move|shift|slide)|{_BY} moving) {CAMERA} (?:by )?{DISTANCE} {_TO}{_LEVEL}", _travel),
    shape(rf"view the scene with the camera moved {DISTANCE} {_TO}{_LEVEL}", _travel),
    shape(rf"view the scene with the camera turned {ANGLE} {_SIDEWAYS}", _pan),
    shape(rf"{_TURNING} {CAMERA} (?:by )?{ANGLE}(?: {_SIDEWAYS})?", _pan),
    shape(rf"{_TURNING} {CAMERA} {_SIDEWAYS}(?: by)? {ANGLE}", _pan),
    shape(rf"{_BY} {_TURNING} {CAMERA} (?:by )?{ANGLE} {_SIDEWAYS}", _pan),
    shape(rf"look {_SIDEWAYS}(?: by)? {ANGLE}", _pan),
)


def _travelled(key: str, adverb: str, tails: tuple[str, str, str] = ("", "", "")) -> tuple[str, ...]:
    # A pitched camera could go forward along its view or along the ground: `tails` settle it.
    way = CAMERA_DIRECTIONS.said(key)
    return (
        f"Move the camera {way} by {{d}}{tails[0]}",
        f"Move the camera {{d}} {way}{tails[1]}",
        f"Shift the camera {{d}} {way}{tails[2]}",
        f"Slide the camera {adverb} by {{d}}{tails[0]}",
        f"Change the view by moving the camera {{d}} {way}{tails[1]}",
        f"View the scene with the camera moved {{d}} {way}{tails[2]}",
    )


def _panned(key: str, verb: str) -> tuple[str, ...]:
    way = CAMERA_DIRECTIONS.said(key)
    return (
        f"Rotate the camera {{a}} degrees {way}",
        f"Turn the camera {way} by {{a}} degrees",
        f"{verb} the camera {{a}} degrees {way}",
        f"Change the view by turning the camera {{a}} degrees {way}",
        f"Look {way} by {{a}} degrees",
        f"View the scene with the camera turned {{a}} degrees {way}",
    )


PATTERNS = {
    "travel/left": _travelled("left", "left"),
    "travel/right": _travelled("right", "right"),
    "travel/forward": _travelled("forward", "forward", _LEVELS),
    "travel/backward": _travelled("backward", "back", _LEVELS),
    "travel/up": _travelled("up", "upward"),
    "travel/down": _travelled("down", "downward"),
    "pan/left": _panned("left", "Pan"),
    "pan/right": _panned("right", "Pan"),
    "pan/up": _panned("up", "Tilt"),
    "pan/down": _panned("down", "Tilt"),
}
