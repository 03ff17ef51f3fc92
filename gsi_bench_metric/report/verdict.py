"""How an edit ended and why, in English or Chinese. Says only what score and detections tell."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from gsi_bench_dataset.records import Detection, Sample, Score
from gsi_bench_metric.geometry.boxes import box_iou_3d, center_distance, rotation_angle
from gsi_bench_metric.protocols.official import operations as official
from gsi_bench_metric.protocols.registry import protocol_named
from gsi_bench_metric.protocols.text import Phrase, explanation, reason_text, sentence
from gsi_bench_metric.report.target import Evidence, evidence_of

__all__ = ["Verdict", "explain"]

_BOTH = {"GSI-Real": "or", "GSI-Syn": "and"}  # of the locality gate: which of SSIM and LPIPS it takes
_NOTHING = "scores 0: "  # how the reasons of view edits without a comparison begin
_PARTS = {"en": "; ", "zh": "；"}
_ENDS = {"en": ".", "zh": "。"}


@dataclasses.dataclass(frozen=True)
class Verdict:
    """How an edit ended, and why."""

    outcome: str  # Passed | Failed | Graded | Not scored
    why: str


def explain(  # noqa: PLR0917 - a score and what it was made from
    sample: Sample,
    score: Score,
    source: Sequence[Detection] | None,
    edited: Sequence[Detection] | None,
    dataset_type: str | None,
    language: str = "en",
) -> Verdict:
    """The verdict on one score.

    Args:
        sample: what was asked.
        score: what came out.
        source: detections in the source image; None: not known.
        edited: detections in the edited image; None: not known.
        dataset_type: GSI-Real or GSI-Syn if the run fixed it, else the split's own.
        language: "en" or "zh".
    """
    if protocol_named(score.protocol).tells_faults:
        outcome = "Not scored" if score.ic is None else "Passed" if score.ic else "Failed"
        told = explanation(score, language)
        return Verdict(outcome, _ended(told, language) if told else sentence([Phrase("official.unknown")], language))
    if score.ic is None or score.sa is None:
        why = _PARTS[language].join(
            reason_text(r, language) for r in score.reasons if r.name not in ("not_judged", "goal_suspect")
        )
        return Verdict("Not scored", _ended(why, language) if why else sentence([Phrase("official.unknown")], language))
    outcome = "Graded" if score.operation == "view" else "Passed" if score.ic > 0 else "Failed"
    return Verdict(outcome, sentence(_phrases(sample, score, source, edited, dataset_type, language), language))


def _phrases(  # noqa: PLR0917
    sample: Sample,
    score: Score,
    source: Sequence[Detection] | None,
    edited: Sequence[Detection] | None,
    dataset_type: str | None,
    language: str,
) -> list[Phrase]:
    if score.operation == "view":
        return [_of_view(score, language)]
    if score.locality_passed is False:
        return [_of_gate(score, dataset_type or official.DATASET_TYPES[score.split], language)]
    evidence = evidence_of(score.operation, sample, source, edited)
    if evidence is None:
        met = "met" if score.ic else "not met"
        return [Phrase("official.boxes_unknown", {"operation": score.operation, "met": met}), _sa(score)]
    return _of_object(score, sample, evidence)


def _of_view(score: Score, language: str) -> Phrase:
    no_comparison = [r for r in score.reasons if r.name in ("no_goal", "too_small") and r.text.startswith(_NOTHING)]
    if no_comparison:
        why = _PARTS[language].join(reason_text(r, language).removeprefix(_NOTHING) for r in no_comparison)
        return Phrase("official.view_nothing", {"why": why})
    return Phrase("official.view", {"sa": score.sa})


def _of_gate(score: Score, dataset_type: str, language: str) -> Phrase:
    numbers = {"ssim": score.ssim, "lpips": score.lpips}
    known = score.ssim is not None and score.lpips is not None
    if known and not official.locality_gate(score.ssim or 0.0, score.lpips or 0.0, dataset_type):
        return Phrase("official.locality", numbers | {"both": _BOTH[dataset_type]})
    if score.same_viewpoint is False:
        return Phrase("official.camera_turned")
    undecided = [reason_text(r, language) for r in score.reasons if r.name == "viewpoint"]
    if undecided:
        return Phrase("official.viewpoint", {"why": _PARTS[language].join(undecided)})
    return Phrase("official.stopped", numbers)


def _of_object(score: Score, sample: Sample, evidence: Evidence) -> list[Phrase]:
    name = sample.target or "object"
    if not evidence.original_found:
        return [Phrase("official.original_not_found", {"subject": name})]
    if score.operation == "remove":
        return _of_remove(score, name, evidence)
    if evidence.edited_count == 0:
        return [Phrase("official.not_found", {"subject": name})]
    if evidence.target is None:
        within = official.unmoved_within(score.operation)
        facts = {"count": evidence.edited_count, "subject": name, "within": within}
        return [Phrase("official.none_edited", facts), _sa(score)]
    return {"move": _of_move, "rotate": _of_rotate, "scale": _of_scale}[score.operation](score, name, evidence)


def _of_move(score: Score, name: str, evidence: Evidence) -> list[Phrase]:
    batch, box = evidence.batch, evidence.box
    went, asked = center_distance(box, batch.original).item(), center_distance(batch.goal, batch.original).item()
    off, overlap = center_distance(box, batch.goal).item(), box_iou_3d(batch.goal, box).item()
    told = [Phrase("official.moved", {"subject": name, "went": went, "asked": asked, "off": off, "overlap": overlap})]
    if evidence.source_count != evidence.edited_count:
        told.append(Phrase("official.halved", {"before": evidence.source_count, "after": evidence.edited_count}))
    if not score.ic:
        return [*told, _sa(score), Phrase("official.needs_above", {"least": "0.05"})]
    if off > asked:
        told.append(Phrase("official.any_way"))
    return [*told, _sa(score)]


def _of_rotate(score: Score, name: str, evidence: Evidence) -> list[Phrase]:
    batch = evidence.batch
    found = evidence.rotation
    turned, asked, off = (
        rotation_angle(a, b).item()
        for a, b in ((batch.rotation, found), (batch.rotation, batch.goal_rotation), (batch.goal_rotation, found))
    )
    told = [Phrase("official.turned", {"subject": name, "turned": turned, "asked": asked, "off": off})]
    away = center_distance(evidence.box, batch.original).item()
    if away >= 0.5:
        told.append(Phrase("official.displaced", {"away": away}))
    return [*told, _sa(score)]


def _of_scale(score: Score, name: str, evidence: Evidence) -> list[Phrase]:
    sizes, asked, done = (box[0, 3:6].tolist() for box in (evidence.batch.original, evidence.batch.goal, evidence.box))
    ratios = " × ".join(_ratio(d, s) for d, s in zip(done, sizes, strict=True))
    wanted = " × ".join(_ratio(a, s) for a, s in zip(asked, sizes, strict=True))
    told = [Phrase("official.scaled", {"subject": name, "ratios": ratios, "wanted": wanted}), _sa(score)]
    return told if score.ic else [*told, Phrase("official.needs_change")]


def _of_remove(score: Score, name: str, evidence: Evidence) -> list[Phrase]:
    others, left = evidence.source_count - 1, evidence.edited_count
    facts = {"subject": name, "before": evidence.source_count, "after": left}
    if score.sa:
        more = left < others
        told = Phrase("official.removed_more", facts | {"lost": others - left}) if more else Phrase("official.removed", facts)
        end = [] if score.ic else [Phrase("official.needs_least", {"least": "0.5"})]
        return [told, _sa(score), *end]
    # SA is 0 for a target that stays, or where so many others are lost that 1 − 0.3·lost is used up.
    return [Phrase("official.still_there" if others - left < 4 else "official.still_there_or", facts)]


def _sa(score: Score) -> Phrase:
    return Phrase("official.sa", {"sa": score.sa})


def _ratio(part: float, whole: float) -> str:
    return f"{part / whole:.2f}" if whole else "–"


def _ended(text: str, language: str) -> str:
    end = _ENDS[language]
    return text if text.endswith(end) else f"{text}{end}"
