"""Seconds an edit of `compute()` beside `gsi-bench evaluate`, with torch's own number of threads and with one.

All in one process and in turns, so that a busy moment meets every way; the ratios are what counts. `compute()` computes with
one thread by itself; "as it was" is the same call with that taken away.

    python benchmarks/compute.py
    python benchmarks/compute.py --side 512 --edits 12 --rounds 3
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import cv2
import torch
from evaluate.utils.logging import disable_progress_bar
from inputs import SPLIT, Inputs, make_inputs
from measure import ours

from gsi_bench_dataset.execution.cores import available_cores
from gsi_bench_dataset.storage.predictions import read_predictions
from gsi_bench_dataset.storage.shards import read_dataset
from gsi_bench_metric.hf import evaluate_module
from gsi_bench_metric.hf.evaluate_module import GsiBench

COMMAND = "gsi-bench evaluate, 1 worker"
COMPUTE = "compute()"
THREADS = "compute() as it was, {} threads"


def ways(inputs: Inputs, cache: Path, threads: int) -> dict[str, Callable[[], Any]]:
    """What is measured, by name."""
    samples = list(read_dataset(inputs.data, SPLIT))
    found = read_predictions(inputs.predictions).predictions
    predictions = [{"id": sample.id, "image": found[sample.id].path} for sample in samples]

    def command() -> Any:
        with tempfile.TemporaryDirectory() as folder:
            return ours(inputs, Path(folder) / "run")

    def compute() -> Any:
        return GsiBench(cache_dir=str(cache)).compute(
            predictions=predictions,
            references=samples,
            protocol="official",
            detector="recorded",
            detections=inputs.detections,
            device="cpu",
        )

    def as_it_was() -> Any:
        with mock.patch.object(evaluate_module, "one_thread", lambda: _several(threads)):
            return compute()

    return {COMMAND: command, COMPUTE: compute, THREADS.format(threads): as_it_was}


@contextlib.contextmanager
def _several(threads: int) -> Iterator[None]:
    former = torch.get_num_threads(), cv2.getNumThreads()
    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(former[0])
        cv2.setNumThreads(former[1])


def measure(inputs: Inputs, rounds: int, threads: int) -> dict[str, list[float]]:
    """Seconds an edit, of each round by way. Every way runs once before."""
    edits = sum(1 for _ in read_dataset(inputs.data, SPLIT))
    with tempfile.TemporaryDirectory() as cache:
        all_ways = ways(inputs, Path(cache), threads)
        for way in all_ways.values():
            way()
        seconds: dict[str, list[float]] = {name: [] for name in all_ways}
        for _ in range(rounds):
            for name, way in all_ways.items():
                start = time.perf_counter()
                way()
                seconds[name].append((time.perf_counter() - start) / edits)
    return seconds


def table(seconds: dict[str, list[float]]) -> str:
    """Medians, and how many times as long as the command line each way takes in the same round."""
    lines = ["| way | seconds an edit | times the command's |", "| --- | ---: | ---: |"]
    for name, found in seconds.items():
        ratio = statistics.median(a / b for a, b in zip(found, seconds[COMMAND], strict=True))
        lines.append(f"| {name} | {statistics.median(found):.3f} | {ratio:.2f} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=256, help="pixels of the longer side; the other is three quarters")
    parser.add_argument("--edits", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=max(2, available_cores()), help="of the call as it was")
    args = parser.parse_args()
    disable_progress_bar()
    with tempfile.TemporaryDirectory() as folder:
        inputs = make_inputs(Path(folder) / "inputs", args.side, args.side * 3 // 4, edits=args.edits)
        print(table(measure(inputs, args.rounds, args.threads)))


if __name__ == "__main__":
    main()
