"""Geometry of 3D boxes, batched over any leading dimensions, on any device.

Boxes are `(…, 7)` tensors `[x, y, z, w, h, l, yaw]` in the OpenCV camera frame (x right, y down, z forward), metres and
radians: centre, full sizes along the object's own x, y, z, turn about the vertical axis. Rotations are object -> camera,
`(…, 3, 3)` row-major. Nothing is clipped to the picture or to a near plane: that is what the reference implementation does
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
    "convex_intersection_area",
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
    pixels = project(box_corners(boxes, rotations), intrinsics)
    return torch.cat((pixels.amin(-2), pixels.amax(-2)), -1)


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
    corners_a, corners_b = box_corners(a), box_corners(b)
    foot_a, foot_b = corners_a[..., :4, [0, 2]], corners_b[..., :4, [0, 2]]
    area_a, area_b = _signed_area(foot_a).abs(), _signed_area(foot_b).abs()
    low_a, high_a = corners_a[..., 1].amin(-1), corners_a[..., 1].amax(-1)
    low_b, high_b = corners_b[..., 1].amin(-1), corners_b[..., 1].amax(-1)
    height = (torch.minimum(high_a, high_b) - torch.maximum(low_a, low_b)).clamp(min=0)
    inter = convex_intersection_area(foot_a, foot_b) * height
    union = area_a * (high_a - low_a) + area_b * (high_b - low_b) - inter
    empty = (area_a == 0) | (area_b == 0) | (union == 0)
    return torch.where(empty, torch.zeros_like(union), inter / torch.where(empty, 1, union))


def convex_intersection_area(a: Tensor, b: Tensor) -> Tensor:
    """Area `(…)` of the intersection of convex polygons `(…, V, 2)` and `(…, W, 2)`, corners counted round either way.

    Sutherland-Hodgman clipping of `a` by each side of `b`. To keep one shape for the whole batch, a side of `a` that lies
    outside collapses into the point where the outline leaves the half-plane: repeated points add no area.
    """
    a, b = _counter_clockwise(a), _counter_clockwise(b)
    for side in range(b.shape[-2]):
        start, end = b[..., side, :], b[..., (side + 1) % b.shape[-2], :]
        a = _clip(a, start, end - start)
    return _signed_area(a).abs()


def _clip(polygon: Tensor, origin: Tensor, direction: Tensor) -> Tensor:
    """The part of a convex polygon `(…, V, 2)` to the left of a line, as `(…, 2V, 2)` points (some repeated)."""
    offset = polygon - origin[..., None, :]
    height = direction[..., None, 0] * offset[..., 1] - direction[..., None, 1] * offset[..., 0]
    following, next_height = polygon.roll(-1, -2), height.roll(-1, -1)
    inside, next_inside = height >= 0, next_height >= 0
    crosses = inside != next_inside
    share = height / torch.where(crosses, height - next_height, 1)
    crossing = polygon + share[..., None] * (following - polygon)
    leaves = inside & ~next_inside
    exit_point = (crossing * leaves[..., None]).sum(-2, keepdim=True)  # a convex outline leaves once at most
    first = torch.where(inside[..., None], polygon, torch.where(next_inside[..., None], crossing, exit_point))
    second = torch.where(next_inside[..., None], following, torch.where(inside[..., None], crossing, exit_point))
    return torch.stack((first, second), -2).flatten(-3, -2)


def _signed_area(polygon: Tensor) -> Tensor:
    # Relative to the first corner: far from the origin the shoelace products would cancel.
    p = polygon - polygon[..., :1, :]
    q = p.roll(-1, -2)
    return (p[..., 0] * q[..., 1] - p[..., 1] * q[..., 0]).sum(-1) / 2


def _counter_clockwise(polygon: Tensor) -> Tensor:
    return torch.where((_signed_area(polygon) < 0)[..., None, None], polygon.flip(-2), polygon)


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
