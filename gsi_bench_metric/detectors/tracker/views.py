"""One object and one edited picture as tensors, at all sizes: what poses are judged on."""

from __future__ import annotations

import dataclasses
import math

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gsi_bench_metric.detectors.tracker.evidence import Evidence, Unrest, change, fill, shrunk, spread
from gsi_bench_metric.detectors.tracker.likelihood import CHANGED, Cloud, Level
from gsi_bench_metric.detectors.tracker.surface import Scene, Surface

__all__ = ["Views", "make_views", "redrawn"]

Array = NDArray[np.float64]

_POINTS = (128, 256, 400)
_WIDTHS = (72, 144, 512)
_SIGMAS = ((0.14, 0.20), (0.12, 0.17), (0.09, 0.13))
_PALETTE_WIDTH = 160  # px: finer makes no difference
_PALETTE = 24  # colours that stand for the object's own
_PALETTE_SIGMA = 1.3  # light changes more between faces than on one
_OLD_PLACE = 0.8  # how sure a change is where the background was never seen
_NOISE_FLOOR = 0.04  # there
_NEW_ENOUGH = 0.4  # from which on a change is something new, where the light is the same
_DRAWN_ANEW = 0.7  # likelihood of a changed pixel of any colour, for a search by silhouette


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
    clouds = [_cloud(surface, evidence.sized(w)[0], scene, n) for n, w in zip(_POINTS, widths, strict=True)]
    own = _own_channels(scene, surface, evidence)
    sigmas = [_widened(sigma, evidence.unrest) for sigma in _SIGMAS]
    stacks = [np.concatenate([evidence.sized(w)[1], shrunk(own, w)], -1) for w in widths]
    levels = [_level(scene, surface, stack, sigma) for stack, sigma in zip(stacks, sigmas, strict=True)]
    more = None
    if further is not None and len(further[0].points) >= 20:
        more = _cloud(further[0], shrunk(further[1], widths[-1]), scene, _POINTS[-1])
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


def redrawn(views: Views, *, boldly: bool) -> Views:
    """For a search by silhouette alone: another instance of the kind, or the object in other colours.

    `boldly`: where the light is the same all over, what changed by half is something new and no shadow; but for the object's
    old place, whose background is a guess.
    """
    enough = min(_NEW_ENOUGH + views.caution, 1.0) if boldly else 1.0
    old = np.asarray(cv2.dilate(views.surface.mask.astype(np.float32), np.ones((3, 3), np.uint8)), dtype=np.float32)
    levels = []
    for level in views.levels:
        pictures = level.pictures.clone()
        guessed = torch.tensor(shrunk(old, pictures.shape[-1]), device=pictures.device)
        pictures[:, CHANGED] = (pictures[:, CHANGED] / (enough + (1 - enough) * guessed)).clamp(max=1)
        levels.append(dataclasses.replace(level, pictures=pictures, silhouette=_DRAWN_ANEW))
    return dataclasses.replace(views, levels=tuple(levels), turns=False, further=None)


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


def _own_channels(scene: Scene, surface: Surface, evidence: Evidence) -> NDArray[np.float32]:
    """A level's pictures that depend on the object, H×W×3, at full size: changed, nearer, commonness."""
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
    return np.stack((changed, nearer, _commonness(surface, evidence)), -1).astype(np.float32)


def _commonness(surface: Surface, evidence: Evidence) -> NDArray[np.float32]:
    """How likely each pixel's colour is for a side of the object of which only the palette is known, H×W."""
    pick = surface.pixels[np.random.default_rng(0).integers(len(surface.pixels), size=_PALETTE)]
    sigma = _widened(_SIGMAS[-1], evidence.unrest)
    units = np.array([_PALETTE_SIGMA * sigma[0], sigma[1], sigma[1]], np.float32) * math.sqrt(2)
    height, width = evidence.edited.shape[:2]
    pixels = torch.tensor(evidence.sized(_PALETTE_WIDTH)[1] / units)
    palette = torch.tensor(evidence.source[pick[:, 1], pick[:, 0]] / units)
    likely = torch.exp(-(torch.cdist(pixels.reshape(-1, 3), palette) ** 2)).mean(1).reshape(pixels.shape[:2])
    return np.asarray(cv2.resize(likely.numpy(), (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def _widened(sigma: tuple[float, float], unrest: Unrest) -> tuple[float, float]:
    bright, colour = np.hypot(sigma, spread(unrest)).tolist()
    return bright, colour


def _level(scene: Scene, surface: Surface, stack: NDArray[np.float32], sigma: tuple[float, float]) -> Level:
    """`stack`: the level's pictures, h×w×CHANNELS."""
    width, height = scene.size
    K = np.array([[2 / width, 0, -1], [0, 2 / height, -1], [0, 0, 1]]) @ scene.K
    to_frame = np.concatenate([K @ scene.axes.T, (K @ surface.base)[:, None]], 1)
    pictures = torch.tensor(stack).permute(2, 0, 1)[None].contiguous()
    return Level(pictures, _tensor(to_frame), _tensor(-scene.axes @ surface.base), sigma)
