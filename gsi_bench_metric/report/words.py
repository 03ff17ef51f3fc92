"""What an official score means, in words: only what the records show, and the rule of the protocol that it met.

Distances are between box centres, in the camera frame of the source view.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gsi_bench_dataset.records import Detection, Sample, Score
from gsi_bench_metric.protocols import official

__all__ = ["verdict"]

# A detection this near to one of the source counts as that one, unmoved: sqrt(0.1) m where nothing else changed (quirk 1).
_UNMOVED_M = 0.1**0.5


def verdict(
    score: Score,
    sample: Sample,
    source: Sequence[Detection] | None,
    edited: Sequence[Detection] | None,
    *,
    dataset_type: str | None = None,
    judged: bool = False,
) -> str:
    """One or two sentences on why an edit scored what it did.

    Args:
        score: an official score.
        sample: the edit.
        source: what the detector found in the source; None where nothing is recorded.
        edited: the same of the edited picture.
        dataset_type: whose locality gate counted; default by the sample's split.
        judged: a judge was asked about this editor.
    """
    told = _verdict(score, sample, source, edited, dataset_type)
    if judged and score.ic and not score.ac:
        told += " Without a judge's score over 0 the official average counts the whole edit as 0."
    return told


def _verdict(
    score: Score,
    sample: Sample,
    source: Sequence[Detection] | None,
    edited: Sequence[Detection] | None,
    dataset_type: str | None,
) -> str:
    if score.ic is None:
        return "Not scored. " + " ".join(f"{reason.text[0].upper()}{reason.text[1:]}." for reason in score.reasons)
    if score.operation == "view":
        return f"Likeness to the ground-truth view: {100 * score.ic:.0f} of 100."
    gate = _gate(score, dataset_type or official.DATASET_TYPES[sample.split])
    if gate is not None:
        return gate
    facts = _facts(score, sample, source, edited)
    return f"{'Complied' if score.ic > 0 else 'Did not comply'}. {facts}".strip()


def _gate(score: Score, dataset_type: str) -> str | None:
    """Why the edit was stopped before its boxes were looked at, None where it was not."""
    if score.locality_passed is not False or score.ssim is None or score.lpips is None:
        return None
    if official.locality_gate(score.ssim, score.lpips, dataset_type):
        seen = "the camera seems to have turned" if score.same_viewpoint is False else "whether the camera stayed is undecided"
        return f"Stopped by the viewpoint check: {seen}."
    needed = "SSIM over 0.6 or LPIPS under 0.3" if dataset_type == "GSI-Real" else "SSIM over 0.6 and LPIPS under 0.3"
    return (
        f"Stopped by the locality gate: too much changed outside of the edit (SSIM {score.ssim:.2f}, "
        f"LPIPS {score.lpips:.2f}; needed {needed})."
    )


def _facts(score: Score, sample: Sample, source: Sequence[Detection] | None, edited: Sequence[Detection] | None) -> str:
    if source is None or edited is None:
        return ""
    if not any(_same_box(d.bbox_3d, sample.original_bbox_3d) for d in source):
        return f"No {sample.target} was found at its place in the source, so nothing can be compared."
    if score.operation == "remove":
        return _removed(sample, source, edited)
    if not edited:
        return f"No {sample.target} was found in the edited picture."
    return {"move": _moved, "rotate": _rotated, "scale": _scaled}[score.operation](sample, source, edited)


def _moved(sample: Sample, source: Sequence[Detection], edited: Sequence[Detection]) -> str:
    if sample.new_bbox_3d is None:
        return ""
    goal, start = np.array(sample.new_bbox_3d[:3]), np.array(sample.original_bbox_3d[:3])
    nearest = min(edited, key=lambda d: _distance(d.bbox_3d, goal))
    to_goal, to_start = _distance(nearest.bbox_3d, goal), _distance(nearest.bbox_3d, start)
    text = (
        f"Asked: {_cm(float(np.linalg.norm(goal - start)))}. The nearest {sample.target} found is {_cm(to_goal)} from its goal "
        f"and {_cm(to_start)} from its old place."
    )
    if any(_same_box(nearest.bbox_3d, d.bbox_3d) for d in source):
        text += f" It counts as unmoved: it is within {_cm(_UNMOVED_M)} of one in the source."
    return text + _count(sample, source, edited)


def _rotated(sample: Sample, source: Sequence[Detection], edited: Sequence[Detection]) -> str:
    if sample.new_rotation_matrix is None:
        return ""
    turned = [d for d in edited if d.rotation_matrix is not None]
    if not turned:
        return ""
    nearest = min(turned, key=lambda d: _distance(d.bbox_3d, np.array(sample.original_bbox_3d[:3])))
    asked = _angle(sample.rotation_matrix, sample.new_rotation_matrix)
    found = _angle(sample.rotation_matrix, nearest.rotation_matrix)
    off = _angle(sample.new_rotation_matrix, nearest.rotation_matrix)
    return f"Asked: {asked:.0f}°. The {sample.target} found at its place turned by {found:.0f}°, {off:.0f}° off the goal."


def _scaled(sample: Sample, source: Sequence[Detection], edited: Sequence[Detection]) -> str:
    if sample.new_bbox_3d is None:
        return ""
    nearest = min(edited, key=lambda d: _distance(d.bbox_3d, np.array(sample.original_bbox_3d[:3])))
    asked, found = (_size_ratio(box, sample.original_bbox_3d) for box in (sample.new_bbox_3d, nearest.bbox_3d))
    return f"Asked: size × {asked:.2f}. The {sample.target} found nearest to its place has size × {found:.2f}."


def _removed(sample: Sample, source: Sequence[Detection], edited: Sequence[Detection]) -> str:
    start = np.array(sample.original_bbox_3d[:3])
    if not edited:
        return f"No {sample.target} is found any more; {len(source)} in the source."
    nearest = min(_distance(d.bbox_3d, start) for d in edited)
    return f"The nearest {sample.target} found is {_cm(nearest)} from the place." + _count(sample, source, edited)


def _count(sample: Sample, source: Sequence[Detection], edited: Sequence[Detection]) -> str:
    if len(source) == len(edited):
        return ""
    return f" Found before: {len(source)}, after: {len(edited)}."


def _same_box(a: Sequence[float], b: Sequence[float]) -> bool:
    return float(np.sum((np.array(a) - np.array(b)) ** 2)) < _UNMOVED_M**2


def _distance(box: Sequence[float], point: np.ndarray) -> float:
    return float(np.linalg.norm(np.array(box[:3]) - point))


def _angle(a: object, b: object) -> float:
    cosine = (np.trace(np.array(a, dtype=float).T @ np.array(b, dtype=float)) - 1) / 2
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


def _size_ratio(box: Sequence[float], original: Sequence[float]) -> float:
    """Geometric mean of the three sizes' ratios."""
    ratios = np.maximum(box[3:6], 1e-9) / np.maximum(original[3:6], 1e-9)
    return float(np.exp(np.log(ratios).mean()))


def _cm(metres: float) -> str:
    return f"{100 * metres:.0f} cm" if metres < 3 else f"{metres:.1f} m"
