"""The sentences of the reference's generators: those of its tables, those of its rooms, and those of its photographs.

Keys and slots as in `writer`, and {c}: whole centimetres, {m}: metres as a decimal number. Each begins with a word that the
released evaluation reads as the operation, and a camera that is no view edit's stands behind "to the" or "from the". What
one of the generators never asks is taken from the other one. "0.75 times smaller", which the tables' generator writes for
three quarters of the size, has two meanings and is left out.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["PHOTOS", "ROOMS", "TABLES"]


def _moved(side: str) -> tuple[str, ...]:
    return (
        f"Move {{t}} {{c}} centimeters to the {side}",
        f"Shift {{t}} {{c}} cm to the {side}",
        f"Relocate {{t}} {{c}} centimeters to the {side}",
        f"Move {{t}} {side}ward by {{c}} centimeters",
    )


def _turned(turn: str, side: str) -> tuple[str, ...]:
    return (
        f"Rotate {{t}} {{a}} degrees {turn}",
        f"Turn {{t}} {{a}} degrees to the {side}",
        f"Spin {{t}} {{a}} degrees {turn}",
        f"Rotate {{t}} {turn} by {{a}} degrees",
    )


# Four ways to say each of the three operations on tables; three for a size.
_TABLES: Mapping[str, tuple[str, ...]] = {
    "move/left": _moved("left"),
    "move/right": _moved("right"),
    "move/behind": (
        "Move {t} {c} centimeters away from the viewpoint",
        "Push {t} {c} cm toward the far end of the table",
        "Move {t} forward by {c} centimeters",
        "Shift {t} {c} centimeters away from you",
    ),
    "move/front": (
        "Move {t} {c} centimeters toward the viewpoint",
        "Pull {t} {c} cm toward you",
        "Move {t} backward by {c} centimeters",
        "Shift {t} {c} centimeters closer to you",
    ),
    "rotate/clockwise": _turned("clockwise", "right"),
    "rotate/counterclockwise": _turned("counterclockwise", "left"),
    "scale/up": ("Scale up {t} by {p}%", "Increase the size of {t} by {p}%", "Enlarge {t} by {p} percent"),
    "scale/down": ("Scale down {t} by {p}%", "Reduce the size of {t} by {p}%", "Shrink {t} by {p} percent"),
}
_SPOTS = {
    "center": "center",
    "left": "leftmost edge",
    "right": "rightmost edge",
    "front": "edge nearest to the camera",
    "behind": "edge farthest from the camera",
}
_RELATIONS = {"left": "to the left of", "right": "to the right of", "front": "in front of", "behind": "behind"}
_WAYS = {"left": "left", "right": "right", "behind": "forward", "front": "back"}
_TRAVELS = {"left": "to the left", "right": "to the right", "forward": "forward", "backward": "backward"}
# One sentence for each of the operations in rooms.
_ROOMS: Mapping[str, tuple[str, ...]] = {
    **{f"move/{key}": (f"Move {{t}} {{c}} centimeters {way} relative to the camera view",) for key, way in _WAYS.items()},
    **{
        f"relate/{key}": (f"Move {{t}}'s center {words} {{r}}'s center by {{c}} centimeters, relative to the camera view",)
        for key, words in _RELATIONS.items()
    },
    "rotate/clockwise": ("Rotate {t} {a} degrees clockwise",),
    "rotate/counterclockwise": ("Rotate {t} {a} degrees counter-clockwise",),
    **{f"place/{key}": (f"Move {{t}} to the {spot} of {{r}}",) for key, spot in _SPOTS.items()},
    "remove": ("Remove {t}",),
    **{f"travel/{key}": (f"Move the camera {way} by {{m}} meters",) for key, way in _TRAVELS.items()},
    **{f"pan/{side}": (f"Rotate the camera {{a}} degrees to the {side}",) for side in ("left", "right")},
    **{f"pan/{way}": (f"Look {way} by {{a}} degrees",) for way in ("up", "down")},
}
TABLES: Mapping[str, tuple[str, ...]] = {**_ROOMS, **_TABLES}
ROOMS: Mapping[str, tuple[str, ...]] = {**_TABLES, **_ROOMS}

# One sentence for each operation of the split of photographs. "To the behind" is the reference's own.
_KEPT = ", while keeping other objects unchanged"
_PHOTOS: Mapping[str, tuple[str, ...]] = {
    **{f"move/{key}": (f"Move {{t}} {{c}} centimeters to the {key}{_KEPT}",) for key in ("left", "right", "front", "behind")},
    **{
        f"rotate/{sense}": (f"Rotate {{t}} {{a}} degrees {sense} along its vertical axis{_KEPT}",)
        for sense in ("clockwise", "counterclockwise")
    },
    "scale/up": ("Enlarge {t} by {p} percent",),
    "scale/down": ("Shrink {t} by {p} percent",),
    "remove": (f"Remove {{t}} from the scene{_KEPT}",),
}
PHOTOS: Mapping[str, tuple[str, ...]] = {**ROOMS, **_PHOTOS}
