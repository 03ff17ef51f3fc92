"""How well the right edit scores, by what was asked, and how many edits are scored at all: pure functions of records."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Mapping, Sequence

from gsi_bench_dataset.records import REASONS, SceneObject, Score
from gsi_bench_metric.validity.grid import AFTER, ASKED, RIGHT_IC, RIGHT_SA, Bar, distance_of
from gsi_bench_metric.validity.judge import Means, gated, means, verdict

__all__ = ["Accuracy", "NotScored", "accuracy", "asked_of", "not_scored"]


@dataclasses.dataclass(frozen=True)
class Accuracy:
    """The right edit, of all edits that ask for the same.

    Attributes:
        asked: one of `ASKED`.
        bars: ic, sa -> the bar, where there is one.
        verdicts: the same -> met | missed | no data.
    """

    asked: str
    means: Means
    bars: Mapping[str, Bar]
    verdicts: Mapping[str, str]


@dataclasses.dataclass(frozen=True)
class NotScored:
    """Edits whose right image has no score. `reasons`: (why, edits), most edits first; an edit may have several."""

    edits: int
    of: int
    reasons: Sequence[tuple[str, int]]


def asked_of(operation: str, before: Sequence[SceneObject], after: Sequence[SceneObject]) -> str:
    """Which of `ASKED` an edit is.

    Args:
        operation: what is done.
        before, after: what stands in the source and in the right image: a move is as long as its target's way.
    """
    now = {thing.id: thing for thing in after}
    target = next((thing for thing in before if thing.is_target and thing.id in now), None)
    if operation != "move" or target is None:
        return operation
    way = 100 * math.dist(target.bbox_3d[:3], now[target.id].bbox_3d[:3])
    return f"move, {distance_of(way)}"


def accuracy(scores: Sequence[Score], asked: Mapping[str, str]) -> list[Accuracy]:
    """One protocol's scores of the right edit against their bars, in the order of `ASKED`. `asked`: by sample id."""
    groups: dict[str, list[Score]] = {name: [] for name in ASKED}
    for score in scores:
        if score.editor == AFTER:
            groups[asked[score.sample_id]].append(score)
    return [_accuracy(name, means(group)) for name, group in groups.items() if group]


def _accuracy(name: str, found: Means) -> Accuracy:
    bars = {"ic": RIGHT_IC} | ({"sa": RIGHT_SA[name]} if name in RIGHT_SA else {})
    return Accuracy(name, found, bars, {key: verdict(getattr(found, key), bar) for key, bar in bars.items()})


def not_scored(scores: Sequence[Score]) -> NotScored:
    """Of one protocol's scores of the right edit: those that are none, and why."""
    right = [score for score in scores if score.editor == AFTER]
    without = [score for score in right if gated(score) is None]
    reasons: Counter[str] = Counter()
    for score in without:
        names = {reason.name for reason in score.reasons} - {"not_judged", "goal_suspect"}
        reasons.update(REASONS[name] for name in sorted(names))
        reasons.update([] if names else ["no reason is given"])
    return NotScored(len(without), len(right), reasons.most_common())
