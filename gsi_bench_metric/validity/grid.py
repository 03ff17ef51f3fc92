"""What is scored, and what must come out: the oracle grid as data.

An *outcome* is a variant of an edit as it was rendered: the right edit, a share of it, a wrong one. A *condition* is something
that an editor may do to the whole image beside the edit; it is applied to the right edit, to the untouched source and to the
opposite edit, for a score must neither punish it nor be fooled by it. Bars were fixed before anything was measured.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Mapping, Sequence

from gsi_bench_dataset import variants as names
from gsi_bench_dataset.records import OPERATIONS
from gsi_bench_dataset.variants import AFTER, GRADES, OPPOSITE, SOURCE
from gsi_bench_metric.validity.degrade import DEGRADATIONS

__all__ = [
    "AFTER",
    "ASKED",
    "CLEAN",
    "CONDITIONS",
    "DISTANCES",
    "GRADES",
    "HAS_NO",
    "OPPOSITE",
    "OUTCOMES",
    "RIGHT_IC",
    "RIGHT_SA",
    "ROLES",
    "SOURCE",
    "Bar",
    "Cell",
    "Condition",
    "GridError",
    "Outcome",
    "cells_of",
    "distance_of",
]

# The variants that the roles show, where nothing else was done.
ROLES: Mapping[str, str] = {"after": AFTER, "source": SOURCE, "opposite": OPPOSITE}
CLEAN = "clean"


# What an operation has no such state of: half a removal is none, an object half-way to its plate would float.
_GRADED = tuple(name for name, share in GRADES.items() if 0 < share < 1)
_SPOILED = (names.TOPPLED, names.UPSIDE_DOWN, names.STRETCHED, names.EXTRA_COPY)
_BESIDE = (names.OTHER_RESIZED, names.OTHER_TOPPLED)
HAS_NO: Mapping[str, Collection[str]] = {
    "remove": {*_GRADED, *_SPOILED, OPPOSITE, names.OVERSHOOT, names.DUPLICATE, names.REMOVED, names.REPLACED},
    "place": {*_GRADED, OPPOSITE, names.OVERSHOOT, names.WRONG_OBJECT},
    "view": {*_SPOILED, *_BESIDE, names.WRONG_OBJECT, names.DUPLICATE, names.REMOVED, names.REMOVED_TWIN, names.REPLACED},
    "rotate": {names.DUPLICATE},
    "scale": {names.DUPLICATE},
}


class GridError(ValueError):
    """Cells that do not exist; the message names them."""


@dataclasses.dataclass(frozen=True)
class Bar:
    """What a number must reach: at least `low`, at most `high`."""

    low: float | None = None
    high: float | None = None

    def met(self, value: float) -> bool:
        """Whether the number does. Sums end in other digits: a billionth is forgiven."""
        return (self.low is None or value >= self.low - 1e-9) and (self.high is None or value <= self.high + 1e-9)

    def __str__(self) -> str:
        if self.low is not None:
            return f"{self.low:g}" if self.low >= 100 else f"≥\u00a0{self.low:g}"
        return f"{self.high:g}" if self.high == 0 else f"≤\u00a0{self.high:g}"


@dataclasses.dataclass(frozen=True)
class Outcome:
    """A variant as it was rendered. `bar` is on IC; None: only its place in the order counts."""

    variant: str
    words: str
    bar: Bar | None


@dataclasses.dataclass(frozen=True)
class Condition:
    """Something done to the whole image.

    Attributes:
        short, words: what, in a table and in full.
        degradation: a name of `DEGRADATIONS`; None: the variants themselves were rendered so.
        pictures: role -> the variant whose image is taken.
        after: the bar on IC of the right edit.
        is_edit: operations of which it is an edit itself: it has nothing to say there.
    """

    name: str
    short: str
    words: str
    degradation: str | None
    pictures: Mapping[str, str]
    after: Bar = Bar(low=95)
    is_edit: Collection[str] = ()


@dataclasses.dataclass(frozen=True)
class Cell:
    """One image of every edit. `name` is the editor's name of its scores."""

    variant: str
    role: str  # outcome | after | source | opposite
    condition: Condition | None = None

    @property
    def name(self) -> str:
        """Unique in the grid."""
        return self.variant if self.condition is None else f"{self.condition.name}:{self.role}"


_ALL, _NONE = Bar(low=100), Bar(high=0)
OUTCOMES: Sequence[Outcome] = (
    Outcome(AFTER, "the right edit", _ALL),
    Outcome(names.grade_name(0.8), "80 % of the way", None),
    Outcome(names.grade_name(0.6), "60 % of the way", None),
    Outcome(names.grade_name(0.4), "40 % of the way", None),
    Outcome(names.grade_name(0.2), "20 % of the way", None),
    Outcome(SOURCE, "nothing done", _NONE),
    Outcome(names.RELIT, "right, in another light", _ALL),
    Outcome(names.REPLACED, "right, but another instance of the kind", Bar(low=80)),
    Outcome(OPPOSITE, "the opposite edit", _NONE),
    Outcome(names.OVERSHOOT, "twice as much as asked", _NONE),
    Outcome(names.WRONG_OBJECT, "done to another object", _NONE),
    Outcome(names.DUPLICATE, "a copy at the goal, the original left", _NONE),
    Outcome(names.TOPPLED, "right, but the target lies on its side", _NONE),
    Outcome(names.UPSIDE_DOWN, "right, but the target stands on its head", _NONE),
    Outcome(names.STRETCHED, "right, but the target is of another shape", _NONE),
    Outcome(names.EXTRA_COPY, "right, and a copy of the target elsewhere", _NONE),
    Outcome(names.OTHER_RESIZED, "right, and another object half as large", None),
    Outcome(names.OTHER_TOPPLED, "right, and another object on its side", None),
    Outcome(names.REMOVED, "the target gone", _NONE),
    Outcome(names.REMOVED_TWIN, "another of its class gone", _NONE),
)

NO_OP, WRONG, SA_LOSS = Bar(high=2), Bar(high=2), Bar(high=10)  # IC of source and opposite, %; points of SA
NOTHING_AVERAGE = Bar(high=1)  # (IC + SA + EL) / 3 of nothing done

# The right edit, by what was asked; of how far an object is moved depends how exactly its place can be seen.
DISTANCES: Mapping[str, float] = {"10 cm or more": 10.0, "5–10 cm": 5.0, "under 5 cm": 0.0}  # words -> from this many cm on
ASKED: Sequence[str] = (*(f"move, {words}" for words in DISTANCES), *OPERATIONS)  # "move" itself: how far is not known
RIGHT_IC = Bar(low=99)
RIGHT_SA: Mapping[str, Bar] = {
    **dict.fromkeys(("move, 10 cm or more", *(name for name in OPERATIONS if name != "move")), Bar(low=95)),
    "move, 5–10 cm": Bar(low=85),
}


def _rendered(name: str, words: str) -> Condition:
    return Condition(
        name, words, f"rendered {words}", None, {"after": name, "source": f"source_{name}", "opposite": f"opposite_{name}"}
    )


def _degraded(name: str, short: str, words: str, is_edit: Collection[str] = ()) -> Condition:
    return Condition(name, short, words, name, ROLES, is_edit=is_edit)


CONDITIONS: Sequence[Condition] = (
    _degraded("jpeg", "JPEG", "through a JPEG file of quality 30"),
    _degraded("blur", "blur", "Gaussian blur, sigma 2 px"),
    _degraded("noise", "noise", "normal noise, sigma 10 of 255 levels"),
    _degraded("tone", "other tones", "gains 1.10, 0.95, 0.90 of red, green, blue; 8 levels up; gamma 0.9"),
    _degraded("regenerated", "regenerated", "half resolution and back, a random smooth warp of 1 px, JPEG 75"),
    *(_degraded(f"shift{px}", f"shift {px} px", f"the whole image {px} px along the diagonal") for px in (1, 2, 4, 8)),
    _degraded("zoom_out", "zoom 0.98", "the whole image 2 % smaller about its middle", {"view"}),
    _degraded("zoom_in", "zoom 1.02", "the whole image 2 % larger about its middle", {"view"}),
    _rendered(names.RELIT, "in another light"),
    _rendered(names.RETEXTURED, "on another table top"),
    Condition(
        names.REPLACED,
        "another instance",
        "rendered with another instance of the kind",
        None,
        {"after": names.REPLACED},
        Bar(low=80),
    ),
)
if not {c.degradation for c in CONDITIONS} - {None} <= DEGRADATIONS.keys():
    raise AssertionError("a condition names a degradation that does not exist")


def distance_of(cm: float) -> str:
    """Which of the `DISTANCES` a way is. Sums end in other digits: a billionth is forgiven.

    >>> distance_of(10 - 1e-12), distance_of(9.9), distance_of(0.0)
    ('10 cm or more', '5–10 cm', 'under 5 cm')
    """
    return next(words for words, least in DISTANCES.items() if cm >= least - 1e-9)


def cells_of(names: Collection[str] | None = None) -> Iterator[Cell]:
    """The grid's cells. `names`: only these outcomes and conditions, and what their verdicts compare with; None: all.

    Raises:
        GridError: names that neither an outcome nor a condition has; lists those there are.
    """
    known = [o.variant for o in OUTCOMES] + [c.name for c in CONDITIONS]
    unknown = sorted(set(names or ()) - set(known))
    if unknown:
        raise GridError(f"no cells {', '.join(unknown)}; there are {', '.join(dict.fromkeys(known))}")
    for outcome in OUTCOMES:
        if names is None or outcome.variant in names or outcome.variant in ROLES.values():
            yield Cell(outcome.variant, "outcome")
    for condition in CONDITIONS:
        if names is None or condition.name in names:
            for role, variant in condition.pictures.items():
                yield Cell(variant, role, condition)
