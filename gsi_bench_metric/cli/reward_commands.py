"""`gsi-bench serve-reward`: a thin shell."""

from __future__ import annotations

import argparse
from typing import Any

from gsi_bench_dataset.cli.main import new_command, number, say, whole
from gsi_bench_dataset.records import SPLITS

__all__ = ["add_serve_reward"]


def add_serve_reward(subparsers: Any) -> None:
    """Adds `serve-reward`."""
    parser = new_command(
        subparsers,
        "serve-reward",
        "serve the measured reward to trainers: POST /score (UniRL), POST /compute (Flow-Factory and others), GET /health",
        "gsi-bench serve-reward GSI-Bench/GSI-Bench --split fine --port 8100\n"
        "gsi-bench serve-reward tables --pickle          # POST /pickle too, for verl-omni and flow_grpo; this machine alone\n"
        "Bodies are JSON. Pickled ones are read as plain values only, and only on request. There is no password: behind\n"
        "--host 0.0.0.0 whoever reaches the port may ask (docs/reward.md).",
    )
    parser.add_argument("data", help="dataset folder, or a Hub repository; an existing folder wins")
    parser.add_argument("--revision", help="branch, tag or commit of a Hub repository")
    parser.add_argument("--split", choices=SPLITS, help="only this split (default: all)")
    parser.add_argument("--host", default="127.0.0.1", help="default: 127.0.0.1, this machine alone")
    parser.add_argument("--port", type=whole(1, 65535), default=8100, help="default: 8100")
    parser.add_argument("--device", help="cpu, cuda or mps (default: cpu)")
    parser.add_argument("--pickle", action="store_true", help="read pickled bodies too; only on this machine's own address")
    parser.add_argument(
        "--timeout",
        type=number(1, 86_400),
        default=110.0,
        metavar="S",
        help="of a request at most (default: 110)",
    )
    parser.add_argument("--quiet", action="store_true", help="no lines about requests")
    parser.set_defaults(run=_run_serve_reward)


def _run_serve_reward(args: argparse.Namespace) -> int:
    from gsi_bench_metric.reward.serving.starting import require_startable, serve  # noqa: PLC0415 - torch loads when needed

    require_startable(args.host, args.port, pickles=args.pickle)
    return serve(
        args.data,
        splits=None if args.split is None else [args.split],
        revision=args.revision,
        host=args.host,
        port=args.port,
        device=args.device or "cpu",
        pickles=args.pickle,
        seconds=args.timeout,
        quiet=args.quiet,
        say=say,
    )
