"""The space that an object can take up by a turn in its place, as a drum of cells, and where images show these cells.

The drum stands about the middle of the object's box along gravity: rings × levels × azimuths. A turn about its axis shifts the
azimuths, and nothing else. Azimuth 0 is to the right of who looks at the object from the camera; a quarter further is towards
the camera or, where that looks straight down, to the lower edge of the image: the sense of `turned_by`.

Frames: OpenCV camera, metres; images in pixels.
"""

from __future__ import annotations

import dataclasses
import math

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from gsi_bench_metric.imaging.images import RGB

__all__ = ["AZIMUTHS", "CELLS", "CROP", "TOLD", "Cells", "Placed", "cells_of", "cropped", "turned_by", "window_about"]

AZIMUTHS, RINGS, LEVELS = 48, 5, 6
CELLS = RINGS * LEVELS
CROP = 64  # pixels, side of what the network looks at
TOLD = 6  # numbers an azimuth that `Cells.told` tells
_BEYOND = 1.02  # of radius and box: what lies on its faces belongs to it
_FIRST = 0.6  # of a ring, where the innermost one lies
_SOFT = 0.45  # of a pixel of the window, standard deviation, of larger images
_LEAST = 1e-6

Array = NDArray[np.float64]
Tensor = torch.Tensor


@dataclasses.dataclass(frozen=True)
class Placed:
    """Objects in images, B of them.

    Attributes:
        box: B×6, centre and sizes along the columns of `rotation`.
        rotation: B×3×3.
        up: B×3, unit vectors against gravity.
        window: B×3: middle (column, row) and side of the square that is looked at, pixels.
        lens: B×4: focal lengths and principal point (fx, fy, cx, cy), pixels.
    """

    box: Tensor
    rotation: Tensor
    up: Tensor
    window: Tensor
    lens: Tensor


@dataclasses.dataclass(frozen=True)
class Cells:
    """A drum in an image.

    Attributes:
        where: B×cells×azimuths×2, places in the window, -1 to 1 from edge to edge.
        inside: B×cells×azimuths: 1 in the box, 0 beside it, -1 where the box is not known.
        depth: B×cells×azimuths: how far beyond the drum's middle, half diagonals of the box.
        enter, leave: as depth, of the box on the way to each cell; -inf and inf where it is missed or not known.
        told: B×6×azimuths: direction, how steeply the camera looks down, how flat and how near the drum is; 1 of a source.
    """

    where: Tensor
    inside: Tensor
    depth: Tensor
    enter: Tensor
    leave: Tensor
    told: Tensor


def cells_of(placed: Placed, *, is_source: bool) -> Cells:
    """The drums of objects. `is_source`: whether the images show the boxes as given; else they may have been turned."""
    box, rotation, up = placed.box, placed.rotation, placed.up
    centre = box[:, :3]
    own = (rotation.transpose(1, 2) @ up[..., None])[..., 0].abs()
    height = (own * box[:, 3:]).sum(-1)
    upright = own.argmax(-1, keepdim=True)
    level = (box[:, 3:] ** 2).sum(-1) - box[:, 3:].gather(1, upright)[:, 0] ** 2
    radius = level.clamp(min=_LEAST**2).sqrt() / 2
    front = torch.nn.functional.normalize(-centre, dim=-1) + torch.tensor((0.0, 1.0, 0.0)).to(centre)
    front = torch.nn.functional.normalize(front - (front * up).sum(-1, keepdim=True) * up, dim=-1)
    right = torch.cross(up, front, dim=-1)
    ring, rise, azimuth = _drum(box)
    points = (
        centre[:, None, None]
        + (ring * azimuth.cos())[None, ..., None] * (radius[:, None] * right)[:, None, None]
        + (ring * azimuth.sin())[None, ..., None] * (radius[:, None] * front)[:, None, None]
        + rise[None, ..., None] * (height[:, None] / 2 * up)[:, None, None]
    )
    lens = placed.lens[:, None, None]
    pixels = points[..., :2] / points[..., 2:].clamp(min=_LEAST) * lens[..., :2] + lens[..., 2:]
    where = (pixels - placed.window[:, None, None, :2]) / placed.window[:, None, None, 2:] * 2
    reach = (radius**2 + (height / 2) ** 2).sqrt()[:, None, None]
    near = centre[:, 2, None, None]
    if is_source:
        beside = ((points - centre[:, None, None]) @ rotation[:, None]).abs()
        inside = (beside <= box[:, None, None, 3:] / 2 * _BEYOND).all(-1).to(where)
        enter, leave = (depth * points[..., 2] for depth in _through(points, placed))
        enter, leave = (enter - near) / reach, (leave - near) / reach
    else:
        inside = torch.full(where.shape[:3], -1.0).to(where)
        enter, leave = torch.full_like(inside, -math.inf), torch.full_like(inside, math.inf)
    distance = centre.norm(dim=-1)
    told = (
        azimuth[0].cos().expand(len(box), -1),
        azimuth[0].sin().expand(len(box), -1),
        _everywhere(-(centre * up).sum(-1) / distance),
        _everywhere((height / radius).log() / 2),
        _everywhere(radius / distance * 4),
        _everywhere(torch.full_like(distance, float(is_source))),
    )
    return Cells(where, inside, (points[..., 2] - near) / reach, enter, leave, torch.stack(told, 1))


def _drum(like: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Radius (of the drum's), height (-1 to 1) and azimuth of all cells, each cells×azimuths."""
    azimuths = torch.arange(AZIMUTHS).to(like) * (2 * math.pi / AZIMUTHS)
    rings = (torch.arange(RINGS).to(like) + _FIRST) / RINGS * _BEYOND
    levels = (torch.arange(LEVELS).to(like) + 0.5) / LEVELS * 2 - 1
    ring, level, azimuth = (part.reshape(CELLS, AZIMUTHS) for part in torch.meshgrid(rings, levels, azimuths, indexing="ij"))
    return ring, level, azimuth


def _through(points: Tensor, placed: Placed) -> tuple[Tensor, Tensor]:
    """Where rays from the camera to points (B, …, 3) enter and leave boxes, shares of the way; -inf and inf where they miss."""
    rotation, half = placed.rotation[:, None], placed.box[:, None, None, 3:] / 2
    way = points @ rotation
    start = -(placed.box[:, None, None, :3] @ rotation)
    first, second = (-half - start) / way, (half - start) / way
    enter, leave = torch.minimum(first, second).amax(-1), torch.maximum(first, second).amin(-1)
    met = enter <= leave
    return enter.masked_fill(~met, -math.inf), leave.masked_fill(~met, math.inf)


def _everywhere(values: Tensor) -> Tensor:
    return values[:, None].expand(-1, AZIMUTHS)


def turned_by(up: Array, angle: float) -> Array:
    """3×3, a turn of `follow` about `up`: from the camera's right towards the camera for positive angles, in radians."""
    return np.asarray(cv2.Rodrigues(-angle * up)[0], dtype=np.float64)


def window_about(corners: Array, middle: Array, up: Array, K: Array, beside: float) -> tuple[float, float, float] | None:
    """The square (middle column and row, side; pixels) about all that a box (8×3 corners, metres) can cover by a turn about the
    vertical through `middle`, its side as much longer; None where it reaches behind the camera."""
    turns = (turned_by(up, azimuth) for azimuth in np.arange(0, 2 * math.pi, 2 * math.pi / (AZIMUTHS // 2)))
    points = np.concatenate([(corners - middle) @ turn.T + middle for turn in turns]) @ K.T
    if (points[:, 2] <= 0).any():
        return None
    pixels = points[:, :2] / points[:, 2:]
    low, high = pixels.min(0), pixels.max(0)
    column, row = (low + high) / 2
    return float(column), float(row), float((high - low).max() * beside)


def cropped(rgb: RGB, window: tuple[float, float, float]) -> NDArray[np.uint8]:
    """A window of an image (H, W, 3), `CROP` pixels wide and high; beyond the image its edge goes on."""
    column, row, side = window
    step = side / CROP
    smooth = cv2.GaussianBlur(rgb, (0, 0), _SOFT * step) if step > 1 else rgb
    to_image = np.array(
        [[step, 0, column - side / 2 + step / 2 - 0.5], [0, step, row - side / 2 + step / 2 - 0.5]], dtype=np.float32
    )
    way = (cv2.INTER_CUBIC if step < 1 else cv2.INTER_LINEAR) | cv2.WARP_INVERSE_MAP
    found = cv2.warpAffine(smooth, to_image, (CROP, CROP), flags=way, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found, dtype=np.uint8)
