"""A judge as a reviewer: its opinion on each instruction of a split, as decisions that `review --apply` takes."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from gsi_bench_dataset.execution.progress import Dashboard
from gsi_bench_dataset.reads import IDENTITY, narrowed
from gsi_bench_dataset.records import EncodedImage, Judgement, Sample
from gsi_bench_dataset.storage.record_store import RecordStore
from gsi_bench_metric.imaging.pictures import Picture
from gsi_bench_metric.judges.asking import Model, ModelJudge
from gsi_bench_metric.judges.base import JudgeItem
from gsi_bench_metric.judges.options import JudgeOptions
from gsi_bench_metric.judges.registry import MODELS
from gsi_bench_metric.review.decisions import LONGEST, Decision, Decisions, fingerprint
from gsi_bench_metric.review.opinion import OpinionQuestion, opinions_in
from gsi_bench_metric.review.pictures import boxes_drawn

__all__ = ["Reviewed", "ask_judge", "reviewer_name"]

_MIDDLE = 5.0  # of the judges' scale: as many of several replies are for it as against it


@dataclasses.dataclass(frozen=True)
class Reviewed:
    """What a judge said of a split.

    Attributes:
        decisions: keep or drop, of the samples that it gave an opinion on.
        undecided: reason -> samples without a decision.
        outages: of these, how many it was not reached for: the same command asks again.
        account: requests and tokens.
    """

    decisions: Decisions
    undecided: Mapping[str, Sequence[str]]
    outages: int
    account: Mapping[str, Any]

    @property
    def counts(self) -> Counter[str]:
        """By verdict."""
        return Counter(decision.verdict for decision in self.decisions.by_id.values())


def reviewer_name(options: JudgeOptions) -> str:
    """What decisions call it: `judge:<model>`; of a folder its name, and not where it is.

    >>> reviewer_name(JudgeOptions(model="/models/my-model/")), reviewer_name(JudgeOptions(model="Qwen/Qwen3-VL"))
    ('judge:my-model', 'judge:Qwen/Qwen3-VL')
    """
    model = (options.model or "").rstrip("/")
    if model.startswith(("/", ".", "~")) or Path(model).is_dir():
        model = Path(model).name
    model = "".join(c for c in model if c.isprintable())
    return f"judge:{model}"[: LONGEST["reviewer"]]


def ask_judge(
    name: str, options: JudgeOptions, split: str, samples: Iterable[Sample], replies: Path, *, total: int, progress: bool = True
) -> Reviewed:
    """Asks a judge about every sample, or goes on where it was stopped. An answer that cannot be read is no decision.

    Args:
        name: one of `MODELS`.
        options: of the judge; its question and text are not used.
        split: of the samples.
        samples: that are asked about.
        replies: folder that keeps replies as they arrive.
        total: how many samples there are.
        progress: shows a bar.

    Raises:
        JudgeError: the judge cannot be made, or cannot go on. Replies that came are kept.
        StoreError: the disk is full.
    """
    model: Model = MODELS[name](options)
    judge = ModelJudge(model, OpinionQuestion(), options.samples, options.seed, options.price)
    decided: dict[str, Decision] = {}
    undecided: dict[str, list[str]] = {}
    outages = 0
    with RecordStore(replies) as records, Dashboard("asking", total, "edit", quiet=not progress, device="") as bar:
        for chunk in _chunks(iter(samples), judge.ahead):
            items, seen = [], {}
            for sample in chunk:
                try:
                    before, after = boxes_drawn(sample)
                except ValueError as error:
                    undecided.setdefault(_short(str(error)), []).append(sample.id)
                    continue
                items.append(_item(judge, sample, before, after))
                seen[sample.id] = fingerprint(sample)
            for judgement in judge.judge(items, records):
                outages += judgement.outage
                found = _decision(judgement, seen[judgement.sample_id])
                if isinstance(found, Decision):
                    decided[judgement.sample_id] = found
                else:
                    undecided.setdefault(_short(found), []).append(judgement.sample_id)
            bar.update(len(chunk))
    return Reviewed(Decisions("", split, reviewer_name(options), decided), undecided, outages, judge.account())


def _item(judge: ModelJudge, sample: Sample, before: EncodedImage, after: EncodedImage) -> JudgeItem:
    return JudgeItem(narrowed(sample, IDENTITY | judge.reads), Picture(before), Picture(after))


def _decision(judgement: Judgement, seen: str) -> Decision | str:
    """What a judgement comes to, or why it is no decision."""
    if judgement.score is None:
        return judgement.problem or "no answer"
    if judgement.score == _MIDDLE:
        return "its replies are divided in halves"
    keep = judgement.score > _MIDDLE
    against = [o for o in opinions_in(judgement.reply or "") if o.good == keep]
    doubts = [name for name in ("unambiguous", "possible") if any(not getattr(o, name) for o in against)]
    words = " ".join(dict.fromkeys(o.observations for o in against if o.observations))
    note = "; ".join([*(f"not {name}" for name in doubts), *([words] if words else [])])
    return Decision("keep" if keep else "drop", seen, note=note[: LONGEST["note"]] or None)


def _short(problem: str) -> str:
    """A reason without what differs from reply to reply, so that reasons can be counted."""
    return re.sub(r"\s+", " ", problem.partition(": ")[0])[:200]


def _chunks(samples: Iterator[Sample], size: int) -> Iterator[list[Sample]]:
    while chunk := list(islice(samples, size)):
        yield chunk
