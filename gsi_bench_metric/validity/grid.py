"""What is scored, and what must come out: the oracle grid as data.

An *outcome* is a variant of an edit as it was rendered: the right edit, a share of it, a wrong one. A *condition* is something
that an editor may do to the whole image beside the edit; it is applied to the right edit, to the untouched source and to the
opposite edit, for a score must neither punish it nor be fooled by it. Bars were fixed before anything was measured.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Mapping, Sequence

from gsi_bench_dataset.records import OPERATIONS
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

AFTER, SOURCE, OPPOSITE = "grade100", "grade000", "opposite"  # variants that the roles show, where nothing else was done
ROLES: Mapping[str, str] = {"after": AFTER, "source": SOURCE, "opposite": OPPOSITE}
GRADES: Mapping[str, float] = {f"grade{share:03d}": share / 100 for share in (0, 20, 40, 60, 80, 100)}
CLEAN = "clean"


# What an operation has no such state of: half a removal is none, a thing half-way to its plate would float.
_GRADED = ("grade020", "grade040", "grade060", "grade080")
HAS_NO: Mapping[str, Collection[str]] = {
    "remove": {*_GRADED, "opposite", "overshoot", "duplicate", "removed", "replaced"},
    "place": {*_GRADED, "opposite", "overshoot", "wrong_object"},
    "view": {"wrong_object", "duplicate", "removed", "removed_twin", "replaced"},
    "rotate": {"duplicate"},
    "scale": {"duplicate"},
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
    Outcome("grade100", "the right edit", _ALL),
    Outcome("grade080", "80 % of the way", None),
    Outcome("grade060", "60 % of the way", None),
    Outcome("grade040", "40 % of the way", None),
    Outcome("grade020", "20 % of the way", None),
    Outcome("grade000", "nothing done", _NONE),
    Outcome("relit", "right, in another light", _ALL),
    Outcome("replaced", "right, but another instance of the kind", Bar(low=80)),
    Outcome("opposite", "the opposite edit", _NONE),
    Outcome("overshoot", "twice as much as asked", _NONE),
    Outcome("wrong_object", "done to another object", _NONE),
    Outcome("duplicate", "a copy at the goal, the original left", _NONE),
    Outcome("removed", "the target gone", _NONE),
    Outcome("removed_twin", "another of its class gone", _NONE),
)

NO_OP, WRONG, SA_LOSS = Bar(high=2), Bar(high=2), Bar(high=10)  # IC of source and opposite, %; points of SA
NOTHING_AVERAGE = Bar(high=1)  # (IC + SA + EL) / 3 of nothing done

# The right edit, by what was asked; of how far an object is moved depends how exactly its place can be told.
DISTANCES: Mapping[str, float] = {"10 cm or more": 10.0, "5–10 cm": 5.0, "under 5 cm": 0.0}  # words -> from so many cm on
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
    _rendered("relit", "in another light"),
    _rendered("retextured", "on another table top"),
    Condition(
        "replaced", "another instance", "rendered with another instance of the kind", None, {"after": "replaced"}, Bar(low=80)
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
