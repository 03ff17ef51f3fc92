"""Operation scores of the released GSI-Bench evaluation (arXiv 2604.20570), number by number, defects included.

Each score reads detections of the target's class in the source and in the edited image, batched over edits. IC is
instruction compliance, SA spatial accuracy, both 0–1. What the formulas reward and miss is in docs/metric.md; they stay as
they are so that results can stand beside the paper's. Detections' 2D boxes live in the reference's 896-pixel frame, the
projected goal box in the pixels of the sample's K: the reference compares them as they are, and so does this module.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from gsi_bench_dataset.records import Detection, Sample
from gsi_bench_metric.geometry.boxes import box_iou_3d, center_distance, projected_box_2d, rotation_angle

__all__ = [
    "DATASET_TYPES",
    "KEYWORDS",
    "OBJECT_OPERATIONS",
    "DetectionTensors",
    "EditBatch",
    "locality_boxes",
    "locality_gate",
    "of_target_class",
    "original_detection",
    "pack_detections",
    "pack_edits",
    "parse_operation",
    "same",
    "score_operation",
    "target_detection",
    "unmoved_within",
]

# The dataset type decides the locality gate; the reference knows the real split by this name.
DATASET_TYPES = {"fine": "GSI-Real", "mesatask": "GSI-Syn", "bathroom": "GSI-Syn", "robothor": "GSI-Syn"}

# First words of an instruction, in the order in which the reference looks them up.
KEYWORDS: Mapping[str, tuple[str, ...]] = {
    "move": ("move", "shift", "relocate", "place", "put", "push", "pull"),
    "rotate": ("rotate", "turn", "spin"),
    "remove": ("remove",),
    "scale": ("scale", "resize", "make", "shrink", "reduce", "enlarge", "expand", "increase"),
    "view": ("view", "changeview", "look"),
}

_SAME_BOX_3D = 0.1  # squared distance of two 7-vectors: metres and radians mixed
_SAME_BOX_3D_STRICT = 0.001  # the same for rotate and scale candidates
_SAME_BOX_2D = 100.0  # squared distance of two 2D boxes, pixels
_EPS = 1e-5


def parse_operation(prompt: str) -> str:
    """The operation that the reference reads out of an instruction: its first word, after one "please".

    An unknown word is returned as it stands, lower case. Whatever it was, a prompt that contains "camera" but neither
    "from the camera" nor "to the camera" is "view".

    Raises:
        ValueError: for a prompt that ends after "please" (the reference raises IndexError there).

    >>> parse_operation("Move the mug 15 centimeters to the left.")
    'move'
    >>> parse_operation("Move the camera on the shelf to the left.")
    'view'
    """
    words = prompt.split(" ")
    word = words[0].lower()
    if word == "please":
        if len(words) == 1:
            raise ValueError("the prompt ends after 'please': it names no operation")
        word = words[1].lower()
    operation = next((name for name, keys in KEYWORDS.items() if word in keys), word)
    if "camera" in prompt and "from the camera" not in prompt and "to the camera" not in prompt:
        return "view"
    return operation


def same(a: Tensor, b: Tensor, threshold: float, dims: int = 1) -> Tensor:
    """Whether the squared difference, summed over the last `dims` dimensions, lies below `threshold` (NaN: no)."""
    return ((a - b) ** 2).flatten(-dims).sum(-1) < threshold


def locality_gate(ssim: float, lpips: float, dataset_type: str) -> bool:
    """Whether the background is kept well enough for IC and SA to count: real photos need one measure, others both."""
    good_ssim, good_lpips = ssim > 0.6, lpips < 0.3
    return (good_ssim or good_lpips) if dataset_type == "GSI-Real" else (good_ssim and good_lpips)


def of_target_class(sample: Sample, detections: Sequence[Detection]) -> list[Detection]:
    """The detections that the reference's detector, asked for the target's class, could have made.

    Detectors that know the scene report every known object, those that are not there too; others have been asked for the
    class alone.
    """
    if all(d.object_id is None for d in detections):
        return list(detections)
    return [d for d in detections if d.state == "present" and d.label == sample.target]


@dataclasses.dataclass(frozen=True)
class DetectionTensors:
    """Detections of N images, padded to D each: boxes (N, D, 7), boxes_2d (N, D, 4), rotations (N, D, 3, 3), valid (N, D)."""

    boxes: Tensor
    boxes_2d: Tensor
    rotations: Tensor
    valid: Tensor

    @property
    def count(self) -> Tensor:
        """Detections of each image (N,)."""
        return self.valid.sum(-1)


@dataclasses.dataclass(frozen=True)
class EditBatch:
    """N edits: stored geometry and detections. Goals that an operation does not use repeat the original.

    original, goal (N, 7); rotation, goal_rotation, intrinsics (N, 3, 3); passed (N,) bool: the locality gate, and for rotate
    the viewpoint check as well.
    """

    original: Tensor
    rotation: Tensor
    goal: Tensor
    goal_rotation: Tensor
    intrinsics: Tensor
    source: DetectionTensors
    edited: DetectionTensors
    passed: Tensor


def pack_detections(pictures: Sequence[Sequence[Detection]], device: torch.device | str = "cpu") -> DetectionTensors:
    """Pads the detections of N images into tensors (float64). Absent objects are left out; a missing rotation is NaN."""
    found = [[d for d in detections if d.state != "absent"] for detections in pictures]
    width = max([1, *map(len, found)])
    boxes = torch.zeros(len(found), width, 7, dtype=torch.float64)
    boxes_2d = torch.zeros(len(found), width, 4, dtype=torch.float64)
    rotations = torch.full((len(found), width, 3, 3), torch.nan, dtype=torch.float64)
    valid = torch.zeros(len(found), width, dtype=torch.bool)
    for i, detections in enumerate(found):
        for j, detection in enumerate(detections):
            boxes[i, j] = torch.tensor(detection.bbox_3d, dtype=torch.float64)
            boxes_2d[i, j] = torch.tensor(detection.bbox_2d, dtype=torch.float64)
            if detection.rotation_matrix is not None:
                rotations[i, j] = torch.tensor(detection.rotation_matrix, dtype=torch.float64)
            valid[i, j] = True
    return DetectionTensors(*(t.to(device) for t in (boxes, boxes_2d, rotations, valid)))


def pack_edits(
    samples: Sequence[Sample],
    source: Sequence[Sequence[Detection]],
    edited: Sequence[Sequence[Detection]],
    passed: Sequence[bool] | None = None,
    device: torch.device | str = "cpu",
) -> EditBatch:
    """Tensors (float64) of N samples with their detections; `passed` defaults to all true."""

    def stack(rows: Sequence[object]) -> Tensor:
        return torch.tensor(rows, dtype=torch.float64, device=device)

    return EditBatch(
        original=stack([s.original_bbox_3d for s in samples]),
        rotation=stack([s.rotation_matrix for s in samples]),
        goal=stack([s.new_bbox_3d or s.original_bbox_3d for s in samples]),
        goal_rotation=stack([s.new_rotation_matrix or s.rotation_matrix for s in samples]),
        intrinsics=stack([s.camera_intrinsics for s in samples]),
        source=pack_detections(source, device),
        edited=pack_detections(edited, device),
        passed=torch.tensor([True] * len(samples) if passed is None else list(passed), device=device),
    )


def locality_boxes(batch: EditBatch) -> tuple[Tensor, Tensor]:
    """The two image boxes (N, 2, 4) that locality leaves out, and which of them exist (N, 2).

    First: the source detection that is the original. Second: the *last* edited detection that is neither the original box
    nor its projection (quirk 56: that need not be the target).
    """
    found, index = original_detection(batch)
    first = _take(batch.source.boxes_2d, index)
    projected = projected_box_2d(batch.original, batch.rotation, batch.intrinsics)
    other = (
        batch.edited.valid
        & ~same(batch.edited.boxes, batch.original[:, None], _SAME_BOX_3D)
        & ~same(batch.edited.boxes_2d, projected[:, None], _SAME_BOX_2D)
    )
    last = other.shape[1] - 1 - other.flip(1).int().argmax(1)
    second = _take(batch.edited.boxes_2d, last)
    return torch.stack((first, second), 1), torch.stack((found, other.any(1)), 1)


def score_operation(operation: str, batch: EditBatch) -> tuple[Tensor, Tensor]:
    """IC and SA, each (N,), of a batch of one operation (move, rotate, remove or scale).

    Raises:
        ValueError: for any other operation; view is scored from images alone (official_scoring.py).
    """
    if operation not in _SCORERS:
        raise ValueError(f"no object score for operation {operation!r}; expected one of {', '.join(_SCORERS)}")
    ic, sa = _SCORERS[operation](batch)
    counts = batch.passed & original_detection(batch)[0]
    if operation != "remove":
        counts = counts & (batch.edited.count > 0)
    zero = torch.zeros_like(sa)
    return torch.where(counts, ic.to(sa.dtype), zero), torch.where(counts, sa, zero)


def target_detection(operation: str, batch: EditBatch) -> tuple[Tensor, Tensor]:
    """The edited detection taken for the target of a move, rotate or scale: whether there is one (N,), its index (N,)."""
    if operation == "rotate":
        goal_2d = projected_box_2d(batch.original, batch.goal_rotation, batch.intrinsics)
        return _candidate(batch, goal_2d, batch.original, _SAME_BOX_3D_STRICT)
    goal_2d = projected_box_2d(batch.goal, batch.rotation, batch.intrinsics)
    return _candidate(batch, goal_2d, batch.goal, _same_box(operation))


def unmoved_within(operation: str) -> float:
    """How far a box may be from one in the source, metres and radians mixed, and still be taken for the same."""
    return math.sqrt(_same_box(operation))


def _same_box(operation: str) -> float:
    return _SAME_BOX_3D if operation == "move" else _SAME_BOX_3D_STRICT


def _score_move(batch: EditBatch) -> tuple[Tensor, Tensor]:
    found, index = target_detection("move", batch)
    box = _take(batch.edited.boxes, index)
    overlap = torch.where(found, box_iou_3d(batch.goal, box), 0.0)
    travelled = torch.where(found, center_distance(box, batch.original), 0.0)
    ratio = travelled / (center_distance(batch.goal, batch.original) + _EPS)
    score = 0.3 * overlap + 0.7 * torch.exp(-((ratio.sqrt() + _EPS).log() ** 2))
    score = torch.where(batch.source.count == batch.edited.count, score, score / 2)
    return score > 0.05, score


def _score_rotate(batch: EditBatch) -> tuple[Tensor, Tensor]:
    found, index = target_detection("rotate", batch)
    turned = _take(batch.edited.rotations, index)
    ratio = rotation_angle(batch.rotation, turned) / (rotation_angle(batch.rotation, batch.goal_rotation) + _EPS)
    amount = torch.exp(-((ratio + _EPS).log() ** 2))
    closeness = torch.exp(-rotation_angle(batch.goal_rotation, turned))
    near = center_distance(_take(batch.edited.boxes, index), batch.original) < 0.5
    sa = torch.where(found & near, 0.5 * amount + 0.5 * closeness, 0.0)
    return found & ~same(batch.rotation, turned, 1e-4, dims=2), sa


def _score_remove(batch: EditBatch) -> tuple[Tensor, Tensor]:
    _, index = original_detection(batch)
    original_2d = _take(batch.source.boxes_2d, index)
    still_there = (box_iou_3d(batch.original[:, None], batch.edited.boxes) > 0.1) | same(
        original_2d[:, None], batch.edited.boxes_2d, _SAME_BOX_2D
    )
    gone = ~(still_there & batch.edited.valid).any(1)
    surplus = batch.source.count - batch.edited.count - 1
    sa = torch.where(gone, (1 - 0.3 * surplus.double()).clamp(0, 1), 0.0)
    return gone & (sa >= 0.5), sa


def _score_scale(batch: EditBatch) -> tuple[Tensor, Tensor]:
    found, index = target_detection("scale", batch)
    sizes = batch.original[:, 3:6] + _EPS
    asked = batch.goal[:, 3:6] / sizes
    done = torch.where(found[:, None], _take(batch.edited.boxes, index)[:, 3:6] / sizes, 1.0)
    sa = torch.exp(-((done / (asked + _EPS) + _EPS).log() ** 2).mean(-1))
    return torch.linalg.vector_norm(done - 1, dim=-1) > 0.2, sa


_SCORERS: dict[str, Callable[[EditBatch], tuple[Tensor, Tensor]]] = {
    "move": _score_move,
    "rotate": _score_rotate,
    "remove": _score_remove,
    "scale": _score_scale,
}
OBJECT_OPERATIONS = tuple(_SCORERS)


def original_detection(batch: EditBatch) -> tuple[Tensor, Tensor]:
    """The first (not nearest) source detection that equals the stored original: whether found (N,), its index (N,)."""
    match = batch.source.valid & same(batch.source.boxes, batch.original[:, None], _SAME_BOX_3D)
    return match.any(1), match.int().argmax(1)


def _candidate(batch: EditBatch, goal_2d: Tensor, goal: Tensor, threshold: float) -> tuple[Tensor, Tensor]:
    """The edited detection taken for the target: whether there is one (N,), its index (N,).

    A detection equal to *any* source detection, in 3D or in 2D, counts as unmoved; of the others, those whose 2D box went
    more than a fifth of the asked way compete, and the one nearest to `goal` wins.
    """
    _, index = original_detection(batch)
    original_2d = _take(batch.source.boxes_2d, index)
    unmoved = same(batch.edited.boxes[:, :, None], batch.source.boxes[:, None], threshold) | same(
        batch.edited.boxes_2d[:, :, None], batch.source.boxes_2d[:, None], _SAME_BOX_2D
    )
    unmoved = (unmoved & batch.source.valid[:, None]).any(2)
    asked = torch.linalg.vector_norm(goal_2d - original_2d, dim=-1) + _EPS
    went = torch.linalg.vector_norm(batch.edited.boxes_2d - original_2d[:, None], dim=-1) / asked[:, None]
    competes = batch.edited.valid & ~unmoved & (went > 0.2)
    distance = center_distance(batch.edited.boxes, goal[:, None]).masked_fill(~competes, torch.inf)
    return competes.any(1), distance.argmin(1)


def _take(values: Tensor, index: Tensor) -> Tensor:
    """Row `index[n]` of `values[n]`: (N, D, …) and (N,) -> (N, …)."""
    return values[torch.arange(len(index), device=index.device), index]
