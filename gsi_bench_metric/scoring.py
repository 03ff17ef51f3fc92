"""Samples + predictions + records -> scores: plan, look up, score, account for every sample.

Nothing is dropped without a name: a sample without a prediction, an unreadable picture, a missing detection or judgement
each end as a `Score` whose `reasons` say so.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import torch
from tqdm import tqdm

from gsi_bench_dataset.predictions import PredictionSet
from gsi_bench_dataset.problems import some
from gsi_bench_dataset.records import Detection, EncodedImage, Prediction, Reason, Sample, Score
from gsi_bench_metric.detectors import DetectionItem, Detector
from gsi_bench_metric.detectors.recorded import reference_key
from gsi_bench_metric.images import ImageError, header_size, load_rgb, pixel_hash
from gsi_bench_metric.judges import Judge
from gsi_bench_metric.protocols.official_scoring import Edit, OfficialScorer, operation_of

__all__ = [
    "PROTOCOLS",
    "Plan",
    "ScoringError",
    "detection_items",
    "make_plan",
    "make_scorer",
    "pick_device",
    "prepare",
    "score",
    "score_edits",
]

PROTOCOLS = ("official",)


class ScoringError(ValueError):
    """The inputs do not fit together; the message lists every problem."""


@dataclasses.dataclass(frozen=True)
class Plan:
    """What will be scored: pairs of sample and prediction; `unscored` says what already cannot be, and why."""

    editor: str
    pairs: tuple[tuple[Sample, Prediction], ...]
    unscored: tuple[Score, ...]

    def __len__(self) -> int:
        return len(self.pairs) + len(self.unscored)


def pick_device(device: str | None) -> str:
    """The device asked for, else CUDA, MPS or CPU, the first that is there.

    Raises:
        ScoringError: the one asked for is not there.
    """
    available = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if device is None:
        return next(name for name in ("cuda", "mps", "cpu") if available[name])
    kind, _, number = device.partition(":")
    exists = available.get(kind, False) and (not number or (number.isdigit() and int(number) < _device_count(kind)))
    if not exists:
        there = ", ".join(name for name, yes in available.items() if yes)
        raise ScoringError(f"device {device!r} is not available here; available: {there}")
    return device


def _device_count(kind: str) -> int:
    return torch.cuda.device_count() if kind == "cuda" else 1


def make_scorer(protocol: str, device: str, batch_size: int | None = None, dataset_type: str | None = None) -> OfficialScorer:
    """The scorer of a protocol.

    Raises:
        ScoringError: unknown, or not in this version.
    """
    if protocol == "official":
        return OfficialScorer(device, batch_size, dataset_type)
    if protocol == "strict":
        raise ScoringError("protocol 'strict' is not in this version (docs/status.md); use protocol='official'")
    raise ScoringError(f"no protocol {protocol!r}; expected one of {', '.join(PROTOCOLS)}")


def make_plan(
    samples: Iterable[Sample],
    predictions: PredictionSet,
    *,
    protocol: str = "official",
    ignore_extra: bool = False,
) -> Plan:
    """Pairs samples with predictions by id and looks at every picture's header before any long work starts.

    Args:
        samples: all samples of the split: they are the denominator.
        predictions: one editor's pictures.
        protocol: written into the scores of what cannot be scored.
        ignore_extra: leave out predictions for unknown samples instead of raising.

    Raises:
        ScoringError: unknown sample ids, two samples with one id or one reference key, no prediction that fits.
    """
    samples = list(samples)
    problems = _identity_problems(samples)
    unknown = sorted(set(predictions.predictions) - {s.id for s in samples})
    if unknown and not ignore_extra:
        problems.append(
            f"{len(unknown)} prediction(s) belong to no sample of this data: {some(unknown)}. Check --split and --data, or "
            "leave them out with --ignore-extra"
        )
    if samples and len(unknown) == len(predictions.predictions):
        problems.append(f"no prediction of {predictions.editor!r} fits a sample; sample ids look like {samples[0].id!r}")
    if problems:
        raise ScoringError("\n".join(problems))
    pairs, unscored = [], []
    for sample in samples:
        prediction = predictions.predictions.get(sample.id)
        problem = Reason("missing", "no picture for this sample") if prediction is None else _picture_problem(prediction)
        if problem is not None:
            unscored.append(_unscored(sample, predictions.editor, protocol, problem))
        elif prediction is not None:
            pairs.append((sample, prediction))
    return Plan(predictions.editor, tuple(pairs), tuple(unscored))


def score(
    plan: Plan,
    scorer: OfficialScorer,
    detector: Detector,
    judge: Judge | None = None,
    *,
    progress: bool = True,
) -> list[Score]:
    """Scores of every sample of the plan, in sample order."""
    scores = [*plan.unscored, *score_edits(prepare(plan, detector, judge), scorer, title=plan.editor, progress=progress)]
    return sorted(scores, key=lambda s: s.sample_id)


def prepare(plan: Plan, detector: Detector, judge: Judge | None) -> list[Edit]:
    """The plan's pairs with their detections and judgements."""
    detections = _detect(plan.pairs, detector)
    judgements = dict(zip([s.id for s, _ in plan.pairs], judge.judge(plan.pairs), strict=True)) if judge else {}
    return [Edit(sample, prediction, *detections[sample.id], judgements.get(sample.id)) for sample, prediction in plan.pairs]


def score_edits(edits: Sequence[Edit], scorer: OfficialScorer, *, title: str, progress: bool = True) -> list[Score]:
    """Scores of edits, of one editor or several. Edits of one source that follow each other share its work."""
    scores: list[Score] = []
    with tqdm(total=len(edits), desc=title, unit="edit", delay=1, disable=not progress) as bar:
        for batch in scorer.score(edits):
            scores += batch
            bar.update(len(batch))
    return scores


def detection_items(pairs: Sequence[tuple[Sample, Prediction]], *, with_pixels: bool) -> list[DetectionItem]:
    """Source and edited picture of each pair, in turn; with the hash of their pixels where asked and readable."""
    items = []
    for sample, prediction in pairs:
        edited = prediction.image or Path(prediction.path or "")
        items.append(DetectionItem(sample, "source", _pixels(sample.image) if with_pixels else None))
        items.append(DetectionItem(sample, "edited", _pixels(edited) if with_pixels else None))
    return items


def _detect(
    pairs: Sequence[tuple[Sample, Prediction]], detector: Detector
) -> dict[str, tuple[list[Detection] | None, list[Detection] | None]]:
    """(source, edited) detections by sample id."""
    found = detector.detect(detection_items(pairs, with_pixels=detector.needs_pixels))
    return {sample.id: (found[2 * i], found[2 * i + 1]) for i, (sample, _) in enumerate(pairs)}


def _pixels(picture: EncodedImage | Path) -> str | None:
    try:
        return pixel_hash(load_rgb(picture))
    except ImageError:
        return None  # the scorer meets the same picture and gives the reason


def _identity_problems(samples: Sequence[Sample]) -> list[str]:
    by_key: dict[str, list[str]] = defaultdict(list)
    for sample in samples:
        by_key[reference_key(sample)].append(sample.id)
    return [f"samples {', '.join(ids)} share the key {key!r}; rename one" for key, ids in by_key.items() if len(ids) > 1]


def _picture_problem(prediction: Prediction) -> Reason | None:
    try:
        header_size(prediction.image or Path(prediction.path or ""))
    except ImageError as error:
        return Reason("unreadable", str(error))
    return None


def _unscored(sample: Sample, editor: str, protocol: str, reason: Reason) -> Score:
    return Score(
        sample_id=sample.id,
        split=sample.split,
        editor=editor,
        protocol=protocol,
        operation=operation_of(sample),
        scene_id=sample.scene_id,
        state="no_picture",
        reasons=(reason,),
    )
