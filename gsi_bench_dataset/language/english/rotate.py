"""English turns of an object about its vertical axis."""

from __future__ import annotations

from gsi_bench_dataset.language.english.amounts import ANGLE, number
from gsi_bench_dataset.language.english.words import OBJECT, TURNS, about_an_object, shape
from gsi_bench_dataset.language.reading import Match
from gsi_bench_dataset.records import Operation

__all__ = ["PATTERNS", "SHAPES"]

_ABOUT = r"(?:along|about|around) (?:(?:its|the) (?:own )?(?:vertical|y|up) ?-?axis)"
_SEEN = r"(?: (?:as seen|when viewed|as viewed|seen|viewed) from above)?"
_AFTER = rf"(?: {_ABOUT})?{_SEEN}"


def _rotate(match: Match) -> Operation:
    turn = match.groupdict().get("turn")
    return Operation(kind="rotate", direction=TURNS.meaning(turn) if turn else None, angle_deg=number(match))


_VERB, _TURN, _BUILD = "(?:rotate|turn|spin)", TURNS.group("turn"), about_an_object(_rotate)
SHAPES = (
    shape(rf"{_VERB} {OBJECT} (?:by )?{ANGLE} {_TURN}{_AFTER}", _BUILD),
    shape(rf"{_VERB} {OBJECT} {_TURN} (?:by )?{ANGLE}{_AFTER}", _BUILD),
    shape(rf"{_VERB} {OBJECT} {_ABOUT} (?:by )?{ANGLE}(?: {_TURN})?{_SEEN}", _BUILD),
    shape(rf"{_VERB} {OBJECT} {_ABOUT} {_TURN} by {ANGLE}{_SEEN}", _BUILD),
    shape(rf"{_VERB} {OBJECT} (?:by )?{ANGLE}{_AFTER}", _BUILD),
    shape(rf"give {OBJECT} {ANGLE} {_TURN}{_SEEN}", _BUILD),
)


def _turned(sense: str) -> tuple[str, ...]:
    turn = TURNS.said(sense)
    return (
        f"Rotate {{t}} {{a}} degrees {turn}",
        f"Turn {{t}} {{a}} degrees {turn}",
        f"Spin {{t}} {turn} by {{a}} degrees",
        f"Rotate {{t}} {turn} by {{a}} degrees, as seen from above",
        f"Turn {{t}} by {{a}} degrees {turn} about its vertical axis",
        f"Rotate {{t}} {{a}} degrees {turn} when viewed from above",
    )


PATTERNS = {
    "rotate/clockwise": _turned("clockwise"),
    "rotate/counterclockwise": _turned("counterclockwise"),
    "rotate/half": (
        "Rotate {t} 180 degrees",
        "Turn {t} by 180 degrees",
        "Spin {t} 180 degrees",
        "Rotate {t} by 180 degrees about its vertical axis",
        "Turn {t} 180 degrees around its vertical axis",
        "Spin {t} by 180 degrees around its vertical axis",
    ),
}
