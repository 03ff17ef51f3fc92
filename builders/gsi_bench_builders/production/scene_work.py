"""What a worker does for one scene: look for edits, draw the source once, draw and check each edit, keep what agrees."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import resource
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import numpy as np

from gsi_bench_builders.edits.base import Edit, EditOptions
from gsi_bench_builders.edits.propose import propose_edits
from gsi_bench_builders.edits.registry import TABLE_OPERATIONS
from gsi_bench_builders.engine import PRESETS, Engine, EngineError, Frame, Preset
from gsi_bench_builders.production.labels import Making, SourceRow, make_sample, source_row, variant_sample
from gsi_bench_builders.production.selfcheck import disagreements, goal_disagreements
from gsi_bench_builders.production.tellable import can_tell
from gsi_bench_builders.production.variants import variants_of
from gsi_bench_builders.scene import Scene
from gsi_bench_dataset.records import Sample
from gsi_bench_dataset.safety.names import plain_name

__all__ = ["SceneError", "SceneJob", "SceneReport", "SceneResult", "SceneSource", "entropy_of", "make_scene"]


# Most graded and wrong versions of an edit
_VERSIONS = 24


class SceneError(ValueError):
    """A scene that cannot be made; the rest of the run goes on."""


class SceneSource(Protocol):
    """Where scenes come from. Must pickle; equal arguments give equal scenes."""

    def describe(self) -> dict[str, Any]:
        """What the scenes depend on, as JSON: a resumed run must have the same."""

    def scene(self, number: int, rng: np.random.Generator, size: int) -> tuple[Scene, Mapping[str, int]]:
        """The scene of that number, its camera's image `size` pixels wide and high; why how many objects of the source
        are not in it, or others in their place.

        Raises:
            ValueError: it cannot be made; says why.
        """


@dataclasses.dataclass(frozen=True)
class SceneJob:
    """What is made of every scene.

    Attributes:
        split: of the benchmark.
        preset: a name in `PRESETS`.
        seed: of the whole run; a scene's draws depend on it and on the scene's number alone.
        edits: how many a scene.
        kinds: operations to propose in turn, of `OPERATIONS`.
        variants: for how many of a scene's edits the graded and wrong versions are drawn too.
        training: whether it is a training set: what is drawn comes from seeds that no test split has, see `entropy_of`.
        versions: names of `gsi_bench_dataset.variants.VARIANTS`, if not all of them are drawn.
        goals_only: whether no after-image is drawn: photographs have none, and samples carry the goal alone.
    """

    split: str
    preset: str = "demo"
    seed: int = 0
    edits: int = 10
    kinds: tuple[str, ...] = TABLE_OPERATIONS
    variants: int = 0
    goals_only: bool = False
    options: EditOptions = dataclasses.field(default_factory=EditOptions)
    versions: tuple[str, ...] = ()
    training: bool = False

    @property
    def quality(self) -> Preset:
        """The preset itself."""
        return PRESETS[self.preset]

    @property
    def min_target_px(self) -> float:
        """Smallest shorter side of a target's image."""
        return self.quality.min_target_px * self.options.target_scale

    @property
    def time_limit_s(self) -> float:
        """Seconds that a scene takes at most, unless something hangs: some ten times what it takes on one slow core."""
        pictures = 1 + (0 if self.goals_only else self.edits) + _VERSIONS * self.variants
        return 600 + pictures * (20 + 15 * self.quality.size**2 * self.quality.samples / 2**20)


def entropy_of(job: SceneJob, number: int) -> int | list[int]:
    """What the draws of a scene are seeded with.

    Of a training set it is a digest of four 32-bit words, the last of them never 0. Seeds of test splits fill three words at
    most, which numpy continues with zeros: no seed and number of the one gives a draw of the other.
    """
    if not job.training:
        return [job.seed, number]
    digest = hashlib.sha256(f"gsi-bench train {job.seed} {number}".encode()).digest()
    return int.from_bytes(digest[:16], "little") | 1 << 127


@dataclasses.dataclass
class SceneReport:
    """What became of a scene.

    Attributes:
        failure: why there is nothing of it; None where it was made.
        left_out: reasons why objects of the source are not in the scene, or others in their place -> how many.
        rejected: reasons why proposed edits were dropped before they were drawn -> how many.
        disagreed: checks that drawn edits failed -> how many.
        frames: images drawn.
        propose_s, render_s, total_s: CPU seconds of this process.
        peak_bytes: most memory that this process has held so far.
    """

    number: int
    failure: str | None = None
    samples: int = 0
    variants: int = 0
    left_out: dict[str, int] = dataclasses.field(default_factory=dict)
    rejected: dict[str, int] = dataclasses.field(default_factory=dict)
    disagreed: dict[str, int] = dataclasses.field(default_factory=dict)
    frames: int = 0
    propose_s: float = 0.0
    render_s: float = 0.0
    total_s: float = 0.0
    peak_bytes: int = 0


@dataclasses.dataclass
class SceneResult:
    """The samples of a scene and the account of how they came to be."""

    report: SceneReport
    samples: list[Sample] = dataclasses.field(default_factory=list)
    variants: list[Sample] = dataclasses.field(default_factory=list)


def make_scene(engine: Engine, source: SceneSource, job: SceneJob, number: int) -> SceneResult:
    """Makes one scene; never raises for what concerns this scene alone, but says so in the report."""
    result = SceneResult(SceneReport(number))
    start = time.process_time()
    try:
        _Work(engine, source, job, number, result).run()
    except (EngineError, ValueError) as error:
        result.report.failure = f"{type(error).__name__}: {error}"
    except Exception as error:  # noqa: BLE001 - one scene's accident must not cost the others; it is reported whole
        result.report.failure = "".join(traceback.format_exception(error))
    if result.report.failure:
        result.samples, result.variants = [], []
    report = result.report
    report.samples, report.variants = len(result.samples), len(result.variants)
    report.total_s = time.process_time() - start
    report.peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return result


class _Work:
    """One scene in the making."""

    def __init__(self, engine: Engine, source: SceneSource, job: SceneJob, number: int, result: SceneResult):
        self.engine, self.job, self.result = engine, job, result
        # Streams of their own: a change to one step leaves the draws of the others as they are.
        compose, self.edit_rng, self.variant_rng, noise = (
            np.random.default_rng(s) for s in np.random.SeedSequence(entropy_of(job, number)).spawn(4)
        )
        self.noise_seed = int(noise.integers(2**31 - 1))
        self.scene, left_out = source.scene(number, compose, job.quality.size)
        plain_name(self.scene.id, "scene id")  # it becomes part of the names of files
        result.report.left_out = dict(left_out)
        self.disagreed: Counter[str] = Counter()

    def run(self) -> None:
        self.engine.load(self.scene)
        asked = self._draw(self.scene) if self.job.options.min_can_tell else None
        edits = self._propose(asked)
        if not edits:
            raise SceneError(f"no valid edit in scene {self.scene.id}; rejected: {_words(self.result.report.rejected)}")
        before = asked or self._draw(self.scene)
        making = Making(self.job.split, self.engine.name, self.engine.version, self.job.seed, self.job.training)
        row = source_row(self.scene, before, making)
        with_variants = 0
        for number, edit in enumerate(edits):
            sample = self._make(row, before, edit, f"{number:0{len(str(max(99, self.job.edits - 1)))}d}")
            if sample is None:
                continue
            self.result.samples.append(sample)
            if with_variants < self.job.variants:
                with_variants += 1
                self.result.variants += list(self._variants(row, edit, sample))
        self.result.report.disagreed = dict(self.disagreed)

    def _propose(self, before: Frame | None) -> list[Edit]:
        """`before`: the image that turns must be told from; None: not asked."""
        start = time.process_time()
        options = dataclasses.replace(self.job.options, min_target_px=self.job.min_target_px)
        told = None if before is None else functools.partial(can_tell, before, self.scene)
        edits, rejected = propose_edits(
            self.scene, self.engine, self.edit_rng, options, count=self.job.edits, kinds=self.job.kinds, can_tell=told
        )
        for (_, reason), count in rejected.items():
            self.result.report.rejected[reason] = self.result.report.rejected.get(reason, 0) + count
        self.result.report.propose_s = time.process_time() - start
        return edits

    def _draw(self, scene: Scene, seed_step: int = 0) -> Frame:
        start = time.process_time()
        # The same noise before and after: it cancels in their difference.
        frame = self.engine.render(scene, self.job.quality, self.noise_seed + seed_step)
        self.result.report.render_s += time.process_time() - start
        self.result.report.frames += 1
        return frame

    def _make(self, row: SourceRow, before: Frame, edit: Edit, query_id: str) -> Sample | None:
        if self.job.goals_only:
            sample = make_sample(row, edit, query_id, None)
            problems = goal_disagreements(edit, sample)
            self.disagreed.update({d.name for d in problems})
            return None if problems else sample
        after = self._draw(edit.after)
        least, meshes = self.job.min_target_px, self.engine.has_meshes
        found = disagreements(edit, before, after, self.engine.mesh_points, least, meshes=meshes)
        self.disagreed.update({d.name for d in found})
        return None if found else make_sample(row, edit, query_id, after)

    def _variants(self, row: SourceRow, edit: Edit, sample: Sample) -> Iterator[Sample]:
        for variant in variants_of(edit, self.engine, self.variant_rng, self.job.versions):
            frame = self._draw(variant.scene, variant.noise)
            yield variant_sample(sample, row, edit, variant, frame)


def _words(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {n}" for name, n in sorted(counts.items(), key=lambda item: -item[1])) or "nothing"
