"""`--runner` and `--gpus-per-worker`, the same for every command whose work is spread over workers."""

from __future__ import annotations

import argparse

from gsi_bench_dataset.cli.main import number
from gsi_bench_dataset.execution.runners import MOST_GPUS, RUNNERS, Runner

__all__ = ["add_runner", "runner_of"]


def add_runner(parser: argparse.ArgumentParser, *, gpus: bool = True) -> None:
    """Adds the options. `gpus`: workers of this command may hold a model on a GPU."""
    parser.add_argument(
        "--runner",
        choices=RUNNERS,
        default="local",
        help="where workers run. local (default): processes of this machine. ray: the Ray cluster of RAY_ADDRESS=HOST:PORT, or "
        "one started here that ends with the command; pip install 'gsi-bench[ray]'. Same results; --out and the data must "
        "be on a path that all nodes see (docs/scale.md)",
    )
    if gpus:
        parser.add_argument(
            "--gpus-per-worker",
            type=number(0, MOST_GPUS),
            metavar="N",
            help="with --runner ray: GPUs that each worker has for itself; 0.5: two share one (default: 1 where --device "
            "is cuda, else 0)",
        )


def runner_of(args: argparse.Namespace) -> Runner:
    """The runner that a command line asks for.

    Raises:
        RunnerError: it is not installed, or its options do not go together.
    """
    runner = Runner(args.runner, getattr(args, "gpus_per_worker", None))
    runner.check()
    return runner
