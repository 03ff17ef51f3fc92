"""Answers of a harness -> the row that `gsi-bench evaluate` gives for the same images, and an account of all that has none.

Nothing is computed here: the edits are scored by `evaluate` and averaged by `aggregate`. What lacks an image is left out of
the means and counted by its reason; beside them stand the means with it as 0.
"""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gsi_bench_dataset.problems import some
from gsi_bench_dataset.records import Score
from gsi_bench_dataset.safety.files import printable_path
from gsi_bench_dataset.safety.names import printable
from gsi_bench_dataset.storage.card import read_content_hash
from gsi_bench_dataset.storage.folders import write_atomically
from gsi_bench_dataset.storage.shards import resolve, sample_ids
from gsi_bench_dataset.version import __version__
from gsi_bench_metric.harnesses.answers import AnswerError, Answers, Found, find_images
from gsi_bench_metric.pages.files import json_text
from gsi_bench_metric.protocols.registry import protocol_named
from gsi_bench_metric.results.aggregate import aggregate, edit_values
from gsi_bench_metric.run.folder import Run
from gsi_bench_metric.run.pipeline import Request, evaluate

__all__ = ["RESULTS", "account", "score_answers"]

RESULTS, IMAGES, RUN = "results.json", "images.json", "run"
FORMAT = 1


def score_answers(answers: Answers, request: Request, out: Path, root: Path, *, progress: bool = False) -> dict[str, Any]:
    """Scores one editor's answers on one split; writes `out/images.json`, the run `out/run/` and `out/results.json`.

    Args:
        answers: of the harness.
        request: how to score; its `predictions`, `split` and `editor` are filled in here.
        out: a folder of this editor and split; the same command goes on in it.
        root: images are taken from below this folder only.
        progress: show bars.

    Returns:
        What `results.json` holds, see `account`.

    Raises:
        AnswerError: answers to samples that the dataset does not have, or of tasks that were made of other data.
        ScoringError, PlanError, RunError, DatasetError: as `evaluate`.
    """
    data = resolve(request.data, request.revision, None)
    _require_same_data(answers, data, request.data)
    found = find_images(answers, root)
    protocol_named(request.protocol)  # before anything is written
    run = None
    if found.images:
        write_atomically(out / IMAGES, json_text({name: str(found.images[name]) for name in sorted(found.images)}))
        asked = dataclasses.replace(
            request, predictions=(out / IMAGES,), split=answers.split, editor=answers.editor, on_missing="zero"
        )
        run = evaluate(asked, out / RUN, progress=progress)
    results = {**_facts(answers, request, run), **account(run, answers, found)}
    write_atomically(out / RESULTS, json_text(results))
    return results


def _require_same_data(answers: Answers, data: Path, name: str) -> None:
    there = read_content_hash(data)
    if answers.content_hash is not None and there is not None and there != answers.content_hash:
        said = f"the tasks were made of content {answers.content_hash[:16]}, {printable_path(name)} holds {there[:16]}"
        raise AnswerError(f"{said}; make the tasks anew with `gsi-bench harness`")
    known = set(sample_ids(data, answers.split))
    strange = sorted({answer.sample_id for answer in answers.answers} - known)
    if strange:
        where = f"split {answers.split} of {printable_path(name)}"
        raise AnswerError(f"{len(strange)} answers belong to no sample of {where}: {some(strange)}; check split and data")


def _facts(answers: Answers, request: Request, run: Run | None) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "gsi_bench": __version__,
        "editor": answers.editor,
        "split": answers.split,
        "protocol": request.protocol,
        "scoring_version": None if run is None else run.settings.get("scoring_version"),
        "detector": request.detector,
        "judge": request.judge,
        "run": None if run is None else RUN,
    }


def account(run: Run | None, answers: Answers, found: Found) -> dict[str, Any]:
    """The numbers of a run, over the samples that were asked for, and why the others have none.

    Returns:
        `asked`, `scored` and `not_scored` (reason -> count; the counts and `scored` sum to `asked`); `row`, the flat row of
        `aggregate` over the edits with an image; `row_all`, its means with edits that lack one as 0; `samples`, by id:
        `reason` and `text` of those that are not scored, else their numbers on 0-100.
    """
    scores = [score for score in (run.scores if run else ()) if score.sample_id in found.ids]
    judged = run is not None and run.judged(answers.split, answers.editor)
    with_image = [score for score in scores if score.state != "no_picture"]
    values = edit_values(with_image, judged)
    samples: dict[str, dict[str, Any]] = {
        name: {"reason": reason, "text": text} for name, (reason, text) in sorted(found.lacking.items())
    }
    for score in scores:
        if score.sample_id in found.images:
            numbers = values.get(score.sample_id)
            samples[score.sample_id] = dict(numbers) if numbers is not None else _why(score)
    not_scored = Counter(one["reason"] for one in samples.values() if "reason" in one)
    return {
        "asked": len(found.ids),
        "scored": len(samples) - not_scored.total(),
        "not_scored": dict(sorted(not_scored.items())),
        "row": _finite(aggregate(with_image, judged)) if with_image else {},
        "row_all": _with_lacking_as_zero(scores, judged),
        "samples": samples,
    }


def _why(score: Score) -> dict[str, str]:
    """The reason that the score's explanation gives; a score may carry others too, of locality say."""
    if not score.reasons:
        return {"reason": "not_scored", "text": printable(score.state)}
    main = next((one for one in score.reasons if one.text in (score.explanation or "")), score.reasons[0])
    return {"reason": main.name, "text": main.text}


def _with_lacking_as_zero(scores: Sequence[Score], judged: bool) -> dict[str, float]:
    """The strict means count edits without an image as 0; the official ones leave them out, and `<key>_all` counts them."""
    row = _finite(aggregate(scores, judged)) if scores else {}
    keys = [key for key in ("ic", "sa", "el", "el_ssim", "ac", "average", "average_ic_sa_el") if key in row]
    return {key: row.get(f"{key}_all", row[key]) for key in keys}


def _finite(row: Mapping[str, float]) -> dict[str, float]:
    """JSON knows no NaN."""
    return {key: value for key, value in row.items() if math.isfinite(value)}
