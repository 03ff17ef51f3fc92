"""What users choose of both room splits: the reference's mixes of commands, and rooms to train on or to validate with."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gsi_bench_dataset.problems import some

if TYPE_CHECKING:
    from gsi_bench_builders.edits.base import EditOptions

__all__ = ["MIXES", "SUBSETS", "TRAIN", "Mix", "add_options", "kinds_of", "mixed", "problems"]

TRAIN = "train"
SUBSETS = (TRAIN, "val")
_ROOM_SPLITS = ("robothor", "bathroom")


@dataclasses.dataclass(frozen=True)
class Mix:
    """The commands of one of the reference's scripts.

    Attributes:
        kinds: operations, of `edits.registry.OPERATIONS`.
        amounts: fields of `EditOptions` that it fixes. No two mixes fix the same one.
    """

    kinds: tuple[str, ...]
    amounts: Mapping[str, Any] = dataclasses.field(default_factory=dict)


# By the reference's names of command types, in its order, with the amounts that it samples.
MIXES: dict[str, Mix] = {
    "camera": Mix(("move",), {"move_cm": (5, 10, 15, 20)}),
    "object": Mix(("relate",), {"relate_cm": (5, 10, 20, 30)}),
    "rotate": Mix(("rotate",), {"turns_deg": (45, -45, 90, -90, 180)}),
    "receptacle": Mix(("place",), {"spot_share": 1.0}),
    "agent_camera": Mix(
        ("view",),
        {"travels": ("forward", "backward", "left", "right"), "travel_cm": (10, 20, 30), "pan_deg": (15, 30)},
    ),
    "spatial_remove": Mix(("remove_extreme",)),
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Of both room recipes together."""
    parser.add_argument(
        "--commands",
        nargs="+",
        metavar="MIX",
        choices=tuple(MIXES),
        help="robothor, bathroom: the operations and amounts of the reference's scripts, instead of --operations: "
        + " ".join(MIXES),
    )
    parser.add_argument(
        "--subset",
        choices=SUBSETS,
        help="robothor, bathroom: rooms to train on or to validate with; no room is of both, whatever the seeds",
    )


def problems(args: argparse.Namespace) -> list[str]:
    """What is wrong with these options."""
    given = [f"--{name}" for name in ("commands", "subset") if getattr(args, name) is not None]
    if args.split not in _ROOM_SPLITS:
        return [f"{name} is of splits {' and '.join(_ROOM_SPLITS)}, and {args.split} has no such choice" for name in given]
    found = []
    names = args.commands or ()
    if doubled := sorted({n for n in names if names.count(n) > 1}):
        found.append(f"--commands: given twice: {some(doubled)}")
    if args.commands and args.operations:
        found.append("--commands and --operations both say which operations to draw; give one of them")
    if args.subset and args.thor_scenes:
        found.append("--subset and --thor-scenes both say which scenes to take; give one of them")
    return found


def kinds_of(names: Sequence[str]) -> tuple[str, ...]:
    """The operations of several mixes."""
    return tuple(kind for name in names for kind in MIXES[name].kinds)


def mixed(options: EditOptions, names: Sequence[str]) -> EditOptions:
    """Options with the amounts of several mixes."""
    for name in names:
        options = dataclasses.replace(options, **MIXES[name].amounts)
    return options
