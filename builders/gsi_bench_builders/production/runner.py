"""Runs a recipe: scenes in worker processes, kept as they finish, published together.

A work folder beside the dataset holds one parquet file a finished scene. A kill loses the scenes in hand; the same command
goes on with those that are missing. What a scene is depends on its number and the settings alone, so neither the number of
workers nor an interruption shows in the result.
"""

from __future__ import annotations

import atexit
import contextlib
import dataclasses
import functools
import json
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from gsi_bench_builders.engines.registry import DEFAULT_ENGINE, EngineEntry, check_engine, make_engine
from gsi_bench_builders.production.bounds import MAX_EDITS, MAX_SCENES, MAX_TIMEOUT_S, MAX_WORKERS
from gsi_bench_builders.production.finished import (
    REPORT,
    SETTINGS,
    BuildError,
    claimed,
    discard,
    finished_scenes,
    is_damage,
    note,
    open_work,
    scene_file,
    settings_of,
    variants_file,
    work_folder,
)
from gsi_bench_builders.production.places import check_places, real_path
from gsi_bench_builders.production.scene_work import SceneJob, SceneReport, SceneResult, SceneSource, make_scene
from gsi_bench_builders.production.workers import die_with_parent, time_limit
from gsi_bench_builders.scratch import scratch_folder
from gsi_bench_dataset.execution.progress import COSTS, Cost, Dashboard
from gsi_bench_dataset.execution.runners import LOCAL, Runner, run_tasks
from gsi_bench_dataset.problems import cannot_be_written, summary_of
from gsi_bench_dataset.records import Sample
from gsi_bench_dataset.storage.card import SplitSummary
from gsi_bench_dataset.storage.sample_files import read_samples, write_samples
from gsi_bench_dataset.storage.shards import write_dataset
from gsi_bench_dataset.variants import variants_folder

__all__ = ["BuildError", "BuildSummary", "build", "variants_folder", "work_folder"]

_START_S = 600.0  # for an engine to be there
_ROUNDS = 3
LOG = "engine.log"  # in the work folder: what engines print


@dataclasses.dataclass(frozen=True)
class BuildSummary:
    """What a run made.

    Attributes:
        reports: of all scenes that were asked for and dealt with, by number.
        resumed: how many of them an earlier run had made.
        samples, variants: rows published.
        operations: kinds of the published samples' edits.
        measurable: (kind, whether its images show how much was done) -> samples, of those that were looked at for it.
    """

    reports: dict[int, SceneReport]
    resumed: int
    samples: int
    variants: int
    operations: Counter[str]
    measurable: Counter[tuple[str, bool]] = dataclasses.field(default_factory=Counter)

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


def build(
    source: SceneSource,
    job: SceneJob,
    out: Path,
    num_scenes: int,
    *,
    workers: int = 1,
    runner: Runner = LOCAL,
    engine: str = DEFAULT_ENGINE,
    engine_options: Mapping[str, str] | None = None,
    device: str = "CPU",
    fresh: bool = False,
    quiet: bool = False,
    scene_timeout: float | None = None,
    preview: Path | None = None,
) -> BuildSummary:
    """Makes a split and publishes it.

    Args:
        out: dataset folder; other splits in it stay.
        num_scenes: scenes 0 … n - 1. More than an earlier run's: those are kept.
        workers: processes, each with an engine of its own.
        runner: where they run; no scene depends on it.
        engine: a name in `ENGINES`.
        engine_options: of that engine, name and text.
        device: of the engine.
        fresh: throws away what an earlier run left.
        quiet: no progress bar.
        scene_timeout: seconds after which a scene's worker is replaced; the scene is tried once more. None: see `SceneJob`.
        preview: a file that the caller is going to write; looked at with the other places, before anything is drawn.

    Raises:
        BuildError: a place cannot be written, the work folder holds scenes of other settings, or no scene gave a sample.
        EngineError: the engine is unknown, is not installed, or does not start.
        KeyboardInterrupt: after what is finished has been published.
    """
    _check_numbers(job, num_scenes, workers, scene_timeout)
    runner.check()
    runner = runner.for_device(device)
    entry = check_engine(engine, engine_options)
    out = real_path(out, "--out")
    check_places([out, variants_folder(out)] if job.variants else [out], job.split, preview, training=job.training)
    work = work_folder(out, job.split)
    work.mkdir(parents=True, exist_ok=True)
    limit = job.time_limit_s if scene_timeout is None else scene_timeout
    settings = settings_of(source, job, engine)
    with claimed(work), scratch_folder() as scratch:
        open_work(work, settings, fresh)
        reports = finished_scenes(work, settings, num_scenes)
        run = _Run(
            source,
            job,
            out,
            work,
            settings,
            num_scenes,
            min(workers, num_scenes),
            runner,
            entry,
            device,
            quiet,
            limit,
            scratch,
            reports,
        )
        return run.to_the_end()


def _check_numbers(job: SceneJob, num_scenes: int, workers: int, scene_timeout: float | None) -> None:
    """Refuses what cannot be meant, before anything is made for it."""
    asked = (
        ("scenes", num_scenes, 1, MAX_SCENES),
        ("edits of a scene", job.edits, 1, MAX_EDITS),
        ("edits with variants", job.variants, 0, MAX_EDITS),
        ("seed", job.seed, 0, 2**63 - 1),
        ("workers", workers, 1, MAX_WORKERS),
    )
    problems = [
        f"{name}: expected {least} to {most}, found {found}" for name, found, least, most in asked if not least <= found <= most
    ]
    if scene_timeout is not None and not 0 < scene_timeout <= MAX_TIMEOUT_S:
        problems.append(f"seconds for a scene: expected more than 0, up to 30 days, found {scene_timeout}")
    if problems:
        raise BuildError(problems[0] if len(problems) == 1 else summary_of("the build cannot begin", problems))


class _DamagedSceneError(Exception):
    """A finished scene with a file that can no longer be read."""

    def __init__(self, number: int, error: Exception):
        super().__init__(f"{type(error).__name__}: {error}")
        self.number = number


@dataclasses.dataclass(frozen=True)
class _Run:
    """One run of a recipe; `reports` are of the scenes that are dealt with and grow."""

    source: SceneSource
    job: SceneJob
    out: Path
    work: Path
    settings: dict[str, Any]
    num_scenes: int
    workers: int
    runner: Runner
    engine: EngineEntry
    device: str
    quiet: bool
    limit_s: float
    scratch: Path
    reports: dict[int, SceneReport]

    def to_the_end(self) -> BuildSummary:
        """Makes what is missing and publishes all. A scene that is found damaged by then is made once more."""
        resumed = len(self.reports)
        try:
            for _ in range(_ROUNDS):
                self.make_missing()
                try:
                    made, variants = _publish(self.work, self.reports, self.job, self.out, self.source)
                except _DamagedSceneError as damaged:
                    note(f"scene {damaged.number}: its file is damaged ({damaged}); the scene is made anew")
                    discard(self.work, damaged.number)
                    del self.reports[damaged.number]
                    continue
                reports = dict(sorted(self.reports.items()))
                return BuildSummary(reports, resumed, made.rows, variants, made.operations, made.measurable)
        except KeyboardInterrupt:
            finished = sum(r.failure is None for r in self.reports.values())
            note(f"{finished} of {self.num_scenes} scenes are finished and kept; the same command goes on with the rest")
            raise
        raise BuildError(f"{self.work}: finished scenes are damaged again and again; check the disk, or choose another --out")

    def make_missing(self) -> None:
        """Makes the scenes without a report. Interrupted, what is finished is published first."""
        todo = [n for n in range(self.num_scenes) if n not in self.reports]
        # Workers on other machines see the work folder alone.
        marks = self.scratch if self.runner.one_machine else self.work
        start = functools.partial(
            _start_worker,
            self.source,
            self.job,
            self.work,
            self.device,
            engine=self.engine,
            settings=self.settings,
            scratch=self.scratch,
            marks=marks,
            limit_s=self.limit_s,
        )
        lost = functools.partial(_lost, marks, self.limit_s)
        try:
            options: dict[str, Any] = {"workers": self.workers, "split": self.job.split, "quiet": self.quiet}
            results = _run(todo, start, lost, self.runner, cost=_cost_of(self.job), **options)
            for report in results:
                self.reports[report.number] = report
        except KeyboardInterrupt:
            if any(r.samples for r in self.reports.values()):
                try:
                    _publish(self.work, self.reports, self.job, self.out, self.source)
                except (OSError, ValueError, _DamagedSceneError) as error:
                    note(f"what is finished is not published ({error}); the next run does it")
            raise


def _run(
    todo: list[int],
    start: Callable[[], Callable[[int], Iterable[SceneReport]]],
    lost: Callable[[int, str], SceneReport],
    runner: Runner,
    *,
    workers: int,
    split: str,
    quiet: bool,
    cost: Cost | None,
) -> Iterator[SceneReport]:
    # A process of its own even for one worker: Blender cannot be interrupted, and may take its process down.
    workers = min(workers, len(todo) or 1)
    results = run_tasks(todo, start, runner=runner, workers=workers, lost=lost, always_spawn=True)
    bar = Dashboard(f"scenes of {split}", len(todo), "scene", quiet=quiet or not todo, workers=workers, cost=cost)
    with contextlib.closing(results), bar:
        for report in results:
            if report.failure:
                bar.write(f"note: scene {report.number}: {report.failure.strip().splitlines()[-1]}")
                bar.count_lost()
            bar.update()
            yield report


def _cost_of(job: SceneJob) -> Cost | None:
    """Of a scene: that of its edits. None for presets that were not measured."""
    edit = COSTS.get(f"build {job.preset}")
    return None if edit is None else Cost(edit.cpu_s * job.edits, edit.disk * job.edits, edit.command)


def _start_worker(
    source: SceneSource,
    job: SceneJob,
    work: Path,
    device: str,
    *,
    engine: EngineEntry,
    settings: dict[str, Any],
    scratch: Path,
    marks: Path,
    limit_s: float,
) -> Callable[[int], Iterable[SceneReport]]:
    """Runs in the worker: the engine and everything that needs it is imported there."""
    die_with_parent()
    own = _own_folder(scratch)
    # All that the engine and Python put aside goes where the parent clears it away.
    os.environ["TMPDIR"] = tempfile.tempdir = str(own)
    os.environ.setdefault("BLENDER_USER_RESOURCES", str(own))
    with time_limit(_START_S):
        made = make_engine(engine, device, work / LOG)

    def make(number: int) -> list[SceneReport]:
        begun = _begun(marks, number)
        begun.touch()
        with time_limit(limit_s):
            report = _keep(make_scene(made, source, job, number), work, settings)
        begun.unlink(missing_ok=True)
        return [report]

    return make


def _own_folder(scratch: Path) -> Path:
    """A temporary folder of this worker: in the command's, or, on another machine, one that goes with this process."""
    if scratch.is_dir():
        return Path(tempfile.mkdtemp(prefix="worker-", dir=scratch))
    held = contextlib.ExitStack()
    atexit.register(held.close)  # after a kill the next one that starts there removes it
    return held.enter_context(scratch_folder())


def _begun(marks: Path, number: int) -> Path:
    """The file that stands there while a scene is in hand."""
    return marks / f".scene-{number:05d}.begun.tmp"


def _lost(marks: Path, limit_s: float, number: int, message: str) -> SceneReport:
    """The report of a scene that took its workers down."""
    begun = _begun(marks, number)
    if begun.exists() and time.time() - begun.stat().st_mtime >= limit_s:
        message = (
            f"not done within {limit_s:g} s, twice, and given up: give it longer with --scene-timeout, or look for what is odd "
            "about its assets"
        )
    return SceneReport(number, failure=message)


def _keep(result: SceneResult, work: Path, settings: dict[str, Any] | None = None) -> SceneReport:
    """Stores a scene. One that failed is not stored: the next run tries it again."""
    report = result.report
    if report.failure is not None:
        return report
    try:
        if result.variants:
            write_samples(variants_file(work, report.number), result.variants)
        facts = {REPORT: dataclasses.asdict(report), SETTINGS: settings}
        write_samples(scene_file(work, report.number), result.samples, facts)
    except OSError as error:
        raise BuildError(cannot_be_written(work, error)) from error
    return report


def _publish(
    work: Path, reports: dict[int, SceneReport], job: SceneJob, out: Path, source: SceneSource
) -> tuple[SplitSummary, int]:
    """Writes what is finished to the dataset folder, and its variants to theirs, and returns how many these are."""
    numbers = sorted(n for n, r in reports.items() if r.samples)
    if not numbers:
        problems = [f"scene {n}: {r.failure}" for n, r in sorted(reports.items()) if r.failure]
        raise BuildError(summary_of("no scene gave a sample", problems or ["no edit passed its checks"]))
    command = f"gsi-bench build {job.split}{' --train' if job.training else ''}"
    words = f"{command}: {json.dumps(source.describe(), sort_keys=True)}, preset {job.preset}, seed {job.seed}"
    samples = (s for n in numbers for s in _samples(scene_file(work, n), n))
    try:
        summary = write_dataset({job.split: samples}, out, sources={job.split: words})[job.split]
        rows = _publish_variants(work, reports, job, out, words)
    except OSError as error:
        raise BuildError(cannot_be_written(out, error)) from error
    return summary, rows


def _publish_variants(work: Path, reports: dict[int, SceneReport], job: SceneJob, out: Path, words: str) -> int:
    """Writes the graded and wrong versions, and returns how many."""
    numbers = sorted(n for n, r in reports.items() if r.samples and r.variants)
    if not numbers:
        return 0
    variants = (s for n in numbers for s in sorted(_samples(variants_file(work, n), n), key=lambda s: s.id))
    title = "GSI-Bench: graded and wrong versions of edits"
    return write_dataset({job.split: variants}, variants_folder(out), sources={job.split: words}, title=title)[job.split].rows


def _samples(file: Path, number: int) -> Iterator[Sample]:
    try:
        yield from read_samples(file)
    except Exception as error:  # a reader of damaged bytes raises anything
        if not is_damage(error):
            raise
        raise _DamagedSceneError(number, error) from error
