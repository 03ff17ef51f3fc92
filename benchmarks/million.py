"""What a dataset and runs of a million rows cost where no image is compared: seconds and peak memory of each command.

python benchmarks/million.py --rows 20000 --work build/million                  makes the inputs once, then measures all
python benchmarks/million.py --rows 1000000 --only info plan report compare     some alone

Each command runs in its own process. `cpu` counts it and its workers; the peak is that of the largest single process. `resume`
needs the records of a run (`million_inputs.make_records`), which take longest to make; the others use drawn scores.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import shutil
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import million_inputs as inputs

MOST_GIB, MOST_MINUTES = 2.0, 5.0


def info(work: Path) -> None:
    """`gsi-bench info DATA`."""
    _command("info", str(work / "data"))


def verify(work: Path) -> None:
    """Every row read and held against the card, as before each run."""
    from gsi_bench_dataset.storage.shards import verify_dataset  # noqa: PLC0415

    verify_dataset(work / "data")


def plan(work: Path) -> None:
    """What `gsi-bench evaluate` does between verifying and scoring: outlines, every image's header."""
    from gsi_bench_dataset.storage.predictions import read_predictions  # noqa: PLC0415
    from gsi_bench_metric.run.planning import make_plan, read_outlines  # noqa: PLC0415

    found = read_predictions(work / "predictions.parquet", inputs.EDITOR)
    make_plan(read_outlines(work / "data", inputs.SPLIT), found, protocol=inputs.PROTOCOL)


def resume(work: Path) -> None:
    """`gsi-bench evaluate` on a run of which every record is there."""
    options = ["--data", str(work / "data"), "--split", inputs.SPLIT, "--editor", inputs.EDITOR, "--out", str(work / "resumed")]
    _command(
        "evaluate", str(work / "predictions.parquet"), *options, "--detector", inputs.DETECTOR, "--device", "cpu", "--quiet"
    )


def aggregate(work: Path) -> None:
    """A run read, and its row."""
    from gsi_bench_metric.results.aggregate import aggregate as row_of  # noqa: PLC0415
    from gsi_bench_metric.run.folder import load_run  # noqa: PLC0415

    row_of(load_run(work / "run").scores, judged=False)


def report(work: Path) -> None:
    """`gsi-bench report RUN`; its page must stay one that a browser opens."""
    _command("report", str(work / "run"), "--out", str(work / "report"), "--quiet")
    for file in sorted((work / "report").iterdir()):
        sys.stderr.write(f"  {file.name} {file.stat().st_size / 1e6:.1f} MB\n")


def compare(work: Path) -> None:
    """`gsi-bench compare RUN RUN`."""
    _command("compare", str(work / "run"), str(work / "other"))


def leaderboard(work: Path) -> None:
    """`gsi-bench leaderboard RUN RUN`."""
    _command("leaderboard", str(work / "run"), str(work / "other"), "--out", str(work / "site"), "--quiet")


STEPS: dict[str, Callable[[Path], None]] = {
    step.__name__: step for step in (info, verify, plan, resume, aggregate, report, compare, leaderboard)
}


def _command(*words: str) -> None:
    from gsi_bench_dataset.cli.main import main as gsi_bench  # noqa: PLC0415

    status = gsi_bench(list(words))
    if status:
        sys.exit(status)


def _measured(name: str, work: Path, answer: Path) -> None:
    """Runs in a process of its own: the step with its output put aside, then what it took."""
    with (work / f"{name}.log").open("w") as log:
        os.dup2(log.fileno(), 1)
        start = time.monotonic()
        STEPS[name](work)
    own, workers = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = sum(used.ru_utime + used.ru_stime for used in (own, workers))
    answer.write_text(json.dumps({"seconds": time.monotonic() - start, "cpu": cpu, "children_kib": workers.ru_maxrss}))


def _peak_kib(process: int, found: list[int]) -> None:
    """Follows the peak of a process: what it held when it was started from this one does not count."""
    while Path(f"/proc/{process}/status").exists():
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
        found.extend(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
        time.sleep(0.2)


def measure(name: str, work: Path) -> dict[str, float]:
    """Seconds, CPU seconds and the peak in GiB of one step."""
    answer = work / f"{name}.json"
    answer.unlink(missing_ok=True)
    process = multiprocessing.get_context("spawn").Process(target=_measured, args=(name, work, answer))
    process.start()
    peaks: list[int] = [0]
    watch = threading.Thread(target=_peak_kib, args=(process.pid, peaks), daemon=True)
    watch.start()
    process.join()
    if process.exitcode:
        sys.exit(f"{name}: ended with {process.exitcode}; see {work / f'{name}.log'}")
    took = json.loads(answer.read_text())
    return {"seconds": took["seconds"], "cpu": took["cpu"], "gib": max(*peaks, took["children_kib"]) / 2**20}


def make_inputs(work: Path, rows: int, *, records: bool) -> None:
    """Writes what is not there yet."""
    work.mkdir(parents=True, exist_ok=True)
    if not (work / "data/README.md").is_file():
        shutil.rmtree(work / "data", ignore_errors=True)
        inputs.make_dataset(work / "data", rows)
    if not (work / "predictions.parquet").is_file():
        inputs.make_predictions(work / "data", work / "predictions.parquet")
    if not (work / "other").is_dir():
        inputs.make_run(work / "run", rows, inputs.EDITOR, work)
        inputs.make_run(work / "other", rows, inputs.OTHER, work)
    if records and not (work / "resumed").is_dir():
        inputs.make_records(work / "data", work / "resumed", rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--work", type=Path, default=Path("build/million"))
    parser.add_argument("--only", nargs="+", choices=STEPS, default=list(STEPS))
    args = parser.parse_args()
    work = args.work / str(args.rows)
    make_inputs(work, args.rows, records="resume" in args.only)
    print(f"{'':<12}{'rows':>10}{'seconds':>10}{'CPU s':>10}{'peak GiB':>10}", flush=True)
    for name in args.only:
        took = measure(name, work)
        over = took["gib"] > MOST_GIB or took["seconds"] > 60 * MOST_MINUTES
        line = f"{name:<12}{args.rows:>10}{took['seconds']:>10.1f}{took['cpu']:>10.1f}{took['gib']:>10.2f}"
        print(line + ("  over the limit" if over else ""), flush=True)


if __name__ == "__main__":
    main()
