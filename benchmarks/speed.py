"""Every figure of docs/performance.md, as Markdown tables: seconds per edit, workers, memory, run folder, geometry.

Inputs are made once from a seed (`inputs.py`). Each measurement runs in a fresh process with its thread count set; figures
are medians over rounds after a warm-up, ratios the medians of the rounds' ratios. Run it on an otherwise idle machine.

    python benchmarks/speed.py [--edits 12] [--sizes 640x480 1024x1024] [--rounds 3] [--only reference memory] [--quick]
    python benchmarks/speed.py --only batches --device cuda --edits 96
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import geometry
import torch
from inputs import make_inputs
from kernels import FOR_INFORMATION, limit

HERE = Path(__file__).parent


def reference(args: argparse.Namespace) -> list[str]:
    """The reference's way with all cores, and ours with a process a core, its start included."""
    lines = ["| size | the reference's way, s an edit | ours, s an edit | ratio |", "| --- | ---: | ---: | ---: |"]
    processes = len(os.sched_getaffinity(0))
    for size in args.sizes:
        options = ["--weights", args.work, "--rounds", args.rounds]
        theirs = median(_measure(args, "reference", _inputs(args, size, args.edits), options)["reference"]) / args.edits
        options = ["--rounds", args.rounds, "--workers", processes]
        own = median(_measure(args, "rate", _inputs(args, size, args.many_edits), options)["ours"]) / args.many_edits
        lines.append(f"| {size} | {theirs:.3f} | {own:.3f} | **{theirs / own:.1f}×** |")
    return lines


def kernels(args: argparse.Namespace) -> list[str]:
    """Ours and the sum of the library kernels, one process with one thread; then what the sum is made of."""
    rows, by_kernel = [], []
    count = 2 * args.edits  # so that setting up does not weigh
    for size in args.sizes:
        found = _measure(args, "limit", _inputs(args, size, count), ["--rounds", args.rounds], threads=1)
        sums = [limit(seconds) for seconds in found["kernels"]]
        own, sum_ = median(found["ours"]) / count, median(sums) / count
        rows.append(f"| {size} | {own:.3f} | {sum_:.3f} | **{_ratio(found['ours'], sums):.2f}** |")
        by_kernel.append({name: median(r[name] for r in found["kernels"]) / count for name in found["kernels"][0]})
    head = "| size | ours, s an edit | sum of kernels, s an edit | ours / kernels |"
    return [head, "| --- | ---: | ---: | ---: |", *rows, "", *_kernel_table(args.sizes, by_kernel)]


def _kernel_table(sizes: Sequence[str], by_kernel: Sequence[dict[str, float]]) -> list[str]:
    names = sorted(by_kernel[0], key=lambda name: name in FOR_INFORMATION)
    lines = [f"| kernel, ms an edit | {' | '.join(sizes)} |", "| --- |" + " ---: |" * len(sizes)]
    for name in names:
        label = f"{name} (not in the sum)" if name in FOR_INFORMATION else name
        lines.append(f"| {label} | {' | '.join(f'{1000 * seconds[name]:.1f}' for seconds in by_kernel)} |")
    return lines


def workers(args: argparse.Namespace) -> list[str]:
    """Two processes on two cores against one on one core, one thread each."""
    size = args.sizes[0]
    options = ["--rounds", args.rounds]
    found = {
        n: _measure(args, "rate", _inputs(args, size, args.worker_edits), [*options, "--workers", n, "--cores", n], threads=1)
        for n in (1, 2)
    }
    one, two = (median(found[n]["ours"]) for n in (1, 2))
    return [
        f"| {size}, one thread and one core a process | s an edit | ratio |",
        "| --- | ---: | ---: |",
        f"| one process | {one / args.worker_edits:.3f} | 1 |",
        f"| two processes | {two / args.worker_edits:.3f} | **{one / two:.2f}×** |",
    ]


def memory(args: argparse.Namespace) -> list[str]:
    """Peak memory of few edits and of many, at a small size, so that many are done in a minute."""
    few, many = args.memory_edits
    peaks = {n: _measure(args, "memory", _inputs(args, args.memory_size, n), [])["peak_mib"] for n in (few, many)}
    return [
        f"| {args.memory_size} | peak memory, MiB | ratio |",
        "| --- | ---: | ---: |",
        f"| {few} edits | {peaks[few]:.0f} | 1 |",
        f"| {many:,} edits | {peaks[many]:.0f} | **{peaks[many] / peaks[few]:.2f}** |",
    ]


def folder(args: argparse.Namespace) -> list[str]:
    """What the run folder costs."""
    lines = ["| size | run folder, s an edit | in memory, s an edit | overhead |", "| --- | ---: | ---: | ---: |"]
    for size in args.sizes:
        found = _measure(args, "folder", _inputs(args, size, args.edits), ["--rounds", args.rounds])
        extra = _ratio(found["folder"], found["memory"]) - 1
        lines.append(f"| {size} | {_per_edit(args, found['folder'])} | {_per_edit(args, found['memory'])} | **{extra:.1%}** |")
    return lines


def boxes(args: argparse.Namespace) -> list[str]:
    """Box geometry in batches against one at a time."""
    return geometry.table(args.pairs, args.pairs // 50)


def batches(args: argparse.Namespace) -> list[str]:
    """Our way with pictures one at a time and in batches, on `--device`."""
    lines = ["| size | pictures together | edits/s | peak GPU memory, MiB |", "| --- | ---: | ---: | ---: |"]
    for size in args.sizes:
        for count in (1, 4, 16):
            options = ["--rounds", args.rounds, "--device", args.device, "--batch-size", count]
            found = _measure(args, "rate", _inputs(args, size, args.edits), options)
            peak = "" if found["gpu_mib"] is None else f"{found['gpu_mib']:.0f}"
            lines.append(f"| {size} | {count} | {args.edits / median(found['ours']):.2f} | {peak} |")
    return lines


PARTS = {
    "reference": reference,
    "kernels": kernels,
    "workers": workers,
    "memory": memory,
    "folder": folder,
    "geometry": boxes,
    "batches": batches,
}


def _inputs(args: argparse.Namespace, size: str, edits: int) -> Path:
    folder = Path(args.work) / f"{size}-{edits}"
    if not folder.is_dir():
        width, height = map(int, size.split("x"))
        make_inputs(folder, width, height, edits)
    return folder


def _measure(args: argparse.Namespace, what: str, inputs: Path, options: Sequence[object], threads: int = 0) -> Any:
    """The result of one fresh process."""
    count = str(threads or args.threads)
    settings = {"OMP_NUM_THREADS": count, "MKL_NUM_THREADS": count, "OPENCV_FOR_THREADS_NUM": count}
    command = [sys.executable, HERE / "measure.py", what, "--inputs", inputs, *options]
    shown = subprocess.run(list(map(str, command)), env=os.environ | settings, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(shown.stdout.splitlines()[-1])


def _per_edit(args: argparse.Namespace, seconds: Sequence[float]) -> str:
    return f"{median(seconds) / args.edits:.3f}"


def _ratio(numerators: Sequence[float], denominators: Sequence[float]) -> float:
    return median(n / d for n, d in zip(numerators, denominators, strict=True))


def machine(args: argparse.Namespace) -> str:
    """One line that says what the figures were taken on."""
    info = Path("/proc/cpuinfo")
    models = [line.split(":")[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
    device = f", {torch.cuda.get_device_name()}" if args.device.startswith("cuda") else ""
    return (
        f"{models[0] if models else platform.machine()}, {len(os.sched_getaffinity(0))} cores{device}; {args.threads} threads; "
        f"Python {platform.python_version()}, torch {torch.__version__}; {args.edits} edits a size, {args.rounds} rounds; load "
        f"average {os.getloadavg()[0]:.1f} at the start"
    )


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line, `--quick` resolved."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--edits", type=int, default=12, help="edits a size, a multiple of 6 keeps the mix (default 12)")
    parser.add_argument("--many-edits", type=int, default=96, help="edits that our processes share (default 96)")
    parser.add_argument("--worker-edits", type=int, default=240, help="the same for `workers` (default 240)")
    parser.add_argument("--sizes", nargs="+", default=["640x480", "1024x1024"], metavar="WxH")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="default: one a core")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=tuple(PARTS))
    parser.add_argument("--device", default="cpu", help="of `batches`; everything else is measured on the CPU")
    parser.add_argument("--memory-size", default="320x240", metavar="WxH")
    parser.add_argument("--memory-edits", nargs=2, type=int, default=(20, 1000), metavar=("FEW", "MANY"))
    parser.add_argument("--pairs", type=int, default=100_000)
    parser.add_argument("--quick", action="store_true", help="small inputs: shows that it runs, the figures mean nothing")
    args = parser.parse_args(given)
    if args.quick:
        small = {"edits": 6, "many_edits": 12, "worker_edits": 12, "sizes": ["160x128"], "rounds": 1}
        small |= {"memory_size": "96x96", "memory_edits": (6, 18), "pairs": 5000}
        vars(args).update(small)
    return args


def run(args: argparse.Namespace) -> None:
    """Prints a table for each part."""
    print(machine(args))
    with tempfile.TemporaryDirectory(prefix="gsi-bench-speed-") as work:
        args.work = work
        for name in args.only:
            print(f"\n### {name}\n")
            print("\n".join(PARTS[name](args)), flush=True)


if __name__ == "__main__":
    run(arguments())
