"""`gsi-bench enrich`: a thin shell around seeing/enriching.py."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from gsi_bench_dataset.cli.main import new_command, say, whole
from gsi_bench_dataset.problems import some
from gsi_bench_dataset.records import SPLITS
from gsi_bench_metric.seeing.registry import AUTO, DEPTHS, GRAVITIES, NONE, SEGMENTERS

__all__ = ["add_enrich", "run_segment_weights"]

_BATCH_ON_GPU = 8


def add_enrich(subparsers: Any) -> None:
    """Adds `enrich`."""
    parser = new_command(
        subparsers,
        "enrich",
        "add instance masks, metric depth and gravity to samples that lack them",
        "gsi-bench enrich GSI-Bench/GSI-Bench --split fine --out GSI-Bench/enriched\n"
        "gsi-bench enrich GSI-Bench/GSI-Bench --split fine --masks sam-transformers --masks-model facebook/sam-vit-base \\\n"
        "  --depth transformers --depth-model Intel/zoedepth-nyu-kitti --out GSI-Bench/enriched\n"
        "One that was stopped goes on where it was: run it again.",
    )
    parser.add_argument("data", metavar="DATA", help="dataset folder, or a Hub repository; an existing folder wins")
    parser.add_argument("--revision", help="branch, tag or commit of a Hub repository")
    parser.add_argument("--split", default="all", choices=(*SPLITS, "all"), help="which samples (default: all)")
    parser.add_argument("--out", required=True, type=Path, help="dataset folder to write, with these splits")
    parser.add_argument(
        "--masks",
        default=AUTO,
        metavar="NAME",
        help=f"{', '.join(SEGMENTERS)} or {NONE}; default: u2netp, or grabcut where onnxruntime is not installed",
    )
    parser.add_argument("--masks-model", metavar="PLACE", help="sam: its file; sam-transformers: folder or Hub repository")
    parser.add_argument("--masks-revision", metavar="REVISION", help="of that repository")
    parser.add_argument(
        "--depth",
        default="boxes",
        metavar="NAME",
        help=f"{', '.join(DEPTHS)} or {NONE}; default: boxes, the scene of the known boxes and the plane under them",
    )
    parser.add_argument("--depth-model", metavar="PLACE", help="transformers: folder or Hub repository of a metric model")
    parser.add_argument("--depth-revision", metavar="REVISION", help="of that repository")
    parser.add_argument(
        "--gravity",
        default=AUTO,
        choices=(*GRAVITIES, NONE),
        help="boxes: their common vertical; poses: of ScanNet++; lines: where upright ones meet; default: the first that tells",
    )
    parser.add_argument(
        "--poses", type=Path, metavar="DIR", help="folder of ScanNet++ with <scene>/iphone/pose_intrinsic_imu.json"
    )
    parser.add_argument("--device", help="cpu, cuda or mps (default: the best one there is; u2netp and isnet: cpu)")
    parser.add_argument(
        "--batch-size", type=whole(1, 4096), metavar="N", help=f"images at a time (default: 1 on a CPU, else {_BATCH_ON_GPU})"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    from gsi_bench_dataset.storage.folders import beside  # noqa: PLC0415 - torch loads when it is needed
    from gsi_bench_dataset.storage.shards import resolve  # noqa: PLC0415
    from gsi_bench_metric.imaging.device import pick_device  # noqa: PLC0415
    from gsi_bench_metric.seeing.enriching import enrich  # noqa: PLC0415
    from gsi_bench_metric.seeing.gravity import Poses  # noqa: PLC0415
    from gsi_bench_metric.seeing.looking import Makers  # noqa: PLC0415
    from gsi_bench_metric.seeing.options import Options, SeeingError  # noqa: PLC0415
    from gsi_bench_metric.seeing.registry import make_depth, make_segmenter  # noqa: PLC0415

    device = pick_device(args.device)
    if args.gravity == "poses" and args.poses is None:
        raise SeeingError("--gravity poses needs --poses, the folder of ScanNet++")
    splits = None if args.split == "all" else [args.split]
    data = resolve(args.data, args.revision, splits)
    makers = Makers(
        make_segmenter(args.masks, Options(args.device, args.masks_model, args.masks_revision)),
        make_depth(args.depth, Options(args.device, args.depth_model, args.depth_revision)),
        None if args.gravity == NONE else args.gravity,
        None if args.poses is None else Poses(args.poses),
    )
    batch = args.batch_size or (1 if device == "cpu" else _BATCH_ON_GPU)
    try:
        done = enrich(data, args.out, makers, splits=splits, batch=batch, progress=not args.quiet)
    except KeyboardInterrupt:
        say(f"stopped; {beside(args.out, '-enriching')} keeps what was made, and the same command goes on from there")
        raise
    say(f"{done.folder}: {done.samples} samples, {done.images} images looked at now")
    for column in ("instance_mask", "depth", "up"):
        made = ", ".join(f"{who} {count}" for who, count in sorted(done.made.get(column, {}).items()))
        came = done.kept.get(column, 0)
        if made or came:
            say(f"{column}: made by {made or 'none'}; {came} came with it")
        for why, images in done.problems.get(column, {}).items():
            say(f"  {len(images)} image{'s' if len(images) != 1 else ''}: {why}: {some(images)}")
    say(f"every image: {done.report}")
    return 0


def run_segment_weights(args: argparse.Namespace) -> int:
    """`gsi-bench weights u2netp | isnet`."""
    from gsi_bench_metric.imaging.fetching import kept_file, take_file  # noqa: PLC0415
    from gsi_bench_metric.seeing.masks.isnet import ISNET  # noqa: PLC0415
    from gsi_bench_metric.seeing.masks.u2net import U2NETP  # noqa: PLC0415

    file = {"u2netp": U2NETP, "isnet": ISNET}[args.what].file
    say(f"{args.what} weights: {take_file(file, args.source) if args.source else kept_file(file)}")
    return 0
