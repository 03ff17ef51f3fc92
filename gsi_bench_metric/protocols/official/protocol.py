"""What the rest of the benchmark must know of the official protocol."""

from __future__ import annotations

from collections.abc import Sequence

from gsi_bench_dataset.records import Reason, Score
from gsi_bench_metric.imaging.images import RGB, resize_bicubic
from gsi_bench_metric.protocols.base import Asked, MetricProtocol
from gsi_bench_metric.protocols.official import results
from gsi_bench_metric.protocols.official.scoring import OfficialScorer, operation_of, without_picture

__all__ = ["PROTOCOL", "OfficialProtocol"]

_NAMES = {"el_lpips": "el"}  # the reference's name -> ours


class OfficialProtocol(MetricProtocol):
    """The paper's released code. Missing images drop out of the means, as in the reference."""

    name = OfficialScorer.name
    version = OfficialScorer.version
    question = "official"
    of_paper = True
    options = frozenset({"batch_size", "dataset_type"})
    judge_can_zero = True  # quirk 82

    def make_scorer(self, device: str, batch_size: int | None = None, dataset_type: str | None = None) -> OfficialScorer:
        """See `OfficialScorer`."""
        return OfficialScorer(device, batch_size, dataset_type)

    def operation(self, sample: Asked) -> str:
        """As the reference reads it out of the words."""
        return operation_of(sample.prompt)

    def without_picture(self, sample: Asked, editor: str, reason: Reason) -> Score:
        """Without numbers: the reference leaves it out of its means."""
        return without_picture(sample, editor, reason)

    def edit_values(self, scores: Sequence[Score], judged: bool) -> dict[str, dict[str, float]]:
        """The reference's gated rows under our names."""
        ac = {s.sample_id: s.ac for s in scores} if judged else None
        gated = results.gated_rows(results.results_from_scores(scores), ac)
        rows = {s.sample_id: gated.get(results.result_key(s.sample_id)) for s in scores}
        return {i: {_NAMES.get(name, name): v for name, v in row.items()} for i, row in rows.items() if row is not None}

    def locality(self, score: Score) -> dict[str, float]:
        """Plain likeness."""
        if score.lpips is None or score.ssim is None:
            return {}
        return {"el": 100 - 100 * score.lpips, "el_ssim": 100 * score.ssim}

    def in_source_shape(self, source: RGB, edited: RGB, operation: str) -> RGB:
        """Stretched, whatever its shape, as the reference does."""
        return resize_bicubic(edited, source.shape[0], source.shape[1])

    def complete(self, scores: Sequence[Score]) -> bool:
        """Whether every image could be scored."""
        return all(score.ic is not None for score in scores if score.state != "no_picture")


PROTOCOL = OfficialProtocol()
