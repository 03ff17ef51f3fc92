"""The state of a visitor's photo, and what each step makes of it. Pure; the tab only shows it."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from gsi_bench_dataset.layout.pixel_frame import projected_rectangle
from gsi_bench_dataset.records import Sample
from gsi_bench_metric.imaging.images import RGB, load_rgb
from gsi_bench_metric.photos.focal import FOCAL_MM
from gsi_bench_metric.photos.standing import (
    HEIGHT_M,
    PITCH_DEG,
    Block,
    Ground,
    Matrix,
    Placed,
    Proposal,
    Rectangle,
    block_of,
    intrinsics,
    looking_down,
    on_ground,
    place,
    propose,
)
from gsi_bench_space.own import drawing
from gsi_bench_space.own.detector import Proposer
from gsi_bench_space.own.edit import Wish, make_sample, wanted
from gsi_bench_space.own.mark import around, between
from gsi_bench_space.own.photo import Photo
from gsi_bench_space.problem import OwnError

__all__ = ["CLICKS", "HEIGHT_CM", "PITCH", "Camera", "Draft"]

CLICKS = ("corners", "object", "base")  # what a click on the photo means
PITCH = (-10.0, 85.0)  # degrees
HEIGHT_CM = (1.0, 10_000.0)
_LARGEST_M = 1000.0


@dataclasses.dataclass(frozen=True)
class Camera:
    """What the visitor says of the camera.

    Raises:
        OwnError: numbers that no photo is taken with.
    """

    focal_mm: float
    pitch_deg: float = PITCH_DEG
    height_cm: float = 100 * HEIGHT_M

    def __post_init__(self) -> None:
        for name, value, (least, most) in (
            ("own_focal_range", self.focal_mm, FOCAL_MM),
            ("own_pitch_range", self.pitch_deg, PITCH),
            ("own_height_range", self.height_cm, HEIGHT_CM),
        ):
            if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
                raise OwnError(name, least=least, most=most)


@dataclasses.dataclass(frozen=True)
class Draft:
    """A photo with what was marked and proposed on it.

    Attributes:
        corner: the first of two corners, until the second is there.
        known_height_m: of the object, where the visitor knows it.
        block: the proposal, or what the visitor made of it.
        problem: why there is no block: (name of a text, facts).
    """

    photo: Photo
    camera: Camera
    corner: tuple[float, float] | None = None
    rectangle: Rectangle | None = None
    known_height_m: float | None = None
    proposal: Proposal | None = None
    block: Block | None = None
    problem: tuple[str, dict[str, Any]] | None = None

    @classmethod
    def of(cls, photo: Photo) -> Draft:
        """Nothing is marked yet; the camera is as the photo says or as is assumed."""
        return cls(photo, Camera(round(photo.focal.mm, 1)))

    @property
    def matrix(self) -> Matrix:
        """K of the photo."""
        return intrinsics(self.camera.focal_mm, self.photo.size)

    @property
    def ground(self) -> Ground:
        """What the object stands on, as the camera's numbers say; the proposal's own where it sees another."""
        return self.proposal.ground if self.proposal else looking_down(self.camera.pitch_deg, self.camera.height_cm / 100)

    @property
    def placed(self) -> Placed | None:
        """The object in space; None until there is a box."""
        return None if self.block is None else Placed(*place(self.block, self.ground), self.ground, self.matrix)

    def clicked(self, point: tuple[float, float], meaning: str, proposer: Proposer | None = None) -> Draft:
        """What a click (x, y) in the photo's pixels makes of it; `meaning` is one of `CLICKS`.

        Raises:
            OwnError: nothing is found there, or there is no box yet to put there by its base.
        """
        if not all(0 <= place <= side for place, side in zip(point, self.photo.size, strict=True)):
            raise OwnError("own_click_outside")
        if meaning == "corners" and self.corner is None:
            return dataclasses.replace(self, corner=point)
        if meaning == "corners" and self.corner is not None:
            return self.marked(between(self.corner, point), proposer)
        if meaning == "object":
            return self.marked(around(load_rgb(self.photo.picture), point), proposer)
        if self.block is None:
            raise OwnError("own_mark_first")
        spot, axes = on_ground(point, self.matrix, self.ground), self.ground.axes
        return self.corrected(dataclasses.replace(self.block, right=float(spot @ axes[0]), away=float(spot @ axes[1])))

    def marked(self, rectangle: Rectangle, proposer: Proposer | None = None) -> Draft:
        """With a box proposed for a rectangle; cut to the photo."""
        width, height = self.photo.size
        x1, y1, x2, y2 = np.clip(rectangle, 0, (width, height, width, height)).tolist()
        draft = dataclasses.replace(self, rectangle=(x1, y1, x2, y2), corner=None)
        return draft.proposed(proposer)

    def taken_by(self, camera: Camera, known_height_m: float | None, proposer: Proposer | None = None) -> Draft:
        """With another camera, and a box proposed anew."""
        if known_height_m is not None and not 0 < known_height_m <= _LARGEST_M:
            raise OwnError("own_known_range", most=round(100 * _LARGEST_M))
        return dataclasses.replace(self, camera=camera, known_height_m=known_height_m).proposed(proposer)

    def proposed(self, proposer: Proposer | None = None, like: Block | None = None) -> Draft:
        """With a box proposed for the rectangle there is; `like`: turned, and as deep for its width, as this one."""
        if self.rectangle is None:
            return self
        ground = looking_down(self.camera.pitch_deg, self.camera.height_cm / 100)
        try:
            if proposer is not None:
                proposal = proposer(load_rgb(self.photo.picture), self.rectangle, self.matrix)
            else:
                shape = {} if like is None else {"depth_share": like.depth / like.width, "turn_deg": like.turn_deg}
                known = self.known_height_m
                proposal = propose(self.rectangle, self.matrix, ground, self.photo.size, known_height_m=known, **shape)
            block = block_of(proposal.box, proposal.rotation, proposal.ground)
        except OwnError as error:
            return dataclasses.replace(self, proposal=None, block=None, problem=(error.name, error.facts))
        return dataclasses.replace(self, proposal=proposal, block=block, problem=None)

    def corrected(self, block: Block) -> Draft:
        """With the visitor's own numbers.

        Raises:
            OwnError: numbers that no box has, or a box that the camera does not see.
        """
        numbers = [block.right, block.away, block.width, block.height, block.depth, block.turn_deg]
        if any(n is None or not np.isfinite(n) for n in numbers) or min(block.width, block.height, block.depth) <= 0:
            raise OwnError("own_block_numbers")
        if max(map(abs, numbers[:5])) > _LARGEST_M or projected_rectangle(*place(block, self.ground), self.matrix) is None:
            raise OwnError("own_block_behind")
        return dataclasses.replace(self, block=block, problem=None)

    def picture(self) -> RGB:
        """The photo with what is marked and proposed."""
        rgb, placed = load_rgb(self.photo.picture), self.placed
        if placed is not None:
            rgb = drawing.draw_ground(rgb, placed)
        if self.rectangle is not None:
            rgb = drawing.draw_rectangle(rgb, self.rectangle)
        if placed is not None:
            rgb = drawing.draw_box(rgb, placed, drawing.WHITE)
        return rgb if self.corner is None else drawing.draw_cross(rgb, self.corner)

    def wanted_picture(self, wish: Wish) -> RGB:
        """The photo with the box and the wanted box.

        Raises:
            OwnError: there is no box yet.
        """
        placed = self._placed()
        goal = wanted(placed, wish)
        rgb = drawing.draw_box(drawing.draw_ground(load_rgb(self.photo.picture), placed), placed, drawing.WHITE)
        if goal is None:
            return rgb
        return drawing.draw_box(rgb, dataclasses.replace(placed, box=goal[0], rotation=goal[1]), drawing.GREEN)

    def sample(self, wish: Wish) -> Sample:
        """The `Sample` of an edit of this photo.

        Raises:
            OwnError: there is no box yet, or see `make_sample`.
        """
        return make_sample(self.photo, self._placed(), wish)

    def _placed(self) -> Placed:
        if self.placed is None:
            raise OwnError("own_mark_first")
        return self.placed
