"""What people keep on a table: for each theme its supports, what belongs in the middle of it, and what else may stand there.

A name that no kind is registered for yet is skipped; `missing_names` lists them.
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
    "USUAL_DEPTH",
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
    """What people do at the table, as the objects on it show."""

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
        limits: how many objects of a group of kinds come at most.
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
    limits: tuple[tuple[frozenset[str], int], ...] = ()


def _setting(name: str, *anchors: tuple[str, float, float] | tuple[str, float, float, float]) -> Setting:
    return Setting(name, tuple(Anchor(tuple(a[0].split("|")), *a[1:]) for a in anchors))


# Kinds that would be too many of a sort if each of them came by chance.
_DRINKS = frozenset(("mug", "cup", "glass", "wine glass", "can", "water bottle", "bottle", "pitcher", "carton"))
_VESSELS = frozenset(("mug", "cup", "glass", "wine glass"))
_FOOD = frozenset(
    ("apple", "orange", "banana", "pear", "lemon", "bread", "croissant", "cake", "donut", "muffin", "sandwich", "tomato")
)
_POTS = frozenset(("teapot", "moka pot", "kettle", "pitcher", "pot", "pan", "toaster"))
_FRUIT = "apple|orange|banana|pear|lemon"
_PASTRY = "croissant|donut|muffin|cake|sandwich"

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
            _setting("meal", ("plate", -0.1, -0.45), ("wine glass|glass|mug", 0.5, 0.05), ("bottle|pitcher|carton", 0.1, 0.7),
                     ("bowl|basket|bread", -0.6, 0.35), ("knife|spoon", 0.35, -0.5, 0.5), ("fork|napkin", -0.55, -0.5, 0.6)),
            _setting("tea", ("teapot", 0.05, 0.35), ("cup|mug", -0.45, -0.3), ("plate|tray", 0.4, -0.35),
                     ("vase|candle", -0.5, 0.7, 0.7), ("sugar bowl|jar", 0.7, 0.3, 0.7), (_PASTRY, -0.1, -0.5, 0.6)),
            _setting("breakfast", ("plate", 0.0, -0.4), (_PASTRY + "|bread", -0.55, -0.2), ("mug|cup", 0.5, -0.25),
                     ("carton|cereal box|moka pot|pitcher", 0.35, 0.6), ("jar|bowl", -0.35, 0.45, 0.8)),
            _setting("fruit", ("bowl|basket", 0.0, 0.25), (_FRUIT, 0.5, -0.3), (_FRUIT, -0.5, -0.35),
                     ("vase|bottle|pitcher", -0.65, 0.65, 0.7), ("glass|mug", 0.7, 0.35)),
        ),
        ("bread", "apple", "orange", "banana", "salt shaker", "pepper mill", "candle", "vase", "glass", "bottle", "wine glass"),
        ("toaster", "pan", "pot", "kettle", "cutting board", "water bottle", "tomato"),
        ((_VESSELS, 3), (_FOOD, 4), (_POTS, 1)),
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
            _setting("reading", ("book", -0.2, -0.35), ("mug|cup", 0.5, -0.2), ("vase|plant", -0.6, 0.65),
                     ("candle", 0.35, 0.5, 0.8), ("glasses|remote control|phone", 0.15, -0.7, 0.8)),
            _setting("tray", ("tray|basket", -0.15, 0.2), ("mug|teapot|cup", 0.6, 0.25), ("book|notebook", 0.45, -0.5),
                     ("candle|clock|camera", -0.65, -0.45)),
            _setting("evening", ("bowl|plate", 0.1, -0.2), ("bottle", -0.25, 0.65), ("glass", 0.55, 0.3),
                     ("remote control|toy car", -0.55, -0.4), ("plant|vase|candle", 0.75, 0.7, 0.6)),
        ),
        ("candle", "book", "remote control", "mug", "vase", "camera", "plant", "clock", "glasses", "toy car", "phone"),
        ("laptop", "shoe", "towel", "sugar bowl", "water bottle", "jewelry box", "speaker"),
        ((_DRINKS, 3), (_FOOD, 2), (_POTS, 1)),
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
            _setting("cutting", ("cutting board", -0.05, -0.4), ("bread|lemon|apple|orange|tomato", 0.6, -0.45),
                     ("bowl", 0.55, 0.15), ("bottle|jar|carton", -0.25, 0.7), ("kettle|pot|toaster", -0.7, 0.5, 0.6)),
            _setting("breakfast", ("toaster|kettle", -0.5, 0.55), ("plate|bowl", 0.05, -0.4), ("carton|cereal box", 0.35, 0.6),
                     ("mug|glass", 0.6, -0.1), ("bread|banana|croissant", -0.55, -0.4, 0.7)),
            _setting("cooking", ("pan|pot", 0.1, -0.15), ("can|tin|tomato", -0.45, -0.4), ("bottle|pepper mill", 0.6, 0.5),
                     ("jar|carton|paper towel", -0.55, 0.5), ("spoon|spatula", 0.6, -0.5, 0.6)),
            _setting("baking", ("rolling pin|bowl", 0.0, -0.5), ("bowl|tin|jar", -0.45, 0.1), ("carton|bottle", 0.25, 0.55),
                     ("basket|bread|cake", 0.6, 0.0), ("spatula|spoon", -0.65, -0.4, 0.6)),
        ),
        ("can", "bottle", "jar", "mug", "apple", "orange", "lemon", "bowl", "tomato", "carton", "basket", "salt shaker", "tin"),
        ("laptop", "cake", "sandwich"),
        ((_VESSELS, 2), (_FOOD, 3), (_POTS, 2)),
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
            _setting("laptop", ("laptop", 0.0, 0.2), ("computer mouse", 0.55, -0.4), ("mug|glass|can", -0.65, -0.25),
                     ("desk lamp|plant", -0.75, 0.7, 0.6), ("notebook|phone|book", 0.8, 0.2, 0.6)),
            _setting("study", ("book|notebook", -0.05, -0.35), ("pencil cup", 0.5, 0.35), ("desk lamp", -0.6, 0.65),
                     ("mug|glass", 0.6, -0.3), ("clock", 0.1, 0.6, 0.8), ("phone|glasses|stapler", -0.65, -0.4, 0.7)),
            _setting("keyboard", ("keyboard", -0.1, -0.35), ("computer mouse", 0.6, -0.4), ("plant|desk lamp", -0.6, 0.65),
                     ("speaker|clock|camera|picture frame", 0.45, 0.6), ("mug", -0.8, 0.0)),
        ),
        ("pencil cup", "plant", "clock", "notebook", "book", "camera", "headphones", "phone", "stapler", "speaker"),
        ("towel", "shoe", "cup"),
        ((_DRINKS, 2), (_FOOD, 1)),
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
            _setting("morning", ("perfume bottle", -0.2, -0.1), ("jewelry box|tray", 0.35, 0.1),
                     ("vase|plant", -0.65, 0.6), ("candle|clock", 0.65, 0.5), ("hairbrush|mug", 0.0, -0.65, 0.8)),
            _setting("evening", ("candle", 0.0, 0.3), ("book|notebook", -0.45, -0.35), ("mug|glass|cup", 0.55, -0.3),
                     ("clock|picture frame", 0.5, 0.6), ("vase|plant|desk lamp", -0.6, 0.65)),
        ),
        ("candle", "vase", "clock", "perfume bottle", "picture frame", "jewelry box", "tissue box", "soap dispenser", "plant"),
        ("shoe",),
        ((_DRINKS, 1),),
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
            _setting("washing", ("soap dispenser", 0.3, 0.3), ("towel", -0.4, 0.1), ("mug", 0.65, -0.1, 0.6),
                     ("plant|vase|candle", -0.65, 0.65), ("soap|toothbrush|perfume bottle", 0.1, -0.5, 0.9)),
        ),
        ("soap dispenser", "candle", "basket", "tissue box", "plant", "toothbrush", "perfume bottle", "clock", "vase"),
        (),
        ((_DRINKS, 1), (frozenset(("plant", "vase")), 1)),
    ),
)  # fmt: skip

THEMES: Mapping[str, Theme] = {theme.name: theme for theme in _ALL}

_EATEN = ("apple", "orange", "pear", "lemon", "banana", "bread", "croissant", "tomato", "muffin", "donut", "sandwich")
# What is put on or into what.
CARRIED: Mapping[str, tuple[str, ...]] = {
    "bowl": ("apple", "orange", "pear", "lemon", "tomato"),
    "basket": ("apple", "orange", "bread", "banana", "pear", "towel", "croissant"),
    "plate": (*_EATEN, "cake"),
    "cutting board": ("apple", "orange", "pear", "lemon", "bread", "tomato", "knife"),
    "tray": ("mug", "cup", "glass", "candle", "teapot", "bowl", "vase", "perfume bottle", "bottle", "jar", "apple", "muffin"),
    "pan": ("tomato",),
    "book": ("phone", "glasses", "camera", "apple", "mug"),
    "notebook": ("phone", "glasses"),
    "jewelry box": ("perfume bottle",),
}
# Of these, what is there to carry others in the first place.
RECEPTACLES = frozenset(("bowl", "basket", "plate", "cutting board", "tray"))

# Objects that face their user; others lie as it happens.
FACING = frozenset(
    ("laptop", "keyboard", "computer mouse", "clock", "camera", "picture frame", "speaker", "toaster", "cereal box",
     "desk lamp", "tissue box", "jewelry box", "fork", "knife", "spoon", "knife block", "soap dispenser")
)  # fmt: skip
# Objects with straight sides that people lay along the table's edge, more or less.
SQUARED = frozenset(
    ("book", "notebook", "tray", "cutting board", "carton", "towel", "napkin", "phone", "remote control", "basket")
)
# Where low objects stand that people keep out of the way (0.5) or at hand (-0.5); others by their height.
USUAL_DEPTH: Mapping[str, float] = {
    "clock": 0.55,
    "picture frame": 0.75,
    "speaker": 0.75,
    "camera": 0.2,
    "candle": 0.35,
    "jar": 0.4,
    "sugar bowl": 0.3,
    "pencil cup": 0.5,
    "plant": 0.75,
    "salt shaker": 0.3,
    "jewelry box": 0.3,
    "phone": -0.5,
}


def names_of(theme: Theme) -> list[str]:
    """All names of the theme's own table, sorted."""
    anchors = {name for setting in theme.settings for anchor in setting.anchors for name in anchor.names}
    return sorted(anchors | set(theme.fillers) | set(theme.never) | {n for group, _ in theme.limits for n in group})


def missing_names() -> list[str]:
    """Names of the tables here that no kind is registered for, sorted."""
    named = {name for theme in THEMES.values() for name in names_of(theme)} | FACING | SQUARED | set(USUAL_DEPTH)
    named |= set(CARRIED) | {name for carried in CARRIED.values() for name in carried}
    return sorted(named - set(kinds()))
