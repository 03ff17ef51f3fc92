"""Training sets: what is held out from them, and how their scenes differ from those of test splits.

Test splits have all kinds, the looks 0 – 9,999 of each, all styles of surroundings but those here, and draws seeded by seed and
number. Training sets have none of the kinds in `HELD_OUT`, looks from 10,000 on, styles of their own, and draws seeded in
another way (`production.scene_work.entropy_of`). Nothing of it depends on a seed, so no two builds differ in it.
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import Any

from gsi_bench_builders.assets.looks import LOOKS, EmbeddedLooks
from gsi_bench_builders.assets.rooms import TRAINING_STYLES
from gsi_bench_builders.options import path
from gsi_bench_builders.recipes import thor_scenes
from gsi_bench_builders.recipes.room_choices import TRAIN
from gsi_bench_builders.scene import Scene
from gsi_bench_dataset.safety.files import printable_path, read_text

__all__ = [
    "HELD_OUT",
    "PREFIX",
    "TrainingError",
    "add_options",
    "described",
    "looks_of",
    "named_captures",
    "problems",
    "restyled",
]

_MAX_LIST_BYTES = 16 * 2**20
PREFIX = "train_"  # of the ids of scenes
# One kind in five, of tables, rooms and bathrooms alike, and of each only what a scene can do without. Never change a line of
# it: training sets that were made with another list have seen what this one holds out.
HELD_OUT = frozenset(
    (
        "armchair", "bathroom scale", "bench", "camera", "croissant", "floor lamp", "jewelry box", "lotion bottle", "ottoman",
        "pear", "pencil cup", "pepper mill", "picture frame", "speaker", "step stool", "storage box", "sugar bowl", "teapot",
        "toaster", "toilet brush", "trash can", "wall clock", "wardrobe", "water bottle", "wine glass",
    )
)  # fmt: skip
_LOOKS = EmbeddedLooks(LOOKS, first=LOOKS, lacks=HELD_OUT)


class TrainingError(ValueError):
    """A training set that cannot be made as asked."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Of all recipes together."""
    parser.add_argument(
        "--train",
        action="store_true",
        help="make a training set: scenes, looks and surroundings that no test split has, and without the kinds held out from "
        "it (docs/training.md)",
    )
    parser.add_argument(
        "--train-captures",
        type=path,
        metavar="FILE",
        help="fine --train PHOTOS: a text file that names the captures to train on, one a line; all others are left out",
    )


def problems(args: argparse.Namespace) -> list[str]:
    """Why `--train` does not go with others; empty where it does."""
    if not args.train:
        return ["--train-captures goes with --train"] if args.train_captures else []
    found = []
    if args.assets is not None and args.assets[0] != "embedded":
        found.append(f"--train: every model of {args.assets[0]} may stand in a test split; build with embedded assets")
    if args.mesatask_10k is not None:
        found.append("--train: every layout of MesaTask-10K may be in a test split; build with embedded tables")
    if args.engine == thor_scenes.THOR:
        hint = "build with --subset train instead, and compare with gsi-bench leakage"
        found.append(
            f"--train: scenes of engine {args.engine} come with objects of their own, and no kind can be held out: {hint}"
        )
    if args.subset not in (None, TRAIN):
        found.append(f"--train: rooms to train on are of the subset {TRAIN}, not --subset {args.subset}")
    if args.photos and args.train_captures is None:
        found.append(
            "--train: which photographs are for training is for you to say: name their captures in a file, one a line, with "
            "--train-captures FILE (ScanNet++: its nvs_sem_train.txt)"
        )
    if args.train_captures is not None and not args.photos:
        found.append("--train-captures goes with PHOTOS: nothing else has captures")
    return found


def named_captures(file: Path) -> frozenset[str]:
    """The captures that a file names, one a line.

    Raises:
        TrainingError: it names none.
        FileProblemError, OSError: it cannot be read as text.
    """
    named = frozenset(line.strip() for line in read_text(file, _MAX_LIST_BYTES).splitlines() if line.strip())
    if not named:
        raise TrainingError(f"--train-captures {printable_path(file)}: expected names of captures, one a line, found none")
    return named


def looks_of(training: bool) -> EmbeddedLooks:
    """Where the assets of scenes come from."""
    return _LOOKS if training else EmbeddedLooks()


def restyled(scene: Scene, training: bool) -> Scene:
    """A scene of a training set from one composed with its looks: another id and other surroundings. Others as they are.

    Raises:
        KeyError: no style of training sets stands in for the scene's.
    """
    if not training:
        return scene
    room = dataclasses.replace(scene.room, style=TRAINING_STYLES[scene.room.style])
    return dataclasses.replace(scene, id=f"{PREFIX}{scene.id}", room=room)


def described(training: bool) -> dict[str, Any]:
    """What a source says of itself, and the card of it."""
    if not training:
        return {}
    held_out = {
        "kinds": sorted(HELD_OUT),
        "looks": f"0 to {LOOKS - 1} of every kind",
        "styles of surroundings": sorted(TRAINING_STYLES),
    }
    return {"held out from training": held_out}
