"""A detector and a protocol of a few lines: what an extension writes, beside one line of each registry."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from typing import ClassVar

from gsi_bench_dataset.reads import NOTHING
from gsi_bench_dataset.records import Reason, Score
from gsi_bench_metric.detectors.base import DetectorOptions
from gsi_bench_metric.protocols.base import Edit, Measurement, MetricProtocol
from gsi_bench_metric.protocols.official.scoring import OfficialScorer

__all__ = ["PROTOCOL", "ToyDetector"]


class ToyDetector:
    """Finds nothing, and counts how often it was made and asked."""

    name = key = "toy"
    needs_pixels = False
    reads = NOTHING
    made: ClassVar[list[DetectorOptions]] = []
    asked: ClassVar[Counter[tuple[str, str]]] = Counter()

    def __init__(self, options: DetectorOptions) -> None:
        self.made.append(options)

    def detect(self, items):
        self.asked.update((item.sample.id, item.view) for item in items)
        return [[] for _ in items]


class ToyScorer(OfficialScorer):
    """Half of everything, whatever the images show."""

    name = "toy"

    def measure(self, looks):
        yield from ((i, Measurement(ssim=0.5, lpips=0.5, mse=0.0)) for i in range(len(looks)))

    def score(self, edits: Sequence[Edit], measurements: Sequence[Measurement]) -> list[Score]:
        zeros = [PROTOCOL.without_picture(edit.sample, edit.editor, Reason("missing", "none")) for edit in edits]
        return [dataclasses.replace(s, state="scored", ic=0.5, sa=0.5, ssim=0.5, lpips=0.5, mse=0.0, reasons=()) for s in zeros]


class ToyProtocol(MetricProtocol):
    """Asks the official question; says one threshold."""

    name = "toy"
    version = 1
    question = "official"

    def make_scorer(self, device, batch_size=None, dataset_type=None):
        return ToyScorer(device, batch_size, dataset_type)

    def operation(self, sample):
        return "toy"

    def in_source_shape(self, source, edited, operation):
        return edited

    def without_picture(self, sample, editor, reason):
        return Score(
            sample_id=sample.id, split=sample.split, editor=editor, protocol="toy", operation="toy",
            scene_id=sample.scene_id, state="no_picture", reasons=(reason,),
        )  # fmt: skip

    def edit_values(self, scores, judged):
        return {s.sample_id: dict.fromkeys(self.measures(judged), 100 * s.ic) for s in scores if s.ic is not None}

    def locality(self, score):
        return {} if score.lpips is None else {"el": 100 - 100 * score.lpips, "el_ssim": 100 * score.ssim}

    def thresholds(self):
        return {"half": 0.5}

    def describe_thresholds(self):
        return [("half", 0.5, "share", "neither good nor bad")]


PROTOCOL = ToyProtocol()
