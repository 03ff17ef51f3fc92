"""Where an edit may change an image, and what the source looks like to a camera that moved. Source pixels, metres."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from gsi_bench_dataset.layout.pixel_frame import box_corners, project_to_source, reference_frame
from gsi_bench_metric.geometry.motion import Motion
from gsi_bench_metric.imaging.images import RGB
from gsi_bench_metric.protocols.strict.situation import KnownObject, Pose, Situation
from gsi_bench_metric.protocols.strict.thresholds import STRICT

__all__ = ["SOMEWHERE", "Region", "hidden_share", "outline_of", "region_mask", "region_of", "reprojected"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclasses.dataclass(frozen=True)
class Region:
    """What an edit may touch: object numbers in the masks before and after, and outlines in pixels.

    Attributes:
        numbers: of the target and what it carries, in the instance masks.
        outlines: polygons [[x, y], …] of where these objects are seen, or should be.
        ground_truth: whether the mask after the edit shows the right edit.
    """

    numbers: tuple[int, ...]
    outlines: tuple[tuple[tuple[float, float], ...], ...]
    ground_truth: bool

    def to_json(self) -> list[object]:
        """For a key."""
        return [self.numbers, self.outlines, self.ground_truth]


# Of an edit that may change all of the image: the camera moves.
SOMEWHERE = Region((), (), ground_truth=False)


def region_of(situation: Situation, has_mask: bool, has_mask_after: bool) -> Region:
    """The region of an object edit: where the target and its load were, should be, and are seen.

    Projected boxes stand in for masks that the sample lacks. What the masks after the edit show counts only where that is the
    right edit: that of a variant is not.
    """
    truthful = has_mask_after and situation.sample.variant is None
    things = (situation.target, *situation.loads)
    poses: list[Pose | None] = [thing.after for thing in things]
    if not has_mask or any(thing.number is None for thing in things):
        poses += [thing.truth or thing.before for thing in things]
    if not truthful:
        poses += [situation.goal, *(_carried(situation, thing) for thing in situation.loads)]
    outlines = (outline_of(situation, pose) for pose in poses if pose is not None)
    numbers = tuple(thing.number for thing in things if thing.number is not None) if has_mask else ()
    return Region(numbers, tuple(outline for outline in outlines if outline), truthful)


def _carried(situation: Situation, thing: KnownObject) -> Pose | None:
    """Where a load should be: it goes as its carrier does."""
    goal, carrier = situation.goal, situation.target.truth
    if thing.truth is None or goal is None or carrier is None:
        return thing.truth
    turn = goal.rotation @ carrier.rotation.T
    centre = goal.centre + turn @ (thing.truth.centre - carrier.centre)
    return Pose(np.concatenate([centre, thing.truth.box[3:]]), turn @ thing.truth.rotation)


def outline_of(situation: Situation, pose: Pose) -> tuple[tuple[float, float], ...]:
    """Hull of a box's image; the detector's rectangle where no pixel can be named; empty behind the camera."""
    sample = situation.sample
    if sample.pixel_frame == "unknown":
        if pose.rectangle is None:
            return ()
        scale, offset, _ = reference_frame(situation.size)
        x1, y1, x2, y2 = ((pose.rectangle.reshape(2, 2) + offset) / scale).ravel().tolist()
        return ((x1, y1), (x2, y1), (x2, y2), (x1, y2))
    corners = box_corners(pose.box, pose.rotation)
    if (corners[:, 2] <= 1e-3).any():
        return ()
    pixels = project_to_source(corners, sample.camera_intrinsics, sample.pixel_frame, situation.size)
    hull = cv2.convexHull(pixels.astype(np.float32))[:, 0]
    return tuple((float(x), float(y)) for x, y in hull.round(2))


def region_mask(
    region: Region, height: int, width: int, before: NDArray[np.int64] | None, after: NDArray[np.int64] | None
) -> Mask:
    """True (H, W) where the edit may change the image: objects dilated, with a band for their contact shadows."""
    parts = [np.isin(before, region.numbers)] if before is not None and region.numbers else []
    if after is not None and region.ground_truth and region.numbers:
        parts.append(np.isin(after, region.numbers))
    parts += [_filled(outline, height, width) for outline in region.outlines]
    mask = np.zeros((height, width), dtype=bool)
    for part in parts:
        mask |= part | _shadow(part)
    return _dilated(mask, STRICT.dilation * width, STRICT.dilation * width)


def _filled(outline: Sequence[tuple[float, float]], height: int, width: int) -> Mask:
    canvas = np.zeros((height, width), np.uint8)
    # Far outside of the image OpenCV's 16-bit coordinates would wrap.
    points = np.clip(np.array(outline), -4 * max(height, width), 4 * max(height, width)).round().astype(np.int32)
    cv2.fillConvexPoly(canvas, points, (1,))
    return canvas.astype(bool)


def _shadow(mask: Mask) -> Mask:
    """Around the lowest part of a mask."""
    rows = np.flatnonzero(mask.any(1))
    if not len(rows):
        return mask
    tall = int(rows[-1] - rows[0] + 1)
    base = mask.copy()
    base[: int(rows[-1] + 1 - max(1, STRICT.shadow_base * tall))] = False
    return _dilated(base, STRICT.shadow * tall, STRICT.shadow * tall)


def _dilated(mask: Mask, across: float, down: float) -> Mask:
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * round(across) + 1, 2 * round(down) + 1))
    return np.asarray(cv2.dilate(mask.astype(np.uint8), kernel), dtype=bool)


def hidden_share(situation: Situation, before: NDArray[np.int64], after: NDArray[np.int64]) -> float | None:
    """Share 0–1 of the target that the ground truth hides after the edit, against how well the source shows it.

    Its mask fills a smaller part of its box's image then. None where the ground truth or its number is not known.
    """
    target, goal = situation.target, situation.goal
    if situation.sample.variant is not None or goal is None or target.truth is None or target.number is None:
        return None
    fills = []
    for mask, pose in ((before, target.truth), (after, goal)):
        outline = outline_of(situation, pose)
        area = cv2.contourArea(np.array(outline, np.float32)) if len(outline) > 2 else 0.0
        if area <= 0:
            return None
        fills.append(float((mask == target.number).sum()) / area)
    return None if fills[0] == 0 else max(0.0, 1 - fills[1] / fills[0])


def reprojected(source: RGB, depth_m: Array, intrinsics: Array, motion: Motion) -> tuple[RGB, Mask]:
    """The source (H, W, 3) as a moved camera sees it, and where both cameras see the same (H, W).

    Surfaces are drawn as points of a pixel's size, the nearest wins; then each pixel fetches its colour from the source, so
    that colours are interpolated once. What the source does not show is False.
    """
    height, width = depth_m.shape
    drawn = _drawn_depth(depth_m, intrinsics, motion)
    columns, rows = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    rays = np.stack([columns, rows, np.ones_like(columns)], -1) @ np.linalg.inv(intrinsics).T
    points = (rays * np.where(np.isfinite(drawn), drawn, 1.0)[..., None]) @ motion.rotation + motion.translation
    pixels = points @ intrinsics.T
    with np.errstate(divide="ignore", invalid="ignore"):
        pixels = pixels[..., :2] / pixels[..., 2:] - 0.5
    at = np.nan_to_num(pixels, nan=-1e4, posinf=-1e4, neginf=-1e4).astype(np.float32)
    colours = cv2.remap(source, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    seen = cv2.remap(depth_m.astype(np.float32), at[..., 0], at[..., 1], cv2.INTER_NEAREST, borderValue=(0,))
    # The same surface, not one that lay in front of it: depths agree to 2 %.
    known = np.isfinite(drawn) & (seen > 0) & (np.abs(seen - points[..., 2]) < 0.02 * np.maximum(points[..., 2], 1e-3))
    inside = (at >= 0).all(-1) & (at[..., 0] <= width - 1) & (at[..., 1] <= height - 1)
    return np.asarray(colours, dtype=np.uint8), np.asarray(known & inside)


def _drawn_depth(depth_m: Array, intrinsics: Array, motion: Motion) -> Array:
    """Depth (H, W) that a moved camera sees of the source's surfaces; infinite where none comes."""
    height, width = depth_m.shape
    rows, columns = np.nonzero(depth_m > 0)
    rays = np.stack([columns + 0.5, rows + 0.5, np.ones(len(rows))], -1) @ np.linalg.inv(intrinsics).T
    moved = motion.apply(rays * depth_m[rows, columns][:, None])
    moved = moved[moved[:, 2] > 1e-3]
    pixels = moved @ intrinsics.T
    pixels = pixels[:, :2] / pixels[:, 2:] - 0.5
    drawn = np.full((height, width), np.inf)
    # Four pixels a point close the gaps where the new camera is nearer.
    for dx in (0, 1):
        for dy in (0, 1):
            x, y = np.floor(pixels[:, 0]).astype(int) + dx, np.floor(pixels[:, 1]).astype(int) + dy
            inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
            np.minimum.at(drawn, (y[inside], x[inside]), moved[inside, 2])
    return drawn
