"""The gallery of a report: which edits are shown, and a card for each. Images are read one sample at a time."""

from __future__ import annotations

import dataclasses
import heapq
import itertools
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from tqdm import tqdm

from gsi_bench_dataset.problems import some
from gsi_bench_dataset.records import Detection, Prediction, RecordError, Sample, Score
from gsi_bench_dataset.safety.files import FileProblemError
from gsi_bench_dataset.safety.system import system_problem
from gsi_bench_dataset.storage.predictions import PredictionError
from gsi_bench_dataset.storage.shards import DatasetError
from gsi_bench_metric.pages.images import change_map, data_url, fit, shrink
from gsi_bench_metric.pages.numbers import DASH, fixed
from gsi_bench_metric.protocols.registry import protocol_named
from gsi_bench_metric.report.overlay import (
    Shape,
    edited_shapes,
    region_shapes,
    source_shapes,
    strict_region_shapes,
    strict_shapes,
)
from gsi_bench_metric.report.scored_images import ScoredImage, ScoredImages, scored_images
from gsi_bench_metric.report.target import evidence_of
from gsi_bench_metric.report.verdict import Verdict, explain
from gsi_bench_metric.run.folder import Run
from gsi_bench_metric.run.places import iter_pictures
from gsi_bench_metric.run.remarks import remarked

__all__ = ["KINDS", "RANK", "Card", "Choice", "Figure", "Gallery", "build_gallery", "choose"]

KINDS = ("best", "worst", "random")
RANK = (
    "IC, then SA, then EL as the edit enters the means, then EL before gating; edits that were not scored are in no rank and "
    "may only be drawn at random"
)
_MOST_OF_A_KIND = 3
_SEED = 0
# Reasons that a card repeats: what was done to the image's shape, and what is odd about the sample.
_TOLD = ("resized", "stretched", "cut", "padded", "fitted", "goal_suspect")
_NO_SIZE = (4, 3)  # of an image that is not shown and whose size is not known
_LONGEST = 440  # pixels of a thumbnail's longer side


@dataclasses.dataclass(frozen=True)
class Figure:
    """One image of a card: a data URL (None: it is not shown, `why`) and outlines in pixels of `size` = (width, height)."""

    caption: str
    url: str | None
    size: tuple[int, int]
    shapes: Sequence[Shape] = ()
    why: str = "it cannot be shown"


@dataclasses.dataclass(frozen=True)
class Card:
    """One edit, shown."""

    split: str
    editor: str
    kind: str
    sample_id: str
    prompt: str
    operation: str
    verdict: Verdict
    numbers: Sequence[tuple[str, str]]
    notes: Sequence[str]
    figures: Sequence[Figure]

    @property
    def not_shown(self) -> list[str]:
        """What of the edit is not shown, and why."""
        return [f"{figure.caption}: {figure.why}" for figure in self.figures if figure.url is None]


@dataclasses.dataclass(frozen=True)
class Gallery:
    """Cards by split, editor and kind, and why images are missing where they are."""

    cards: Sequence[Card] = ()
    problem: str | None = None


@dataclasses.dataclass(frozen=True)
class Choice:
    """An edit that is to be shown, and as what."""

    kind: str
    score: Score


def build_gallery(run: Run, limit: int, *, progress: bool = True) -> Gallery:
    """About `limit` cards, shared out evenly between editors and splits; at least one of each kind if there is any."""
    chosen = _choices(run, limit)
    if not chosen:
        return Gallery()
    wanted: dict[str, dict[str, list[Choice]]] = defaultdict(lambda: defaultdict(list))
    for choice in chosen:
        wanted[choice.score.split][choice.score.sample_id].append(choice)
    cards: dict[tuple[str, str, str], Card] = {}
    try:
        with tqdm(total=len(chosen), desc="gallery", unit="edit", delay=2, disable=not progress) as bar:
            for split, by_id in wanted.items():
                for sample, predictions in iter_pictures(run, split, by_id.keys()):
                    for choice in by_id[sample.id]:
                        cards[_key(choice)] = _card(run, choice, sample, predictions.get(choice.score.editor))
                        bar.update()
    except (DatasetError, PredictionError, RecordError, FileProblemError, OSError) as error:
        return Gallery(problem=f"the images are not where the run found them ({system_problem(error) or error})")
    gone = [choice.score.sample_id for choice in chosen if _key(choice) not in cards]
    problem = f"these samples are not in the data any more, and are not shown: {some(gone)}" if gone else None
    return Gallery([cards[_key(choice)] for choice in chosen if _key(choice) in cards], problem)


def choose(scores: Sequence[Score], judged: bool, each: int) -> list[Choice]:
    """Best, worst and random edits of one editor on one split, `each` of a kind at most, no edit twice.

    The draw depends on the sample ids alone, so that editors are shown on the same random edits where they can be.
    """
    values = protocol_named(scores[0].protocol).values(scores, judged) if scores else iter(())
    ranks = [
        (_rank(score, own), score.sample_id, at)
        for at, (score, own) in enumerate(zip(scores, values, strict=True))
        if own is not None
    ]
    count = min(each, (len(ranks) + 1) // 2)
    best = heapq.nlargest(count, ranks)
    worst = heapq.nsmallest(min(each, len(ranks) - count), ranks)
    shown = {sample_id for _, sample_id, _ in [*best, *worst]}
    place = {s.sample_id: at for at, s in enumerate(scores)}
    order = np.random.default_rng(_SEED).permutation(sorted(place))
    others = (scores[place[i]] for i in map(str, order) if i not in shown)
    drawn = list(itertools.islice((score for score in others if score.state != "no_picture"), each))
    groups = [scores[at] for *_, at in best], [scores[at] for *_, at in worst], drawn
    return [Choice(kind, score) for kind, group in zip(KINDS, groups, strict=True) for score in group]


def _choices(run: Run, limit: int) -> list[Choice]:
    groups = run.groups()
    if not limit or not groups:
        return []
    each = min(_MOST_OF_A_KIND, max(1, limit // (len(KINDS) * len(groups))))
    return [choice for (split, editor), scores in groups.items() for choice in choose(scores, run.judged(split, editor), each)]


def _rank(score: Score, values: Mapping[str, float]) -> tuple[float, ...]:
    ungated = math.nan if score.lpips is None else -score.lpips
    return tuple(-math.inf if math.isnan(v) else v for v in (values["ic"], values["sa"], values.get("el", math.nan), ungated))


def _key(choice: Choice) -> tuple[str, str, str]:
    return choice.score.split, choice.score.editor, choice.score.sample_id


def _card(run: Run, choice: Choice, sample: Sample, prediction: Prediction | None) -> Card:
    score, made_of = choice.score, run.made_of(choice.score)
    judged = run.judged(score.split, score.editor)
    images, changed = scored_images(sample, prediction, made_of)
    source, edited = run.detections(score)
    notes = _notes(score, sample, judged)
    if made_of is None and score.state != "no_picture":
        notes.append("The run's records of this edit are not here: whether these are the images that were scored is not known.")
    if changed is not None:
        verdict = Verdict("Scored" if score.ic is not None else "Not scored", changed)
        figures, notes, prompt = [Figure("Edit", None, _NO_SIZE, why=changed)], [], "(not shown)"
    else:
        verdict = explain(sample, score, source, edited, run.settings["dataset_type"])
        figures, prompt = _figures(score, sample, images, source, edited), sample.prompt
    return Card(
        split=score.split,
        editor=score.editor,
        kind=choice.kind,
        sample_id=sample.id,
        prompt=prompt,
        operation=score.operation,
        verdict=verdict,
        numbers=_numbers(score, judged),
        notes=notes,
        figures=figures,
    )


def _numbers(score: Score, judged: bool) -> list[tuple[str, str]]:
    values = [("IC", score.ic), ("SA", score.sa), ("SSIM", score.ssim), ("LPIPS", score.lpips)]
    values += [("Others unchanged", score.bystanders)] if score.bystanders is not None else []
    values += [("Drift, px", score.drift_px)] if score.drift_px else []
    shown = [(name, fixed(value, 2)) for name, value in values]
    return [*shown, ("AC", DASH if score.ac is None else f"{score.ac:g}/10")] if judged else shown


def _notes(score: Score, sample: Sample, judged: bool) -> list[str]:
    notes = []
    if judged and not score.ac and protocol_named(score.protocol).judge_can_zero:
        said = "gave 0" if score.ac == 0 else "gave no usable score"
        notes.append(f"The judge {said}: all four numbers of this edit count 0 in the means.")
    if score.operation != "view" and sample.pixel_frame == "unknown":
        notes.append("It is not known which pixels the sample's camera means, so 3D boxes are not drawn.")
    told = remarked(score, sample).reasons  # scores of older runs lack some of them
    return notes + [f"{r.text[:1].upper()}{r.text[1:]}." for r in told if r.name in _TOLD]


def _figures(
    score: Score,
    sample: Sample,
    images: ScoredImages,
    source: Sequence[Detection] | None,
    edited: Sequence[Detection] | None,
) -> list[Figure]:
    before = images.source.rgb
    if before is None:
        return [Figure("Source", None, _NO_SIZE, why=images.source.why), _alone(images.edited)]
    size = (before.shape[1], before.shape[0])
    small = fit(size, _LONGEST)
    is_view = score.operation == "view"  # the camera moves: boxes of the source say nothing about the edited image
    whole, before = before, shrink(before, small)
    figures = [Figure("Source", data_url(before), size, [] if is_view else source_shapes(sample, score.operation, size))]
    after = images.edited.rgb
    if after is None:
        figures.append(Figure("Edited", None, size, why=images.edited.why))
    else:
        after = protocol_named(score.protocol).in_source_shape(whole, after, score.operation)  # as it was scored
        after = shrink(after, small)
        shapes = [] if is_view else _edited_shapes(score, sample, size, source, edited)
        caption = "Edited; no found boxes are known" if edited is None and not is_view else "Edited"
        figures.append(Figure(caption, data_url(after), size, shapes))
    if images.truth is not None:
        truth = images.truth.rgb
        url = None if truth is None else data_url(shrink(truth, small))
        figures.append(Figure("Ground truth", url, size, why=images.truth.why))
    if after is not None:
        all_objects = protocol_named(score.protocol).all_objects
        of_protocol = strict_region_shapes if all_objects else region_shapes
        shapes = [] if score.lpips is None or (is_view and all_objects) else of_protocol(sample, size, source, edited)
        figures.append(Figure("Change", data_url(change_map(before, after)), size, shapes))
    return figures


def _alone(edited: ScoredImage) -> Figure:
    """The edited image where there is no source to show beside it: nothing can be drawn on it."""
    if edited.rgb is None:
        return Figure("Edited", None, _NO_SIZE, why=edited.why)
    size = (edited.rgb.shape[1], edited.rgb.shape[0])
    return Figure("Edited", data_url(shrink(edited.rgb, fit(size, _LONGEST))), size)


def _edited_shapes(
    score: Score,
    sample: Sample,
    size: tuple[int, int],
    source: Sequence[Detection] | None,
    edited: Sequence[Detection] | None,
) -> list[Shape]:
    if protocol_named(score.protocol).all_objects:
        return strict_shapes(sample, score.operation, size, source, edited)
    return edited_shapes(sample, score.operation, size, edited, evidence_of(score.operation, sample, source, edited))
