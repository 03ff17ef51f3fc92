"""From the grid's scores to verdicts: means against bars, order along the way, robustness. Pure functions of records.

Numbers are on 0–100. SA and EL count only with IC (IC·SA, IC·EL), under every protocol alike, so that protocols compare. A mean
is over the edits that were scored; how many were not stands beside it, and a cell with none has no verdict.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gsi_bench_dataset.records import OPERATIONS, Score
from gsi_bench_metric.validity.grid import (
    CONDITIONS,
    GRADES,
    NO_OP,
    OUTCOMES,
    ROLES,
    SA_LOSS,
    WRONG,
    Bar,
    Condition,
)

__all__ = [
    "ALL",
    "DO_NOT_RANK",
    "NEVER_FALLS",
    "RANK_ORDER",
    "Curve",
    "Means",
    "Outcome",
    "Robustness",
    "curves",
    "gated",
    "never_falls",
    "outcomes",
    "robustness",
    "spearman",
    "verdict",
]

ALL = "all"  # operations together
DO_NOT_RANK = "do not rank such editors on this"
NEVER_FALLS, RANK_ORDER = Bar(low=98), Bar(low=0.97)  # % of edits; Spearman's coefficient
_FALL = 1e-6  # points of SA: digits, no fall
_LESS_THAN_HALF = max(grade for grade in GRADES.values() if grade < 0.5)
_LEAST_GRADES = 3  # fewer images have no order to speak of


@dataclasses.dataclass(frozen=True)
class Gated:
    """What an edit adds to the means, 0–100."""

    ic: float
    sa: float
    el: float | None

    @property
    def average(self) -> float | None:
        """(IC + SA + EL) / 3."""
        return None if self.el is None else (self.ic + self.sa + self.el) / 3


@dataclasses.dataclass(frozen=True)
class Means:
    """Means over the scored edits of one cell; None where nothing was scored."""

    n: int
    n_not_scored: int
    ic: float | None = None
    sa: float | None = None
    average: float | None = None


@dataclasses.dataclass(frozen=True)
class Outcome:
    """One line of the first table: a variant, its bar, means by operation (`ALL` among them), the bar's verdict."""

    variant: str
    words: str
    bar: Bar | None
    means: Mapping[str, Means]
    verdict: str  # met | missed | no data | no bar


@dataclasses.dataclass(frozen=True)
class Curve:
    """Gated SA along the right edit, of one operation.

    Attributes:
        grades: progress 0–1 -> mean gated SA.
        edits: with at least three grades, all of them scored.
        never_falls: % of these whose score never falls on the way.
        spearman: mean over them of Spearman's coefficient of score and progress; an edit with one score everywhere counts 0.
        spearman_half: the same with progress below a half counted as none. A protocol that asks for half the way gives 0 to
            three grades of six, and these ties alone keep `spearman` at 0.94; the better of the two is held against the bar.
    """

    operation: str
    grades: Mapping[float, float]
    edits: int
    not_scored: int
    never_falls: float | None
    spearman: float | None
    spearman_half: float | None
    verdict: str


@dataclasses.dataclass(frozen=True)
class Robustness:
    """One condition under one protocol, of one operation or `ALL`.

    Attributes:
        clean: the right edit without the condition, of the same edits.
        sa_loss: points of SA, over the `n_loss` edits that comply (IC = 1) with it and without.
        verdicts: source, opposite, after, sa_loss -> met | missed | no data.
    """

    condition: Condition
    operation: str
    source: Means
    opposite: Means
    after: Means
    clean: Means
    sa_loss: float | None
    n_loss: int
    verdicts: Mapping[str, str]

    @property
    def holds(self) -> bool:
        """Whether every bar with data is met, and the right edit has data."""
        return "missed" not in self.verdicts.values() and self.verdicts["after"] == "met"


def gated(score: Score) -> Gated | None:
    """The edit on 0–100; None where it was not scored.

    >>> gated(Score("a_edit_0", "mesatask", "after", "strict", "move", ic=1.0, sa=0.5, lpips=0.1))
    Gated(ic=100.0, sa=50.0, el=90.0)
    """
    if score.ic is None or score.sa is None or math.isnan(score.ic) or math.isnan(score.sa):
        return None
    ic = min(max(score.ic, 0.0), 1.0)
    kept = 1.0 if score.bystanders is None else score.bystanders  # only the strict protocol counts them
    el = None if score.lpips is None else 100 * ic * kept * (1 - min(1.0, score.lpips))
    return Gated(100 * ic, 100 * ic * score.sa, el)


def means(scores: Iterable[Score]) -> Means:
    """The means of one cell's scores."""
    values = [gated(score) for score in scores]
    scored = [value for value in values if value is not None]
    if not scored:
        return Means(0, len(values))
    averages = [value.average for value in scored if value.average is not None]
    return Means(
        n=len(scored),
        n_not_scored=len(values) - len(scored),
        ic=_mean([value.ic for value in scored]),
        sa=_mean([value.sa for value in scored]),
        average=_mean(averages) if len(averages) == len(scored) else None,
    )


def verdict(value: float | None, bar: Bar | None) -> str:
    """met | missed | no data | no bar."""
    if bar is None:
        return "no bar"
    if value is None:
        return "no data"
    return "met" if bar.met(value) else "missed"


def outcomes(scores: Sequence[Score], operations: Mapping[str, str]) -> list[Outcome]:
    """The first table of one protocol's scores, for outcomes that have any. `operations`: what was asked, by sample id."""
    cells = _by_cell(scores, operations)
    found = []
    for outcome in OUTCOMES:
        here = {operation: means(group) for operation, group in _with_all(cells.get(outcome.variant, {})).items()}
        if here:
            found.append(Outcome(outcome.variant, outcome.words, outcome.bar, here, verdict(here[ALL].ic, outcome.bar)))
    return found


def curves(scores: Sequence[Score], operations: Mapping[str, str]) -> list[Curve]:
    """Order along the way, by operation and for all."""
    by_edit: dict[str, dict[float, Score]] = defaultdict(dict)
    for score in scores:
        if score.editor in GRADES:
            by_edit[score.sample_id][GRADES[score.editor]] = score
    groups: dict[str, list[dict[float, Score]]] = defaultdict(list)
    for sample_id, grades in by_edit.items():
        if len(grades) >= _LEAST_GRADES:
            groups[operations[sample_id]].append(grades)
    whole = {ALL: [edit for group in groups.values() for edit in group]} if groups else {}
    return [_curve(name, group) for name, group in [*sorted(groups.items(), key=_order), *whole.items()]]


def _curve(operation: str, edits: Sequence[Mapping[float, Score]]) -> Curve:
    ways: list[dict[float, float]] = []
    for edit in edits:
        values = {grade: gated(score) for grade, score in sorted(edit.items())}
        known = {grade: value.sa for grade, value in values.items() if value is not None}
        if len(known) == len(values):
            ways.append(known)
    if not ways:
        return Curve(operation, {}, 0, len(edits), None, None, None, "no data")
    falls_never = 100 * _mean([never_falls(list(way.values())) for way in ways])
    rank = _mean([spearman(list(way), list(way.values())) for way in ways])
    rank_half = _mean([spearman([max(grade, _LESS_THAN_HALF) for grade in way], list(way.values())) for way in ways])
    met = NEVER_FALLS.met(falls_never) and RANK_ORDER.met(max(rank, rank_half))
    return Curve(
        operation=operation,
        grades={g: _mean([way[g] for way in ways if g in way]) for g in sorted({g for way in ways for g in way})},
        edits=len(ways),
        not_scored=len(edits) - len(ways),
        never_falls=falls_never,
        spearman=rank,
        spearman_half=rank_half,
        verdict="met" if met else "missed",
    )


def never_falls(values: Sequence[float]) -> bool:
    """Whether no value is below one before it, beyond rounding.

    >>> never_falls([0, 0, 30, 30, 100]), never_falls([0, 31, 30, 100])
    (True, False)
    """
    return all(later >= earlier - _FALL for earlier, later in itertools.pairwise(values))


def spearman(x: ArrayLike, y: ArrayLike) -> float:
    """Spearman's rank correlation of two (n,) with ties at their mean rank; 0 where one of them is constant.

    >>> spearman([1, 2, 3], [10, 20, 20]), spearman([1, 2, 3], [5, 5, 5])
    (0.8660254037844387, 0.0)
    """
    a, b = _ranks(x), _ranks(y)
    a, b = a - a.mean(), b - b.mean()
    length = math.sqrt(float(a @ a) * float(b @ b))
    return float(a @ b) / length if length > 1e-12 else 0.0


def _ranks(values: ArrayLike) -> NDArray[np.float64]:
    _, index, counts = np.unique(np.asarray(values, dtype=np.float64).round(6), return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[index], dtype=np.float64)


def robustness(scores: Sequence[Score], operations: Mapping[str, str]) -> list[Robustness]:
    """Every condition that has scores: all operations together first, then each."""
    cells = {name: _with_all(groups) for name, groups in _by_cell(scores, operations).items()}
    found = []
    for condition in CONDITIONS:
        here = {role: cells.get(f"{condition.name}:{role}", {}) for role in ROLES}
        names = sorted({name for groups in here.values() for name in groups}, key=lambda name: _order((name, None)))
        for name in names:
            clean = cells.get(ROLES["after"], {}).get(name, [])
            found.append(_robustness(condition, name, {role: here[role].get(name, []) for role in ROLES}, clean))
    return found


def _robustness(
    condition: Condition, operation: str, groups: Mapping[str, Sequence[Score]], clean: Sequence[Score]
) -> Robustness:
    values = {role: means(group) for role, group in groups.items()}
    ids = {score.sample_id for score in groups["after"]}
    before = {s.sample_id: v.sa for s in clean if (v := gated(s)) is not None and v.ic >= 100}
    pairs = [
        (before[s.sample_id], v.sa)
        for s in groups["after"]
        if s.sample_id in before and (v := gated(s)) is not None and v.ic >= 100
    ]
    loss = _mean([a - b for a, b in pairs]) if pairs else None
    numbers = {
        "source": (values["source"].ic, NO_OP),
        "opposite": (values["opposite"].ic, WRONG),
        "after": (values["after"].ic, condition.after),
        "sa_loss": (loss, SA_LOSS),
    }
    return Robustness(
        condition=condition,
        operation=operation,
        source=values["source"],
        opposite=values["opposite"],
        after=values["after"],
        clean=means(s for s in clean if s.sample_id in ids),
        sa_loss=loss,
        n_loss=len(pairs),
        verdicts={name: verdict(value, bar) for name, (value, bar) in numbers.items()},
    )


Groups = dict[str, list[Score]]


def _by_cell(scores: Iterable[Score], operations: Mapping[str, str]) -> dict[str, Groups]:
    """Cell -> operation asked -> scores. What was asked, not how a protocol reads the words: cells of both must compare."""
    cells: dict[str, Groups] = defaultdict(lambda: defaultdict(list))
    for score in scores:
        cells[score.editor][operations[score.sample_id]].append(score)
    return cells


def _with_all(groups: Mapping[str, list[Score]]) -> Groups:
    if not groups:
        return {}
    return {ALL: [score for group in groups.values() for score in group], **dict(sorted(groups.items(), key=_order))}


def _order(item: tuple[str, object]) -> int:
    return -1 if item[0] == ALL else OPERATIONS.index(item[0])


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values))
