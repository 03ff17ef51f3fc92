"""The chosen numbers of a detector's boxes."""

from __future__ import annotations

import dataclasses

from gsi_bench_metric.configuration import Numbers, tuned

__all__ = ["MARKING", "MarkingConfig"]


@dataclasses.dataclass(frozen=True)
class MarkingConfig(Numbers):
    """`photographs.py`; set on no scenes: the detector's weights may not be passed on, and none were at hand."""

    least_score: float = tuned(0.5, "of the detector's own score, 0-1", "boxes that it gives less overlap to are mostly wrong")
    same_overlap: float = tuned(
        0.7, "intersection over union of rectangles", "words that find the same thing give nearly one rectangle"
    )
    level_deg: float = tuned(15.0, "degrees", "nearer to upright a box is taken to stand: detectors tilt what stands by some")


MARKING = MarkingConfig()
