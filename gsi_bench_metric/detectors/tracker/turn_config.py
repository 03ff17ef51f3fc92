"""Chosen numbers of the tracker about turns; `config.py` joins them with the others."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from gsi_bench_metric.configuration import Numbers, tuned

__all__ = ["TurnConfig"]


@dataclasses.dataclass(frozen=True)
class TurnConfig(Numbers):
    """`turns/`: turns that the network tells."""

    SEEDS: ClassVar[str] = "seeds 1400 and 1700"

    beside: float = tuned(
        1.15, "of the side of all that the box covers in a turn", "that the network looks at; it learned that"
    )
    near_deg: float = tuned(15.0, "degrees", "about the likeliest turn, whose probabilities make it sure")
    sure: float = tuned(0.3, "probability 0–1", "of a turn that is believed, at least")
    tellable: float = tuned(
        0.6, "probability 0–1", "that a turn will be told right, at least; with less it counts for no editor"
    )
    alike: float = tuned(0.8, "of the likeness to itself", "of a source to itself turned, above which no turn can be told …")
    apart_deg: float = tuned(40.0, "degrees", "… by more than this")
    same_deg: float = tuned(20.0, "degrees", "within which what the tracker found itself is the finer answer")
