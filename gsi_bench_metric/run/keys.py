"""What the records of a run are kept under, and what each step is handed: both come from the fields that the step names.

A step never sees a field of the sample that its key leaves out (`gsi_bench_dataset.reads`). Images count by the SHA-256 of
their files.
"""

from __future__ import annotations

from typing import Literal

from gsi_bench_dataset.reads import EVERYTHING, IDENTITY, IMAGE, TRUE_IMAGE, Reads, digest_of, narrowed, reads_of
from gsi_bench_dataset.records import Detection, Sample
from gsi_bench_dataset.storage.record_store import digest
from gsi_bench_metric.detectors import DetectionItem, Detector
from gsi_bench_metric.imaging.pictures import Picture
from gsi_bench_metric.judges import Judge, JudgeItem
from gsi_bench_metric.protocols.base import Look, Place, Scorer

__all__ = [
    "Found",
    "View",
    "content_of",
    "detection_item",
    "detection_key",
    "judge_item",
    "judgement_key",
    "locality_key",
    "measured_sample",
    "score_key",
    "scored_sample",
]

View = Literal["source", "edited"]
Found = tuple[list[Detection] | None, list[Detection] | None]  # in the source, in the edited image


def detection_key(detector: Detector, sample: Sample, edited: str | None) -> str:
    """Of the detections in an edited image by its hash; None: in the sample's own, which the detector is then given."""
    reads = reads_of(detector)
    if edited is None:
        return digest("detections", detector.key, "source", digest_of(sample, reads | IMAGE))
    return digest("detections", detector.key, "edited", digest_of(sample, reads), edited)


def detection_item(detector: Detector, sample: Sample, view: View, picture: Picture | None) -> DetectionItem:
    """What the detector is handed; the hash of the pixels where it wants that.

    Raises:
        ImageError: the image cannot be read.
    """
    pixels = picture.pixels() if detector.needs_pixels and picture else None
    return DetectionItem(narrowed(sample, reads_of(detector)), view, pixels, picture)


def judgement_key(judge: Judge, sample: Sample, edited: str) -> str:
    """Of the judgement of an edited image by its hash."""
    reads = reads_of(judge) if judge.detector is None else reads_of(judge) | reads_of(judge.detector)
    about = None if judge.detector is None else judge.detector.key
    return digest("judgement", judge.key, about, digest_of(sample, reads), edited)


def judge_item(
    judge: Judge, sample: Sample, source: Picture | None, edited: Picture | None, found: Found = (None, None)
) -> JudgeItem:
    """What the judge is handed; the source image only where it reads that."""
    reads = reads_of(judge)
    return JudgeItem(narrowed(sample, reads), source if reads >= IMAGE else None, edited, *found)


def scored_sample(scorer: Scorer, sample: Sample) -> Sample:
    """What places and scores go by."""
    return narrowed(sample, reads_of(scorer))


def measured_sample(scorer: Scorer, sample: Sample) -> Sample:
    """What images are opened and measured by."""
    return narrowed(sample, _measured(scorer, sample))


def _measured(scorer: Scorer, sample: Sample) -> Reads:
    return IDENTITY | IMAGE | scorer.measured(sample)


def locality_key(scorer: Scorer, sample: Sample, edited: str, look: Look) -> str:
    """Of what the images say of an edit: other words for the same move, or another judge, do not touch the images."""
    place: Place | None = look.place
    what = (look.operation, look.settings, None if place is None else place.to_json())
    return digest("locality", scorer.name, scorer.key, digest_of(sample, _measured(scorer, sample)), edited, what)


def content_of(sample: Sample) -> str:
    """A digest by which a report sees that a sample has changed. The two images that it shows are held against their own."""
    return digest_of(sample, EVERYTHING - IMAGE - TRUE_IMAGE)


def score_key(scorer: Scorer, sample: Sample, editor: str, made_of: dict[str, str]) -> str:
    """Of a score. `made_of`: hash of the edited image, keys of detections and judgement."""
    reads = reads_of(scorer) | _measured(scorer, sample)
    settings = (scorer.name, scorer.key, scorer.operation(sample), scorer.settings(sample), editor)
    return digest("score", settings, digest_of(sample, reads), made_of)
