"""The judge's options on the command line, and `gsi-bench serve-judge`: thin shells."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gsi_bench_dataset.cli.main import new_command, number, say, whole
from gsi_bench_metric.judges.options import QUESTIONS

__all__ = ["add_judge_options", "add_judge_validation", "add_serve_judge", "judge_options", "run_judge_validation"]


def add_judge_options(parser: argparse.ArgumentParser, *, question: bool = True) -> None:
    """Adds `--judge-…` to a command that takes `--judge`; `question`: whether the user chooses what is asked."""
    group = parser.add_argument_group(
        "options of judges",
        "Keys of servers are read from the environment and kept nowhere. Replies are kept in the folder of --out as they "
        "arrive; the same command asks only for what is lacking (docs/judges.md).",
    )
    group.add_argument(
        "--judge-model", metavar="NAME", help="openai: the model's name at the server; local: folder or repository"
    )
    group.add_argument(
        "--judge-url", metavar="URL", help="openai: the server, such as http://localhost:8000/v1 (default: OpenAI's)"
    )
    group.add_argument(
        "--judge-key-env",
        metavar="VARIABLE",
        help="environment variable with the server's key (default: OPENAI_API_KEY for OpenAI's server or the one in "
        "OPENAI_BASE_URL, no key for others)",
    )
    if question:
        _add_question(group)
    _add_askings(group)
    group.add_argument("--judge-revision", metavar="REV", help="local: branch, tag or commit of a repository")
    group.add_argument("--judge-max-tokens", type=whole(), default=1024, metavar="N", help="of a reply (default: 1024)")
    group.add_argument(
        "--judge-max-side",
        type=whole(1, 100_000),
        metavar="PX",
        help="shrink images to this longer side (default: as they are)",
    )
    group.add_argument(
        "--judge-concurrency", type=whole(1, 1024), default=16, metavar="N", help="openai: requests at a time (default: 16)"
    )
    group.add_argument(
        "--judge-timeout",
        type=number(0.001, 86_400),
        default=120.0,
        metavar="S",
        help="openai: seconds for a reply (default: 120)",
    )
    group.add_argument(
        "--judge-retries", type=whole(0, 1000), default=6, metavar="N", help="openai: after 429, 5xx, time-outs (default: 6)"
    )
    group.add_argument(
        "--judge-price",
        type=number(0, 1e9),
        nargs=2,
        metavar=("IN", "OUT"),
        help="price of a million tokens in and out, for the bill in settings.json",
    )
    group.add_argument(
        "--judge-batch-size", type=whole(1, 4096), metavar="N", help="local: edits at a time (default: 1 on a CPU, else 8)"
    )


def _add_question(group: Any) -> None:
    """What is asked."""
    group.add_argument(
        "--judge-question",
        choices=QUESTIONS.names,
        help="official: the reference's form of reply; strict: rated aspects under a schema (default: as the protocol)",
    )
    group.add_argument(
        "--judge-prompt",
        type=Path,
        metavar="FILE",
        help="text of the official question, sent as it is (the reference's, if you hold it)",
    )


def _add_askings(group: Any) -> None:
    """How often it is asked."""
    group.add_argument(
        "--judge-samples", type=whole(1, 1000), default=1, metavar="K", help="ask K times; the median counts (default: 1)"
    )
    group.add_argument("--judge-temperature", type=number(0, 100), metavar="T", help="default: 0, and 0.7 with --judge-samples")
    group.add_argument(
        "--judge-seed", type=whole(0, 2**63 - 1), default=0, metavar="N", help="of the first asking (default: 0)"
    )


def judge_options(args: argparse.Namespace) -> Mapping[str, Any]:
    """The fields of `JudgeOptions` that a command line gives."""
    prefix = "judge_"
    given = {name.removeprefix(prefix): value for name, value in vars(args).items() if name.startswith(prefix)}
    given["price"] = tuple(args.judge_price) if args.judge_price else None
    return given | {"device": args.device}


def add_judge_validation(parser: argparse.ArgumentParser) -> None:
    """Adds `--judge` to `validate`: judges are validated instead of protocols."""
    parser.add_argument(
        "--judge",
        nargs="+",
        metavar="NAME",
        help="validate judges instead, on right edits that are shown as they are and spoiled: openai, local, embedded; of two, "
        "their agreement too (docs/judges.md)",
    )
    parser.add_argument("--controls", nargs="+", metavar="NAME", help="with --judge: only these controls (default: all)")
    add_judge_options(parser)


def run_judge_validation(args: argparse.Namespace) -> int:
    """`gsi-bench validate --judge …`."""
    from gsi_bench_metric.judges import JudgeOptions  # noqa: PLC0415 - torch loads when it is needed
    from gsi_bench_metric.validity.judging.page import judges_markdown, write_judges  # noqa: PLC0415
    from gsi_bench_metric.validity.judging.run import JudgeRequest, validate_judges  # noqa: PLC0415

    options = JudgeOptions(**judge_options(args))
    options.require_sound()  # before a dataset is fetched
    request = JudgeRequest(
        data=args.data,
        split=args.split,
        judges=tuple(args.judge),
        options=options,
        controls=tuple(args.controls) if args.controls else None,
        limit=args.limit,
        revision=args.revision,
    )
    try:
        found = validate_judges(request, args.out, progress=not args.quiet)
    except KeyboardInterrupt:
        say(f"stopped; {args.out} keeps what was judged, and the same command goes on from there")
        raise
    written = write_judges(found, args.out)
    if not args.quiet:
        say(judges_markdown(found))
        say("\n".join(map(str, written)))
    return 0


def add_serve_judge(subparsers: Any) -> None:
    """Adds `serve-judge`."""
    parser = new_command(
        subparsers,
        "serve-judge",
        "print the command of a server for a judge and, where that server is installed, start it and wait until it answers",
        "gsi-bench serve-judge --print\n"
        "gsi-bench serve-judge --model Qwen/Qwen3-VL-8B-Instruct --with vllm --port 8000\n"
        "gsi-bench serve-judge --model ./my-model --with transformers --device cpu",
    )
    parser.add_argument("--model", help="folder or repository (default: the paper's, which needs 8 GPUs of 80 GB)")
    parser.add_argument(
        "--with", dest="server", choices=("vllm", "sglang", "transformers"), default="vllm", help="default: vllm"
    )
    parser.add_argument("--host", default="127.0.0.1", help="default: 127.0.0.1, this machine alone")
    parser.add_argument("--port", type=whole(1, 65535), default=8000, help="default: 8000")
    parser.add_argument(
        "--gpus", type=whole(1, 1024), help="GPUs that share the model (default: 8 for the paper's model, else 1)"
    )
    parser.add_argument("--device", help="transformers: cpu, cuda or mps")
    parser.add_argument(
        "--wait", type=number(0, 604_800), default=1800.0, metavar="S", help="seconds until it must answer (default: 1800)"
    )
    parser.add_argument("--print", dest="only_print", action="store_true", help="only print the command")
    parser.set_defaults(run=_run_serve_judge)


def _run_serve_judge(args: argparse.Namespace) -> int:
    from gsi_bench_metric.judges.serving import serve, server_command  # noqa: PLC0415 - only here

    plan = server_command(args.server, args.model, host=args.host, port=args.port, gpus=args.gpus, device=args.device)
    say(plan.shell())
    if args.only_print:
        return 0
    return serve(plan, args.wait, say)
