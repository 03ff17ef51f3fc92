"""One edited image in, both protocols' numbers and reasons out. Calls the metric and computes nothing itself."""

from __future__ import annotations

import dataclasses
import math
import threading
from collections.abc import Mapping, Sequence

from gsi_bench_dataset.reads import digest_of, reads_of
from gsi_bench_dataset.records import Detection, EncodedImage, Prediction, Reason, Sample, Score
from gsi_bench_metric.detectors import DetectionItem, Detector
from gsi_bench_metric.imaging.images import header_size, load_rgb
from gsi_bench_metric.imaging.mapping import map_back
from gsi_bench_metric.imaging.pictures import Picture
from gsi_bench_metric.protocols.base import Edit, Scorer
from gsi_bench_metric.protocols.registry import PROTOCOLS
from gsi_bench_metric.protocols.strict.pixels import Compared
from gsi_bench_metric.protocols.strict.scoring import StrictScorer
from gsi_bench_metric.protocols.text import LANGUAGES
from gsi_bench_metric.recent import Recent
from gsi_bench_metric.report.verdict import explain
from gsi_bench_metric.results.aggregate import aggregate
from gsi_bench_metric.run.scoring import Candidate, make_scorer, score_candidates
from gsi_bench_metric.run.threads import one_thread
from gsi_bench_space.hardware import Hardware
from gsi_bench_space.shelf import png

__all__ = ["MEASURES", "Bench", "EditResult", "ProtocolResult"]

MEASURES = ("ic", "sa", "el", "ac")
_EDITOR = "visitor"
_KEPT = 32  # detections in source images, which every visitor's edit of a sample asks for again


@dataclasses.dataclass(frozen=True)
class ProtocolResult:
    """What an edit scored under one protocol.

    Attributes:
        values: by measure, 0–100, as the edit counts in an editor's row; None: not scored or not judged.
        locality: EL before gating, 0–100; None: not measured.
        outcome: Passed | Failed | Graded | Not scored.
        why: the reason by language, a sentence.
        notes: what could not be measured or was done to the image, and why.
    """

    protocol: str
    values: dict[str, float | None]
    locality: float | None
    outcome: str
    why: Mapping[str, str]
    notes: tuple[Reason, ...]
    score: Score


@dataclasses.dataclass(frozen=True)
class EditResult:
    """An edit of a sample, scored. Detections are None where the detector has no result for the image.

    `edited` has the source's size: larger or smaller images were brought to it after scoring.
    """

    sample: Sample
    edited: EncodedImage
    results: tuple[ProtocolResult, ...]
    source_detections: list[Detection] | None
    edited_detections: list[Detection] | None

    def of(self, protocol: str) -> ProtocolResult:
        """The result under a protocol."""
        return next(result for result in self.results if result.protocol == protocol)

    def to_json(self) -> dict[str, object]:
        """Plain values, for the API."""
        return {
            "sample_id": self.sample.id,
            "instruction": self.sample.prompt,
            "operation": self.sample.operation.kind if self.sample.operation else None,
            "protocols": {
                r.protocol: {
                    **{measure: _finite(value) for measure, value in r.values.items()},
                    "el_before_gating": _finite(r.locality),
                    "outcome": r.outcome,
                    "why": r.why["en"],
                    "notes": [{"name": note.name, "text": note.text} for note in r.notes],
                }
                for r in self.results
            },
        }


class Bench:
    """Scorers and detector, built once. One edit is scored at a time: the networks and the tracker's memory are shared.

    Args:
        detector: looks at both images, once for both protocols.
        hardware: where images are compared.
    """

    def __init__(self, detector: Detector, hardware: Hardware | None = None):
        hardware = hardware or Hardware("cpu")
        self._detector, self._device = detector, hardware.device
        self._score_here = hardware.on_device(self._score_all)
        self._desk = _Desk(detector, self._device)

    def renew(self) -> None:
        """Leaves the lock, the scorers and what was remembered to a call that was given up; the next ones get new ones."""
        self._desk = _Desk(self._detector, self._device)

    def score(self, sample: Sample, edited: EncodedImage) -> EditResult:
        """The edit under every protocol.

        Raises:
            ImageError: an image cannot be read.
        """
        return self._score_here(sample, edited)

    def _score_all(self, sample: Sample, edited: EncodedImage) -> EditResult:
        prediction, desk = Prediction(sample.id, _EDITOR, image=edited), self._desk
        with desk.lock, one_thread():
            found = [desk.score(sample, prediction, scorer) for scorer in desk.scorers]
            views = [(Picture(sample.image), "source"), (Picture(edited), "edited")]
            source, after = (desk.detector.detect([DetectionItem(sample, view, None, p)])[0] for p, view in views)  # type: ignore[arg-type]
        results = tuple(_result(sample, score, source, after) for score in found)
        return EditResult(sample, _fitted(edited, sample), results, source, after)

    def compared(self, result: EditResult) -> Compared | Reason:
        """The two images that the strict protocol's edit locality holds against each other, or why there are none."""
        edit, desk = Edit(result.sample, _EDITOR, result.source_detections, result.edited_detections), self._desk
        with desk.lock, one_thread():
            return desk.strict.compared(edit, Picture(result.edited))


class _Desk:
    """What one edit at a time is scored with."""

    def __init__(self, detector: Detector, device: str):
        self.lock = threading.Lock()
        self.scorers: Sequence[Scorer] = [make_scorer(protocol, device) for protocol in PROTOCOLS]
        self.strict = next(scorer for scorer in self.scorers if isinstance(scorer, StrictScorer))
        self.detector = _Remembering(detector)

    def score(self, sample: Sample, prediction: Prediction, scorer: Scorer) -> Score:
        """The edit under one protocol."""
        (score,) = score_candidates([Candidate(sample, prediction, self.detector)], scorer)
        return score


def _fitted(edited: EncodedImage, sample: Sample) -> EncodedImage:
    """As the strict protocol compared it, of the source's size: the upload itself must not be kept for each visitor."""
    height, width = header_size(sample.image)
    if header_size(edited) == (height, width):
        return edited
    moved = sample.operation is not None and sample.operation.kind == "view"
    return png(map_back(load_rgb(sample.image), load_rgb(edited), moved=moved).rgb, "fitted.png")


def _finite(value: float | None) -> float | None:
    """NaN is a value of the official protocol (0/0), and none of JSON."""
    return value if value is not None and math.isfinite(value) else None


def _result(sample: Sample, score: Score, source: list[Detection] | None, edited: list[Detection] | None) -> ProtocolResult:
    row = aggregate([score], judged=False)
    values = {measure: row.get(measure) for measure in MEASURES}
    verdicts = {language: explain(sample, score, source, edited, None, language) for language in LANGUAGES}
    why = {language: verdict.why for language, verdict in verdicts.items()}
    return ProtocolResult(
        score.protocol, values, row.get("el_ungated"), verdicts["en"].outcome, why, tuple(score.reasons), score
    )


class _Remembering:
    """A detector that looks at each image once. Images are known by view, bytes, and what it reads of their sample."""

    def __init__(self, detector: Detector):
        self.name, self.key, self.needs_pixels = detector.name, detector.key, detector.needs_pixels
        self._detector, self.reads = detector, reads_of(detector)
        self._recent: Recent[tuple[str, str, str], list[Detection] | None] = Recent(_KEPT)

    def detect(self, items: Sequence[DetectionItem]) -> list[list[Detection] | None]:
        """As the detector itself."""
        return [self._one(item) for item in items]

    def _one(self, item: DetectionItem) -> list[Detection] | None:
        key = (digest_of(item.sample, self.reads), item.view, "" if item.picture is None else item.picture.sha256())
        return self._recent.get(key, lambda: self._detector.detect([item])[0])
