"""`gsi-bench detect | infer-cache`, and the DetAny3D half of `gsi-bench weights`: thin shells.

Not in the detector's package, which imports torch: `gsi-bench --help` must stay quick.
"""

from __future__ import annotations

import argparse
import functools
import importlib
import json
import math
from pathlib import Path
from typing import Any

from gsi_bench_dataset.cli.main import new_command, number, say
from gsi_bench_dataset.records import SPLITS

__all__ = ["add_detect", "add_infer_cache", "add_weights_options", "run_weights"]


def add_weights_options(parser: argparse.ArgumentParser) -> None:
    """What `gsi-bench weights` takes for DetAny3D."""
    group = parser.add_argument_group("detany3d")
    group.add_argument(
        "--accept-licence", action="store_true", help="you have read the licences that the command prints without"
    )
    group.add_argument("--repo", metavar="OWNER/NAME", help="Hub repository with the checkpoint, instead of --from")
    group.add_argument("--file", metavar="NAME", help="the checkpoint's name in that repository")
    group.add_argument("--revision", help="branch, tag or commit of that repository")
    group.add_argument("--sha256", metavar="HEX", help="SHA-256 of the checkpoint, where its publisher names one")
    group.add_argument(
        "--no-text", action="store_true", help="leave GroundingDINO (0.9 GB) out: only boxes and points as prompts"
    )


def run_weights(args: argparse.Namespace) -> int:
    """Fetches, checks and converts DetAny3D's weights."""
    from gsi_bench_metric.detectors.detany3d.errors import DetAny3DError  # noqa: PLC0415 - torch loads when it is needed
    from gsi_bench_metric.detectors.detany3d.files.terms import LICENCES, STEPS  # noqa: PLC0415

    if not args.accept_licence:
        raise DetAny3DError(f"{LICENCES}\n\n{STEPS}")
    if args.source is None and args.repo is None:
        raise DetAny3DError(STEPS)
    if args.repo and not args.file:
        raise DetAny3DError("--repo needs --file, the checkpoint's name in the repository")
    weights = _needed("files.weights")
    folder = args.source or weights.download(args.repo, args.file, args.revision)
    ready = weights.prepare(folder, args.sha256)
    origins = ", ".join(f"{count} from {where}" for where, count in ready.counts.items())
    say(f"DetAny3D weights: {ready.path}\n  entries: {origins}\n  SHA-256 of the numbers: {ready.sha256}")
    if not args.no_text:
        say(f"GroundingDINO: {weights.fetch_grounding()}")
    return 0


def add_detect(subparsers: Any) -> None:
    """`gsi-bench detect`."""
    parser = new_command(
        subparsers,
        "detect",
        "find objects in one image by words, boxes or points, and draw their 3D boxes; or boxes of a folder's photographs",
        "gsi-bench detect kitchen.png --prompt mug --prompt kettle --camera K.json --overlay out.png\n"
        "gsi-bench detect kitchen.png --box 120,80,260,240 --out found.json\n"
        "gsi-bench detect ~/photos --prompt mug --prompt chair --prompt table   # saves ~/photos/boxes.json, for `build fine`\n"
        "One of a folder that was stopped goes on where it was: run it again.",
    )
    parser.add_argument(
        "image",
        type=Path,
        metavar="IMAGE",
        help="an image (grey is taken as RGB, alpha is dropped), or a folder of photographs, with those in it",
    )
    parser.add_argument("--prompt", action="append", default=[], metavar="WORDS", help="class name; may be repeated")
    parser.add_argument("--box", action="append", default=[], metavar="X0,Y0,X1,Y1", help="2D box in pixels; may be repeated")
    parser.add_argument("--point", action="append", default=[], metavar="X,Y", help="a point on an object; may be repeated")
    parser.add_argument("--camera", type=Path, metavar="JSON", help="3×3 matrix K (default: the network's own guess)")
    parser.add_argument(
        "--camera-frame",
        choices=("source", "preprocessed"),
        default="source",
        help="the pixels that K means: the image's own (default), or those of the resized and cropped one, which is how the "
        "paper's code takes every K",
    )
    parser.add_argument("--overlay", type=Path, metavar="PNG", help="write the image with the boxes drawn")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="JSON",
        help="write the detections with the reference's fields; of a folder: the file of boxes (default: boxes.json in it). "
        "Photographs that it has already are not looked at again",
    )
    group = parser.add_argument_group("of a folder")
    group.add_argument(
        "--least-score", type=number(0, 1), metavar="S", help="leave out boxes of a lower predicted overlap (default: 0.5)"
    )
    group.add_argument("--licence", metavar="NAME", help="of all photographs (default: not known)")
    group.add_argument("--redistributable", choices=("yes", "no"), help="whether they may be passed on")
    group.add_argument("--attribution", metavar="WORDS", help="who took them")
    group.add_argument("--quiet", action="store_true", help="no progress bar")
    _add_model(parser)
    parser.set_defaults(run=_run_detect)


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--weights", type=Path, metavar="FILE", help="converted weights (default: as `weights` left them)")
    parser.add_argument("--device", help="cpu, cuda or mps (default: the best one there is)")
    parser.add_argument("--dtype", help="float32 (default, the paper's), or bfloat16 on a GPU: faster, boxes differ a little")
    parser.add_argument(
        "--encodings", type=Path, metavar="DIR", help="folder that keeps encodings for the next run (8 GB at most)"
    )


def _run_detect(args: argparse.Namespace) -> int:
    from gsi_bench_dataset.storage.folders import require_writable, write_atomically  # noqa: PLC0415 - torch loads when it is needed

    _require_fitting(args)
    for path in filter(None, (args.out, args.overlay)):
        require_writable(path)
    if args.image.is_dir():
        return _run_folder(args)
    look, detectors, predictor, preprocessing = map(_needed, ("look", "detector", "predictor", "preprocessing"))
    asked = look.Asked(
        args.prompt, [_numbers(b, 4, "--box") for b in args.box], [_numbers(p, 2, "--point") for p in args.point]
    )
    rgb = look.read_picture(args.image)
    camera = predictor.Camera(look.read_camera(args.camera), args.camera_frame) if args.camera else None
    detector = detectors.make(args.weights, args.device, args.dtype, args.encodings)
    result = look.look(detector.predictor, detector.text, rgb, asked, camera)
    for row in result["detections"]:
        x, y, z, *sizes = row["bbox_3d"][:6]
        say(
            f"{row['label']}: centre {x:.2f} {y:.2f} {z:.2f} m, size {' × '.join(f'{s:.2f}' for s in sizes)} m, "
            f"predicted overlap {row['iou_score']:.2f}"
        )
    if "reason" in result:
        say(f"nothing: {result['reason']}")
    if args.out:
        write_atomically(args.out, json.dumps(result, indent=1) + "\n")
    if args.overlay:
        frame = preprocessing.frame_of((rgb.shape[0], rgb.shape[1]), detector.predictor.network.config)
        look.write_picture(look.draw(rgb, result, frame), args.overlay)
    return 0


def _require_fitting(args: argparse.Namespace) -> None:
    """Raises DetAny3DError: options of one image with a folder, or the other way round; lists all of them."""
    from gsi_bench_metric.detectors.detany3d.errors import DetAny3DError  # noqa: PLC0415 - torch loads when it is needed

    of_folders = ("least_score", "licence", "redistributable", "attribution")
    if args.image.is_dir():
        wrong = [f"--{name} is of one image" for name in ("box", "point", "overlay") if getattr(args, name)]
        if args.camera_frame != "source":
            wrong.append("--camera-frame preprocessed is of one image: boxes of photographs are in the photograph's own pixels")
        if not args.prompt:
            wrong.append("say what to look for: --prompt mug --prompt chair")
    else:
        wrong = [f"--{name.replace('_', '-')} is of a folder" for name in of_folders if getattr(args, name) is not None]
    if wrong:
        raise DetAny3DError("; ".join(wrong))


def _run_folder(args: argparse.Namespace) -> int:
    """Boxes of all photographs below a folder."""
    from gsi_bench_dataset.layout.boxes import BOXES_NAME  # noqa: PLC0415 - torch loads when it is needed
    from gsi_bench_dataset.problems import some  # noqa: PLC0415
    from gsi_bench_dataset.storage.folders import require_writable  # noqa: PLC0415
    from gsi_bench_metric.marking.config import MARKING  # noqa: PLC0415
    from gsi_bench_metric.marking.photographs import Asked, mark_photographs  # noqa: PLC0415

    out = args.out or args.image / BOXES_NAME
    require_writable(out)
    look, detectors, objects = map(_needed, ("look", "detector", "objects"))
    given = {"licence": args.licence, "redistributable": args.redistributable, "attribution": args.attribution}
    rights = {
        name: value == "yes" if name == "redistributable" else value for name, value in given.items() if value is not None
    }
    asked = Asked(
        tuple(dict.fromkeys(" ".join(words.lower().split()) for words in args.prompt)),
        MARKING.least_score if args.least_score is None else args.least_score,
        None if args.camera is None else look.read_camera(args.camera),
        rights,
    )
    detector = detectors.make(args.weights, args.device, args.dtype, args.encodings)
    find = functools.partial(objects.find_objects, detector.predictor, detector.text)
    try:
        done = mark_photographs(args.image, out, find, asked, progress=not args.quiet)
    except KeyboardInterrupt:
        say(f"stopped; {out} keeps what was found, and the same command goes on from there")
        raise
    was = f"; {done.there} were there already" if done.there else ""
    say(f"{out}: {done.photographs} photographs{was}; {done.objects} boxes found now: look at them, `gsi-bench annotate`")
    for who, count in done.cameras.items():
        say(f"  camera by {who}: {count} photographs")
    for why, count in done.left_out.items():
        say(f"  left out: {why}: {count}")
    for why, names in done.nothing.items():
        say(f"  no boxes of {len(names)}: {why}: {some(names)}")
    return 0


def _needed(name: str) -> Any:
    """A module of the detector.

    Raises:
        DetAny3DError: a library of the extra is not installed.
    """
    from gsi_bench_metric.detectors.detany3d.errors import DetAny3DError  # noqa: PLC0415
    from gsi_bench_metric.detectors.detany3d.files.terms import EXTRA  # noqa: PLC0415

    try:
        return importlib.import_module(f"gsi_bench_metric.detectors.detany3d.{name}")
    except ImportError as error:
        raise DetAny3DError(f"DetAny3D needs more than is installed ({error}): {EXTRA}") from error


def _numbers(text: str, count: int, option: str) -> tuple[float, ...]:
    from gsi_bench_metric.detectors.detany3d.errors import DetAny3DError  # noqa: PLC0415

    try:
        numbers = tuple(float(part) for part in text.split(","))
        if not all(map(math.isfinite, numbers)):
            raise ValueError(text)
    except ValueError as error:
        raise DetAny3DError(f"{option} {text!r}: expected {count} numbers with commas between them") from error
    if len(numbers) != count:
        raise DetAny3DError(f"{option} {text!r}: expected {count} numbers, found {len(numbers)}")
    return numbers


def add_infer_cache(subparsers: Any) -> None:
    """`gsi-bench infer-cache`."""
    parser = new_command(
        subparsers,
        "infer-cache",
        "run DetAny3D on a split's sources and an editor's images, and write the reference's infer_cache.json",
        "gsi-bench infer-cache eval/BAGEL/generated_images_fine --data GSI-Bench/GSI-Bench --split fine --out infer_cache.json",
    )
    parser.add_argument("predictions", type=Path, metavar="PREDICTIONS", help="the editor's images, as `evaluate` takes them")
    parser.add_argument("--data", required=True, help="dataset folder, or a Hub repository")
    parser.add_argument("--data-revision", metavar="REV", help="branch, tag or commit of a Hub repository")
    parser.add_argument("--split", required=True, choices=SPLITS)
    parser.add_argument("--out", required=True, type=Path, help=".json file to write")
    _add_model(parser)
    parser.set_defaults(run=_run_infer_cache)


def _run_infer_cache(args: argparse.Namespace) -> int:
    from tqdm import tqdm  # noqa: PLC0415

    from gsi_bench_dataset.storage.folders import require_writable, write_atomically  # noqa: PLC0415
    from gsi_bench_dataset.storage.predictions import read_predictions  # noqa: PLC0415
    from gsi_bench_dataset.storage.shards import read_dataset  # noqa: PLC0415

    require_writable(args.out)
    detector = _needed("detector").make(args.weights, args.device, args.dtype, args.encodings)
    found = read_predictions(args.predictions)
    samples = read_dataset(args.data, args.split, args.data_revision)
    pairs = ((sample, found.predictions[sample.id]) for sample in samples if sample.id in found.predictions)
    cache = dict(tqdm(_needed("files.export").infer_cache(pairs, detector), desc="detecting", unit="edit", delay=2))
    write_atomically(args.out, json.dumps(cache) + "\n")
    say(f"{len(cache)} edits with detections written to {args.out}")
    return 0
