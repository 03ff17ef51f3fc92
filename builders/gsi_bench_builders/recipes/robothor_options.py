"""The options of `gsi-bench build robothor`: living rooms and studios."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from gsi_bench_builders.recipes import thor_scenes
from gsi_bench_builders.recipes.asset_sources import sweet_home_folder
from gsi_bench_builders.recipes.room_choices import TRAIN

if TYPE_CHECKING:
    from gsi_bench_builders.production.scene_work import SceneSource

__all__ = ["add_options", "problems", "source"]

NUM_SCENES = 8
_SORTS = ("living", "studio")


def add_options(parser: argparse.ArgumentParser) -> None:
    """See `Recipe.add_options`."""
    parser.add_argument(
        "--rooms", nargs="+", metavar="NAME", choices=_SORTS, help=f"robothor: only rooms of these sorts: {' '.join(_SORTS)}"
    )


def problems(args: argparse.Namespace) -> list[str]:
    """See `Recipe.problems`."""
    names = args.rooms or ()
    doubled = sorted({n for n in names if names.count(n) > 1})
    return [f"--rooms: given twice: {', '.join(doubled)}"] if doubled else []


def source(args: argparse.Namespace) -> tuple[SceneSource, int]:
    """See `Recipe.source`."""
    if args.engine == thor_scenes.THOR:
        return thor_scenes.source(args, f"robothor-{args.subset or 'val'}")
    from gsi_bench_builders.recipes.rooms import EmbeddedRooms, SweetHomeRooms  # noqa: PLC0415

    if (folder := sweet_home_folder(args)) is not None:
        return SweetHomeRooms(tuple(args.rooms or _SORTS), args.subset, folder=folder), args.num_scenes or NUM_SCENES
    subset = TRAIN if args.train else args.subset
    return EmbeddedRooms(tuple(args.rooms or _SORTS), subset, training=args.train), args.num_scenes or NUM_SCENES
