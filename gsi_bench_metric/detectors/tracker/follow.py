"""Where one known object went: hypotheses over the whole image, coarse to fine.

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

from gsi_bench_metric.detectors.tracker.config import TRACKER, FollowConfig, SearchConfig
from gsi_bench_metric.detectors.tracker.likelihood import Cloud, Verdict, verdicts
from gsi_bench_metric.detectors.tracker.views import Views

__all__ = ["Found", "Support", "about", "follow", "refined", "stay", "turn_gain"]

Array = NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class Support:
    """A level on which the object may stand: height of its base over the present one, metres; around `centre` only.

    `inner`, `floor`: radius within which nothing can stand lower than this height, metres; unless `seen` says that a surface
    of it lies at this level.
    """

    height: float
    centre: Array | None = None
    radius: float = math.inf
    inner: float = 0.0
    floor: float = 0.0
    seen: bool = False


@dataclasses.dataclass(frozen=True)
class Found:
    """The best pose of an object (along, across, height, turn, log size) and what speaks for it.

    Attributes:
        score: log likelihood ratio a source pixel.
        seen: pixels that it covers and that are seen, for each in the source.
        likeness: of colours, 0–1.
        sigma: standard deviation of each freedom of the pose.
        config: the numbers that say what it is worth.
    """

    pose: Array
    score: float
    seen: float
    likeness: float
    sigma: Array
    config: FollowConfig = TRACKER.follow

    @property
    def evidence(self) -> float:
        """Score for each pixel that is seen."""
        return self.score / max(self.seen, self.config.least_seen)

    @property
    def size_is_a_guess(self) -> bool:
        """Whether it has another size, and too little of it is clear to believe that where it was not asked for."""
        size, likeness, seen = (torch.tensor(value) for value in (self.pose[4], self.likeness, self.seen))
        return bool(_size_is_a_guess(size, likeness, seen, self.config))


def stay(views: Views) -> Found:
    """The object where it was."""
    return _verdict(views, torch.zeros(5))


def follow(views: Views, supports: Sequence[Support], *, turn_asked: bool = False, size_asked: bool = False) -> Found:
    """The best pose. What was asked for is likelier than another story of the same change, whichever way it went."""
    numbers, config = views.config.search, views.config.follow
    generator = torch.Generator().manual_seed(0)
    turns = views.turns
    seeds, free = _coarse(views, supports, turns, size_asked)
    effort = _Effort(1, numbers.middle_spread, numbers.middle_rounds, numbers.middle_draws)
    middle, free = _search(views, effort, seeds, free, generator)
    # At full size a few rounds tell which candidates are worth the rest.
    kept = _apart(middle, numbers.candidates, numbers.candidate_apart)
    effort = _Effort(2, numbers.sifting_spread, numbers.sifting_rounds, numbers.sifting_draws)
    middle, _ = _search(views, effort, middle[kept], free[kept], generator)
    middle = middle[_apart(middle, numbers.finalists, (*numbers.finalist_apart, math.inf, math.inf))]
    families = torch.tensor(numbers.families, dtype=torch.float32)
    starts = middle.repeat_interleave(len(families), 0)
    masks = families.repeat(len(middle), 1)
    starts[:, 3:] *= masks[:, 3:]
    if not size_asked:
        starts[:, 4].clamp_(-config.most_unasked_size, config.most_unasked_size)
    effort = _Effort(2, numbers.fine_spread, numbers.fine_rounds, numbers.fine_draws)
    fine, masks = _search(views, effort, starts, masks, generator)
    found = verdicts(views.clouds[2], views.levels[2], fine[None])
    value = _worth(found, views)
    heights = torch.tensor([_height_cost(pose, views, supports) for pose in fine.numpy()])
    if not size_asked:
        guess = _size_is_a_guess(fine[:, 4], found.likeness[0], found.seen[0], config)
        refused = (fine[:, 4].abs() > config.most_unasked_size) | guess
        value = value - config.hopeless * refused
    best = fine[(value - _cost(masks, views, size_asked) - heights).argmax()]
    if turns:
        best = _with_turn(views, best, turn_asked, generator)
    return _verdict(views, best)


def about(views: Views, found: Found) -> Found:
    """The best pose near another one, whichever way the object is turned there."""
    config, numbers = views.config.stance, views.config.search
    generator = torch.Generator().manual_seed(0)
    steps = torch.tensor([-1.0, 0.0, 1.0]) * config.step_m
    angles = torch.arange(config.turns if views.turns else 1) * (2 * math.pi / config.turns)
    x, y, turn = torch.meshgrid(steps, steps, angles, indexing="ij")
    poses = torch.tensor(found.pose, dtype=torch.float32).repeat(x.numel(), 1)
    poses[:, 0] += x.flatten()
    poses[:, 1] += y.flatten()
    poses[:, 3] += turn.flatten()
    value = _worth(verdicts(views.clouds[1], views.levels[1], poses[None]), views)
    chosen = _distinct(poses, value, config.starts, numbers)
    effort = _Effort(2, config.spread, config.rounds, config.draws)
    fine, _ = _search(views, effort, poses[chosen], torch.ones(len(chosen), 5), generator)
    return _verdict(views, fine[0])


def refined(views: Views, found: Found) -> Found:
    """The best pose near another one, by other points of the same object; only what had changed may change."""
    numbers = views.config.search
    pose = torch.tensor(found.pose, dtype=torch.float32)
    effort = _Effort(2, numbers.fine_spread, numbers.fine_rounds, numbers.fine_draws)
    best, _ = _search(views, effort, pose[None], (pose != 0).float()[None], torch.Generator().manual_seed(0))
    return _verdict(views, best[0])


def _cost(freedoms: Tensor, views: Views, size_asked: bool) -> Tensor:
    """What freedoms (S, 5) must explain. Where another size was asked for, it is the one that kept its size that must, in
    another light."""
    costs = torch.tensor(views.config.follow.costs)
    if not size_asked:
        return freedoms @ costs
    *others, size = costs
    return freedoms[:, :4] @ torch.stack(others) + (1 - freedoms[:, 4]) * size * min(views.caution, 1.0)


def _size_is_a_guess(log_size: Tensor, likeness: Tensor, seen: Tensor, config: FollowConfig) -> Tensor:
    return (log_size.abs() > config.other_size) & ((likeness < config.size_likeness) | (seen < config.size_seen))


def _with_turn(views: Views, best: Tensor, in_place: bool, generator: torch.Generator) -> Tensor:
    """The pose, or one turned in the same place, or in the object's first place where a turn was asked for."""
    config = views.config.follow
    here, gain = _turn_at(views, best, generator)
    if not in_place:
        seen = _verdict(views, here)
        clear = seen.likeness > config.turn_likeness and seen.seen > config.turn_seen
        return here if clear and gain > config.turn_cost + views.caution else best
    start, gain = _turn_at(views, torch.zeros(5), generator)
    if gain <= config.asked_turn_cost:
        start = torch.zeros(5)
    value = _verdict(views, start).score - _verdict(views, best).score
    return start if value + config.rotate_bonus > 0 else best


def _turn_at(views: Views, pose: Tensor, generator: torch.Generator) -> tuple[Tensor, float]:
    """The best turn at a pose, and how much better than none it explains the image."""
    numbers = views.config.search
    poses = pose.repeat(numbers.turns * 2, 1)
    poses[:, 3] = torch.arange(len(poses)) * (2 * math.pi / len(poses))
    poses[len(poses) // 2 :, 3] -= 2 * math.pi
    value = _turning(views, poses)
    none = value[0]
    chosen = _distinct(poses, value, numbers.turn_starts, numbers)
    centres, spread = poses[chosen], torch.tensor(numbers.turn_spread)
    for _ in range(numbers.turn_rounds):
        draws = torch.randn(len(centres), numbers.turn_draws, 5, generator=generator)
        draws[:, 0] = 0
        tried = centres[:, None] + draws * spread
        values = _turning(views, tried.reshape(-1, 5)).reshape(len(centres), -1)
        centres = tried.gather(1, values.argmax(1)[:, None, None].expand(-1, 1, 5))[:, 0]
        spread = spread * numbers.turn_shrink
    values = _turning(views, centres)
    return centres[values.argmax()], float(values.max() - none)


def turn_gain(views: Views, found: Found) -> float:
    """How much better the turn of a pose explains the image than none at the same place; log likelihood ratio a pixel."""
    turned = torch.tensor(found.pose, dtype=torch.float32)
    straight = turned.clone()
    straight[3] = 0
    value = _turning(views, torch.stack([turned, straight]))
    return float(value[0] - value[1])


def _turning(views: Views, poses: Tensor) -> Tensor:
    """The turning score of poses (H, 5); hopeless where hardly any known side would be seen, which explains nothing."""
    config = views.config.follow
    clouds = [views.clouds[2]] if views.further is None else [views.clouds[2], views.further]
    found = [verdicts(cloud, views.levels[2], poses[None], turns=True) for cloud in clouds]
    # A turn half-way shows some of both sides, neither as well as the end that it belongs to.
    return torch.stack([v.score[0] - config.hopeless * (v.seen[0] < config.least_side) for v in found]).amax(0)


def _verdict(views: Views, pose: Tensor) -> Found:
    """By the sides seen in the source, or by those that a right turn brings to light, whichever explain more."""
    config = views.config.follow
    clouds = [views.clouds[2]] if views.further is None else [views.clouds[2], views.further]
    told = [(verdicts(cloud, views.levels[2], pose[None, None]), cloud) for cloud in clouds]
    found, cloud = max(told, key=lambda t: float(t[0].score) - (config.hopeless if t[0].seen < config.least_side else 0))
    sigma = _sigma(views, cloud, pose)
    return Found(pose.double().numpy(), float(found.score), float(found.seen), float(found.likeness), sigma, config)


def _sigma(views: Views, cloud: Cloud, pose: Tensor) -> Array:
    """From the curvature of the score, a pixel in nine counted for independent; at least half a millimetre, 0.3 degrees."""
    config = views.config.follow
    steps = torch.tensor(config.sigma_steps)
    around = torch.cat([pose[None], pose + torch.diag(steps), pose - torch.diag(steps)])
    values = verdicts(cloud, views.levels[2], around[None]).score[0]
    independent = max(1.0, len(views.surface.points) / config.dependent)
    bend = ((2 * values[0] - values[1:6] - values[6:]) / steps**2).clamp(min=1e-3) * independent
    return np.maximum(1 / np.sqrt(bend.double().numpy()), config.least_sigma)


def _height_cost(pose: NDArray[np.float32], views: Views, supports: Sequence[Support]) -> float:
    config = views.config.follow
    place = views.surface.base + pose[:3] @ views.axes
    away = [math.inf if s.centre is None else float(np.linalg.norm((place - s.centre) @ views.axes[:2].T)) for s in supports]
    on = [s for s, d in zip(supports, away, strict=True) if d < s.radius and abs(s.height - pose[2]) < config.same_level_m]
    if abs(pose[2]) < config.level_m:
        inside = any(d < s.inner and s.floor > config.within_m for s, d in zip(supports, away, strict=True))
        return config.in_the_air if inside and not any(s.seen for s in on) else 0.0
    return config.on_something if on else config.in_the_air


# --- the search


def _coarse(views: Views, supports: Sequence[Support], turns: bool, sizes_asked: bool) -> tuple[Tensor, Tensor]:
    """The best distinct poses (S, 5) of a grid over everything, and their freedoms. Sizes that are asked for are among them."""
    numbers = views.config.search
    moves = _on_supports(views, supports)
    pixel = float(np.linalg.norm(views.surface.base)) / views.K[0][0, 0]  # metres
    near = np.array([(i * numbers.near_px * pixel, j * numbers.near_px * pixel) for i in (-1, 0, 1) for j in (-1, 0, 1)])
    sizes = np.array([(x, y, 0, 0, s) for x, y in near for s in np.log(np.geomspace(*numbers.sizes, numbers.size_steps))])
    grids, freedoms = [moves, sizes], [(1, 1, 0, 0, 0), (1, 1, 0, 0, 1)]
    if turns:
        angles = np.arange(numbers.turns) * 2 * np.pi / numbers.turns
        grids.append(np.array([(x, y, 0, t, 0) for x, y in near for t in angles]))
        freedoms.append((1, 1, 0, 1, 0))
    poses = torch.tensor(np.concatenate(grids), dtype=torch.float32)
    free = torch.cat([torch.tensor([f], dtype=torch.float32).repeat(len(g), 1) for f, g in zip(freedoms, grids, strict=True)])
    value = _worth(verdicts(views.clouds[0], views.levels[0], poses[None]), views)
    first = _distinct(poses, value, numbers.first, numbers)
    more = torch.cat([_crossed(poses[i], turns, numbers) for i in first[: numbers.crossed]])
    value = torch.cat([value, _worth(verdicts(views.clouds[0], views.levels[0], more[None]), views)])
    poses = torch.cat([poses, more])
    free = torch.cat([free, torch.tensor([[1.0, 1.0, 0.0, float(turns), 1.0]]).repeat(len(more), 1)])
    chosen = [*first, *_distinct(poses, value, numbers.more, numbers)]
    if sizes_asked:
        there = range(len(moves), len(moves) + len(sizes))
        inside = slice(there.start, there.stop)
        chosen += [there[i] for i in _distinct(poses[inside], value[inside], numbers.asked_sizes, numbers)]
    return poses[chosen], free[chosen]


def _on_supports(views: Views, supports: Sequence[Support]) -> Array:
    """Poses (M, 5) whose base lies on a support under every few pixels of the coarsest image."""
    numbers = views.config.search
    height, width = views.levels[0].pictures.shape[-2:]
    u, v = np.meshgrid(
        np.arange(numbers.grid_px / 2, width, numbers.grid_px), np.arange(numbers.grid_px / 2, height, numbers.grid_px)
    )
    rays = np.stack([u.ravel(), v.ravel(), np.ones(u.size)], -1) @ (views.axes @ np.linalg.inv(views.K[0])).T
    base = views.axes @ views.surface.base
    far = views.surface.base[2]
    poses = []
    for support in supports:
        with np.errstate(divide="ignore"):
            distance = (base[2] + support.height) / rays[:, 2]
        kept = (distance > numbers.depths[0] * far) & (distance < numbers.depths[1] * far)
        offsets = rays[kept, :2] * distance[kept, None] - base[:2]
        if support.centre is not None:
            centre = (views.axes @ (support.centre - views.surface.base))[:2]
            offsets = offsets[((offsets - centre) ** 2).sum(-1) < support.radius**2]
        poses.append(np.concatenate([offsets, np.tile([support.height, 0.0, 0.0], (len(offsets), 1))], 1))
    return np.concatenate(poses)


def _crossed(pose: Tensor, turns: bool, numbers: SearchConfig) -> Tensor:
    angles = torch.arange(numbers.cross_turns) * (2 * math.pi / numbers.cross_turns) if turns else torch.zeros(1)
    sizes = torch.tensor(numbers.cross_sizes).log()
    crossed = pose.repeat(len(angles) * len(sizes), 1)
    crossed[:, 3] += angles.repeat_interleave(len(sizes))
    crossed[:, 4] += sizes.repeat(len(angles))
    return crossed


def _distinct(poses: Tensor, values: Tensor, count: int, numbers: SearchConfig) -> list[int]:
    """The best poses that are not near each other."""
    order = values.argsort(descending=True)[: numbers.sorted_for_one * count]
    return [int(order[i]) for i in _apart(poses[order], count, numbers.apart)]


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
    """Of a random search: which size of images, first spread of each freedom, rounds, draws a seed."""

    size: int
    spread: tuple[float, ...]
    rounds: int
    draws: int


def _search(views: Views, effort: _Effort, seeds: Tensor, free: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Shrinking random search around seeds (S, 5) in their free directions; the outcomes, best first, and their freedoms."""
    numbers = views.config.search
    cloud, level, draws = views.clouds[effort.size], views.levels[effort.size], effort.draws
    centres, means, spreads = seeds, seeds, torch.tensor(effort.spread) * free
    for _ in range(effort.rounds):
        tried = centres[:, None] + torch.randn(len(seeds), draws, 5, generator=generator) * spreads[:, None]
        tried[:, 0], tried[:, 1] = centres, means
        values = _worth(verdicts(cloud, level, tried.reshape(1, -1, 5)), views).reshape(len(seeds), draws)
        best = values.topk(max(numbers.least_elite, draws // numbers.elite), dim=1).indices
        elite = tried.gather(1, best[..., None].expand(-1, -1, 5))
        share = torch.linspace(*numbers.elite_share, elite.shape[1])[None, :, None]
        centres, means = elite[:, 0], (elite * share).sum(1) / share.sum()
        spreads = torch.minimum(spreads * numbers.shrink, numbers.elite_spread * elite.std(1) + numbers.kept_spread * spreads)
    values = _worth(verdicts(cloud, level, torch.cat([centres, means])[None]), views).reshape(2, -1)
    centres = torch.where((values[1] > values[0])[:, None], means, centres)
    order = values.amax(0).argsort(descending=True)
    return centres[order], free[order]


def _worth(found: Verdict, views: Views) -> Tensor:
    """What poses (H,) are worth to the search."""
    cost = views.config.search.area_cost
    return found.score[0] - cost * found.covered[0].clamp(min=1e-3).log() ** 2
