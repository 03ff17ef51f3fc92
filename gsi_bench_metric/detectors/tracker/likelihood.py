"""How well poses of a known surface explain an edited picture: many hypotheses at once.

A pose is five numbers `(along, across, height, turn, log size)` about the object's base: metres along the two level axes and
against gravity, radians about the vertical, natural logarithm of the size factor. Its score is the log likelihood ratio "the
object covers these pixels" against "they show what was there", summed over the pixels that the surface covers, in units of the
surface's pixels in the source. Pixels that a pose leaves alone cancel, so that an uncovered change, a covered unchanged pixel
and a wrong colour all cost what they should. Tensors carry a leading dimension N of surfaces; any device.
"""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["CHANNELS", "Cloud", "Level", "Verdict", "place_points", "verdicts"]

CHANNELS = 6  # of a level's pictures: three colours, changed, 1/depth of what may hide the object, commonness
_NOTHING = 0.12  # likelihood of a pixel that no explanation fits
_GAIN = (0.4, 1.8)  # of the light on a moved object
_GAIN_COST = 0.8  # log units
_SIDE = 0.4  # of the light that may fall from one side
_LIGHT_PRIOR = (0.002, 0.02, 0.02)
_UNSEEN = 0.25  # what a covered pixel costs outside of the picture, or behind something
_BEHIND = 0.02  # relative depth by which a known surface must be nearer to hide a point
_MOST_FACING = 2.0


@dataclasses.dataclass(frozen=True)
class Cloud:
    """Points of surfaces. Local axes: along, across, up, from the base.

    Attributes:
        points, normals: (N, P, 3) local, metres.
        colours: (N, P, 3) opponent.
        weight: (N, P), summing to 1.
        depth, cosine: (N, P) in the view that showed them: distance, and cosine between normal and ray.
    """

    points: Tensor
    normals: Tensor
    colours: Tensor
    weight: Tensor
    depth: Tensor
    cosine: Tensor

    def to(self, device: str) -> Cloud:
        """The same on a device."""
        return Cloud(*(getattr(self, field.name).to(device) for field in dataclasses.fields(self)))


@dataclasses.dataclass(frozen=True)
class Level:
    """The edited picture at one size.

    Attributes:
        pictures: (N, CHANNELS, h, w).
        to_pixels: (N, 3, 4), local axes -> homogeneous pixels.
        eye: (N, 3), the camera in local axes.
        sigma: by how much colours of the same thing may differ: brightness, colour.
        silhouette: likelihood of a changed pixel of the wrong colour: the object may have been drawn differently.
    """

    pictures: Tensor
    to_pixels: Tensor
    eye: Tensor
    sigma: tuple[float, float]
    silhouette: float = 0.25

    def to(self, device: str) -> Level:
        """The same on a device."""
        moved = {name: getattr(self, name).to(device) for name in ("pictures", "to_pixels", "eye")}
        return dataclasses.replace(self, **moved)


class Verdict(NamedTuple):
    """Of poses (N, H): score, the turning score (see `verdicts`), pixels covered and seen, likeness of colours 0–1."""

    score: Tensor
    turning: Tensor
    seen: Tensor
    likeness: Tensor


def place_points(points: Tensor, poses: Tensor) -> Tensor:
    """Local points (N, P, 3) under poses (N, H, 5): (N, H, P, 3)."""
    size = poses[..., 4, None, None].exp()
    return size * _turned(points, poses) + poses[..., None, :3]


def verdicts(cloud: Cloud, level: Level, poses: Tensor) -> Verdict:
    """What poses (N, H, 5) are worth. Computed where the cloud and the level are; the answer lies where the poses do.

    `turning` compares turns of one place and size. A turn hides what was seen and shows what was not, of colours like the
    seen ones; so there a pixel counts by how much better the known surface explains it than the object's palette does.
    """
    asked_on, poses = poses.device, poses.to(cloud.points.device)
    placed = place_points(cloud.points, poses)
    homogeneous = placed @ level.to_pixels[:, None, :, :3].transpose(-1, -2) + level.to_pixels[:, None, None, :, 3]
    depth = homogeneous[..., 2].clamp(min=1e-3)
    height, width = level.pictures.shape[-2:]
    grid = homogeneous[..., :2] / depth[..., None] * depth.new_tensor([2 / width, 2 / height]) - 1
    found = functional.grid_sample(level.pictures, grid, align_corners=False, padding_mode="border")
    changed, hidden, common = found[:, 3], found[:, 4], found[:, 5]
    visible = (grid.abs() < 1).all(-1) & (hidden * depth < 1 + _BEHIND) & (homogeneous[..., 2] > depth.new_tensor(0.05))
    normals = _turned(cloud.normals, poses)
    ray = level.eye[:, None, None] - placed
    facing = (normals * ray).sum(-1) / torch.linalg.vector_norm(ray, dim=-1) / cloud.cosine[:, None]
    nearer = (poses[..., 4, None].exp() * cloud.depth[:, None] / depth) ** 2
    # Pixels that each piece of surface covers, for each that it covered where it was seen.
    covers = cloud.weight[:, None] * facing.clamp(0, _MOST_FACING) * nearer
    weight = covers * visible
    like = _likeness(cloud.colours, found[:, :3], normals, weight, level.sigma)
    seen = weight.sum(-1)
    unseen = _UNSEEN * (covers.sum(-1) - seen)
    unchanged = 1 - changed
    ratio = torch.log((torch.maximum(like, level.silhouette * changed) + _NOTHING) / (unchanged + _NOTHING))
    own = torch.log((like + _NOTHING) / (torch.maximum(common, unchanged) + _NOTHING))
    worth = (
        (weight * ratio).sum(-1) - unseen,
        (weight * own).sum(-1) - unseen,
        seen,
        (weight * like).sum(-1) / seen.clamp(min=1e-6),
    )
    return Verdict(*(values.to(asked_on) for values in worth))


def _turned(vectors: Tensor, poses: Tensor) -> Tensor:
    """Local vectors (N, P, 3) turned about the vertical as poses (N, H, 5) say: (N, H, P, 3)."""
    turn = poses[..., 3, None]
    c, s = turn.cos(), turn.sin()
    x, y, z = (v[:, None] for v in vectors.unbind(-1))
    return torch.stack((c * x - s * y, s * x + c * y, z.expand(-1, c.shape[1], -1)), -1)


def _likeness(source: Tensor, edited: Tensor, normals: Tensor, weight: Tensor, sigma: tuple[float, float]) -> Tensor:
    """How alike colours are, 0–1 (N, H, P), after one change of light on the whole object, which may depend on the facing.

    The light is a linear fit of the edited brightness by the source's, times (1, normal along, normal up), held near "none".
    """
    bright = source[:, None, :, 0]
    basis = torch.stack((bright.expand_as(weight), bright * normals[..., 0], bright * normals[..., 2]), -1)
    prior = weight.new_tensor(_LIGHT_PRIOR)
    gram = (basis * weight[..., None]).transpose(-1, -2) @ basis + torch.diag(prior)
    target = (basis * (weight * edited[:, 0])[..., None]).sum(-2) + prior * prior.new_tensor([1.0, 0.0, 0.0])
    light = torch.linalg.solve(gram, target)
    gain = light[..., :1].clamp(*_GAIN)
    shade = torch.cat((gain, light[..., 1:].clamp(-_SIDE, _SIDE)), -1)
    squared = ((edited[:, 0] - (basis @ shade[..., None])[..., 0]) / sigma[0]) ** 2
    squared = squared + ((edited[:, 1:] - source.transpose(-1, -2)[:, 1:, None]) ** 2).sum(1) / sigma[1] ** 2
    return torch.exp(-squared / 2 - (gain.log() / _GAIN_COST) ** 2 / 2)
