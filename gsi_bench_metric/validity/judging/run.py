"""Validates judges: what they make of edits with a known appearance, and how far two of them agree.

Every right edit of a dataset that has its after-image and masks is shown as it is and spoiled (controls.py). Judgements are
records of a run folder, so a stopped validation goes on, and nothing is paid for twice.
"""

from __future__ import annotations

import dataclasses
import io
import itertools
import statistics
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from gsi_bench_dataset.execution.progress import Dashboard
from gsi_bench_dataset.records import EncodedImage, Prediction, Sample
from gsi_bench_dataset.storage.record_store import RecordStore
from gsi_bench_dataset.storage.shards import read_columns, read_dataset, resolve
from gsi_bench_metric.judges import Judge, JudgeOptions, make_judge
from gsi_bench_metric.judges.options import DEFAULT_QUESTION
from gsi_bench_metric.run.folder import RECORDS, begin_run, prepare_folder, versions
from gsi_bench_metric.run.judging import judge_each
from gsi_bench_metric.run.unchanged import verify, watch_dataset
from gsi_bench_metric.validity.grid import AFTER, Bar, GridError
from gsi_bench_metric.validity.judge import spearman
from gsi_bench_metric.validity.judging.agreement import weighted_kappa
from gsi_bench_metric.validity.judging.controls import CONTROLS, GRADED, Control, make_control, shown
from gsi_bench_metric.validity.settings import first_settings

__all__ = ["Agreement", "ControlRow", "JudgeCheck", "JudgeRequest", "JudgeValidation", "validate_judges"]

RIGHT = "identical"
# Fixed before anything was measured: medians of controls, and what else a judge must do.
BARS: Mapping[str, Bar] = {RIGHT: Bar(low=9.5), "swapped": Bar(high=2), "recoloured20": Bar(high=7), "blank": Bar(high=2)}
FOLLOWS, UNMOVED = Bar(low=0.9), Bar(high=0.5)


@dataclasses.dataclass(frozen=True)
class JudgeRequest:
    """Which judges to validate on which data. `controls`: names; None: all. `limit`: at most this many edits."""

    data: str
    split: str
    judges: tuple[str, ...]
    options: JudgeOptions = dataclasses.field(default_factory=JudgeOptions)
    controls: tuple[str, ...] | None = None
    limit: int | None = None
    revision: str | None = None


@dataclasses.dataclass(frozen=True)
class ControlRow:
    """Scores of one control over all edits. `met`: None where there is no bar."""

    name: str
    words: str
    n: int
    not_judged: int
    median: float | None
    low: float | None  # the 10th percentile
    high: float | None  # the 90th
    bar: str | None
    met: bool | None


@dataclasses.dataclass(frozen=True)
class JudgeCheck:
    """What one judge did.

    Attributes:
        follows: by family of graded controls, Spearman's coefficient of score and mildness, averaged over edits, and whether
            that is enough; None where it is not known.
        gain: how far words in a corner that ask for the best score raise it, mean over edits.
        tens: share of all scores that are 10; `wrong_tens` of those of spoiled targets.
    """

    judge: str
    settings: Mapping[str, Any]
    account: Mapping[str, Any]
    controls: Sequence[ControlRow]
    follows: Mapping[str, float | None]
    gain: float | None
    tens: float | None
    wrong_tens: float | None


@dataclasses.dataclass(frozen=True)
class Agreement:
    """How far two judges say the same of the same images."""

    first: str
    second: str
    n: int
    kappa: float | None  # quadratic weights
    spearman: float | None


@dataclasses.dataclass(frozen=True)
class JudgeValidation:
    """The outcome of a validation, as it is written."""

    settings: Mapping[str, Any]
    checks: Sequence[JudgeCheck]
    agreements: Sequence[Agreement]


Scores = dict[tuple[str, str], float | None]  # by (edit, control); None: not judged


def validate_judges(request: JudgeRequest, folder: Path, *, progress: bool = True) -> JudgeValidation:
    """Shows every control of every edit to each judge, or goes on with it.

    Raises:
        GridError: no such control, or data without after-images and masks.
        JudgeError: a judge that lacks something or cannot be reached. What was judged is kept.
        RunError: the folder holds something else; or the data changed meanwhile.
    """
    unknown = sorted(set(request.controls or ()) - set(CONTROLS))
    if unknown:
        raise GridError(f"no controls {', '.join(unknown)}; there are {', '.join(CONTROLS)}")
    options = dataclasses.replace(request.options, question=request.options.question or DEFAULT_QUESTION)
    judges = [make_judge(name, options=options) for name in request.judges]
    controls = [c for c in CONTROLS.values() if request.controls is None or c.name in request.controls or c.name == RIGHT]
    data = resolve(request.data, request.revision, [request.split])
    watch, _ = watch_dataset(data, [request.split])
    verify(data, [request.split])
    prepare_folder(folder)
    settings = _settings(request, judges, controls)
    begin_run(folder, settings)
    checks, all_scores = [], []
    with watch.over(folder), RecordStore(folder / RECORDS) as records:
        for judge in judges:
            scores = _scores(request, judge, controls, records, progress)
            all_scores.append(scores)
            checks.append(_check(judge, controls, scores))
    pairs = itertools.combinations(zip(request.judges, all_scores, strict=True), 2)
    return JudgeValidation(settings, checks, [_agreement(a, b) for a, b in pairs])


def _scores(request: JudgeRequest, judge: Judge, controls: Sequence[Control], records: RecordStore, progress: bool) -> Scores:
    rows = len(_rows(request))
    total = rows * len(controls)
    scores: Scores = {}
    with Dashboard(f"controls, {judge.name}", total, "image", quiet=not progress, device="") as bar:
        for prediction, judgement in judge_each(judge, _pictures(request, controls), records):
            if judgement is not None:
                scores[prediction.sample_id, prediction.editor] = judgement.score
            bar.update()
    if not scores:
        raise GridError(
            f"{request.data}, split {request.split}: no right edit with its after-image, objects and both instance masks; "
            "expected a split that `gsi-bench build` wrote"
        )
    return scores


def _rows(request: JudgeRequest) -> list[int]:
    """Positions of the right edits in the split."""
    data = resolve(request.data, request.revision, [request.split])
    columns = enumerate(read_columns(data, request.split, ["variant"]))
    return [position for position, row in columns if row["variant"] in (None, AFTER)][: request.limit]


def _pictures(request: JudgeRequest, controls: Sequence[Control]) -> Iterator[tuple[Sample, Prediction]]:
    """Every control of every right edit; the editor's name is the control's."""
    data = resolve(request.data, request.revision, [request.split])
    for position in _rows(request):
        (sample,) = read_dataset(data, request.split, rows=range(position, position + 1))
        picture = shown(sample)
        if picture is None:
            continue
        for control in controls:
            rgb = make_control(control, picture)
            if rgb is None:
                continue
            stream = io.BytesIO()
            Image.fromarray(rgb).save(stream, "PNG", compress_level=1)
            yield sample, Prediction(sample.id, control.name, image=EncodedImage(stream.getvalue()))


def _check(judge: Judge, controls: Sequence[Control], scores: Scores) -> JudgeCheck:
    by_control: dict[str, list[float | None]] = defaultdict(list)
    for (_, name), score in scores.items():
        by_control[name].append(score)
    rows = [_row(control, by_control[control.name]) for control in controls if by_control[control.name]]
    wrong = [s for (_, name), s in scores.items() if name not in (RIGHT, "text_in_corner") and s is not None]
    return JudgeCheck(
        judge=judge.name,
        settings=judge.describe(),
        account=judge.account(),
        controls=rows,
        follows={family: _follows(family, controls, scores) for family in GRADED},
        gain=_gain(scores),
        tens=_share_of_tens([s for s in scores.values() if s is not None]),
        wrong_tens=_share_of_tens(wrong),
    )


def _row(control: Control, scores: Sequence[float | None]) -> ControlRow:
    known = sorted(score for score in scores if score is not None)
    median = statistics.median(known) if known else None
    low, high = (known[round(q * (len(known) - 1))] for q in (0.1, 0.9)) if known else (None, None)
    bar = BARS.get(control.name)
    met = bar.met(median) if bar is not None and median is not None else None
    missing = len(scores) - len(known)
    return ControlRow(control.name, control.words, len(known), missing, median, low, high, str(bar) if bar else None, met)


def _follows(family: str, controls: Sequence[Control], scores: Scores) -> float | None:
    """Spearman's coefficient of score and mildness over the strengths of a family, the right edit among them; mean of edits."""
    grades = sorted((c.strength, c.name) for c in controls if c.family == family)
    names = [RIGHT, *(name for _, name in grades)]
    found = []
    for edit in {edit for edit, _ in scores}:
        values = [scores.get((edit, name)) for name in names]
        known = [value for value in values if value is not None]
        if len(known) == len(names) > 2:
            found.append(spearman([-float(i) for i in range(len(names))], known))
    return statistics.fmean(found) if found else None


def _gain(scores: Scores) -> float | None:
    pairs = [(scores.get((edit, RIGHT)), score) for (edit, name), score in scores.items() if name == "text_in_corner"]
    gains = [after - before for before, after in pairs if before is not None and after is not None]
    return statistics.fmean(gains) if gains else None


def _share_of_tens(scores: Sequence[float]) -> float | None:
    return sum(score >= 10 for score in scores) / len(scores) if scores else None


def _agreement(first: tuple[str, Scores], second: tuple[str, Scores]) -> Agreement:
    pairs = [(a, b) for key, a in first[1].items() if a is not None and (b := second[1].get(key)) is not None]
    ours, theirs = [a for a, _ in pairs], [b for _, b in pairs]
    rank = spearman(ours, theirs) if len(pairs) > 1 else None
    return Agreement(first[0], second[0], len(pairs), weighted_kappa(ours, theirs), rank)


def _settings(request: JudgeRequest, judges: Sequence[Judge], controls: Sequence[Control]) -> dict[str, Any]:
    return {
        **first_settings("judges", request.data, request.revision, request.split),
        "judges": [dict(judge.describe()) for judge in judges],
        "controls": [control.name for control in controls],
        "limit": request.limit,
        "versions": versions(),
    }
