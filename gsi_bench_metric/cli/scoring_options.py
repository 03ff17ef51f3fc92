"""How edits are scored, on the command line: what `evaluate` and the commands for harnesses share."""

from __future__ import annotations

import argparse
from pathlib import Path

from gsi_bench_dataset.cli.main import MOST_WORKERS, whole
from gsi_bench_metric.cli.judge_commands import add_judge_options
from gsi_bench_metric.detectors.registry import DETECTORS
from gsi_bench_metric.judges.registry import JUDGES
from gsi_bench_metric.protocols.registry import DEFAULT, PROTOCOLS

__all__ = ["add_scoring_options"]


def add_scoring_options(parser: argparse.ArgumentParser) -> None:
    """Adds protocol, detector, judge and device."""
    parser.add_argument(
        "--protocol", default=DEFAULT, help=f"{', '.join(PROTOCOLS)} (default: {DEFAULT}; official is the paper's)"
    )
    parser.add_argument("--detector", default="tracker", help=f"{', '.join(DETECTORS)} (default: tracker)")
    parser.add_argument("--detections", type=Path, help="infer_cache.json, a .jsonl store, or a folder <editor>/<split>_eval/")
    parser.add_argument("--judge", help=f"{', '.join(JUDGES)} (embedded: a proxy); without one AC is not judged")
    parser.add_argument("--judgements", type=Path, help="the judge's predictions .json, or a folder of *_<split>_<editor>.json")
    parser.add_argument("--device", help="cpu, cuda or mps (default: the best one there is)")
    parser.add_argument("--dtype", help="detany3d: float32 (default, the paper's), or bfloat16 on a GPU")
    parser.add_argument(
        "--batch-size", type=whole(1, 4096), metavar="N", help="images compared together (default: 1 on a CPU, else 16)"
    )
    parser.add_argument(
        "--dataset-type",
        choices=("GSI-Real", "GSI-Syn"),
        help="official locality gate (default: GSI-Real for fine, else GSI-Syn)",
    )
    parser.add_argument(
        "--workers",
        type=whole(1, MOST_WORKERS),
        metavar="N",
        help="processes that score (default: one a core on a CPU if there is work enough)",
    )
    add_judge_options(parser)
