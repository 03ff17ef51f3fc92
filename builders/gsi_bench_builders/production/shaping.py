"""Images that are not square: scenes seen through a window around the square that they were framed in."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from gsi_bench_builders.production.aspects import ASPECTS, MIXED
from gsi_bench_builders.production.scene_work import SceneSource
from gsi_bench_builders.scene import Camera, Scene

__all__ = ["Shaped", "image_size", "reshaped"]

_STEP = 8  # of widths and heights, pixels: encoders of images like it


def image_size(size: int, aspect: str) -> tuple[int, int]:
    """Width and height with about as many pixels as a square of `size`.

    >>> image_size(512, "1:1"), image_size(512, "3:2")
    ((512, 512), (624, 416))
    """
    wide, high = ASPECTS[aspect]
    root = math.sqrt(wide / high)
    width, height = (max(_STEP, round(side / _STEP) * _STEP) for side in (size * root, size / root))
    return (size, size) if wide == high else (width, height)


def reshaped(camera: Camera, aspect: str) -> Camera:
    """The camera with an image of another shape, in which the square of the old one is whole: the new image shows more."""
    width, height = image_size(camera.width, aspect)
    return dataclasses.replace(camera, focal=camera.focal * min(width, height) / camera.width, width=width, height=height)


@dataclasses.dataclass(frozen=True)
class Shaped:
    """A source of scenes whose images have an aspect; `mixed`: each scene one of them, drawn."""

    source: SceneSource
    aspect: str

    def __post_init__(self) -> None:
        if self.aspect != MIXED and self.aspect not in ASPECTS:
            raise ValueError(f"expected an aspect out of {', '.join((*ASPECTS, MIXED))}; found {self.aspect!r}")

    def describe(self) -> dict[str, Any]:
        """See `SceneSource.describe`."""
        return self.source.describe() | {"aspect": self.aspect}

    def scene(self, number: int, rng: np.random.Generator, size: int) -> tuple[Scene, Mapping[str, int]]:
        """See `SceneSource.scene`; `size` squared is about the number of pixels."""
        scene, left_out = self.source.scene(number, rng, size)
        # Sorts of scenes take turns by number too: drawn, so that not every bathroom has the same shape.
        aspect = str(rng.choice(list(ASPECTS))) if self.aspect == MIXED else self.aspect
        return dataclasses.replace(scene, camera=reshaped(scene.camera, aspect)), left_out
