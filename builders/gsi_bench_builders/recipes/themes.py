"""What people keep on a table: for each theme its supports, what belongs in the middle of it, and what else may stand there.

A name that no kind is registered for yet is passed over; `missing_names` tells which.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from gsi_bench_builders.assets.library import kinds

__all__ = [
    "CARRIED",
    "FACING",
    "RECEPTACLES",
    "SQUARED",
    "THEMES",
    "Anchor",
    "Setting",
    "Theme",
    "missing_names",
    "names_of",
]


@dataclasses.dataclass(frozen=True)
class Anchor:
    """Something that a setting is about, and where it stands.

    Attributes:
        names: kinds that can play the part; one of them is drawn.
        right, away: its place in the used part of the support, each -1 … 1 (left to right, near to far).
        chance: that it is there at all.
    """

    names: tuple[str, ...]
    right: float
    away: float
    chance: float = 1.0


@dataclasses.dataclass(frozen=True)
class Setting:
    """What somebody is doing at the table, as seen from the things on it."""

    name: str
    anchors: tuple[Anchor, ...]


@dataclasses.dataclass(frozen=True)
class Theme:
    """A sort of table with what is found on it.

    Attributes:
        places: of the kinds that may fill it (`Kind.places`).
        style: of the room.
        width_m, depth_m, height_m: smallest and largest of the support.
        settings: one of them is drawn.
        fillers: kinds that come first when the table is filled up, ahead of all others of `places`.
        never: kinds of `places` that do not belong on this table.
    """

    name: str
    support: str
    support_zh: str
    places: tuple[str, ...]
    style: str
    width_m: tuple[float, float]
    depth_m: tuple[float, float]
    height_m: tuple[float, float]
    settings: tuple[Setting, ...]
    fillers: tuple[str, ...]
    never: tuple[str, ...] = ()


def _setting(name: str, *anchors: tuple[str, float, float] | tuple[str, float, float, float]) -> Setting:
    return Setting(name, tuple(Anchor(tuple(a[0].split("|")), *a[1:]) for a in anchors))


_DRINK = "mug|glass|cup|bottle|can"
_FRUIT = "apple|orange|banana|pear|lemon"

_ALL = (
    Theme(
        "dining",
        "dining table",
        "餐桌",
        ("dining",),
        "dining",
        (1.4, 1.9),
        (0.8, 0.95),
        (0.73, 0.76),
        (
            _setting("meal", ("plate", -0.1, -0.45), ("glass|mug", 0.55, 0.0), ("bottle|pitcher|carton", 0.1, 0.7),
                     ("bowl|basket|bread", -0.6, 0.35), ("fork|knife|spoon|napkin", -0.7, -0.5, 0.6)),
            _setting("tea", ("teapot", 0.05, 0.35), ("mug|cup", -0.45, -0.3), ("plate|tray", 0.4, -0.35),
                     ("vase|candle", -0.5, 0.7, 0.7), ("sugar bowl|bowl|jar", 0.7, 0.3, 0.7)),
            _setting("fruit", ("bowl|basket", 0.0, 0.25), (_FRUIT, 0.5, -0.3), (_FRUIT, -0.5, -0.35),
                     ("vase|bottle|plant", -0.65, 0.65, 0.7), ("glass|mug", 0.7, 0.35)),
        ),
        ("bread", "apple", "orange", "banana", "salt shaker", "pepper mill", "candle", "vase", "napkin", "glass", "bottle"),
        ("toaster", "pan", "pot", "kettle"),
    ),
    Theme(
        "coffee",
        "coffee table",
        "茶几",
        ("coffee", "living"),
        "coffee",
        (1.0, 1.3),
        (0.55, 0.7),
        (0.40, 0.46),
        (
            _setting("reading", ("book|magazine", -0.2, -0.35), ("mug|cup", 0.5, -0.2), ("vase|plant", -0.6, 0.65),
                     ("candle", 0.35, 0.5, 0.8), ("glasses|remote control", 0.1, -0.7, 0.8)),
            _setting("tray", ("tray|basket", -0.15, 0.2), ("mug|teapot", 0.6, 0.25), ("book|notebook", 0.45, -0.5),
                     ("candle|clock|camera", -0.65, -0.45)),
            _setting("evening", ("bowl|plate", 0.1, -0.2), ("bottle", -0.25, 0.65), ("glass", 0.55, 0.3),
                     ("remote control|toy car|toy|game controller", -0.55, -0.4), ("plant|vase|candle", 0.75, 0.7, 0.6)),
        ),
        ("candle", "book", "remote control", "mug", "vase", "camera", "plant", "clock", "glasses", "toy car", "teapot"),
        ("laptop", "shoe", "towel", "pillow", "cushion"),
    ),
    Theme(
        "kitchen",
        "kitchen counter",
        "厨房台面",
        ("kitchen",),
        "kitchen",
        (1.8, 2.4),
        (0.60, 0.66),
        (0.90, 0.92),
        (
            _setting("cutting", ("cutting board", -0.05, -0.4), ("bread|lemon|apple|orange|banana", 0.6, -0.45),
                     ("bowl", 0.55, 0.15), ("bottle|jar|carton", -0.25, 0.7), ("kettle|pot|toaster", -0.7, 0.5, 0.6)),
            _setting("breakfast", ("toaster|kettle", -0.5, 0.55), ("plate|bowl", 0.05, -0.4), ("carton|bottle", 0.35, 0.6),
                     ("mug|glass", 0.6, -0.1), ("bread|banana", -0.55, -0.4, 0.7)),
            _setting("cooking", ("pan|pot", 0.1, -0.15), ("can", -0.45, -0.4), ("bottle|pepper mill|salt shaker", 0.6, 0.5),
                     ("jar|carton|kettle", -0.55, 0.5), ("spoon|ladle|spatula", 0.6, -0.5, 0.6)),
        ),
        ("can", "bottle", "jar", "mug", "apple", "orange", "lemon", "bowl", "bread", "carton", "basket", "salt shaker"),
        ("laptop",),
    ),
    Theme(
        "desk",
        "desk",
        "书桌",
        ("desk",),
        "desk",
        (1.2, 1.6),
        (0.62, 0.78),
        (0.72, 0.75),
        (
            _setting("laptop", ("laptop", 0.0, 0.2), ("computer mouse", 0.55, -0.4), ("mug|cup|bottle|can", -0.65, -0.25),
                     ("desk lamp|plant", -0.75, 0.7, 0.6), ("notebook|phone|book", 0.8, 0.2, 0.6)),
            _setting("study", ("book|notebook", -0.05, -0.35), ("pencil cup", 0.5, 0.35), ("desk lamp", -0.6, 0.65),
                     ("mug|glass", 0.6, -0.3), ("clock", 0.1, 0.6, 0.8), ("calculator|glasses|stapler", -0.65, -0.4, 0.7)),
            _setting("keyboard", ("keyboard", -0.1, -0.35), ("computer mouse", 0.6, -0.4), ("plant|desk lamp", -0.6, 0.65),
                     ("speaker|clock|camera|picture frame", 0.45, 0.6), ("mug|cup", -0.8, 0.0)),
        ),
        ("mug", "pencil cup", "plant", "clock", "notebook", "book", "camera", "headphones", "phone", "stapler"),
        ("towel", "shoe"),
    ),
    Theme(
        "dressing",
        "dressing table",
        "梳妆台",
        ("dressing",),
        "dressing",
        (1.0, 1.3),
        (0.45, 0.55),
        (0.74, 0.78),
        (
            _setting("morning", ("perfume bottle|perfume|bottle", -0.2, -0.1), ("jewelry box|box|tray", 0.35, 0.1),
                     ("vase|plant", -0.65, 0.6), ("candle|clock", 0.65, 0.5), ("hairbrush|comb|lipstick", 0.0, -0.65, 0.8)),
            _setting("evening", ("candle", 0.0, 0.3), ("book|notebook", -0.45, -0.35), ("mug|glass|cup", 0.55, -0.3),
                     ("clock|camera|picture frame", 0.5, 0.6), ("vase|plant|desk lamp", -0.6, 0.65)),
        ),
        ("candle", "vase", "clock", "perfume bottle", "cream jar", "lipstick", "tissue box", "soap dispenser", "cup", "plant"),
        ("shoe",),
    ),
    Theme(
        "bathroom",
        "bathroom counter",
        "洗手台",
        ("bathroom",),
        "bathroom",
        (1.2, 1.6),
        (0.5, 0.6),
        (0.82, 0.88),
        (
            _setting("washing", ("soap dispenser", 0.3, 0.3), ("towel", -0.4, 0.1), ("cup|toothbrush cup|glass", 0.65, -0.1),
                     ("plant|vase|candle", -0.65, 0.65), ("soap|soap dish|toothpaste|brush", 0.1, -0.5, 0.9)),
        ),
        ("soap dispenser", "candle", "cup", "bottle", "toilet paper", "tissue box", "basket", "plant", "jar", "toothbrush"),
        (),
    ),
)  # fmt: skip

THEMES: Mapping[str, Theme] = {theme.name: theme for theme in _ALL}

_EATEN = ("apple", "orange", "pear", "lemon", "banana", "bread", "croissant", "tomato", "muffin")
# What is put on or into what.
CARRIED: Mapping[str, tuple[str, ...]] = {
    "bowl": ("apple", "orange", "pear", "lemon", "tomato"),
    "basket": ("apple", "orange", "bread", "banana", "pear", "towel"),
    "plate": (*_EATEN, "cake", "sandwich", "mug", "cup"),
    "cutting board": _EATEN,
    "tray": ("mug", "cup", "glass", "candle", "teapot", "bowl", "vase", "perfume bottle", "bottle", "jar", "soap", "apple"),
    "pan": ("tomato", "apple"),
    "book": ("mug", "cup", "candle", "glasses", "camera", "computer mouse", "apple"),
    "notebook": ("pencil", "phone", "glasses"),
    "jewelry box": ("candle", "camera"),
}

# Of these, what is there to carry others in the first place.
RECEPTACLES = frozenset(("bowl", "basket", "plate", "cutting board", "tray"))

# Things that are turned to whoever uses them; others lie as it happens.
FACING = frozenset(
    ("laptop", "keyboard", "computer mouse", "clock", "camera", "picture frame", "monitor", "speaker", "calculator", "toaster",
     "desk lamp", "radio", "tissue box", "phone", "jewelry box", "game controller", "printer")
)  # fmt: skip
# Things with straight sides that people lay along the table's edge, more or less.
SQUARED = frozenset(
    ("book", "notebook", "tray", "cutting board", "jewelry box", "carton", "towel", "magazine", "cereal box", "napkin")
)


def names_of(theme: Theme) -> list[str]:
    """All names of the theme's own table, sorted."""
    anchors = {name for setting in theme.settings for anchor in setting.anchors for name in anchor.names}
    return sorted(anchors | set(theme.fillers) | set(theme.never))


def missing_names() -> list[str]:
    """Names of the tables here that no kind is registered for, sorted."""
    named = {name for theme in THEMES.values() for name in names_of(theme)} | FACING | SQUARED
    named |= set(CARRIED) | {name for carried in CARRIED.values() for name in carried}
    return sorted(named - set(kinds()))
