"""What will be scored: every sample of the data, paired with an image or with the reason why there is none.

All that can be known without comparing images is found out here, before the long work: missing, doubled and unreadable
images, images of no sample, samples that cannot be distinguished. The dataset is the denominator.
"""

from __future__ import annotations

import dataclasses
import functools
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

import numpy as np

from gsi_bench_dataset.execution.progress import Dashboard, watched
from gsi_bench_dataset.problems import some, summary_of
from gsi_bench_dataset.records import Operation, Prediction, Reason, Sample, Score
from gsi_bench_dataset.storage.card import made_of, measurable_of, measurable_words
from gsi_bench_dataset.storage.predictions import PredictionSet
from gsi_bench_dataset.storage.shards import read_columns, split_sizes
from gsi_bench_metric.imaging.images import ImageError, header_size, load_rgb
from gsi_bench_metric.protocols.registry import protocol_named
from gsi_bench_metric.protocols.text import reason as make_reason

__all__ = ["ON_MISSING", "OnMissing", "Outline", "Plan", "PlanError", "enriched", "make_plan", "measurable", "read_outlines"]

OnMissing = Literal["zero", "error"]
ON_MISSING: tuple[OnMissing, ...] = ("zero", "error")
_AT_ONCE = 4096  # images that are handed to them
_THREADS = 8  # opening files is waiting, on a network file system above all


class PlanError(ValueError):
    """The inputs do not fit together; the message lists every problem."""


@dataclasses.dataclass(frozen=True, slots=True)
class Outline:
    """A sample without its images: what planning needs to know of it. There is one for every sample of a split."""

    id: str
    split: str
    img_id: str
    query_id: str
    prompt: str
    scene_id: str | None
    origin: str
    operation: Operation | None = None
    mask_source: str | None = None
    depth_source: str | None = None
    up_source: str | None = None
    up_agreement_deg: float | None = None
    measurable: bool | None = None


@dataclasses.dataclass(frozen=True)
class Plan:
    """What will be scored of one editor on one split.

    Attributes:
        ids: the samples to score, in their order.
        predictions: their images by sample id; those of a table are read when they are asked for. May hold others too.
        unscored: the samples that have no usable image, each a score without numbers that says why.
        extra: ids of images that belong to no sample.
    """

    editor: str
    ids: tuple[str, ...]
    predictions: Mapping[str, Prediction]
    unscored: tuple[Score, ...]
    extra: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.ids) + len(self.unscored)

    @property
    def problems(self) -> dict[str, Reason]:
        """Why a sample has no usable image, by id."""
        return {score.sample_id: score.reasons[0] for score in self.unscored}

    def notes(self) -> Counter[str]:
        """How many images are missing, doubled, unreadable, extra."""
        counts = Counter(reason.name for score in self.unscored for reason in score.reasons)
        counts.update({"extra": len(self.extra)} if self.extra else {})
        return counts


def read_outlines(data: Path, split: str, *, progress: bool = False) -> list[Outline]:
    """The split without its images, each of which is looked at.

    Raises:
        PlanError: source images that are none; names each.
    """
    names = [field.name for field in dataclasses.fields(Outline)]
    rows, problems = [], []
    columns = read_columns(data, split, [*names, "image"])
    texts: dict[str, str] = {}  # what many samples say is kept once
    seen = b""
    for row in watched(columns, f"reading {split}", split_sizes(data)[split], "sample", quiet=not progress):
        image, operation = row.pop("image"), row.pop("operation")
        words: dict[str, Any] = {
            name: texts.setdefault(text, text) if isinstance(text, str) and name != "id" else text for name, text in row.items()
        }
        rows.append(Outline(**words, operation=None if operation is None else _operation(json.dumps(operation))))
        if image["bytes"] == seen:
            continue  # the edits of a source follow each other
        try:
            header_size(image["bytes"])
            seen = image["bytes"]
        except ImageError as error:
            problems.append(f"{row['id']}: source image: {error}")
    if problems:
        raise PlanError(summary_of(f"split {split} of {data} is damaged; import or download it again", problems))
    return rows


@functools.lru_cache(maxsize=10_000)
def _operation(text: str) -> Operation:
    """Many samples ask for the same."""
    return Operation.from_row(json.loads(text))


def enriched(rows: Mapping[str, Sequence[Outline]]) -> dict[str, dict[str, int]]:
    """What `gsi-bench enrich` added: split -> "column: who made it" -> samples. Splits without any are left out."""
    made = {
        split: Counter(f"{column}: {who}" for row in found for column, who in made_of(row)) for split, found in rows.items()
    }
    return {split: dict(sorted(found.items())) for split, found in made.items() if found}


def measurable(rows: Mapping[str, Sequence[Outline]]) -> dict[str, str]:
    """How many edits their builder found measurable, in words by split; splits of which nothing is known are left out."""
    found = {split: Counter(told for row in those for told in measurable_of(row)) for split, those in rows.items()}
    return {split: measurable_words(counts) for split, counts in found.items() if counts}


def make_plan(
    samples: Iterable[Sample | Outline],
    predictions: PredictionSet,
    *,
    protocol: str = "official",
    on_missing: OnMissing = "zero",
    ignore_extra: bool | None = None,
    progress: bool = False,
) -> Plan:
    """Pairs samples with predictions by id and looks at every image's header.

    Args:
        samples: all samples of the split: they are the denominator.
        predictions: one editor's images.
        protocol: decides what cannot be scored.
        on_missing: "zero": a missing, doubled or unreadable image is a score without numbers; "error": it is an error, and
            every image is decoded here, so that nothing turns up later.
        ignore_extra: whether an image of no sample is no error; default: with `on_missing` "zero".
        progress: shows a bar while images are looked at.

    Raises:
        PlanError: two samples with one id or one reference key, no prediction that fits, or what `on_missing` refuses.
    """
    samples = list(samples)
    problems = _identity_problems(samples)
    given = predictions.predictions.keys() | predictions.doubled.keys()
    extra = tuple(sorted(given - {s.id for s in samples}))
    if extra and not (on_missing == "zero" if ignore_extra is None else ignore_extra):
        problems.append(f"{len(extra)} image(s) belong to no sample of this data: {some(extra)}. Check the split and the data")
    if samples and given.isdisjoint(s.id for s in samples):
        problems.append(f"no image of {predictions.editor!r} fits a sample; sample ids look like {samples[0].id!r}")
        raise PlanError(summary_of(f"{predictions.editor}: cannot be scored", problems))
    reasons = _look(samples, predictions, thorough=on_missing == "error", progress=progress)
    if on_missing == "error":
        problems += [f"{sample_id}: {reason}" for sample_id, reason in reasons.items()]
    if problems:
        raise PlanError(summary_of(f"{predictions.editor}: cannot be scored", problems))
    without_picture = protocol_named(protocol).without_picture
    return Plan(
        predictions.editor,
        tuple(s.id for s in samples if s.id not in reasons),
        predictions.predictions,
        tuple(without_picture(s, predictions.editor, reasons[s.id]) for s in samples if s.id in reasons),
        extra,
    )


def _identity_problems(samples: Sequence[Sample | Outline]) -> list[str]:
    keys = np.fromiter((hash(_reference_key(sample)) for sample in samples), np.int64, len(samples))
    found, counts = np.unique(keys, return_counts=True)
    shared = set(found[counts > 1].tolist())
    by_key: dict[str, list[str]] = defaultdict(list)
    for sample in samples if shared else ():
        key = _reference_key(sample)
        if hash(key) in shared:
            by_key[key].append(sample.id)
    return [f"samples {', '.join(ids)} share the key {key!r}; rename one" for key, ids in by_key.items() if len(ids) > 1]


def _reference_key(sample: Sample | Outline) -> str:
    return f"{sample.img_id}_{sample.query_id}"


def _look(
    samples: Sequence[Sample | Outline], predictions: PredictionSet, *, thorough: bool, progress: bool
) -> dict[str, Reason]:
    """Why a sample has no usable image, for those that have none."""

    def look(sample: Sample | Outline) -> Reason | None:
        if sample.id in predictions.doubled:
            return Reason("duplicate", f"{' and '.join(predictions.doubled[sample.id])}; keep one")
        found = predictions.predictions.get(sample.id)
        if found is None and sample.id in predictions.elsewhere:
            return Reason("missing", predictions.elsewhere[sample.id])
        if found is None:
            return make_reason("missing", "no_picture")
        return _picture_problem(found, thorough)

    reasons: dict[str, Reason] = {}
    with (
        ThreadPoolExecutor(_THREADS) as pool,
        Dashboard(f"checking {predictions.editor}", len(samples), "image", quiet=not progress) as bar,
    ):
        for start in range(0, len(samples), _AT_ONCE):  # a thread pool holds all that it is given
            part = samples[start : start + _AT_ONCE]
            found = zip(part, pool.map(look, part), strict=True)
            reasons |= {sample.id: reason for sample, reason in found if reason is not None}
            bar.update(len(part))
    return reasons


def _picture_problem(prediction: Prediction, thorough: bool) -> Reason | None:
    picture = prediction.image or Path(prediction.path or "")
    try:
        header_size(picture)
        if thorough:
            load_rgb(picture)
    except ImageError as error:
        return Reason("unreadable", str(error))
    return None
