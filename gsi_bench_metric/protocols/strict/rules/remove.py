"""Remove: the object is gone, and nothing stands in its place."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from gsi_bench_dataset.records import Change, Fault, Reason
from gsi_bench_metric.geometry.poses import Pose
from gsi_bench_metric.protocols.strict.rules.base import Finding, Rule, finding
from gsi_bench_metric.protocols.strict.rules.conditions import copy_left
from gsi_bench_metric.protocols.strict.situation import Situation
from gsi_bench_metric.protocols.strict.terms import cannot_tell, intruder_of
from gsi_bench_metric.protocols.strict.thresholds import STRICT, Thresholds

__all__ = ["RULE", "remove"]

_IN_ITS_PLACE = {"place_taken": "replaced", "place_taken_by_unknown": "replaced_by_unknown"}


def remove(
    before: Pose | None,
    after: Pose | None,
    *,
    copies: Sequence[Pose] = (),
    intruder: Fault | None = None,
    unchanged: float = 1.0,
    name: str = "object",
    limits: Thresholds = STRICT,
) -> Finding:
    """Whether an object is gone. Accuracy: the share of the other objects that is unchanged.

    Args:
        before, after: the object as detected in the source and in the edited image; None: not there.
        copies: further ones of it in the edited image.
        intruder: another object at its original place, as the fault that it is.
        unchanged: share 0–1 of the other objects.
        name: what to call it.
        limits: the protocol's numbers.

    >>> mug = Pose.of([0.0, 0.0, 2.0, 0.1, 0.1, 0.1, 0.0])
    >>> remove(mug, None).ic, remove(mug, mug).faults[0].kind
    (True, 'still_there')
    """
    left = [*([after] if after else []), *copies]
    faults = []
    if copy_left(before, left, limits):
        faults.append(Fault("still_there", subject=name))
    elif left:
        faults.append(Fault("elsewhere", subject=name))
    if intruder is not None and not faults:
        faults.append(dataclasses.replace(intruder, kind=_IN_ITS_PLACE[intruder.kind]))
    return finding(unchanged, faults, [] if after else [Change("gone", subject=name)], [], 1.0 if faults else 0.0)


def _judge(situation: Situation, unchanged: float) -> Finding:
    target = situation.target
    return remove(
        target.before,
        target.after,
        copies=target.copies,
        intruder=intruder_of(situation),
        unchanged=unchanged,
        name=target.category,
    )


def _excluded(situation: Situation) -> Reason | None:
    target = situation.target
    if target.before is not None and "presence" in target.before.unobservable:
        return cannot_tell(situation, "presence")
    return None


RULE = Rule("remove", _judge, _excluded, lambda situation: None)
