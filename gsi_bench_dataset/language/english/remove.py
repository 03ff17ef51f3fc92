"""English removals of one object."""

from __future__ import annotations

from gsi_bench_dataset.language.english.words import OBJECT, about_an_object, shape
from gsi_bench_dataset.language.reading import Match
from gsi_bench_dataset.records import Operation

__all__ = ["PATTERNS", "SHAPES"]


def _remove(_: Match) -> Operation:
    return Operation(kind="remove")


_BUILD = about_an_object(_remove)
_SCENE = r"(?: from (?:the|this) (?:scene|image|picture|photo|photograph))?(?: (?:completely|entirely))?"
SHAPES = (
    shape(rf"(?:remove|delete|erase) {OBJECT}{_SCENE}", _BUILD),
    shape(rf"take away {OBJECT}{_SCENE}", _BUILD),
    shape(rf"take {OBJECT} away{_SCENE}", _BUILD),
    shape(rf"get rid of {OBJECT}{_SCENE}", _BUILD),
)

PATTERNS = {
    "remove": (
        "Remove {t}",
        "Remove {t} from the scene",
        "Remove {t} from the picture",
        "Remove {t} from the image",
        "Remove {t} completely",
        "Remove {t} entirely",
    ),
}
