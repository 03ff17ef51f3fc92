"""The `gsi-bench` command: finds the sub-commands of all installed packages and turns known errors into one line.

A package adds sub-commands by an entry point of the group `gsi_bench.commands` that names a function
`add_commands(subparsers)`; each sub-parser it makes sets `run`, a function from the parsed arguments to an exit status.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from importlib.metadata import entry_points
from types import TracebackType
from typing import Any

from gsi_bench_dataset.safety.keys import clean, for_console
from gsi_bench_dataset.safety.names import printable
from gsi_bench_dataset.safety.proxies import loopback_without_proxy
from gsi_bench_dataset.safety.system import (
    Terminated,
    consoles_that_print_anything,
    system_problem,
    terminate_as_interrupt,
)
from gsi_bench_dataset.version import __version__

__all__ = ["MOST_WORKERS", "main", "new_command", "number", "say", "whole"]

# More processes than any machine has cores for would only fill its memory.
MOST_WORKERS = 1024

GROUP = "gsi_bench.commands"
USAGE_ERROR = 2
INTERRUPTED = 130
TERMINATED = 143
NO_READER = 141  # as a shell says of a program that wrote into a closed pipe


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one sub-command and returns its exit status.

    0 done, 2 a known error, 130 interrupted, 143 terminated, 141 the output is no longer read.
    """
    consoles_that_print_anything()
    loopback_without_proxy()
    sys.excepthook = _print_traceback
    parser = build_parser()
    args = parser.parse_args(argv)
    try:
        with terminate_as_interrupt():
            status = int(args.run(args))
            sys.stdout.flush()  # a full disk or a closed pipe is noticed here, not when Python ends
        return status
    except KeyboardInterrupt as error:
        sys.stderr.write("interrupted\n")
        return TERMINATED if isinstance(error, Terminated) else INTERRUPTED
    except BrokenPipeError:
        # `| head` has seen enough. What is left in the buffer must not be tried again when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NO_READER
    except Exception as error:
        if args.debug:
            raise
        message = explained(error)
        if message is None:
            raise
        sys.stderr.write(f"error: {for_console(message)}\n")
        return USAGE_ERROR


def build_parser() -> argparse.ArgumentParser:
    """The parser with the sub-commands of every installed package."""
    parser = argparse.ArgumentParser(
        prog="gsi-bench",
        description="Import, build, score and publish GSI-Bench, a benchmark of spatial image editing.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="example: gsi-bench import fine_dataset.zip --split fine --out GSI-Bench/GSI-Bench",
    )
    parser.add_argument("--version", action="version", version=f"gsi-bench {__version__}")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error (before the command's name)")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    # By name: an editable install may be listed twice.
    for point in {p.name: p for p in entry_points(group=GROUP)}.values():
        try:
            add_commands = point.load()
        except ImportError as error:
            # An optional dependency of one package must not take the commands of the others away.
            sys.stderr.write(f"note: the commands of '{point.name}' are not available ({error})\n")
            continue
        add_commands(commands)
    return parser


def new_command(subparsers: Any, name: str, words: str, example: str) -> argparse.ArgumentParser:
    """A sub-command; its help ends with an example."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        name,
        help=words,
        description=words[0].upper() + words[1:] + ".",
        epilog="example:\n  " + example.replace("\n", "\n  "),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    return parser


def say(text: str) -> None:
    """A line of output."""
    sys.stdout.write(clean(text) + "\n")


def whole(least: int = 1, most: int = 1_000_000) -> Callable[[str], int]:
    """The type of an option that is a whole number within bounds; others are a usage error."""

    def number(text: str) -> int:
        try:
            value = int(text)
        except ValueError:  # also of too many digits
            value = least - 1
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"expected a whole number from {least} to {most}, found {printable(text, 60)}")
        return value

    return number


def number(least: float, most: float) -> Callable[[str], float]:
    """The type of an option that is a number within bounds; others, infinity and what is no number are a usage error."""

    def value_of(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"expected a number from {least:g} to {most:g}, found {printable(text, 60)}")
        return value

    return value_of


def explained(error: Exception) -> str | None:
    """What an error says to a user; None for one that is a defect and deserves its traceback.

    Errors that this project defines explain themselves; those of the operating system are put into words.
    """
    ours = type(error).__module__.split(".")[0].startswith("gsi_bench")
    return str(error) if ours else system_problem(error)


def _print_traceback(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """A traceback without the keys that a server's or a library's words may hold."""
    sys.stderr.write(clean("".join(traceback.format_exception(kind, error, trace))))


if __name__ == "__main__":
    sys.exit(main())
