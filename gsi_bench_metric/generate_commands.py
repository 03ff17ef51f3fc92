"""`gsi-bench generate`: a thin shell around generating.py."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from gsi_bench_dataset.cli import new_command, say
from gsi_bench_dataset.records import SPLITS

__all__ = ["add_generate"]


def add_generate(subparsers: Any) -> None:
    """Adds `generate`."""
    parser = new_command(
        subparsers,
        "generate",
        "let an editor make the pictures of a split, for evaluate",
        "gsi-bench generate --editor diffusers --model timbrooks/instruct-pix2pix --set num_inference_steps=20 \\\n"
        "  --data GSI-Bench/GSI-Bench --split fine --out eval\n"
        "gsi-bench generate --editor openai --model gpt-image-1 --data GSI-Bench/GSI-Bench --split fine --out eval\n"
        "gsi-bench generate --editor my_module:edit --data GSI-Bench/GSI-Bench --split fine --out eval\n"
        "gsi-bench evaluate eval/my_module-edit/generated_images_fine --data GSI-Bench/GSI-Bench --split fine --out runs/mine\n"
        "One that was stopped goes on where it was: run it again.",
    )
    parser.add_argument(
        "--editor",
        required=True,
        metavar="NAME",
        help="diffusers: any pipeline that takes an image and a prompt; openai: an endpoint of POST <base URL>/images/edits; "
        "module:function of yours, which takes what it names of image (PIL), prompt, seed and sample, and returns a picture",
    )
    parser.add_argument("--data", required=True, help="dataset folder, or a Hub repository; an existing folder wins")
    parser.add_argument("--revision", help="branch, tag or commit of a Hub repository")
    parser.add_argument("--split", required=True, choices=SPLITS)
    parser.add_argument("--out", required=True, type=Path, help="tree to write: <name>/generated_images_<split>/<id>.png")
    parser.add_argument("--name", help="the editor's name in that tree (default: the model's or function's)")
    parser.add_argument("--model", help="diffusers: repository or folder; openai: the model's name at the endpoint")
    parser.add_argument("--model-revision", help="diffusers: branch, tag or commit of the model")
    parser.add_argument("--base-url", metavar="URL", help="openai: the endpoint, such as http://127.0.0.1:8000/v1")
    parser.add_argument(
        "--key-env",
        "--api-key-env",
        dest="key_env",
        metavar="VARIABLE",
        help="openai: environment variable with the endpoint's key (default: OPENAI_API_KEY for OpenAI's server or the one in "
        "OPENAI_BASE_URL, no key for others)",
    )
    parser.add_argument(
        "--set",
        dest="settings",
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME=VALUE",
        help="given to the pipeline's call, the request or the function as it is (JSON, else text); openai: {seed} as a value "
        "stands for the sample's seed",
    )
    parser.add_argument("--seed", type=int, default=0, help="each sample's own is made of it and of its id (default: 0)")
    parser.add_argument("--language", choices=("en", "zh"), default="en", help="of the instructions (default: en)")
    parser.add_argument("--device", help="diffusers: cpu, cuda or mps (default: the best one there is)")
    parser.add_argument("--dtype", help="diffusers: float32 (default on a CPU), bfloat16 (default elsewhere) or float16")
    parser.add_argument("--concurrency", type=int, default=4, help="openai: requests at a time (default: 4)")
    parser.add_argument("--timeout", type=float, default=300.0, help="openai: seconds that a request may take (default: 300)")
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N edits")
    parser.add_argument("--overwrite", action="store_true", help="replace pictures that were made with other settings")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    from gsi_bench_dataset.shards import read_dataset, resolve, split_sizes  # noqa: PLC0415 - torch loads when it is needed
    from gsi_bench_metric.device import pick_device  # noqa: PLC0415
    from gsi_bench_metric.editors import EditorOptions, make_editor  # noqa: PLC0415
    from gsi_bench_metric.generating import Wanted, generate  # noqa: PLC0415

    names = ("model", "model_revision", "base_url", "key_env", "dtype", "concurrency", "timeout")
    options = {name: getattr(args, name) for name in names}
    device = pick_device(args.device) if args.editor == "diffusers" else "cpu"
    data = resolve(args.data, args.revision, None)
    total = split_sizes(data).get(args.split)
    samples = read_dataset(data, args.split)
    editor = make_editor(args.editor, EditorOptions(**options, device=device, settings=_settings(args.settings)))
    name = args.name or editor.name
    wanted = Wanted(args.split, name, args.seed, args.language, args.limit, args.overwrite)
    try:
        done = generate(editor, samples, args.out, wanted, total=total, progress=not args.quiet)
    except KeyboardInterrupt:
        say(f"stopped; {args.out / name} keeps what was made, and the same command goes on from there")
        raise
    say(f"{done.folder}: {done.made} pictures made, {done.kept} were there")
    if done.resized:
        say(f"{done.resized} are not of their source's size; evaluate fits them and says so")
    return 0


def _settings(pairs: list[str]) -> dict[str, Any]:
    """`name=value` -> values, JSON where it is JSON."""
    from gsi_bench_metric.editors import EditorError  # noqa: PLC0415

    found: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name.isidentifier():
            raise EditorError(f"--set {pair}: expected NAME=VALUE")
        try:
            found[name] = json.loads(text)
        except ValueError:
            found[name] = text
    return found
