"""`gsi-bench space` and `gsi-bench annotate`: thin shells around launch.py and annotating/server.py."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from gsi_bench_dataset.cli.main import new_command, say
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
    _add_annotate(subparsers)


def _add_annotate(subparsers: Any) -> None:
    parser = new_command(
        subparsers,
        "annotate",
        "mark boxes in your photographs on a page of this machine, for `gsi-bench build fine`",
        "gsi-bench annotate ~/photos                       # saves ~/photos/boxes.json after every change\n"
        "gsi-bench annotate ~/photos --licence cc-by-4.0 --redistributable yes --attribution 'Ada L.'\n"
        "gsi-bench build fine ~/photos --out GSI-Bench/GSI-Bench\n"
        "Needs: pip install 'gsi-bench[space]'",
    )
    parser.add_argument("photos", type=Path, metavar="PHOTOS", help="folder of photographs, with those in it")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="file of boxes (default: boxes.json in PHOTOS, where fine looks)"
    )
    parser.add_argument("--licence", metavar="NAME", help="of all photographs (default: as the file says)")
    parser.add_argument("--redistributable", choices=("yes", "no"), help="whether they may be passed on")
    parser.add_argument("--attribution", metavar="WORDS", help="who took them")
    parser.add_argument(
        "--masks", default="auto", help="who finds objects: auto (default), u2netp, isnet, grabcut, or none for no masks"
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1, this machine alone)")
    parser.add_argument("--port", type=_port, default=7870, metavar="PORT", help="port to listen on (default: %(default)s)")
    parser.set_defaults(run=_run_annotate)


def _port(text: str) -> int:
    port = int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_PORT else 0
    if not 1 <= port <= _LAST_PORT:
        raise argparse.ArgumentTypeError(f"expected a port from 1 to {_LAST_PORT}, found {printable(text)}")
    return port


def _run_annotate(args: argparse.Namespace) -> int:
    try:
        with without_proxies():  # as below
            from gsi_bench_space.annotating.keeping import Rights  # noqa: PLC0415
            from gsi_bench_space.annotating.server import serve as serve_page  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise _lacking(error) from error
    free = None if args.redistributable is None else args.redistributable == "yes"
    rights = Rights(args.licence, free, args.attribution)
    out = args.out or args.photos / "boxes.json"
    serve_page(args.photos, out, rights, args.masks, args.host, args.port, say)
    return 0


def _run(args: argparse.Namespace) -> int:
    try:
        with without_proxies():  # Gradio opens the proxies when it is imported, those too that cannot be opened
            from gsi_bench_space.launch import Settings, serve  # noqa: PLC0415 - the web stack loads when it is needed
    except ModuleNotFoundError as error:
        raise _lacking(error) from error
    given = {name: getattr(args, name) for name in Settings.__dataclass_fields__ if getattr(args, name) is not None}
    serve(Settings(**given))
    return 0


def _lacking(error: ModuleNotFoundError) -> Exception:
    """What to say of a module that is not installed; the error itself where it is no optional one."""
    if error.name is None or error.name.split(".")[0] not in _NEEDED:
        return error
    return SpaceCommandError(f"the web app needs {error.name}: pip install 'gsi-bench[space]'")
