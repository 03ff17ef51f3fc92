"""One object in one edited picture: from evidence to the best pose, and how it compares with having stayed."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gsi_bench_metric.detectors.tracker.evidence import Evidence, change
from gsi_bench_metric.detectors.tracker.search import Level, Object3D, score
from gsi_bench_metric.detectors.tracker.surface import Scene, Surface

Array = NDArray[np.float64]

_POINTS = (128, 256, 500)
_WIDTHS = (72, 144, 512)
_SIGMA = ((0.14, 0.20), (0.12, 0.17), (0.09, 0.13))


@dataclasses.dataclass
class Found:
    pose: Array
    score: float
    stay: float
    likeness: float
    seen: float
    detail: dict


def axes_of(up: Array) -> Array:
    """Rows: along (camera's right, level), across (away from the camera, level), up."""
    right = np.array([1.0, 0, 0]) - up * up[0]
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(up, right), up])


def follow(scene: Scene, surface: Surface, evidence: Evidence, supports: list, seed: int = 0) -> Found:
    axes = axes_of(scene.up)
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    things = [_object(scene, surface, evidence, axes, n, w, rng) for n, w in zip(_POINTS, _WIDTHS)]
    levels = [_level(scene, surface, evidence, axes, w, s) for w, s in zip(_WIDTHS, _SIGMA)]
    turns = surface.thing.symmetry != "continuous"
    seeds, free = _coarse(scene, surface, axes, levels[0], things[0], supports)
    middle, free = _cem(things[1], levels[1], seeds, free, rounds=3, draws=48, spread=(0.03, 0.04, 0.02, 0.15, 0.08), keep=8)
    zero = torch.zeros(1, 1, 5)
    # Every candidate with and without the freedoms that nobody may have used: a freedom must pay for itself.
    families = torch.tensor(_FAMILIES, dtype=torch.float32)
    if not turns:
        families, free = families * torch.tensor([1.0, 1, 1, 0, 1]), free * torch.tensor([1.0, 1, 1, 0, 1])
        middle[:, 3] = 0
    start = middle.repeat_interleave(len(families), 0)
    masks = torch.maximum(families.repeat(len(middle), 1), free.repeat_interleave(len(families), 0))
    fine, masks = _cem(things[2], levels[2], start, masks, rounds=5, draws=48, spread=(0.012, 0.016, 0.01, 0.06, 0.03), keep=99)
    value, seen, like = (x[0] for x in score(things[2], levels[2], fine[None]))
    paid = value - masks @ torch.tensor(_COSTS) - torch.tensor([_height_cost(p, surface, axes, supports) for p in fine.numpy()])
    i = int(paid.argmax())
    stay = score(things[2], levels[2], zero)[0]
    return Found(fine[i].numpy().astype(float), float(value[i]), float(stay), float(like[i]), float(seen[i]), {"things": things, "levels": levels, "coarse": seeds, "middle": middle})


_FAMILIES = ((1, 1, 0, 0, 0), (1, 1, 0, 1, 0), (1, 1, 0, 0, 1), (1, 1, 1, 1, 1))
_COSTS = (0.0, 0.0, 0.06, 0.04, 0.04)


def _height_cost(pose, surface, axes, supports) -> float:
    """What standing at another height costs: little on something that is there, much in the air."""
    if abs(pose[2]) < 0.004:
        return 0.0
    place = surface.base + pose[:3] @ axes
    for height, region in supports:
        if region is not None and abs(height - pose[2]) < 0.025:
            centre, radius = region
            if np.linalg.norm((place - centre) @ axes[:2].T) < radius:
                return 0.03
    return 0.3


def _coarse(scene, surface, axes, level, thing, supports):
    base_local = np.zeros(3)
    h, w = level.pictures.shape[-2:]
    step = 2.0
    u, v = np.meshgrid(np.arange(step / 2, w, step), np.arange(step / 2, h, step))
    grids = []
    Kinv = np.linalg.inv(_scaled_K(scene, w))
    rays = np.stack([u.ravel(), v.ravel(), np.ones(u.size)], -1) @ Kinv.T
    for height, region in supports:
        origin = surface.base + axes[2] * height
        t = (origin @ axes[2]) / (rays @ axes[2])
        points = rays * t[:, None]
        ok = (t > 0.3 * surface.base[2]) & (t < 3 * surface.base[2])
        offset = (points - surface.base) @ axes[:2].T
        if region is not None:
            centre, radius = region
            ok &= np.linalg.norm((points - centre) @ axes[:2].T, axis=-1) < radius
        offset = offset[ok]
        grids.append(np.concatenate([offset, np.full((len(offset), 1), height), np.zeros((len(offset), 2))], 1))
    d = np.linalg.norm(surface.base) / (w * scene.K[0, 0] / scene.rgb.shape[1])  # metres a pixel
    near = np.array([(i * d * 1.5, j * d * 1.5) for i in (-1, 0, 1) for j in (-1, 0, 1)])
    turns = np.arange(48) * 2 * np.pi / 48
    grids.append(np.array([(x, y, 0, t, 0) for x, y in near for t in turns]))
    sizes = np.log(np.geomspace(0.4, 2.5, 19))
    grids.append(np.array([(x, y, 0, 0, s) for x, y in near for s in sizes]))
    free = [(1, 1, 0, 0, 0)] * sum(map(len, grids[:-2])) + [(1, 1, 0, 1, 0)] * len(grids[-2]) + [(1, 1, 0, 0, 1)] * len(grids[-1])
    poses = torch.tensor(np.concatenate(grids), dtype=torch.float32)
    free = torch.tensor(free, dtype=torch.float32)
    values = score(thing, level, poses[None])[0][0]
    top = _distinct(poses, values, 12)
    more = torch.cat([_crossed(poses[i]) for i in top[:8]])
    poses, free = torch.cat([poses, more]), torch.cat([free, torch.tensor([[1.0, 1, 0, 1, 1]]).repeat(len(more), 1)])
    values = torch.cat([values, score(thing, level, more[None])[0][0]])
    chosen = [*top[:10], *_distinct(poses, values, 12)]
    return poses[chosen], free[chosen]


def _crossed(pose: Tensor) -> Tensor:
    turns = torch.arange(24) * 2 * np.pi / 24
    sizes = torch.tensor([0.7, 0.85, 1.0, 1.2, 1.45]).log()
    out = pose.repeat(24 * 5, 1)
    out[:, 3] += turns.repeat_interleave(5)
    out[:, 4] += sizes.repeat(24)
    return out


def _distinct(poses: Tensor, values: Tensor, count: int) -> list[int]:
    order = values.argsort(descending=True)[: 40 * count]
    unit = torch.tensor([0.04, 0.05, 0.03, 0.3, 0.15])
    near = ((poses[order, None] - poses[None, order]) / unit).abs().amax(-1) <= 1
    kept: list[int] = []
    for i in range(len(order)):
        if not near[i, kept].any():
            kept.append(i)
            if len(kept) == count:
                break
    return order[kept].tolist()


def _cem(thing, level, seeds: Tensor, free: Tensor, rounds: int, draws: int, spread, keep: int):
    """Shrinking random search around each seed (S, 5) in its free directions; the best `keep`, best first."""
    spread_now = torch.tensor(spread) * free
    centres = seeds.clone()
    for _ in range(rounds):
        noise = torch.randn(len(seeds), draws, 5)
        noise[:, 0] = 0
        poses = centres[:, None] + noise * spread_now[:, None]
        values = score(thing, level, poses.reshape(1, -1, 5))[0][0].reshape(len(seeds), draws)
        best = values.topk(max(4, draws // 8), dim=1).indices
        elite = poses.gather(1, best[..., None].expand(-1, -1, 5))
        weights = torch.linspace(2, 0.5, elite.shape[1])[None, :, None]
        weights = weights / weights.sum()
        mean = (elite * weights).sum(1)
        centres = torch.where((score(thing, level, mean[None])[0][0] > values.max(1).values)[:, None], mean, elite[:, 0])
        spread_now = torch.minimum(spread_now * 0.7, 1.2 * elite.std(1) + 0.05 * spread_now)
    final = score(thing, level, centres[None])[0][0]
    order = final.argsort(descending=True)[:keep]
    return centres[order], free[order]


def _scaled_K(scene: Scene, width: int) -> Array:
    factor = width / scene.rgb.shape[1]
    return np.diag([factor, factor, 1]) @ scene.K


def _object(scene, surface, evidence, axes, count, width, rng) -> Object3D:
    total = len(surface.points)
    seen = count // 2 if surface.mirrored is not None else count
    chosen = np.arange(total) if total <= seen else np.sort(rng.permutation(total)[:seen])
    chosen = np.resize(chosen, seen)
    width = min(width, scene.rgb.shape[1])
    source = _small(evidence.source, width)
    factor = source.shape[1] / scene.rgb.shape[1]
    px = (surface.pixels[chosen] + 0.5) * factor - 0.5
    colours = cv2.remap(source, px[:, 0].astype(np.float32)[None], px[:, 1].astype(np.float32)[None], cv2.INTER_LINEAR)[0]
    local = (surface.points[chosen] - surface.base) @ axes.T
    normals = surface.normals[chosen] @ axes.T
    points = surface.points[chosen]
    cosine = -(surface.normals[chosen] * points).sum(-1) / np.linalg.norm(points, axis=-1)
    weight = np.full(seen, 1 / seen)
    depth = points[:, 2]
    if surface.mirrored is not None:
        extra = count - seen
        which = rng.integers(len(surface.mirrored), size=extra)
        point = rng.integers(seen, size=extra)
        flips = surface.mirrored[which]  # extra×3×3, local axes
        local = np.concatenate([local, np.einsum("nij,nj->ni", flips, local[point])])
        normals = np.concatenate([normals, np.einsum("nij,nj->ni", flips, normals[point])])
        colours = np.concatenate([colours, colours[point]])
        cosine = np.concatenate([cosine, cosine[point]])
        weight = np.concatenate([weight, np.full(extra, len(surface.mirrored) / extra)])
        depth = np.concatenate([depth, depth[point]])
    t = lambda a: torch.tensor(np.asarray(a), dtype=torch.float32)[None]  # noqa: E731
    return Object3D(t(local), t(normals), t(colours), t(weight), t(depth), t(np.clip(cosine, 0.15, 1)), t((weight * (cosine / np.clip(cosine, 0.15, 1)).clip(0, 2)).sum()))


def _small(picture, width):
    if width >= picture.shape[1]:
        return picture
    size = (width, round(picture.shape[0] * width / picture.shape[1]))
    parts = [cv2.resize(np.ascontiguousarray(picture[..., c : c + 4]), size, interpolation=cv2.INTER_AREA) for c in range(0, picture.shape[-1], 4)]
    return np.concatenate([p.reshape(size[1], size[0], -1) for p in parts], -1)


def _level(scene, surface, evidence, axes, width, sigma) -> Level:
    width = min(width, scene.rgb.shape[1])
    mask = surface.mask.astype(np.uint8)
    reach = max(3, round(0.08 * np.sqrt(mask.sum()))) | 1
    near = cv2.dilate(mask, np.ones((reach, reach), np.uint8))
    mask = cv2.dilate(mask, np.ones((3, 3), np.uint8))
    others = np.zeros(mask.shape, bool)
    for other in scene.surfaces:
        others |= other.mask
    background = _filled(evidence.source, (near == 0) & ~others)
    changed = np.where(mask > 0, 0.8 * change(background, evidence.edited, max(evidence.noise, 0.04)), evidence.changed)
    changed = np.where(evidence.known, changed, 0)
    inverse = np.where(np.isfinite(scene.depth) & ~surface.mask, 1 / scene.depth, 0)
    own = _own_colours(evidence, surface, sigma)
    stack = np.concatenate([evidence.edited, changed[..., None], inverse[..., None], own[..., None]], -1).astype(np.float32)
    stack = _small(stack, width)
    K = _scaled_K(scene, width)
    to_pixels = np.concatenate([K @ axes.T, (K @ surface.base)[:, None]], 1)
    eye = -axes @ surface.base
    extra = evidence.noise
    sigma = (float(np.hypot(sigma[0], 1.5 * extra)), float(np.hypot(sigma[1], 1.5 * extra)))
    return Level(
        torch.tensor(stack).permute(2, 0, 1)[None],
        torch.tensor(to_pixels, dtype=torch.float32)[None],
        torch.tensor(eye, dtype=torch.float32)[None],
        sigma,
    )


def _own_colours(evidence, surface, sigma):
    """How likely each pixel's colour is for a surface of the object of which nothing is known, H×W."""
    rng = np.random.default_rng(0)
    pick = surface.pixels[rng.integers(len(surface.pixels), size=24)]
    colours = evidence.source[pick[:, 1], pick[:, 0]]
    total = np.zeros(evidence.edited.shape[:2], np.float32)
    for c in colours:
        d = evidence.edited - c
        total += np.exp(-((d[..., 0] / (1.3 * sigma[0])) ** 2 + (d[..., 1] ** 2 + d[..., 2] ** 2) / sigma[1] ** 2) / 2)
    return total / len(colours)


def _filled(picture, valid):
    """The picture where `valid`, elsewhere spread from there, smoothly: push-pull over an image pyramid."""
    weights = [valid.astype(np.float32)]
    sums = [picture * weights[0][..., None]]
    while min(weights[-1].shape) > 2:
        weights.append(cv2.pyrDown(weights[-1]))
        sums.append(cv2.pyrDown(sums[-1]))
    guess = sums[-1] / np.maximum(weights[-1], 1e-6)[..., None]
    for weight, total in zip(weights[-2::-1], sums[-2::-1]):
        guess = cv2.pyrUp(guess, dstsize=(weight.shape[1], weight.shape[0]))
        own = np.minimum(weight * 4, 1)[..., None]
        guess = own * (total / np.maximum(weight, 1e-6)[..., None]) + (1 - own) * guess
    return guess
