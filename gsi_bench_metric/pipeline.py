"""`gsi-bench evaluate` without the command line: editors × splits -> one run, all inputs checked before the long work."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Container, Iterator
from pathlib import Path
from typing import Any

from gsi_bench_dataset.card import read_content_hash
from gsi_bench_dataset.predictions import PredictionError, PredictionSet, find_eval_tree, read_predictions
from gsi_bench_dataset.records import SPLITS, Prediction, Sample, Score
from gsi_bench_dataset.shards import read_dataset, resolve, split_names
from gsi_bench_metric.detectors import Detector, make_detector
from gsi_bench_metric.judges import Judge, make_judge
from gsi_bench_metric.runs import Run, comparable_with_paper, file_hash, versions
from gsi_bench_metric.scoring import Plan, ScoringError, make_plan, make_scorer, pick_device, prepare, score_edits

__all__ = ["Request", "evaluate", "iter_pictures"]

INFER_CACHE = "infer_cache.json"


@dataclasses.dataclass(frozen=True)
class Request:
    """What to evaluate. `predictions`: folders or files, one an editor; or one reference `eval/` tree with split "all"."""

    predictions: tuple[Path, ...]
    data: str
    split: str
    protocol: str = "strict"
    detector: str = "tracker"
    detections: Path | None = None  # a file, or a folder <editor>/<split>_eval/infer_cache.json
    judge: str | None = None
    judgements: Path | None = None  # a file, or a folder of *<split>_<editor without underscores>.json
    editor: str | None = None  # a name for a single editor
    column: str = "edited_image"
    revision: str | None = None
    device: str | None = None
    batch_size: int | None = None
    dataset_type: str | None = None
    ignore_extra: bool = False


@dataclasses.dataclass(frozen=True)
class _Job:
    """One editor on one split, checked."""

    split: str
    plan: Plan
    detector: Detector
    judge: Judge | None
    record: dict[str, Any]


def evaluate(request: Request, *, progress: bool = True) -> Run:
    """Scores every editor on every split that it has pictures for.

    Raises:
        ScoringError, PredictionError, DetectionFileError …: every problem of the inputs, together, before scoring starts.
    """
    device = pick_device(request.device)
    scorer = make_scorer(request.protocol, device, request.batch_size, request.dataset_type)
    sets = _prediction_sets(request)
    data = resolve(request.data, request.revision, None)
    absent = sorted({s.split or "" for s in sets} - set(split_names(data)))
    if absent:
        raise ScoringError(f"{request.data} has no split {', '.join(absent)}; it has {', '.join(split_names(data))}")
    samples = {split: list(read_dataset(data, split)) for split in SPLITS if split in {s.split for s in sets}}
    jobs = _checked_jobs(request, sets, samples)
    scores: list[Score] = []
    for split in samples:
        here = [job for job in jobs if job.split == split]
        edits = [edit for job in here for edit in prepare(job.plan, job.detector, job.judge)]
        edits.sort(key=lambda edit: edit.sample.id)  # all editors' edits of a source together: its work is done once
        scores += [score for job in here for score in job.plan.unscored]
        scores += score_edits(
            edits, scorer, title=f"{split}, {len(here)} editor{'s' if len(here) > 1 else ''}", progress=progress
        )
    order = {name: i for i, name in enumerate(dict.fromkeys(job.plan.editor for job in jobs))}
    splits = list(samples)
    scores.sort(key=lambda s: (order[s.editor], splits.index(s.split), s.sample_id))
    return Run(_settings(request, device, data, samples, jobs), scores)


def _prediction_sets(request: Request) -> list[PredictionSet]:
    """One set for every editor and split, its split filled in."""
    if request.split == "all":
        if len(request.predictions) != 1 or not request.predictions[0].is_dir():
            raise ScoringError("--split all takes one folder: a reference eval/ tree, <model>/generated_images_<split>/")
        return find_eval_tree(request.predictions[0])
    if request.editor and len(request.predictions) > 1:
        raise ScoringError("--editor names a single editor; with several predictions the folders' names are taken")
    sets, problems = [], []
    for source in request.predictions:
        try:
            found = read_predictions(source, request.editor, request.column)
        except PredictionError as error:
            problems.append(str(error))
        else:
            sets.append(dataclasses.replace(found, split=request.split))
    names = [s.editor for s in sets]
    problems += [f"two predictions are named {n!r}; rename a folder" for n in sorted({n for n in names if names.count(n) > 1})]
    if problems:
        raise ScoringError("\n".join(problems))
    return sets


def _checked_jobs(request: Request, sets: list[PredictionSet], samples: dict[str, list[Sample]]) -> list[_Job]:
    jobs, problems = [], []
    for found in sets:
        try:
            jobs.append(_job(request, found, samples[found.split or ""], alone=len(sets) == 1))
        except ValueError as error:  # all of these carry a message for the user
            problems.append(f"{found.editor} on {found.split}: {error}")
    if problems:
        raise ScoringError("\n".join(problems))
    return jobs


def _job(request: Request, found: PredictionSet, samples: list[Sample], alone: bool) -> _Job:
    split = found.split or ""
    detections = _detections_file(request, found, alone)
    judgements = _judgements_file(request, found, alone)
    plan = make_plan(samples, found, protocol=request.protocol, ignore_extra=request.ignore_extra)
    detector = make_detector(request.detector, detections)
    judge = make_judge(request.judge, judgements) if request.judge and judgements else None
    record = {
        "predictions": found.origin,
        "pictures": len(found.predictions),
        "extra": [],  # ids of pictures that belong to no sample
        "column": request.column,
        "ignored_files": list(found.ignored),
        "detections": _file_record(detections),
        "judgements": _file_record(judgements),
    }
    return _Job(split, plan, detector, judge, record)


def _detections_file(request: Request, found: PredictionSet, alone: bool) -> Path | None:
    """The file of detections of one editor and split."""
    given = request.detections
    if request.detector != "recorded":
        return given
    if given is None and request.split == "all":
        given = request.predictions[0]  # the reference keeps its caches in the tree
    if given is not None and given.is_dir():
        path = given / found.editor / f"{found.split}_eval" / INFER_CACHE
        if not path.is_file():
            raise ScoringError(f"no {path}: expected <editor>/<split>_eval/{INFER_CACHE} below --detections")
        return path
    if given is not None and given.suffix == ".json" and not alone:
        raise ScoringError(
            f"{given} holds one editor's detections by id and cannot serve several; give a folder of "
            f"<editor>/<split>_eval/{INFER_CACHE}, or a .jsonl keyed by picture (`gsi-bench detections`)"
        )
    return given


def _judgements_file(request: Request, found: PredictionSet, alone: bool) -> Path | None:
    """The file of judgements of one editor and split; None: this editor was not judged."""
    given = request.judgements
    if request.judge is None:
        if given is not None:
            raise ScoringError("--judgements needs --judge recorded")
        return None
    if given is None:
        raise ScoringError(f"judge {request.judge!r} needs --judgements")
    if given.is_dir():
        name = found.editor.replace("_", "")
        matches = sorted(p for p in given.glob("*.json") if p.stem.endswith(f"_{found.split}_{name}"))
        if len(matches) > 1:
            raise ScoringError(f"{len(matches)} files of judgements fit: {', '.join(p.name for p in matches)}; keep one")
        return matches[0] if matches else None
    if not alone:
        raise ScoringError(f"{given} holds one editor's judgements; give a folder of *_<split>_<editor>.json")
    return given


def _file_record(path: Path | None) -> dict[str, str] | None:
    return None if path is None else {"path": str(path), "sha256": file_hash(path)}


def _settings(request: Request, device: str, data: Path, samples: dict[str, list[Sample]], jobs: list[_Job]) -> dict[str, Any]:
    origins = sorted({s.origin for rows in samples.values() for s in rows})
    comparable, why_not = comparable_with_paper(origins, request.protocol, request.detector, request.judge)
    editors: dict[str, dict[str, Any]] = {}
    for job in jobs:
        editors.setdefault(job.plan.editor, {})[job.split] = job.record
    return {
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "protocol": request.protocol,
        "detector": request.detector,
        "judge": request.judge,
        "comparable_with_paper": comparable,
        "not_comparable_because": why_not,
        "dataset": {
            "path": request.data,
            "revision": request.revision,
            "content_hash": read_content_hash(data),
            "origins": origins,
            "samples": {split: len(rows) for split, rows in samples.items()},
        },
        "dataset_type": request.dataset_type,
        "device": device,
        "batch_size": request.batch_size,
        "editors": editors,
        "versions": versions(),
    }


def iter_pictures(run: Run, split: str, ids: Container[str]) -> Iterator[tuple[Sample, dict[str, Prediction | None]]]:
    """Samples of a split that have one of the ids, with each editor's prediction, from where the run found them.

    Raises:
        DatasetError, PredictionError, FileNotFoundError: they are not there any more.
    """
    records = {name: record[split] for name, record in run.settings["editors"].items() if split in record}
    editors = {name: read_predictions(record["predictions"], name, record["column"]) for name, record in records.items()}
    for sample in read_dataset(run.settings["dataset"]["path"], split, run.settings["dataset"]["revision"]):
        if sample.id in ids:
            yield sample, {name: found.predictions.get(sample.id) for name, found in editors.items()}
