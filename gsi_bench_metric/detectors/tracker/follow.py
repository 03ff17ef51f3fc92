"""Where one known object went: hypotheses over the whole picture, coarse to fine.

Positions on every support, turns in place and sizes in place are tried first; the best are crossed with turns and sizes and
refined by a shrinking random search (cross-entropy method; Rubinstein 1999), each with only the freedoms that it needs: a
further freedom must explain more than it costs. Random numbers are seeded: equal inputs give equal answers.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gsi_bench_metric.detectors.tracker.evidence import Evidence, Unrest, change, fill, spread
from gsi_bench_metric.detectors.tracker.likelihood import Cloud, Level, verdicts
from gsi_bench_metric.detectors.tracker.surface import Scene, Surface

__all__ = ["Found", "Support", "Views", "follow", "make_views", "redrawn", "stay", "turn_gain"]

Array = NDArray[np.float64]

_POINTS = (128, 256, 400)
_WIDTHS = (72, 144, 512)
_SIGMAS = ((0.14, 0.20), (0.12, 0.17), (0.09, 0.13))
_PALETTE_WIDTH = 256  # px: finer makes no difference
_PALETTE = 24  # colours that stand for the object's own
_PALETTE_SIGMA = 1.3  # light changes more between faces than on one
_OLD_PLACE = 0.8  # how sure a change is where the background was never seen
_NOISE_FLOOR = 0.04  # there
_GRID_PX = 2.0
_TURNS, _SIZES = 48, np.geomspace(0.4, 2.5, 19)
_DEPTHS = (0.3, 3.0)  # range of distances that is searched, of the object's own
_APART = (0.04, 0.05, 0.03, 0.3, 0.15)  # poses nearer than this are one hypothesis
_CANDIDATES, _FINALISTS = 8, 3
_FAMILIES = ((1, 1, 0, 0, 0), (1, 1, 0, 0, 1), (1, 1, 1, 0, 1))
_COSTS = (0.0, 0.0, 0.06, 0.04, 0.08)  # of freedoms, in units of the score
_ON_SOMETHING, _IN_THE_AIR = 0.03, 0.3  # what standing at another height costs
_LEVEL_M, _SAME_LEVEL_M = 0.004, 0.025
_MOST_UNASKED_SIZE = 0.7  # log
_TURN_COST, _TURN_LIKENESS, _TURN_SEEN = 0.08, 0.75, 0.5  # nobody asked for it: its colours must tell
_DRAWN_ANEW = 0.7  # likelihood of a changed pixel of any colour, for a search by silhouette
_LEAST_SIDE, _HOPELESS = 0.15, 10.0
_ROTATE_BONUS = 0.5  # how much a turn in place is believed where a turn was asked for


@dataclasses.dataclass(frozen=True)
class Support:
    """A level on which the object may stand: height of its base over the present one, metres; around `centre` only.

    `inner`, `floor`: radius within which nothing can stand lower than this height, metres.
    """

    height: float
    centre: Array | None = None
    radius: float = math.inf
    inner: float = 0.0
    floor: float = 0.0


@dataclasses.dataclass(frozen=True)
class Views:
    """One object and one edited picture at all sizes, coarse first.

    `caution`: how much more it takes to believe what nobody asked for, where the light is another one. `further`: the sides
    that the after-image shows. `turns`: whether turns could be seen.
    """

    surface: Surface
    axes: Array
    K: tuple[Array, ...]
    clouds: tuple[Cloud, ...]
    levels: tuple[Level, ...]
    caution: float
    turns: bool
    further: Cloud | None = None


@dataclasses.dataclass(frozen=True)
class Found:
    """The best pose of an object (along, across, height, turn, log size) and what speaks for it.

    Attributes:
        score: log likelihood ratio a source pixel.
        seen: pixels that it covers and that are seen, for each in the source.
        likeness: of colours, 0–1.
        sigma: standard deviation of each freedom of the pose.
    """

    pose: Array
    score: float
    seen: float
    likeness: float
    sigma: Array

    @property
    def evidence(self) -> float:
        """Score for each pixel that is seen."""
        return self.score / max(self.seen, 0.02)


def make_views(
    scene: Scene,
    surface: Surface,
    evidence: Evidence,
    further: tuple[Surface, NDArray[np.float32]] | None = None,
    device: str = "cpu",
) -> Views:
    """Prepares an object for the search, which runs on the device.

    `further`: its surface in the after-image and that picture in opponent colours.
    """
    width = scene.size[0]
    widths = [min(w, width) for w in _WIDTHS]
    clouds = [_cloud(surface, _shrunk(evidence.source, w), scene, n) for n, w in zip(_POINTS, widths, strict=True)]
    stack = _stack(scene, surface, evidence)
    sigmas = [_widened(sigma, evidence.unrest) for sigma in _SIGMAS]
    levels = [_level(scene, surface, _shrunk(stack, w), s) for w, s in zip(widths, sigmas, strict=True)]
    more = None
    if further is not None and len(further[0].points) >= 20:
        more = _cloud(further[0], _shrunk(further[1], widths[-1]), scene, _POINTS[-1])
        more = _brought_back(more, surface, further[0], scene.axes)
    K = tuple(np.diag([w / width, w / width, 1.0]) @ scene.K for w in widths)
    return Views(
        surface,
        scene.axes,
        K,
        tuple(cloud.to(device) for cloud in clouds),
        tuple(level.to(device) for level in levels),
        evidence.unrest.light,
        surface.thing.symmetry != "continuous",
        None if more is None else more.to(device),
    )


def stay(views: Views) -> Found:
    """The object where it was."""
    return _verdict(views, torch.zeros(5))


def redrawn(views: Views) -> Views:
    """For a search by silhouette alone: another instance of the kind, or the object in other colours."""
    levels = tuple(dataclasses.replace(level, silhouette=_DRAWN_ANEW) for level in views.levels)
    return dataclasses.replace(views, levels=levels, turns=False, further=None)


def follow(views: Views, supports: Sequence[Support], *, turn_asked: bool = False, size_asked: bool = False) -> Found:
    """The best pose. What was asked for is likelier than another story of the same change, whichever way it went."""
    generator = torch.Generator().manual_seed(0)
    turns = views.turns
    seeds, free = _coarse(views, supports, turns, size_asked)
    middle, free = _search(views, _MIDDLE, seeds, free, generator)
    # At full size a few rounds tell which candidates are worth the rest.
    middle, _ = _search(views, _SIFTING, middle[:_CANDIDATES], free[:_CANDIDATES], generator)
    middle = middle[:_FINALISTS]
    families = torch.tensor(_FAMILIES, dtype=torch.float32)
    starts = middle.repeat_interleave(len(families), 0)
    masks = families.repeat(len(middle), 1)
    starts[:, 3:] *= masks[:, 3:]
    if not size_asked:
        starts[:, 4].clamp_(-_MOST_UNASKED_SIZE, _MOST_UNASKED_SIZE)
    fine, masks = _search(views, _FINE, starts, masks, generator)
    value = verdicts(views.clouds[2], views.levels[2], fine[None]).score[0]
    heights = torch.tensor([_height_cost(pose, views, supports) for pose in fine.numpy()])
    if not size_asked:
        value = value - _HOPELESS * (fine[:, 4].abs() > _MOST_UNASKED_SIZE)
    best = fine[(value - masks @ torch.tensor(_COSTS) - heights).argmax()]
    if turns:
        best = _with_turn(views, best, turn_asked, generator)
    return _verdict(views, best)


def _with_turn(views: Views, best: Tensor, in_place: bool, generator: torch.Generator) -> Tensor:
    """The pose, or one turned in the same place, or in the object's first place where a turn was asked for."""
    here, gain = _turn_at(views, best, generator)
    if not in_place:
        seen = _verdict(views, here)
        clear = seen.likeness > _TURN_LIKENESS and seen.seen > _TURN_SEEN
        return here if clear and gain > _TURN_COST + views.caution else best
    start, gain = _turn_at(views, torch.zeros(5), generator)
    if gain <= _TURN_COST / 4:
        start = torch.zeros(5)
    value = _verdict(views, start).score - _verdict(views, best).score
    return start if value + _ROTATE_BONUS > 0 else best


def _turn_at(views: Views, pose: Tensor, generator: torch.Generator) -> tuple[Tensor, float]:
    """The best turn at a pose, and how much better than none it explains the picture."""
    poses = pose.repeat(_TURNS * 2, 1)
    poses[:, 3] = torch.arange(len(poses)) * (2 * math.pi / len(poses))
    poses[len(poses) // 2 :, 3] -= 2 * math.pi
    value = _turning(views, poses)
    none = value[0]
    chosen = _distinct(poses, value, 3)
    centres, spread = poses[chosen], torch.tensor([0.004, 0.004, 0.0, 0.04, 0.0])
    for _ in range(4):
        draws = torch.randn(len(centres), 32, 5, generator=generator)
        draws[:, 0] = 0
        tried = centres[:, None] + draws * spread
        values = _turning(views, tried.reshape(-1, 5)).reshape(len(centres), -1)
        centres = tried.gather(1, values.argmax(1)[:, None, None].expand(-1, 1, 5))[:, 0]
        spread = spread * 0.5
    values = _turning(views, centres)
    return centres[values.argmax()], float(values.max() - none)


def turn_gain(views: Views, found: Found) -> float:
    """How much better the turn of a pose explains the picture than none at the same place; log likelihood ratio a pixel."""
    turned = torch.tensor(found.pose, dtype=torch.float32)
    straight = turned.clone()
    straight[3] = 0
    value = _turning(views, torch.stack([turned, straight]))
    return float(value[0] - value[1])


def _turning(views: Views, poses: Tensor) -> Tensor:
    """The turning score of poses (H, 5); hopeless where hardly any known side would be seen, which explains nothing."""
    clouds = [views.clouds[2]] if views.further is None else [views.clouds[2], views.further]
    found = [verdicts(cloud, views.levels[2], poses[None]) for cloud in clouds]
    # A turn half-way shows some of both sides, neither as well as the end that it belongs to.
    return torch.stack([v.turning[0] - _HOPELESS * (v.seen[0] < _LEAST_SIDE) for v in found]).amax(0)


def _verdict(views: Views, pose: Tensor) -> Found:
    """By the sides seen in the source, or by those that a right turn brings to light, whichever explain more."""
    clouds = [views.clouds[2]] if views.further is None else [views.clouds[2], views.further]
    told = [(verdicts(cloud, views.levels[2], pose[None, None]), cloud) for cloud in clouds]
    found, cloud = max(told, key=lambda t: float(t[0].score) - (_HOPELESS if t[0].seen < _LEAST_SIDE else 0))
    sigma = _sigma(views, cloud, pose)
    return Found(pose.double().numpy(), float(found.score), float(found.seen), float(found.likeness), sigma)


def _sigma(views: Views, cloud: Cloud, pose: Tensor) -> Array:
    """From the curvature of the score, a pixel in nine counted for independent; at least half a millimetre, 0.3 degrees."""
    steps = torch.tensor([0.006, 0.006, 0.006, 0.06, 0.03])
    around = torch.cat([pose[None], pose + torch.diag(steps), pose - torch.diag(steps)])
    values = verdicts(cloud, views.levels[2], around[None]).score[0]
    bend = ((2 * values[0] - values[1:6] - values[6:]) / steps**2).clamp(min=1e-3) * max(1.0, len(views.surface.points) / 9)
    return np.maximum(1 / np.sqrt(bend.double().numpy()), [5e-4, 5e-4, 5e-4, 0.006, 0.003])


def _height_cost(pose: NDArray[np.float32], views: Views, supports: Sequence[Support]) -> float:
    place = views.surface.base + pose[:3] @ views.axes
    away = [math.inf if s.centre is None else float(np.linalg.norm((place - s.centre) @ views.axes[:2].T)) for s in supports]
    if abs(pose[2]) < _LEVEL_M:
        inside = any(d < s.inner and s.floor > _SAME_LEVEL_M / 2 for s, d in zip(supports, away, strict=True))
        return _IN_THE_AIR if inside else 0.0
    on = any(d < s.radius and abs(s.height - pose[2]) < _SAME_LEVEL_M for s, d in zip(supports, away, strict=True))
    return _ON_SOMETHING if on else _IN_THE_AIR


# --- the search


def _coarse(views: Views, supports: Sequence[Support], turns: bool, sizes_asked: bool) -> tuple[Tensor, Tensor]:
    """The best distinct poses (S, 5) of a grid over everything, and their freedoms. Sizes that are asked for are among them."""
    moves = np.concatenate([_on_support(views, support) for support in supports])
    pixel = float(np.linalg.norm(views.surface.base)) / views.K[0][0, 0]  # metres
    near = np.array([(i * 1.5 * pixel, j * 1.5 * pixel) for i in (-1, 0, 1) for j in (-1, 0, 1)])
    sizes = np.array([(x, y, 0, 0, s) for x, y in near for s in np.log(_SIZES)])
    grids, freedoms = [moves, sizes], [(1, 1, 0, 0, 0), (1, 1, 0, 0, 1)]
    if turns:
        angles = np.arange(_TURNS) * 2 * np.pi / _TURNS
        grids.append(np.array([(x, y, 0, t, 0) for x, y in near for t in angles]))
        freedoms.append((1, 1, 0, 1, 0))
    poses = torch.tensor(np.concatenate(grids), dtype=torch.float32)
    free = torch.cat([torch.tensor([f], dtype=torch.float32).repeat(len(g), 1) for f, g in zip(freedoms, grids, strict=True)])
    value = verdicts(views.clouds[0], views.levels[0], poses[None]).score[0]
    first = _distinct(poses, value, 10)
    more = torch.cat([_crossed(poses[i], turns) for i in first[:8]])
    value = torch.cat([value, verdicts(views.clouds[0], views.levels[0], more[None]).score[0]])
    poses = torch.cat([poses, more])
    free = torch.cat([free, torch.tensor([[1.0, 1.0, 0.0, float(turns), 1.0]]).repeat(len(more), 1)])
    chosen = [*first, *_distinct(poses, value, 12)]
    if sizes_asked:
        there = range(len(moves), len(moves) + len(sizes))
        chosen += [there[i] for i in _distinct(poses[there.start : there.stop], value[there.start : there.stop], 4)]
    return poses[chosen], free[chosen]


def _on_support(views: Views, support: Support) -> Array:
    """Poses (M, 5) whose base lies on a support under every second pixel of the coarsest picture."""
    height, width = views.levels[0].pictures.shape[-2:]
    u, v = np.meshgrid(np.arange(_GRID_PX / 2, width, _GRID_PX), np.arange(_GRID_PX / 2, height, _GRID_PX))
    rays = np.stack([u.ravel(), v.ravel(), np.ones(u.size)], -1) @ np.linalg.inv(views.K[0]).T
    up, base = views.axes[2], views.surface.base
    with np.errstate(divide="ignore"):
        distance = ((base + up * support.height) @ up) / (rays @ up)
    places = rays * distance[:, None]
    kept = (distance > _DEPTHS[0] * base[2]) & (distance < _DEPTHS[1] * base[2])
    if support.centre is not None:
        with np.errstate(invalid="ignore"):
            kept &= np.linalg.norm((places - support.centre) @ views.axes[:2].T, axis=-1) < support.radius
    offsets = (places[kept] - base) @ views.axes[:2].T
    return np.concatenate([offsets, np.tile([support.height, 0.0, 0.0], (len(offsets), 1))], 1)


def _crossed(pose: Tensor, turns: bool) -> Tensor:
    angles = torch.arange(24) * (2 * math.pi / 24) if turns else torch.zeros(1)
    sizes = torch.tensor([0.7, 0.85, 1.0, 1.2, 1.45]).log()
    crossed = pose.repeat(len(angles) * len(sizes), 1)
    crossed[:, 3] += angles.repeat_interleave(len(sizes))
    crossed[:, 4] += sizes.repeat(len(angles))
    return crossed


def _distinct(poses: Tensor, values: Tensor, count: int) -> list[int]:
    """The best poses that are not near each other."""
    order = values.argsort(descending=True)[: 40 * count]
    near = ((poses[order, None] - poses[None, order]) / torch.tensor(_APART)).abs().amax(-1) <= 1
    kept: list[int] = []
    for i in range(len(order)):
        if not near[i, kept].any():
            kept.append(i)
            if len(kept) == count:
                break
    return [int(order[i]) for i in kept]


@dataclasses.dataclass(frozen=True)
class _Effort:
    """Of a random search: which size of pictures, first spread of each freedom, rounds, draws a seed."""

    size: int
    spread: tuple[float, ...]
    rounds: int
    draws: int


_MIDDLE = _Effort(1, (0.03, 0.04, 0.02, 0.15, 0.08), 3, 32)
_SIFTING = _Effort(2, (0.012, 0.016, 0.01, 0.06, 0.03), 2, 16)
_FINE = _Effort(2, (0.012, 0.016, 0.01, 0.0, 0.03), 5, 32)


def _search(views: Views, effort: _Effort, seeds: Tensor, free: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Shrinking random search around seeds (S, 5) in their free directions; the outcomes, best first, and their freedoms."""
    cloud, level, draws = views.clouds[effort.size], views.levels[effort.size], effort.draws
    centres, spreads = seeds.clone(), torch.tensor(effort.spread) * free
    for _ in range(effort.rounds):
        noise = torch.randn(len(seeds), draws, 5, generator=generator)
        noise[:, 0] = 0
        tried = centres[:, None] + noise * spreads[:, None]
        values = verdicts(cloud, level, tried.reshape(1, -1, 5)).score[0].reshape(len(seeds), draws)
        best = values.topk(max(4, draws // 8), dim=1).indices
        elite = tried.gather(1, best[..., None].expand(-1, -1, 5))
        share = torch.linspace(2, 0.5, elite.shape[1])[None, :, None]
        mean = (elite * share).sum(1) / share.sum()
        better = verdicts(cloud, level, mean[None]).score[0] > values.amax(1)
        centres = torch.where(better[:, None], mean, elite[:, 0])
        spreads = torch.minimum(spreads * 0.7, 1.2 * elite.std(1) + 0.05 * spreads)
    order = verdicts(cloud, level, centres[None]).score[0].argsort(descending=True)
    return centres[order], free[order]


# --- surfaces and pictures as tensors


def _tensor(array: NDArray[np.generic]) -> Tensor:
    return torch.tensor(array, dtype=torch.float32)[None]


def _cloud(surface: Surface, picture: NDArray[np.float32], scene: Scene, count: int) -> Cloud:
    """`count` points of a surface, drawn; with colours from a picture of the view that shows it, of any size."""
    total = len(surface.points)
    drawn = np.random.default_rng(count).permutation(total)[:count]
    chosen = np.resize(np.sort(drawn), count)
    axes = scene.axes
    place = ((surface.pixels[chosen] + 0.5) * (picture.shape[1] / scene.size[0]) - 0.5).astype(np.float32)
    colours = cv2.remap(picture, place[None, :, 0], place[None, :, 1], cv2.INTER_LINEAR)[0]
    points, normals = surface.points[chosen], surface.normals[chosen]
    cosine = -(normals * points).sum(-1) / np.linalg.norm(points, axis=-1)
    return Cloud(
        _tensor((points - surface.base) @ axes.T),
        _tensor(normals @ axes.T),
        _tensor(colours),
        _tensor(np.full(count, 1 / count)),
        _tensor(points[:, 2]),
        _tensor(np.clip(cosine, 0.15, 1)),
    )


def _brought_back(cloud: Cloud, before: Surface, after: Surface, axes: Array) -> Cloud:
    """Points seen after the right edit, as they stood before it."""
    turn = axes @ np.array(before.thing.rotation_matrix) @ np.array(after.thing.rotation_matrix).T @ axes.T
    size = float(np.prod(np.array(before.thing.bbox_3d[3:6]) / np.array(after.thing.bbox_3d[3:6])) ** (1 / 3))
    back = torch.tensor(turn.T, dtype=torch.float32)
    return dataclasses.replace(cloud, points=size * cloud.points @ back, normals=cloud.normals @ back, depth=size * cloud.depth)


def _shrunk(picture: NDArray[np.float32], width: int) -> NDArray[np.float32]:
    if width >= picture.shape[1]:
        return picture
    size = (width, round(picture.shape[0] * width / picture.shape[1]))
    # OpenCV resizes up to four channels at once.
    parts = [
        cv2.resize(np.ascontiguousarray(picture[..., c : c + 4]), size, interpolation=cv2.INTER_AREA).reshape(
            size[1], size[0], -1
        )
        for c in range(0, picture.shape[-1], 4)
    ]
    return np.concatenate(parts, -1)


def _stack(scene: Scene, surface: Surface, evidence: Evidence) -> NDArray[np.float32]:
    """A level's pictures, H×W×CHANNELS, at full size."""
    mask = surface.mask.astype(np.uint8)
    reach = max(3, round(0.08 * math.sqrt(mask.sum()))) | 1
    near = cv2.dilate(mask, np.ones((reach, reach), np.uint8)) > 0
    over = cv2.dilate(mask, np.ones((3, 3), np.uint8)) > 0
    part = surface.around  # the rest of the picture says nothing of what stands behind the object
    background = fill(evidence.source[part], ~near[part] & ~scene.things[part])
    unrest = evidence.unrest._replace(noise=max(evidence.unrest.noise, _NOISE_FLOOR))
    changed = evidence.changed.copy()
    guess = _OLD_PLACE * change(background, evidence.edited[part], unrest)
    changed[part] = np.where(over[part], guess, changed[part])
    changed *= evidence.known
    nearer = np.where(np.isfinite(scene.depth) & ~surface.mask, 1 / scene.depth, 0)
    channels = (changed, nearer, _commonness(surface, evidence))
    return np.concatenate([evidence.edited, np.stack(channels, -1)], -1).astype(np.float32)


def _commonness(surface: Surface, evidence: Evidence) -> NDArray[np.float32]:
    """How likely each pixel's colour is for a side of the object of which only the palette is known, H×W."""
    pick = surface.pixels[np.random.default_rng(0).integers(len(surface.pixels), size=_PALETTE)]
    sigma = _widened(_SIGMAS[-1], evidence.unrest)
    units = np.array([_PALETTE_SIGMA * sigma[0], sigma[1], sigma[1]], np.float32) * math.sqrt(2)
    height, width = evidence.edited.shape[:2]
    pixels = torch.tensor(_shrunk(evidence.edited, _PALETTE_WIDTH) / units)
    palette = torch.tensor(evidence.source[pick[:, 1], pick[:, 0]] / units)
    likely = torch.exp(-(torch.cdist(pixels.reshape(-1, 3), palette) ** 2)).mean(1).reshape(pixels.shape[:2])
    return np.asarray(cv2.resize(likely.numpy(), (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def _widened(sigma: tuple[float, float], unrest: Unrest) -> tuple[float, float]:
    bright, colour = np.hypot(sigma, spread(unrest)).tolist()
    return bright, colour


def _level(scene: Scene, surface: Surface, stack: NDArray[np.float32], sigma: tuple[float, float]) -> Level:
    """`stack`: the level's pictures, h×w×CHANNELS."""
    factor = stack.shape[1] / scene.size[0]
    K = np.diag([factor, factor, 1.0]) @ scene.K
    to_pixels = np.concatenate([K @ scene.axes.T, (K @ surface.base)[:, None]], 1)
    pictures = torch.tensor(stack).permute(2, 0, 1)[None].contiguous()
    return Level(pictures, _tensor(to_pixels), _tensor(-scene.axes @ surface.base), sigma)
