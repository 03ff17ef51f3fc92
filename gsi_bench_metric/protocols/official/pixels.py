"""What the official protocol measures on images: locality, the viewpoint of rotations, the similarity of view edits.

The order of steps is the reference's `eval.py`: the edited image at the source's size, locality outside of the edit's
places, the gate, the viewpoint of a rotation that passed the gate. This is the long work, so it is done in batches of one
shape and its result is a record of its own.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TypeVar

import torch
from torch import Tensor

from gsi_bench_dataset.layout.pixel_frame import ReferenceFrame
from gsi_bench_dataset.records import EncodedImage, Reason
from gsi_bench_metric.imaging.images import RGB, ImageError, reference_view, resize_bicubic
from gsi_bench_metric.imaging.locality import Moments, boxes_mask, mse, ssim
from gsi_bench_metric.imaging.perceptual import MIN_SIDE, LpipsAlex, content_scaled, masked_lpips
from gsi_bench_metric.imaging.pictures import Picture
from gsi_bench_metric.imaging.viewpoint import ViewpointError, keypoints, same_viewpoint
from gsi_bench_metric.protocols.base import Measurement
from gsi_bench_metric.protocols.official import operations as official
from gsi_bench_metric.protocols.official.source import Source
from gsi_bench_metric.protocols.text import reason

__all__ = ["Pictures", "PixelMeter", "PixelTask", "Places", "open_pictures"]

T = TypeVar("T")

# From here on a resized image is called stretched.
_ASPECT = 0.02


@dataclasses.dataclass(frozen=True)
class Pictures:
    """The decoded images of an edit. `edited` (H, W, 3), RGB uint8, has the source's size; `notes` say what that took."""

    source: Source
    edited: RGB
    ground_truth: RGB | None
    notes: tuple[Reason, ...] = ()


@dataclasses.dataclass(frozen=True)
class Places:
    """The two image boxes (2, 4) that locality leaves out and which of them exist (2,): `official.locality_boxes`."""

    boxes: Tensor
    valid: Tensor
    edited_known: bool  # whether the detector has a result for the edited image

    def to_json(self) -> list[object]:
        """For a key."""
        boxes = [box if known else None for box, known in zip(self.boxes.tolist(), self.valid.tolist(), strict=True)]
        return [boxes, self.edited_known]


@dataclasses.dataclass(frozen=True)
class PixelTask:
    """One edit to measure; without places (no detections of the source) its locality cannot be."""

    operation: str
    dataset_type: str
    pictures: Pictures
    places: Places | None


def open_pictures(source: Source, edited: Picture, ground_truth: EncodedImage | None) -> Pictures | Reason:
    """The images, decoded, or the reason why they cannot be compared."""
    try:
        original = source.rgb
        truth = Picture(ground_truth).rgb() if ground_truth else None
    except ImageError as error:
        return Reason("source_unreadable", str(error))
    try:
        found = edited.rgb()
    except ImageError as error:
        return Reason("unreadable", str(error))
    if found.shape == original.shape:
        return Pictures(source, found, truth)
    (height, width), (h, w) = original.shape[:2], found.shape[:2]
    name = "stretched" if abs(w / h / (width / height) - 1) > _ASPECT else "resized"
    note = reason(name, "made", w, h, width, height)
    return Pictures(source, resize_bicubic(found, height, width), truth, (note,))


class PixelMeter:
    """Measures edits in batches of one shape.

    Args:
        network: LPIPS, on `device`.
        device: where images are compared.
        batch_size: images that are compared together.
    """

    def __init__(self, network: LpipsAlex, device: torch.device, batch_size: int):
        self._network = network
        self._device = device
        self._batch_size = batch_size
        # MPS has no float64; the ground-truth comparison of view edits then loses digits, within the stated 1e-4.
        self._exact = torch.float32 if device.type == "mps" else torch.float64

    def measure(self, tasks: Sequence[PixelTask]) -> Iterator[tuple[int, Measurement]]:
        """(index, measurement) of every task, as batches are ready."""
        by_shape: dict[tuple[int, ...], list[int]] = defaultdict(list)
        for i, task in enumerate(tasks):
            by_shape[task.pictures.edited.shape].append(i)
        for group in by_shape.values():
            for start in range(0, len(group), self._batch_size):
                batch = group[start : start + self._batch_size]
                yield from zip(batch, self._batch([tasks[i] for i in batch]), strict=True)

    def _batch(self, tasks: list[PixelTask]) -> list[Measurement]:
        drafts = [_Draft(task) for task in tasks]
        self._locality(drafts)
        for draft in drafts:
            if draft.task.operation == "rotate" and draft.passed:
                _check_viewpoint(draft)
        self._views([draft for draft in drafts if draft.task.operation == "view"])
        return [draft.finish() for draft in drafts]

    @torch.inference_mode()
    def _locality(self, drafts: list[_Draft]) -> None:
        window = ReferenceFrame(*drafts[0].task.pictures.edited.shape[:2]).final
        known = []
        for draft in drafts:
            if draft.task.places is None:
                draft.note("no_detections", "EL not scored: no detections for the source image")
            elif min(window) < MIN_SIDE:
                draft.note("too_small", f"EL not scored: the evaluated window {window} is under {MIN_SIDE} px on a side")
            else:
                known.append((draft, draft.task.places))
        if not known:
            return
        full = self._full(known)
        pictures = [draft.task.pictures for draft, _ in full]
        source = torch.cat([p.source.view for p in pictures])
        source_moments = Moments(source, *(torch.cat(m) for m in zip(*(p.source.moments[1:] for p in pictures), strict=True)))
        source_features = [torch.cat(stage) for stage in zip(*(p.source.features for p in pictures), strict=True)]
        edited = reference_view(self._stack([p.edited for p in pictures]))
        boxes, valid = torch.stack([p.boxes for _, p in full]), torch.stack([p.valid for _, p in full])
        mask = boxes_mask(boxes, valid, *window).to(self._device)
        distance = self._network.distance_map(source_features, self._network.features(content_scaled(edited)), window)
        measures = (ssim(source_moments, edited, mask), masked_lpips(distance, mask), mse(source, edited, mask))
        for (draft, places), numbers in zip(known, torch.stack([m.cpu().double() for m in measures], 1).tolist(), strict=False):
            draft.ssim, draft.lpips, draft.mse = numbers
            draft.passed = official.locality_gate(draft.ssim, draft.lpips, draft.task.dataset_type)
            if not places.edited_known:
                draft.note("no_detections", "EL: no detections for the edited image, so only the original place is left out")

    @torch.inference_mode()
    def _views(self, drafts: list[_Draft]) -> None:
        """IC = SA = 0.5 SSIM + 0.5 (1 - LPIPS) of the edited image against the ground truth, whole image."""
        comparable: list[tuple[_Draft, RGB]] = []
        for draft in drafts:
            draft.view = 0.0
            after = draft.task.pictures.ground_truth
            problem = _view_problem(draft.task.pictures.edited, after)
            if problem is not None:
                draft.note(*problem)
            elif after is not None:
                comparable.append((draft, after))
        if not comparable:
            return
        full = self._full(comparable)
        edited, truth = (
            self._stack(side).permute(0, 3, 1, 2).to(torch.float32, memory_format=torch.contiguous_format)
            for side in ([d.task.pictures.edited for d, _ in full], [t for _, t in full])
        )
        everything = torch.ones_like(edited[:, 0], dtype=torch.bool)
        distance = masked_lpips(self._network(content_scaled(edited), content_scaled(truth)), everything)
        score = 0.5 * ssim(edited, truth, everything, dtype=self._exact) + 0.5 * (1 - distance.to(self._exact))
        for (draft, _), value in zip(comparable, score.tolist(), strict=False):
            draft.view = value

    def _full(self, items: list[T]) -> list[T]:
        """The items, the last one repeated until the batch is full.

        Kernels of other shapes end in other digits; then a run that was stopped and goes on, whose batches fall otherwise,
        would not end in the same bytes.
        """
        return items + items[-1:] * (self._batch_size - len(items))

    def _stack(self, pictures: Sequence[RGB]) -> Tensor:
        return torch.stack([torch.tensor(p) for p in pictures]).to(self._device)


@dataclasses.dataclass
class _Draft:
    """A measurement in the making."""

    task: PixelTask
    ssim: float | None = None
    lpips: float | None = None
    mse: float | None = None
    passed: bool | None = None
    same_viewpoint: bool | None = None
    view: float | None = None
    reasons: list[Reason] = dataclasses.field(default_factory=list)

    def note(self, name: str, text: str) -> None:
        self.reasons.append(Reason(name, text))

    def finish(self) -> Measurement:
        reasons = (*self.task.pictures.notes, *self.reasons)
        return Measurement(
            ssim=self.ssim,
            lpips=self.lpips,
            mse=self.mse,
            passed=self.passed,
            same_viewpoint=self.same_viewpoint,
            view=self.view,
            reasons=reasons,
        )


def _check_viewpoint(draft: _Draft) -> None:
    pictures = draft.task.pictures
    try:
        draft.same_viewpoint = same_viewpoint(pictures.source.keypoints, keypoints(pictures.edited))
    except ViewpointError as error:
        draft.note("viewpoint", f"could not be made: {error}")
    else:
        if draft.same_viewpoint is None:
            draft.note("viewpoint", "undecided, fewer than 10 matches")
    draft.passed = bool(draft.same_viewpoint)


def _view_problem(edited: RGB, truth: RGB | None) -> tuple[str, str] | None:
    if truth is None:
        return "no_goal", "scores 0: the sample has no ground-truth image"
    if truth.shape != edited.shape:
        return "no_goal", "scores 0: the ground-truth image has another size than the source"
    if min(edited.shape[:2]) < MIN_SIDE:
        return "too_small", f"scores 0: the image is under {MIN_SIDE} px on a side"
    return None
