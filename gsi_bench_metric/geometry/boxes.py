"""Geometry of 3D boxes, batched over any leading dimensions, on any device.

Boxes are `(…, 7)` tensors `[x, y, z, w, h, l, yaw]` in the OpenCV camera frame (x right, y down, z forward), metres and
radians: centre, full sizes along the object's own x, y, z, turn about the vertical axis. Rotations are object -> camera,
`(…, 3, 3)` row-major. Nothing is clipped to the image or to a near plane: that is what the reference implementation does
(GSI-Bench, arXiv 2604.20570), and callers that need a visible region clip by themselves.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

__all__ = [
    "axis_angle_y",
    "box_corners",
    "box_iou_2d",
    "box_iou_3d",
    "center_distance",
    "footprint_overlap",
    "move_box",
    "project",
    "projected_box_2d",
    "rotate_about_y",
    "rotation_angle",
]

# Signs of the eight corners along the object's x, y, z. The first four are the face y = -h/2, counted round.
_CORNER_SIGNS = ((1, -1, 1), (1, -1, -1), (-1, -1, -1), (-1, -1, 1), (1, 1, 1), (1, 1, -1), (-1, 1, -1), (-1, 1, 1))

# Camera-frame axis and sign of the words for a move.
MOVE_DIRECTIONS = {"left": (0, -1), "right": (0, 1), "front": (2, -1), "behind": (2, 1), "above": (1, -1), "below": (1, 1)}


def axis_angle_y(angle: Tensor) -> Tensor:
    """Rotation matrices `(…, 3, 3)` by `angle` `(…)` radians about the y axis."""
    c, s = angle.cos(), angle.sin()
    zero, one = torch.zeros_like(c), torch.ones_like(c)
    return torch.stack((c, zero, s, zero, one, zero, -s, zero, c), -1).unflatten(-1, (3, 3))


def box_corners(boxes: Tensor, rotations: Tensor | None = None) -> Tensor:
    """The eight corners `(…, 8, 3)` of boxes `(…, 7)`; orientation from `rotations`, else from the yaw entry."""
    rotations = axis_angle_y(boxes[..., 6]) if rotations is None else rotations
    signs = torch.tensor(_CORNER_SIGNS, dtype=boxes.dtype, device=boxes.device)
    offsets = signs * (boxes[..., None, 3:6] / 2)
    return offsets @ rotations.transpose(-1, -2) + boxes[..., None, :3]


def project(points: Tensor, intrinsics: Tensor) -> Tensor:
    """Pixels `(…, P, 2)` of camera points `(…, P, 3)` under K `(…, 3, 3)`. Points on the camera plane become infinite."""
    homogeneous = points @ intrinsics.transpose(-1, -2)
    return homogeneous[..., :2] / homogeneous[..., 2:]


def projected_box_2d(boxes: Tensor, rotations: Tensor | None, intrinsics: Tensor) -> Tensor:
    """`[min u, min v, max u, max v]` `(…, 4)` of the projected corners."""
    rotations = axis_angle_y(boxes[..., 6]) if rotations is None else rotations
    # A corner is the centre plus or minus the half axes, and so is its projection before the division: four products with K
    # instead of eight. Coordinates come first, so that every sum runs over contiguous numbers.
    halves = (rotations * (boxes[..., None, 3:6] / 2)).movedim((-2, -1), (0, 1))  # (xyz, axis, …)
    matrix = intrinsics.expand(*boxes.shape[:-1], 3, 3).movedim((-2, -1), (0, 1))
    centre = _product(matrix, boxes[..., :3].movedim(-1, 0))
    p, q, r = (_product(matrix, halves[:, axis]) for axis in range(3))
    near, far = centre - p, centre + p
    corners = torch.stack([side + q * m + r * n for side in (near, far) for m in (-1, 1) for n in (-1, 1)], 1)
    pixels = corners[:2] / corners[2]
    return torch.cat((pixels.amin(1), pixels.amax(1))).movedim(0, -1)


def _product(matrix: Tensor, vector: Tensor) -> Tensor:
    """Matrices (3, 3, …) times vectors (3, …)."""
    return matrix[:, 0] * vector[0] + matrix[:, 1] * vector[1] + matrix[:, 2] * vector[2]


def center_distance(a: Tensor, b: Tensor) -> Tensor:
    """Euclidean distance `(…)` in metres of the centres of boxes `(…, 7)`."""
    return torch.linalg.vector_norm(a[..., :3] - b[..., :3], dim=-1)


def rotation_angle(a: Tensor, b: Tensor) -> Tensor:
    """Angle `(…)` in radians between rotations `(…, 3, 3)`: arccos((trace(aᵀb) − 1) / 2), clipped to [0, π]."""
    trace = (a * b).sum((-1, -2))
    return ((trace - 1) / 2).clamp(-1, 1).arccos()


def box_iou_2d(a: Tensor, b: Tensor) -> Tensor:
    """Intersection over union `(…)` of image boxes `[x1, y1, x2, y2]` `(…, 4)`; 0 where the union is empty."""
    sides = (torch.minimum(a[..., 2:], b[..., 2:]) - torch.maximum(a[..., :2], b[..., :2])).clamp(min=0)
    inter = sides.prod(-1)
    union = (a[..., 2:] - a[..., :2]).prod(-1) + (b[..., 2:] - b[..., :2]).prod(-1) - inter
    return torch.where(union == 0, torch.zeros_like(union), inter / torch.where(union == 0, 1, union))


def box_iou_3d(a: Tensor, b: Tensor) -> Tensor:
    """Intersection over union `(…)` of upright boxes `(…, 7)`, oriented by their yaw entry alone.

    Footprint intersection times height overlap, over the union of volumes; 0 where a footprint has no area or the union is
    empty (so two identical flat boxes have IoU 0, as in the reference).
    """
    area_a, area_b = ((box[..., 3] * box[..., 5]).abs() for box in (a, b))
    (low_a, high_a), (low_b, high_b) = _height_range(a), _height_range(b)
    height = (torch.minimum(high_a, high_b) - torch.maximum(low_a, low_b)).clamp(min=0)
    inter = footprint_overlap(a, b) * height
    union = area_a * (high_a - low_a) + area_b * (high_b - low_b) - inter
    empty = (area_a == 0) | (area_b == 0) | (union == 0)
    return torch.where(empty, torch.zeros_like(union), inter / torch.where(empty, 1, union))


def _height_range(box: Tensor) -> tuple[Tensor, Tensor]:
    half = box[..., 4].abs() / 2
    return box[..., 1] - half, box[..., 1] + half


def footprint_overlap(a: Tensor, b: Tensor) -> Tensor:
    """Area `(…)` that the footprints of boxes `(…, 7)` share, seen from above.

    Green's theorem in a's frame, where a's footprint is |x| <= W, |z| <= L: the area is the integral of x dz round the shared
    outline, which is that of clamp(x, ±W) over the part of b's four sides with |z| <= L; it has a closed form for a side. So
    no polygon is clipped, and there are no special cases.
    """
    width, length = a[..., 3].abs() / 2, a[..., 5].abs() / 2
    x, z = _outline_seen_from(a, b)
    next_x, next_z = x.roll(-1, 0), z.roll(-1, 0)
    start, end = (torch.maximum(torch.minimum(side, length), -length) for side in (z, next_z))
    slope = (next_x - x) / torch.where(next_z == z, 1, next_z - z)
    mean = _mean_of_clamp(x + (start - z) * slope, x + (end - z) * slope, width)
    return (mean * (end - start)).sum(0).abs()


def _outline_seen_from(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """x and z, each (4, …), of the corners of b's footprint in the frame of a, counted round."""
    c, s = a[..., 6].cos(), a[..., 6].sin()
    dx, dz = b[..., 0] - a[..., 0], b[..., 2] - a[..., 2]
    x, z = c * dx - s * dz, s * dx + c * dz
    turn, half_w, half_l = b[..., 6] - a[..., 6], b[..., 3] / 2, b[..., 5] / 2
    c, s = turn.cos(), turn.sin()
    signs = ((1, 1), (1, -1), (-1, -1), (-1, 1))
    return (
        torch.stack([x + m * c * half_w + n * s * half_l for m, n in signs]),
        torch.stack([z - m * s * half_w + n * c * half_l for m, n in signs]),
    )


def _mean_of_clamp(a: Tensor, b: Tensor, limit: Tensor) -> Tensor:
    """Mean of clamp(x, ±limit) over x from a to b."""
    low, high = torch.minimum(a, b), torch.maximum(a, b)
    inner_low, inner_high = (torch.maximum(torch.minimum(side, limit), -limit) for side in (low, high))
    below = torch.minimum(high, -limit) - torch.minimum(low, -limit)
    above = torch.maximum(high, limit) - torch.maximum(low, limit)
    total = (inner_low + inner_high) / 2 * (inner_high - inner_low) + limit * (above - below)
    point = low == high
    return torch.where(point, inner_low, total / torch.where(point, 1, high - low))


def move_box(box: Tensor, direction: str, distance_cm: float, rotation: Tensor | None = None) -> Tensor:
    """A box `(7,)` shifted as the reference's data generator does it; the input stays as it is.

    Without `rotation` the words mean camera axes. With it, the step goes along column `argmax |R[i, k]|` of R for the
    direction's axis k: the reference takes a row number for a column number and drops the sign, so stored goals of turned
    objects may be wrong (docs/metric-quirks.md, quirk 49). An unknown direction moves nothing.
    """
    moved = box.clone()
    if direction not in MOVE_DIRECTIONS:
        return moved
    axis, sign = MOVE_DIRECTIONS[direction]
    step = torch.zeros(3, dtype=box.dtype, device=box.device)
    step[axis] = 1
    if rotation is not None:
        step = rotation[:, int(rotation[:, axis].abs().argmax())]
    moved[:3] += sign * distance_cm / 100 * step
    return moved


def rotate_about_y(rotation: Tensor, angle_deg: float, direction: str) -> Tensor:
    """Object -> camera rotation after a turn about the object's own vertical, as the reference's data generator does it."""
    turn = math.radians(360 - angle_deg if direction == "clockwise" else angle_deg)
    return rotation @ axis_angle_y(torch.tensor(turn, dtype=rotation.dtype, device=rotation.device)).transpose(-1, -2)
