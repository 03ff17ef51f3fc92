"""GSI-Bench as a metric of the evaluate library: `evaluate.load("gsi_bench").compute(...)`.

This module brings rows into one form, pairs them and calls `scoring` and `aggregate`; it holds no arithmetic. Rows travel
through Arrow, so that they can come in pieces and from several processes. Only what scoring needs travels: an image given
as a path stays a path, everything else of a sample is one JSON text.
"""

from __future__ import annotations

import dataclasses
import logging
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import datasets
import evaluate
from evaluate.utils.file_utils import add_end_docstrings
from evaluate.utils.logging import is_progress_bar_enabled

from gsi_bench_dataset.problems import summary_of
from gsi_bench_dataset.records import Prediction, Score
from gsi_bench_dataset.safety.names import printable
from gsi_bench_dataset.storage.folders import require_writable
from gsi_bench_dataset.storage.predictions import PredictionSet
from gsi_bench_metric.detectors import Detector, make_detector
from gsi_bench_metric.hf.absent import absent_counts
from gsi_bench_metric.hf.evaluate_rows import (
    FURTHER_PICTURES,
    PICTURE,
    Row,
    normalised,
    prediction_of,
    prediction_row,
    reference_row,
    samples_of,
)
from gsi_bench_metric.hf.pairing import BY_POSITION, misplaced, pair
from gsi_bench_metric.hf.rows_folder import rows_folder_problem, temporary_rows_folder
from gsi_bench_metric.imaging.device import pick_device
from gsi_bench_metric.judges import Judge, JudgeOptions, make_judge
from gsi_bench_metric.protocols.base import Scorer
from gsi_bench_metric.protocols.registry import DEFAULT, PROTOCOLS, protocol_named
from gsi_bench_metric.results.aggregate import aggregate
from gsi_bench_metric.run.folder import require_folder
from gsi_bench_metric.run.planning import ON_MISSING, OnMissing, make_plan
from gsi_bench_metric.run.score_files import write_scores
from gsi_bench_metric.run.scoring import ScoringError, make_scorer, require_protocol, score
from gsi_bench_metric.run.threads import one_thread

__all__ = ["GsiBench"]

logger = logging.getLogger(__name__)

_DESCRIPTION = """
GSI-Bench measures generative spatial intelligence: whether an image editor does what a sentence such as "move the mug 15 cm
to the left" asks for. Instruction compliance (IC), spatial accuracy (SA) and edit locality (EL) come from 3D detections and
from the images, appearance consistency (AC) from a judge. All numbers are on 0-100, higher is better.
"""

_CITATION = """\
@inproceedings{zhu2026exploring,
  title     = {Exploring Spatial Intelligence from a Generative Perspective},
  author    = {Zhu, Muzhi and Jiang, Shunyao and Zheng, Huanyi and Luo, Zekai and Zhong, Hao and Li, Anzhou and
               Wang, Kaijun and Rong, Jintao and Liu, Yang and Chen, Hao and Lin, Tao and Shen, Chunhua},
  booktitle = {Proceedings of the IEEE/CVF Conference on Computer Vision and Pattern Recognition (CVPR)},
  year      = {2026},
  note      = {arXiv:2604.20570}
}
"""

_INPUTS = """
Args:
    predictions: edited images, each {"id": sample id, "image": image} (or sample_id, edited_image), or just the image. Those
        whose files are all called after samples (`<id>.png`, `<id>_rgb.png`) are paired by that; where some are, it is an
        error; where none is, they are in the order of the references. The log says which. An image is a path, encoded bytes,
        base64, a PIL image, or an array or tensor of uint8 (grey, or with channels last or first).
    references: rows of the dataset, such as `load_dataset("GSI-Bench/GSI-Bench", split="fine")`, or `Sample` records: whole,
        sliced, in batches, streamed, decoded or not, as a table of pandas; the numbers are the same. They are the
        denominator: one without a prediction counts in `n_not_scored`.
    protocol: "official" (the paper's released code) or "strict".
    detector: where the 3D boxes come from: "tracker", "tracker-boxes" (no depth, no masks), "recorded" (with
        `detections`), "simulator" or "detany3d".
    judge: where AC comes from: "recorded" (with `judgements`), "openai", "local", "embedded", or None: AC is left out.
    judge_options: of the judge, such as {"model": "Qwen/Qwen3-VL-8B-Instruct", "url": "http://localhost:8000/v1"}: fields of
        `gsi_bench_metric.judges.JudgeOptions`. Keys of servers come from the environment.
    device: "cpu", "cuda" or "mps"; default the best one there is.
    detections: file of recorded detections: the reference's infer_cache.json, or a .jsonl keyed by image.
    judgements: file of recorded judgements: the reference's predictions_*.json.
    out: folder for `scores.jsonl`, the score of every edit with the reasons why a number is missing.
    editor: the editor's name in the scores.
    dataset_type: "GSI-Real" or "GSI-Syn" for all samples; default by each sample's split.
    batch_size: images that are compared together; default 1 on a CPU, else 16.
    ignore_extra: leave predictions for unknown samples out instead of raising.
    on_missing: "zero": a missing or unreadable image counts in `n_not_scored` and as 0 in `<key>_all`; "error": it raises.

Returns:
    One flat dictionary: `ic`, `sa`, `el`, `el_ssim` and, with a judge, `ac` and `average`, else `average_ic_sa_el`;
    `el_ungated`, `el_ssim_ungated`, `n`, `n_not_scored`; `<key>_given_ic` of the `n_ic` edits with IC = 1; `<key>_all` where
    images are missing; `n_missing`, `n_unreadable` and `n_blank`, with a warning, where one of them is not 0; `<key>_low` and
    `<key>_high` where there are 10 scenes or more; the same per operation as `<key>/<operation>`. Strict: missing images count
    0 in every mean; `n_el`, `n_ac` and so on count the edits of a mean, `<key>_worst` and `<key>_best` what it could be with
    the others.

Raises:
    ValueError: rows that cannot be used or do not fit together; the message lists all of them.

Example:
    A mug is to move 40 cm to the right, and the detector finds it there. (Nothing else changes in the image, so EL is
    100; here nothing changes at all.)

    >>> import json, pathlib, tempfile
    >>> import numpy as np
    >>> from gsi_bench_metric.hf.evaluate_module import GsiBench
    >>> K, R = [[60, 0, 32], [0, 60, 32], [0, 0, 1]], np.eye(3).tolist()
    >>> before, after = [-0.2, 0, 2, 0.2, 0.2, 0.2, 0], [0.2, 0, 2, 0.2, 0.2, 0.2, 0]
    >>> picture = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    >>> sample = {"id": "desk_edit_0", "split": "fine", "img_id": "desk", "query_id": "0", "image": picture,
    ...           "prompt": "Move the mug 40 centimeters to the right.", "target": "mug", "camera_intrinsics": K,
    ...           "original_bbox_3d": before, "new_bbox_3d": after, "rotation_matrix": R}
    >>> def found(box, x):
    ...     return {"detections": [{"bbox_3d": box, "bbox_2d": [x, 29, x + 6, 35], "rotation_matrix": R}]}
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> cache = {"desk_0": {"origin_result": found(before, 23), "new_result": found(after, 35)}}
    >>> _ = (folder / "infer_cache.json").write_text(json.dumps(cache))
    >>> metric = GsiBench()  # what evaluate.load("gsi_bench") gives
    >>> result = metric.compute(predictions=[{"id": "desk_edit_0", "image": picture}], references=[sample],
    ...                         protocol="official", detector="recorded", detections=folder / "infer_cache.json")
    >>> {key: round(result[key], 2) for key in ("ic", "sa", "el", "average_ic_sa_el", "n", "n_not_scored")}
    {'ic': 100.0, 'sa': 100.0, 'el': 100.0, 'average_ic_sa_el': 100.0, 'n': 1, 'n_not_scored': 0}
"""

_FEATURES = {
    "predictions": {"id": datasets.Value("string"), "image": PICTURE},
    "references": {
        "id": datasets.Value("string"),
        "image": PICTURE,
        **dict.fromkeys(FURTHER_PICTURES, PICTURE),
        "fields": datasets.Value("string"),
    },
}
# Both columns of an Arrow table have one length; ids are never empty, so an empty one marks a row that only fills up.
_NO_PREDICTION: Mapping[str, Any] = {"id": "", "image": None}
_NO_REFERENCE: Mapping[str, Any] = {"id": "", "image": None, **dict.fromkeys(FURTHER_PICTURES), "fields": ""}
_ROWS_AT_ONCE = 64
_BYTES_AT_ONCE = 2**28  # Arrow keeps the bytes of one write in one array of at most 2 GiB


@dataclasses.dataclass(frozen=True)
class _Request:
    """The arguments of `compute`, with everything made that they name."""

    protocol: str
    scorer: Scorer
    detector: Detector
    judge: Judge | None
    editor: str
    out: Path | None
    ignore_extra: bool
    on_missing: OnMissing
    by_position: Mapping[str, str]


@add_end_docstrings(_INPUTS)
class GsiBench(evaluate.Metric):
    """Scores an image editor on GSI-Bench."""

    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation=_CITATION,
            inputs_description=_INPUTS,
            features=datasets.Features(_FEATURES),
            reference_urls=["https://arxiv.org/abs/2604.20570", "https://aim-uofa.github.io/GSI-Bench/"],
        )

    def __init__(self, *args: Any, **options: Any):
        cannot = rows_folder_problem(options)
        if cannot is not None:
            options["cache_dir"] = temporary_rows_folder(options, cannot)
        super().__init__(*args, **options)
        self._forget_pairs()

    def _forget_pairs(self) -> None:
        self._known: set[str] = set()  # ids of the references so far
        self._by_position: dict[str, str] = {}  # sample id -> name of the file that was paired with it

    def compute(
        self,
        *,
        predictions: Iterable[Any] | None = None,
        references: Iterable[Any] | None = None,
        protocol: str = DEFAULT,
        detector: str = "tracker",
        judge: str | None = None,
        judge_options: Mapping[str, Any] | None = None,
        device: str | None = None,
        detections: str | os.PathLike[str] | None = None,
        judgements: str | os.PathLike[str] | None = None,
        out: str | os.PathLike[str] | None = None,
        editor: str = "editor",
        dataset_type: str | None = None,
        batch_size: int | None = None,
        ignore_extra: bool = False,
        on_missing: OnMissing = "zero",
    ) -> dict[str, float] | None:
        """Scores what was added and what is given here; the next `compute` starts anew. None on processes other than 0.
        An error in the arguments leaves added rows in place, so that `compute` can be called again.
        """
        request = None
        if self.process_id == 0:
            _require_sound(
                judge=judge,
                judgements=judgements,
                dataset_type=dataset_type,
                batch_size=batch_size,
                editor=editor,
                on_missing=on_missing,
                judge_options=judge_options,
                protocol=protocol,
                ignore_extra=ignore_extra,
            )
            require_protocol(protocol)
            default = {"question": protocol_named(protocol).question, "device": device}
            asked = JudgeOptions(**default | dict(judge_options or {}))
            device = pick_device(device)
            request = _Request(
                protocol=protocol,
                scorer=make_scorer(protocol, device, batch_size, dataset_type),
                detector=make_detector(detector, _path(detections), device),
                judge=make_judge(judge, _path(judgements), asked) if judge is not None else None,
                editor=editor,
                out=_path(out),
                ignore_extra=ignore_extra,
                on_missing=on_missing,
                by_position=self._by_position,
            )
            if request.out is not None:
                require_folder(request.out)
                request.out.mkdir(parents=True, exist_ok=True)
                require_writable(request.out / "scores.jsonl")
        if predictions is not None or references is not None:
            self.add_batch(predictions=predictions, references=references)
        try:
            return super().compute(request=request)
        finally:
            self._forget_pairs()

    def add_batch(self, *, predictions: Iterable[Any] | None = None, references: Iterable[Any] | None = None) -> None:
        """Adds predictions and rows of the dataset: all of them or, on an error, none. With ids, any order will do."""
        problems: list[str] = []
        edited = normalised(predictions, "predictions", prediction_row, problems)
        samples = normalised(references, "references", reference_row, problems)
        given = {row["id"] for row in samples if row is not None}
        how, found = pair(edited, samples, self._known | given)
        problems += found
        if problems:
            raise ScoringError(summary_of("these rows cannot be scored", problems))
        if how is not None:
            logger.warning("%d predictions without ids: paired %s", len(edited), how)
        self._known |= given
        names = {row["id"]: row.pop("name", None) for row in edited}
        if how == BY_POSITION:
            self._by_position |= {sample_id: name for sample_id, name in names.items() if name}
        length = max(len(edited), len(samples))
        edited += [_NO_PREDICTION] * (length - len(edited))
        samples += [_NO_REFERENCE] * (length - len(samples))
        for part in _parts(edited, samples):
            super().add_batch(predictions=edited[part], references=samples[part])

    def add(self, *, prediction: Any = None, reference: Any = None) -> None:
        """Adds one prediction, one row of the dataset, or a pair."""
        self.add_batch(
            predictions=[] if prediction is None else [prediction], references=[] if reference is None else [reference]
        )

    def _compute(self, *, predictions: Sequence[Row], references: Sequence[Row], request: _Request) -> dict[str, float]:
        try:
            with one_thread():
                scores, found = _score(predictions, references, request)
            if request.out is not None:
                write_scores(request.out / "scores.jsonl", scores)
            return aggregate(scores, judged=request.judge is not None) | absent_counts(scores, found)
        except BaseException:
            self._discard()
            raise

    def _discard(self) -> None:
        """Drops the stored rows as `evaluate` does after success; left alone, their lock would stop the next run's files."""
        self.data = self.buf_writer = None
        for lock, path in reversed(list(zip(self.filelocks or (), self.file_paths or (), strict=True))):
            Path(path).unlink(missing_ok=True)
            lock.release()


def _parts(predictions: Sequence[Mapping[str, Any]], references: Sequence[Mapping[str, Any]]) -> Iterator[slice]:
    """Rows that are written together, by their number and their bytes; one empty part for no rows.

    Written for no rows too, since processes wait for each other there.
    """
    start, held = 0, 0
    for i, pair_of_rows in enumerate(zip(predictions, references, strict=True)):
        size = sum(len(v["bytes"] or b"") for row in pair_of_rows for v in row.values() if isinstance(v, Mapping))
        if i > start and (i - start >= _ROWS_AT_ONCE or held + size > _BYTES_AT_ONCE):
            yield slice(start, i)
            start, held = i, 0
        held += size
    yield slice(start, max(len(predictions), 1))


def _require_sound(
    *,
    judge: object,
    judgements: object,
    dataset_type: object,
    batch_size: object,
    editor: object,
    on_missing: object,
    judge_options: object,
    protocol: object,
    ignore_extra: object,
) -> None:
    """Refuses arguments that would fail after the work, or be taken for something else.

    Raises:
        ScoringError: names all of them.
    """
    problems = []
    if judgements is not None and judge is None:
        problems.append("judgements are given but no judge; use judge='recorded'")
    if dataset_type not in (None, "GSI-Real", "GSI-Syn"):
        problems.append(f"dataset_type: expected 'GSI-Real', 'GSI-Syn' or None, found {printable(dataset_type)}")
    if batch_size is not None and (not isinstance(batch_size, int) or isinstance(batch_size, bool) or batch_size < 1):
        problems.append(f"batch_size: expected a whole number from 1 on, or None, found {printable(batch_size)}")
    if on_missing not in ON_MISSING:
        problems.append(f"on_missing: expected one of {', '.join(ON_MISSING)}, found {printable(on_missing)}")
    if not isinstance(ignore_extra, bool):
        problems.append(f"ignore_extra: expected True or False, found {printable(ignore_extra)}")
    if isinstance(protocol, str) and protocol in PROTOCOLS:
        given = {name for name, v in {"dataset_type": dataset_type, "batch_size": batch_size}.items() if v is not None}
        unused = sorted(given - protocol_named(protocol).options)
        problems += [f"{name}: has no meaning for the {protocol} protocol; leave it out" for name in unused]
    if judge is None and judge_options:
        problems.append("judge_options are given but no judge; use judge='openai', 'local' or 'embedded'")
    if not isinstance(editor, str) or not editor.strip():
        problems.append(f"editor: expected a name, found {printable(editor)}")
    known = [field.name for field in dataclasses.fields(JudgeOptions)]
    if not isinstance(judge_options, Mapping | None):
        problems.append(f"judge_options: expected a mapping, found {type(judge_options).__name__}")
    else:
        unknown = sorted(map(str, set(judge_options or ()) - set(known)))
        problems += [f"judge_options: no option {printable(name)}; expected some of {', '.join(known)}" for name in unknown]
    if problems:
        raise ScoringError(summary_of("these arguments cannot be used", problems))


def _score(
    predictions: Sequence[Row], references: Sequence[Row], request: _Request
) -> tuple[list[Score], Mapping[str, Prediction]]:
    """The scores, and the predictions that they are of."""
    predictions = [row for row in predictions if row["id"]]
    # In one order, whatever order the rows came in: batches, and with them the last digits, do not depend on it.
    references = sorted((row for row in references if row["id"]), key=lambda row: row["id"])
    problems = [] if references else ["no references: give the rows of the dataset that the predictions belong to"]
    known = {row["id"] for row in references}
    for what, rows in (("references", references), ("predictions", predictions)):
        counts = Counter(row["id"] for row in rows)
        problems += [f"{what}: {i!r} stands there {n} times; keep one" for i, n in counts.items() if n > 1]
    if not request.ignore_extra:
        problems += [
            f"predictions: {row['id']!r} is no id of the references; remove it or pass ignore_extra=True"
            for row in predictions
            if row["id"] not in known
        ]
    problems += misplaced(request.by_position, known)
    samples = samples_of(references, problems)
    if problems:
        raise ScoringError(summary_of("these rows cannot be scored", problems))
    pictures = {row["id"]: prediction_of(row, request.editor) for row in predictions if row["image"] is not None}
    found = PredictionSet(request.editor, pictures)
    plan = make_plan(samples, found, protocol=request.protocol, on_missing=request.on_missing, ignore_extra=True)
    scores = score(plan, samples, request.scorer, request.detector, request.judge, progress=is_progress_bar_enabled())
    return scores, pictures


def _path(value: str | os.PathLike[str] | None) -> Path | None:
    return None if value is None else Path(value)
