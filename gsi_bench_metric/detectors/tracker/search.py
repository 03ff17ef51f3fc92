"""Where a known surface went: hypotheses scored all at once, coarse to fine.

A pose is five numbers `(along, across, height, turn, log size)` about the object's base: metres along two axes of the support
plane and against gravity, radians about the vertical, natural logarithm of the size factor. A pose's score is the log
likelihood ratio "the object covers these pixels" against "they show the background", per pixel that the object covered in the
source. Pixels that the pose does not cover cancel, so an uncovered changed region, a covered unchanged one and a wrong colour
all cost what they should. Everything carries a leading dimension N of problems (object × edited picture).
"""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["Level", "Object3D", "pose_points", "score"]

_UNKNOWN = 0.35  # likelihood of a pixel that shows a side never seen
_EPS_TURN = 0.1
_EPS = 0.12  # likelihood of a pixel that nothing explains
_SILHOUETTE = 0.25  # likelihood of a changed pixel of the wrong colour: the object may look different
_GAIN = (0.4, 1.8)  # of the light on a moved object
_GAIN_COST = 0.8
_SIDE = 0.4  # of the light that may fall from one side
_UNSEEN = 0.25  # what a covered pixel costs that lies outside of the picture or behind something
_GRAZING = 0.12  # cosine below which a surface is hardly seen
_BEHIND = 0.02  # relative depth by which a known surface must be nearer to hide a point


@dataclasses.dataclass(frozen=True)
class Object3D:
    """Known surfaces: local (N, P, 3) along/across/up from the base, metres; normals (N, P, 3), the same axes; colours
    (N, P, 3) opponent; weight (N, P), summing to 1; depth (N, P) in the source."""

    local: Tensor
    normals: Tensor
    colours: Tensor
    weight: Tensor
    depth: Tensor
    cosine: Tensor
    facing: Tensor


@dataclasses.dataclass(frozen=True)
class Level:
    """Pictures (N, 5, h, w) at one size: three colours of the edited picture, changed, 1/depth of what may hide the object.

    to_pixels (N, 3, 4): local axes -> homogeneous pixels. sigma: what colours may differ by (brightness, chroma).
    """

    pictures: Tensor
    to_pixels: Tensor
    to_camera: Tensor
    sigma: tuple[float, float]


def pose_points(local: Tensor, poses: Tensor) -> Tensor:
    """Points (N, P, 3) under poses (N, H, 5) -> (N, H, P, 3), local axes."""
    along, across, height, turn, log_size = (p[..., None] for p in poses.unbind(-1))
    x, y, z = (q[:, None] for q in local.unbind(-1))
    c, s = turn.cos(), turn.sin()
    size = log_size.exp()
    return torch.stack((size * (c * x - s * y) + along, size * (s * x + c * y) + across, size * z + height), -1)


def score(thing: Object3D, level: Level, poses: Tensor, turning: bool = False) -> tuple[Tensor, Tensor, Tensor]:
    """Score, share of the surface that is seen, and likeness of its colours (each (N, H)) of poses (N, H, 5)."""
    moved = pose_points(thing.local, poses)
    homogeneous = moved @ level.to_pixels[:, None, :, :3].transpose(-1, -2) + level.to_pixels[:, None, None, :, 3]
    depth = homogeneous[..., 2].clamp(min=1e-3)
    height, width = level.pictures.shape[-2:]
    grid = homogeneous[..., :2] / depth[..., None] * torch.tensor([2 / width, 2 / height], device=depth.device) - 1
    seen = functional.grid_sample(level.pictures, grid, align_corners=False, padding_mode="border")
    colours, changed, hidden = seen[:, :3], seen[:, 3], seen[:, 4]
    visible = ((grid.abs() < 1).all(-1) & (hidden * depth < 1 + _BEHIND) & (homogeneous[..., 2] > 0.05)).to(depth.dtype)
    normals = _turned(thing.normals, poses)
    facing, nearer = _foreshortening(thing, level, moved, normals, poses, depth)
    covers = thing.weight[:, None] * facing * nearer
    weight = covers * visible
    like = _likeness(thing.colours, colours, normals, weight, level.sigma)
    likely = torch.maximum(like, _SILHOUETTE * changed)
    ratio = torch.log((likely + _EPS) / (1 - changed + _EPS))
    total = weight.sum(-1)
    value = (weight * ratio).sum(-1) - _UNSEEN * (covers.sum(-1) - total)
    if not turning:
        return value, total, (weight * like).sum(-1) / total.clamp(min=1e-6)
    # Sides that nobody has seen cover pixels too, in colours like those of the seen ones: only what is told apart counts.
    common = torch.maximum(seen[:, 5], 1 - changed)
    value = (weight * torch.log((like + _EPS_TURN) / (common + _EPS_TURN))).sum(-1) - _UNSEEN * (covers.sum(-1) - total)
    return value, total, (weight * like).sum(-1) / total.clamp(min=1e-6)


def _turned(normals: Tensor, poses: Tensor) -> Tensor:
    """Normals (N, P, 3) under poses (N, H, 5) -> (N, H, P, 3)."""
    turn = poses[..., 3, None]
    c, s = turn.cos(), turn.sin()
    nx, ny, nz = (n[:, None] for n in normals.unbind(-1))
    return torch.stack((c * nx - s * ny, s * nx + c * ny, nz.expand(-1, c.shape[1], -1)), -1)


def _foreshortening(thing: Object3D, level: Level, moved: Tensor, normals: Tensor, poses: Tensor, depth: Tensor) -> tuple[Tensor, Tensor]:
    """Pixels that a piece of surface covers under a pose, per pixel that it covered in the source: by facing, by nearness."""
    eye = level.to_camera[:, None, None] - moved
    cosine = (normals * eye).sum(-1) / torch.linalg.vector_norm(eye, dim=-1)
    turned = (cosine / thing.cosine[:, None]).clamp(0, 2.0)
    return turned, (poses[..., 4, None].exp() * thing.depth[:, None] / depth) ** 2


def _likeness(source: Tensor, edited: Tensor, normals: Tensor, weight: Tensor, sigma: tuple[float, float]) -> Tensor:
    """How alike colours are, 0-1 (N, H, P), after one change of light for the whole object, which may depend on the facing."""
    bright = source[:, None, :, 0]
    basis = torch.stack((bright.expand_as(weight), bright * normals[..., 0], bright * normals[..., 2]), -1)
    prior = torch.tensor([0.002, 0.02, 0.02], device=weight.device) 
    gram = (basis * weight[..., None]).transpose(-1, -2) @ basis + torch.diag(prior)
    right = ((basis * (weight * edited[:, 0])[..., None]).sum(-2))
    right = right + prior * torch.tensor([1.0, 0, 0], device=weight.device)
    light = torch.linalg.solve(gram, right)
    gain = light[..., 0].clamp(*_GAIN)
    shade = torch.cat((gain[..., None], light[..., 1:].clamp(-_SIDE, _SIDE)), -1)
    squared = ((edited[:, 0] - (basis * shade[..., None, :]).sum(-1)) / sigma[0]) ** 2
    for channel in (1, 2):
        squared = squared + ((edited[:, channel] - source[:, None, :, channel]) / sigma[1]) ** 2
    return torch.exp(-squared / 2 - (gain[..., None].log() / _GAIN_COST) ** 2 / 2)
