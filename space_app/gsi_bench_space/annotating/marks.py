"""What is marked in a photograph, and what each step makes of it. Pure; the page only shows it.

Frames and units are those of `photos/standing.py`. Pixels are those of the photograph at its working size.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import cv2
import numpy as np

from gsi_bench_dataset.layout.boxes import MarkedObject, MarkedPhoto
from gsi_bench_dataset.layout.pixel_frame import projected_rectangle
from gsi_bench_metric.imaging.images import RGB, load_rgb
from gsi_bench_metric.photos.focal import FOCAL_MM, focal_pixels
from gsi_bench_metric.photos.markers.camera import CameraError, lens_of_focal, stand_of
from gsi_bench_metric.photos.markers.seeing import see
from gsi_bench_metric.photos.standing import (
    HEIGHT_M,
    PITCH_DEG,
    Block,
    Ground,
    Matrix,
    Placed,
    Rectangle,
    block_of,
    intrinsics,
    looking_down,
    on_ground,
    place,
    propose,
)
from gsi_bench_metric.seeing.masks.clicking import find_at, find_in
from gsi_bench_space.own.draft import HEIGHT_CM, PITCH
from gsi_bench_space.own.masking import Marked, Tools
from gsi_bench_space.own.photo import Photo
from gsi_bench_space.problem import OwnError

__all__ = ["MarkError", "Shot", "Thing", "scaled_to"]

SIZES = ("width", "height", "depth")
_LARGEST_M = 1000.0
_MARKER_MM = (5.0, 500.0)  # of the board's markers, as printed


class MarkError(ValueError):
    """A step that cannot be done; the message says why."""


def scaled_to(K: Matrix, size: tuple[int, int], other: tuple[int, int]) -> Matrix:
    """K of an image of (width, height), for the same image at another size."""
    x, y = other[0] / size[0], other[1] / size[1]
    return ((K[0][0] * x, K[0][1] * x, K[0][2] * x), (K[1][0] * y, K[1][1] * y, K[1][2] * y), (0.0, 0.0, 1.0))


@dataclasses.dataclass(frozen=True)
class Thing:
    """An object.

    Attributes:
        id: unique in the photograph.
        block: its box, on a surface that lies `raised_m` above the ground.
        name, name_zh, colour, colour_zh, symmetry, movable, on: see `MarkedObject`; no name yet: "".
        mask: its pixels; None: not known.
        rectangle: that the box was proposed for; None: of no mark on this page.
        raw: as `boxes.json` has it, until its box is changed: what leans, or is finer than a block, is not lost.
    """

    id: str
    block: Block
    raised_m: float = 0.0
    name: str = ""
    name_zh: str | None = None
    colour: str | None = None
    colour_zh: str | None = None
    symmetry: str | None = None
    movable: str | None = None
    on: str | None = None
    mask: Marked | None = None
    rectangle: Rectangle | None = None
    raw: MarkedObject | None = None


@dataclasses.dataclass(frozen=True)
class Shot:
    """A photograph with what is marked in it.

    Attributes:
        file: path below the folder.
        K: of the photograph as it was taken (`photo.uploaded`), pixels.
        ground: the lowest surface that things stand on.
        levelled: who says where the ground is: "assumed", "typed", "board" or "file".
        kept: its entry in `boxes.json`, for what this page does not change.
    """

    file: str
    photo: Photo
    K: Matrix
    ground: Ground
    levelled: str = "assumed"
    things: tuple[Thing, ...] = ()
    kept: MarkedPhoto | None = None

    @classmethod
    def of(cls, file: str, photo: Photo) -> Shot:
        """Nothing is marked yet; the camera is as the photograph says, or as is assumed."""
        return cls(file, photo, intrinsics(photo.focal.mm, photo.uploaded), looking_down(PITCH_DEG, HEIGHT_M))

    @property
    def matrix(self) -> Matrix:
        """K at the working size."""
        return scaled_to(self.K, self.photo.uploaded, self.photo.size)

    @property
    def focal_mm(self) -> float:
        """35-mm equivalent."""
        return self.K[0][0] / focal_pixels(1.0, self.photo.uploaded)

    def rgb(self) -> RGB:
        """At the working size."""
        return load_rgb(self.photo.picture)

    def thing(self, id_: str) -> Thing:
        """Raises MarkError: no such object."""
        found = next((t for t in self.things if t.id == id_), None)
        if found is None:
            raise MarkError(f"no object {id_!r} is marked in {self.file}")
        return found

    def ground_of(self, thing: Thing) -> Ground:
        """What a thing stands on."""
        return dataclasses.replace(self.ground, height_m=self.ground.height_m - thing.raised_m)

    def placed(self, thing: Thing) -> Placed:
        """A thing in space, as it is seen at the working size."""
        ground = self.ground_of(thing)
        box, rotation = place(thing.block, ground)
        if thing.raw is not None:
            box, rotation = (*thing.raw.box, 0.0), thing.raw.rotation
        return Placed(box, rotation, ground, self.matrix)

    # ---- objects

    def marked(self, point: tuple[float, float], tools: Tools, on: str | None = None) -> Shot:
        """With the object that is seen at a point; it stands on the ground, or on another object.

        Raises:
            OwnError: nothing is found there, or no box fits it.
        """
        rgb = self.rgb()
        mask, rectangle = find_at(rgb, self._inside(point), tools.segmenter)
        made = self._new(rectangle, on)
        if mask is None and tools.segmenter is not None:
            mask = find_in(rgb, self.placed(made), tools.segmenter)
        if mask is not None and tools.segmenter is not None:
            made = dataclasses.replace(made, mask=Marked.of(mask, tools.segmenter.name, rectangle))
        return dataclasses.replace(self, things=(*self.things, made))

    def framed(self, rectangle: Rectangle, tools: Tools, on: str | None = None) -> Shot:
        """With the object in a rectangle.

        Raises:
            OwnError: no box fits it.
        """
        width, height = self.photo.size
        x1, y1, x2, y2 = np.clip(rectangle, 0, (width, height, width, height)).tolist()
        made = self._new((x1, y1, x2, y2), on)
        mask = None if tools.segmenter is None else find_in(self.rgb(), self.placed(made), tools.segmenter)
        if mask is not None and tools.segmenter is not None:
            made = dataclasses.replace(made, mask=Marked.of(mask, tools.segmenter.name, (x1, y1, x2, y2)))
        return dataclasses.replace(self, things=(*self.things, made))

    def _new(self, rectangle: Rectangle, on: str | None) -> Thing:
        numbers = [int(t.id.rpartition("_")[2]) for t in self.things if t.id.rpartition("_")[2].isdecimal()]
        raised = 0.0 if on is None else self._top(self.thing(on))
        empty = Thing(f"object_{max(numbers, default=0) + 1}", Block(0, 0, 1, 1, 1), raised, on=on, rectangle=rectangle)
        return self._proposed(empty)

    def _proposed(self, thing: Thing, like: Block | None = None) -> Thing:
        ground = self.ground_of(thing)
        if ground.height_m <= 0:
            raise MarkError(f"{thing.id} would stand above the camera: give the camera's height, or a known length, first")
        if thing.rectangle is None:
            raise MarkError(f"{thing.id}: no rectangle to propose a box for")
        shape = {} if like is None else {"depth_share": like.depth / like.width, "turn_deg": like.turn_deg}
        found = propose(thing.rectangle, self.matrix, ground, self.photo.size, **shape)
        return dataclasses.replace(thing, block=block_of(found.box, found.rotation, ground), raw=None)

    @staticmethod
    def _top(thing: Thing) -> float:
        return thing.raised_m + thing.block.height

    def changed(self, id_: str, **fields: Any) -> Shot:
        """With other fields of an object; what stands on it, or on another then, goes along in height."""
        made = dataclasses.replace(self.thing(id_), **fields)
        if "block" in fields or "raised_m" in fields:
            made = dataclasses.replace(made, raw=None)
            self._check(made)
        return dataclasses.replace(self, things=tuple(made if t.id == id_ else t for t in self.things))._stacked()

    def stood(self, id_: str, on: str | None) -> Shot:
        """With an object on another (None: on the ground); where it is seen stays, so that its box is proposed anew.

        Raises:
            MarkError: it would stand on itself.
            OwnError: no box fits there.
        """
        thing, carrier = self.thing(id_), on
        while carrier is not None:
            if carrier == id_:
                raise MarkError(f"{id_} cannot stand on itself")
            carrier = self.thing(carrier).on
        raised = 0.0 if on is None else self._top(self.thing(on))
        moved = dataclasses.replace(thing, on=on, raised_m=raised, rectangle=self._seen(thing))
        return self._with(self._proposed(moved, thing.block))._stacked()

    def without(self, id_: str) -> Shot:
        """Without an object; what stood on it stays where it is in space, on nothing that is marked."""
        self.thing(id_)
        left = (dataclasses.replace(t, on=None) if t.on == id_ else t for t in self.things if t.id != id_)
        return dataclasses.replace(self, things=tuple(left))

    def retouched(self, id_: str, point: tuple[float, float], tools: Tools, *, adds: bool) -> Shot:
        """With an object's mask corrected by a click; its box stays.

        Raises:
            OwnError: it has no mask, or nothing would be left.
        """
        thing = self.thing(id_)
        if thing.mask is None:
            raise OwnError("own_mask_lacking")
        mask = thing.mask.clicked(self.rgb(), self._inside(point), tools.reach_percent, adds=adds)
        return self._with(dataclasses.replace(thing, mask=mask))

    def put(self, id_: str, point: tuple[float, float]) -> Shot:
        """With the middle of an object's base where a point is.

        Raises:
            OwnError: the point is on the horizon or above.
        """
        thing = self.thing(id_)
        ground = self.ground_of(thing)
        spot = on_ground(self._inside(point), self.matrix, ground)
        axes = ground.axes
        return self.changed(
            id_, block=dataclasses.replace(thing.block, right=float(spot @ axes[0]), away=float(spot @ axes[1]))
        )

    # ---- the camera, and how large things are

    def taken_by(self, focal_mm: float, pitch_deg: float, height_cm: float) -> Shot:
        """With another camera; every box is proposed anew where its object is seen.

        Raises:
            MarkError: numbers that no photograph is taken with.
            OwnError: an object for which no box fits then.
        """
        for name, value, (least, most) in (
            ("focal length", focal_mm, FOCAL_MM),
            ("degrees down", pitch_deg, PITCH),
            ("height in cm", height_cm, HEIGHT_CM),
        ):
            if not least <= value <= most:
                raise MarkError(f"{name}: expected {least:g} to {most:g}, found {value:g}")
        K = self.K if abs(focal_mm - self.focal_mm) < 0.05 else intrinsics(focal_mm, self.photo.uploaded)
        same = abs(pitch_deg - self.ground.pitch_deg) < 0.05
        ground = Ground(self.ground.up, height_cm / 100) if same else looking_down(pitch_deg, height_cm / 100)
        if K == self.K and same:
            return self._resized(height_cm / 100 / self.ground.height_m, "typed")
        return self._seen_anew(K, ground, "typed")

    def known(self, id_: str, side: str, length_cm: float) -> Shot:
        """With one length known: all others, and the camera's height, follow; what is seen where stays.

        Raises:
            MarkError: no such side, or no length.
        """
        if side not in SIZES or not 0 < length_cm <= 100 * _LARGEST_M:
            raise MarkError(f"a known length: expected one of {', '.join(SIZES)} and 0 to {100 * _LARGEST_M:g} cm")
        return self._resized(length_cm / 100 / getattr(self.thing(id_).block, side), self.levelled)

    def boarded(self, marker_mm: float) -> Shot:
        """With the ground where the printed board lies (`gsi-bench photos board`), at true scale.

        Args:
            marker_mm: side of one of its markers, as measured on the print.

        Raises:
            MarkError: it is not seen, or not well enough.
        """
        if not _MARKER_MM[0] <= marker_mm <= _MARKER_MM[1]:
            raise MarkError(f"a marker's side: expected {_MARKER_MM[0]:g} to {_MARKER_MM[1]:g} mm, found {marker_mm:g}")
        grey = np.asarray(cv2.cvtColor(self.rgb(), cv2.COLOR_RGB2GRAY), dtype=np.uint8)
        lens = lens_of_focal(self.matrix[0][0], self.photo.size)
        try:
            stand = stand_of(see(self.file, grey), lens, marker_mm / 1000)
        except CameraError as error:
            raise MarkError(f"the board: {error}") from error
        x, y, z = (float(v) for v in stand.up / np.linalg.norm(stand.up))
        return self._seen_anew(self.K, Ground((x, y, z), -float(stand.up @ stand.translation)), "board")

    def _resized(self, factor: float, levelled: str) -> Shot:
        if not math.isfinite(factor) or factor <= 0:
            raise MarkError("no scale follows from these lengths")
        ground = dataclasses.replace(self.ground, height_m=factor * self.ground.height_m)
        things = [_grown(t, factor) for t in self.things] if factor != 1 else self.things
        return dataclasses.replace(self, ground=ground, things=tuple(things), levelled=levelled)

    def _seen_anew(self, K: Matrix, ground: Ground, levelled: str) -> Shot:
        seen = {t.id: self._seen(t) for t in self.things}
        shot = dataclasses.replace(self, K=K, ground=ground, levelled=levelled)
        for thing in sorted(self.things, key=lambda t: t.raised_m):
            now = shot.thing(thing.id)  # what it stands on may have another height by now
            shot = shot._with(shot._proposed(dataclasses.replace(now, rectangle=seen[thing.id]), thing.block))._stacked()
        return shot

    # ---- small ones

    def _seen(self, thing: Thing) -> Rectangle:
        placed = self.placed(thing)
        found = projected_rectangle(placed.box, placed.rotation, self.matrix)
        if found is None:
            raise OwnError("own_block_behind")
        x1, y1, x2, y2 = (float(v) for v in found)
        return x1, y1, x2, y2

    def _stacked(self) -> Shot:
        """With everything at the height of what carries it."""
        shot = self
        for _ in self.things:  # a chain of carriers is as long as that at most
            for thing in shot.things:
                if thing.on is not None and abs(shot._top(shot.thing(thing.on)) - thing.raised_m) > 1e-9:
                    raised = shot._top(shot.thing(thing.on))
                    shot = shot._with(dataclasses.replace(thing, raised_m=raised, raw=None))
        return shot

    def _with(self, thing: Thing) -> Shot:
        return dataclasses.replace(self, things=tuple(thing if t.id == thing.id else t for t in self.things))

    def _check(self, thing: Thing) -> None:
        numbers = [float(v) for v in dataclasses.astuple(thing.block)]
        if not all(map(math.isfinite, numbers)) or min(numbers[2:5]) <= 0 or max(map(abs, numbers[:5])) > _LARGEST_M:
            raise OwnError("own_block_numbers")
        placed = self.placed(thing)
        if projected_rectangle(placed.box, placed.rotation, self.matrix) is None:
            raise OwnError("own_block_behind")

    def _inside(self, point: tuple[float, float]) -> tuple[float, float]:
        if not all(0 <= place <= side for place, side in zip(point, self.photo.size, strict=True)):
            raise OwnError("own_click_outside")
        return point


def _grown(thing: Thing, factor: float) -> Thing:
    lengths = {name: factor * getattr(thing.block, name) for name in ("right", "away", *SIZES)}
    block = dataclasses.replace(thing.block, **lengths)
    raw = thing.raw
    if raw is not None:
        raw = dataclasses.replace(raw, box=tuple(factor * v for v in raw.box))
    return dataclasses.replace(thing, block=block, raised_m=factor * thing.raised_m, raw=raw)
