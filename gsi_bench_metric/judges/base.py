"""The Judge protocol: what scoring asks of a judge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gsi_bench_dataset.records import Judgement, Prediction, Sample

__all__ = ["Judge"]


class Judge(Protocol):
    """Rates edits."""

    name: str
    key: str  # everything that its answers depend on beside the edit: model, prompt, settings, a file's content

    def judge(self, edits: Sequence[tuple[Sample, Prediction]]) -> list[Judgement]:
        """A judgement for each edit; one without a score says why in `problem`."""
        ...
