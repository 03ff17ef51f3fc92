"""One object and one edited image as tensors, at all sizes: what poses are judged on."""

from __future__ import annotations

import dataclasses
import math

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gsi_bench_metric.detectors.tracker.config import TrackerConfig, ViewsConfig
from gsi_bench_metric.detectors.tracker.evidence import Evidence, change, fill, shrunk, spread
from gsi_bench_metric.detectors.tracker.hulls import holds
from gsi_bench_metric.detectors.tracker.likelihood import CHANGED, Cloud, Level
from gsi_bench_metric.detectors.tracker.surface import Scene, Surface

__all__ = ["Views", "make_views", "redrawn"]

Array = NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class Views:
    """One object and one edited image at all sizes, coarse first.

    `caution`: how much more it takes to believe an unasked change, where the light is another one. `further`: the sides
    that the after-image shows. `turns`: whether turns could be seen. `config`: the numbers of the search.
    """

    surface: Surface
    axes: Array
    K: tuple[Array, ...]
    clouds: tuple[Cloud, ...]
    levels: tuple[Level, ...]
    caution: float
    turns: bool
    config: TrackerConfig
    further: Cloud | None = None


def make_views(
    scene: Scene,
    surface: Surface,
    evidence: Evidence,
    further: tuple[Surface, NDArray[np.float32]] | None = None,
    device: str = "cpu",
) -> Views:
    """Prepares an object for the search, which runs on the device.

    `further`: its surface in the after-image and that image in opponent colours.
    """
    config = scene.config.views
    width = scene.size[0]
    widths = [min(w, width) for w in config.widths]
    clouds = [_cloud(surface, evidence.sized(w)[0], scene, n) for n, w in zip(config.points, widths, strict=True)]
    own = _own_channels(scene, surface, evidence)
    sigmas = [_widened(sigma, evidence) for sigma in config.sigmas]
    stacks = [np.concatenate([evidence.sized(w)[1], shrunk(own, w)], -1) for w in widths]
    levels = [_level(scene, surface, stack, sigma) for stack, sigma in zip(stacks, sigmas, strict=True)]
    more = None
    if further is not None and len(further[0].points) >= config.least_further:
        more = _cloud(further[0], shrunk(further[1], widths[-1]), scene, config.points[-1])
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
        scene.config,
        None if more is None else more.to(device),
    )


def redrawn(views: Views, *, boldly: bool) -> Views:
    """For a search by silhouette alone: another instance of the kind, or the object in other colours.

    `boldly`: where the light is the same all over, what changed by half is something new and no shadow; but for the object's
    old place: its background is a guess.
    """
    config = views.config.views
    enough = min(config.new_enough + views.caution, 1.0) if boldly else 1.0
    old = np.asarray(cv2.dilate(views.surface.mask.astype(np.float32), _square(config.edge_px)), dtype=np.float32)
    levels = []
    for level in views.levels:
        pictures = level.pictures.clone()
        guessed = torch.tensor(shrunk(old, pictures.shape[-1]), device=pictures.device)
        pictures[:, CHANGED] = (pictures[:, CHANGED] / (enough + (1 - enough) * guessed)).clamp(max=1)
        levels.append(dataclasses.replace(level, pictures=pictures, silhouette=config.drawn_anew))
    return dataclasses.replace(views, levels=tuple(levels), turns=False, further=None)


def _square(side: int) -> NDArray[np.uint8]:
    return np.ones((side, side), np.uint8)


def _tensor(array: NDArray[np.generic]) -> Tensor:
    return torch.tensor(array, dtype=torch.float32)[None]


def _cloud(surface: Surface, picture: NDArray[np.float32], scene: Scene, count: int) -> Cloud:
    """`count` points of a surface, drawn; with colours from an image of the view that shows it, of any size."""
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
        _tensor(np.clip(cosine, scene.config.views.least_cosine, 1)),
    )


def _brought_back(cloud: Cloud, before: Surface, after: Surface, axes: Array) -> Cloud:
    """Points seen after the right edit, as they stood before it."""
    turn = axes @ np.array(before.thing.rotation_matrix) @ np.array(after.thing.rotation_matrix).T @ axes.T
    size = float(np.prod(np.array(before.thing.bbox_3d[3:6]) / np.array(after.thing.bbox_3d[3:6])) ** (1 / 3))
    back = torch.tensor(turn.T, dtype=torch.float32)
    return dataclasses.replace(cloud, points=size * cloud.points @ back, normals=cloud.normals @ back, depth=size * cloud.depth)


def _own_channels(scene: Scene, surface: Surface, evidence: Evidence) -> NDArray[np.float32]:
    """A level's images that depend on the object, H×W×3, at full size: changed, nearer, commonness."""
    config = scene.config.views
    mask = surface.mask.astype(np.uint8)
    reach = max(config.least_reach_px, round(config.reach * math.sqrt(mask.sum()))) | 1
    near = cv2.dilate(mask, _square(reach)) > 0
    over = cv2.dilate(mask, _square(config.edge_px)) > 0
    part = surface.around  # the rest of the image says nothing of what stands behind the object
    background = fill(evidence.source[part], ~near[part] & ~scene.things[part], evidence.config)
    unrest = evidence.unrest._replace(noise=max(evidence.unrest.noise, config.noise_floor))
    changed = evidence.changed.copy()
    guess = config.old_place * change(background, evidence.edited[part], unrest, evidence.config)
    changed[part] = np.where(over[part], guess, changed[part])
    changed *= evidence.known
    nearer = np.where(np.isfinite(scene.depth) & ~surface.mask, 1 / scene.depth, 0)
    if not scene.lifted:  # boxes that hold it say nothing of what hides it
        for other in scene.surfaces:
            if other.thing is not surface.thing and holds(other.thing, surface.thing, scene.config.surface):
                nearer[other.mask] = 0
    return np.stack((changed, nearer, _commonness(surface, evidence, config)), -1).astype(np.float32)


def _commonness(surface: Surface, evidence: Evidence, config: ViewsConfig) -> NDArray[np.float32]:
    """How likely each pixel's colour is for a side of the object of which only the palette is known, H×W."""
    pick = surface.pixels[np.random.default_rng(0).integers(len(surface.pixels), size=config.palette)]
    sigma = _widened(config.sigmas[-1], evidence)
    units = np.array([config.palette_sigma * sigma[0], sigma[1], sigma[1]], np.float32) * math.sqrt(2)
    height, width = evidence.edited.shape[:2]
    pixels = torch.tensor(evidence.sized(config.palette_width)[1] / units)
    palette = torch.tensor(evidence.source[pick[:, 1], pick[:, 0]] / units)
    likely = torch.exp(-(torch.cdist(pixels.reshape(-1, 3), palette) ** 2)).mean(1).reshape(pixels.shape[:2])
    return np.asarray(cv2.resize(likely.numpy(), (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def _widened(sigma: tuple[float, ...], evidence: Evidence) -> tuple[float, float]:
    bright, colour = np.hypot(sigma, spread(evidence.unrest, evidence.config)).tolist()
    return bright, colour


def _level(scene: Scene, surface: Surface, stack: NDArray[np.float32], sigma: tuple[float, float]) -> Level:
    """`stack`: the level's images, h×w×CHANNELS."""
    width, height = scene.size
    K = np.array([[2 / width, 0, -1], [0, 2 / height, -1], [0, 0, 1]]) @ scene.K
    to_frame = np.concatenate([K @ scene.axes.T, (K @ surface.base)[:, None]], 1)
    likelihood = scene.config.likelihood
    pictures = torch.tensor(stack).permute(2, 0, 1)[None].contiguous()
    return Level(pictures, _tensor(to_frame), _tensor(-scene.axes @ surface.base), sigma, likelihood.silhouette, likelihood)
