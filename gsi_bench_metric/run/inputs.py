"""From what a user names (a dataset, folders of images, files of detections) to editors on splits, all of it opened."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from gsi_bench_dataset.execution.runners import LOCAL, Runner
from gsi_bench_dataset.records import SPLITS
from gsi_bench_dataset.safety.files import MAX_JSON_BYTES, require_regular
from gsi_bench_dataset.storage.predictions import PredictionError, PredictionSet, find_eval_tree, read_predictions
from gsi_bench_dataset.storage.shards import resolve, split_names
from gsi_bench_metric.detectors import Detector, make_detector
from gsi_bench_metric.judges import Judge, JudgeError, JudgeOptions, make_judge
from gsi_bench_metric.judges.options import WITH_OWN_TEXT
from gsi_bench_metric.judges.registry import RECORDED
from gsi_bench_metric.protocols.registry import DEFAULT, protocol_named
from gsi_bench_metric.run.folder import file_hash
from gsi_bench_metric.run.planning import OnMissing
from gsi_bench_metric.run.scoring import ScoringError

__all__ = ["Entry", "Inputs", "Request", "open_inputs"]

INFER_CACHE = "infer_cache.json"


@dataclasses.dataclass(frozen=True)
class Request:
    """What to evaluate. `predictions`: folders or files, one an editor; or one reference `eval/` tree with split "all"."""

    predictions: tuple[Path, ...]
    data: str
    split: str
    protocol: str = DEFAULT
    detector: str = "tracker"
    detections: Path | None = None  # a file, or a folder <editor>/<split>_eval/infer_cache.json
    judge: str | None = None
    judge_options: JudgeOptions = dataclasses.field(default_factory=JudgeOptions)
    judgements: Path | None = None  # a file, or a folder of *<split>_<editor without underscores>.json
    editor: str | None = None  # a name for a single editor
    column: str = "edited_image"
    revision: str | None = None
    device: str | None = None
    dtype: str | None = None  # of a detector's network; default float32
    batch_size: int | None = None
    dataset_type: str | None = None
    on_missing: OnMissing = "zero"
    workers: int | None = None  # processes; default: one a core of a CPU where there are edits enough
    runner: Runner = LOCAL  # where they run; no number depends on it


@dataclasses.dataclass(frozen=True)
class Entry:
    """One editor on one split. `record` is what the run's settings say of it."""

    split: str
    predictions: PredictionSet
    detector: Detector
    judge: Judge | None
    record: dict[str, Any]

    @property
    def editor(self) -> str:
        """The editor's name."""
        return self.predictions.editor


@dataclasses.dataclass(frozen=True)
class Inputs:
    """The dataset's folder and every editor on every split that it has images for."""

    data: Path
    entries: tuple[Entry, ...]

    @property
    def splits(self) -> list[str]:
        """Splits that have entries, in the order of the card."""
        return [split for split in SPLITS if split in {e.split for e in self.entries}]


def open_inputs(request: Request) -> Inputs:
    """Opens everything that a request names.

    Raises:
        ScoringError: the problems of all predictions, detections and judgements together.
        FileNotFoundError, DatasetError: no such dataset.
    """
    data = resolve(request.data, request.revision, None)
    sets = _prediction_sets(request)
    present = split_names(data)
    absent = sorted({s.split or "" for s in sets} - set(present))
    problems = [f"{request.data} has no split {', '.join(absent)}; it has {', '.join(present)}"] if absent else []
    entries = []
    judge = _common_judge(request, problems)
    detectors = _Detectors(request)
    for found in sets:
        try:
            entries.append(_entry(request, found, judge, detectors, alone=len(sets) == 1))
        except ValueError as error:  # all of these carry a message for the user
            problems.append(f"{found.editor} on {found.split}: {error}")
    if problems:
        raise ScoringError("\n".join(problems))
    return Inputs(data, tuple(entries))


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


def _common_judge(request: Request, problems: list[str]) -> Judge | None:
    """The judge of all editors and splits; None where there is none, or each editor has judgements of its own."""
    if request.judge in (None, RECORDED):
        return None
    options = request.judge_options
    if options.question is None:
        options = dataclasses.replace(options, question=_question(request))
    try:
        return make_judge(request.judge or "", request.judgements, options)
    except JudgeError as error:
        problems.append(str(error))
        return None


def _question(request: Request) -> str:
    """The question that goes with the protocol, and with a prompt that the user gives."""
    return protocol_named(request.protocol).question if request.judge_options.prompt is None else WITH_OWN_TEXT


class _Detectors:
    """The detectors of a run, each made once: editors and splits share it, with what it remembers of a source."""

    def __init__(self, request: Request):
        self._request = request
        self._made: dict[Path | None, Detector] = {}

    def of(self, detections: Path | None) -> Detector:
        """The detector that reads this file, or the only one."""
        if detections not in self._made:
            request = self._request
            self._made[detections] = make_detector(request.detector, detections, request.device, request.dtype)
        return self._made[detections]


def _entry(request: Request, found: PredictionSet, judge: Judge | None, detectors: _Detectors, *, alone: bool) -> Entry:
    detections = _detections_file(request, found, alone)
    judgements = _judgements_file(request, found, alone)
    record = {
        "predictions": found.origin,
        "pictures": len(found.predictions),
        "column": request.column,
        "ignored_files": list(found.ignored),
        "detections": _file_record(detections),
        "judgements": _file_record(judgements),
    }
    detector = detectors.of(detections)
    if request.judge == RECORDED:
        judge = make_judge(RECORDED, judgements) if judgements else None
    return Entry(found.split or "", found, detector, judge, record)


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
            f"<editor>/<split>_eval/{INFER_CACHE}, or a .jsonl keyed by image (`gsi-bench detections`)"
        )
    return given


def _judgements_file(request: Request, found: PredictionSet, alone: bool) -> Path | None:
    """The file of judgements of one editor and split; None: this editor was not judged."""
    given = request.judgements
    if request.judge is None:
        if given is not None:
            raise ScoringError("--judgements needs --judge recorded")
        return None
    if request.judge != RECORDED:
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
    if path is None:
        return None
    require_regular(path, MAX_JSON_BYTES)  # before it is read for its hash: a pipe would be waited for
    return {"path": str(path), "sha256": file_hash(path)}
