"""`gsi-bench generate`: a thin shell around generating.py."""

from __future__ import annotations

import argparse
import dataclasses
import functools
import json
from pathlib import Path
from typing import Any

from gsi_bench_dataset.cli.main import MOST_WORKERS, new_command, number, say, whole
from gsi_bench_dataset.cli.runner_options import add_runner, runner_of
from gsi_bench_dataset.problems import summary_of
from gsi_bench_dataset.records import SPLITS
from gsi_bench_dataset.safety.files import FileProblemError, parse_json
from gsi_bench_dataset.safety.keys import address_problems
from gsi_bench_dataset.safety.names import printable

__all__ = ["add_generate"]

# Least and most of the whole numbers.
_WHOLE = {"concurrency": (1, 256), "limit": (1, 10**9), "seed": (-(2**63), 2**63 - 1)}
_DAY = 86_400
_DTYPES = ("float32", "float16", "bfloat16")


def add_generate(subparsers: Any) -> None:
    """Adds `generate`."""
    parser = new_command(
        subparsers,
        "generate",
        "let an editor make the images of a split, for evaluate",
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
        "module:function of yours, which takes what it names of image (PIL), prompt, seed and sample, and returns an image",
    )
    parser.add_argument("--data", required=True, help="dataset folder, or a Hub repository; an existing folder wins")
    parser.add_argument("--revision", help="branch, tag or commit of a Hub repository")
    parser.add_argument("--split", required=True, choices=SPLITS)
    parser.add_argument("--out", required=True, type=Path, help="tree to write: <name>/generated_images_<split>/<id>.png")
    parser.add_argument("--name", help="the editor's name in that tree (default: the model's or function's)")
    _add_editor_options(parser)
    parser.add_argument("--language", choices=("en", "zh"), default="en", help="of the instructions (default: en)")
    parser.add_argument("--limit", type=whole(), metavar="N", help="only the first N edits")
    parser.add_argument(
        "--workers",
        type=whole(1, MOST_WORKERS),
        metavar="N",
        help="processes, each with the editor loaded for itself (default: 1, this one; with --runner ray as many as have room)",
    )
    add_runner(parser)
    parser.add_argument("--overwrite", action="store_true", help="replace images that were made with other settings")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    parser.set_defaults(run=_run)


def _add_editor_options(parser: argparse.ArgumentParser) -> None:
    """What makes the images, and how."""
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
    parser.add_argument(
        "--seed",
        type=whole(0, 2**63 - 1),
        metavar="N",
        default=0,
        help="each sample's own is made of it and of its id (default: 0)",
    )
    parser.add_argument("--device", help="diffusers: cpu, cuda or mps (default: the best one there is)")
    parser.add_argument("--dtype", help="diffusers: float32 (default on a CPU), bfloat16 (default elsewhere) or float16")
    parser.add_argument(
        "--concurrency", type=whole(1, 1024), metavar="N", default=4, help="openai: requests at a time (default: 4)"
    )
    parser.add_argument(
        "--timeout",
        type=number(0.001, 86_400),
        metavar="S",
        default=300.0,
        help="openai: seconds that a request may take (default: 300)",
    )


def _run(args: argparse.Namespace) -> int:
    from gsi_bench_dataset.storage.shards import read_dataset, resolve, split_sizes  # noqa: PLC0415 - torch loads when it is needed
    from gsi_bench_metric.editors import EditorOptions, make_editor  # noqa: PLC0415
    from gsi_bench_metric.editors.generating import Wanted, generate, require_place  # noqa: PLC0415
    from gsi_bench_metric.editors.spreading import generate_by_workers  # noqa: PLC0415
    from gsi_bench_metric.imaging.device import workers_device  # noqa: PLC0415

    settings, runner = _settings(args.settings), runner_of(args)
    _require_sound(args)
    if args.name is not None:
        require_place(args.out, args.name, args.split)
    names = ("model", "model_revision", "base_url", "key_env", "dtype", "concurrency", "timeout")
    options = {name: getattr(args, name) for name in names}
    device = workers_device(args.device, runner) if args.editor == "diffusers" else "cpu"
    if args.editor == "diffusers":
        runner = runner.for_device(device)
    data = resolve(args.data, args.revision, None)
    given = EditorOptions(**options, device=device, settings=settings)
    wanted = Wanted(args.split, args.name or "", args.seed, args.language, args.limit, args.overwrite)
    workers = args.workers or (1 if runner.one_machine else runner.most_workers())
    try:
        if runner.in_this_process(workers):
            editor = make_editor(args.editor, given)
            wanted = dataclasses.replace(wanted, name=wanted.name or editor.name)
            samples, total = read_dataset(data, args.split), split_sizes(data).get(args.split)
            done = generate(editor, samples, args.out, wanted, total=total, progress=not args.quiet)
        else:
            spread = functools.partial(generate_by_workers, runner=runner, workers=workers, progress=not args.quiet)
            done = spread(args.editor, given, data.absolute(), args.out, wanted)
    except KeyboardInterrupt:
        say(f"stopped; {args.out / wanted.name} keeps what was made, and the same command goes on from there")
        raise
    say(f"{done.folder}: {done.made} images made, {done.kept} were there")
    if done.resized:
        say(f"{done.resized} are not of their source's size; evaluate fits them and says so")
    return 0


def _require_sound(args: argparse.Namespace) -> None:
    """Does nothing for options that can be; those of another editor too, for they are slips.

    Raises:
        EditorError: names every one that cannot be.
    """
    from gsi_bench_metric.editors import EditorError  # noqa: PLC0415

    problems = [
        f"--{name}: expected {least} or more, at most {most}, found {value}"
        for name, (least, most) in _WHOLE.items()
        if (value := getattr(args, name)) is not None and not least <= value <= most
    ]
    if not 0 < args.timeout <= _DAY:
        problems.append(f"--timeout: expected seconds above 0, at most {_DAY} (a day), found {args.timeout}")
    if args.dtype is not None and args.dtype not in _DTYPES:
        problems.append(f"--dtype {printable(args.dtype)}: expected one of {', '.join(_DTYPES)}")
    if args.base_url is not None:
        problems += address_problems(args.base_url, "--base-url")
    if len(problems) == 1:
        raise EditorError(problems[0])
    if problems:
        raise EditorError(summary_of("the options cannot be", problems))


def _settings(pairs: list[str]) -> dict[str, Any]:
    """`name=value` -> values, JSON where it is JSON."""
    from gsi_bench_metric.editors import EditorError  # noqa: PLC0415

    found: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name.isidentifier():
            raise EditorError(f"--set {printable(pair)}: expected NAME=VALUE")
        if name in found:
            raise EditorError(f"--set {name}: given twice; expected one value")
        try:
            found[name] = parse_json(text, f"--set {name}") if _is_json(text) else text
            json.dumps(found[name], allow_nan=False)
        except FileProblemError as error:
            raise EditorError(str(error)) from error
        except ValueError as error:
            raise EditorError(f"--set {name}: expected a finite number, found {printable(text)}") from error
    return found


def _is_json(text: str) -> bool:
    """Whether a value is JSON at all; what is nested too deeply was meant as such."""
    try:
        json.loads(text)
    except ValueError:
        return False
    except RecursionError:
        return True
    return True
