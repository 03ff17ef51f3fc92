"""English instructions, and how they are drawn together with the Chinese ones of `wording_zh`.

Every pattern says one thing only and begins with a word that the reference's evaluator reads as its operation. Slots:
{t} target, {r} other thing, {d} distance, {a} degrees, {p} percent, {f} factor.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from gsi_bench_builders.edits import wording_zh

if TYPE_CHECKING:
    from gsi_bench_builders.edits.naming import Name

__all__ = ["PATTERNS", "amounts", "centimetres", "other_slots", "say", "target_slots"]

# Slot -> (English, Chinese), or one text for both.
Slots: TypeAlias = Mapping[str, "str | tuple[str, str]"]

_PLEASE_SHARE, _TAIL_SHARE = 0.25, 0.35
_TAILS = (
    ", while keeping everything else unchanged",
    ", while keeping all other objects unchanged",
    " and leave everything else as it is",
    ", leaving all other objects untouched",
    ", keeping the rest of the scene the same",
)


def _sideways(side: str) -> tuple[str, ...]:
    return (
        f"Move {{t}} {{d}} to the {side}",
        f"Shift {{t}} {{d}} to the {side}",
        f"Push {{t}} {{d}} to the {side}",
        f"Move {{t}} to the {side} by {{d}}",
        f"Relocate {{t}} {{d}} to the {side}",
        f"Shift {{t}} {side}ward by {{d}}",
        f"Move {{t}} {side} by {{d}}",
    )


def _related(relation: str) -> tuple[str, ...]:
    # The frame is said, because a laptop or a chair has a front of its own; what is measured is said too.
    return (
        f"Move {{t}} so that its center is {{d}} {relation} the center of {{r}} from the viewer's perspective",
        f"Place {{t}} with its center {{d}} {relation} the center of {{r}} as you see it",
        f"Shift {{t}} until its center is {{d}} {relation} the center of {{r}}, as seen from your viewpoint",
        f"Put {{t}} {{d}} {relation} {{r}}, measured from center to center, as you see it",
        f"Relocate {{t}} to a spot {{d}} {relation} {{r}}, measured between their centers, from the viewer's perspective",
        f"Move {{t}} {{d}} {relation} {{r}}, center to center, as seen from your viewpoint",
    )


def _placed(spot: str) -> tuple[str, ...]:
    return (
        f"Move {{t}} to the {spot} of {{r}}",
        f"Shift {{t}} to the {spot} of {{r}}",
        f"Relocate {{t}} to the {spot} of {{r}}",
        f"Place {{t}} at the {spot} of {{r}}",
        f"Put {{t}} at the {spot} of {{r}}",
        f"Put {{t}} on the {spot} of {{r}}",
    )


def _turned(sense: str) -> tuple[str, ...]:
    return (
        f"Rotate {{t}} {{a}} degrees {sense}",
        f"Turn {{t}} {{a}} degrees {sense}",
        f"Spin {{t}} {sense} by {{a}} degrees",
        f"Rotate {{t}} {sense} by {{a}} degrees, as seen from above",
        f"Turn {{t}} by {{a}} degrees {sense} about its vertical axis",
        f"Rotate {{t}} {{a}} degrees {sense} when viewed from above",
    )


def _travelled(way: str, adverb: str, tails: tuple[str, str, str] = ("", "", "")) -> tuple[str, ...]:
    # A pitched camera could go forward along its view or along the ground: `tails` settle it.
    return (
        f"Move the camera {way} by {{d}}{tails[0]}",
        f"Move the camera {{d}} {way}{tails[1]}",
        f"Shift the camera {{d}} {way}{tails[2]}",
        f"Slide the camera {adverb} by {{d}}{tails[0]}",
        f"Change the view by moving the camera {{d}} {way}{tails[1]}",
        f"View the scene with the camera moved {{d}} {way}{tails[2]}",
    )


def _panned(way: str, verb: str) -> tuple[str, ...]:
    return (
        f"Rotate the camera {{a}} degrees {way}",
        f"Turn the camera {way} by {{a}} degrees",
        f"{verb} the camera {{a}} degrees {way}",
        f"Change the view by turning the camera {{a}} degrees {way}",
        f"Look {way} by {{a}} degrees",
        f"View the scene with the camera turned {{a}} degrees {way}",
    )


_TOWARDS = (
    "Move {t} {d} closer to you",
    "Shift {t} {d} toward you",
    "Pull {t} {d} toward you",
    "Move {t} toward you by {d}",
    "Pull {t} closer to you by {d}",
    "Move {t} {d} toward the viewer",
)
_AWAY = (
    "Move {t} {d} away from you",
    "Push {t} {d} away from you",
    "Shift {t} {d} farther away from you",
    "Move {t} away from you by {d}",
    "Push {t} farther away from you by {d}",
    "Move {t} {d} away from the viewer",
)
_LEVEL = (" at the same height", " without changing its height", " along the ground")
_ON = (
    "Put {t} on {r}",
    "Place {t} on {r}",
    "Put {t} onto {r}",
    "Place {t} on top of {r}",
    "Move {t} onto {r}",
    "Relocate {t} onto {r}",
)
_IN = (
    "Put {t} in {r}",
    "Place {t} in {r}",
    "Put {t} into {r}",
    "Place {t} inside {r}",
    "Move {t} into {r}",
    "Relocate {t} into {r}",
)
_HALF_TURN = (
    "Rotate {t} 180 degrees",
    "Turn {t} by 180 degrees",
    "Spin {t} 180 degrees",
    "Rotate {t} by 180 degrees about its vertical axis",
    "Turn {t} 180 degrees around its vertical axis",
    "Spin {t} by 180 degrees around its vertical axis",
)
# "1.5 times larger" is 2.5 times the size to some; these are not.
_LARGER = (
    "Scale up {t} by {p}%",
    "Increase the size of {t} by {p}%",
    "Enlarge {t} by {p} percent",
    "Make {t} {p}% larger",
    "Scale {t} by a factor of {f}",
    "Resize {t} to {f} times its original size",
    "Enlarge {t} to {f} times its original size",
)
_SMALLER = (
    "Scale down {t} by {p}%",
    "Reduce the size of {t} by {p}%",
    "Shrink {t} by {p} percent",
    "Make {t} {p}% smaller",
    "Scale {t} by a factor of {f}",
    "Resize {t} to {f} times its original size",
    "Shrink {t} to {f} times its original size",
)
_REMOVED = (
    "Remove {t}",
    "Remove {t} from the scene",
    "Remove {t} from the picture",
    "Remove {t} from the image",
    "Remove {t} completely",
    "Remove {t} entirely",
)

PATTERNS: Mapping[str, tuple[str, ...]] = {
    "move/left": _sideways("left"),
    "move/right": _sideways("right"),
    "move/front": _TOWARDS,
    "move/behind": _AWAY,
    "relate/left": _related("to the left of"),
    "relate/right": _related("to the right of"),
    "relate/front": _related("in front of"),
    "relate/behind": _related("behind"),
    "place/on": _ON,
    "place/in": _IN,
    "place/center": _placed("center"),
    "place/left": _placed("left edge"),
    "place/right": _placed("right edge"),
    "place/front": _placed("front edge"),
    "place/behind": _placed("back edge"),
    "rotate/clockwise": _turned("clockwise"),
    "rotate/counterclockwise": _turned("counterclockwise"),
    "rotate/half": _HALF_TURN,
    "scale/up": _LARGER,
    "scale/down": _SMALLER,
    "remove": _REMOVED,
    "travel/left": _travelled("to the left", "left"),
    "travel/right": _travelled("to the right", "right"),
    "travel/forward": _travelled("forward", "forward", _LEVEL),
    "travel/backward": _travelled("backward", "back", _LEVEL),
    "travel/up": _travelled("up", "upward"),
    "travel/down": _travelled("down", "downward"),
    "pan/left": _panned("to the left", "Pan"),
    "pan/right": _panned("to the right", "Pan"),
    "pan/up": _panned("up", "Tilt"),
    "pan/down": _panned("down", "Tilt"),
}


def say(key: str, slots: Slots, rng: np.random.Generator) -> tuple[str, str]:
    """An English and a Chinese sentence, each drawn from the patterns of `key`, perhaps polite, perhaps with a tail.

    Tails say that all else stays as it is: not where the view changes or where the target takes its load along.
    """
    plain = key.startswith(("travel/", "pan/")) or "load" in slots
    texts = []
    for language, patterns, tails in ((0, PATTERNS, _TAILS), (1, wording_zh.PATTERNS, wording_zh.TAILS)):
        pattern = patterns[key][int(rng.integers(len(patterns[key])))]
        polite, tailed = rng.random() < _PLEASE_SHARE, rng.random() < _TAIL_SHARE and not plain
        tail = tails[int(rng.integers(len(tails)))] if tailed else ""
        filled = pattern.format(**{name: s if isinstance(s, str) else s[language] for name, s in slots.items()})
        texts.append((_polite(filled) if language == 0 else f"请{filled}") + tail if polite else filled + tail)
    return f"{texts[0]}.", f"{texts[1]}。"


def _polite(sentence: str) -> str:
    return f"Please {sentence[0].lower()}{sentence[1:]}"


def target_slots(name: Name, load: str | None) -> dict[str, str | tuple[str, str]]:
    """{t}; `load` is the word for what the target takes along ("on", "in"), None for nothing."""
    if load is None:
        return {"t": (name.en, name.zh)}
    where = {"on": "上面", "in": "里面"}[load]
    return {"t": (f"{name.en} together with everything {load} it", f"{name.zh}连同{where}的东西一起"), "load": load}


def other_slots(name: Name) -> dict[str, str | tuple[str, str]]:
    """{r}."""
    return {"r": (name.en, name.zh)}


def centimetres(distance_cm: int, rng: np.random.Generator) -> dict[str, str | tuple[str, str]]:
    """{d}, the unit written out or not."""
    return {"d": (f"{distance_cm} {('cm', 'centimeters')[int(rng.integers(2))]}", f"{distance_cm}厘米")}


def amounts(factor: float) -> dict[str, str | tuple[str, str]]:
    """{p}: the change in percent, {f}: the factor, {q}: the new size in percent of the old.

    Raises:
        ValueError: the change is no whole percent, so that the words would not say what is done.
    """
    percent = round(factor * 100)
    if factor <= 0 or percent == 100 or percent / 100 != factor:
        raise ValueError(f"factor: expected a whole percent other than 100, above 0; found {factor}")
    return {"p": str(abs(percent - 100)), "f": f"{factor:g}", "q": str(percent)}
