"""What building costs: every figure of docs/builders.md, each a ratio measured in one run on an idle machine.

python benchmarks/building.py                     all of it
python benchmarks/building.py --only proposals    one of: reference, overhead, memory, workers, proposals
"""

import argparse
import dataclasses
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from gsi_bench_builders.edits.base import EditOptions
from gsi_bench_builders.edits.propose import propose_edits
from gsi_bench_builders.engine import PRESETS, Coverage
from gsi_bench_builders.engines.blender.engine import BlenderEngine
from gsi_bench_builders.production.runner import build
from gsi_bench_builders.production.scene_work import SceneJob, make_scene
from gsi_bench_builders.recipes.mesatask import EmbeddedTabletops
from gsi_bench_builders.scene import Scene


def reference_way(scenes: int, edits: int) -> None:
    """Samples a core-minute: our workers against a Blender that starts, loads and draws once for every picture."""
    with tempfile.TemporaryDirectory() as folder:
        start = children_cpu()
        summary = build(EmbeddedTabletops(), job("test", edits), Path(folder) / "d", scenes, workers=1, quiet=True)
        ours = (children_cpu() - start) / summary.samples
        start = children_cpu()
        pictures = 0
        for number in range(scenes):
            for state in range(1 + summary.reports[number].samples):
                subprocess.run(
                    [sys.executable, __file__, "--picture", str(number), str(state)], check=True, stdout=subprocess.DEVNULL
                )
                pictures += 1
        theirs = (children_cpu() - start) / summary.samples
    print(f"test preset, {summary.samples} samples: {60 / ours:.1f} samples a core-minute with everything checked and labelled")
    print(f"  one Blender a picture ({pictures} pictures, no checks, no labels): {60 / theirs:.1f}; ratio {theirs / ours:.1f}")


def one_picture(number: int, state: int) -> None:
    """What the reference does for each picture: a new process that loads the assets and draws."""
    quality = PRESETS["test"]
    scene = scene_of(number, quality.size)
    engine = BlenderEngine()
    engine.load(scene)
    shifted = scene.with_things([scene.things[0].moved((0.001 * state, 0, 0))])
    engine.render(shifted, quality, seed=0)


def overhead(preset: str, scenes: int, edits: int, samples: int | None = None) -> None:
    """CPU time of the whole pipeline against that of Cycles for the pictures that are kept.

    `samples`: paths a pixel instead of the preset's. Fewer make Cycles cheaper, so the ratio can only be worse.
    """
    engine = TimedEngine()
    spent = kept = 0.0
    made = 0
    usual = PRESETS[preset]
    PRESETS[preset] = dataclasses.replace(usual, samples=samples or usual.samples)
    for number in range(scenes):
        engine.renders.clear()
        start = time.process_time()
        result = make_scene(engine, EmbeddedTabletops(), job(preset, edits), number)
        encode = time.process_time() - start
        if result.report.failure:
            sys.exit(f"scene {number}: {result.report.failure}")
        spent += encode
        made += len(result.samples)
        kept += sum(engine.renders) * (1 + len(result.samples)) / result.report.frames
    print(
        f"{preset} preset ({PRESETS[preset].samples} paths a pixel), {made} samples of {scenes} scenes: "
        f"{spent / kept:.2f} × bare Cycles ({kept / (made + scenes):.1f} CPU s a picture)"
    )
    PRESETS[preset] = usual


class TimedEngine(BlenderEngine):
    """Notes how long Cycles itself took for each picture."""

    def __init__(self) -> None:
        super().__init__()
        self.renders: list[float] = []
        drawn = self._renderer.draw

        def timed() -> None:
            start = time.process_time()
            drawn()
            self.renders.append(time.process_time() - start)

        self._renderer.draw = timed  # type: ignore[method-assign]


def memory(size: int) -> None:
    """Peak memory of one worker."""
    command = [sys.executable, __file__, "--memory-worker", str(size)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    print(f"{size}×{size}: {json.loads(done.stdout.splitlines()[-1]) / 2**30:.2f} GB a worker")


def memory_worker(size: int) -> None:
    """Draws a scene and an edit of it at that size (few samples: they cost time, not memory) and prints its peak."""
    name = "benchmark"
    PRESETS[name] = dataclasses.replace(PRESETS["full"], size=size, samples=2)
    engine = BlenderEngine()
    for number in range(2):
        make_scene(engine, EmbeddedTabletops(), job(name, 1), number)
    print(json.dumps(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024))


def workers(scenes: int, edits: int) -> None:
    """Wall time of one worker against two."""
    seconds = {}
    for count in (1, 2):
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            build(EmbeddedTabletops(), job("demo", edits), Path(folder) / "d", scenes, workers=count, quiet=True)
            seconds[count] = time.perf_counter() - start
    one, two = seconds[1], seconds[2]
    print(f"demo preset, {scenes} scenes × {edits} edits: 1 worker {one:.0f} s, 2 workers {two:.0f} s; ratio {one / two:.2f}")


def proposals(wanted: int) -> None:
    """Proposing and checking edits, looks through the camera counted apart."""
    probe = CountingProbe()
    spent = 0.0
    found = 0
    number = 0
    options = EditOptions(min_target_px=PRESETS["demo"].min_target_px)
    while found < wanted:
        scene = scene_of(number, PRESETS["demo"].size)
        probe.load(scene)
        rng = np.random.default_rng([1, number])
        start = time.process_time()
        edits, _ = propose_edits(scene, probe, rng, options, count=25)
        spent += time.process_time() - start
        found += len(edits)
        number += 1
    print(
        f"{found} edits of {number} scenes proposed and checked: {(spent - probe.looking_s) / found * 1000:.1f} s per 1,000 "
        f"(and {probe.looking_s / found * 1000:.1f} s for {probe.looks / found:.1f} looks through the camera an edit)"
    )


class CountingProbe(BlenderEngine):
    """Notes what looking through the camera costs."""

    looking_s = 0.0
    looks = 0

    def coverage(self, scene: Scene, thing_id: str) -> Coverage:
        start = time.process_time()
        found = super().coverage(scene, thing_id)
        self.looking_s += time.process_time() - start
        self.looks += 1
        return found


def job(preset: str, edits: int) -> SceneJob:
    return SceneJob("mesatask", preset, seed=0, edits=edits)


def scene_of(number: int, size: int) -> Scene:
    compose = np.random.default_rng(np.random.SeedSequence([0, number]).spawn(4)[0])
    return EmbeddedTabletops().scene(number, compose, size)[0]


def children_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=("reference", "overhead", "memory", "workers", "proposals"))
    parser.add_argument("--picture", nargs=2, type=int, help=argparse.SUPPRESS)
    parser.add_argument("--memory-worker", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.picture:
        one_picture(*args.picture)
    elif args.memory_worker:
        memory_worker(args.memory_worker)
    else:
        print(f"{os.cpu_count()} cores")
        steps = {
            "reference": lambda: reference_way(4, 10),
            "overhead": lambda: (overhead("demo", 2, 7), overhead("full", 1, 2, samples=8)),
            "memory": lambda: memory(1024),
            "workers": lambda: workers(4, 3),
            "proposals": lambda: proposals(1000),
        }
        for name, step in steps.items():
            if args.only in (None, name):
                step()
    return 0


if __name__ == "__main__":
    sys.exit(main())
