"""One object under several turns before one camera: what the network learns from, as files of a few dozen each."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from gsi_bench_metric.detectors.tracker.turns.drum import CROP, Placed

__all__ = ["SHOWN", "TURNS", "WINDOW", "Batch", "Group", "batch_of", "groups_in", "save"]

TURNS = 5  # images of an object
WINDOW = 1.15  # of the side of all that a box covers in a turn, that is cut out of images
SHOWN = CROP // 2  # pixels, side of the maps that the network makes
Array = NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class Group:
    """Images of one object, its turns and how it is seen.

    Attributes:
        rgb: turns × `CROP` × `CROP` × 3, uint8.
        shows: turns × `SHOWN` × `SHOWN`, uint8: 1 where the object is seen, 2 where something else stands before it.
        depth: the same size: metres, where the object is seen.
        turns: of each image, radians as of `turned_by`, the first 0.
        box, rotation, up, window, lens: of the first image, as of `Placed`, without the batch.
        period: 1, 2 or 4: how often it looks the same in a whole turn.
        name: of its kind.
    """

    rgb: NDArray[np.uint8]
    shows: NDArray[np.uint8]
    depth: NDArray[np.float16]
    turns: Array
    box: Array
    rotation: Array
    up: Array
    window: Array
    lens: Array
    period: int
    name: str


@dataclasses.dataclass(frozen=True)
class Batch:
    """B groups of T images as tensors: rgb (B, T, 3, N, N) in 0-1, shows and depth (B, T, n, n), turns (B, T), period (B,)."""

    rgb: torch.Tensor
    shows: torch.Tensor
    depth: torch.Tensor
    turns: torch.Tensor
    placed: Placed
    period: torch.Tensor


def save(file: Path, groups: Sequence[Group]) -> None:
    """Writes groups; the file is whole or not there."""
    columns = {field.name: np.array([getattr(group, field.name) for group in groups]) for field in dataclasses.fields(Group)}
    beside = file.with_name(f".{file.name}.{os.getpid()}.npz")
    np.savez_compressed(beside, **columns)
    beside.replace(file)


def groups_in(files: Iterable[Path]) -> Iterator[Group]:
    """Reads groups."""
    for file in files:
        with np.load(file) as read:
            columns = {name: read[name] for name in read.files}
        for values in zip(*(columns[field.name] for field in dataclasses.fields(Group)), strict=True):
            told = dict(zip((field.name for field in dataclasses.fields(Group)), values, strict=True))
            yield Group(**told | {"period": int(told["period"]), "name": str(told["name"])})


def batch_of(groups: Sequence[Group]) -> Batch:
    """Groups as tensors."""

    def stacked(name: str) -> torch.Tensor:
        return torch.tensor(np.array([getattr(group, name) for group in groups]), dtype=torch.float32)

    return Batch(
        torch.tensor(np.array([g.rgb for g in groups])).permute(0, 1, 4, 2, 3).float() / 255,
        torch.tensor(np.array([g.shows for g in groups])),
        stacked("depth"),
        stacked("turns"),
        Placed(stacked("box"), stacked("rotation"), stacked("up"), stacked("window"), stacked("lens")),
        torch.tensor([float(group.period) for group in groups]),
    )
