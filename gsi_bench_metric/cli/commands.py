"""`gsi-bench evaluate | report | compare | detections | baseline | weights | register`, and the commands of other
modules: thin shells."""

from __future__ import annotations

import argparse
import json
import secrets
from pathlib import Path
from typing import Any

from gsi_bench_dataset.cli.main import new_command, say
from gsi_bench_dataset.cli.runner_options import add_runner, runner_of
from gsi_bench_dataset.records import SPLITS
from gsi_bench_metric.cli import detany3d_commands as detany3d
from gsi_bench_metric.cli.enrich_commands import add_enrich, run_segment_weights
from gsi_bench_metric.cli.generate_commands import add_generate
from gsi_bench_metric.cli.harness_commands import add_harness, add_harness_score
from gsi_bench_metric.cli.judge_commands import add_serve_judge, judge_options
from gsi_bench_metric.cli.leaderboard_commands import add_leaderboard
from gsi_bench_metric.cli.photo_commands import add_photos
from gsi_bench_metric.cli.reproduce_commands import add_reproduce
from gsi_bench_metric.cli.review_commands import add_review
from gsi_bench_metric.cli.reward_commands import add_serve_reward
from gsi_bench_metric.cli.scoring_options import add_scoring_options
from gsi_bench_metric.cli.validate_commands import add_validate

__all__ = ["add_commands"]


def add_commands(subparsers: Any) -> None:
    """Adds this package's sub-commands to the parser of `gsi-bench`."""
    for add in (
        _add_evaluate,
        _add_report,
        _add_compare,
        add_leaderboard,
        add_harness,
        add_harness_score,
        _add_detections,
        _add_baseline,
        add_generate,
        add_enrich,
        add_reproduce,
        add_review,
        add_validate,
        add_photos,
        _add_weights,
        _add_register,
        add_serve_judge,
        add_serve_reward,
        detany3d.add_detect,
        detany3d.add_infer_cache,
    ):
        add(subparsers)


def _add_data(parser: argparse.ArgumentParser, splits: tuple[str, ...], *, required: bool = True) -> None:
    parser.add_argument("--data", required=required, help="dataset folder, or a Hub repository; an existing folder wins")
    parser.add_argument("--revision", help="branch, tag or commit of a Hub repository")
    parser.add_argument("--split", required=required, choices=splits, help="the split that the images belong to")


def _add_evaluate(subparsers: Any) -> None:
    parser = new_command(
        subparsers,
        "evaluate",
        "score edited images: IC, SA, EL and, with a judge, AC",
        "gsi-bench evaluate eval/BAGEL/generated_images_fine --data GSI-Bench/GSI-Bench --split fine \\\n"
        "  --protocol official --detector recorded --detections eval/BAGEL/fine_eval/infer_cache.json \\\n"
        "  --judge recorded --judgements predictions_fine_BAGEL.json --out runs/bagel\n"
        "gsi-bench evaluate eval --data GSI-Bench/GSI-Bench --split all --protocol official --detector recorded \\\n"
        "  --out runs/all",
    )
    parser.add_argument(
        "predictions",
        nargs="+",
        type=Path,
        metavar="PREDICTIONS",
        help="folders of <img_id>_edit_<query_id>.png|jpg, parquet files or datasets with id and image columns, or .json "
        "files of id -> path, one an editor; with --split all one tree <model>/generated_images_<split>/",
    )
    _add_data(parser, (*SPLITS, "all"))
    parser.add_argument("--out", required=True, type=Path, help="run folder: written, or gone on with where it was stopped")
    parser.add_argument("--editor", help="name of a single editor (default: its folder's name)")
    parser.add_argument("--column", default="edited_image", help="image column of a dataset (default: edited_image)")
    parser.add_argument(
        "--on-missing",
        choices=("zero", "error"),
        default="zero",
        help="missing, doubled and unreadable images are 0 and flagged (default; the official means leave them out, as the "
        "reference does, and <key>_all counts them), or an error that names all of them, and of images of no sample",
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bars and no table")
    add_scoring_options(parser)
    add_runner(parser)
    parser.set_defaults(run=_run_evaluate)


def _run_evaluate(args: argparse.Namespace) -> int:
    from gsi_bench_metric.judges import JudgeOptions  # noqa: PLC0415 - torch loads when it is needed
    from gsi_bench_metric.report.content import build_report  # noqa: PLC0415
    from gsi_bench_metric.report.markdown import summary  # noqa: PLC0415
    from gsi_bench_metric.run.pipeline import Request, evaluate  # noqa: PLC0415

    names = vars(args).keys() & Request.__dataclass_fields__.keys()
    given: dict[str, Any] = {name: getattr(args, name) for name in names}
    options = JudgeOptions(**judge_options(args))
    options.require_sound()  # before a dataset is fetched
    request = Request(**given | {"predictions": tuple(args.predictions), "judge_options": options, "runner": runner_of(args)})
    try:
        run = evaluate(request, args.out, progress=not args.quiet)
    except KeyboardInterrupt:
        say(f"stopped; {args.out} keeps what was done, and the same command goes on from there")
        raise
    if not args.quiet:
        say(summary(build_report(run, gallery=0)))
        say(f"scores: {args.out}/scores.jsonl; for a page: gsi-bench report {args.out}")
    return 0


def _add_report(subparsers: Any) -> None:
    parser = new_command(
        subparsers,
        "report",
        "write a run's report (HTML, Markdown, JSON, CSV) and, if asked, the reference's result files",
        "gsi-bench report runs/bagel --official-json eval_output",
    )
    parser.add_argument("run_folder", type=Path, metavar="RUN", help="folder that `gsi-bench evaluate --out` wrote")
    parser.add_argument("--out", type=Path, help="folder for the report (default: the run folder)")
    parser.add_argument("--official-json", type=Path, metavar="DIR", help="also write the reference's result files")
    parser.add_argument("--quiet", action="store_true", help="no progress bar and no list of files")
    parser.set_defaults(run=_run_report)


def _run_report(args: argparse.Namespace) -> int:
    from gsi_bench_metric.report.official_json import require_official, write_official_json  # noqa: PLC0415
    from gsi_bench_metric.report.write import write_report  # noqa: PLC0415
    from gsi_bench_metric.run.folder import load_run, require_folder  # noqa: PLC0415

    run = load_run(args.run_folder)
    require_folder(args.out or args.run_folder)
    if args.official_json:
        require_official(run, args.official_json)  # before the report takes its time
    written = write_report(run, args.out or args.run_folder, progress=not args.quiet)
    if args.official_json:
        written += write_official_json(run, args.official_json)
    if not args.quiet:
        say("\n".join(map(str, written)))
    return 0


def _add_compare(subparsers: Any) -> None:
    parser = new_command(
        subparsers,
        "compare",
        "compare two editors on the edits that both were scored on: differences, intervals, p-values",
        "gsi-bench compare runs/a runs/b\ngsi-bench compare runs/all:BAGEL runs/all:copy",
    )
    for side in ("a", "b"):
        parser.add_argument(side, metavar=f"RUN_{side.upper()}", help="run folder, or RUN:EDITOR where it has several editors")
    parser.add_argument(
        "--anyway", action="store_true", help="compare runs of other settings or data too, and show in what they differ"
    )
    parser.set_defaults(run=_run_compare)


def _run_compare(args: argparse.Namespace) -> int:
    from gsi_bench_metric.results.compare import compare, comparison_markdown, load_side  # noqa: PLC0415

    for comparison in compare(load_side(args.a), load_side(args.b), anyway=args.anyway):
        say(comparison_markdown(comparison))
    return 0


def _add_detections(subparsers: Any) -> None:
    parser = new_command(
        subparsers,
        "detections",
        "turn the reference's infer_cache.json into a store keyed by image, which serves any editor",
        "gsi-bench detections eval/BAGEL/fine_eval/infer_cache.json --data GSI-Bench/GSI-Bench --split fine \\\n"
        "  --predictions eval/BAGEL/generated_images_fine --out detections.jsonl",
    )
    parser.add_argument("cache", type=Path, metavar="INFER_CACHE", help="the reference's infer_cache.json")
    _add_data(parser, SPLITS)
    parser.add_argument("--predictions", required=True, type=Path, help="the images that the cache was made on")
    parser.add_argument("--out", required=True, type=Path, help=".jsonl file to write")
    parser.set_defaults(run=_run_detections)


def _run_detections(args: argparse.Namespace) -> int:
    from gsi_bench_dataset.storage.folders import require_writable, write_atomically  # noqa: PLC0415
    from gsi_bench_dataset.storage.predictions import read_predictions  # noqa: PLC0415
    from gsi_bench_dataset.storage.shards import read_dataset  # noqa: PLC0415
    from gsi_bench_metric.detectors.recorded import RecordedDetector  # noqa: PLC0415
    from gsi_bench_metric.run.scoring import detection_items  # noqa: PLC0415

    require_writable(args.out)
    detector, found = RecordedDetector.from_file(args.cache), read_predictions(args.predictions)
    samples = read_dataset(args.data, args.split, args.revision)
    pairs = ((sample, found.predictions[sample.id]) for sample in samples if sample.id in found.predictions)
    lines = detector.index_by_picture(detection_items(pairs, with_pixels=True))
    write_atomically(args.out, "".join(json.dumps(line) + "\n" for line in lines))
    say(f"{len(lines)} images with detections written to {args.out}")
    return 0


def _add_baseline(subparsers: Any) -> None:
    parser = new_command(
        subparsers,
        "baseline",
        "write the images of simple editors (copy, paste, blur, blank) and of the perfect one (after)",
        "gsi-bench baseline copy paste --data GSI-Bench/GSI-Bench --split fine --out eval",
    )
    parser.add_argument(
        "names", nargs="+", choices=("after", "copy", "paste", "blur", "blank"), metavar="NAME", help="which editors"
    )
    _add_data(parser, SPLITS)
    parser.add_argument("--out", required=True, type=Path, help="tree to write: <name>/generated_images_<split>/<id>.png")
    parser.set_defaults(run=_run_baseline)


def _run_baseline(args: argparse.Namespace) -> int:
    from PIL import Image  # noqa: PLC0415

    from gsi_bench_dataset.execution.progress import watched  # noqa: PLC0415
    from gsi_bench_dataset.safety.names import plain_name  # noqa: PLC0415
    from gsi_bench_dataset.storage.shards import read_dataset, split_sizes  # noqa: PLC0415
    from gsi_bench_metric.editors.baselines import BASELINES  # noqa: PLC0415
    from gsi_bench_metric.editors.generating import require_place  # noqa: PLC0415

    folders = {name: require_place(args.out, name, args.split) for name in args.names}
    samples = read_dataset(args.data, args.split, args.revision)
    total = split_sizes(args.data, args.revision)[args.split]
    for sample in watched(samples, "baselines", total, "sample"):
        for name in args.names:
            path = folders[name] / f"{plain_name(sample.id, 'sample id')}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
            try:
                Image.fromarray(BASELINES[name](sample)).save(partial, format="PNG")
                partial.replace(path)
            finally:
                partial.unlink(missing_ok=True)
    say(f"images written below {args.out}")
    return 0


def _add_weights(subparsers: Any) -> None:
    parser = new_command(
        subparsers,
        "weights",
        "fetch and check the weights that scoring (LPIPS-Alex, 10 MB), the detector DetAny3D (4.3 GB) and enrich (u2netp, "
        "5 MB; isnet, 88 MB) need, once",
        "gsi-bench weights lpips\ngsi-bench weights lpips --from alexnet-owt-7be5be79.pth\ngsi-bench weights u2netp\n"
        "gsi-bench weights detany3d --accept-licence --from downloads",
    )
    parser.add_argument(
        "what",
        choices=("lpips", "detany3d", "u2netp", "isnet"),
        help="lpips: BSD-3-Clause; detany3d: not for commercial use; u2netp: MIT; isnet: see docs/photographs.md",
    )
    parser.add_argument(
        "--from", dest="source", type=Path, metavar="PATH", help="local file (detany3d: or folder) instead of a download"
    )
    detany3d.add_weights_options(parser)
    parser.set_defaults(run=_run_weights)


def _run_weights(args: argparse.Namespace) -> int:
    if args.what == "detany3d":
        return detany3d.run_weights(args)
    from gsi_bench_metric.imaging.weights import lpips_trunk, read_trunk_file, trunk_file  # noqa: PLC0415

    if args.what in ("u2netp", "isnet"):
        return run_segment_weights(args)
    if args.source:
        read_trunk_file(args.source)
    else:
        lpips_trunk()
    say(f"LPIPS weights: {trunk_file()}")
    return 0


def _add_register(subparsers: Any) -> None:
    parser = new_command(
        subparsers,
        "register",
        'make evaluate.load("gsi_bench") work from any directory, offline',
        "gsi-bench register",
    )
    parser.set_defaults(run=_run_register)


def _run_register(_: argparse.Namespace) -> int:
    from gsi_bench_metric.hf.register import is_registered, register  # noqa: PLC0415

    there = is_registered()
    script = register()
    what = "was there already" if there else "written, one import of this package"
    say(f'{script}: {what}. evaluate.load("gsi_bench") reads it from any directory, offline')
    return 0
