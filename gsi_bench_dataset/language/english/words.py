"""The English vocabulary that sentences of all operations are made of, for reading and for writing.

Directions are seen from the camera: `front` is towards it, `behind` away from it ("forward" moves an object away, as the
benchmark's generators use the word). `clockwise` is seen from above, and a turn "to the right" is clockwise.
"""

from __future__ import annotations

import re

from gsi_bench_dataset.language.phrases import Phrases
from gsi_bench_dataset.language.reading import Build, Match, NotUnderstood, Places, Shape
from gsi_bench_dataset.records import Operation

__all__ = [
    "CAMERA",
    "CAMERA_DIRECTIONS",
    "DIRECTIONS",
    "OBJECT",
    "OTHER",
    "RELATIONS",
    "SPOTS",
    "TURNS",
    "VIEWPOINT",
    "about_an_object",
    "noun",
    "shape",
]

CAMERA = r"(?:the )?(?:camera(?: view)?|viewpoint|view)"
_VIEWER = r"(?:the camera|the viewpoint|the viewer|the observer|you|me)"

# Of objects. "to the back" is left out: it is used for both senses.
DIRECTIONS = Phrases({
    "left": ("to the left", r"(?:to(?:wards?)? the )?left(?: side)?", r"leftwards?"),
    "right": ("to the right", r"(?:to(?:wards?)? the )?right(?: side)?", r"rightwards?"),
    "front": (
        "closer to you",
        r"to(?:wards?)? the front",
        r"frontwards?",
        r"back(?:wards?)?",
        rf"(?:(?:closer|nearer) )?to(?:wards?)? {_VIEWER}",
    ),
    "behind": (
        "away from you",
        r"(?:to(?:wards?)? the )?behind",
        r"forwards?",
        rf"(?:(?:farther|further) )?(?:away )?from {_VIEWER}",
        r"to(?:wards?)? the far end of the \w+",
    ),
    "above": ("up", r"(?:to(?:wards?)? the )?above", r"up(?:wards?)?", r"higher"),
    "below": ("down", r"(?:to(?:wards?)? the )?below", r"down(?:wards?)?", r"lower"),
})  # fmt: skip
CAMERA_DIRECTIONS = Phrases({
    "left": ("to the left", r"(?:to(?:wards?)? the )?left(?: side)?", r"leftwards?"),
    "right": ("to the right", r"(?:to(?:wards?)? the )?right(?: side)?", r"rightwards?"),
    "forward": ("forward", r"forwards?"),
    "backward": ("backward", r"back(?:wards?)?"),
    "up": ("up", r"up(?:wards?)?"),
    "down": ("down", r"down(?:wards?)?"),
})  # fmt: skip
TURNS = Phrases({
    "clockwise": ("clockwise", r"(?:to the )?right", r"in a clockwise direction"),
    "counterclockwise": (
        "counterclockwise",
        r"(?:counter|anti)-?\s?clockwise",
        r"(?:to the )?left",
        r"in an? (?:counter|anti)-?clockwise direction",
    ),
})  # fmt: skip
RELATIONS = Phrases({
    "left": ("to the left of",),
    "right": ("to the right of",),
    "front": ("in front of", "to the front of"),
    "behind": ("behind",),
    "above": ("above",),
    "below": ("below",),
})  # fmt: skip
# Where on a receptacle -> the direction from its centre as the camera sees it.
SPOTS = Phrases({
    "center": ("center", "centre", "middle"),
    "left": ("left edge", "leftmost edge"),
    "right": ("right edge", "rightmost edge"),
    "front": ("front edge", "(?:front )?edge nearest to the camera"),
    "behind": ("back edge", "(?:back )?edge farthest from the camera"),
    "edge": ("edge",),
})  # fmt: skip

OBJECT, OTHER = r"(?P<object>.+?)", r"(?P<other>[^.;]+?)"
# The left of the camera, which is meant anyway.
VIEWPOINT = (
    r"(?: (?:(?:relative to|in|from) the (?:camera(?:'s)?|viewer's) (?:view|frame|perspective)"
    rf"|relative to {_VIEWER}|as you see it|as seen from your viewpoint))?"
)


def shape(
    pattern: str, build: Build, object_places: Places = "any", other_places: Places = "any", *, definite: bool = False
) -> Shape:
    """A sentence that is understood, in whatever case it is written."""
    return Shape(re.compile(pattern, re.IGNORECASE), build, object_places, other_places, definite)


def noun(name: str) -> str:
    """A name without its article."""
    return re.sub(r"^(?:the|a|an) ", "", name, flags=re.IGNORECASE)


def about_an_object(build: Build) -> Build:
    """The same for sentences whose object must not be the camera, which has operations of its own."""

    def checked(match: Match) -> Operation | NotUnderstood:
        if re.fullmatch(CAMERA, match["object"], re.IGNORECASE):
            return NotUnderstood(match["object"], "what the camera should do is not said in words that are known")
        return build(match)

    return checked
