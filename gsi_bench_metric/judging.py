"""Judging ahead: all edits of a run go to its judge before scoring begins, many at a time, each judgement a record.

Scoring then finds the records. So a judge that waits for a server is kept busy whatever the number of workers, and a large
model is built once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from tqdm import tqdm

from gsi_bench_dataset.record_store import RecordStore
from gsi_bench_dataset.records import Judgement, Prediction, Sample
from gsi_bench_metric.images import ImageError
from gsi_bench_metric.judges import Judge, JudgeItem
from gsi_bench_metric.pictures import Picture
from gsi_bench_metric.scoring import judgement_key

__all__ = ["judge_ahead"]


def judge_ahead(
    judge: Judge, edits: Iterable[tuple[Sample, Prediction]], records: RecordStore, *, total: int, progress: bool
) -> dict[str, Any]:
    """Judges what has no judgement on record: how many were judged, could not be or are on record, and what it took.

    Edits whose pictures cannot be read are left to the scorer, which names them.

    Raises:
        JudgeError: the judge cannot go on. What was judged is on record.
        StoreError: the disk is full. What was judged before is on record.
    """
    counts = {"judged": 0, "not_judged": 0, "outages": 0, "on_record": 0}
    edits = iter(edits)
    with tqdm(total=total, desc="judging", unit="edit", delay=1, smoothing=0.1, disable=not progress) as bar:
        while part := list(islice(edits, judge.ahead)):
            keyed = _keyed(judge, part)
            new = {key: item for key, item in keyed if records.get("judgements", key) is None}
            made = judge.judge(list(new.values()), records) if new else []
            records.append(("judgements", key, j.to_json()) for key, j in zip(new, made, strict=True) if not j.outage)
            counts["on_record"] += len(keyed) - len(new)
            for judgement in made:
                counts[_outcome(judgement)] += 1
            bar.update(len(part))
    records.sync()
    return {**counts, **judge.account()}


def _keyed(judge: Judge, edits: Sequence[tuple[Sample, Prediction]]) -> list[tuple[str, JudgeItem]]:
    found = []
    for sample, prediction in edits:
        source, edited = Picture(sample.image), Picture(prediction.image or prediction.path or "")
        try:
            key = judgement_key(judge, sample, source.sha256(), edited.sha256())
        except ImageError:
            continue
        found.append((key, JudgeItem(sample, source, edited)))
    return found


def _outcome(judgement: Judgement) -> str:
    if judgement.outage:
        return "outages"
    return "not_judged" if judgement.score is None else "judged"
