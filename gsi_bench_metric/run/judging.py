"""Judging ahead: all edits of a run go to its judge before scoring begins, many at a time, each judgement a record.

Scoring then finds the records. So a judge that waits for a server is kept busy whatever the number of workers, and a large
model is built once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from gsi_bench_dataset.execution.progress import Dashboard
from gsi_bench_dataset.records import Judgement, Prediction, Sample
from gsi_bench_dataset.storage.record_store import RecordStore
from gsi_bench_metric.imaging.images import ImageError
from gsi_bench_metric.imaging.pictures import Picture
from gsi_bench_metric.judges import Judge, JudgeItem
from gsi_bench_metric.run.keys import judge_item, judgement_key

__all__ = ["judge_ahead", "judge_each"]

_AT_ONCE = 8  # edits, for judges that do not say how many they want: what a kill may lose


def judge_ahead(
    judge: Judge, edits: Iterable[tuple[Sample, Prediction]], records: RecordStore, *, total: int, progress: bool
) -> dict[str, Any]:
    """Judges what has no judgement on record: how many edits have a score, cannot have one, met an outage; what it took.

    Raises:
        JudgeError: the judge cannot go on. What was judged is on record.
        StoreError: the disk is full. What was judged before is on record.
    """
    counts = {"judged": 0, "not_judged": 0, "outages": 0}
    with Dashboard("judging", total, "edit", quiet=not progress, device="") as bar:
        for _, judgement in judge_each(judge, edits, records):
            if judgement is not None:
                counts[_outcome(judgement)] += 1
                if judgement.outage:
                    bar.count_lost()
            bar.update()
    return {**counts, **judge.account(), "left_out": _left_out(judge, records)}


def _left_out(judge: Judge, records: RecordStore) -> list[str]:
    """Parameters that the judge was asked without, for this or a former command: judgements on record were asked so too."""
    known, now = records.get("left_out", judge.key) or [], judge.account().get("left_out") or []
    found = sorted({*known, *now})
    if found != known:
        records.append([("left_out", judge.key, found)])
    return found


def judge_each(
    judge: Judge, edits: Iterable[tuple[Sample, Prediction]], records: RecordStore
) -> Iterator[tuple[Prediction, Judgement | None]]:
    """The judgement of each edit in turn, from the records or made now; None where an image cannot be read.

    Raises:
        JudgeError, StoreError: see `judge_ahead`.
    """
    edits = iter(edits)
    while part := list(islice(edits, judge.ahead or _AT_ONCE)):
        keyed = [_keyed(judge, sample, prediction) for sample, prediction in part]
        found = {key: kept for key, _ in filter(None, keyed) if (kept := records.get("judgements", key)) is not None}
        judgements = {key: Judgement.from_json(kept) for key, kept in found.items()}
        new = {key: item for key, item in filter(None, keyed) if key not in judgements}
        made = judge.judge(list(new.values()), records) if new else []
        judgements |= dict(zip(new, made, strict=True))
        records.append(("judgements", key, j.to_json()) for key, j in zip(new, made, strict=True) if not j.outage)
        for (_, prediction), pair in zip(part, keyed, strict=True):
            yield prediction, judgements[pair[0]] if pair is not None else None
    records.sync()


def _keyed(judge: Judge, sample: Sample, prediction: Prediction) -> tuple[str, JudgeItem] | None:
    edited = Picture(prediction.image or prediction.path or "")
    try:
        key = judgement_key(judge, sample, edited.sha256())
    except ImageError:
        return None  # the scorer names it
    return key, judge_item(judge, sample, Picture(sample.image), edited)


def _outcome(judgement: Judgement) -> str:
    if judgement.outage:
        return "outages"
    return "not_judged" if judgement.score is None else "judged"
