"""What a report says, apart from how it looks: tables, the list of what was not scored, and a gallery of edits."""

from __future__ import annotations

import base64
import dataclasses
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from PIL import Image

from gsi_bench_dataset.predictions import PredictionError
from gsi_bench_dataset.records import EncodedImage, Sample, Score
from gsi_bench_dataset.shards import DatasetError
from gsi_bench_metric.aggregate import aggregate, reason_counts
from gsi_bench_metric.images import ImageError, load_rgb
from gsi_bench_metric.pipeline import iter_pictures
from gsi_bench_metric.runs import Run

__all__ = ["COLUMNS", "Report", "build_report"]

# Key of the flat row -> (heading, what it is). Order of the headline table.
COLUMNS: Mapping[str, tuple[str, str]] = {
    "ic": ("IC", "instruction compliance, %"),
    "sa": ("SA", "spatial accuracy, %"),
    "el": ("EL", "edit locality, 100 − 100·LPIPS outside of the edit, counted where IC > 0"),
    "ac": ("AC", "appearance consistency, 10 × the judge's score, counted where IC > 0"),
    "average": ("Average", "mean of IC, SA, EL and AC"),
    "average_ic_sa_el": ("Avg. w/o AC", "mean of IC, SA and EL, for editors that were not judged"),
    "el_ungated": ("EL, all", "edit locality of every picture, whether it complied or not"),
    "n": ("n", "edits with IC and SA"),
    "n_not_scored": ("Not scored", "edits without IC and SA"),
}
_GALLERY = 24
_THUMBNAIL = 260


@dataclasses.dataclass(frozen=True)
class GalleryEdit:
    """One sample with the pictures and scores of every editor."""

    sample_id: str
    prompt: str
    operation: str
    source: str  # data URL
    ground_truth: str | None
    edits: Sequence[tuple[str, str | None, Score | None]]  # editor, data URL, score


@dataclasses.dataclass(frozen=True)
class Report:
    """Everything that a page shows."""

    title: str
    subtitle: str
    settings: Sequence[tuple[str, str]]
    comparable: bool
    not_comparable_because: str
    columns: Sequence[tuple[str, str, str]]  # key, heading, explanation
    rows: Sequence[tuple[str, str, Mapping[str, float]]]  # split, editor, flat row
    operations: Sequence[str]
    unscored: Sequence[tuple[str, str, str, int]]  # split, editor, reason, count
    gallery: Sequence[GalleryEdit]
    gallery_problem: str | None


def build_report(run: Run, *, gallery: int = _GALLERY) -> Report:
    """The content of a report of a run. Pictures are read again from where the run found them."""
    rows = [(split, editor, aggregate(scores, run.judged(split, editor))) for (split, editor), scores in run.groups().items()]
    used = {key for _, _, row in rows for key in row}
    unscored = [
        (split, editor, found.name, found.count)
        for (split, editor), scores in run.groups().items()
        for found in reason_counts(scores)
    ]
    unscored += [
        (split, editor, "not_judged", len(scores))
        for (split, editor), scores in run.groups().items()
        if run.settings["judge"] is not None and not run.judged(split, editor)
    ]
    edits, problem = _gallery(run, gallery)
    return Report(
        title="GSI-Bench report",
        subtitle=_subtitle(run),
        settings=_settings(run.settings),
        comparable=run.settings["comparable_with_paper"],
        not_comparable_because=run.settings["not_comparable_because"],
        columns=[(key, *words) for key, words in COLUMNS.items() if key in used],
        rows=rows,
        operations=sorted({score.operation for score in run.scores}),
        unscored=unscored,
        gallery=edits,
        gallery_problem=problem,
    )


def _subtitle(run: Run) -> str:
    editors, samples = run.settings["editors"], run.settings["dataset"]["samples"]
    counts = ", ".join(f"{count} {split} edits" for split, count in samples.items())
    return f"{len(editors)} editor{'s' if len(editors) != 1 else ''}, {counts}, {run.settings['protocol']} protocol."


def _settings(settings: Mapping[str, Any]) -> list[tuple[str, str]]:
    data = settings["dataset"]
    return [
        ("Data", data["path"] + (f"@{data['revision']}" if data["revision"] else "")),
        ("Origin", ", ".join(data["origins"])),
        ("Samples", ", ".join(f"{split} {count}" for split, count in data["samples"].items())),
        ("Content hash", data["content_hash"] or "none"),
        ("Protocol", settings["protocol"] + (f", {settings['dataset_type']}" if settings["dataset_type"] else "")),
        ("Detector", settings["detector"]),
        ("Judge", settings["judge"] or "none"),
        ("Device", settings["device"]),
        ("Made", settings["created"]),
        ("Versions", ", ".join(f"{name} {version}" for name, version in settings["versions"].items())),
    ]


def _gallery(run: Run, limit: int) -> tuple[list[GalleryEdit], str | None]:
    by_edit = {(s.sample_id, s.editor): s for s in run.scores}
    edits: list[GalleryEdit] = []
    try:
        for split in run.settings["dataset"]["samples"]:
            for sample, predictions in iter_pictures(run, split, {s.sample_id for s in run.scores}):
                if len(edits) == limit:
                    return edits, f"the first {limit} samples of {len({s.sample_id for s in run.scores})}"
                pictures = [
                    (name, _thumbnail(p.image or p.path) if p else None, by_edit.get((sample.id, name)))
                    for name, p in predictions.items()
                ]
                edits.append(_gallery_edit(sample, pictures))
    except (DatasetError, PredictionError, FileNotFoundError) as error:
        return edits, f"pictures are not where the run found them ({error})"
    return edits, None


def _gallery_edit(sample: Sample, pictures: Iterable[tuple[str, str | None, Score | None]]) -> GalleryEdit:
    pictures = list(pictures)
    operation = next((score.operation for _, _, score in pictures if score), "")
    source = _thumbnail(sample.image)
    return GalleryEdit(
        sample_id=sample.id,
        prompt=sample.prompt,
        operation=operation,
        source=source or "",
        ground_truth=_thumbnail(sample.edited_image),
        edits=pictures,
    )


def _thumbnail(picture: EncodedImage | str | None) -> str | None:
    """A small JPEG as a data URL; None where there is no readable picture (its score says why)."""
    if picture is None:
        return None
    try:
        image = Image.fromarray(load_rgb(picture))
    except ImageError:
        return None
    image.thumbnail((_THUMBNAIL * 2, _THUMBNAIL * 2))
    buffer = io.BytesIO()
    image.save(buffer, format="JPEG", quality=82)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
