"""The scenes of recipes that AI2-THOR can draw too: their options, and where they come from with `--engine thor`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from gsi_bench_builders.engines.registry import rooms_of
from gsi_bench_dataset.cli.main import whole

if TYPE_CHECKING:
    from gsi_bench_builders.production.scene_work import SceneSource

__all__ = ["THOR", "add_options", "problems", "source"]

THOR = "thor"
NUM_SCENES = 8
MAX_VIEWS = 50


def add_options(parser: argparse.ArgumentParser) -> None:
    """Of all recipes together."""
    parser.add_argument(
        "--thor-scenes",
        nargs="+",
        metavar="NAME",
        help="with --engine thor: sets (robothor-train, robothor-val, ithor-bathroom, ithor-bathroom-test), scenes or ranges "
        "such as FloorPlan_Train1-3_1-5 (default: what --subset says; without it robothor-val for robothor, ithor-bathroom "
        "for bathroom)",
    )
    parser.add_argument(
        "--thor-views", type=whole(1, MAX_VIEWS), metavar="N", help="with --engine thor: views of each scene (default: 1)"
    )


def problems(args: argparse.Namespace) -> list[str]:
    """What is wrong with these options."""
    given = [
        name for name, value in (("--thor-scenes", args.thor_scenes), ("--thor-views", args.thor_views)) if value is not None
    ]
    if args.engine != THOR:
        return [f"{name} goes with --engine {THOR}" for name in given]
    from gsi_bench_builders.engines.thor.scenes import SceneNameError, scene_names  # noqa: PLC0415

    found = []
    if getattr(args, "rooms", None):
        found.append(f"--rooms goes with Blender's rooms; with --engine {THOR}, --thor-scenes says which")
    try:
        scene_names(args.thor_scenes or ("robothor-val",))
    except SceneNameError as error:
        found.append(f"--thor-scenes: {error}")
    return found


def source(args: argparse.Namespace, default: str) -> tuple[SceneSource, int]:
    """AI2-THOR's scenes, and how many of them to take. `default`: the set where none is asked for."""
    rooms = rooms_of(THOR, args.thor_scenes or (default,), args.thor_views or 1)
    return rooms, min(args.num_scenes or NUM_SCENES, rooms.num_scenes)
