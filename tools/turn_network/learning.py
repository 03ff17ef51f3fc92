"""What is asked of the network while it learns, and how the images are varied for it."""

from __future__ import annotations

import dataclasses
import math

import torch
from torch import Tensor
from torch.nn import functional

from gsi_bench_metric.detectors.tracker.turns.drum import AZIMUTHS, CROP, Placed, cells_of
from gsi_bench_metric.detectors.tracker.turns.network import TurnNetwork
from tools.turn_network.groups import Batch

__all__ = ["Pairs", "loss_of", "off_by", "pairs_of", "varied"]

_WIDTH_DEG = 5.0  # standard deviation about the true turn that is as right
_ELSEWHERE = 0.25  # of groups, before other surroundings
_BESIDE = 0.25  # of groups, whose images lie much beside each other: turns about other places than the middle
_MASKS, _DEPTHS, _STRANGERS = 0.5, 0.2, 0.25  # weights of what helps: the object's shape; to be unsure of other objects


@dataclasses.dataclass(frozen=True)
class Pairs:
    """All ordered pairs of images of each group.

    Attributes:
        logits: P×azimuths, of the turns.
        turns, period: P, the true turns, and how often objects look the same.
        sources, as_edited: P×numbers×azimuths, readings of the first images, and the same read as edited images.
        shape: what `TurnNetwork.shape` says of all images.
        strangers: B×azimuths, logits where the second image is that of another object.
    """

    logits: Tensor
    turns: Tensor
    period: Tensor
    sources: Tensor
    as_edited: Tensor
    shape: tuple[Tensor, Tensor, Tensor]
    strangers: Tensor


def pairs_of(network: TurnNetwork, batch: Batch, *, fast: bool = True) -> Pairs:
    """Every image of a group as the source of every other one. `fast`: in bfloat16 where that is enough."""
    groups, turns = batch.turns.shape
    with torch.autocast("cpu", torch.bfloat16, enabled=fast):
        seen = network.look(batch.rgb.reshape(-1, 3, CROP, CROP))
    seen = seen.float()
    shape = network.shape(seen)
    placed = _turned(batch)
    with torch.autocast("cpu", torch.bfloat16, enabled=fast):
        sources, edited = (network.reading(seen, cells_of(placed, is_source=known)).float() for known in (True, False))
    before, after = (index.reshape(-1) for index in torch.meshgrid(torch.arange(turns), torch.arange(turns), indexing="ij"))
    first = torch.arange(groups)[:, None] * turns
    logits = network.turns(sources[(first + before).reshape(-1)], edited[(first + after).reshape(-1)])
    asked = (batch.turns[:, after] - batch.turns[:, before]).reshape(-1)
    strangers = network.turns(sources[::turns], edited[::turns].roll(1, 0))
    period = batch.period.repeat_interleave(len(before))
    source = (first + before).reshape(-1)
    return Pairs(logits, asked, period, sources[source], edited[source], shape, strangers)


def _turned(batch: Batch) -> Placed:
    """Of every image (B T), its box as it is turned there."""
    count = batch.turns.shape[1]
    placed = batch.placed
    each = [getattr(placed, field.name).repeat_interleave(count, 0) for field in dataclasses.fields(Placed)]
    found = Placed(*each)
    return dataclasses.replace(found, rotation=_turn(found.up, batch.turns.reshape(-1)) @ found.rotation)


def _turn(up: Tensor, angles: Tensor) -> Tensor:
    """`turned_by` for many (Rodrigues)."""
    across = torch.zeros(len(up), 3, 3)
    across[:, 0, 1], across[:, 0, 2], across[:, 1, 2] = -up[:, 2], up[:, 1], -up[:, 0]
    across = across - across.transpose(1, 2)
    sine, cosine = (-angles).sin()[:, None, None], angles.cos()[:, None, None]
    return torch.eye(3) + sine * across + (1 - cosine) * (across @ across)


def loss_of(pairs: Pairs, batch: Batch) -> Tensor:
    """Cross entropy of the turns, of where the object is seen, and against certainty about other objects."""
    told = -(_target(pairs.turns, pairs.period) * pairs.logits.log_softmax(-1)).sum(-1).mean()
    unsure = -pairs.strangers.log_softmax(-1).mean()
    return told + _STRANGERS * unsure + _shape_loss(pairs.shape, batch)


def _shape_loss(shape: tuple[Tensor, Tensor, Tensor], batch: Batch) -> Tensor:
    """Where the object is seen (cross entropy), and how far it is (a Laplace distribution's likelihood)."""
    logits, depth, doubt = shape
    seen = (batch.shows.flatten(0, 1) == 1).float()
    box = batch.placed.box.repeat_interleave(batch.turns.shape[1], 0)[..., None, None]
    true = (batch.depth.flatten(0, 1) - box[:, 2]) / (box[:, 3:].norm(dim=1) / 2)
    unlikely = (depth - true).abs() / doubt.exp() + doubt
    mask = functional.binary_cross_entropy_with_logits(logits, seen)
    return _MASKS * mask + _DEPTHS * (unlikely * seen).sum() / seen.sum().clamp(min=1)


def _target(turns: Tensor, period: Tensor) -> Tensor:
    near = torch.exp(-((_off(turns, period) / math.radians(_WIDTH_DEG)) ** 2) / 2)
    return near / near.sum(-1, keepdim=True)


def _off(turns: Tensor, period: Tensor) -> Tensor:
    """How far every turn (of `AZIMUTHS`) is from the true ones (P,), modulo symmetry, radians: (P, azimuths)."""
    whole = (2 * math.pi / period)[:, None]
    tried = torch.arange(AZIMUTHS)[None] * (2 * math.pi / AZIMUTHS)
    return (torch.remainder(tried - turns[:, None] + whole / 2, whole) - whole / 2).abs()


def off_by(pairs: Pairs) -> Tensor:
    """How far the likeliest turns are from the true ones, degrees (P,)."""
    return torch.rad2deg(_off(pairs.turns, pairs.period).gather(1, pairs.logits.argmax(-1, keepdim=True))[:, 0])


def varied(batch: Batch, random: torch.Generator) -> Batch:
    """Other surroundings, colours, light, tones, noise, softness, cuts, mirrored, with boxes that are a little wrong."""
    looks = _other_tones(_other_light(_elsewhere(_mirrored(batch, random), random), random), random)
    return _boxes_off(_cut_anew(looks, random), random)


def _mirrored(batch: Batch, random: torch.Generator) -> Batch:
    flip = torch.rand(len(batch.turns), generator=random) < 0.5
    sign = torch.where(flip, -1.0, 1.0)
    mirror = torch.stack([sign, torch.ones_like(sign), torch.ones_like(sign)], -1)
    placed = batch.placed
    window, lens, box = placed.window.clone(), placed.lens.clone(), placed.box.clone()
    window[:, 0], lens[:, 2], box[:, 0] = window[:, 0] * sign, lens[:, 2] * sign, box[:, 0] * sign
    rotation = mirror[:, :, None] * placed.rotation * mirror[:, None]
    return dataclasses.replace(
        batch,
        rgb=torch.where(flip[:, None, None, None, None], batch.rgb.flip(-1), batch.rgb),
        shows=torch.where(flip[:, None, None, None], batch.shows.flip(-1), batch.shows),
        depth=torch.where(flip[:, None, None, None], batch.depth.flip(-1), batch.depth),
        turns=batch.turns * sign[:, None],
        placed=Placed(box, rotation, placed.up * mirror, window, lens),
    )


def _elsewhere(batch: Batch, random: torch.Generator) -> Batch:
    """Every fourth group stands before what another group's first image shows, or its image made coarse."""
    count = len(batch.turns)
    other = torch.rand(count, generator=random) < _ELSEWHERE
    behind = batch.rgb[:, 0].roll(1, 0)
    coarse = functional.interpolate(functional.adaptive_avg_pool2d(behind, 4), CROP, mode="bicubic").clamp(0, 1)
    behind = torch.where((torch.rand(count, generator=random) < 0.5)[:, None, None, None], behind, coarse)
    object_ = functional.interpolate((batch.shows == 1).float(), CROP, mode="bilinear")[:, :, None]
    placed = batch.rgb * object_ + behind[:, None] * (1 - object_)
    shows = torch.where(other[:, None, None, None] & (batch.shows == 2), torch.zeros_like(batch.shows), batch.shows)
    return dataclasses.replace(batch, rgb=torch.where(other[:, None, None, None, None], placed, batch.rgb), shows=shows)


def _other_light(batch: Batch, random: torch.Generator) -> Batch:
    """Colours are mixed anew for a group; each image gets a tone of its own, as editors give it."""
    count, images = batch.turns.shape

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=random)

    order = torch.stack([torch.randperm(3, generator=random) for _ in range(count)])
    order[torch.rand(count, generator=random) < 0.5] = torch.arange(3)
    rgb = batch.rgb.gather(2, order[:, None, :, None, None].expand_as(batch.rgb))
    mixed = torch.einsum("bij,bkjhw->bkihw", torch.eye(3) + 0.12 * normal(count, 3, 3), rgb)
    rgb = mixed.clamp(1e-3, 1) ** torch.exp(0.35 * normal(count, 1, 1, 1, 1))
    rgb = rgb * (1 + 0.06 * normal(count, images, 1, 1, 1) + 0.03 * normal(count, images, 3, 1, 1))
    return dataclasses.replace(batch, rgb=rgb + 0.03 * normal(count, images, 1, 1, 1))


def _other_tones(batch: Batch, random: torch.Generator) -> Batch:
    """Contrast and saturation of other view transforms and cameras for a group; in each image a light that falls off."""
    count, images = batch.turns.shape
    contrast = 0.3 * torch.randn(count, generator=random)[:, None, None, None, None].clamp(-1.5, 1.5)
    saturation = torch.exp(0.25 * torch.randn(count, generator=random))[:, None, None, None, None]
    rgb = batch.rgb.clamp(0, 1)
    rgb = rgb + contrast * (rgb * rgb * (3 - 2 * rgb) - rgb)
    grey = rgb.mean(2, keepdim=True)
    rgb = grey + saturation * (rgb - grey)
    some = (torch.rand(count, 1, 1, 1, generator=random) < 0.5) * 0.2
    field = some * torch.randn(count, images, 3, 3, generator=random)
    light = functional.interpolate(field, CROP, mode="bicubic", align_corners=False).exp()
    return dataclasses.replace(batch, rgb=(rgb * light[:, :, None]).clamp(0, 1.2))


def _cut_anew(batch: Batch, random: torch.Generator) -> Batch:
    """The window lies a little elsewhere, which is known, what it shows a little beside, which is not; then soft and noisy."""
    count, images = batch.turns.shape
    zoom, shift = torch.exp(0.08 * torch.randn(count, generator=random)), 0.06 * torch.randn(count, 2, generator=random)
    window = batch.placed.window.clone()
    window[:, :2] += shift * window[:, 2:] / 2
    window[:, 2] *= zoom
    way = torch.zeros(count, images, 2, 3)
    size = zoom[:, None] * torch.exp(0.025 * torch.randn(count, images, generator=random))
    way[..., 0, 0], way[..., 1, 1] = size, size
    beside = torch.where(torch.rand(count, generator=random) < _BESIDE, 0.08, 0.025)[:, None, None]
    way[..., 2] = shift[:, None] + beside * torch.randn(count, images, 2, generator=random)

    def cut(images_: Tensor, mode: str) -> Tensor:
        grid = functional.affine_grid(way.flatten(0, 1), list(images_.shape), align_corners=False)
        return functional.grid_sample(images_, grid, mode, "border", align_corners=False)

    rgb = cut(batch.rgb.flatten(0, 1), "bilinear")
    shape = cut(torch.stack([batch.shows.float(), batch.depth], 2).flatten(0, 1), "nearest")
    if torch.rand(1, generator=random) < 0.5:
        small = max(CROP // 4, round(CROP / float(1 + 1.2 * torch.rand(1, generator=random))))
        soft = functional.interpolate(rgb, (small, small), mode="area")
        rgb = functional.interpolate(soft, (CROP, CROP), mode="bilinear", align_corners=False)
    rgb = rgb + 0.03 * torch.rand(1, generator=random) * torch.randn(rgb.shape, generator=random)
    placed = dataclasses.replace(batch.placed, window=window)
    shows, depth = (part.reshape(batch.shows.shape) for part in shape.unbind(1))
    return dataclasses.replace(batch, rgb=rgb.view(batch.rgb.shape), shows=shows, depth=depth, placed=placed)


def _boxes_off(batch: Batch, random: torch.Generator) -> Batch:
    """Boxes as detectors give them: 2 % of their size beside, 4 % too large or small, 3° off."""
    placed, count = batch.placed, len(batch.turns)
    box = placed.box.clone()
    box[:, :3] += 0.02 * torch.randn(count, 3, generator=random) * box[:, 3:].norm(dim=-1, keepdim=True)
    box[:, 3:] *= torch.exp(0.04 * torch.randn(count, 3, generator=random))
    rotation = _turn(placed.up, 0.05 * torch.randn(count, generator=random)) @ placed.rotation
    return dataclasses.replace(batch, placed=dataclasses.replace(placed, box=box, rotation=rotation))
