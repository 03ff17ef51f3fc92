"""Why an edit scored what it did, in a sentence. Says only what score and detections tell."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

from gsi_bench_dataset.records import Detection, Sample, Score
from gsi_bench_metric.geometry.boxes import box_iou_3d, center_distance, rotation_angle
from gsi_bench_metric.protocols.official import operations as official
from gsi_bench_metric.report.target import Evidence, evidence_of

__all__ = ["Verdict", "explain"]

_GATES = {"GSI-Real": "SSIM above 0.6 or LPIPS under 0.3", "GSI-Syn": "SSIM above 0.6 and LPIPS under 0.3"}

_NOTHING = "scores 0: "  # how the reasons of view edits without a comparison begin


@dataclasses.dataclass(frozen=True)
class Verdict:
    """How an edit ended, and why."""

    outcome: str  # Passed | Failed | Graded | Not scored
    why: str


def explain(
    sample: Sample,
    score: Score,
    source: Sequence[Detection] | None,
    edited: Sequence[Detection] | None,
    dataset_type: str | None,
) -> Verdict:
    """The verdict on one score.

    Args:
        sample: what was asked.
        score: what came out.
        source: detections in the source image; None: not known.
        edited: detections in the edited picture; None: not known.
        dataset_type: GSI-Real or GSI-Syn if the run fixed it, else the split's own.
    """
    if score.protocol == "strict":
        outcome = "Not scored" if score.ic is None else "Passed" if score.ic else "Failed"
        return Verdict(outcome, _sentence(score.explanation or "the records do not say why"))
    if score.ic is None or score.sa is None:
        told = [reason.text for reason in score.reasons if reason.name != "not_judged"]
        return Verdict("Not scored", _sentence("; ".join(told) or "the records do not say why"))
    if score.operation == "view":
        return Verdict("Graded", _of_view(score))
    outcome = "Passed" if score.ic > 0 else "Failed"
    if score.locality_passed is False:
        return Verdict(outcome, _of_gate(score, dataset_type or official.DATASET_TYPES[score.split]))
    evidence = evidence_of(score.operation, sample, source, edited)
    if evidence is None:
        met = "met" if score.ic else "not met"
        return Verdict(
            outcome, f"the rule for {score.operation} is {met}; the boxes behind that are not known here. {_sa(score)}"
        )
    return Verdict(outcome, _of_object(score, sample, evidence))


def _of_view(score: Score) -> str:
    no_comparison = [r.text for r in score.reasons if r.name in ("no_goal", "too_small") and r.text.startswith(_NOTHING)]
    if no_comparison:
        told = "; ".join(text.removeprefix(_NOTHING) for text in no_comparison)
        return _sentence(f"it scores 0, for there was nothing to compare with: {told}")
    return (
        f"a change of view is not passed or failed: IC = SA = {score.sa:.2f} is the likeness to the ground-truth view, "
        "½·SSIM + ½·(1 − LPIPS)."
    )


def _of_gate(score: Score, dataset_type: str) -> str:
    similarity, distance = _number(score.ssim), _number(score.lpips)
    known = score.ssim is not None and score.lpips is not None
    if known and not official.locality_gate(score.ssim or 0.0, score.lpips or 0.0, dataset_type):
        needed = _GATES[dataset_type]
        return f"too much changed outside of the edit: SSIM {similarity}, LPIPS {distance}, and it takes {needed}."
    if score.same_viewpoint is False:
        return "the camera seems to have turned by 10° or more, which a rotation must not do."
    undecided = [reason.text for reason in score.reasons if reason.name == "viewpoint"]
    if undecided:
        return f"the check that the camera stayed counts as failed: {_sentence('; '.join(undecided))}"
    return f"stopped before the operation was looked at; SSIM {similarity}, LPIPS {distance} outside of the edit."


def _of_object(score: Score, sample: Sample, evidence: Evidence) -> str:
    name = _target(sample)
    if not evidence.original_found:
        return f"no detection in the source is the {name} as it is stored, and without it IC and SA are 0."
    if score.operation == "remove":
        return _of_remove(score, name, evidence)
    if evidence.edited_count == 0:
        return f"no {name} was found in the edited picture."
    if evidence.target is None:
        return (
            f"{_count(evidence.edited_count, name)} found in the edited picture, but none counts as edited: here a box "
            f"within {_length(official.unmoved_within(score.operation))} of one in the source has not changed, nor has one "
            f"whose outline went a fifth of the asked way or less. {_sa(score)}"
        )
    return {"move": _of_move, "rotate": _of_rotate, "scale": _of_scale}[score.operation](score, name, evidence)


def _of_move(score: Score, name: str, evidence: Evidence) -> str:
    batch, box = evidence.batch, evidence.box
    went, asked = center_distance(box, batch.original).item(), center_distance(batch.goal, batch.original).item()
    off, overlap = center_distance(box, batch.goal).item(), box_iou_3d(batch.goal, box).item()
    words = f"the {name} found went {_length(went)} where {_length(asked)} were asked, and is {_length(off)} from its goal"
    words += f" (overlap {overlap:.2f}). "
    if evidence.source_count != evidence.edited_count:
        words += f"SA is halved: {evidence.source_count} found in the source, {evidence.edited_count} in the edited picture. "
    if score.ic:
        if off > asked:
            words += "IC looks at how far it went and not at the direction. "
        return words + _sa(score)
    return words + f"{_sa(score)} IC needs SA above 0.05."


def _of_rotate(score: Score, name: str, evidence: Evidence) -> str:
    batch = evidence.batch
    found = evidence.rotation
    turned, asked, off = (
        math.degrees(rotation_angle(a, b).item())
        for a, b in ((batch.rotation, found), (batch.rotation, batch.goal_rotation), (batch.goal_rotation, found))
    )
    words = f"the {name} found is turned by {turned:.0f}° where {asked:.0f}° were asked, {off:.0f}° from its goal. "
    away = center_distance(evidence.box, batch.original).item()
    if away >= 0.5:
        words += f"It stands {_length(away)} from its place, and from 50 cm on SA is 0. "
    return words + _sa(score)


def _of_scale(score: Score, name: str, evidence: Evidence) -> str:
    sizes, asked, done = (box[0, 3:6].tolist() for box in (evidence.batch.original, evidence.batch.goal, evidence.box))
    ratios = " × ".join(_ratio(d, s) for d, s in zip(done, sizes, strict=True))
    wanted = " × ".join(_ratio(a, s) for a, s in zip(asked, sizes, strict=True))
    words = f"the {name} found has {ratios} of its size (width × height × length) where {wanted} were asked. {_sa(score)}"
    return words if score.ic else f"{words} IC needs a change of more than 0.2 over the three."


def _of_remove(score: Score, name: str, evidence: Evidence) -> str:
    others, left = evidence.source_count - 1, evidence.edited_count
    counts = f"{_count(evidence.source_count, name)} found in the source, {left} in the edited picture"
    if score.sa:
        lost = f", and {others - left} more than asked" if left < others else ""
        end = "" if score.ic else " IC needs SA of at least 0.5."
        return f"nothing is found in its place any more{lost} ({counts}). {_sa(score)}{end}"
    # SA is 0 for a target that stays, or where so many others are lost that 1 − 0.3·lost is used up.
    if others - left < 4:
        return f"a {name} is still found in its place ({counts})."
    return f"a {name} is still found in its place, or too many others went with it ({counts})."


def _sa(score: Score) -> str:
    return f"SA {_number(score.sa)}."


def _target(sample: Sample) -> str:
    return sample.target or "object"


def _count(count: int, name: str) -> str:
    return f"{count} × {name}"


def _ratio(part: float, whole: float) -> str:
    return f"{part / whole:.2f}" if whole else "–"


def _length(metres: float) -> str:
    return f"{100 * metres:.0f} cm" if metres < 10 else f"{metres:.1f} m"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."
