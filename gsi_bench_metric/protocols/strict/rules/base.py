"""What every rule of the strict protocol gives, and how the protocol calls it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from gsi_bench_dataset.records import Change, Fault, Reason
from gsi_bench_metric.protocols.strict.situation import Situation

__all__ = ["EPS", "Finding", "Rings", "Rule", "finding"]

Array = NDArray[np.float64]

EPS = 1e-9  # rounding


@dataclasses.dataclass(frozen=True)
class Finding:
    """What a rule found.

    Attributes:
        ic: whether the edit complies: it has no faults.
        sa: spatial accuracy 0–1, whether it complies or not.
        faults: each enough for ic = False.
        done, asked: what the edit did and what it should have done, for people.
        progress: how much of what was asked is done, 0–1 and without steps: 0 where nothing or the opposite was done, 1 at the
            goal; what goes beyond or aside is taken off. Whether the edit complies or not; no score is made of it, rewards are.
    """

    ic: bool
    sa: float
    faults: tuple[Fault, ...] = ()
    done: tuple[Change, ...] = ()
    asked: tuple[Change, ...] = ()
    progress: float = 0.0


@dataclasses.dataclass(frozen=True)
class Rings:
    """Distances (n,), metres, from an outline (k, 3): a point, or a polygon that counts as hit inside.

    `graded`: accuracy falls by a tenth at each; else there is one, and beyond it the edit does not comply.
    """

    outline: Array
    distances: Array
    graded: bool


@dataclasses.dataclass(frozen=True)
class Rule:
    """An operation under the strict protocol: one module of this folder makes one.

    Attributes:
        kind: the operation's name.
        judge: what an edit did, given how the other objects fared (share 0–1 that is unchanged).
        excluded: why no editor's edit of a sample can be scored; None: it can. Looks at the sample, its ground truth and the
            detections in the source only.
        rings: where accuracy falls around the goal; None: nowhere.
    """

    kind: str
    judge: Callable[[Situation, float], Finding]
    excluded: Callable[[Situation], Reason | None]
    rings: Callable[[Situation], Rings | None]


def finding(sa: float, faults: Sequence[Fault], done: Sequence[Change], asked: Sequence[Change], left: float = 1.0) -> Finding:
    """A finding that complies where there are no faults. `left`: what of the asked change is still to be done, or was done too
    much or aside, as a share of it (>= 0; 1: all; what is no number counts as that)."""
    progress = 1 - left if 0 <= left <= 1 else 0.0
    return Finding(not faults, sa, tuple(faults), tuple(done), tuple(asked), progress)
