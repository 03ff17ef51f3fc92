"""From a marked rectangle to a box in space: the object is taken to stand on a plane that the camera looks down on.

Frames: OpenCV camera (x right, y down, z forward), metres; pixels of the photo, pixel centres at half numbers. A box's own
axes are object right, down, forward, as everywhere in the benchmark. Lengths follow the camera's height: twice as high
means twice as large and far, and the image stays the same.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares  # type: ignore[import-untyped]

from gsi_bench_dataset.layout.pixel_frame import projected_rectangle
from gsi_bench_metric.geometry.poses import base_centre, ground_axes, yaw_rotation
from gsi_bench_metric.photos.focal import focal_pixels
from gsi_bench_metric.photos.problem import PhotoProblemError

__all__ = [
    "HEIGHT_M",
    "PITCH_DEG",
    "Block",
    "Ground",
    "Matrix",
    "Placed",
    "Proposal",
    "Rectangle",
    "block_of",
    "ground_under",
    "intrinsics",
    "looking_down",
    "on_ground",
    "place",
    "propose",
]

Array = NDArray[np.float64]
Matrix = tuple[tuple[float, ...], ...]
Rectangle = tuple[float, float, float, float]  # x1, y1, x2, y2, pixels

HEIGHT_M = 0.5  # of the camera above the surface: a person who stands at a table
PITCH_DEG = 30.0
_FLATTEST = 0.05  # height by width, below which the marked rectangle is all footprint
_GRAZING = 0.02  # sine of the angle between a ray and the plane, below which it meets the plane nowhere that can be measured
_LEAST_SIDE = 4.0  # pixels of a marked rectangle
_FIT = 0.005  # of the rectangle's longer side: how far off the box's image may be
_AT_RIM = 1.0  # pixels from the image's border, within which an object counts as cut off


@dataclasses.dataclass(frozen=True)
class Ground:
    """The surface that the object stands on: its normal against gravity (3,), and how high the camera is above it, metres."""

    up: tuple[float, float, float]
    height_m: float

    @property
    def axes(self) -> Array:
        """Rows: right and away (level, as the camera sees them), up."""
        up = np.array(self.up)
        right, away = ground_axes(up)
        return np.stack([right, away, up])

    @property
    def pitch_deg(self) -> float:
        """How far the camera looks down."""
        return math.degrees(math.asin(min(1.0, max(-1.0, -self.up[2]))))


@dataclasses.dataclass(frozen=True)
class Block:
    """A box that stands upright on a ground, in numbers that a person can correct.

    Attributes:
        right, away: of the base's centre, from the point below the camera, metres.
        width, height, depth: metres, along the box's own right, up and away.
        turn_deg: about the vertical, counter-clockwise seen from above; 0 faces the camera's way.
    """

    right: float
    away: float
    width: float
    height: float
    depth: float
    turn_deg: float = 0.0


@dataclasses.dataclass(frozen=True)
class Placed:
    """An object in a photo.

    Attributes:
        box: `[x, y, z, w, h, l, yaw]`.
        rotation: object -> camera.
        ground: what it stands on.
        K: of the photo.
    """

    box: tuple[float, ...]
    rotation: Matrix
    ground: Ground
    K: Matrix


@dataclasses.dataclass(frozen=True)
class Proposal:
    """A box that was proposed.

    Attributes:
        box: `[x, y, z, w, h, l, yaw]`.
        rotation: object -> camera.
        ground: what it stands on; another than was given where its size is known, or where a detector sees another.
        method: name of a text: own_method_ground | own_method_flat | own_method_detector.
        assumptions: what it rests on: (name of a text, facts).
    """

    box: tuple[float, ...]
    rotation: Matrix
    ground: Ground
    method: str
    assumptions: tuple[tuple[str, dict[str, Any]], ...]


def intrinsics(focal_mm: float, size: tuple[int, int]) -> Matrix:
    """K of a photo of (width, height) with its optical axis through its centre, from the 35-mm equivalent focal length."""
    focal = focal_pixels(focal_mm, size)
    return ((focal, 0.0, size[0] / 2), (0.0, focal, size[1] / 2), (0.0, 0.0, 1.0))


def looking_down(pitch_deg: float, height_m: float) -> Ground:
    """The ground of a camera with a level horizon that looks `pitch_deg` below it."""
    pitch = math.radians(pitch_deg)
    return Ground((0.0, -math.cos(pitch), -math.sin(pitch)), height_m)


def ground_under(box: tuple[float, ...], rotation: Matrix) -> Ground:
    """The ground that a box stands on, the box taken to be upright.

    Raises:
        PhotoProblemError: the camera is not above it.
    """
    turn = np.array(rotation)
    x, y, z = (-turn[:, 1]).tolist()
    height = -float(np.dot((x, y, z), base_centre(np.array(box), turn, -turn[:, 1])))
    if height <= 0:
        raise PhotoProblemError("own_below_ground")
    return Ground((x, y, z), height)


def place(block: Block, ground: Ground) -> tuple[tuple[float, ...], Matrix]:
    """(`[x, y, z, w, h, l, yaw]`, object -> camera) of a block on a ground."""
    right, away, up = ground.axes
    # Own axes are right, down, forward; a turn about "down" by minus the angle is one about "up" by the angle.
    rotation = np.stack([right, -up, away], axis=1) @ yaw_rotation(-math.radians(block.turn_deg))
    centre = block.right * right + block.away * away + (block.height / 2 - ground.height_m) * up
    yaw = math.atan2(rotation[0, 2], rotation[2, 2])
    box = (*centre.tolist(), block.width, block.height, block.depth, yaw)
    return box, tuple(tuple(row) for row in rotation.tolist())


def block_of(box: tuple[float, ...], rotation: Matrix, ground: Ground) -> Block:
    """The block that `place` makes this box of; what is not upright is taken as if it were."""
    right, away, up = ground.axes
    base = base_centre(np.array(box), np.array(rotation), up)
    forward = np.array(rotation)[:, 2]
    turn = math.degrees(math.atan2(-float(forward @ right), float(forward @ away)))
    width, height, depth = box[3:6]
    return Block(float(base @ right), float(base @ away), width, height, depth, turn)


def on_ground(point: tuple[float, float], K: Matrix, ground: Ground) -> Array:
    """Where the ray of a pixel meets the ground (3,), metres.

    Raises:
        PhotoProblemError: it lies on the horizon or above.
    """
    ray = np.linalg.solve(np.array(K), np.array([*point, 1.0]))
    fall = -float(ray @ np.array(ground.up))
    if fall < _GRAZING * float(np.linalg.norm(ray)):
        raise PhotoProblemError("own_above_horizon")
    return np.asarray(ray * ground.height_m / fall)


def propose(
    rectangle: Rectangle,
    K: Matrix,
    ground: Ground,
    size: tuple[int, int],
    *,
    depth_share: float = 1.0,
    turn_deg: float = 0.0,
    known_height_m: float | None = None,
) -> Proposal:
    """The box on the ground that fills the marked rectangle when seen.

    A rectangle has four sides; with the turn and depth / width given, four numbers are open: two of the place, width and
    height. An object that hardly rises leaves its height unseen: then height / width is given and the depth is found instead.

    Args:
        rectangle: around the object.
        K: of the photo.
        ground: that it stands on.
        size: (width, height) of the photo, pixels.
        depth_share: depth / width.
        turn_deg: see `Block`.
        known_height_m: of the object; the camera's height then follows from it.

    Raises:
        PhotoProblemError: no rectangle, one above the horizon, or one that no box on the ground fills.
    """
    marked = np.array(rectangle, dtype=np.float64)
    if not np.isfinite(marked).all() or (marked[2:] - marked[:2]).min() < _LEAST_SIDE:
        raise PhotoProblemError("own_no_rectangle", least=_LEAST_SIDE)
    start = _first_guess(marked, K, ground, depth_share, turn_deg)
    block, method = _fitted(marked, K, ground, _standing(start, depth_share)), "own_method_ground"
    if block is None or block.height < _FLATTEST * block.width:
        block, method = _fitted(marked, K, ground, _lying(start)), "own_method_flat"
    if block is None:
        raise PhotoProblemError("own_no_box_fits")
    grow = 1.0 if known_height_m is None else known_height_m / block.height
    ground = dataclasses.replace(ground, height_m=ground.height_m * grow)
    block = dataclasses.replace(block, **{n: grow * getattr(block, n) for n in ("right", "away", "width", "height", "depth")})
    box, rotation = place(block, ground)
    notes = [_of_ground(ground, known_height_m is not None), _of_shape(method, depth_share), *_of_rim(marked, size)]
    return Proposal(box, rotation, ground, method, tuple(notes))


def _of_ground(ground: Ground, size_known: bool) -> tuple[str, dict[str, Any]]:
    facts = {"pitch": ground.pitch_deg, "height": 100 * ground.height_m}
    return "own_follows_height" if size_known else "own_assumes_ground", facts


def _of_shape(method: str, depth_share: float) -> tuple[str, dict[str, Any]]:
    if method == "own_method_flat":
        return "own_assumes_flat", {"percent": 100 * _FLATTEST}
    return "own_assumes_depth", {"percent": 100 * depth_share}


def _of_rim(marked: Array, size: tuple[int, int]) -> list[tuple[str, dict[str, Any]]]:
    inside = (marked[:2] > _AT_RIM).all() and (marked[2:] < np.array(size) - _AT_RIM).all()
    return [] if inside else [("own_assumes_whole", {})]


@dataclasses.dataclass(frozen=True)
class _Family:
    """Blocks of four open numbers, two of the place and the logarithms of two sizes, about a first guess."""

    start: Block
    sizes: tuple[str, str]
    depth_share: float | None  # None: the depth is open

    def block(self, numbers: Array, height_m: float) -> Block:
        right, away = (float(x) * height_m for x in numbers[:2])
        given = dict(zip(self.sizes, (np.exp(numbers[2:]) * height_m).tolist(), strict=True))
        block = dataclasses.replace(self.start, right=right, away=away, **given)
        if self.depth_share is None:
            return dataclasses.replace(block, height=_FLATTEST * block.width)
        return dataclasses.replace(block, depth=self.depth_share * block.width)

    def numbers(self, height_m: float) -> Array:
        sizes = [math.log(max(getattr(self.start, name), 1e-3 * height_m) / height_m) for name in self.sizes]
        return np.array([self.start.right / height_m, self.start.away / height_m, *sizes])


def _standing(start: Block, depth_share: float) -> _Family:
    return _Family(start, ("width", "height"), depth_share)


def _lying(start: Block) -> _Family:
    return _Family(start, ("width", "depth"), None)


def _first_guess(marked: Array, K: Matrix, ground: Ground, depth_share: float, turn_deg: float) -> Block:
    """Width from the rectangle's at the distance of its lower edge's middle, height from its own."""
    x1, y1, x2, y2 = marked.tolist()
    foot = on_ground(((x1 + x2) / 2, y2), K, ground)
    right, away, _ = ground.axes
    metres = float(foot[2]) / K[0][0]
    width = (x2 - x1) * metres
    depth = depth_share * width
    return Block(float(foot @ right), float(foot @ away) + depth / 2, width, (y2 - y1) * metres, depth, turn_deg)


def _fitted(marked: Array, K: Matrix, ground: Ground, family: _Family) -> Block | None:
    """The block of a family that is seen nearest to the rectangle; None where that is not near."""
    longer = float((marked[2:] - marked[:2]).max())

    def miss(numbers: Array) -> Array:
        found = projected_rectangle(*place(family.block(numbers, ground.height_m), ground), K)
        return np.full(4, 1e3) if found is None else (found - marked) / longer

    result = least_squares(miss, family.numbers(ground.height_m), x_scale="jac", max_nfev=200)
    if np.abs(result.fun).max() > _FIT:
        return None
    return family.block(np.asarray(result.x), ground.height_m)
