"""The edits that a report shows: of every editor the best, the worst and some at random, and why they scored so."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from tqdm import tqdm

from gsi_bench_dataset.predictions import PredictionError
from gsi_bench_dataset.records import Detection, Prediction, Sample, Score
from gsi_bench_dataset.shards import DatasetError
from gsi_bench_metric.aggregate import edit_values
from gsi_bench_metric.images import RGB, ImageError, load_rgb, resize_bicubic
from gsi_bench_metric.pipeline import iter_pictures
from gsi_bench_metric.protocols import official
from gsi_bench_metric.report.overlays import boxes_of, change_map, data_url, drawn
from gsi_bench_metric.report.words import verdict
from gsi_bench_metric.runs import Run

__all__ = ["Card", "Gallery", "build_gallery", "choose"]

_SEED = 20604
_MOST_CARDS = 40  # about 100 kB each
_RANKS = ("best", "worst", "random")


@dataclasses.dataclass(frozen=True)
class Card:
    """One edit of one editor."""

    split: str
    editor: str
    rank: str
    sample_id: str
    prompt: str
    operation: str
    score: Score
    verdict: str
    pictures: Sequence[tuple[str, str]]  # caption, data URL
    note: str | None  # why something is not shown


@dataclasses.dataclass(frozen=True)
class Gallery:
    """Cards in the order of the tables; `problem` says why there are none, or fewer."""

    cards: Sequence[Card]
    problem: str | None = None


def build_gallery(run: Run, *, progress: bool = False) -> Gallery:
    """Cards of a run. Pictures are read again from where the run found them."""
    groups = run.groups()
    count = max(1, min(3, _MOST_CARDS // (len(_RANKS) * max(1, len(groups)))))
    chosen = {
        (split, editor, score.sample_id): (rank, score)
        for (split, editor), scores in groups.items()
        for rank, score in choose(scores, run.judged(split, editor), count)
    }
    cards: dict[tuple[str, str, str], Card] = {}
    try:
        with tqdm(total=len(chosen), desc="pictures", unit="edit", delay=2, disable=not progress) as bar:
            for split in run.settings["dataset"]["samples"]:
                ids = {sample_id for where, _, sample_id in chosen if where == split}
                for sample, predictions in iter_pictures(run, split, ids):
                    for editor, prediction in predictions.items():
                        key = (split, editor, sample.id)
                        if key in chosen:
                            cards[key] = _card(run, sample, prediction, *chosen[key])
                            bar.update()
    except (DatasetError, PredictionError, FileNotFoundError, ImageError) as error:
        return Gallery((), f"pictures are not where the run found them ({error})")
    return Gallery([cards[key] for key in chosen if key in cards])


def choose(scores: Sequence[Score], judged: bool, count: int) -> list[tuple[str, Score]]:
    """(rank, score): `count` best and worst by what the edit adds to the average, and as many at random of the others.

    An edit that was not scored is neither best nor worst. Ties go by sample id.
    """
    average = "average" if judged else "average_ic_sa_el"
    values = {i: row[average] for i, row in edit_values(scores, judged).items()}
    ranked = sorted((s for s in scores if s.sample_id in values), key=lambda s: (-values[s.sample_id], s.sample_id))
    best, rest = ranked[:count], ranked[count:]
    worst = rest[::-1][:count]
    taken = {s.sample_id for s in (*best, *worst)}
    others = [s for s in scores if s.sample_id not in taken and s.state != "no_picture"]
    picked = np.random.default_rng(_SEED).permutation(len(others))[:count]
    groups = (best, worst, [others[i] for i in sorted(picked.tolist())])
    return [(rank, score) for rank, group in zip(_RANKS, groups, strict=True) for score in group]


def _card(run: Run, sample: Sample, prediction: Prediction | None, rank: str, score: Score) -> Card:
    source_found, edited_found = run.detections(score)
    judged = run.judged(score.split, score.editor)
    pictures, note = _pictures(sample, prediction, source_found, edited_found)
    return Card(
        split=score.split,
        editor=score.editor,
        rank=rank,
        sample_id=sample.id,
        prompt=sample.prompt,
        operation=score.operation,
        score=score,
        verdict=verdict(score, sample, source_found, edited_found, dataset_type=run.settings["dataset_type"], judged=judged),
        pictures=pictures,
        note=note,
    )


def _pictures(
    sample: Sample, prediction: Prediction | None, source_found: list[Detection] | None, edited_found: list[Detection] | None
) -> tuple[list[tuple[str, str]], str | None]:
    source = load_rgb(sample.image)
    size = (source.shape[1], source.shape[0])
    pictures = [("Source", data_url(drawn(source, boxes_of(sample, source_found, size, before=True))))]
    note = "No boxes are drawn: which pixels the camera matrix means is not known." if sample.pixel_frame == "unknown" else None
    try:
        edited = load_rgb(prediction.image or prediction.path or "") if prediction else None
    except ImageError as error:
        edited, note = None, str(error)
    if edited is not None:
        edited = edited if edited.shape == source.shape else resize_bicubic(edited, *source.shape[:2])
        pictures.append(("Edited", data_url(drawn(edited, boxes_of(sample, edited_found, size, before=False)))))
    if sample.edited_image is not None:
        pictures.append(("Ground truth", data_url(load_rgb(sample.edited_image))))
    if edited is not None:
        pictures.append(("Change", data_url(_changes(sample, source, edited, source_found, edited_found))))
    return pictures, note


def _changes(
    sample: Sample, source: RGB, edited: RGB, source_found: list[Detection] | None, edited_found: list[Detection] | None
) -> RGB:
    left_out: list[list[float]] = []
    if source_found is not None:
        boxes, known = official.locality_boxes(official.pack_edits([sample], [source_found], [edited_found or []]))
        left_out = [box for box, exists in zip(boxes[0].tolist(), known[0].tolist(), strict=True) if exists]
    return change_map(source, edited, left_out)
