"""`gsi-bench space`: a thin shell around launch.py."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from gsi_bench_dataset.cli.main import new_command
from gsi_bench_dataset.safety.names import printable
from gsi_bench_dataset.safety.proxies import without_proxies

__all__ = ["SpaceCommandError", "add_commands"]

_NEEDED = ("gradio", "plotly")
_LAST_PORT, _LONGEST_PORT = 65535, 5  # the latter in digits


class SpaceCommandError(ValueError):
    """The app cannot be started as asked."""


def add_commands(subparsers: Any) -> None:
    """Adds `space` to the parser of `gsi-bench`."""
    parser = new_command(
        subparsers,
        "space",
        "start the web app on this machine: score one edit and see why",
        "gsi-bench space\n"
        "gsi-bench space --data GSI-Bench/GSI-Bench --runs runs --validation build/validity/validity.html --port 7860\n"
        "Needs: pip install 'gsi-bench[space]'",
    )
    parser.add_argument("--data", help="dataset folder, or a Hub repository (default: 18 samples that come with the app)")
    parser.add_argument("--revision", help="branch, tag or commit of a Hub repository")
    parser.add_argument("--detector", default="tracker", help="tracker (default) or detany3d")
    parser.add_argument(
        "--masks", default="auto", help="who finds objects in visitors' photos: auto (default), u2netp, isnet or grabcut"
    )
    parser.add_argument("--device", help="cpu, cuda or mps (default: the best one there is)")
    parser.add_argument("--runs", type=Path, metavar="DIR", help="folder of run folders: their reports and a leaderboard")
    parser.add_argument("--validation", type=Path, metavar="FILE", help="validation page that `gsi-bench validate` wrote")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1; 0.0.0.0: all)")
    parser.add_argument(
        "--port", type=_port, metavar="PORT", help="port to listen on (default: the first free one from 7860 on)"
    )
    parser.set_defaults(run=_run)


def _port(text: str) -> int:
    port = int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_PORT else 0
    if not 1 <= port <= _LAST_PORT:
        raise argparse.ArgumentTypeError(f"expected a port from 1 to {_LAST_PORT}, found {printable(text)}")
    return port


def _run(args: argparse.Namespace) -> int:
    try:
        with without_proxies():  # Gradio opens the proxies when it is imported, those too that cannot be opened
            from gsi_bench_space.launch import Settings, serve  # noqa: PLC0415 - the web stack loads when it is needed
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] not in _NEEDED:
            raise
        raise SpaceCommandError(f"the web app needs {error.name}: pip install 'gsi-bench[space]'") from error
    given = {name: getattr(args, name) for name in Settings.__dataclass_fields__ if getattr(args, name) is not None}
    serve(Settings(**given))
    return 0
