"""The Judge protocol: what scoring asks of a judge."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from gsi_bench_dataset.reads import Reads, reads_of
from gsi_bench_dataset.records import Detection, Judgement, Sample
from gsi_bench_dataset.storage.record_store import NoRecords, Records
from gsi_bench_metric.detectors.base import Detector

if TYPE_CHECKING:  # names in signatures alone: what lists names for a command line loads no network library
    from gsi_bench_metric.imaging.pictures import Picture

__all__ = ["Judge", "JudgeError", "JudgeItem", "JudgedAhead"]


class JudgeError(ValueError):
    """No such judge, one that lacks something, or one that cannot be reached; the message says what to do."""


@dataclasses.dataclass(frozen=True)
class JudgeItem:
    """An edit to look at. The sample has its identity and the fields that the judge names in `reads`, and no others.

    Images and, for a judge that names a detector, what that one found in them (None: no result for this image).
    The source is there for judges that read the sample's image. Judges of recorded judgements need the sample alone.
    """

    sample: Sample
    source: Picture | None = None
    edited: Picture | None = None
    source_detections: Sequence[Detection] | None = None
    edited_detections: Sequence[Detection] | None = None


class Judge(Protocol):
    """Rates edits.

    `ahead` is how many edits it wants at a time, all of them before scoring begins: judges that wait for a server, or need a
    large model that must not be built in every worker. 0: it is asked while edits are scored.
    """

    name: str
    key: str  # everything that its answers depend on beside the edit: model, prompt, settings, a file's content
    ahead: int
    detector: Detector | None  # whose detections it wants beside the images
    reads: Reads  # the fields of a sample that it looks at; its records' keys are made of them, and of what its detector reads

    def describe(self) -> Mapping[str, Any]:
        """What a run's settings say of it: enough to judge so again. Never a key or a password."""
        ...

    def account(self) -> Mapping[str, Any]:
        """What judging took so far: requests, tokens, cost. Nothing where it takes none."""
        ...

    def judge(self, items: Sequence[JudgeItem], records: Records = NoRecords()) -> list[Judgement]:  # noqa: B008 - has no state
        """A judgement for each edit; one without a score says why in `problem`.

        What is paid for, a model's replies, is kept in `records` as soon as it is there, and taken from there.

        Raises:
            JudgeError: it cannot go on at all.
        """
        ...


class JudgedAhead:
    """Stands for a judge whose work was done before scoring began.

    Args:
        judge: whose name and key it takes, so that records of its judgements are found.
        found: judgements by sample id that are on no record. What is in neither, the judge could not be asked.
    """

    ahead = 0
    detector: Detector | None = None

    def __init__(self, judge: Judge, found: Mapping[str, Judgement] | None = None):
        self.name, self.key = judge.name, judge.key
        self.reads = reads_of(judge) if judge.detector is None else reads_of(judge) | reads_of(judge.detector)
        self._judge, self._found = judge, found or {}

    def describe(self) -> Mapping[str, Any]:
        """As the judge itself."""
        return self._judge.describe()

    def account(self) -> Mapping[str, Any]:
        """As the judge itself."""
        return self._judge.account()

    def judge(self, items: Sequence[JudgeItem], records: Records = NoRecords()) -> list[Judgement]:  # noqa: B008
        """What was found; an outage for the others."""
        problem = "the judge gave no answer; run the same command again to ask for what is lacking"
        lacking = (Judgement(item.sample.id, self.name, problem=problem, outage=True) for item in items)
        return [self._found.get(judgement.sample_id, judgement) for judgement in lacking]
