"""One image an operation, from a dataset: the source with the target's box beside the ground truth with the goal's."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable
from pathlib import Path

from PIL import Image

from gsi_bench_builders.edits.registry import OPERATIONS
from gsi_bench_builders.production.preview import pair
from gsi_bench_dataset.records import SPLITS, Sample
from gsi_bench_dataset.storage.shards import read_dataset

__all__ = ["main", "operation_of", "pick"]

_EXTREME = re.compile(r"\b(leftmost|rightmost|(closest to|farthest from) the camera|at the (highest|lowest) position)\b")
_QUALITY = 85


def main() -> int:
    """`python -m gsi_bench_builders.show.operations GSI-Bench/GSI-Bench robothor --out docs/images`."""
    parser = argparse.ArgumentParser(description="write an image for each operation of a dataset's split")
    parser.add_argument("dataset", type=Path)
    parser.add_argument("split", choices=SPLITS)
    parser.add_argument(
        "--sample", action="append", default=[], metavar="ID", help="show this one for its operation; repeatable"
    )
    parser.add_argument("--out", type=Path, default=Path("build"))
    parser.add_argument("--side", type=int, default=320, help="of each of the two images, pixels")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for name, sample in sorted(pick(read_dataset(args.dataset, args.split), args.sample).items()):
        target = args.out / f"{args.split}-{name}.jpg"
        picture: Image.Image = pair(sample, args.side)
        picture.save(target, quality=_QUALITY)
        sys.stdout.write(f"{target}: {sample.id}: {sample.prompt}\n")
    return 0


def operation_of(sample: Sample) -> str:
    """The operation's name in `edits.registry.OPERATIONS`: samples do not tell a move to another object from a move."""
    operation = sample.operation
    if operation is None:
        return "none"
    if operation.kind == "move" and operation.reference is not None:
        return "relate"
    return "remove_extreme" if operation.kind == "remove" and _EXTREME.search(sample.prompt) else operation.kind


def pick(samples: Iterable[Sample], wanted: Iterable[str] = ()) -> dict[str, Sample]:
    """By operation, the sample that is wanted for it, else the first one."""
    found: dict[str, Sample] = {}
    asked = set(wanted)
    for sample in samples:
        name = operation_of(sample)
        if name in OPERATIONS and (name not in found or sample.id in asked):
            found[name] = sample
    return found


if __name__ == "__main__":
    sys.exit(main())
