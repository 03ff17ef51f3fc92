"""`gsi-bench harness | harness-score`: thin shells."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from gsi_bench_dataset.cli.main import new_command, say
from gsi_bench_dataset.records import SPLITS
from gsi_bench_metric.cli.judge_commands import judge_options
from gsi_bench_metric.cli.scoring_options import add_scoring_options

__all__ = ["add_harness", "add_harness_score"]

_HARNESSES = ("lmms-eval", "evalscope")


def add_harness(subparsers: Any) -> None:
    """Adds `harness` to the parser of `gsi-bench`."""
    parser = new_command(
        subparsers,
        "harness",
        "write a folder that lmms-eval or EvalScope loads the benchmark from; numbers are made by this installation, in a "
        "process of its own",
        "gsi-bench harness lmms-eval --data GSI-Bench/GSI-Bench --out gsi_tasks\n"
        "lmms-eval --include_path gsi_tasks --tasks gsi_bench --model bagel --model_args pretrained=…\n"
        "gsi-bench harness evalscope --data GSI-Bench/GSI-Bench --split mesatask --protocol official --out gsi_evalscope",
    )
    parser.add_argument("harness", choices=_HARNESSES, help="which harness the folder is for")
    parser.add_argument("--data", required=True, help="dataset folder, or a Hub repository; an existing folder wins")
    parser.add_argument("--revision", help="branch, tag or commit of a Hub repository")
    parser.add_argument("--split", choices=(*SPLITS, "all"), default="all", help="default: all that the dataset has")
    parser.add_argument("--out", required=True, type=Path, help="folder: new, empty, or a former one, which is replaced")
    add_scoring_options(parser)
    parser.set_defaults(run=_run_harness, scoring_defaults=_defaults())


def _defaults() -> dict[str, tuple[str, Any]]:
    """Name of each option of scoring -> (how it is typed, its default)."""
    parser = argparse.ArgumentParser(add_help=False)
    add_scoring_options(parser)
    return {action.dest: (action.option_strings[0], action.default) for action in parser._actions}


def _run_harness(args: argparse.Namespace) -> int:
    from gsi_bench_metric.harnesses.exporting import export_tasks  # noqa: PLC0415 - reads datasets when it is needed
    from gsi_bench_metric.protocols.registry import protocol_named  # noqa: PLC0415

    protocol_named(args.protocol)  # a mistyped name is an error here, and not after a night of generation
    splits = None if args.split == "all" else (args.split,)
    exported = export_tasks(args.harness, args.data, args.out, splits=splits, revision=args.revision, options=_typed(args))
    say(f"{args.out}: {', '.join(f'{split} {count}' for split, count in exported.counts.items())}")
    if args.harness == "lmms-eval":
        say(f"lmms-eval --include_path {args.out} --tasks gsi_bench --model … (in lmms-eval's own environment)")
    else:
        say(f"import {args.out}/gsi_bench_adapter.py before run_task(datasets=['gsi_bench']), in EvalScope's own environment")
    return 0


def _typed(args: argparse.Namespace) -> list[str]:
    """The options of scoring that differ from their defaults, as `harness-score` takes them."""
    typed: list[str] = []
    for name, (option, default) in args.scoring_defaults.items():
        value = getattr(args, name)
        if value != default:
            values = value if isinstance(value, list) else [value]
            typed += [option, *(str(one.absolute() if isinstance(one, Path) else one) for one in values)]
    return typed


def add_harness_score(subparsers: Any) -> None:
    """Adds `harness-score` to the parser of `gsi-bench`."""
    parser = new_command(
        subparsers,
        "harness-score",
        "score the answers that a harness collected; called by the files that `harness` writes",
        "gsi-bench harness-score answers.json --data GSI-Bench/GSI-Bench --images outputs --out runs/nightly",
    )
    parser.add_argument("answers", type=Path, metavar="ANSWERS", help="JSON of gsi_bench_client.py (docs/harnesses.md)")
    parser.add_argument("--data", required=True, help="dataset folder, or a Hub repository; an existing folder wins")
    parser.add_argument("--revision", help="branch, tag or commit of a Hub repository")
    parser.add_argument("--images", required=True, type=Path, metavar="DIR", help="only images below it are taken")
    parser.add_argument("--out", required=True, type=Path, help="folder for results.json and the run")
    parser.add_argument("--quiet", action="store_true", help="no progress bars and no table")
    add_scoring_options(parser)
    parser.set_defaults(run=_run_harness_score)


def _run_harness_score(args: argparse.Namespace) -> int:
    from gsi_bench_metric.harnesses.answers import read_answers  # noqa: PLC0415 - torch loads when it is needed
    from gsi_bench_metric.harnesses.scoring import RESULTS, score_answers  # noqa: PLC0415
    from gsi_bench_metric.judges import JudgeOptions  # noqa: PLC0415
    from gsi_bench_metric.run.pipeline import Request  # noqa: PLC0415

    answers = read_answers(args.answers)
    names = vars(args).keys() & Request.__dataclass_fields__.keys()
    given: dict[str, Any] = {name: getattr(args, name) for name in names}
    options = JudgeOptions(**judge_options(args))
    options.require_sound()  # before a dataset is fetched
    request = Request(**given, predictions=(), split=answers.split, judge_options=options)
    found = score_answers(answers, request, args.out, args.images, progress=not args.quiet)
    if not args.quiet:
        reasons = ", ".join(f"{reason} {count}" for reason, count in found["not_scored"].items())
        said = f"{found['scored']} of {found['asked']} answers scored" + (f"; not scored: {reasons}" if reasons else "")
        say(f"{said}\n{args.out / RESULTS}")
    return 0
