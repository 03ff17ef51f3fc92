"""Ray workers against one, and against the local pool: python benchmarks/runners.py [--folder DIR] [--scenes 8] [--edits 200]

Builds a split and scores it with one Ray worker, with two, and with two of the local pool, in turns, several rounds. Prints
the seconds of each and ratios of medians within this run: weak scaling (twice the work by two workers, bar 1.7) and what Ray
costs on the edits (bar 5 %). The start of a cluster is measured by itself: a joined cluster has none. Needs two idle cores.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from gsi_bench_builders.production.runner import build
from gsi_bench_builders.production.scene_work import SceneJob
from gsi_bench_builders.recipes.registry import recipe
from gsi_bench_dataset.cli.main import build_parser
from gsi_bench_dataset.execution.ray_cluster import cluster
from gsi_bench_dataset.execution.runners import LOCAL, Runner
from gsi_bench_dataset.storage.shards import read_dataset
from gsi_bench_metric.run.pipeline import Request, evaluate

SPLIT = "mesatask"
RAY = Runner("ray")
# What is timed: name -> (runner, workers, share of the work).
CASES = {"ray 1, half": (RAY, 1, 1), "ray 2, all": (RAY, 2, 2), "local 2, all": (LOCAL, 2, 2)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--scenes", type=int, default=8, help="that two workers build (default: 8)")
    parser.add_argument("--edits", type=int, default=200, help="that two workers score (default: 200)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--preset", default="test")
    parser.add_argument("--what", nargs="+", choices=("build", "score"), default=("build", "score"))
    args = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    folder = args.folder or Path(tempfile.mkdtemp(prefix="runners-"))
    began = time.monotonic()
    cluster(2)
    print(f"start of a cluster: {time.monotonic() - began:.1f} s")
    if "build" in args.what:
        report("build", rounds(args.rounds, lambda case, name: one_build(folder / f"build-{name}", args, *CASES[case])))
    if "score" in args.what:
        data = edits(folder, args)
        report("score", rounds(args.rounds, lambda case, name: one_scoring(folder / f"score-{name}", data, *CASES[case])))


def rounds(count: int, work: Callable[[str, str], float]) -> dict[str, list[float]]:
    """Seconds by case, the cases in turns: what else the machine does meets all of them."""
    found: dict[str, list[float]] = defaultdict(list)
    for number in range(count):
        for case in CASES:
            found[case].append(work(case, f"{number}-{case.replace(' ', '').replace(',', '-')}"))
    return found


def report(what: str, found: dict[str, list[float]]) -> None:
    for case, seconds in found.items():
        print(f"{what}, {case}: {', '.join(f'{s:.1f}' for s in seconds)} s")
    half, ray, local = (statistics.median(found[case]) for case in CASES)
    print(f"{what}: 2 Ray workers do {2 * half / ray:.2f} times the work of one (bar: 1.7)")
    print(f"{what}: Ray takes {100 * (ray / local - 1):+.1f} % of the local pool's time (bar: 5 %)", flush=True)


def one_build(out: Path, args: argparse.Namespace, runner: Runner, workers: int, share: int) -> float:
    given = build_parser().parse_args(["build", SPLIT, "--out", str(out), "--num-scenes", str(args.scenes * share // 2)])
    source, count = recipe(SPLIT).source(given)
    job = SceneJob(SPLIT, args.preset, 0, edits=4)
    began = time.monotonic()
    build(source, job, out / "GSI-Bench", count, workers=workers, runner=runner, quiet=True)
    return time.monotonic() - began


def edits(folder: Path, args: argparse.Namespace) -> Path:
    """A split with at least as many edits as are scored, and images of the right edit beside it."""
    out = folder / "GSI-Bench"
    given = build_parser().parse_args(["build", SPLIT, "--out", str(out), "--num-scenes", str(max(2, args.edits // 4))])
    source, count = recipe(SPLIT).source(given)
    build(source, SceneJob(SPLIT, args.preset, 1, edits=8), out, count, workers=2, quiet=True)
    samples = list(read_dataset(out, SPLIT))
    if len(samples) < args.edits:
        raise SystemExit(f"{len(samples)} edits were built, {args.edits} are wanted")
    for name, number in (("half", args.edits // 2), ("all", args.edits)):
        (folder / name).mkdir(exist_ok=True)
        for sample in samples[:number]:
            (folder / name / f"{sample.id}.png").write_bytes((sample.edited_image or sample.image).bytes)
    return out


def one_scoring(out: Path, data: Path, runner: Runner, workers: int, share: int) -> float:
    pictures = data.with_name("all" if share == 2 else "half")
    request = Request((pictures,), str(data), SPLIT, device="cpu", workers=workers)
    began = time.monotonic()
    evaluate(dataclasses.replace(request, runner=runner), out, progress=False)
    return time.monotonic() - began


if __name__ == "__main__":
    main()
