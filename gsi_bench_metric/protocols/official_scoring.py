"""Runs the official protocol on edits: pictures in batches of one shape, then the operation scores in one batch each.

The order of things is the reference's `eval.py`: bring the edited picture to the source's size, measure locality, gate, check
the viewpoint of rotations, score the operation. Where its run would end with an exception, the edit is not scored (or scores
0) and a reason says so; docs/metric.md lists these places.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import torch
from torch import Tensor

from gsi_bench_dataset.pixel_frame import ReferenceFrame
from gsi_bench_dataset.records import Detection, Judgement, Prediction, Reason, Sample, Score
from gsi_bench_metric.images import RGB, ImageError, load_rgb, reference_view, resize_bicubic
from gsi_bench_metric.locality import boxes_mask, mse, ssim
from gsi_bench_metric.perceptual import MIN_SIDE, LpipsAlex, content_scaled, masked_lpips
from gsi_bench_metric.protocols import official
from gsi_bench_metric.protocols.official_source import Source, SourceCache
from gsi_bench_metric.viewpoint import ViewpointError, keypoints, same_viewpoint

__all__ = ["Edit", "OfficialScorer", "operation_of"]

A = TypeVar("A")
B = TypeVar("B")


@dataclasses.dataclass(frozen=True)
class Edit:
    """One edit to score. Detections are None where the detector has no word on the picture; no judgement: not judged."""

    sample: Sample
    prediction: Prediction
    source_detections: list[Detection] | None
    edited_detections: list[Detection] | None
    judgement: Judgement | None = None


@dataclasses.dataclass
class _Draft:
    """A score in the making."""

    edit: Edit
    operation: str
    ic: float | None = None
    sa: float | None = None
    ssim: float | None = None
    lpips: float | None = None
    mse: float | None = None
    passed: bool | None = None
    viewpoint: bool | None = None
    readable: bool = True
    reasons: list[Reason] = dataclasses.field(default_factory=list)

    def note(self, name: str, text: str) -> None:
        """Adds a reason."""
        self.reasons.append(Reason(name, text))


@dataclasses.dataclass(frozen=True)
class _Pictures:
    """The source, and the edited picture (H, W, 3), RGB uint8, brought to the source's size."""

    source: Source
    edited: RGB
    ground_truth: RGB | None


class OfficialScorer:
    """Scores edits under the official protocol. Builds LPIPS once.

    Args:
        device: where pictures are compared ("cpu", "cuda", "mps").
        batch_size: pictures of one shape that are compared together; default 1 on a CPU, where larger ones fall out of its
            caches and get slower, else 16.
        dataset_type: "GSI-Real" or "GSI-Syn" for all edits; default by each sample's split.
    """

    name = "official"

    def __init__(self, device: str = "cpu", batch_size: int | None = None, dataset_type: str | None = None):
        if dataset_type not in (None, *official.DATASET_TYPES.values()):
            raise ValueError(f"dataset_type: expected GSI-Real or GSI-Syn, found {dataset_type!r}")
        self._device = torch.device(device)
        self._batch_size = batch_size or (1 if self._device.type == "cpu" else 16)
        self._dataset_type = dataset_type
        self._network = LpipsAlex.pretrained(self._device)
        self._sources = SourceCache(self._network, self._device)
        # MPS has no float64; the ground-truth comparison of view edits then loses digits, within the stated 1e-4.
        self._view_dtype = torch.float32 if self._device.type == "mps" else torch.float64

    def score(self, edits: Sequence[Edit]) -> Iterator[list[Score]]:
        """Scores in batches, as they are ready; every edit comes out once."""
        by_shape: dict[tuple[int, ...], list[tuple[_Draft, _Pictures]]] = defaultdict(list)
        drafts = (_Draft(edit, operation_of(edit.sample)) for edit in edits)
        for draft, pictures in _ahead(lambda draft: (draft, _load(draft, self._sources)), drafts, 2 * self._batch_size):
            if pictures is None:
                yield [_finish(draft)]
                continue
            shape = pictures.edited.shape
            batch = by_shape[shape]
            batch.append((draft, pictures))
            if len(batch) == self._batch_size:
                yield self._score_batch(by_shape.pop(shape))
        for batch in by_shape.values():
            yield self._score_batch(batch)

    def _score_batch(self, batch: list[tuple[_Draft, _Pictures]]) -> list[Score]:
        self._measure_locality(batch)
        self._check_viewpoints(batch)
        self._score_views(batch)
        _score_objects([draft for draft, _ in batch])
        return [_finish(draft) for draft, _ in batch]

    @torch.inference_mode()
    def _measure_locality(self, batch: list[tuple[_Draft, _Pictures]]) -> None:
        known = [(d, p) for d, p in batch if d.edit.source_detections is not None]
        for draft, _ in batch:
            if draft.edit.source_detections is None:
                draft.note("no_detections", "EL not scored: no detections for the source image")
        if not known:
            return
        window = ReferenceFrame(*known[0][1].edited.shape[:2]).final
        if min(window) < MIN_SIDE:
            for draft, _ in known:
                draft.note("too_small", f"EL not scored: the evaluated window {window} is under {MIN_SIDE} px on a side")
            return
        source = torch.cat([p.source.view for _, p in known])
        source_features = [torch.cat(stage) for stage in zip(*(p.source.features for _, p in known), strict=True)]
        edited = reference_view(self._stack([p.edited for _, p in known]))
        mask = self._mask([d.edit for d, _ in known], *window)
        edited_features = self._network.features(content_scaled(edited))
        distance = self._network.distance_map(source_features, edited_features, window)
        measures = zip(
            ssim(source, edited, mask).tolist(),
            masked_lpips(distance, mask).tolist(),
            mse(source, edited, mask).tolist(),
            strict=True,
        )
        for (draft, _), (similarity, distance_mean, error) in zip(known, measures, strict=True):
            draft.ssim, draft.lpips, draft.mse = similarity, distance_mean, error
            draft.passed = official.locality_gate(similarity, distance_mean, self._type(draft.edit.sample))
            if draft.edit.edited_detections is None:
                draft.note("no_detections", "EL: no detections for the edited image, so only the original place is left out")

    def _mask(self, edits: list[Edit], height: int, width: int) -> Tensor:
        boxes, valid = official.locality_boxes(_pack(edits))
        return boxes_mask(boxes, valid, height, width).to(self._device)

    def _check_viewpoints(self, batch: list[tuple[_Draft, _Pictures]]) -> None:
        for draft, pictures in batch:
            if draft.operation != "rotate" or not draft.passed:
                continue
            try:
                draft.viewpoint = same_viewpoint(pictures.source.keypoints, keypoints(pictures.edited))
            except ViewpointError as error:
                draft.note("viewpoint", f"could not be made: {error}")
            else:
                if draft.viewpoint is None:
                    draft.note("viewpoint", "undecided, fewer than 10 matches")
            draft.passed = bool(draft.viewpoint)

    @torch.inference_mode()
    def _score_views(self, batch: list[tuple[_Draft, _Pictures]]) -> None:
        """IC = SA = 0.5 SSIM + 0.5 (1 - LPIPS) of the edited picture against the ground truth, whole picture."""
        comparable: list[tuple[_Draft, RGB, RGB]] = []
        for draft, pictures in batch:
            if draft.operation != "view":
                continue
            draft.ic = draft.sa = 0.0
            problem = _view_problem(pictures)
            if problem:
                draft.note(*problem)
            elif pictures.ground_truth is not None:
                comparable.append((draft, pictures.edited, pictures.ground_truth))
        if not comparable:
            return
        edited = self._stack([e for _, e, _ in comparable]).permute(0, 3, 1, 2).to(self._view_dtype)
        truth = self._stack([t for _, _, t in comparable]).permute(0, 3, 1, 2).to(self._view_dtype)
        everything = torch.ones_like(edited[:, 0], dtype=torch.bool)
        distance = masked_lpips(self._network(content_scaled(edited), content_scaled(truth)), everything)
        score = 0.5 * ssim(edited, truth, everything) + 0.5 * (1 - distance.to(self._view_dtype))
        for (draft, _, _), value in zip(comparable, score.tolist(), strict=True):
            draft.ic = draft.sa = value

    def _stack(self, pictures: Sequence[RGB]) -> Tensor:
        return torch.stack([torch.tensor(p) for p in pictures]).to(self._device)

    def _type(self, sample: Sample) -> str:
        return self._dataset_type or official.DATASET_TYPES[sample.split]


def operation_of(sample: Sample) -> str:
    """The operation as the reference reads it; empty where it would fail on the prompt."""
    try:
        return official.parse_operation(sample.prompt)
    except ValueError:
        return ""


def _ahead(function: Callable[[A], B], items: Iterable[A], count: int) -> Iterator[B]:
    """`map` that works on the next items in another thread, so that decoding goes on while pictures are compared."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        waiting: deque[Future[B]] = deque()
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > count:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _load(draft: _Draft, sources: SourceCache) -> _Pictures | None:
    """The pictures of an edit, None (with a reason) where one cannot be read."""
    sample = draft.edit.sample
    try:
        source = sources.get(sample.image)
        edited = load_rgb(draft.edit.prediction.image or draft.edit.prediction.path or "")
        truth = load_rgb(sample.edited_image) if sample.edited_image and draft.operation == "view" else None
    except ImageError as error:
        draft.readable = False
        draft.note("unreadable", str(error))
        return None
    if edited.shape != source.rgb.shape:
        (height, width), (h, w) = source.rgb.shape[:2], edited.shape[:2]
        if abs(w / h / (width / height) - 1) > 0.02:
            draft.note("stretched", f"{w}×{h} made {width}×{height}")
        edited = resize_bicubic(edited, height, width)
    return _Pictures(source, edited, truth)


def _view_problem(pictures: _Pictures) -> tuple[str, str] | None:
    if pictures.ground_truth is None:
        return "no_goal", "scores 0: the sample has no ground-truth picture"
    if pictures.ground_truth.shape != pictures.edited.shape:
        return "no_goal", "scores 0: the ground-truth picture has another size than the source"
    if min(pictures.edited.shape[:2]) < MIN_SIDE:
        return "too_small", f"scores 0: the picture is under {MIN_SIDE} px on a side"
    return None


def _score_objects(drafts: Sequence[_Draft]) -> None:
    by_operation: dict[str, list[_Draft]] = defaultdict(list)
    for draft in drafts:
        problem = _object_problem(draft)
        if problem:
            draft.note(*problem)
        elif draft.operation != "view":
            by_operation[draft.operation].append(draft)
    for operation, group in by_operation.items():
        ic, sa = official.score_operation(operation, _pack([d.edit for d in group], [bool(d.passed) for d in group]))
        for draft, i, s in zip(group, ic.tolist(), sa.tolist(), strict=True):
            draft.ic, draft.sa = i, s


def _pack(edits: Sequence[Edit], passed: Sequence[bool] | None = None) -> official.EditBatch:
    return official.pack_edits(
        [e.sample for e in edits],
        [e.source_detections or [] for e in edits],
        [e.edited_detections or [] for e in edits],
        passed,
    )


def _object_problem(draft: _Draft) -> tuple[str, str] | None:
    """(name, text) of the reason why an object edit has no IC and SA."""
    if draft.operation == "view":
        return None
    if draft.operation not in official.OBJECT_OPERATIONS:
        return "unknown_operation", f"the reference reads {draft.operation!r} out of the prompt and has no score for it"
    if draft.edit.source_detections is None:
        return "no_detections", "IC and SA not scored: no detections for the source image"
    if draft.edit.edited_detections is None:
        return "no_detections", "IC and SA not scored: no detections for the edited image"
    if draft.passed is None:
        return "too_small", "IC and SA not scored: locality could not be measured"
    if draft.operation == "rotate" and any(d.rotation_matrix is None for d in draft.edit.edited_detections):
        return "incomplete_detection", "a detection has no rotation_matrix, which rotate needs"
    sample = draft.edit.sample
    if draft.operation in ("move", "scale") and sample.new_bbox_3d is None:
        return "no_goal", f"the sample has no new_bbox_3d, the goal of a {draft.operation}"
    if draft.operation == "rotate" and sample.new_rotation_matrix is None:
        return "no_goal", "the sample has no new_rotation_matrix, the goal of a rotate"
    return None


def _finish(draft: _Draft) -> Score:
    judgement = draft.edit.judgement
    reasons = list(draft.reasons)
    if judgement is not None and judgement.score is None:
        reasons.append(Reason("not_judged", judgement.problem or "no score in the reply"))
    return Score(
        sample_id=draft.edit.sample.id,
        split=draft.edit.sample.split,
        editor=draft.edit.prediction.editor,
        protocol=OfficialScorer.name,
        operation=draft.operation,
        scene_id=draft.edit.sample.scene_id,
        ic=draft.ic,
        sa=draft.sa,
        ssim=draft.ssim,
        lpips=draft.lpips,
        mse=draft.mse,
        ac=judgement.score if judgement else None,
        locality_passed=draft.passed,
        same_viewpoint=draft.viewpoint,
        state=_state(draft),
        reasons=tuple(reasons),
    )


def _state(draft: _Draft) -> str:
    measured = [draft.ic, draft.sa, draft.ssim, draft.lpips]
    if not draft.readable:
        return "no_picture"
    if None not in measured:
        return "scored"
    return "not_scored" if all(m is None for m in measured) else "partial"
