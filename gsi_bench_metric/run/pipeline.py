"""`gsi-bench evaluate` without the command line: editors × splits -> one run folder that survives anything.

The same command on the same folder goes on where it was stopped. Several may run at once, on several machines too.
"""

from __future__ import annotations

import dataclasses
import datetime
import functools
import math
import operator
import secrets
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from gsi_bench_dataset.execution.progress import COSTS, Dashboard
from gsi_bench_dataset.records import Prediction, Reason, Score
from gsi_bench_dataset.safety.names import name_problem, printable
from gsi_bench_dataset.storage.card import read_content_hash
from gsi_bench_dataset.storage.packed import Packed
from gsi_bench_dataset.storage.prediction_table import PredictionTable
from gsi_bench_dataset.storage.record_store import RecordStore
from gsi_bench_dataset.storage.shards import read_dataset
from gsi_bench_metric.imaging.device import workers_device
from gsi_bench_metric.judges import Judge, JudgedAhead
from gsi_bench_metric.protocols.registry import protocol_named, thresholds_of
from gsi_bench_metric.run.folder import (
    LOG,
    Run,
    RunError,
    begin_run,
    comparable_with_paper,
    finish_run,
    prepare_folder,
    require_usable,
    versions,
)
from gsi_bench_metric.run.inputs import Entry, Inputs, Request, open_inputs
from gsi_bench_metric.run.judging import judge_inputs
from gsi_bench_metric.run.log import RunLog
from gsi_bench_metric.run.places import places_of
from gsi_bench_metric.run.planning import ON_MISSING, Outline, Plan, PlanError, enriched, make_plan, measurable, read_outlines
from gsi_bench_metric.run.scoring import (
    Candidate,
    ScoringError,
    make_scorer,
    mapping_policy,
    require_protocol,
    score_candidates,
    scoring_version,
)
from gsi_bench_metric.run.unchanged import Watch, changed_message, verify, watch_dataset
from gsi_bench_metric.run.working import keeping_records, score_tasks

__all__ = ["Request", "evaluate"]

# Samples in one piece of work: at most as many as keep decoding ahead of a GPU, at least as many as share sources.
_TASK_SAMPLES = (4, 64)
_TASKS_A_WORKER = 4  # so that workers end at about the same time
_EDITS_A_WORKER = 50  # at least, or a worker starts longer than it works
_PROGRESS_SECONDS = 30.0  # between two entries of the log


@dataclasses.dataclass(frozen=True)
class _Task:
    """Rows of a split, by position, and the samples among them that each editor is to be scored on.

    `problems`: why an editor has no usable image of one of them.
    """

    split: str
    rows: range
    wanted: Mapping[str, frozenset[str]]
    problems: Mapping[str, Mapping[str, Reason]]

    def __len__(self) -> int:
        return sum(map(len, self.wanted.values()))


def evaluate(request: Request, folder: Path, *, progress: bool = True) -> Run:
    """Scores every editor on every split that it has images for, or goes on with it; writes the run folder.

    Raises:
        ScoringError, PlanError, DatasetError: every problem of the inputs, together, before scoring starts.
        RunError: the folder holds something else; or what is read changed meanwhile, and nothing was finished.
        StoreError: the disk is full. What was recorded is kept.
    """
    began = time.monotonic()
    _require_sound(request)
    request.runner.check()
    request = dataclasses.replace(request, device=workers_device(request.device, request.runner))
    request = dataclasses.replace(request, runner=request.runner.for_device(request.device))
    require_protocol(request.protocol)
    require_usable(folder)
    inputs = open_inputs(request)
    watch, files = watch_dataset(inputs.data, inputs.splits)  # before anything else is read of it
    verify(inputs.data, inputs.splits)
    rows = {split: read_outlines(inputs.data, split, progress=progress) for split in inputs.splits}
    plans = _plans(request, inputs, rows, progress)
    _watch_what_editors_gave(watch, inputs, plans)
    prepare_folder(folder)
    log = RunLog(folder / LOG)
    settings = _settings(request, inputs, rows, plans, files) | {"places": places_of(folder, request.data)}
    begin_run(folder, settings)
    workers = _worker_count(request, inputs, sum(len(plan.ids) for plan in plans.values()))
    log.event("started", settings=settings, workers=workers, runner=request.runner.name)
    for (split, editor), plan in plans.items():
        log.event("planned", split=split, editor=editor, to_score=len(plan.ids), without_picture=dict(plan.notes()))
    if progress:
        _say_what_is_wrong(plans)
    with_missing = protocol_named(request.protocol).scores_missing
    tasks = [task for split in rows for task in _tasks(split, rows[split], plans, workers, with_missing=with_missing)]
    try:
        with watch.over(folder):
            settings |= judge_inputs(_pinned(request, inputs), inputs, plans, rows, folder=folder, log=log, progress=progress)
            left_out = settings.get("judging", {}).get("left_out", ())  # what a judge's server takes is known only now
            settings |= _comparable(request, settings["dataset"]["origins"], settings["judge_settings"], left_out)
            found = _run(request, folder, inputs, tasks, workers=workers, log=log, progress=progress, watch=watch)
        scores = _all_scores(inputs, plans, found, folder)
        run = finish_run(folder, settings, scores)
    except BaseException as error:
        log.event("stopped", error=f"{type(error).__name__}: {error}", seconds=round(time.monotonic() - began, 3))
        raise
    log.event("finished", scores=len(scores), seconds=round(time.monotonic() - began, 3))
    return run


def _require_sound(request: Request) -> None:
    """What a command line checks before it comes here, for those who call `evaluate` themselves.

    Raises:
        ScoringError: numbers out of bounds, or an editor's name that no report could show.
    """
    problems = [
        f"{option}: expected 1 or more, found {value}"
        for option, value in (("--workers", request.workers), ("--batch-size", request.batch_size))
        if value is not None and value < 1
    ]
    if request.on_missing not in ON_MISSING:
        problems.append(f"--on-missing {printable(request.on_missing)}: expected one of {', '.join(ON_MISSING)}")
    # A name may be a repository's, OWNER/NAME; only `report --official-json` makes a folder of it, and asks for a plain one.
    why = None if request.editor is None else name_problem(request.editor.replace("/", "_"))
    if why is not None:
        problems.append(f"--editor {printable(request.editor)}: {why}")
    if problems:
        raise ScoringError("\n".join(problems))


def _watch_what_editors_gave(watch: Watch, inputs: Inputs, plans: Mapping[tuple[str, str], Plan]) -> None:
    """Detections and judgements by their content; images, of which there are many, by place, size and time."""
    for entry in inputs.entries:
        for name in ("detections", "judgements"):
            given = entry.record[name]
            if given is not None:
                watch.add(Path(given["path"]), given["sha256"])
        found, origin = plans[entry.split, entry.editor].predictions, Path(entry.predictions.origin)
        if isinstance(found, PredictionTable):
            watch.add_quickly([origin] if origin.is_file() else [*origin.glob("data/*.parquet"), *origin.glob("*.parquet")])
        else:
            watch.add_quickly(Path(prediction.path) for prediction in found.values() if prediction.path)


def _all_scores(inputs: Inputs, plans: Mapping[tuple[str, str], Plan], found: Packed[Score], folder: Path) -> Packed[Score]:
    """What was scored and what could not be, in the order of editors, splits and ids.

    Raises:
        RunError: a sample of the plan has no score.
    """
    known: dict[tuple[str, str], set[str]] = {place: set() for place in plans}
    for score in found:
        known[score.split, score.editor].add(score.sample_id)
    for place, plan in plans.items():
        for score in plan.unscored:
            if score.sample_id not in known[place]:
                found.append(score)
    lacking = sorted(
        f"{editor}, {split}: {i} was not read"
        for (split, editor), plan in plans.items()
        for i in plan.ids
        if i not in known[split, editor]
    )
    if lacking:
        raise RunError(changed_message(folder, lacking))
    editors = {editor: at for at, editor in enumerate(dict.fromkeys(entry.editor for entry in inputs.entries))}
    splits = {split: at for at, split in enumerate(inputs.splits)}
    keys = [(editors[s.editor], splits[s.split], s.sample_id) for s in found]
    return found.reordered(sorted(range(len(keys)), key=keys.__getitem__))


def _plans(request: Request, inputs: Inputs, rows: Mapping[str, list[Outline]], progress: bool) -> dict[tuple[str, str], Plan]:
    """Plans by (split, editor)."""
    plans, problems = {}, []
    for entry in inputs.entries:
        try:
            plans[entry.split, entry.editor] = make_plan(
                rows[entry.split],
                entry.predictions,
                protocol=request.protocol,
                on_missing=request.on_missing,
                progress=progress,
            )
        except PlanError as error:
            problems.append(f"split {entry.split}: {error}")
    if problems:
        raise ScoringError("\n".join(problems))
    return plans


def _say_what_is_wrong(plans: Mapping[tuple[str, str], Plan]) -> None:
    for (split, editor), plan in plans.items():
        notes = plan.notes()
        if notes:
            counts = ", ".join(f"{count} {name}" for name, count in notes.items())
            sys.stderr.write(f"{editor}, {split}: {counts} of {len(plan)} samples; the report names each\n")


def _tasks(
    split: str, rows: list[Outline], plans: Mapping[tuple[str, str], Plan], workers: int, *, with_missing: bool
) -> Iterator[_Task]:
    """Pieces of work that keep the edits of a source together. `with_missing`: samples without an image are work too."""
    problems = {editor: plan.problems if with_missing else {} for (where, editor), plan in plans.items() if where == split}
    here = {editor: frozenset((*plan.ids, *problems[editor])) for (where, editor), plan in plans.items() if where == split}
    least, most = _TASK_SAMPLES
    size = min(max(math.ceil(len(rows) / (_TASKS_A_WORKER * workers)), least), most)
    start = 0
    while start < len(rows):
        stop = min(start + size, len(rows))
        while stop < len(rows) and rows[stop].img_id == rows[stop - 1].img_id:
            stop += 1
        ids = [row.id for row in rows[start:stop]]
        wanted = {editor: frozenset(i for i in ids if i in known) for editor, known in here.items()}
        lacking = {editor: {i: found[i] for i in ids if i in found} for editor, found in problems.items()}
        yield _Task(split, range(start, stop), wanted, lacking)
        start = stop


def _worker_count(request: Request, inputs: Inputs, edits: int) -> int:
    """Processes that score: those asked for, else one a core where there are edits enough to pay for their start."""
    if request.workers is not None:
        return request.workers
    if any(getattr(entry.detector, "one_process", False) for entry in inputs.entries):
        return 1
    if request.device != "cpu" and request.runner.one_machine:
        return 1
    return max(1, min(request.runner.most_workers(), edits // _EDITS_A_WORKER))


def _run(
    request: Request,
    folder: Path,
    inputs: Inputs,
    tasks: list[_Task],
    *,
    workers: int,
    log: RunLog,
    progress: bool,
    watch: Watch,
) -> Packed[Score]:
    """The scores of all tasks."""
    # Runs on one folder at the same time begin at different places and take over what they find done: they share the work.
    first = secrets.randbelow(len(tasks)) if tasks else 0
    tasks = tasks[first:] + tasks[:first]
    start = functools.partial(
        _start, _pinned(request, inputs), folder, inputs if request.runner.in_this_process(workers) else None, watch
    )
    total, logged = sum(map(len, tasks)), time.monotonic()

    def note_progress(done: int) -> None:
        nonlocal logged
        if time.monotonic() - logged > _PROGRESS_SECONDS:
            logged = time.monotonic()
            log.event("progress", done=done, total=total)

    cost = COSTS.get(f"score {request.detector}") if request.device == "cpu" else None
    device = "CPU" if request.device == "cpu" else "GPU"
    bar = Dashboard("scoring", total, "edit", quiet=not progress, workers=workers, cost=cost, device=device)
    key = operator.attrgetter("editor", "split", "sample_id")
    return score_tasks(tasks, start, key, bar, workers=workers, runner=request.runner, every=note_progress)


def _pinned(request: Request, inputs: Inputs) -> Request:
    """Workers read the very folder that was planned, whatever a repository's branch or the working folder is by then."""
    return dataclasses.replace(request, data=str(inputs.data.absolute()), revision=None)


def _start(request: Request, folder: Path, opened: Inputs | None, watch: Watch) -> Callable[[_Task], Iterator[Score]]:
    """What a worker does once: opens inputs (those of this process serve again) and records, builds the networks."""
    inputs = opened or open_inputs(request)
    scorer = make_scorer(request.protocol, request.device or "cpu", request.batch_size, request.dataset_type)
    entries = {(entry.split, entry.editor): entry for entry in inputs.entries}

    def work(task: _Task, records: RecordStore) -> Iterator[Score]:
        yield from score_candidates(_candidates(inputs.data, task, entries), scorer, records)

    return keeping_records(folder, watch, work)


def _candidates(data: Path, task: _Task, entries: Mapping[tuple[str, str], Entry]) -> Iterator[Candidate]:
    """The edits of a task, all editors' edits of a sample together, so that work on its source is done once."""
    if not any(task.wanted.values()):
        return
    judges = {editor: _while_scoring(entries[task.split, editor].judge) for editor in task.wanted}
    for sample in read_dataset(data, task.split, rows=task.rows):
        for editor, ids in task.wanted.items():
            entry = entries[task.split, editor]
            if sample.id in ids:
                # One that vanished after the plan was made is looked for where it was, and its score says that it is gone.
                gone = Prediction(sample.id, editor, path=f"{entry.predictions.origin}/{sample.id}")
                prediction = entry.predictions.predictions.get(sample.id, gone)
                yield Candidate(sample, prediction, entry.detector, judges[editor], task.problems[editor].get(sample.id))


def _while_scoring(judge: Judge | None) -> Judge | None:
    return JudgedAhead(judge) if judge is not None and judge.ahead else judge


def _settings(
    request: Request,
    inputs: Inputs,
    rows: Mapping[str, list[Outline]],
    plans: Mapping[tuple[str, str], Plan],
    files: Mapping[str, Mapping[str, str]],
) -> dict[str, Any]:
    origins = sorted({row.origin for split in rows.values() for row in split})
    judge = next((entry.judge.describe() for entry in inputs.entries if entry.judge is not None), None)
    editors: dict[str, dict[str, Any]] = {}
    for entry in inputs.entries:
        extra = list(plans[entry.split, entry.editor].extra)
        editors.setdefault(entry.editor, {})[entry.split] = entry.record | {"extra": extra}
    return {
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "protocol": request.protocol,
        "scoring_version": scoring_version(request.protocol),
        "thresholds": thresholds_of([request.protocol]),
        "mapping_policy": mapping_policy(request.protocol),
        "detector": request.detector,
        "judge": request.judge,
        "judge_settings": judge,
        "on_missing": request.on_missing,
        **_comparable(request, origins, judge, ()),
        "dataset": {
            "path": request.data,
            "revision": request.revision,
            "content_hash": read_content_hash(inputs.data),
            "origins": origins,
            "samples": {split: len(found) for split, found in rows.items()},
            "enriched": enriched(rows),
            "measurable": measurable(rows),
            "files": files,
        },
        "dataset_type": request.dataset_type,
        "device": request.device,
        "dtype": request.dtype,
        "batch_size": request.batch_size,
        "editors": editors,
        "versions": versions(),
    }


def _comparable(
    request: Request, origins: Iterable[str], judge: Mapping[str, Any] | None, left_out: Collection[str]
) -> dict[str, Any]:
    comparable, why_not = comparable_with_paper(
        origins, request.protocol, request.detector, request.judge, judge, dtype=request.dtype, left_out=left_out
    )
    return {"comparable_with_paper": comparable, "not_comparable_because": why_not}
