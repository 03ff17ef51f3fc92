"""The official protocol: from detections and what was measured on the images to scores.

Where the reference's run would end with an exception, the edit is not scored (or scores 0) and a reason says so; docs/metric.md
lists these places.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterator, Sequence
from importlib import metadata

import torch

from gsi_bench_dataset.reads import BOX, CAMERA, GOAL, IMAGE, ROW, TARGET, TRUE_IMAGE, WORDS, Reads
from gsi_bench_dataset.records import Reason, Sample, Score
from gsi_bench_dataset.storage.record_store import digest
from gsi_bench_metric.imaging.perceptual import LpipsAlex
from gsi_bench_metric.imaging.pictures import Picture
from gsi_bench_metric.imaging.weights import TRUNK_SHA256
from gsi_bench_metric.protocols.base import Asked, Edit, Look, Measurement
from gsi_bench_metric.protocols.official import operations as official
from gsi_bench_metric.protocols.official.pixels import Pictures, PixelMeter, PixelTask, Places, open_pictures
from gsi_bench_metric.protocols.official.source import Source, SourceCache

__all__ = ["OfficialScorer", "operation_of", "without_picture"]

# Raised with every change of a number that this code gives for the same inputs: kept records are then made again.
_VERSION = 1
_LIBRARIES = ("torch", "numpy", "opencv-python-headless", "pillow")


class OfficialScorer:
    """Scores edits under the official protocol. Builds LPIPS once.

    Args:
        device: where images are compared ("cpu", "cuda", "mps").
        batch_size: images of one shape that are compared together; default 1 on a CPU, where larger ones fall out of its
            caches and get slower, else 16.
        dataset_type: "GSI-Real" or "GSI-Syn" for all edits; default by each sample's split.

    Attributes:
        key: everything that the numbers depend on beside their inputs: code, libraries, weights, kind of device.
    """

    name = "official"
    version = _VERSION
    reads = ROW | WORDS | TARGET | BOX | GOAL | CAMERA

    def __init__(self, device: str = "cpu", batch_size: int | None = None, dataset_type: str | None = None):
        if dataset_type not in (None, *official.DATASET_TYPES.values()):
            raise ValueError(f"dataset_type: expected GSI-Real or GSI-Syn, found {dataset_type!r}")
        torch_device = torch.device(device)
        network = LpipsAlex.pretrained(torch_device)
        self.batch_size = batch_size or (1 if torch_device.type == "cpu" else 16)
        self.sources = SourceCache(network, torch_device)
        self.key = digest(_VERSION, {p: metadata.version(p) for p in _LIBRARIES}, TRUNK_SHA256, torch_device.type)
        self._dataset_type = dataset_type
        self._meter = PixelMeter(network, torch_device, self.batch_size)

    def dataset_type(self, sample: Sample) -> str:
        """Whose locality gate counts."""
        return self._dataset_type or official.DATASET_TYPES[sample.split]

    def operation(self, sample: Sample) -> str:
        """The operation as the protocol reads it."""
        return operation_of(sample.prompt)

    def settings(self, sample: Sample) -> str:
        """The dataset type."""
        return self.dataset_type(sample)

    def measured(self, sample: Sample) -> Reads:
        """The images: the after-image too where the score needs it."""
        return IMAGE | TRUE_IMAGE if self.operation(sample) == "view" else IMAGE

    def open(self, sample: Sample, operation: str, source: Source, edited: Picture) -> Pictures | Reason:
        """See `open_pictures`."""
        return open_pictures(source, edited, sample.edited_image if operation == "view" else None)

    def places(self, edits: Sequence[Edit]) -> list[Places | None]:
        """What locality leaves out in each edit; None without detections of the source."""
        known = [i for i, edit in enumerate(edits) if edit.source_detections is not None]
        places: list[Places | None] = [None] * len(edits)
        if known:
            boxes, valid = official.locality_boxes(_pack([edits[i] for i in known]))
            for i, box, exists in zip(known, boxes, valid, strict=True):
                places[i] = Places(box, exists, edits[i].edited_detections is not None)
        return places

    def measure(self, looks: Sequence[Look]) -> Iterator[tuple[int, Measurement]]:
        """(index, what the images say) of every edit, as batches are ready."""
        return self._meter.measure([PixelTask(look.operation, look.settings, look.pictures, look.place) for look in looks])

    def score(self, edits: Sequence[Edit], measurements: Sequence[Measurement]) -> list[Score]:
        """The score of each edit."""
        drafts = [_Draft(e, m, operation_of(e.sample.prompt)) for e, m in zip(edits, measurements, strict=True)]
        _score_objects(drafts)
        return [draft.finish() for draft in drafts]

    def no_picture(self, sample: Sample, editor: str, reason: Reason, source: object) -> Score:
        """Without numbers, whatever the source shows: the reference leaves it out of its means."""
        return without_picture(sample, editor, reason)


def without_picture(sample: Asked, editor: str, reason: Reason) -> Score:
    """The score of a sample that has no usable image: no numbers."""
    return Score(
        sample_id=sample.id,
        split=sample.split,
        editor=editor,
        protocol=OfficialScorer.name,
        operation=operation_of(sample.prompt),
        scene_id=sample.scene_id,
        state="no_picture",
        reasons=(reason,),
    )


def operation_of(prompt: str) -> str:
    """The operation as the reference reads it; empty where it would fail on the prompt."""
    try:
        return official.parse_operation(prompt)
    except ValueError:
        return ""


@dataclasses.dataclass
class _Draft:
    """A score in the making."""

    edit: Edit
    measured: Measurement
    operation: str
    ic: float | None = None
    sa: float | None = None
    reasons: list[Reason] = dataclasses.field(default_factory=list)

    def __post_init__(self) -> None:
        self.ic = self.sa = self.measured.view

    def finish(self) -> Score:
        judgement, measured, sample = self.edit.judgement, self.measured, self.edit.sample
        reasons = [*measured.reasons, *self.reasons]
        if judgement is not None and judgement.score is None:
            reasons.append(Reason("not_judged", judgement.problem or "no score in the reply"))
        return Score(
            sample_id=sample.id,
            split=sample.split,
            editor=self.edit.editor,
            protocol=OfficialScorer.name,
            operation=self.operation,
            scene_id=sample.scene_id,
            ic=self.ic,
            sa=self.sa,
            ssim=measured.ssim,
            lpips=measured.lpips,
            mse=measured.mse,
            ac=judgement.score if judgement else None,
            locality_passed=measured.passed,
            same_viewpoint=measured.same_viewpoint,
            state=_state(self.ic, self.sa, measured.ssim, measured.lpips),
            reasons=tuple(reasons),
        )


def _score_objects(drafts: Sequence[_Draft]) -> None:
    by_operation: dict[str, list[_Draft]] = defaultdict(list)
    for draft in drafts:
        problem = _object_problem(draft)
        if problem:
            draft.reasons.append(problem)
        elif draft.operation != "view":
            by_operation[draft.operation].append(draft)
            found = official.of_target_class(draft.edit.sample, draft.edit.edited_detections or [])
            if not found and draft.operation != "remove":
                draft.reasons.append(Reason("not_detected", "the detector found nothing in the edited image"))
    for operation, group in by_operation.items():
        ic, sa = official.score_operation(operation, _pack([d.edit for d in group], [bool(d.measured.passed) for d in group]))
        for draft, i, s in zip(group, ic.tolist(), sa.tolist(), strict=True):
            draft.ic, draft.sa = i, s


def _pack(edits: Sequence[Edit], passed: Sequence[bool] | None = None) -> official.EditBatch:
    return official.pack_edits(
        [e.sample for e in edits],
        [official.of_target_class(e.sample, e.source_detections or []) for e in edits],
        [official.of_target_class(e.sample, e.edited_detections or []) for e in edits],
        passed,
    )


def _object_problem(draft: _Draft) -> Reason | None:
    """Why an object edit has no IC and SA."""
    edit, sample = draft.edit, draft.edit.sample
    if draft.operation == "view":
        return None
    if draft.operation not in official.OBJECT_OPERATIONS:
        text = f"the reference reads {draft.operation!r} out of the prompt and has no score for it"
        return Reason("unknown_operation", text)
    if edit.source_detections is None:
        return Reason("no_detections", "IC and SA not scored: no detections for the source image")
    if edit.edited_detections is None:
        return Reason("no_detections", "IC and SA not scored: no detections for the edited image")
    if draft.measured.passed is None:
        return Reason("too_small", "IC and SA not scored: locality could not be measured")
    if draft.operation == "rotate" and any(
        d.rotation_matrix is None for d in official.of_target_class(sample, edit.edited_detections)
    ):
        return Reason("incomplete_detection", "a detection has no rotation_matrix, which rotate needs")
    if draft.operation in ("move", "scale") and sample.new_bbox_3d is None:
        return Reason("no_goal", f"the sample has no new_bbox_3d, the goal of a {draft.operation}")
    if draft.operation == "rotate" and sample.new_rotation_matrix is None:
        return Reason("no_goal", "the sample has no new_rotation_matrix, the goal of a rotate")
    return None


def _state(*numbers: float | None) -> str:
    if None not in numbers:
        return "scored"
    return "not_scored" if all(n is None for n in numbers) else "partial"
