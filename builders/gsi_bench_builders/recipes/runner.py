"""Runs a recipe: scenes in worker processes, kept as they finish, published together.

A work folder beside the dataset holds one parquet file a finished scene. A kill loses the scenes in hand; the same command
goes on with those that are missing. What a scene is depends on its number and the settings alone, so neither the number of
workers nor an interruption shows in the result.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from tqdm import tqdm

import gsi_bench_builders
from gsi_bench_builders.recipes.scene_work import SceneJob, SceneReport, SceneResult, SceneSource, make_scene
from gsi_bench_dataset.execution import run_tasks
from gsi_bench_dataset.folders import write_atomically
from gsi_bench_dataset.problems import cannot_be_written, summary_of
from gsi_bench_dataset.records import Sample
from gsi_bench_dataset.sample_files import DatasetError, facts_of, read_samples, write_samples
from gsi_bench_dataset.shards import write_dataset

__all__ = ["BuildError", "BuildSummary", "build", "variants_folder", "work_folder"]

_SETTINGS = "settings.json"
_REPORT = "scene"


class BuildError(ValueError):
    """A run that cannot begin, or that made nothing."""


@dataclasses.dataclass(frozen=True)
class BuildSummary:
    """What a run made.

    Attributes:
        reports: of all scenes that were asked for and dealt with, by number.
        resumed: how many of them an earlier run had made.
        samples, variants: rows published.
        operations: kinds of the published samples' edits.
    """

    reports: dict[int, SceneReport]
    resumed: int
    samples: int
    variants: int
    operations: Counter[str]

    @property
    def failures(self) -> dict[int, str]:
        """Scenes of which there is nothing, and why."""
        return {n: r.failure for n, r in self.reports.items() if r.failure}

    def counts(self, name: str) -> Counter[str]:
        """Sum over the scenes of `left_out`, `rejected` or `disagreed`."""
        total: Counter[str] = Counter()
        for report in self.reports.values():
            total.update(getattr(report, name))
        return total


def work_folder(out: Path, split: str) -> Path:
    """Where the finished scenes of a dataset folder's split are kept."""
    return out.with_name(f".{out.name}.work") / split


def variants_folder(out: Path) -> Path:
    """The dataset of graded and wrong versions beside a dataset: of other rows, so that they are never scored as samples."""
    return out.with_name(f"{out.name}-variants")


def build(
    source: SceneSource,
    job: SceneJob,
    out: Path,
    num_scenes: int,
    *,
    workers: int = 1,
    device: str = "CPU",
    fresh: bool = False,
    quiet: bool = False,
) -> BuildSummary:
    """Makes a split and publishes it.

    Args:
        out: dataset folder; other splits in it stay.
        num_scenes: scenes 0 … n - 1. More than an earlier run's: those are kept.
        workers: processes, each with an engine of its own.
        device: of the engine.
        fresh: throws away what an earlier run left.
        quiet: no progress bar.

    Raises:
        BuildError: the work folder holds scenes of other settings, or no scene gave a sample.
        EngineError: the engine does not start.
        KeyboardInterrupt: after what is finished has been published.
    """
    out = out.resolve()
    work = work_folder(out, job.split)
    _open_work(work, source, job, fresh)
    reports = _kept(work, num_scenes)
    resumed = len(reports)
    todo = [n for n in range(num_scenes) if n not in reports]
    try:
        start = functools.partial(_start_worker, source, job, work, device)
        for report in _run(todo, start, workers, job.split, quiet):
            reports[report.number] = report
    except KeyboardInterrupt:
        if any(r.samples for r in reports.values()):
            _publish(work, reports, job, out, source)
        raise
    operations, samples, variants = _publish(work, reports, job, out, source)
    return BuildSummary(dict(sorted(reports.items())), resumed, samples, variants, operations)


def _run(
    todo: list[int], start: Callable[[], Callable[[int], Iterable[SceneReport]]], workers: int, split: str, quiet: bool
) -> Iterator[SceneReport]:
    # A process of its own even for one worker: Blender cannot be interrupted, and may take its process down.
    results = run_tasks(todo, start, workers=min(workers, len(todo) or 1), lost=_lost, always_spawn=True)
    bar = tqdm(total=len(todo), desc=f"scenes of {split}", unit="scene", file=sys.stderr, disable=quiet or not todo)
    with contextlib.closing(results), bar:
        for report in results:
            if report.failure:
                bar.write(f"note: scene {report.number}: {report.failure.strip().splitlines()[-1]}", file=sys.stderr)
            bar.update()
            yield report


def _start_worker(source: SceneSource, job: SceneJob, work: Path, device: str) -> Callable[[int], Iterable[SceneReport]]:
    """Runs in the worker: Blender and everything that needs it is imported there."""
    from gsi_bench_builders.engines.blender.engine import BlenderEngine  # noqa: PLC0415
    from gsi_bench_builders.engines.blender.session import quiet  # noqa: PLC0415

    quiet(work / "blender.log")
    engine = BlenderEngine(device)
    return lambda number: [_keep(make_scene(engine, source, job, number), work)]


def _lost(number: int, message: str) -> SceneReport:
    return SceneReport(number, failure=message)


def _keep(result: SceneResult, work: Path) -> SceneReport:
    """Stores a scene. One that failed is not stored: the next run tries it again."""
    report = result.report
    if report.failure is not None:
        return report
    try:
        if result.variants:
            write_samples(_variants_file(work, report.number), result.variants)
        write_samples(_scene_file(work, report.number), result.samples, {_REPORT: dataclasses.asdict(report)})
    except OSError as error:
        raise BuildError(cannot_be_written(work, error)) from error
    return report


def _kept(work: Path, num_scenes: int) -> dict[int, SceneReport]:
    """Reports of the scenes that earlier runs finished."""
    found = {}
    for number in range(num_scenes):
        file = _scene_file(work, number)
        if file.is_file():
            found[number] = SceneReport(**facts_of(file)[_REPORT])
    return found


def _publish(
    work: Path, reports: dict[int, SceneReport], job: SceneJob, out: Path, source: SceneSource
) -> tuple[Counter[str], int, int]:
    """Writes what is finished to the dataset folder, and its variants to theirs."""
    numbers = sorted(n for n, r in reports.items() if r.samples)
    if not numbers:
        problems = [f"scene {n}: {r.failure}" for n, r in sorted(reports.items()) if r.failure]
        raise BuildError(summary_of("no scene gave a sample", problems or ["no edit passed its checks"]))
    words = (
        f"gsi-bench build {job.split}: {json.dumps(source.describe(), sort_keys=True)}, preset {job.preset}, seed {job.seed}"
    )
    samples = (s for n in numbers for s in _samples(_scene_file(work, n)))
    summary = write_dataset({job.split: samples}, out, sources={job.split: words})[job.split]
    with_variants = [n for n in numbers if reports[n].variants]
    rows = 0
    if with_variants:
        variants = (s for n in with_variants for s in sorted(_samples(_variants_file(work, n)), key=lambda s: s.id))
        title = "GSI-Bench: graded and wrong versions of edits"
        written = write_dataset({job.split: variants}, variants_folder(out), sources={job.split: words}, title=title)
        rows = written[job.split].rows
    return summary.operations, summary.rows, rows


def _samples(file: Path) -> Iterator[Sample]:
    try:
        yield from read_samples(file)
    except DatasetError as error:
        raise BuildError(f"{file}: a finished scene cannot be read ({error}); delete the file and run again") from error


def _open_work(work: Path, source: SceneSource, job: SceneJob, fresh: bool) -> None:
    """Makes the work folder, or checks that it was made by the same settings."""
    settings = {
        "format": 1,
        "version": gsi_bench_builders.__version__,
        "source": source.describe(),
        "job": dataclasses.asdict(job),
    }
    settings = json.loads(json.dumps(settings))  # tuples become lists, as they come back
    work.mkdir(parents=True, exist_ok=True)
    file = work / _SETTINGS
    if fresh:
        for old in (*work.glob("scene-*.parquet"), file):
            old.unlink(missing_ok=True)
    if not file.is_file():
        write_atomically(file, json.dumps(settings, indent=1) + os.linesep)
        return
    former = json.loads(file.read_text(encoding="utf-8"))
    differing = [f"{name}: {old!r} then, {new!r} now" for name, old, new in _differences(former, settings)]
    if differing:
        head = f"{work}: holds scenes of other settings; give --fresh to throw them away, or another --out"
        raise BuildError(summary_of(head, differing))


def _differences(old: Any, new: Any, name: str = "") -> Iterator[tuple[str, Any, Any]]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            yield from _differences(old.get(key), new.get(key), f"{name}.{key}".lstrip("."))
    elif old != new:
        yield name, old, new


def _scene_file(work: Path, number: int) -> Path:
    return work / f"scene-{number:05d}.parquet"


def _variants_file(work: Path, number: int) -> Path:
    return work / f"scene-{number:05d}.variants.parquet"
