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
from gsi_bench_metric.seeing.base import Mask
from gsi_bench_metric.seeing.masks.clicking import between, find_at, find_in, written
from gsi_bench_space.own import drawing
from gsi_bench_space.own.edit import Wish, make_sample, wanted
from gsi_bench_space.own.masking import GIVEN, Marked, Tools
from gsi_bench_space.own.photo import Photo
from gsi_bench_space.problem import OwnError

__all__ = ["CLICKS", "HEIGHT_CM", "PITCH", "Camera", "Draft"]

CLICKS = ("object", "corners", "add", "take", "base")  # what a click on the photo means
PITCH = (-10.0, 85.0)  # degrees
HEIGHT_CM = (1.0, 10_000.0)
_LARGEST_M = 1000.0
_ALONE = Tools()  # no segmenter, and the ground plane proposes


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
        mask: which pixels show the object.
        mask_problem: why there is none: (name of a text, facts).
        maskless: the visitor wants none.
    """

    photo: Photo
    camera: Camera
    corner: tuple[float, float] | None = None
    rectangle: Rectangle | None = None
    known_height_m: float | None = None
    proposal: Proposal | None = None
    block: Block | None = None
    problem: tuple[str, dict[str, Any]] | None = None
    mask: Marked | None = None
    mask_problem: tuple[str, dict[str, Any]] | None = None
    maskless: bool = False

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

    def clicked(self, point: tuple[float, float], meaning: str, tools: Tools = _ALONE) -> Draft:
        """What a click (x, y) in the photo's pixels makes of it; `meaning` is one of `CLICKS`.

        Raises:
            OwnError: nothing is found there, or there is no mask yet to correct, or no box to put there by its base.
        """
        if not all(0 <= place <= side for place, side in zip(point, self.photo.size, strict=True)):
            raise OwnError("own_click_outside")
        if meaning == "corners" and self.corner is None:
            return dataclasses.replace(self, corner=point)
        if meaning == "corners" and self.corner is not None:
            return self.marked(between(self.corner, point), tools)
        if meaning == "object":
            mask, rectangle = find_at(self._rgb(), point, tools.segmenter)
            return self.marked(rectangle, tools, mask)
        if meaning in ("add", "take"):
            return self._retouched(point, tools, adds=meaning == "add")
        if self.block is None:
            raise OwnError("own_mark_first")
        spot, axes = on_ground(point, self.matrix, self.ground), self.ground.axes
        return self.corrected(dataclasses.replace(self.block, right=float(spot @ axes[0]), away=float(spot @ axes[1])))

    def marked(self, rectangle: Rectangle, tools: Tools = _ALONE, mask: Mask | None = None) -> Draft:
        """With a box proposed for a rectangle, cut to the photo; and its mask, found by the segmenter where none is given."""
        width, height = self.photo.size
        x1, y1, x2, y2 = np.clip(rectangle, 0, (width, height, width, height)).tolist()
        cut = (x1, y1, x2, y2)
        found = None if mask is None or tools.segmenter is None else Marked.of(mask, tools.segmenter.name, cut)
        draft = dataclasses.replace(self, rectangle=cut, corner=None, mask=found, mask_problem=None, maskless=False)
        return draft.proposed(tools)

    def taken_by(self, camera: Camera, known_height_m: float | None, tools: Tools = _ALONE) -> Draft:
        """With another camera, and a box proposed anew."""
        if known_height_m is not None and not 0 < known_height_m <= _LARGEST_M:
            raise OwnError("own_known_range", most=round(100 * _LARGEST_M))
        return dataclasses.replace(self, camera=camera, known_height_m=known_height_m).proposed(tools)

    def proposed(self, tools: Tools = _ALONE, like: Block | None = None) -> Draft:
        """With a box proposed for the rectangle there is; `like`: turned, and as deep for its width, as this one.

        A mask that there is stays; one that is lacking is looked for.
        """
        if self.rectangle is None:
            return self
        ground = looking_down(self.camera.pitch_deg, self.camera.height_cm / 100)
        try:
            if tools.proposer is not None:
                proposal = tools.proposer(self._rgb(), self.rectangle, self.matrix)
            else:
                shape = {} if like is None else {"depth_share": like.depth / like.width, "turn_deg": like.turn_deg}
                known = self.known_height_m
                proposal = propose(self.rectangle, self.matrix, ground, self.photo.size, known_height_m=known, **shape)
            block = block_of(proposal.box, proposal.rotation, proposal.ground)
        except OwnError as error:
            return dataclasses.replace(self, proposal=None, block=None, problem=(error.name, error.facts))
        draft = dataclasses.replace(self, proposal=proposal, block=block, problem=None)
        return draft.segmented(tools) if draft.mask is None and not draft.maskless else draft

    def segmented(self, tools: Tools) -> Draft:
        """With the mask that the segmenter finds in the box; corrections are gone.

        Raises:
            OwnError: there is no box yet.
        """
        if tools.segmenter is None:
            return self
        placed = self._placed()
        found, name = find_in(self._rgb(), placed, tools.segmenter), tools.segmenter.name
        if found is None or self.rectangle is None:
            return dataclasses.replace(self, mask=None, mask_problem=("own_mask_none", {}))
        mask = Marked.of(found, name, self.rectangle)
        return dataclasses.replace(self, mask=mask, mask_problem=None, maskless=False)

    def given_mask(self, mask: Mask) -> Draft:
        """With a mask (H, W) that came with a call.

        Raises:
            OwnError: nothing was marked yet.
        """
        if self.rectangle is None:
            raise OwnError("own_mark_first")
        return dataclasses.replace(self, mask=Marked.of(mask, GIVEN, self.rectangle), mask_problem=None, maskless=False)

    def unmasked(self) -> Draft:
        """Without a mask: the box alone is scored with."""
        return dataclasses.replace(self, mask=None, mask_problem=None, maskless=True)

    def undone(self, tools: Tools = _ALONE) -> Draft:
        """With the mask, and the rectangle, before the last correction.

        Raises:
            OwnError: there was none.
        """
        if self.mask is None or self.mask.before is None:
            raise OwnError("own_nothing_to_undo")
        return self._follows(self.mask.before, tools)

    def _retouched(self, point: tuple[float, float], tools: Tools, *, adds: bool) -> Draft:
        if self.mask is None:
            raise OwnError("own_mask_lacking")
        return self._follows(self.mask.clicked(self._rgb(), point, tools.reach_percent, adds=adds), tools)

    def _follows(self, mask: Marked, tools: Tools) -> Draft:
        """With another mask. A box that nobody corrected goes along with its rectangle."""
        draft = dataclasses.replace(self, mask=mask, corner=None)
        if mask.rectangle == self.rectangle or not self.as_proposed:
            return draft
        return dataclasses.replace(draft, rectangle=mask.rectangle).proposed(tools, self.block)

    @property
    def as_proposed(self) -> bool:
        """Whether the box is the proposal, uncorrected."""
        found = self.proposal
        return found is not None and self.block == block_of(found.box, found.rotation, found.ground)

    def held_mask(self) -> Mask | None:
        """The pixels (H, W) that count as the object's; None where there is no mask, or no box.

        Raises:
            OwnError: the mask cannot be that of what is in the box.
        """
        placed = self.placed
        return None if self.mask is None or placed is None else self.mask.held(self._rgb(), placed)

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
        rgb, placed = self._rgb(), self.placed
        if placed is not None:
            rgb = drawing.draw_ground(rgb, placed)
        mask = self._shown_mask()
        if mask is not None:
            rgb = drawing.draw_mask(rgb, mask)
        if self.rectangle is not None:
            rgb = drawing.draw_rectangle(rgb, self.rectangle)
        if placed is not None:
            rgb = drawing.draw_box(rgb, placed, drawing.WHITE, axes=mask is None)
        return rgb if self.corner is None else drawing.draw_cross(rgb, self.corner)

    def _shown_mask(self) -> Mask | None:
        """As it counts; whole where it does not."""
        if self.mask is None:
            return None
        try:
            held = self.held_mask()
        except OwnError:
            held = None  # the page says why it does not count
        return self.mask.pixels() if held is None else held

    def wanted_picture(self, wish: Wish) -> RGB:
        """The photo with the box and the wanted box.

        Raises:
            OwnError: there is no box yet.
        """
        placed = self._placed()
        goal = wanted(placed, wish)
        rgb = drawing.draw_box(drawing.draw_ground(self._rgb(), placed), placed, drawing.WHITE)
        if goal is None:
            return rgb
        return drawing.draw_box(rgb, dataclasses.replace(placed, box=goal[0], rotation=goal[1]), drawing.GREEN)

    def sample(self, wish: Wish) -> Sample:
        """The `Sample` of an edit of this photo, with the mask where it counts.

        Raises:
            OwnError: there is no box yet, or see `make_sample`.
        """
        try:
            mask = self.held_mask()
        except OwnError:
            mask = None  # the page says why it does not count
        given = None if mask is None or self.mask is None else (written(mask), self.mask.column)
        return make_sample(self.photo, self._placed(), wish, given)

    def _rgb(self) -> RGB:
        return load_rgb(self.photo.picture)

    def _placed(self) -> Placed:
        if self.placed is None:
            raise OwnError("own_mark_first")
        return self.placed
