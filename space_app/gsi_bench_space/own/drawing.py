"""What is proposed and wanted, drawn on the visitor's photo: the ground as a grid, the box, the wanted box, their axes."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from gsi_bench_dataset.layout.pixel_frame import BOX_EDGES, box_corners, project
from gsi_bench_metric.geometry.poses import base_centre
from gsi_bench_metric.imaging.images import RGB
from gsi_bench_metric.photos.standing import Ground, Matrix, Placed, Rectangle
from gsi_bench_metric.seeing.base import Mask

__all__ = ["GREEN", "WHITE", "draw_box", "draw_cross", "draw_ground", "draw_mask", "draw_rectangle", "grid_step"]

Array = NDArray[np.float64]
Colour = tuple[int, int, int]

WHITE, GREEN = (255, 255, 255), (34, 197, 94)  # where it is, where it should be: as the page's style sheet has them
_RIGHT, _UP, _FRONT = (244, 63, 94), (163, 230, 53), (56, 189, 248)  # a box's own axes
_MARK, _GRID, _HORIZON, _DARK = (250, 204, 21), (191, 219, 254), (56, 189, 248), (17, 24, 39)
_MASK, _TINT = (217, 70, 239), 0.45  # of the object's pixels; the share of the colour
_STEPS_M = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_CELLS = 8  # of the grid, to each side of the object
_GRID_SHARE = 0.6  # how far the grid covers the photo
_NEAR = 0.05  # of the camera's height: nearer to the camera lines are cut off
_PIECES = 16  # of a line of the grid, so that one that passes the camera keeps the rest
_FAR = 100.0  # camera heights: where the horizon is drawn
_LENGTH = 0.75  # of the box's size: an axis


def draw_ground(rgb: RGB, placed: Placed) -> RGB:
    """A grid on the ground around the object's base, and the horizon where the photo shows it."""
    canvas, ground = rgb.copy(), placed.ground
    right, away, up = ground.axes
    pen = _Pen(canvas, placed.K, _NEAR * ground.height_m)
    step = grid_step(ground)
    base = base_centre(np.array(placed.box), np.array(placed.rotation), up)
    start = np.round(np.array([base @ right, base @ away]) / step) * step
    ticks, along = np.arange(-_CELLS, _CELLS + 1) * step, np.linspace(-_CELLS, _CELLS, _PIECES + 1) * step

    def point(offset: Sequence[float]) -> Array:
        across, forward = start + offset
        return np.asarray(across * right + forward * away - ground.height_m * up)

    for tick in ticks:
        pen.line([point((tick, end)) for end in along], _GRID)
        pen.line([point((end, tick)) for end in along], _GRID)
    far = _FAR * ground.height_m
    pen.line([far * (away + side * right) for side in (-3.0, 3.0)], _HORIZON)
    return np.asarray(cv2.addWeighted(canvas, _GRID_SHARE, rgb, 1 - _GRID_SHARE, 0))


def draw_box(rgb: RGB, placed: Placed, colour: Colour, *, axes: bool = True) -> RGB:
    """A box's edges, and from the middle of its base its own right (red), up (green) and front (blue) where `axes` asks."""
    canvas, rotation = rgb.copy(), np.array(placed.rotation)
    pen = _Pen(canvas, placed.K, _NEAR * placed.ground.height_m)
    corners = box_corners(placed.box, rotation)
    for a, b in BOX_EDGES:
        pen.line([corners[a], corners[b]], _DARK, 3)
    for a, b in BOX_EDGES:
        pen.line([corners[a], corners[b]], colour)
    if not axes:
        return canvas
    width, height, depth = placed.box[3:6]
    base = base_centre(np.array(placed.box), rotation, np.array(placed.ground.up))
    ways = ((rotation[:, 0] * width, _RIGHT), (-rotation[:, 1] * height, _UP), (-rotation[:, 2] * depth, _FRONT))
    for way, axis_colour in ways:
        pen.arrow(base, base + _LENGTH * way, axis_colour)
    return canvas


def draw_mask(rgb: RGB, mask: Mask) -> RGB:
    """The object's pixels (H, W) tinted, with their outline."""
    canvas = rgb.copy()
    canvas[mask] = (_TINT * np.array(_MASK) + (1 - _TINT) * rgb[mask]).astype(np.uint8)
    outlines, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(canvas, outlines, -1, _MASK, _thickness(rgb), cv2.LINE_AA)
    return canvas


def draw_rectangle(rgb: RGB, rectangle: Rectangle) -> RGB:
    """The marked rectangle."""
    canvas, corners = rgb.copy(), (_pixel(rectangle[:2]), _pixel(rectangle[2:]))
    for colour, times in ((_DARK, 3), (_MARK, 1)):
        cv2.rectangle(canvas, *corners, colour, times * _thickness(rgb), cv2.LINE_AA)
    return canvas


def draw_cross(rgb: RGB, point: tuple[float, float]) -> RGB:
    """The first of two corners."""
    canvas, size = rgb.copy(), max(8, max(rgb.shape[:2]) // 40)
    for colour, times in ((_DARK, 3), (_MARK, 1)):
        cv2.drawMarker(canvas, _pixel(point), colour, cv2.MARKER_CROSS, size, times * _thickness(rgb), cv2.LINE_AA)
    return canvas


def grid_step(ground: Ground) -> float:
    """Metres between the grid's lines: about a tenth of the camera's height.

    >>> grid_step(Ground((0, -1, 0), 0.5)), grid_step(Ground((0, -1, 0), 1.6))
    (0.05, 0.2)
    """
    return min(_STEPS_M, key=lambda step: abs(np.log(step / (0.1 * ground.height_m))))


@dataclasses.dataclass(frozen=True)
class _Pen:
    """Draws lines in space on a canvas; what lies nearer than `near` metres in front of the camera is cut off."""

    canvas: RGB
    K: Matrix
    near: float

    def line(self, points: Iterable[Array], colour: Colour, times: int = 1) -> None:
        for start, end in itertools.pairwise(points):
            piece = self._in_front(start, end)
            if piece is None:
                continue
            a, b = (_pixel(project(p, self.K)) for p in piece)
            cv2.line(self.canvas, a, b, colour, times * _thickness(self.canvas), cv2.LINE_AA)

    def arrow(self, start: Array, end: Array, colour: Colour) -> None:
        if min(start[2], end[2]) <= self.near:
            return
        a, b = (_pixel(project(p, self.K)) for p in (start, end))
        wide = _thickness(self.canvas)
        cv2.arrowedLine(self.canvas, a, b, _DARK, 3 * wide, cv2.LINE_AA, tipLength=0.2)
        cv2.arrowedLine(self.canvas, a, b, colour, wide + 1, cv2.LINE_AA, tipLength=0.2)

    def _in_front(self, start: Array, end: Array) -> tuple[Array, Array] | None:
        if max(start[2], end[2]) <= self.near:
            return None
        if min(start[2], end[2]) > self.near:
            return start, end
        cut = start + (end - start) * (self.near - start[2]) / (end[2] - start[2])
        return (start, cut) if start[2] > self.near else (cut, end)


def _pixel(point: Sequence[float] | Array) -> tuple[int, int]:
    """Whole pixels; far away ones brought to where OpenCV's coordinates still add up."""
    x, y = (int(np.clip(round(float(v)), -(2**14), 2**14)) for v in point)
    return x, y


def _thickness(rgb: RGB) -> int:
    return max(1, round(max(rgb.shape[:2]) / 500))
