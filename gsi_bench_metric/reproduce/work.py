"""The three ways to a published result: look it up, average it again, compute it anew.

inspect     the published table, as it stands
aggregate   the published result of every edit and the judge's replies, gated and averaged by this package
full        every number computed by this package from images, recorded detections and replies: no GPU, no detector's weights
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from gsi_bench_dataset.execution.runners import LOCAL, Runner
from gsi_bench_dataset.layout.official import OfficialDataset
from gsi_bench_dataset.storage.shards import write_dataset
from gsi_bench_metric.judges.recorded import read_reference_file
from gsi_bench_metric.protocols.official.results import MODES, Results, gated_rows, result_key, results_from_scores, summarise
from gsi_bench_metric.reproduce.bundle import Bundle, BundleError
from gsi_bench_metric.reproduce.differences import Difference, compare_results, without_judgement
from gsi_bench_metric.reproduce.published import NAMES
from gsi_bench_metric.reproduce.table import Found, Reproduction
from gsi_bench_metric.run.pipeline import Request, evaluate

__all__ = ["PATHS", "reproduce"]

PATHS = ("inspect", "aggregate", "full")


def reproduce(
    bundle: Bundle,
    out: Path,
    paths: Sequence[str] = PATHS,
    *,
    workers: int | None = None,
    runner: Runner = LOCAL,
    progress: bool = True,
) -> Reproduction:
    """Goes the ways that the bundle's parts allow; each other one says what it lacks. `out` keeps what `full` makes.

    Raises:
        BundleError: none of them can be gone.
    """
    found: dict[str, Found] = {}
    published, anew = None, None
    for path in paths:
        try:
            if path == "inspect":
                found[path] = Found(_inspect(bundle))
            elif path == "aggregate":
                published = _published_results(bundle)
                found[path] = _averaged(bundle, published)
            else:
                anew, reasons = _compute(bundle, out, workers, runner, progress)
                found[path] = dataclasses.replace(
                    _averaged(bundle, anew), notes=tuple(f"{key}: {why}" for key, why in reasons.items())
                )
        except ValueError as error:  # of the bundle, the dataset, the images: all say what is wrong with which file
            found[path] = Found(problem=str(error))
    if all(f.problem for f in found.values()):
        raise BundleError("\n".join(f"{path}: {f.problem}" for path, f in found.items()))
    differences: tuple[Difference, ...] = ()
    if anew is not None:
        if published is None:
            try:
                published = _published_results(bundle)
            except BundleError:
                published = None
        if published is not None:
            differences = compare_results(published, anew, reasons)
    return Reproduction(bundle.published, found, differences, tuple(bundle.inventory()))


def _inspect(bundle: Bundle) -> dict[str, float]:
    """The published table: in one file, or in one a number."""
    try:
        row = bundle.table("summary")
    except BundleError:
        names = ("instruction_compliance", "spatial_accuracy", "edit_locality", "ac", "average")
        row = {name: bundle.table(name) for name in names}
    try:
        return {
            "ic": float(row["instruction_compliance"]),
            "sa": float(row["spatial_accuracy"]),
            "el_ssim": float(row["edit_locality"]["ssim"]),
            "el_lpips": float(row["edit_locality"]["lpips"]),
            "ac": float(row["ac"]),
            "average": float(row["average"]),
        }
    except (KeyError, TypeError, ValueError) as error:
        raise BundleError(f"agg_results: expected the reference's tables, found {row!r:.120} ({error})") from error


def _published_results(bundle: Bundle) -> Results:
    return {mode: bundle.results(mode) for mode in MODES}


def _averaged(bundle: Bundle, results: Results) -> Found:
    judged = {index: found.score for index, found in read_reference_file(bundle.judgements).items()}
    try:
        rows = gated_rows(results, judged)
    except (KeyError, TypeError) as error:
        raise BundleError(f"{bundle.published.editor}: results of an unknown form, {error!r} is not there") from error
    means = summarise(rows.values())
    if means is None:
        raise BundleError(f"{bundle.published.editor}: no edit in the results")
    lacking = without_judgement(results, judged)
    return Found({name: means[name] for name in NAMES}, n=len(rows), zeroed=tuple(lacking))


def _compute(bundle: Bundle, out: Path, workers: int | None, runner: Runner, progress: bool) -> tuple[Results, dict[str, str]]:
    """(results, why an edit has none by its key)."""
    split, editor = bundle.published.split, bundle.published.editor
    archive, data = OfficialDataset(bundle.dataset, split, skip_unexpected=True), out / "data"
    write_dataset({split: archive.samples()}, data)
    request = Request(
        predictions=(bundle.pictures,),
        data=str(data),
        split=split,
        protocol="official",
        detector="recorded",
        detections=bundle.detections,
        judge="recorded",
        judgements=bundle.judgements,
        editor=editor,
        device="cpu",
        workers=workers,
        runner=runner,
    )
    run = evaluate(request, out / "run", progress=progress)
    reasons = {
        result_key(score.sample_id): "; ".join(map(str, score.reasons))
        for score in run.scores
        if score.ic is None or score.ssim is None
    }
    return results_from_scores(run.scores), reasons
