"""One measurement in this process, its result as JSON on the last line. `speed.py` starts one fresh process for each.

Threads are set from outside (OMP_NUM_THREADS, OPENCV_FOR_THREADS_NUM), so that every library reads them at its start. Times
leave out interpreter start and imports; every measurement warms up first.

    python benchmarks/measure.py limit --inputs build/benchmarks/640x480 --rounds 3
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from inputs import SPLIT, Inputs, open_inputs
from kernels import Kernels
from reference_way import score_three_passes, write_weights

from gsi_bench_dataset.records import Score
from gsi_bench_dataset.storage.predictions import read_predictions
from gsi_bench_dataset.storage.record_store import RecordStore
from gsi_bench_dataset.storage.shards import read_dataset
from gsi_bench_metric.detectors import make_detector
from gsi_bench_metric.run.pipeline import Request, evaluate
from gsi_bench_metric.run.scoring import Candidate, make_scorer, score_candidates

Result = dict[str, Any]

# What the parity proof promises (docs/reproduce.md).
LIMITS = {"sa": 1e-7, "ssim": 1e-4, "lpips": 1e-4}
VIEW_LIMIT = 1e-4  # IC and SA of view edits are made of SSIM and LPIPS


def ours(inputs: Inputs, folder: Path, workers: int = 1, device: str = "cpu", batch_size: int | None = None) -> Sequence[Score]:
    """Scores by the path that `gsi-bench evaluate` takes."""
    request = Request(
        predictions=(inputs.predictions,),
        data=str(inputs.data),
        split=SPLIT,
        protocol="official",
        detector="recorded",
        detections=inputs.detections,
        device=device,
        batch_size=batch_size,
        workers=workers,
    )
    return evaluate(request, folder, progress=False).scores


def measure_reference(inputs: Inputs, args: argparse.Namespace) -> Result:
    """Seconds of the reference's way; its scores are compared with ours."""
    weights = write_weights(args.weights)
    samples = list(read_dataset(inputs.data, SPLIT))

    def reference(count: int | None = None) -> Mapping[str, Mapping[str, float]]:
        return score_three_passes(samples[:count], inputs.predictions, inputs.detections, weights)

    wanted = reference(1)
    seconds = []
    for _ in range(args.rounds):
        took, wanted = _timed(reference)
        seconds.append(took)
    check_equal(wanted, _ours_once(inputs, args))
    return {"reference": seconds}


def measure_limit(inputs: Inputs, args: argparse.Namespace) -> Result:
    """Seconds of ours and of the bare kernels, in turns, so that a busy moment meets both."""
    samples = list(read_dataset(inputs.data, SPLIT))
    kernels = Kernels()
    _ours_once(inputs, args), kernels.seconds(samples, inputs.predictions)
    result: Result = {"ours": [], "kernels": []}
    for _ in range(args.rounds):
        result["ours"].append(_timed(lambda: _ours_once(inputs, args))[0])
        result["kernels"].append(kernels.seconds(samples, inputs.predictions, scikit_image=True))
    return result


def measure_rate(inputs: Inputs, args: argparse.Namespace) -> Result:
    """Seconds of our way alone, and the peak of GPU memory where it runs on one."""
    if args.workers == 1:
        _ours_once(inputs, args)  # more workers are fresh processes each time, and their start counts
    on_gpu = args.device.startswith("cuda")
    if on_gpu:
        torch.cuda.reset_peak_memory_stats()
    seconds = [_timed(lambda: _ours_once(inputs, args))[0] for _ in range(args.rounds)]
    return {"ours": seconds, "gpu_mib": torch.cuda.max_memory_allocated() / 2**20 if on_gpu else None}


def measure_memory(inputs: Inputs, args: argparse.Namespace) -> Result:
    """Peak memory of this process after one run, MiB."""
    _ours_once(inputs, args)
    # Not getrusage: its peak starts at what the parent process held when it forked this one.
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return {"peak_mib": int(status["VmHWM"].split()[0]) / 1024}


def measure_folder(inputs: Inputs, args: argparse.Namespace) -> Result:
    """Seconds of the same edits with the records of a run folder and without any, in turns."""
    samples = list(read_dataset(inputs.data, SPLIT))
    pictures = read_predictions(inputs.predictions).predictions
    detector = make_detector("recorded", inputs.detections)
    candidates = [Candidate(sample, pictures[sample.id], detector) for sample in samples]
    scorer = make_scorer("official", "cpu")
    list(score_candidates(candidates, scorer))
    result: Result = {"folder": [], "memory": []}
    for _ in range(args.rounds):
        with tempfile.TemporaryDirectory() as folder, RecordStore(Path(folder)) as records:
            result["folder"].append(_timed(lambda: (list(score_candidates(candidates, scorer, records)), records.sync()))[0])
        result["memory"].append(_timed(lambda: list(score_candidates(candidates, scorer)))[0])
    return result


def check_equal(wanted: Mapping[str, Mapping[str, float]], scores: Sequence[Score]) -> None:
    """The baseline and ours must compute the same numbers, else the comparison means nothing.

    Raises:
        AssertionError: they do not.
    """
    assert set(wanted) == {score.sample_id for score in scores}
    for score in scores:
        reference, what = wanted[score.sample_id], f"{score.sample_id} ({score.operation})"
        limits = LIMITS | ({"ic": VIEW_LIMIT, "sa": VIEW_LIMIT} if score.operation == "view" else {"ic": 0.0})
        for name, limit in limits.items():
            found = getattr(score, name)
            assert abs(found - reference[name]) <= limit, f"{what}: {name} {found}, the reference's way {reference[name]}"


def _ours_once(inputs: Inputs, args: argparse.Namespace) -> Sequence[Score]:
    with tempfile.TemporaryDirectory() as folder:
        return ours(inputs, Path(folder) / "run", args.workers, args.device, args.batch_size)


def _timed(function: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    result = function()
    return time.perf_counter() - start, result


MEASUREMENTS = {
    "reference": measure_reference,
    "limit": measure_limit,
    "rate": measure_rate,
    "memory": measure_memory,
    "folder": measure_folder,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=MEASUREMENTS)
    parser.add_argument("--inputs", type=Path, required=True, help="a folder that inputs.make_inputs wrote")
    parser.add_argument("--weights", type=Path, help="a folder for the weight files of the reference's way")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--cores", type=int, help="stay on so many processor cores")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--batch-size", type=int)
    args = parser.parse_args()
    if args.cores:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: args.cores])
    print(json.dumps(MEASUREMENTS[args.what](open_inputs(args.inputs), args)))


if __name__ == "__main__":
    main()
