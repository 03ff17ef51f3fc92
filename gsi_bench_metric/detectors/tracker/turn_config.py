"""Chosen numbers of the tracker about turns; `config.py` joins them with the others."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from gsi_bench_metric.configuration import Numbers, tuned

__all__ = ["BoxTurnConfig", "TurnConfig"]


@dataclasses.dataclass(frozen=True)
class TurnConfig(Numbers):
    """`turns/`: turns that the network tells."""

    SEEDS: ClassVar[str] = "seeds 1400, 1700, 2100 and 2900"

    windows: tuple[float, ...] = tuned(
        (1.05, 1.15, 1.3), "of the side of all that the box covers in a turn", "that the network looks at; it learned at 1.15"
    )
    near_deg: float = tuned(15.0, "degrees", "about the likeliest turn, whose probabilities make it sure")
    sure: float = tuned(0.25, "probability 0–1", "of a turn that is believed, at least; it is unsure where the object is gone")
    surely: float = tuned(0.45, "probability 0–1", "from which on the object need not be found by its surface too")
    tellable: float = tuned(0.6, "probability 0–1", "that a turn will be told right; with less it counts for no editor")
    itself: float = tuned(0.45, "probability 0–1", "of the source itself to be told as not turned, else no turn can be told")
    alike: float = tuned(0.8, "of the likeness to itself", "of a source to itself turned, above which no turn can be told …")
    apart_deg: float = tuned(40.0, "degrees", "… by more than this")
    same_deg: float = tuned(10.0, "degrees", "within which what the tracker found itself is the finer answer")
    # With the image of the ground truth: of 336 spoiled copies of right answers (seeds 1700, 2100, 2900) none is contradicted.
    against_deg: float = tuned(30.0, "degrees", "off the right turn and what was found, from which on it is contradicted …")
    not_against_deg: float = tuned(150.0, "degrees", "… and up to here: of what looks alike from behind it knows no half turns")
    against_before: float = tuned(0.3, "probability 0–1", "of what it says of source and edited image …")
    against_after: float = tuned(0.4, "probability 0–1", "… of the ground truth and the edited image …")
    agree_deg: float = tuned(20.0, "degrees", "… and how far these answers may differ")


@dataclasses.dataclass(frozen=True)
class BoxTurnConfig(Numbers):
    """`turns/boxes.py`: turns of objects that fill their box."""

    SEEDS: ClassVar[str] = "developed on seed 1400"

    boxy: float = tuned(0.9, "overlap", "of the box's outline and the object from which on its surface is the box's")
    least_known: float = tuned(0.6, "share of the turned object's pixels", "that the source shows; with less a turn is a guess")
    hole_px: int = tuned(2, "pixels", "about an object that is taken out with it, for its blurred edge")
    inpaint_px: float = tuned(4.0, "pixels", "radius from which the hole is filled (Telea 2004)")
    same_depth: float = tuned(0.05, "share of the longest side", "from the source's surface, of points that it shows")
    levels: int = tuned(16, "heights", "each with a colour of its own, for sides that the source does not show")
    certain_likeness: float = tuned(0.95, "likeness", "of what its box's surface explains so well that its turn is believed …")
    certain_gain: float = tuned(0.3, "score", "… if the turn explains so much of that")
