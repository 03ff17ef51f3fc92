"""How well poses of a known surface explain an edited image: many hypotheses at once.

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

from gsi_bench_metric.detectors.tracker.config import LikelihoodConfig

__all__ = ["CHANGED", "CHANNELS", "Cloud", "Level", "Verdict", "verdicts"]

CHANNELS = 6  # of a level's images: three colours, changed, 1/depth of what may hide the object, commonness
CHANGED = 3  # where the second of these is


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
    """The edited image at one size.

    Attributes:
        pictures: (N, CHANNELS, h, w).
        to_frame: (N, 3, 4), local axes -> homogeneous coordinates, -1 to 1 across the image and down.
        eye: (N, 3), the camera in local axes.
        sigma: by how much colours of the same object may differ: brightness, colour.
        silhouette: likelihood of a changed pixel of the wrong colour: the object may have been drawn differently.
        config: the numbers of the likelihood.
    """

    pictures: Tensor
    to_frame: Tensor
    eye: Tensor
    sigma: tuple[float, float]
    silhouette: float
    config: LikelihoodConfig

    def to(self, device: str) -> Level:
        """The same on a device."""
        moved = {name: getattr(self, name).to(device) for name in ("pictures", "to_frame", "eye")}
        return dataclasses.replace(self, **moved)


class Verdict(NamedTuple):
    """Of poses (N, H): score, pixels covered and those of them that are seen, likeness of colours 0–1."""

    score: Tensor
    covered: Tensor
    seen: Tensor
    likeness: Tensor


def verdicts(cloud: Cloud, level: Level, poses: Tensor, *, turns: bool = False) -> Verdict:
    """What poses (N, H, 5) are worth. Computed where the cloud and the level are; the answer lies where the poses do.

    With `turns`, scores compare turns of one place and size. A turn hides what was seen and shows what was not, of colours like
    the seen ones; so there a pixel counts by how much better the known surface explains it than the object's palette does.
    """
    config = level.config
    asked_on, poses = poses.device, poses.to(cloud.points.device)
    where = _project(cloud, level, poses)
    depth = where.z.clamp(min=1e-3)
    across, down = where.x / depth, where.y / depth
    grid = torch.stack((across, down), -1)
    found = functional.grid_sample(level.pictures, grid, align_corners=False, padding_mode="border")
    changed, hidden, common = found[:, CHANGED], found[:, 4], found[:, 5]
    visible = (across.abs() < 1) & (down.abs() < 1) & (hidden * depth < 1 + config.behind) & (where.z > config.too_near_m)
    nearer = (poses[..., 4, None].exp() * cloud.depth[:, None] / depth) ** 2
    # Pixels that each piece of surface covers, for each that it covered where it was seen.
    facing = where.cosine / cloud.cosine[:, None]
    covers = cloud.weight[:, None] * facing.clamp(0, config.most_facing) * nearer
    weight = covers * visible
    like = _likeness(cloud, level, found[:, :3], where.along, weight)
    covered, seen = covers.sum(-1), weight.sum(-1)
    unseen = config.unseen * (covered - seen)
    unchanged = 1 - changed
    if turns:
        ratio = (like + config.nothing) / (torch.maximum(common, unchanged) + config.nothing)
    else:
        ratio = (torch.maximum(like, level.silhouette * changed) + config.nothing) / (unchanged + config.nothing)
    score = (weight * ratio.log()).sum(-1) - unseen
    worth = (score, covered, seen, (weight * like).sum(-1) / seen.clamp(min=1e-6))
    return Verdict(*(values.to(asked_on) for values in worth))


class _Where(NamedTuple):
    """Of a cloud's points under poses, each (N, H, P): homogeneous place, cosine to the ray, the normal's part along."""

    x: Tensor
    y: Tensor
    z: Tensor
    cosine: Tensor
    along: Tensor


def _project(cloud: Cloud, level: Level, poses: Tensor) -> _Where:
    """What depends on pose and point, as products of one small matrix a pose with all points: no vector is turned by itself."""
    size = poses[..., 4].exp()
    turn = _turns(poses[..., 3])
    camera = level.to_frame[:, None, :, :3]
    onto = size[..., None, None] * camera @ turn  # (N, H, 3, 3)
    shift = (camera @ poses[..., :3, None])[..., 0] + level.to_frame[:, None, :, 3]
    points, normals = cloud.points.transpose(-1, -2), cloud.normals.transpose(-1, -2)  # (N, 3, P)
    places = onto.flatten(1, 2) @ points + shift.flatten(1, 2)[..., None]
    x, y, z = places.unflatten(1, (-1, 3)).unbind(2)
    # The camera as the turned object sees it: ray = eye - size * point, in the object's own axes.
    eye = ((level.eye[:, None] - poses[..., :3])[..., None, :] @ turn)[..., 0, :]  # (N, H, 3)
    squared = (
        (eye**2).sum(-1, keepdim=True)
        - 2 * size[..., None] * (eye @ points)
        + (size**2)[..., None] * (points**2).sum(1, keepdim=True)
    )
    toward = eye @ normals - size[..., None] * (points * normals).sum(1, keepdim=True)
    return _Where(x, y, z, toward * squared.rsqrt(), turn[..., 0, :] @ normals)


def _turns(angles: Tensor) -> Tensor:
    """Rotations (..., 3, 3) about the vertical."""
    c, s, none, one = angles.cos(), angles.sin(), torch.zeros_like(angles), torch.ones_like(angles)
    return torch.stack((c, -s, none, s, c, none, none, none, one), -1).unflatten(-1, (3, 3))


def _likeness(cloud: Cloud, level: Level, edited: Tensor, along: Tensor, weight: Tensor) -> Tensor:
    """How alike colours are, 0–1 (N, H, P), after one change of light on the whole object, which may depend on the facing.

    The light is a linear fit of the edited brightness by the source's, times (1, normal along, normal up), held near "none".
    `edited`: (N, 3, H, P); `along`, `weight`: (N, H, P).
    """
    config, sigma = level.config, level.sigma
    bright, up = cloud.colours[..., 0], cloud.normals[..., 2]  # (N, P)
    still = torch.stack((bright, bright * up), -1)  # the parts of the fit that no turn changes
    light = _light((bright, still), along, edited[:, 0], weight, config)
    gain = light[..., :1].clamp(*config.gain)
    aside = light[..., 1:].clamp(-config.side, config.side)
    told = torch.cat((gain, aside[..., 1:]), -1) @ still.transpose(-1, -2) + aside[..., :1] * along * bright[:, None]
    squared = ((edited[:, 0] - told) / sigma[0]) ** 2
    for channel in (1, 2):
        squared += ((edited[:, channel] - cloud.colours[:, None, :, channel]) / sigma[1]) ** 2
    return torch.exp(-squared / 2 - (gain.log() / config.gain_cost) ** 2 / 2)


def _light(source: tuple[Tensor, Tensor], along: Tensor, edited: Tensor, weight: Tensor, config: LikelihoodConfig) -> Tensor:
    """Least squares for edited ≈ bright * (g + a * along + u * up): (N, H, 3).

    `source`: the brightness, and what of the fit no turn changes: (bright, bright up).
    """
    bright, still = source
    side = weight * along
    squares = torch.cat((still * bright[..., None], still[..., 1:] ** 2), -1)  # bright², bright² up, bright² up²
    gg, gu, uu = (weight @ squares).unbind(-1)
    ga, au = (side @ squares[..., :2]).unbind(-1)
    aa = ((side * along) @ squares[..., :1])[..., 0]
    gram = torch.stack((gg, ga, gu, ga, aa, au, gu, au, uu), -1).unflatten(-1, (3, 3))
    prior = weight.new_tensor(config.light_prior)
    to_g, to_u = ((weight * edited) @ still).unbind(-1)
    to_a = ((side * edited) @ bright[..., None])[..., 0]
    target = torch.stack((to_g, to_a, to_u), -1) + prior * prior.new_tensor([1.0, 0.0, 0.0])
    return torch.linalg.solve(gram + torch.diag(prior), target)
