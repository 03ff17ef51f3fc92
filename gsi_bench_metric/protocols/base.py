"""What scoring asks of a protocol, and the records that pass between its steps."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from gsi_bench_dataset.records import Detection, EncodedImage, Judgement, Reason, Sample, Score
from gsi_bench_dataset.schema import Record, record, spec
from gsi_bench_metric.imaging.pictures import Picture
from gsi_bench_metric.protocols.official.source import Source, SourceCache

__all__ = ["Edit", "Measurement", "Place", "Scorer"]


@dataclasses.dataclass(frozen=True)
class Edit:
    """One edit to score. Detections are None where the detector has no word on the picture; no judgement: not judged."""

    sample: Sample
    editor: str
    source_detections: list[Detection] | None
    edited_detections: list[Detection] | None
    judgement: Judgement | None = None


@record
class Measurement(Record):
    """What the pictures of one edit say. None: not measured, and then `reasons` says why, or not asked for."""

    # NaN is a value here, see Score.
    ssim: float | None = spec(default=None, finite=False)
    lpips: float | None = spec(default=None, finite=False)
    mse: float | None = spec(default=None, finite=False)
    passed: bool | None = None  # official: the locality gate and, for rotate, the viewpoint check
    same_viewpoint: bool | None = None  # official, rotate only; None: not asked or undecided
    view: float | None = spec(default=None, finite=False)  # official, view only: likeness to the ground truth
    drift_px: float | None = None  # strict: mean displacement of the unchanged scene, removed before comparing
    found: float | None = None  # strict: share of the scene outside of the edit that is found again, 0–1
    hidden: float | None = None  # strict: share of the target that the ground truth hides after the edit, 0–1
    blank: bool | None = None  # strict: the edited picture shows nothing
    reasons: tuple[Reason, ...] = ()


class Place(Protocol):
    """Where an edit may change a picture, as a protocol sees it."""

    def to_json(self) -> Any:
        """Plain values that name the place completely, for a key."""


class Scorer(Protocol):
    """A protocol at work. Its steps are asked for in the order of the methods."""

    name: str
    key: str  # everything that the numbers depend on beside their inputs: code, libraries, weights, kind of device
    batch_size: int  # pictures that are compared together
    # Whether samples without a picture go through `no_picture` with everything else; else the plan's word on them is final.
    scores_missing: bool
    sources: SourceCache

    def operation(self, sample: Sample) -> str:
        """The operation as the protocol reads it."""

    def settings(self, sample: Sample) -> str:
        """What was chosen for this sample and changes its numbers."""

    def further_pictures(self, sample: Sample) -> Sequence[EncodedImage]:
        """The sample's pictures that the score reads beside the source."""

    def open(self, sample: Sample, source: Source, edited: Picture) -> Any | Reason:
        """The decoded pictures of an edit, as `measure` takes them, or why they cannot be compared."""

    def places(self, edits: Sequence[Edit]) -> Sequence[Any]:
        """Where each edit may change the picture (a `Place`); None where that is not known."""

    def measure(
        self, edits: Sequence[Edit], pictures: Sequence[Any], places: Sequence[Any]
    ) -> Iterator[tuple[int, Measurement]]:
        """(index, what the pictures say) of every edit, as they are ready."""

    def score(self, edits: Sequence[Edit], measurements: Sequence[Measurement]) -> list[Score]:
        """The score of each edit."""

    def no_picture(self, sample: Sample, editor: str, reason: Reason, source: Callable[[], list[Detection] | None]) -> Score:
        """The score of a sample without a usable picture; `source` asks the detector about the sample's own."""
