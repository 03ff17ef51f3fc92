"""Where one known object went: hypotheses over the whole picture, coarse to fine.

Positions on every support, turns in place and sizes in place are tried first; the best are crossed with turns and sizes and
refined by a shrinking random search (cross-entropy method; Rubinstein 1999), each with only the freedoms that it needs: a
further freedom must explain more than it costs. Random numbers are seeded: equal inputs give equal answers.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gsi_bench_metric.detectors.tracker.likelihood import Cloud, Verdict, verdicts
from gsi_bench_metric.detectors.tracker.views import Views

__all__ = ["Found", "Support", "follow", "stay", "turn_gain"]

Array = NDArray[np.float64]

_GRID_PX = 2.0
_TURNS, _SIZES = 48, np.geomspace(0.4, 2.5, 19)
_DEPTHS = (0.3, 3.0)  # range of distances that is searched, of the object's own
_APART = (0.04, 0.05, 0.03, 0.3, 0.15)  # poses nearer than this are one hypothesis
_OTHERS = (0.015, 0.015, 0.006, 0.15, 0.1)  # ... one candidate
_PLACES = (0.02, 0.02, 0.006, math.inf, math.inf)  # ... one finalist: turns and sizes are free at the end
_CANDIDATES, _FINALISTS = 8, 3
_FAMILIES = ((1, 1, 0, 0, 0), (1, 1, 0, 0, 1), (1, 1, 1, 0, 1))
_COSTS = (0.0, 0.0, 0.06, 0.04, 0.08)  # of freedoms, in units of the score
_ON_SOMETHING, _IN_THE_AIR = 0.03, 0.3  # what standing at another height costs
_LEVEL_M, _SAME_LEVEL_M = 0.004, 0.025
_MOST_UNASKED_SIZE = 0.7  # log
_AREA_COST = 0.015  # of the squared logarithm of the pixels covered: what explains nothing must not shrink to nothing
# Nobody asked for another size: from here on its colours must be right, and most of it seen.
_OTHER_SIZE, _SURELY_ITSELF, _CLEARLY_SEEN = 0.25, 0.65, 0.6  # log size, likeness, share of the surface
_TURN_COST, _TURN_LIKENESS, _TURN_SEEN = 0.08, 0.75, 0.5  # nobody asked for it: its colours must tell
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

    @property
    def size_is_a_guess(self) -> bool:
        """Whether it has another size, and too little of it is clear to believe that where nobody asked for it."""
        return bool(_size_is_a_guess(*(torch.tensor(value) for value in (self.pose[4], self.likeness, self.seen))))


def stay(views: Views) -> Found:
    """The object where it was."""
    return _verdict(views, torch.zeros(5))


def follow(views: Views, supports: Sequence[Support], *, turn_asked: bool = False, size_asked: bool = False) -> Found:
    """The best pose. What was asked for is likelier than another story of the same change, whichever way it went."""
    generator = torch.Generator().manual_seed(0)
    turns = views.turns
    seeds, free = _coarse(views, supports, turns, size_asked)
    middle, free = _search(views, _MIDDLE, seeds, free, generator)
    # At full size a few rounds tell which candidates are worth the rest.
    kept = _apart(middle, _CANDIDATES, _OTHERS)
    middle, _ = _search(views, _SIFTING, middle[kept], free[kept], generator)
    middle = middle[_apart(middle, _FINALISTS, _PLACES)]
    families = torch.tensor(_FAMILIES, dtype=torch.float32)
    starts = middle.repeat_interleave(len(families), 0)
    masks = families.repeat(len(middle), 1)
    starts[:, 3:] *= masks[:, 3:]
    if not size_asked:
        starts[:, 4].clamp_(-_MOST_UNASKED_SIZE, _MOST_UNASKED_SIZE)
    fine, masks = _search(views, _FINE, starts, masks, generator)
    found = verdicts(views.clouds[2], views.levels[2], fine[None])
    value = _worth(found)
    heights = torch.tensor([_height_cost(pose, views, supports) for pose in fine.numpy()])
    if not size_asked:
        refused = (fine[:, 4].abs() > _MOST_UNASKED_SIZE) | _size_is_a_guess(fine[:, 4], found.likeness[0], found.seen[0])
        value = value - _HOPELESS * refused
    best = fine[(value - _cost(masks, views.caution, size_asked) - heights).argmax()]
    if turns:
        best = _with_turn(views, best, turn_asked, generator)
    return _verdict(views, best)


def _cost(freedoms: Tensor, caution: float, size_asked: bool) -> Tensor:
    """What freedoms (S, 5) must explain. Where another size was asked for, it is the one that kept its size that must, in
    another light."""
    costs = torch.tensor(_COSTS)
    if not size_asked:
        return freedoms @ costs
    *others, size = costs
    return freedoms[:, :4] @ torch.stack(others) + (1 - freedoms[:, 4]) * size * min(caution, 1.0)


def _size_is_a_guess(log_size: Tensor, likeness: Tensor, seen: Tensor) -> Tensor:
    return (log_size.abs() > _OTHER_SIZE) & ((likeness < _SURELY_ITSELF) | (seen < _CLEARLY_SEEN))


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
    found = [verdicts(cloud, views.levels[2], poses[None], turns=True) for cloud in clouds]
    # A turn half-way shows some of both sides, neither as well as the end that it belongs to.
    return torch.stack([v.score[0] - _HOPELESS * (v.seen[0] < _LEAST_SIDE) for v in found]).amax(0)


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
    moves = _on_supports(views, supports)
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
    value = _worth(verdicts(views.clouds[0], views.levels[0], poses[None]))
    first = _distinct(poses, value, 10)
    more = torch.cat([_crossed(poses[i], turns) for i in first[:8]])
    value = torch.cat([value, _worth(verdicts(views.clouds[0], views.levels[0], more[None]))])
    poses = torch.cat([poses, more])
    free = torch.cat([free, torch.tensor([[1.0, 1.0, 0.0, float(turns), 1.0]]).repeat(len(more), 1)])
    chosen = [*first, *_distinct(poses, value, 12)]
    if sizes_asked:
        there = range(len(moves), len(moves) + len(sizes))
        chosen += [there[i] for i in _distinct(poses[there.start : there.stop], value[there.start : there.stop], 4)]
    return poses[chosen], free[chosen]


def _on_supports(views: Views, supports: Sequence[Support]) -> Array:
    """Poses (M, 5) whose base lies on a support under every second pixel of the coarsest picture."""
    height, width = views.levels[0].pictures.shape[-2:]
    u, v = np.meshgrid(np.arange(_GRID_PX / 2, width, _GRID_PX), np.arange(_GRID_PX / 2, height, _GRID_PX))
    rays = np.stack([u.ravel(), v.ravel(), np.ones(u.size)], -1) @ (views.axes @ np.linalg.inv(views.K[0])).T
    base = views.axes @ views.surface.base
    far = views.surface.base[2]
    poses = []
    for support in supports:
        with np.errstate(divide="ignore"):
            distance = (base[2] + support.height) / rays[:, 2]
        kept = (distance > _DEPTHS[0] * far) & (distance < _DEPTHS[1] * far)
        offsets = rays[kept, :2] * distance[kept, None] - base[:2]
        if support.centre is not None:
            centre = (views.axes @ (support.centre - views.surface.base))[:2]
            offsets = offsets[((offsets - centre) ** 2).sum(-1) < support.radius**2]
        poses.append(np.concatenate([offsets, np.tile([support.height, 0.0, 0.0], (len(offsets), 1))], 1))
    return np.concatenate(poses)


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
    return [int(order[i]) for i in _apart(poses[order], count, _APART)]


def _apart(poses: Tensor, count: int, least: tuple[float, ...]) -> list[int]:
    """Of poses, best first: those that are not near one before them. Many searches end at one place: it is one candidate."""
    near = (((poses[:, None] - poses[None]) / torch.tensor(least)).abs().amax(-1) <= 1).numpy()
    kept: list[int] = []
    for i in range(len(poses)):
        if not near[i, kept].any():
            kept.append(i)
            if len(kept) == count:
                break
    return kept


@dataclasses.dataclass(frozen=True)
class _Effort:
    """Of a random search: which size of pictures, first spread of each freedom, rounds, draws a seed."""

    size: int
    spread: tuple[float, ...]
    rounds: int
    draws: int


_MIDDLE = _Effort(1, (0.03, 0.04, 0.02, 0.15, 0.08), 3, 24)
_SIFTING = _Effort(2, (0.012, 0.016, 0.01, 0.06, 0.03), 2, 16)
_FINE = _Effort(2, (0.012, 0.016, 0.01, 0.0, 0.03), 5, 32)


def _search(views: Views, effort: _Effort, seeds: Tensor, free: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Shrinking random search around seeds (S, 5) in their free directions; the outcomes, best first, and their freedoms."""
    cloud, level, draws = views.clouds[effort.size], views.levels[effort.size], effort.draws
    centres, means, spreads = seeds, seeds, torch.tensor(effort.spread) * free
    for _ in range(effort.rounds):
        tried = centres[:, None] + torch.randn(len(seeds), draws, 5, generator=generator) * spreads[:, None]
        tried[:, 0], tried[:, 1] = centres, means
        values = _worth(verdicts(cloud, level, tried.reshape(1, -1, 5))).reshape(len(seeds), draws)
        best = values.topk(max(4, draws // 8), dim=1).indices
        elite = tried.gather(1, best[..., None].expand(-1, -1, 5))
        share = torch.linspace(2, 0.5, elite.shape[1])[None, :, None]
        centres, means = elite[:, 0], (elite * share).sum(1) / share.sum()
        spreads = torch.minimum(spreads * 0.7, 1.2 * elite.std(1) + 0.05 * spreads)
    values = _worth(verdicts(cloud, level, torch.cat([centres, means])[None])).reshape(2, -1)
    centres = torch.where((values[1] > values[0])[:, None], means, centres)
    order = values.amax(0).argsort(descending=True)
    return centres[order], free[order]


def _worth(found: Verdict) -> Tensor:
    """What poses (H,) are worth to the search."""
    return found.score[0] - _AREA_COST * found.covered[0].clamp(min=1e-3).log() ** 2
