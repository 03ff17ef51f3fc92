"""What the rest of the benchmark must know of the strict protocol."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gsi_bench_dataset.records import Reason, Score
from gsi_bench_dataset.storage.record_store import digest
from gsi_bench_metric.imaging.alignment_config import MAPPING
from gsi_bench_metric.imaging.images import RGB
from gsi_bench_metric.imaging.mapping import map_back
from gsi_bench_metric.protocols.base import Asked, MetricProtocol
from gsi_bench_metric.protocols.strict import results
from gsi_bench_metric.protocols.strict.scoring import StrictScorer, strict_operation, without_picture
from gsi_bench_metric.protocols.strict.thresholds import STRICT

__all__ = ["PROTOCOL", "StrictProtocol"]


class StrictProtocol(MetricProtocol):
    """All of an edit's numbers count as far as it complied; missing images count 0."""

    name = StrictScorer.name
    version = StrictScorer.version
    question = "strict"
    scores_missing = True  # some are excluded for every editor, and then they are no fault of the editor
    bounded = True
    tells_faults = True
    says_blank = True
    all_objects = True
    mapping_policy = digest("mapping", MAPPING.to_json())[:12]

    def make_scorer(self, device: str, batch_size: int | None = None, dataset_type: str | None = None) -> StrictScorer:
        """Regions differ in every edit, so nothing is batched; every dataset type has the same rules."""
        return StrictScorer(device)

    def operation(self, sample: Asked) -> str:
        """What the sample says that is asked."""
        return strict_operation(sample)

    def without_picture(self, sample: Asked, editor: str, reason: Reason) -> Score:
        """All numbers 0: an image that does not exist does not do what was asked."""
        return without_picture(sample, editor, reason)

    def edit_values(self, scores: Sequence[Score], judged: bool) -> dict[str, dict[str, float]]:
        """A number that could not be measured is left out, and the average with it."""
        return results.edit_values(scores, judged)

    def values(self, scores: Sequence[Score], judged: bool) -> Iterator[dict[str, float] | None]:
        """One at a time: no edit's values depend on another's."""
        return (results.values_of(score, judged) for score in scores)

    def locality(self, score: Score) -> dict[str, float]:
        """Likeness outside of the edit's places, times the share of bystanders unchanged."""
        return results.locality(score)

    def in_source_shape(self, source: RGB, edited: RGB, operation: str) -> RGB:
        """What the editor did to bring the source to its own shape is undone."""
        return map_back(source, edited, moved=operation == "view").rgb

    def measures(self, judged: bool) -> tuple[str, ...]:
        """See `results.measures`."""
        return results.measures(judged)

    def thresholds(self) -> Mapping[str, Any]:
        """All of `Thresholds`, pairs as lists."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in STRICT.to_json().items()}

    def describe_thresholds(self) -> Sequence[tuple[str, Any, str, str]]:
        """See `Thresholds.describe`."""
        return STRICT.describe()


PROTOCOL = StrictProtocol()
