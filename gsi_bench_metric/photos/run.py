"""`gsi-bench validate --photos` without the command line: pairs -> questions -> scores -> answers, kept in a run folder.

Questions go the same way as edits of ordinary runs (run/scoring.py): the same records, so that a stopped run goes on.
"""

from __future__ import annotations

import dataclasses
import datetime
import functools
import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from gsi_bench_dataset.execution.progress import COSTS, Dashboard
from gsi_bench_dataset.execution.runners import LOCAL, Runner
from gsi_bench_dataset.problems import some
from gsi_bench_dataset.records import Prediction, Sample, Score
from gsi_bench_dataset.storage.record_store import RecordStore, digest
from gsi_bench_metric.detectors import make_detector
from gsi_bench_metric.imaging.device import workers_device
from gsi_bench_metric.photos.answers import Answer, Count, answer_of, counts_of, move_error
from gsi_bench_metric.photos.pairs import Pair, PairsError, load_pairs
from gsi_bench_metric.photos.questions import questions_of, sample_of, words_of
from gsi_bench_metric.photos.truth import Question
from gsi_bench_metric.protocols.registry import thresholds_of
from gsi_bench_metric.report.verdict import explain
from gsi_bench_metric.run.folder import Run, begin_run, finish_run, prepare_folder, require_usable, versions
from gsi_bench_metric.run.scoring import Candidate, make_scorer, score_candidates, scoring_version
from gsi_bench_metric.run.unchanged import Watch
from gsi_bench_metric.run.working import keeping_records, score_tasks

__all__ = ["PROTOCOL", "PhotoRequest", "Validated", "validate_photos"]

PROTOCOL = "strict"
_EDITOR = "photographs"


@dataclasses.dataclass(frozen=True)
class PhotoRequest:
    """What to validate, and with what. `only`: ids or kinds of pairs; None: all. `limit`: at most so many pairs."""

    photos: Path
    detector: str = "tracker-boxes"
    only: tuple[str, ...] | None = None
    limit: int | None = None
    device: str | None = None
    workers: int | None = None
    runner: Runner = LOCAL


@dataclasses.dataclass(frozen=True)
class Validated:
    """What came out."""

    settings: Mapping[str, Any]
    pairs: Sequence[Pair]
    answers: Sequence[Answer]

    @property
    def counts(self) -> list[Count]:
        """Verdicts by kind, and last of all."""
        return counts_of(self.answers)


_Task = tuple[Pair, tuple[Question, ...]]


def validate_photos(request: PhotoRequest, folder: Path, *, progress: bool = True) -> Validated:
    """Asks every pair its questions, or goes on with it; writes the run folder.

    Raises:
        PairsError: pairs that cannot be used, or none of those asked for.
        DetectorError: no such detector.
        RunError: the folder holds something else, or is another run's.
    """
    request.runner.check()
    request = dataclasses.replace(request, device=workers_device(request.device, request.runner))
    request = dataclasses.replace(request, runner=request.runner.for_device(request.device))
    make_detector(request.detector, device=request.device)  # an unknown one is told before anything is written
    require_usable(folder)
    pairs = _chosen(load_pairs(request.photos), request)
    prepare_folder(folder)
    settings = _settings(request, pairs)
    begin_run(folder, settings)
    tasks = [(pair, questions_of(pair)) for pair in pairs if pair.absent is None]
    scores = _run(request, folder, tasks, progress)
    run = finish_run(folder, settings, sorted(scores, key=_of_score))
    answers = [_answer(pair, question, run) for pair in pairs for question in questions_of(pair)]
    return Validated(run.settings, pairs, answers)


def _chosen(pairs: Sequence[Pair], request: PhotoRequest) -> list[Pair]:
    if request.limit is not None and request.limit < 1:
        raise PairsError(f"--limit: expected 1 or more, found {request.limit}")
    if request.workers is not None and request.workers < 1:
        raise PairsError(f"--workers: expected 1 or more, found {request.workers}")
    if request.only is not None:
        known = {pair.id for pair in pairs} | {pair.kind for pair in pairs}
        strange = [name for name in request.only if name not in known]
        if strange:
            raise PairsError(f"--only {some(strange)}: no such pair or kind; expected some of {some(sorted(known))}")
        pairs = [pair for pair in pairs if {pair.id, pair.kind} & set(request.only)]
    return list(pairs[: request.limit])


def _run(request: PhotoRequest, folder: Path, tasks: Sequence[_Task], progress: bool) -> Sequence[Score]:
    total = sum(len(questions) for _, questions in tasks)
    runner = request.runner
    spread = total > 8 and (request.device == "cpu" or not runner.one_machine)
    workers = request.workers or (min(runner.most_workers(), max(1, len(tasks))) if spread else 1)
    start = functools.partial(_start, request, folder)
    cost = COSTS.get(f"score {request.detector}") if request.device == "cpu" else None
    bar = Dashboard("photographs", total, "question", quiet=not progress, workers=workers, cost=cost)
    return score_tasks(tasks, start, _of_score, bar, workers=workers, runner=runner)


def _of_score(score: Score) -> str:
    return score.sample_id


def _start(request: PhotoRequest, folder: Path) -> Callable[[_Task], Iterator[Score]]:
    """What a worker does once."""
    detector = make_detector(request.detector, device=request.device)
    scorer = make_scorer(PROTOCOL, request.device or "cpu")

    def work(task: _Task, records: RecordStore) -> Iterator[Score]:
        pair, questions = task
        candidates = [
            Candidate(sample, Prediction(sample.id, _EDITOR, image=pair.edited), detector)
            for sample in _samples(pair, questions)
        ]
        yield from score_candidates(candidates, scorer, records)

    # Images are in memory: they cannot change meanwhile.
    return keeping_records(folder, Watch(), work)


def _samples(pair: Pair, questions: Sequence[Question]) -> list[Sample]:
    return [sample_of(pair, question) for question in questions]


def _answer(pair: Pair, question: Question, run: Run) -> Answer:
    known = pair.known_faults.get(question.name)
    words = words_of(pair.target.name, question)
    if pair.absent is not None:
        return Answer(pair.id, pair.kind, question, words, "Not scored", pair.absent, None, known)
    sample = sample_of(pair, question)
    score = next(score for score in run.scores if score.sample_id == sample.id)
    outcome, right = answer_of(question, score)
    why = explain(sample, score, None, None, None).why
    error = None
    if pair.truth.done == "moved" and question.step_m == pair.truth.step_m:
        error = move_error(question, *run.detections(score), pair.up, pair.target.id)
    return Answer(pair.id, pair.kind, question, words, outcome, why, right, known, score, error)


def _settings(request: PhotoRequest, pairs: Sequence[Pair]) -> dict[str, Any]:
    files = {pair.id: digest("pair", _told(pair)) for pair in pairs}
    return {
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "kind": "photos",
        "dataset": {"path": os.fspath(request.photos), "content_hash": digest("pairs", files), "files": {"fine": files}},
        "split": "fine",
        "protocol": PROTOCOL,
        "scoring_version": scoring_version(PROTOCOL),
        "thresholds": thresholds_of((PROTOCOL,)),
        "detector": request.detector,
        "device": request.device,
        "only": None if request.only is None else list(request.only),
        "limit": request.limit,
        "pairs": len(pairs),
        "versions": versions(),
    }


def _told(pair: Pair) -> dict[str, Any]:
    """Everything of a pair that its scores depend on."""
    images = [None if image is None else hashlib.sha256(image.bytes).hexdigest() for image in (pair.source, pair.edited)]
    placed = [dataclasses.asdict(one) for one in pair.placed]
    asked = [dataclasses.asdict(question) for question in questions_of(pair)]
    return {"images": images, "placed": placed, "camera": [pair.K, pair.up], "asked": asked}
