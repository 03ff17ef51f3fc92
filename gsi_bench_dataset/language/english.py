"""Strict parser of English instructions: words -> `Operation`, or None where the words are not fully understood.

The whole sentence must match one known shape, from its first verb to its last word; a sentence that merely contains
familiar words ("Turn off the lamp", "Make the cup red") is not understood. Nothing is guessed: numbers that the words do
not fix stay None. The re-parse of the reference's evaluator, with its quirks, is another thing and lives in the metric.

Directions are seen from the camera: `front` is towards it, `behind` away from it ("forward" pushes an object away, as the
benchmark's generators use the word). `clockwise` is seen from above, and a turn "to the right" is clockwise.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from gsi_bench_dataset.records import Operation

__all__ = ["Shape", "first_fitting", "parse"]

# A sentence, and what it means: None where its numbers make no sense.
Shape = tuple[re.Pattern[str], Callable[[re.Match[str]], Operation | None]]

# An instruction is a sentence; matching a book against the shapes below would take minutes.
_LONGEST = 1000
_WORD_NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_NUMBER = r"(?P<number>\d+(?:\.\d+)?|\.\d+|" + "|".join(_WORD_NUMBERS) + ")"
_DISTANCE = _NUMBER + r"\s*(?P<unit>mm|cm|m|millimet(?:er|re)s?|centimet(?:er|re)s?|met(?:er|re)s?)"
_ANGLE = _NUMBER + r"\s*(?:degrees?|deg|°)"
_PERCENT = r"(?P<number>\d+(?:\.\d+)?)\s*(?:%|percent|per cent)"
_VIEWER = r"(?:the camera|the viewpoint|the viewer|the observer|you|me)"
_PLEASE = re.compile(r"^please\b[,\s]*", re.IGNORECASE)
_UNCHANGED = re.compile(
    r"[\s,.;]*\b(?:while\s+|and\s+)?(?:keep(?:ing)?|leav(?:e|ing))\s+(?:(?:all\s+)?(?:the\s+)?(?:other|others|rest|remaining|"
    r"background)\b|everything\s+else\b)[^.;]*\b(?:unchanged|intact|untouched|the same|as (?:it|they) (?:is|are))\s*\.?$",
    re.IGNORECASE,
)
# A second instruction inside what would be the object's name.
_SECOND = re.compile(
    r"[.;!?]\s|\b(?:and|then)\s+(?:then\s+)?(?:move|shift|put|place|push|pull|rotate|turn|spin|scale|resize|make|shrink|reduce|"
    r"enlarge|expand|increase|remove|delete|take|look|view)\b",
    re.IGNORECASE,
)

# What an object's name cannot hold: an amount (the part of an instruction that no shape took), or a dangling end of one.
_LEFTOVER = re.compile(
    r"\d\s*(?:mm|cm|m|millimet(?:er|re)s?|centimet(?:er|re)s?|met(?:er|re)s?|degrees?|deg|percent|times)\b|\d\s*[%°]"
    r"|\b(?:to|towards?|by|of|from|at|in|on|the|a|an|forwards?|backwards?|(?:left|right|up|down)wards?|up|down|closer)$",
    re.IGNORECASE,
)

# Direction -> the phrases that mean it, for objects. "to the back" is left out: it is used for both senses.
_DIRECTIONS = {
    "left": (r"(?:to(?:wards?)? the )?left(?: side)?", r"leftwards?"),
    "right": (r"(?:to(?:wards?)? the )?right(?: side)?", r"rightwards?"),
    "front": (
        r"to(?:wards?)? the front",
        r"frontwards?",
        r"back(?:wards?)?",
        rf"(?:(?:closer|nearer) )?to(?:wards?)? {_VIEWER}",
    ),
    "behind": (
        r"(?:to(?:wards?)? the )?behind",
        r"forwards?",
        rf"(?:(?:farther|further) )?(?:away )?from {_VIEWER}",
        r"to(?:wards?)? the far end of the \w+",
    ),
    "above": (r"(?:to(?:wards?)? the )?above", r"up(?:wards?)?", r"higher"),
    "below": (r"(?:to(?:wards?)? the )?below", r"down(?:wards?)?", r"lower"),
}
_CAMERA_DIRECTIONS = {
    "left": _DIRECTIONS["left"],
    "right": _DIRECTIONS["right"],
    "forward": (r"forwards?",),
    "backward": (r"back(?:wards?)?",),
    "up": (r"up(?:wards?)?",),
    "down": (r"down(?:wards?)?",),
}
_TURNS = {
    "clockwise": (r"clockwise", r"(?:to the )?right"),
    "counterclockwise": (r"counter-?\s?clockwise", r"anti-?\s?clockwise", r"(?:to the )?left"),
}
_RELATIONS = {
    "left": r"to the left of",
    "right": r"to the right of",
    "front": r"(?:in front of|to the front of)",
    "behind": r"behind",
    "above": r"above",
    "below": r"below",
}
# Where on a receptacle -> the direction from its centre as the camera sees it.
_SPOTS = {
    "center": r"(?:cent(?:er|re)|middle)",
    "front": r"(?:(?:front )?edge nearest to the camera|front edge)",
    "behind": r"(?:(?:back )?edge farthest from the camera|back edge)",
    "left": r"(?:leftmost|left) edge",
    "right": r"(?:rightmost|right) edge",
    "edge": r"edge",
}
_MOVE_VERBS = r"(?:move|shift|relocate|slide|push|pull|drag|put|place)"
_CAMERA_VIEW = (
    r"(?: (?:(?:relative to|in|from) the (?:camera(?:'s)?|viewer's) (?:view|frame|perspective)"
    r"|as you see it|as seen from your viewpoint))?"
)
_ABOUT_VERTICAL = r"(?: (?:along|about|around) (?:its|the) (?:vertical|y|up) ?-?axis)?(?: (?:as seen|when viewed) from above)?"
# A pitched camera can go forward along its view or along the ground.
_LEVEL = r"(?: (?:at the same height|without changing its height|along the ground))?"


def parse(prompt: str) -> Operation | None:
    """The operation that a sentence asks for, or None if any part of it is not understood.

    `distance_m` is the length of the move; only where the words place the target relative to another object ("10 cm in
    front of the bowl": `reference` set and `frame` camera) it is the distance from that object. A `place` tells the spot
    on its receptacle in `direction`: center, front, behind, left, right, edge (any), or None (anywhere on it).

    >>> operation = parse("Move the mug 15 cm to the left, while keeping other objects unchanged.")
    >>> operation.kind, operation.direction, operation.distance_m
    ('move', 'left', 0.15)
    >>> parse("Make the cup 2.0 times smaller.").factor
    0.5
    >>> parse("Turn off the lamp.") is None
    True
    """
    if len(prompt) > _LONGEST:
        return None
    return first_fitting(_normalise(prompt), _SHAPES, _is_name)


def first_fitting(text: str, shapes: Iterable[Shape], is_name: Callable[[str | None], bool]) -> Operation | None:
    """What the first sentence shape makes of a bare sentence that fits it, has names for its things and means something."""
    for shape, build in shapes:
        match = shape.fullmatch(text)
        if match is None or not all(is_name(match.groupdict().get(group)) for group in ("object", "other")):
            continue
        operation = build(match)
        if operation is not None:
            return operation
    return None


def _is_name(words: str | None) -> bool:
    return words is None or not (_SECOND.search(words) or _LEFTOVER.search(words))


def _normalise(prompt: str) -> str:
    """The bare sentence: no "please", no captions in parentheses, no clause about what stays, no commas."""
    text = " ".join(prompt.split())
    # Captions are free text and may nest; they may say anything, "left" and "camera" included.
    while (shorter := re.sub(r"\s*\([^()]*\)", "", text)) != text:
        text = shorter
    text = _UNCHANGED.sub("", _PLEASE.sub("", text))
    return " ".join(text.replace(",", " ").split()).rstrip(" .!")


def _one_of(phrases: Mapping[str, Sequence[str]], name: str) -> str:
    return f"(?P<{name}>" + "|".join(p for group in phrases.values() for p in group) + ")"


def _meaning(phrases: Mapping[str, Sequence[str]], words: str) -> str:
    for meaning, group in phrases.items():
        if any(re.fullmatch(p, words, re.IGNORECASE) for p in group):
            return meaning
    raise AssertionError(f"{words!r} matched a shape but none of its phrases")


def _number(match: re.Match[str]) -> float:
    word = match["number"].lower()
    return float(_WORD_NUMBERS.index(word) + 1) if word in _WORD_NUMBERS else float(word)


def _metres(match: re.Match[str]) -> float | None:
    if match.groupdict().get("number") is None:
        return None
    unit = match["unit"].lower()
    # Division, not multiplication by 0.01: 15 / 100 is the float that "0.15" means.
    return _number(match) / (1000 if unit.startswith("mi") or unit == "mm" else 100 if unit.startswith("c") else 1)


def _camera(match: re.Match[str]) -> bool:
    return re.fullmatch(r"(?:the )?(?:camera|viewpoint)", match["object"], re.IGNORECASE) is not None


def _move(match: re.Match[str]) -> Operation | None:
    if _camera(match):
        return None
    groups = match.groupdict()
    words = groups.get("direction")
    other = groups.get("other")
    if words is None and re.search(r"\bto(?:wards?)? the \w+$", match["object"], re.IGNORECASE):
        return None  # "the cup forward to the left by 10 cm": a direction that no shape took
    return Operation(
        kind="move",
        direction=_meaning(_DIRECTIONS, words) if words else None,
        distance_m=_metres(match),
        frame="object" if other else "camera" if words else None,
        reference=_noun(other) if other else None,
    )


def _lift(match: re.Match[str]) -> Operation | None:
    if _camera(match):
        return None
    direction = "below" if match["verb"].lower() == "lower" else "above"
    return Operation(kind="move", direction=direction, distance_m=_metres(match), frame="camera")


def _relate(match: re.Match[str]) -> Operation | None:
    if _camera(match):
        return None
    relation = _meaning({name: (p,) for name, p in _RELATIONS.items()}, match["relation"])
    reference = _noun(match["other"])
    return Operation(kind="move", direction=relation, distance_m=_metres(match), frame="camera", reference=reference)


def _to_position(match: re.Match[str]) -> Operation | None:
    return None if _camera(match) else Operation(kind="move", reference=_noun(match["other"]))


def _place(match: re.Match[str]) -> Operation | None:
    if _camera(match):
        return None
    spot = match.groupdict().get("spot")
    direction = _meaning({name: (p,) for name, p in _SPOTS.items()}, spot) if spot else None
    frame = "camera" if direction in ("left", "right", "front", "behind") else None
    return Operation(kind="place", direction=direction, frame=frame, receptacle=_noun(match["other"]))


def _rotate(match: re.Match[str]) -> Operation | None:
    if _camera(match):
        return None
    turn = match.groupdict().get("turn")
    return Operation(kind="rotate", direction=_meaning(_TURNS, turn) if turn else None, angle_deg=_number(match))


def _remove(match: re.Match[str]) -> Operation | None:
    return None if _camera(match) else Operation(kind="remove")


def _scale(factor: Callable[[re.Match[str]], float]) -> Callable[[re.Match[str]], Operation | None]:
    def build(match: re.Match[str]) -> Operation | None:
        value = factor(match)
        return Operation(kind="scale", factor=value) if value > 0 and not _camera(match) else None

    return build


def _times(match: re.Match[str]) -> float:
    """'1.5 times larger' is 1.5, '2 times smaller' and '0.5 times smaller' are both half; '0.5 times larger' is nothing."""
    number = _number(match)
    if match["sense"].lower() == "smaller":
        return 1 / number if number > 1 else number
    return number if number >= 1 else 0


def _fraction(match: re.Match[str]) -> float:
    names = {"half": 0.5, "a half": 0.5, "a third": 1 / 3, "one third": 1 / 3, "a quarter": 0.25, "one quarter": 0.25}
    return names.get(match["fraction"].lower(), 2.0)


def _travel(match: re.Match[str]) -> Operation:
    direction = _meaning(_CAMERA_DIRECTIONS, match["direction"])
    return Operation(kind="view", direction=direction, distance_m=_metres(match), frame="camera")


def _pan(match: re.Match[str]) -> Operation:
    words = match.groupdict().get("direction")
    direction = _meaning(_CAMERA_DIRECTIONS, words) if words else None
    number = _number(match) if match.groupdict().get("number") else None
    return Operation(kind="view", direction=direction, angle_deg=number, frame="camera" if direction else None)


def _noun(words: str) -> str:
    return re.sub(r"^(?:the|a|an) ", "", words, flags=re.IGNORECASE)


def _shapes() -> list[Shape]:
    """Sentence shapes in order of preference; the first that matches the whole sentence and builds wins."""
    obj, other = r"(?P<object>.+?)", r"(?P<other>(?:the |a |an )?[^,.;]+?)"
    to = _one_of(_DIRECTIONS, "direction")
    camera_to = _one_of(_CAMERA_DIRECTIONS, "direction")
    turn = _one_of(_TURNS, "turn")
    relation = "(?P<relation>" + "|".join(_RELATIONS.values()) + ")"
    spot = "(?P<spot>" + "|".join(_SPOTS.values()) + ")"
    anchored = rf"(?: (?:referencing|relative to|with respect to) {other})?"
    camera = r"(?:the )?(?:camera|viewpoint)"
    sideways = r"(?P<direction>(?:to the )?(?:left|right)|up(?:wards?)?|down(?:wards?)?)"
    by_way_of = r"change ?(?:the )?view by"
    turning = r"(?:rotat(?:e|ing)|turn(?:ing)?|pan(?:ning)?|tilt(?:ing)?)"
    bigger, smaller = "(?:scale up|enlarge|expand|increase)", "(?:scale down|shrink|reduce)"
    size = r"(?:the (?:size|scale) of )?"
    times_its_size = r"(?P<number>\d+(?:\.\d+)?) times its (?:original )?size"
    shapes: list[tuple[str, Callable[[re.Match[str]], Operation | None]]] = [
        # The view: "the camera" is the whole object of the verb, so a security camera or one on a shelf stays an object.
        (rf"(?:move|shift|slide) {camera} {camera_to} by {_DISTANCE}{_LEVEL}", _travel),
        (rf"(?:(?:move|shift|slide)|{by_way_of} moving) {camera} (?:by )?{_DISTANCE} {camera_to}{_LEVEL}", _travel),
        (rf"view the scene with the camera moved {_DISTANCE} {camera_to}{_LEVEL}", _travel),
        (rf"view the scene with the camera turned {_ANGLE} {sideways}", _pan),
        (rf"{turning} {camera} (?:by )?{_ANGLE}(?: {sideways})?", _pan),
        (rf"{turning} {camera} {sideways}(?: by)? {_ANGLE}", _pan),
        (rf"{by_way_of} {turning} {camera} (?:by )?{_ANGLE} {sideways}", _pan),
        (rf"look {sideways} by {_ANGLE}", _pan),
        # Moves. Camera wording first, so that "relative to the camera view" is a frame and not an object.
        (rf"{_MOVE_VERBS} {obj} (?:by )?{_DISTANCE} {to}{_CAMERA_VIEW}", _move),
        (rf"{_MOVE_VERBS} {obj} {to} by {_DISTANCE}{_CAMERA_VIEW}", _move),
        (rf"(?P<verb>lift|raise|lower) {obj} (?:up |down )?by {_DISTANCE}", _lift),
        (rf"{_MOVE_VERBS} {obj} to the (?:position|place|location) of {other}", _to_position),
        (rf"{_MOVE_VERBS} {obj} to the {spot} of {other}", _place),
        (rf"(?:put|place) {obj} (?:at|on|in) the {spot} of {other}", _place),
        (
            rf"{_MOVE_VERBS} {obj}'s cent(?:er|re) {relation} {other}'s cent(?:er|re) by {_DISTANCE}{_CAMERA_VIEW}",
            _relate,
        ),
        (
            rf"{_MOVE_VERBS} {obj} (?:so that its cent(?:er|re) is|until its cent(?:er|re) is|with its cent(?:er|re))"
            rf" {_DISTANCE} {relation} the cent(?:er|re) of {other}{_CAMERA_VIEW}",
            _relate,
        ),
        (
            rf"{_MOVE_VERBS} {obj} (?:to a (?:spot|place) )?{_DISTANCE} {relation} {other}"
            rf" (?:(?:measured from )?cent(?:er|re) to cent(?:er|re)|measured between their cent(?:er|re)s){_CAMERA_VIEW}",
            _relate,
        ),
        (rf"{_MOVE_VERBS} {obj} (?:by )?{_DISTANCE} {relation} {other}{_CAMERA_VIEW}", _relate),
        (rf"{_MOVE_VERBS} {obj} (?:by )?{_DISTANCE} {to}{anchored}", _move),
        (rf"{_MOVE_VERBS} {obj} {to} by {_DISTANCE}{anchored}", _move),
        (rf"{_MOVE_VERBS} {obj} {relation} {other}", _relate),
        (rf"{_MOVE_VERBS} {obj} {to}{_CAMERA_VIEW}", _move),
        (rf"{_MOVE_VERBS} {obj} by {_DISTANCE}", _move),
        (rf"(?:put|place) {obj} (?:on top of|onto|on|into|inside|in) {other}", _place),
        # "Move the cup on the plate" may speak of a cup that is there already; these say where to.
        (rf"(?:move|shift|relocate) {obj} (?:onto|into) {other}", _place),
        # Turns.
        (rf"(?:rotate|turn|spin) {obj} (?:by )?{_ANGLE} {turn}{_ABOUT_VERTICAL}", _rotate),
        (rf"(?:rotate|turn|spin) {obj} {turn} (?:by )?{_ANGLE}{_ABOUT_VERTICAL}", _rotate),
        (rf"(?:rotate|turn|spin) {obj} (?:by )?{_ANGLE}{_ABOUT_VERTICAL}", _rotate),
        # Sizes.
        (rf"{bigger} {size}{obj} by {_PERCENT}", _scale(lambda m: 1 + _number(m) / 100)),
        (rf"{smaller} {size}{obj} by {_PERCENT}", _scale(lambda m: 1 - _number(m) / 100)),
        (rf"make {obj} {_PERCENT} (?:larger|bigger)", _scale(lambda m: 1 + _number(m) / 100)),
        (rf"make {obj} {_PERCENT} smaller", _scale(lambda m: 1 - _number(m) / 100)),
        (
            rf"(?:scale|make) {obj} (?P<number>\d+(?:\.\d+)?) ?(?:times|x) (?P<sense>larger|bigger|smaller)",
            _scale(_times),
        ),
        (rf"(?:scale|resize) {obj} by a factor of (?P<number>\d+(?:\.\d+)?)", _scale(_number)),
        (rf"(?:scale|resize) {obj} to {times_its_size}", _scale(_number)),
        # "Enlarge it to half its size" says two things.
        (rf"enlarge {obj} to {times_its_size}", _scale(lambda m: _number(m) if _number(m) > 1 else 0)),
        (rf"(?:shrink|reduce) {obj} to {times_its_size}", _scale(lambda m: _number(m) if _number(m) < 1 else 0)),
        (rf"(?:scale|resize) {obj} to {_PERCENT} of its (?:original )?size", _scale(lambda m: _number(m) / 100)),
        (
            rf"(?:scale|resize|shrink|reduce|enlarge) {obj} to (?P<fraction>half|a half|an? third|one third|a quarter|one"
            r" quarter|twice|double) (?:of )?its (?:original )?size",
            _scale(_fraction),
        ),
        # Removals.
        (rf"(?:remove|delete|erase) {obj}", _remove),
        (rf"take away {obj}", _remove),
        (rf"take {obj} away", _remove),
    ]
    return [(re.compile(pattern, re.IGNORECASE), build) for pattern, build in shapes]


_SHAPES = _shapes()
