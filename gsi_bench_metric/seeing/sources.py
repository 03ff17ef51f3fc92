"""The source images of a split, each with all that its samples know to stand in it together.

Samples of the official data know their own target alone; several of one image know several objects.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from gsi_bench_dataset.records import Sample, SceneObject

__all__ = ["COLUMNS", "Place", "Sources", "things_of"]

# What is read of a sample, without its images.
COLUMNS = (
    "id", "img_id", "target", "original_bbox_3d", "rotation_matrix", "camera_intrinsics", "pixel_frame", "objects",
    "up", "mask_source", "depth_source",
)  # fmt: skip
_DIGITS = 6  # of metres: boxes that differ by less are one


@dataclasses.dataclass(frozen=True)
class Place:
    """Where one camera stood: samples of one place share their source image.

    Attributes:
        img_id: name of the image.
        camera: K, with the pixels that it means.
    """

    img_id: str
    camera: tuple[Any, ...]

    @classmethod
    def of(cls, img_id: str, intrinsics: Iterable[Iterable[float]], pixel_frame: str) -> Place:
        """The place of a sample."""
        return cls(img_id, (*(tuple(map(float, row)) for row in intrinsics), pixel_frame))


class Sources:
    """All known objects by place, each under a number from 1 that holds for all samples of the place."""

    def __init__(self) -> None:
        self._things: dict[Place, dict[tuple[Any, ...], SceneObject]] = {}

    def add(self, row: Mapping[str, Any]) -> None:
        """Takes a sample's row, without its images, into account."""
        objects = tuple(SceneObject.from_row(o) for o in row["objects"]) if row["objects"] is not None else None
        place = Place.of(row["img_id"], row["camera_intrinsics"], row["pixel_frame"])
        known = self._things.setdefault(place, {})
        for thing in objects or (_target(row["target"], row["original_bbox_3d"], row["rotation_matrix"]),):
            known.setdefault(_key(thing), _plain(thing, len(known) + 1))

    def __len__(self) -> int:
        return len(self._things)

    def things(self, place: Place) -> tuple[SceneObject, ...]:
        """Of a place, in the order of their numbers. Their ids are unique there."""
        return tuple(self._things[place].values())

    def numbers(self, sample: Sample) -> list[int]:
        """The numbers, at its place, of a sample's own objects in their order."""
        known = self._things[place_of(sample)]
        order = {key: number for number, key in enumerate(known, 1)}
        return [order[_key(thing)] for thing in things_of(sample)]


def place_of(sample: Sample) -> Place:
    """The place of a sample."""
    return Place.of(sample.img_id, sample.camera_intrinsics, sample.pixel_frame)


def things_of(sample: Sample) -> tuple[SceneObject, ...]:
    """What a sample knows to stand in its source view, in the order of the numbers of its mask: at least its target."""
    return sample.objects or (_target(sample.target, sample.original_bbox_3d, sample.rotation_matrix),)


def _target(name: str, box: Iterable[float], rotation: Iterable[Iterable[float]]) -> SceneObject:
    return SceneObject("target", name, tuple(box), tuple(map(tuple, rotation)), is_target=True)


def _plain(thing: SceneObject, number: int) -> SceneObject:
    """As all samples of a place see it: who is the target is not part of it."""
    name = thing.category if thing.id == "target" else thing.id
    return dataclasses.replace(thing, id=f"{name}#{number}" if thing.id == "target" else name, is_target=False)


def _key(thing: SceneObject) -> tuple[Any, ...]:
    turn = tuple(round(v, _DIGITS) for row in thing.rotation_matrix for v in row)
    return tuple(round(v, _DIGITS) for v in thing.bbox_3d[:6]), turn
