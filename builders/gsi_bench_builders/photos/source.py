"""What a source of photographs gives: captures (one place and its photographs) with boxes, cameras, pixels and rights."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from gsi_bench_builders.photos.camera import PhotoCamera
from gsi_bench_builders.scene import Hold, Matrix3, Symmetry, Vector3
from gsi_bench_dataset.records import EncodedImage

__all__ = [
    "MALFORMED",
    "REASONS",
    "UNREADABLE",
    "Capture",
    "PhotoBox",
    "PhotoError",
    "PhotoFrame",
    "PhotoSource",
    "Pixels",
    "Rights",
    "Surface",
    "box_id",
]

# What reading numbers and names out of JSON of another shape raises.
MALFORMED: tuple[type[Exception], ...] = (LookupError, TypeError, AttributeError, ValueError, ArithmeticError)
UNREADABLE: tuple[type[Exception], ...] = (OSError, *MALFORMED)  # the same of a file
# Why a photograph gives nothing, or a box of it is left out: name -> what it means. Runs count by name.
REASONS = {
    "annotation_missing": "the file with the boxes of the place is not there",
    "annotation_unreadable": "the file with the boxes cannot be understood",
    "no_pose": "the photograph has no camera pose, or one that is no pose",
    "not_as_annotated": "boxes do not project where the annotation of the photograph itself has them",
    "odd_camera": "the camera is no plain pinhole: it is tilted or shifted so that no K describes it",
    "no_frame": "the place has fewer usable photographs than are asked for",
    "no_box_in_view": "no box is seen from any photograph that was looked at",
    "photo_missing": "the image file, or the video's frame, is not there",
    "photo_unreadable": "the image is damaged or of a format that is not read",
    "photo_size": "the image has another shape than its camera says",
    "no_vertical": "the camera looks straight up or down, so that words have no directions",
    "depth_missing": "the depth file is not there",
    "depth_unreadable": "the depth cannot be understood",
    "depth_shape": "the depth has another shape than the photograph",
    "masks_missing": "the image that numbers the objects is not there",
    "masks_unreadable": "the image that numbers the objects cannot be understood",
    "masks_shape": "the image that numbers the objects has another size or shape than the photograph",
    "depth_unit": "the depth is a multiple of what the boxes say: another unit",
    "behind_camera": "the box lies behind the camera",
    "not_in_image": "the box lies outside of the image",
    "no_noun": "no Chinese noun is known for the label: the object is known to stand there, and not spoken of",
    "segments_missing": "the mesh or its segments are not there: axes are proved by depth instead",
    "segments_unreadable": "the mesh or its segments cannot be understood: axes are proved by depth instead",
    "axes_transposed": "boxes' axes are rows where columns were expected, or columns for rows; their points say so and decide",
    "axes_unproved": "nothing tells whether the box's axes are rows or columns",
    "holds_not_its_points": "the box does not hold its own points, whichever way its axes are read",
    "not_in_depth": "the depth lies behind the box: nothing stands there",
    "no_size": "the box is flat or has no size",
}


class PhotoError(ValueError):
    """A photograph, or a whole place, that gives nothing; the rest goes on. `reason` is one of `REASONS`."""

    def __init__(self, reason: str, text: str):
        if reason not in REASONS:
            raise ValueError(f"expected one of {', '.join(REASONS)}, found {reason!r}")
        self.reason = reason
        super().__init__(f"{reason}: {text}")


@dataclasses.dataclass(frozen=True)
class PhotoBox:
    """An object's box in the capture's world (z up, metres).

    Attributes:
        id: unique in the capture.
        noun, noun_zh: as labelled; None for Chinese that the source does not have.
        centre, size, rotation: as `Thing` has them: full extents along own right, forward, up; own axes -> world.
        symmetry, colour, colour_zh, hold: where the source knows; None: by the noun, and no colour.
        on: id of the object that carries it, where the source knows.
    """

    id: str
    noun: str
    centre: Vector3
    size: Vector3
    rotation: Matrix3
    noun_zh: str | None = None
    symmetry: Symmetry | None = None
    colour: str | None = None
    colour_zh: str | None = None
    hold: Hold | None = None
    on: str | None = None


@dataclasses.dataclass(frozen=True)
class Surface:
    """A level surface that things stand on: convex outline (world x, y; counter-clockwise) and height."""

    outline: tuple[tuple[float, float], ...]
    z: float


@dataclasses.dataclass(frozen=True)
class PhotoFrame:
    """A photograph that can be taken.

    Attributes:
        id: names its samples.
        name: in the capture.
        camera: pixels of the image as it is seen.
    """

    id: str
    name: str
    camera: PhotoCamera


@dataclasses.dataclass(frozen=True)
class Rights:
    """Rights in the photographs of a source; None: not known."""

    licence: str | None
    redistributable: bool | None
    attribution: str | None
    origin: Literal["demo", "rebuilt"] = "demo"


@dataclasses.dataclass(frozen=True)
class Capture:
    """One place: its photographs, and everything that is marked in it.

    Attributes:
        id: names its samples; a plain name.
        frames: those with a pose, in order.
        surfaces: that are known; others are looked for in the depth.
        up_source: who says where up is, one of the records' `UP_SOURCES`.
        place: samples of one place are not independent; None: the capture itself.
        left_out: reason -> how many boxes or photographs.
    """

    id: str
    boxes: tuple[PhotoBox, ...]
    frames: tuple[PhotoFrame, ...]
    rights: Rights
    surfaces: tuple[Surface, ...] = ()
    up_source: str = "pose"
    place: str | None = None
    left_out: Mapping[str, int] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raises PhotoError where two boxes have one id: masks and edits name objects by it."""
        twice = [id_ for id_, count in Counter(box.id for box in self.boxes).items() if count > 1]
        if twice:
            raise PhotoError("annotation_unreadable", f"{self.id}: several objects are called {', '.join(twice)}")


@dataclasses.dataclass(frozen=True)
class Pixels:
    """What a photograph shows, as it is meant to be seen (a phone's orientation applied), perhaps smaller.

    Attributes:
        rgb: H×W×3 uint8.
        full: (width, height) before it was made smaller.
        file: the image's own bytes, where `rgb` are exactly its pixels.
        depth_m: h×w float32 of the same field of view, along the viewing axis; 0 where not known.
        instances: of the same field of view, uint16, 1 + the position of the object in the capture's boxes; 0 elsewhere.
        left_out: reason -> how often something beside the image could not be used.
    """

    rgb: NDArray[np.uint8]
    full: tuple[int, int]
    file: EncodedImage | None = None
    depth_m: NDArray[np.float32] | None = None
    instances: NDArray[np.uint16] | None = None
    left_out: Mapping[str, int] = dataclasses.field(default_factory=dict)


class PhotoSource(Hashable, Protocol):
    """A folder of photographs with boxes. Must pickle; equal files give equal captures.

    Attributes:
        name: of the adapter, in the registry.
        folder: what was opened.
    """

    @property
    def name(self) -> str:
        """Of the adapter."""

    @property
    def folder(self) -> Path:
        """What was opened."""

    def captures(self) -> tuple[tuple[str, int], ...]:
        """(id, most photographs that it may have) of each place, in order; looks at names of files alone."""

    def fingerprint(self) -> str:
        """A short text that differs where the boxes or the list of photographs differ: a resumed build must have the same."""

    def capture(self, capture_id: str) -> Capture:
        """A place with its boxes and cameras.

        Raises:
            PhotoError: it cannot be used; says why.
        """

    def pixels(self, capture: Capture, frame: PhotoFrame, side: int, *, depth: bool = True) -> Pixels:
        """A photograph, its longer side at most `side` pixels; `depth` False leaves everything but its image out.

        Raises:
            PhotoError: the image cannot be read. Depth that cannot is left out and counted.
        """


def box_id(label: str, number: object) -> str:
    """A plain name for a box, of a label in a corpus's own words and its number there.

    >>> box_id(" mug / cup", 3)
    'mug_cup_3'
    """
    word = re.sub(r"[^\w-]+", "_", label).strip("_")[:40]
    return f"{word or 'object'}_{number}"
