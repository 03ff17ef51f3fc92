"""Judging ahead: all edits of a run go to its judge before scoring begins, many at a time, each judgement a record.

Scoring then finds the records. So a judge that waits for a server is kept busy whatever the number of workers, and a large
model is built once: in this process or, where a runner has other machines, once in each of its workers.
"""

from __future__ import annotations

import contextlib
import functools
import secrets
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from gsi_bench_dataset.execution.progress import Dashboard
from gsi_bench_dataset.execution.runners import run_tasks
from gsi_bench_dataset.records import Judgement, Prediction, Sample
from gsi_bench_dataset.storage.record_store import RecordStore
from gsi_bench_dataset.storage.shards import read_dataset
from gsi_bench_metric.imaging.images import ImageError
from gsi_bench_metric.imaging.pictures import Picture
from gsi_bench_metric.judges import Judge, JudgeItem
from gsi_bench_metric.run.folder import RECORDS
from gsi_bench_metric.run.inputs import Inputs, Request, open_inputs
from gsi_bench_metric.run.keys import judge_item, judgement_key
from gsi_bench_metric.run.log import RunLog
from gsi_bench_metric.run.planning import Outline, Plan

__all__ = ["judge_ahead", "judge_each", "judge_inputs"]

Plans = Mapping[tuple[str, str], Plan]  # by (split, editor)
Rows = Mapping[str, Sequence[Outline]]  # by split
_Edit = tuple[str, int, str]  # split, row in it, editor

_AT_ONCE = 8  # edits, for judges that do not say how many they want: what a kill may lose


def judge_inputs(
    request: Request, inputs: Inputs, plans: Plans, rows: Rows, *, folder: Path, log: RunLog, progress: bool
) -> dict[str, Any]:
    """Has everything judged by a judge that wants it before scoring; what the run's settings say of it.

    Raises:
        JudgeError, StoreError: see `judge_ahead`.
    """
    asked = [entry for entry in inputs.entries if entry.judge is not None and entry.judge.ahead]
    if not asked or asked[0].judge is None:
        return {}
    judge, wanted = asked[0].judge, list(_edits(inputs, plans, rows))
    with RecordStore(folder / RECORDS) as records:
        try:
            if request.runner.one_machine or not getattr(judge, "computes", False):
                edits = _read(inputs, plans, wanted)
                found = judge_ahead(judge, edits, records, total=len(wanted), progress=progress)
            else:
                found = _judged_by_workers(request, judge, wanted, folder, records, progress=progress)
        except BaseException:
            log.event("judging stopped", account=judge.account())
            raise
    log.event("judged", **found)
    if progress and found["outages"]:
        words = "edits could not be judged now; the same command asks for them again"
        sys.stderr.write(f"{found['outages']} of {len(wanted)} {words}\n")
    return {"judging": found}


def _edits(inputs: Inputs, plans: Plans, rows: Rows) -> Iterator[_Edit]:
    """Every edit that has an image, those of a source together."""
    for split in inputs.splits:
        here = [plans[entry.split, entry.editor] for entry in inputs.entries if entry.split == split]
        wanted = [(plan.editor, frozenset(plan.ids)) for plan in here]
        for number, row in enumerate(rows[split]):
            yield from ((split, number, editor) for editor, ids in wanted if row.id in ids)


def _read(inputs: Inputs, plans: Plans | None, edits: Sequence[_Edit]) -> Iterator[tuple[Sample, Prediction]]:
    """The samples and images of edits, in their order. Without plans, images are those of the inputs."""
    opened = {(entry.split, entry.editor): entry.predictions for entry in inputs.entries}
    for split, some in groupby(edits, key=lambda edit: edit[0]):
        by_row = [(row, [editor for _, _, editor in same]) for row, same in groupby(some, key=lambda edit: edit[1])]
        first, last = by_row[0][0], by_row[-1][0]
        samples = enumerate(read_dataset(inputs.data, split, rows=range(first, last + 1)), first)
        editors = dict(by_row)
        for row, sample in samples:
            for editor in editors.get(row, ()):
                found = opened[split, editor] if plans is None else plans[split, editor]
                gone = Prediction(sample.id, editor, path=f"{opened[split, editor].origin}/{sample.id}")
                yield sample, found.predictions.get(sample.id, gone)


def _judged_by_workers(
    request: Request, judge: Judge, wanted: Sequence[_Edit], folder: Path, records: RecordStore, *, progress: bool
) -> dict[str, Any]:
    """As `judge_ahead`, by a model in each of several workers. They get what one would be asked at a time: the same batches."""
    parts = [tuple(wanted[at : at + judge.ahead]) for at in range(0, len(wanted), judge.ahead)]
    workers = min(request.workers or request.runner.most_workers(), len(parts))
    outcomes: dict[_Edit, str | None] = {}  # by edit: one that a dead worker left may come twice
    accounts: dict[str, Mapping[str, Any]] = {}  # by worker, the last one
    start = functools.partial(_start_judging, request, folder)
    bar = Dashboard("judging", len(wanted), "edit", quiet=not progress, device="")
    with bar, contextlib.closing(run_tasks(parts, start, runner=request.runner, workers=workers)) as results:
        for whose, what in results:
            if isinstance(whose, str):
                accounts[whose] = what
            else:
                outcomes[whose] = what
                bar.update(len(outcomes) - bar.n)
    records.refresh()
    counts = Counter(outcome for outcome in outcomes.values() if outcome is not None)
    total = _sum_of([judge.account(), *accounts.values()])
    left_out = _left_out(judge, records, total.get("left_out") or ())
    return {name: counts[name] for name in ("judged", "not_judged", "outages")} | total | {"left_out": left_out}


def _start_judging(request: Request, folder: Path) -> Callable[[tuple[_Edit, ...]], Iterator[tuple[Any, Any]]]:
    """What a worker does once. Its results: (edit, outcome) of each, then (the worker's name, what it took so far)."""
    inputs = open_inputs(request)
    judge = next(entry.judge for entry in inputs.entries if entry.judge is not None)
    records, own_name = RecordStore(folder / RECORDS), secrets.token_hex(8)

    def work(part: tuple[_Edit, ...]) -> Iterator[tuple[Any, Any]]:
        records.refresh()
        for edit, (_, judgement) in zip(part, judge_each(judge, _read(inputs, None, part), records), strict=True):
            yield edit, None if judgement is None else _outcome(judgement)
        yield own_name, dict(judge.account())

    return work


def _sum_of(accounts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One account of several judges: numbers are added, lists joined."""
    total: dict[str, Any] = {}
    for name in accounts[0]:
        found = [account[name] for account in accounts if account[name] is not None]
        if found and isinstance(found[0], list):
            total[name] = sorted({item for items in found for item in items})
        else:
            total[name] = sum(found) if found else None
    return total


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
    left_out = _left_out(judge, records, judge.account().get("left_out") or ())
    return {**counts, **judge.account(), "left_out": left_out}


def _left_out(judge: Judge, records: RecordStore, now: Iterable[str]) -> list[str]:
    """Parameters that the judge was asked without, `now` or by a former command: judgements on record were asked so too."""
    known = records.get("left_out", judge.key) or []
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
