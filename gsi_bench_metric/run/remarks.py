"""What is to be said of a score because of its sample, whatever the editor did."""

from __future__ import annotations

import dataclasses

from gsi_bench_dataset.layout.goals import flagged
from gsi_bench_dataset.records import Sample, Score
from gsi_bench_metric.protocols.text import reason

__all__ = ["remarked"]


def remarked(score: Score, sample: Sample) -> Score:
    """The score with a remark where the sample's goal may not be what its words ask for, by its own word or by a comparison."""
    suspicion = flagged(sample).goal_suspect
    if suspicion is None or any(found.name == "goal_suspect" for found in score.reasons):
        return score
    return dataclasses.replace(score, reasons=(*score.reasons, reason("goal_suspect", "goal_suspect", subject=suspicion)))
