"""The option that takes another source of assets than the embedded ones, for every recipe that composes scenes."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from gsi_bench_builders.options import path
from gsi_bench_builders.recipes import thor_scenes
from gsi_bench_dataset.problems import some, summary_of
from gsi_bench_dataset.safety.names import printable

if TYPE_CHECKING:
    from gsi_bench_builders.assets.sweethome.library import SweetHome

__all__ = ["EMBEDDED", "SWEET_HOME", "add_options", "problems", "sweet_home_folder", "told"]

EMBEDDED, SWEET_HOME = "embedded", "sweethome3d"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds `--assets`."""
    parser.add_argument(
        "--assets",
        type=_source,
        metavar=f"{SWEET_HOME}[:FOLDER]",
        help=f"models of Debian's package sweethome3d-furniture in place of embedded assets, where it has some of the kind; "
        f"FOLDER: with its .sh3f files (default: where the package puts them). {EMBEDDED}: the default",
    )


def _source(text: str) -> tuple[str, Path | None]:
    name, colon, folder = text.partition(":")
    if name == EMBEDDED and not colon:
        return EMBEDDED, None
    if name != SWEET_HOME or (colon and not folder):
        wanted = f"{EMBEDDED}, {SWEET_HOME} or {SWEET_HOME}:FOLDER"
        raise argparse.ArgumentTypeError(f"expected {wanted}; found {printable(text, 80)}")
    return SWEET_HOME, path(folder) if folder else None


def problems(args: argparse.Namespace) -> list[str]:
    """Why it does not go together with others; empty where it does."""
    if args.assets is None or args.assets[0] == EMBEDDED:
        return []
    found = []
    if args.engine == thor_scenes.THOR:
        found.append(f"--assets {SWEET_HOME}: scenes of engine {thor_scenes.THOR} come with assets of their own")
    if args.mesatask_10k is not None:
        found.append(f"--assets {SWEET_HOME}: with --mesatask-10k assets are MesaTask-10K's")
    if args.photos:
        found.append(f"--assets {SWEET_HOME}: with PHOTOS there are none but what they show")
    return found


def sweet_home_folder(args: argparse.Namespace) -> Path | None:
    """The folder of catalogues that is asked for; None: embedded assets."""
    if args.assets is None or args.assets[0] == EMBEDDED:
        return None
    from gsi_bench_builders.assets.sweethome.library import DEFAULT_FOLDER  # noqa: PLC0415

    return (args.assets[1] or DEFAULT_FOLDER).absolute()


def told(home: SweetHome) -> str:
    """What a folder of catalogues has, and what it has not, for whoever starts a build."""
    from gsi_bench_builders.assets.library import kinds  # noqa: PLC0415

    lacking = sorted(kinds().keys() - home.usable.keys())
    has = f"Sweet Home 3D: {home.count} models of {len(home.usable)} kinds; embedded assets for {len(lacking)} others"
    words = f"{has}: {some(lacking)}"
    return summary_of(f"{words}. Models left out", home.problems) if home.problems else words
