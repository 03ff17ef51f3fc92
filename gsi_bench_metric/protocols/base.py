"""What everything else asks of a protocol: its facts, its scorer at work, and the records that pass between its steps."""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from gsi_bench_dataset.reads import Reads
from gsi_bench_dataset.records import Detection, Judgement, Operation, Reason, Sample, Score
from gsi_bench_dataset.schema import Record, record, spec

if TYPE_CHECKING:  # names in signatures alone: what lists names for a command line loads no network library
    from gsi_bench_metric.imaging.images import RGB
    from gsi_bench_metric.imaging.pictures import Picture
    from gsi_bench_metric.protocols.official.source import Source, SourceCache

__all__ = ["Asked", "Edit", "Look", "Measurement", "MetricProtocol", "Place", "ProtocolError", "Scorer"]


class ProtocolError(ValueError):
    """No such protocol; the message says which there are."""


@dataclasses.dataclass(frozen=True)
class Edit:
    """One edit to score. Detections are None: no result for this image; no judgement: not judged.

    For a scorer the sample has its identity and the fields that the scorer names in `reads`, and no others.
    """

    sample: Sample
    editor: str
    source_detections: list[Detection] | None
    edited_detections: list[Detection] | None
    judgement: Judgement | None = None


@dataclasses.dataclass(frozen=True)
class Look:
    """Everything that the measurement of an edit goes by: the key of its record is made of it, and of nothing else.

    Attributes:
        sample: with its identity and the fields that `Scorer.measured` names, and no others.
        operation: as the protocol reads it.
        settings: see `Scorer.settings`.
        place: where the edit may change the image (a `Place`); None: nothing is known of the source.
        pictures: as `Scorer.open` gave them.
    """

    sample: Sample
    operation: str
    settings: str
    place: Any | None
    pictures: Any


@record
class Measurement(Record):
    """What the images of one edit say. None: not measured, and then `reasons` says why, or not asked for."""

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
    blank: bool | None = None  # strict: the edited image shows nothing
    mapping: str | None = None  # strict: how the editor brought the source to another shape, undone before comparing
    mapping_residual: float | None = None  # strict: how unlike the unchanged scene stays under it
    shown: tuple[float, float, float, float] | None = None  # strict: x0, y0, x1, y1 in source pixels; None: all of it
    reasons: tuple[Reason, ...] = ()


class Place(Protocol):
    """Where an edit may change an image, as a protocol sees it."""

    def to_json(self) -> Any:
        """Plain values that name the place completely, for a key."""


class Scorer(Protocol):
    """A protocol at work. Its steps are asked for in the order of the methods.

    `operation` and `settings` may read all of a sample: what they say of it is part of every key. `open` and `measure` are
    given samples with the fields of `measured`, `places` and `score` samples with those of `reads`.
    """

    name: str
    key: str  # everything that the numbers depend on beside their inputs: code, libraries, weights, kind of device
    batch_size: int  # images that are compared together
    sources: SourceCache
    reads: Reads  # the fields of a sample that places and scores go by

    def operation(self, sample: Sample) -> str:
        """The operation as the protocol reads it."""

    def settings(self, sample: Sample) -> str:
        """What was chosen for this sample and changes its numbers."""

    def measured(self, sample: Sample) -> Reads:
        """The fields of this sample that its images are opened and measured by; `image` is always one."""

    def open(self, sample: Sample, operation: str, source: Source, edited: Picture) -> Any | Reason:
        """The decoded images of an edit, as `measure` takes them, or why they cannot be compared."""

    def places(self, edits: Sequence[Edit]) -> Sequence[Any]:
        """Where each edit may change the image (a `Place`); None where nothing is known of the source."""

    def measure(self, looks: Sequence[Look]) -> Iterator[tuple[int, Measurement]]:
        """(index, what the images say) of every edit, as they are ready."""

    def score(self, edits: Sequence[Edit], measurements: Sequence[Measurement]) -> list[Score]:
        """The score of each edit."""

    def no_picture(self, sample: Sample, editor: str, reason: Reason, source: Callable[[], list[Detection] | None]) -> Score:
        """The score of a sample without a usable image; `source` asks the detector about the sample's own."""


class Asked(Protocol):
    """A sample, or an outline of one without its images."""

    @property
    def id(self) -> str:
        """Of the sample."""

    @property
    def split(self) -> str:
        """Of the sample."""

    @property
    def scene_id(self) -> str | None:
        """Of the sample."""

    @property
    def prompt(self) -> str:
        """The instruction."""

    @property
    def operation(self) -> Operation | None:
        """What the instruction asks, where it is understood."""


class MetricProtocol(abc.ABC):
    """A protocol: all that planning, scoring, tables, reports and the app must know of it. One object each, without state."""

    name: ClassVar[str]  # as `--protocol` takes it
    version: ClassVar[int]  # of its code: other ones may give other numbers for the same inputs
    question: ClassVar[str]  # what a judge is asked by default
    of_paper: ClassVar[bool] = False  # the paper's: its numbers may stand beside the paper's, in the reference's result files
    # Whether samples without an image go through `Scorer.no_picture` and count in every mean; else they drop out of the means.
    scores_missing: ClassVar[bool] = False
    bounded: ClassVar[bool] = False  # whether rows say what the edits excluded for every editor could change at most
    tells_faults: ClassVar[bool] = False  # whether a score carries its own explanation; else it is made from the detections
    all_objects: ClassVar[bool] = False  # whether it goes by every known object of the scene, or by the target's class alone
    options: ClassVar[frozenset[str]] = frozenset()  # of `make_scorer`: those that change something
    says_blank: ClassVar[bool] = False  # whether an image that shows nothing has a reason of its own
    mapping_policy: ClassVar[str] = "resize"  # how images of another shape are brought to the source's
    judge_can_zero: ClassVar[bool] = False  # whether an AC of 0, or none, makes all numbers of an edit 0

    @abc.abstractmethod
    def make_scorer(self, device: str, batch_size: int | None = None, dataset_type: str | None = None) -> Scorer:
        """The protocol at work. What it has no use for it leaves aside."""

    @abc.abstractmethod
    def operation(self, sample: Asked) -> str:
        """The operation as the protocol reads it; empty where it does not understand."""

    @abc.abstractmethod
    def without_picture(self, sample: Asked, editor: str, reason: Reason) -> Score:
        """The score of a sample that has no usable image."""

    @abc.abstractmethod
    def edit_values(self, scores: Sequence[Score], judged: bool) -> dict[str, dict[str, float]]:
        """What every scored edit adds to a row, 0–100, by sample id: ic sa el el_ssim and ac average | average_ic_sa_el."""

    def values(self, scores: Sequence[Score], judged: bool) -> Iterator[dict[str, float] | None]:
        """What `edit_values` says of each score in turn; None of those that add nothing."""
        found = self.edit_values(scores, judged)
        return (found.get(score.sample_id) for score in scores)

    @abc.abstractmethod
    def locality(self, score: Score) -> dict[str, float]:
        """EL and its SSIM form of an edit, 0–100, whether it complied or not; {} where they were not measured."""

    def measures(self, judged: bool) -> tuple[str, ...]:
        """The keys of a row, in their order."""
        return ("ic", "sa", "el", "el_ssim", "ac", "average") if judged else ("ic", "sa", "el", "el_ssim", "average_ic_sa_el")

    @abc.abstractmethod
    def in_source_shape(self, source: RGB, edited: RGB, operation: str) -> RGB:
        """An edited image (h, w, 3) of any size as the protocol compares it with its source (H, W, 3)."""

    def complete(self, scores: Sequence[Score]) -> bool:
        """Whether means over these scores may be shown; else they would be of another set than other editors'."""
        return True

    def thresholds(self) -> Mapping[str, Any]:
        """The numbers of its rules by name, as plain values of JSON; {} where they are no object of their own."""
        return {}

    def describe_thresholds(self) -> Sequence[tuple[str, Any, str, str]]:
        """(name, value, unit, reason) of each, in order."""
        return ()
