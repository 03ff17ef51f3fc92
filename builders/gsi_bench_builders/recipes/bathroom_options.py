"""The options of `gsi-bench build bathroom`: bathrooms of one sort."""

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


def add_options(parser: argparse.ArgumentParser) -> None:
    """See `Recipe.add_options`: it has none of its own."""


def problems(args: argparse.Namespace) -> list[str]:
    """See `Recipe.problems`."""
    return []


def source(args: argparse.Namespace) -> tuple[SceneSource, int]:
    """See `Recipe.source`."""
    if args.engine == thor_scenes.THOR:
        return thor_scenes.source(args, f"ithor-bathroom-{args.subset}" if args.subset else "ithor-bathroom")
    from gsi_bench_builders.recipes.rooms import EmbeddedRooms, SweetHomeRooms  # noqa: PLC0415

    if (folder := sweet_home_folder(args)) is not None:
        return SweetHomeRooms(("bathroom",), args.subset, folder=folder), args.num_scenes or NUM_SCENES
    subset = TRAIN if args.train else args.subset
    return EmbeddedRooms(("bathroom",), subset, training=args.train), args.num_scenes or NUM_SCENES
