"""Samples + predictions + detectors + judges -> scores, with every step kept as a record so that it is never done twice.

The steps of an edit: read both images, detect, judge, measure the images, score. Each leaves a record under a key made of
everything it reads (keys.py): the bytes of the images, fields of the sample, the detector or judge, the protocol with its
weights and libraries. A record that exists is taken, so a changed image, field, setting or weight redoes what depends on it
and nothing else.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from tqdm import tqdm

from gsi_bench_dataset.execution.workers import available_cores
from gsi_bench_dataset.records import Detection, Judgement, Prediction, Reason, Sample, Score
from gsi_bench_dataset.storage.record_store import NoRecords, Records
from gsi_bench_metric.detectors import DetectionItem, Detector
from gsi_bench_metric.imaging.images import ImageError
from gsi_bench_metric.imaging.pictures import Picture
from gsi_bench_metric.judges import Judge, JudgedAhead, JudgeItem
from gsi_bench_metric.protocols.base import Edit, Look, Measurement, Place, Scorer
from gsi_bench_metric.protocols.official.source import Source
from gsi_bench_metric.protocols.registry import PROTOCOLS, ProtocolError, protocol_named
from gsi_bench_metric.run.keys import (
    Found,
    View,
    content_of,
    detection_item,
    detection_key,
    judge_item,
    judgement_key,
    locality_key,
    measured_sample,
    score_key,
    scored_sample,
)
from gsi_bench_metric.run.planning import Plan
from gsi_bench_metric.run.remarks import remarked
from gsi_bench_metric.run.working import ahead

__all__ = [
    "Candidate",
    "Records",
    "ScoringError",
    "detection_items",
    "make_scorer",
    "mapping_policy",
    "require_protocol",
    "score",
    "score_candidates",
    "scoring_version",
]


class ScoringError(ValueError):
    """What was asked for cannot be done; the message lists every problem."""


@dataclasses.dataclass(frozen=True)
class Candidate:
    """An edit that is to be scored, and who looks at it. `problem`: why there is no image of it."""

    sample: Sample
    prediction: Prediction
    detector: Detector
    judge: Judge | None = None
    problem: Reason | None = None


def make_scorer(protocol: str, device: str, batch_size: int | None = None, dataset_type: str | None = None) -> Scorer:
    """The scorer of a protocol.

    Raises:
        ScoringError: see `require_protocol`.
    """
    require_protocol(protocol)
    return protocol_named(protocol).make_scorer(device, batch_size, dataset_type)


def scoring_version(protocol: str) -> int:
    """Which version of a protocol's code this is: other ones may give other numbers for the same inputs."""
    return protocol_named(protocol).version


def mapping_policy(protocol: str) -> str:
    """How a protocol brings images of another shape to the source's: other ones give other numbers."""
    return protocol_named(protocol).mapping_policy


def require_protocol(protocol: str) -> None:
    """Does nothing for a protocol of this version.

    Raises:
        ScoringError: unknown.
    """
    try:
        PROTOCOLS.require(protocol)
    except ProtocolError as error:
        raise ScoringError(str(error)) from error


def score(
    plan: Plan,
    samples: Iterable[Sample],
    scorer: Scorer,
    detector: Detector,
    judge: Judge | None = None,
    *,
    progress: bool = True,
) -> list[Score]:
    """Scores of every sample of the plan, in the order of their ids, without keeping records."""
    wanted = frozenset(plan.ids)
    problems = plan.problems if protocol_named(scorer.name).scores_missing else {}
    if judge is not None and judge.ahead:
        samples = list(samples)
        judge = _asked_ahead(plan, samples, judge, progress=progress)
    candidates = (
        Candidate(s, plan.predictions.get(s.id) or _gone(s, plan.editor), detector, judge, problems.get(s.id))
        for s in samples
        if s.id in wanted or s.id in problems
    )
    scores = [s for s in plan.unscored if s.sample_id not in problems]
    with tqdm(total=len(plan.ids), desc=plan.editor, unit="edit", delay=1, disable=not progress) as bar:
        for found in score_candidates(candidates, scorer):
            scores.append(found)
            bar.update()
    return sorted(scores, key=lambda s: s.sample_id)


def _asked_ahead(plan: Plan, samples: Sequence[Sample], judge: Judge, *, progress: bool) -> Judge:
    """The judge's word on every sample of the plan, looked up from here on."""
    wanted = [sample for sample in samples if sample.id in frozenset(plan.ids)]
    found: dict[str, Judgement] = {}
    with tqdm(total=len(wanted), desc=f"judging {plan.editor}", unit="edit", delay=1, disable=not progress) as bar:
        for start in range(0, len(wanted), judge.ahead):
            part = wanted[start : start + judge.ahead]
            edited = (plan.predictions.get(s.id) or _gone(s, plan.editor) for s in part)
            items = [
                judge_item(judge, s, Picture(s.image), Picture(p.image or p.path or ""))
                for s, p in zip(part, edited, strict=True)
            ]
            found |= {judgement.sample_id: judgement for judgement in judge.judge(items)}
            bar.update(len(part))
    return JudgedAhead(judge, found)


def _gone(sample: Sample, editor: str) -> Prediction:
    return Prediction(sample.id, editor, path=sample.id)


def score_candidates(candidates: Iterable[Candidate], scorer: Scorer, records: Records | None = None) -> Iterator[Score]:
    """Scores as they are ready; every candidate comes out once. Those of one source that follow each other share its work."""
    records = NoRecords() if records is None else records
    # Enough for the images of one shape to fill a batch, few enough to fit into memory.
    size = max(4, 2 * scorer.batch_size)
    loaded = ahead(lambda candidate: _load(candidate, scorer, records), candidates, size, _threads(scorer.batch_size))
    while chunk := list(islice(loaded, size)):
        done = [(item, item.score) for item in chunk if item.score is not None]
        odd = [(item, item.problem) for item in chunk if item.problem is not None]
        done += [(item, _no_picture(item.candidate, scorer, records, problem)) for item, problem in odd]
        todo = [item for item in chunk if item.score is None and item.problem is None]
        done += zip(todo, _scored(todo, scorer, records) if todo else [], strict=True)
        yield from (remarked(score, item.candidate.sample) for item, score in done)


def _scored(todo: Sequence[_Loaded], scorer: Scorer, records: Records) -> list[Score]:
    """Scores of a chunk. A sample whose further images (depth, masks, the goal) turn out damaged does not end the others."""
    try:
        return list(_score_chunk(todo, scorer, records))
    except ImageError as error:
        if len(todo) > 1:
            return [found for item in todo for found in _scored([item], scorer, records)]
        return [_no_picture(todo[0].candidate, scorer, records, Reason("source_unreadable", str(error)))]


@dataclasses.dataclass(frozen=True)
class _Loaded:
    """A candidate with its images read, or the `problem` with them. `score` is there already where it was recorded."""

    candidate: Candidate
    keys: Mapping[str, str] = dataclasses.field(default_factory=dict)
    source: Source | None = None
    edited: Picture | None = None
    pictures: Any | None = None  # as the scorer opened them
    score: Score | None = None
    problem: Reason | None = None


def _load(candidate: Candidate, scorer: Scorer, records: Records) -> _Loaded:
    """Reads and fingerprints the images; decodes them unless the score is on record."""
    sample, prediction = candidate.sample, candidate.prediction
    if candidate.problem is not None:
        return _Loaded(candidate, problem=candidate.problem)
    source, edited = scorer.sources.get(sample.image), Picture(prediction.image or prediction.path or "")
    try:
        keys = _keys(candidate, scorer, edited.sha256())
    except ImageError as error:
        return _Loaded(candidate, problem=Reason("unreadable", str(error)))
    kept = records.get("scores", keys["score"])
    if kept is not None:
        return _Loaded(candidate, score=Score.from_json(kept["score"] | {"record": keys["score"]}))
    pictures = scorer.open(measured_sample(scorer, sample), scorer.operation(sample), source, edited)
    if isinstance(pictures, Reason):
        return _Loaded(candidate, problem=pictures)
    return _Loaded(candidate, keys, source, edited, pictures)


def _no_picture(candidate: Candidate, scorer: Scorer, records: Records, reason: Reason) -> Score:
    sample = candidate.sample

    def source() -> list[Detection] | None:
        return _in_source(sample, candidate.detector, records)

    try:
        found = scorer.no_picture(sample, candidate.prediction.editor, reason, source)
    except ImageError as error:
        reason = Reason("source_unreadable", str(error))
        found = scorer.no_picture(sample, candidate.prediction.editor, reason, lambda: None)
    if reason.name != "source_unreadable":
        return found
    # The sample's own image is no fault of the editor: then the means say that something is lacking.
    return dataclasses.replace(found, state="not_scored", ic=None, sa=None, ssim=None, lpips=None, bystanders=None)


def _keys(candidate: Candidate, scorer: Scorer, edited: str) -> dict[str, str]:
    """What the records of an edit are kept under, and the hash of its image, `edited`."""
    sample, detector, judge = candidate.sample, candidate.detector, candidate.judge
    keys = {
        "edited": edited,
        "source_detections": detection_key(detector, sample, None),
        "edited_detections": detection_key(detector, sample, edited),
        "judgement": judgement_key(judge, sample, edited) if judge else "",
    }
    return keys | {"score": score_key(scorer, sample, candidate.prediction.editor, keys)}


def _score_chunk(todo: Sequence[_Loaded], scorer: Scorer, records: Records) -> Iterator[Score]:
    detections = _detections([(item, item.candidate.detector) for item in todo], records)
    judgements = _judgements(todo, records)
    edits = [
        Edit(scored_sample(scorer, item.candidate.sample), item.candidate.prediction.editor, *found, judgement)
        for item, found, judgement in zip(todo, detections, judgements, strict=True)
    ]
    measured, keys = _measurements(todo, edits, scorer, records)
    scores = scorer.score(edits, measured)
    kept = [
        (item.keys["score"], {"score": score.to_json(), "made_of": _made_of(item) | {"locality": key}})
        for item, score, key in zip(todo, scores, keys, strict=True)
    ]
    # A score that lacks a judgement because of an outage is made again.
    lasting = [judgement is None or not judgement.outage for judgement in judgements]
    records.append(("scores", key, value) for (key, value), lasts in zip(kept, lasting, strict=True) if lasts)
    for score, (key, _) in zip(scores, kept, strict=True):
        yield dataclasses.replace(score, record=key)


def _made_of(item: _Loaded) -> dict[str, str]:
    """Keys and hashes of everything that went into a score, and of what a report shows beside it."""
    sample = item.candidate.sample
    shown = {} if sample.edited_image is None else {"after": sample.edited_image.sha256}
    return {**item.keys, "source": sample.image.sha256, "content": content_of(sample)} | shown


def _measurements(
    todo: Sequence[_Loaded], edits: Sequence[Edit], scorer: Scorer, records: Records
) -> tuple[list[Measurement], list[str]]:
    """What the images say of each edit, and the keys of these records."""
    looks = [_look(item, place, scorer) for item, place in zip(todo, scorer.places(edits), strict=True)]
    keys = [
        locality_key(scorer, item.candidate.sample, item.keys["edited"], look) for item, look in zip(todo, looks, strict=True)
    ]
    found = {i: Measurement.from_json(kept) for i, key in enumerate(keys) if (kept := records.get("locality", key))}
    new = [i for i in range(len(todo)) if i not in found]
    if new:
        for i, measured in scorer.measure([looks[i] for i in new]):
            found[new[i]] = measured
            records.append([("locality", keys[new[i]], measured.to_json())])
    return [found[i] for i in range(len(todo))], keys


def _look(item: _Loaded, place: Place | None, scorer: Scorer) -> Look:
    sample = item.candidate.sample
    return Look(measured_sample(scorer, sample), scorer.operation(sample), scorer.settings(sample), place, item.pictures)


def _detections(todo: Sequence[tuple[_Loaded, Detector]], records: Records) -> list[Found]:
    """(source, edited) detections of each edit by its detector; each is asked once for all that is not on record."""
    wanted: dict[str, tuple[Detector, _Loaded, View]] = {}
    keys_of = [_detection_keys(item, detector) for item, detector in todo]
    views: tuple[View, View] = ("source", "edited")
    for (item, detector), keys in zip(todo, keys_of, strict=True):
        for view, key in zip(views, keys, strict=True):
            wanted.setdefault(key, (detector, item, view))
    found = {key: kept["found"] for key in wanted if (kept := records.get("detections", key)) is not None}
    by_detector: dict[int, list[str]] = {}
    for key, (detector, _, _) in wanted.items():
        if key not in found:
            by_detector.setdefault(id(detector), []).append(key)
    for lacking in by_detector.values():
        detector = wanted[lacking[0]][0]
        items = [_item(*wanted[key]) for key in lacking]
        made = {
            key: None if boxes is None else [box.to_json() for box in boxes]
            for key, boxes in zip(lacking, detector.detect(items), strict=True)
        }
        records.append(("detections", key, {"found": boxes}) for key, boxes in made.items())
        found |= made
    parsed = {k: None if boxes is None else [Detection.from_json(box) for box in boxes] for k, boxes in found.items()}
    return [(parsed[source], parsed[edited]) for source, edited in keys_of]


def _in_source(sample: Sample, detector: Detector, records: Records) -> list[Detection] | None:
    """Detections in a sample's own image: from the records, whichever editor they were asked for, else made now."""
    key = detection_key(detector, sample, None)
    kept = records.get("detections", key)
    if kept is None:
        (boxes,) = detector.detect([detection_item(detector, sample, "source", Picture(sample.image))])
        kept = {"found": None if boxes is None else [box.to_json() for box in boxes]}
        records.append([("detections", key, kept)])
    return None if kept["found"] is None else [Detection.from_json(box) for box in kept["found"]]


def _detection_keys(item: _Loaded, detector: Detector) -> tuple[str, str]:
    """Keys of the detections in the source and in the edited image."""
    if detector is item.candidate.detector:
        return item.keys["source_detections"], item.keys["edited_detections"]
    sample = item.candidate.sample
    return detection_key(detector, sample, None), detection_key(detector, sample, item.keys["edited"])


def _item(detector: Detector, item: _Loaded, view: View) -> DetectionItem:
    picture = item.source.picture if view == "source" and item.source else item.edited
    return detection_item(detector, item.candidate.sample, view, picture)


def _judgements(todo: Sequence[_Loaded], records: Records) -> list[Judgement | None]:
    """The judgement of each edit, None where there is no judge."""
    found: dict[int, Judgement] = {}
    by_judge: dict[int, list[int]] = {}
    for i, item in enumerate(todo):
        judge = item.candidate.judge
        if judge is None:
            continue
        kept = records.get("judgements", item.keys["judgement"])
        if kept is not None:
            found[i] = Judgement.from_json(kept)
        else:
            by_judge.setdefault(id(judge), []).append(i)
    for group in by_judge.values():
        judge = todo[group[0]].candidate.judge
        if judge is not None:
            made = judge.judge(_judge_items([todo[i] for i in group], judge, records), records)
            found |= dict(zip(group, made, strict=True))
            kept = [i for i in group if not found[i].outage]
            records.append(("judgements", todo[i].keys["judgement"], found[i].to_json()) for i in kept)
    return [found.get(i) for i in range(len(todo))]


def _judge_items(todo: Sequence[_Loaded], judge: Judge, records: Records) -> list[JudgeItem]:
    detections: Sequence[Found] = [(None, None)] * len(todo)
    if judge.detector is not None:
        detections = _detections([(item, judge.detector) for item in todo], records)
    return [
        judge_item(judge, item.candidate.sample, item.source.picture if item.source else None, item.edited, found)
        for item, found in zip(todo, detections, strict=True)
    ]


def detection_items(pairs: Iterable[tuple[Sample, Prediction]], *, with_pixels: bool) -> Iterator[DetectionItem]:
    """Source and edited image of each pair, in turn; with the hash of their pixels where asked and readable."""
    for sample, prediction in pairs:
        edited = prediction.image or Path(prediction.path or "")
        yield DetectionItem(sample, "source", _pixels(Picture(sample.image)) if with_pixels else None)
        yield DetectionItem(sample, "edited", _pixels(Picture(edited)) if with_pixels else None)


def _pixels(picture: Picture) -> str | None:
    try:
        return picture.pixels()
    except ImageError:
        return None  # the scorer meets the same image and gives the reason


def _threads(batch_size: int) -> int:
    """Decoders: one keeps a CPU's scoring busy; a GPU eats images faster."""
    return 1 if batch_size == 1 else min(8, available_cores())
