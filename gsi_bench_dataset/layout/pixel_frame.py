"""Which pixels does a sample's camera matrix mean? Decides it, says why, and projects to source pixels.

The reference's detector resizes an image so that its longer side is 896 and centre-crops it to multiples of 14. Its
boxes were decoded in that frame, at times with a K that was never scaled to it. So points projected with the K of an
official sample land either in source pixels ("source") or in pixels of that frame ("reference896"). Two observations
tell them apart: where the principal point lies, and where boxes that a detector *saw* land.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "BOX_EDGES",
    "ReferenceFrame",
    "box_corners",
    "decide_pixel_frame",
    "project",
    "project_to_source",
    "projected_rectangle",
    "reference_frame",
]

Array = NDArray[np.float64]

# Real lenses put the principal point within a few percent of the centre; a tenth of the diagonal is generous.
CENTRED = 0.10
# A difference below this share of the diagonal says nothing about which frame a principal point belongs to.
DISTINCT = 0.02
# Share of boxes that must agree: detectors and annotators misplace a few.
MAJORITY = 0.9
# From here on the reference frame covers less than half of the source's pixel range, so that landing inside it counts.
MUCH_LARGER = 1.5
# How unlikely it must be that boxes of a source-pixel camera all land in the reference frame's corner by chance.
CHANCE = 0.02

_SIGNS = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)])
# Corners are counted by the signs of x, y and z: an edge of the box joins two that differ in one of them.
BOX_EDGES = [(a, a | bit) for a in range(8) for bit in (1, 2, 4) if not a & bit]


def box_corners(box: ArrayLike, rotation: ArrayLike) -> Array:
    """The eight corners (8, 3), metres, of `[x, y, z, w, h, l, yaw]` turned by `rotation` (object -> camera)."""
    numbers = np.asarray(box, dtype=np.float64)
    turned: Array = (_SIGNS * numbers[3:6]) @ np.asarray(rotation, dtype=np.float64).T + numbers[:3]
    return turned


def project(points: ArrayLike, K: ArrayLike) -> Array:
    """Camera-frame points (..., 3) to pixels (..., 2) of the frame that K means; NaN behind the camera."""
    homogeneous = np.asarray(points, dtype=np.float64) @ np.asarray(K, dtype=np.float64).T
    depth = homogeneous[..., 2:]
    pixels: Array = np.divide(homogeneous[..., :2], depth, out=np.full_like(homogeneous[..., :2], np.nan), where=depth > 1e-9)
    return pixels


def projected_rectangle(box: ArrayLike, rotation: ArrayLike, K: ArrayLike) -> Array | None:
    """`[u0, v0, u1, v1]` around the eight projected corners; None where a corner is not in front of the camera."""
    pixels = project(box_corners(box, rotation), K)
    if not np.isfinite(pixels).all():
        return None
    return np.concatenate([pixels.min(axis=0), pixels.max(axis=0)])


@dataclasses.dataclass(frozen=True)
class ReferenceFrame:
    """Where an image of height × width lands in the reference's input: resized, centre-cropped, padded, cut.

    The longer side becomes 896; the crop keeps multiples of 14; then the reference pads to 896×896 with the mean colour and
    cuts the top-left window of the image's *original* size (quirks 52 and 53): `final` is what is evaluated. All pairs are
    (height, width) in pixels.

    >>> frame = ReferenceFrame(1000, 1500)
    >>> frame.resized, frame.cropped, frame.crop_start, frame.final
    ((597, 896), (588, 896), (4, 0), (896, 896))
    """

    height: int
    width: int

    SIDE: ClassVar[int] = 896
    PATCH: ClassVar[int] = 14

    @property
    def resized(self) -> tuple[int, int]:
        """Size after resizing the longer side to 896."""
        scale = self.SIDE / max(self.height, self.width)
        return int(self.height * scale + 0.5), int(self.width * scale + 0.5)

    @property
    def cropped(self) -> tuple[int, int]:
        """Size after the centre crop to multiples of 14."""
        height, width = self.resized
        return height // self.PATCH * self.PATCH, width // self.PATCH * self.PATCH

    @property
    def crop_start(self) -> tuple[int, int]:
        """First row and column that the crop keeps."""
        (height, width), (rows, columns) = self.resized, self.cropped
        return height // 2 - rows // 2, width // 2 - columns // 2

    @property
    def final(self) -> tuple[int, int]:
        """Size of the evaluated window."""
        return min(self.height, self.SIDE), min(self.width, self.SIDE)


def reference_frame(size: tuple[int, int]) -> tuple[Array, Array, tuple[int, int]]:
    """Scale (2,), offset (2,) and frame size (width, height) of `ReferenceFrame` for a source of `size` = (width, height).

    Frame pixel = source pixel * scale - offset.

    >>> scale, offset, frame = reference_frame((1500, 1000))
    >>> offset.tolist(), frame
    ([0.0, 4.0], (896, 588))
    """
    width, height = size
    frame = ReferenceFrame(height, width)
    scale = np.array([frame.resized[1] / width, frame.resized[0] / height])
    return scale, np.array(frame.crop_start[::-1], dtype=np.float64), (frame.cropped[1], frame.cropped[0])


def project_to_source(points: ArrayLike, K: ArrayLike, pixel_frame: str, size: tuple[int, int]) -> Array:
    """Camera-frame points (..., 3), metres, to source pixels (..., 2); NaN behind the camera.

    Args:
        points: in the OpenCV camera frame of the source view.
        K: the sample's `camera_intrinsics`.
        pixel_frame: the sample's `pixel_frame`.
        size: (width, height) of the source image in pixels.

    Raises:
        ValueError: the frame is unknown, so no pixel can be named.
    """
    pixels = project(points, K)
    if pixel_frame == "source":
        return pixels
    if pixel_frame == "reference896":
        scale, offset, _ = reference_frame(size)
        mapped: Array = (pixels + offset) / scale
        return mapped
    raise ValueError(
        f"pixel_frame is {pixel_frame!r}: it is not known which pixels camera_intrinsics means, so nothing can be"
        " projected. Read the sample's pixel_frame_reason, then set pixel_frame to 'source' or 'reference896'"
    )


def decide_pixel_frame(K: ArrayLike, size: tuple[int, int], rectangles: Sequence[ArrayLike]) -> tuple[str, str]:
    """The pixel frame of a camera, and the reason in words.

    Args:
        K: camera matrix (3, 3).
        size: (width, height) of the source image in pixels.
        rectangles: `projected_rectangle`s of boxes that were seen in images of this size, of this camera or of others
            that lie alike; one may do, more decide better.
    """
    _, _, frame = reference_frame(size)
    if frame == tuple(size):
        return "source", f"the reference's frame is {frame[0]}×{frame[1]} as the source itself, so both are the same"
    by_point, why_point = _by_principal_point(np.asarray(K, dtype=np.float64), size, frame)
    by_boxes, why_boxes = _by_boxes(rectangles, size, frame, by_point)
    reason = f"{why_point}; {why_boxes}"
    if by_boxes is None:
        return by_point or "unknown", reason
    if by_boxes == "undecided":
        return "unknown", f"{reason}; too few boxes to tell whether they were decoded in that frame"
    if by_boxes == "conflict" or (by_point == "reference896" and by_boxes == "source"):
        return "unknown", f"{reason}; the evidence contradicts itself"
    if by_point == "source" and by_boxes == "reference896":
        return by_boxes, f"{reason}: decoded in the reference's frame with a camera matrix that was not scaled to it"
    return by_boxes, reason


def _by_principal_point(K: Array, size: tuple[int, int], frame: tuple[int, int]) -> tuple[str | None, str]:
    point = (K[:2, 2] / K[2, 2]) if K[2, 2] else K[:2, 2]
    distance = {
        name: float(np.linalg.norm(point - np.array(s) / 2) / np.linalg.norm(s))
        for name, s in (("source", size), ("reference896", frame))
    }
    words = (
        f"principal point ({point[0]:.1f}, {point[1]:.1f}) lies {distance['source']:.1%} of the diagonal from the centre"
        f" of the {size[0]}×{size[1]} source, {distance['reference896']:.1%} from that of the reference's"
        f" {frame[0]}×{frame[1]} frame"
    )
    near, far = sorted(distance, key=lambda name: distance[name])
    decided = distance[near] <= CENTRED and distance[far] > max(2 * distance[near], distance[near] + DISTINCT)
    return (near if decided else None), words


def _by_boxes(
    rectangles: Sequence[ArrayLike], size: tuple[int, int], frame: tuple[int, int], by_point: str | None
) -> tuple[str | None, str]:
    boxes = np.asarray(rectangles, dtype=np.float64).reshape(-1, 4)
    if len(boxes) == 0:
        return None, "no box projects in front of the camera"
    in_source, in_frame = _mostly_inside(boxes, size), _mostly_inside(boxes, frame)
    source_only, frame_only = int((in_source & ~in_frame).sum()), int((in_frame & ~in_source).sum())
    told = source_only + frame_only
    words = f"of {len(boxes)} boxes {source_only} lie only inside the source, {frame_only} only inside the reference's frame"
    if told and max(source_only, frame_only) < MAJORITY * told:
        return "conflict", words
    # A single stray box among many that fit both frames is a misplaced box rather than evidence.
    if told and told >= (1 - MAJORITY) * len(boxes):
        return ("source" if source_only > frame_only else "reference896"), words
    both = int((in_source & in_frame).sum())
    if by_point != "source" or max(size) < MUCH_LARGER * ReferenceFrame.SIDE or not both:
        return None, words
    chance = (frame[0] * frame[1] / (size[0] * size[1])) ** len(np.unique(boxes[in_source & in_frame].round(1), axis=0))
    words += f", and {both} in the corner that the frame covers (chance {chance:.1g} if they meant source pixels)"
    return ("reference896" if chance < CHANCE else "undecided"), words


def _mostly_inside(boxes: Array, size: tuple[int, int]) -> NDArray[np.bool_]:
    """True where at least half of the rectangle lies in an image of `size`; cut-off objects reach beyond it."""
    low, high = np.maximum(boxes[:, :2], 0), np.minimum(boxes[:, 2:], size)
    inside = np.clip(high - low, 0, None).prod(axis=1)
    area = np.maximum((boxes[:, 2:] - boxes[:, :2]).prod(axis=1), 1e-9)
    result: NDArray[np.bool_] = inside >= 0.5 * area
    return result
