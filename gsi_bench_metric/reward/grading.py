"""From what the strict protocol found to a reward: progress × what was kept × locality × presence. Pure functions."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from gsi_bench_dataset.records import Fault, Reason
from gsi_bench_metric.protocols.base import Measurement
from gsi_bench_metric.protocols.strict.verdict import Outcome
from gsi_bench_metric.protocols.text.rendering import told
from gsi_bench_metric.reward.config import REWARD, RewardConfig

__all__ = [
    "Rated",
    "Traces",
    "falling",
    "grade",
    "kept_of",
    "locality_of",
    "presence_of",
    "progress_of",
    "unscored",
    "worthless",
]

# What progress already says: how far the target went, and where it ended. Nothing, the opposite and over one and a half of the
# asked change are worth nothing, however exactly they were measured.
_AMOUNTS = frozenset(
    (
        "too_little",
        "off_direction",
        "turn_missed",
        "beside",
        "base_too_high",
        "base_too_low",
    )
)
# What happened to the target beside. Every other fault says that the scene or the target is not what was asked for at all; one
# that wandered off unasked is mostly something else taken for it.
_BESIDE = frozenset(("turned_too", "scaled_too", "tilted", "distorted", "camera_travelled", "camera_turned_too"))


@dataclasses.dataclass(frozen=True)
class Rated:
    """A reward with its parts.

    Attributes:
        reward: 0–1. Never NaN.
        scored: whether it was measured; else the reward is the configured constant, and `reason` says why.
        progress: how much of what was asked is done, 0–1.
        kept: 1, less for unasked changes of the target; 0 where it was copied, lost or taken for another.
        locality: 0–1, how much of the rest of the image and of the other objects is unchanged.
        presence: 0–1, how surely the target is still the target.
        complies: whether the strict protocol's IC is 1; None: not scored.
        reason: why it was not scored; of a scored one what it did, was asked and did wrong.
        faults: kinds of the protocol's faults.
    """

    reward: float
    scored: bool
    progress: float = 0.0
    kept: float = 0.0
    locality: float = 0.0
    presence: float = 0.0
    complies: bool | None = None
    reason: str = ""
    faults: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Traces:
    """What pixels say, see `traces.py`. `rest`: None, where nothing can be told; `newcomer`: beyond what is usual."""

    rest: float | None = None
    newcomer: float = 0.0


def grade(
    outcome: Outcome, measured: Measurement, operation: str, traces: Traces = Traces(), config: RewardConfig = REWARD
) -> Rated:
    """The reward of an edit that was scored."""
    there = 1.0 if operation in ("remove", "view") else presence_of(outcome.confidence, config)
    parts = {
        "progress": progress_of(outcome.progress, config),
        "kept": kept_of(outcome.faults, config),
        "locality": locality_of(measured.lpips, outcome.bystanders, config) * falling(traces.newcomer, config.newcomer),
        "presence": there * (1.0 if traces.rest is None else falling(traces.rest, config.rest)),
    }
    reward = 1.0
    for part in parts.values():
        reward *= part
    faults = tuple(fault.kind for fault in outcome.faults)
    return Rated(min(1.0, max(0.0, reward)), True, **parts, complies=outcome.ic, reason=told(outcome), faults=faults)


def falling(value: float, between: tuple[float, float]) -> float:
    """1 up to the first number, 0 from the second on.

    >>> falling(0.1, (0.2, 0.4)), falling(0.4, (0.2, 0.4))
    (1.0, 0.0)
    """
    low, high = between
    return min(1.0, max(0.0, (high - value) / (high - low)))


def progress_of(progress: float, config: RewardConfig = REWARD) -> float:
    """Progress 0–1 with the first part, which counts as none, taken off.

    >>> progress_of(0.1), progress_of(1.0)
    (0.0, 1.0)
    """
    return max(0.0, (progress - config.nothing) / (1 - config.nothing))


def kept_of(faults: Sequence[Fault], config: RewardConfig = REWARD) -> float:
    """1 without faults beside those that progress tells of, a factor less for each unasked change, 0 for what spoils all."""
    kinds = {fault.kind for fault in faults} - _AMOUNTS
    return 0.0 if kinds - _BESIDE else config.side_fault ** len(kinds)


def locality_of(lpips: float | None, bystanders: float, config: RewardConfig = REWARD) -> float:
    """Likeness of the rest of the image times the share of the other objects that is unchanged; without LPIPS the latter."""
    likeness = 1.0 if lpips is None else max(0.0, 1 - lpips / config.unlike)
    return likeness * bystanders


def presence_of(confidence: float | None, config: RewardConfig = REWARD) -> float:
    """How surely the target is there; a detector that says nothing is taken at its word.

    >>> presence_of(None), presence_of(0.5)
    (1.0, 0.0)
    """
    return 1.0 if confidence is None else 1 - falling(confidence, config.sure)


def worthless(reason: str, *faults: str) -> Rated:
    """Of an image that shows nothing, or none at all: the editor's doing, so it is scored, with 0."""
    return Rated(0.0, True, complies=False, reason=reason, faults=faults)


def unscored(why: Reason | str, config: RewardConfig = REWARD) -> Rated:
    """Of what cannot be measured, whatever the editor did."""
    return Rated(config.unscored, False, reason=why if isinstance(why, str) else f"{why.name}: {why.text}")
