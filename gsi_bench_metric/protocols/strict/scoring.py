"""The strict protocol at work: from detections and what was measured on the images to scores."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import metadata
from typing import Any

import torch

from gsi_bench_dataset.reads import (
    BOX,
    CAMERA,
    DEPTH,
    GOAL,
    IMAGE,
    KIND,
    MASK,
    OBJECTS,
    OPERATION,
    ROW,
    TARGET,
    TRUE_MASK,
    UP,
    VARIANT,
    Reads,
)
from gsi_bench_dataset.records import Detection, Fault, Reason, Sample, Score
from gsi_bench_dataset.storage.record_store import digest
from gsi_bench_metric.imaging.alignment_config import ALIGNMENT, MAPPING
from gsi_bench_metric.imaging.images import ImageError, header_size
from gsi_bench_metric.imaging.perceptual import LpipsAlex
from gsi_bench_metric.imaging.pictures import Picture
from gsi_bench_metric.imaging.weights import TRUNK_SHA256
from gsi_bench_metric.protocols.base import Asked, Edit, Look, Measurement
from gsi_bench_metric.protocols.official.source import Source, SourceCache
from gsi_bench_metric.protocols.strict.association import situation_of, undetected
from gsi_bench_metric.protocols.strict.pixels import (
    Compared,
    StrictMeter,
    StrictPictures,
    compared,
    hidden_in_goal,
    locality_gap,
    open_strict,
)
from gsi_bench_metric.protocols.strict.regions import SOMEWHERE, Region, outline_of, region_of
from gsi_bench_metric.protocols.strict.scope import excluded
from gsi_bench_metric.protocols.strict.situation import Situation
from gsi_bench_metric.protocols.strict.thresholds import STRICT
from gsi_bench_metric.protocols.strict.verdict import Outcome, judge
from gsi_bench_metric.protocols.text import explanation, reason

__all__ = ["NOTHING", "StrictScorer", "strict_operation", "without_picture"]

# Raised with every change of a number that this code gives for the same inputs: kept records are then made again.
_VERSION = 10
_LIBRARIES = ("torch", "numpy", "scipy", "opencv-python-headless", "pillow")
_SCENE: Reads = IMAGE | MASK | TRUE_MASK | CAMERA | UP | TARGET | BOX | OBJECTS | GOAL | VARIANT
# What an image that shows nothing is worth, and one that does not exist.
NOTHING: Mapping[str, float] = {"ic": 0.0, "sa": 0.0, "ssim": 0.0, "lpips": 1.0, "bystanders": 0.0}


class StrictScorer:
    """Scores edits under the strict protocol. Builds LPIPS once.

    Args:
        device: where images are compared ("cpu", "cuda", "mps").

    Attributes:
        key: everything that the numbers depend on beside their inputs: code, libraries, weights, kind of device.
    """

    name = "strict"
    version = _VERSION
    batch_size = 1  # regions differ in every edit, and images are large
    reads = _SCENE | ROW | OPERATION

    def __init__(self, device: str = "cpu"):
        torch_device = torch.device(device)
        network = LpipsAlex.pretrained(torch_device)
        self.sources = SourceCache(network, torch_device)
        self.key = digest(
            "strict",
            _VERSION,
            STRICT.to_json(),
            ALIGNMENT.to_json(),
            MAPPING.to_json(),
            {p: metadata.version(p) for p in _LIBRARIES},
            TRUNK_SHA256,
            torch_device.type,
        )
        self._meter = StrictMeter(network, torch_device)

    def operation(self, sample: Sample) -> str:
        """See `strict_operation`."""
        return strict_operation(sample)

    def settings(self, sample: Sample) -> str:
        """Nothing can be chosen."""
        return ""

    def measured(self, sample: Sample) -> Reads:
        """Of the operation its numbers too where the camera moves: the scene is drawn anew by them."""
        return _SCENE | DEPTH | (OPERATION if self.operation(sample) == "view" else KIND)

    def open(self, sample: Sample, operation: str, source: Source, edited: Picture) -> StrictPictures | Reason:
        """See `open_strict`."""
        return open_strict(sample, source, edited)

    def places(self, edits: Sequence[Edit]) -> list[Region | None]:
        """Where each edit may change the image, of view edits `SOMEWHERE`; None where nothing is known of the source."""
        situations = [_situation(edit) for edit in edits]
        return [None if s is None else _region(s) or SOMEWHERE for s in situations]

    def measure(self, looks: Sequence[Look]) -> Iterator[tuple[int, Measurement]]:
        """(index, what the images say) of every edit."""
        for i, look in enumerate(looks):
            yield i, self.look(look)[0]

    def look(self, look: Look) -> tuple[Measurement, Compared | None]:
        """What the images of one edit say, and the two images that this was measured on; None where there are none."""
        if look.place is None:
            return Measurement(reasons=look.pictures.notes), None
        situation, region = undetected(look.sample, _size(look.sample)), None if look.operation == "view" else look.place
        return self._meter.look(situation, look.pictures, region)

    def score(self, edits: Sequence[Edit], measurements: Sequence[Measurement]) -> list[Score]:
        """The score of each edit."""
        return [_score(edit, measured) for edit, measured in zip(edits, measurements, strict=True)]

    def outcome(self, edit: Edit, measured: Measurement) -> Outcome | Reason | None:
        """What the score of an edit is made of; a reason where its sample is not scored, None where its image shows nothing."""
        return _outcome(edit, _situation(edit), measured)

    def outlines(self, edit: Edit) -> list[tuple[tuple[float, float], ...]]:
        """Polygons [(x, y), …] in source pixels of where the target is seen in the edited image, its copies apart."""
        situation = _situation(edit)
        if situation is None or situation.target.after is None:
            return []
        return [outline for outline in (outline_of(situation, situation.target.after),) if outline]

    def unscored(self, sample: Sample, source: list[Detection] | None) -> Reason | None:
        """Why no edit of a sample is scored, whatever it shows; None where every one is. `source`: detections in its own image.

        Raises:
            ImageError: a mask cannot be read.
        """
        edit = Edit(sample, "", source, None)
        situation = _situation(edit)
        hidden = None if situation is None else hidden_in_goal(situation)
        return _unscored(edit, situation, Measurement(hidden=hidden, blank=True))

    def compared(self, edit: Edit, edited: Picture) -> Compared | Reason:
        """The two images that `measure` holds against each other, for showing them; or why there are none."""
        situation = _situation(edit)
        pictures = self.open(edit.sample, self.operation(edit.sample), self.sources.get(edit.sample.image), edited)
        if situation is None or isinstance(pictures, Reason):
            return pictures if isinstance(pictures, Reason) else reason("no_detections", "no_source_detections")
        return compared(situation, pictures, _region(situation))

    def no_picture(self, sample: Sample, editor: str, reason: Reason, source: Callable[[], list[Detection] | None]) -> Score:
        """All numbers 0, but for samples excluded for every editor, and EL where no editor's can be measured."""
        edit = Edit(sample, editor, source(), None)
        situation = _situation(edit)
        try:
            hidden = None if situation is None else hidden_in_goal(situation)
            gap = None if situation is None else locality_gap(situation, self.sources.get(sample.image))
        except ImageError as error:
            return _without_numbers(sample, editor, reason, Reason("source_unreadable", str(error)))
        problem = _unscored(edit, situation, Measurement(hidden=hidden, blank=True))
        if problem is not None:
            return _without_numbers(sample, editor, reason, problem)
        zero = without_picture(sample, editor, reason)
        return zero if gap is None else dataclasses.replace(zero, ssim=None, lpips=None, reasons=(*zero.reasons, gap))


def strict_operation(sample: Asked) -> str:
    """What the sample says that is asked; empty where its words are not understood."""
    return sample.operation.kind if sample.operation else ""


def _without_numbers(sample: Sample, editor: str, *reasons: Reason) -> Score:
    """Of a sample that is excluded for every editor."""
    zero = without_picture(sample, editor, reasons[0])
    nothing = dict.fromkeys(NOTHING)
    return _told(dataclasses.replace(zero, state="not_scored", reasons=reasons, faults=(), **nothing))  # type: ignore[arg-type]


def without_picture(sample: Asked, editor: str, reason: Reason) -> Score:
    """All numbers 0: an image that does not exist does not do what was asked."""
    return _told(
        Score(
            sample_id=sample.id,
            split=sample.split,
            editor=editor,
            protocol=StrictScorer.name,
            operation=strict_operation(sample),
            scene_id=sample.scene_id,
            state="no_picture",
            reasons=(reason,),
            faults=(Fault("no_image"),),
            **NOTHING,  # type: ignore[arg-type]
        )
    )


def _told(score: Score) -> Score:
    """With its explanation in English."""
    return dataclasses.replace(score, explanation=explanation(score) or None)


def _situation(edit: Edit) -> Situation | None:
    if edit.sample.operation is None or edit.source_detections is None:
        return None
    return situation_of(edit.sample, _size(edit.sample), edit.source_detections, edit.edited_detections)


def _size(sample: Sample) -> tuple[int, int]:
    """(width, height) of the source image, pixels."""
    height, width = header_size(sample.image)
    return width, height


def _region(situation: Situation) -> Region | None:
    """None for view edits."""
    if situation.operation.kind == "view":
        return None
    sample = situation.sample
    return region_of(situation, sample.instance_mask is not None, sample.instance_mask_after is not None)


def _score(edit: Edit, measured: Measurement) -> Score:
    sample, judgement = edit.sample, edit.judgement
    situation = _situation(edit)
    reasons = list(measured.reasons)
    values: dict[str, float | None] = {"ssim": measured.ssim, "lpips": measured.lpips, "mse": measured.mse}
    values["drift_px"] = measured.drift_px
    told: dict[str, Any] = {"mapping": measured.mapping, "mapping_residual": measured.mapping_residual}
    outcome = _outcome(edit, situation, measured)
    if isinstance(outcome, Reason):
        reasons.append(outcome)
    elif outcome is None:
        values |= NOTHING if measured.lpips is not None else {k: v for k, v in NOTHING.items() if k not in ("ssim", "lpips")}
        told |= {"faults": (Fault("blank"),)}
    else:
        values |= {"ic": float(outcome.ic), "sa": outcome.sa, "bystanders": outcome.bystanders}
        told |= {name: getattr(outcome, name) for name in ("faults", "done", "asked", "changed")}
        reasons += outcome.reasons
    if judgement is not None and judgement.score is None:
        reasons.append(Reason("not_judged", judgement.problem or "no score in the reply"))
    numbers = [values.get(name) for name in ("ic", "sa", "lpips")]
    state = "scored" if None not in numbers else "not_scored" if all(n is None for n in numbers) else "partial"
    return _told(
        Score(
            sample_id=sample.id,
            split=sample.split,
            editor=edit.editor,
            protocol=StrictScorer.name,
            operation=strict_operation(sample),
            scene_id=sample.scene_id,
            ac=judgement.score if judgement else None,
            state=state,
            reasons=tuple(reasons),
            **values,  # type: ignore[arg-type]
            **told,
        )
    )


def _outcome(edit: Edit, situation: Situation | None, measured: Measurement) -> Outcome | Reason | None:
    problem = _unscored(edit, situation, measured)
    if problem is not None or situation is None:
        return problem
    return None if measured.blank else judge(situation, measured.found, measured.shown)


def _unscored(edit: Edit, situation: Situation | None, measured: Measurement) -> Reason | None:
    """Why the edit is not scored. Only the last case depends on the edited image: recorded detections that lack it."""
    if edit.sample.operation is None:
        return reason("unknown_operation", "no_operation")
    if situation is None:
        return reason("no_detections", "no_source_detections")
    problem = excluded(situation, measured.hidden)
    if problem is None and not situation.answered and not measured.blank:
        return reason("no_detections", "no_edited_detections")
    return problem
