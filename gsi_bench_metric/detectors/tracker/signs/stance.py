"""An object that stands in another way: on its side, on its head, or in another shape.

`follow` turns objects about the vertical and scales them alike in all directions. What an editor toppled, turned over or
stretched would look to it like the object in other colours. So where an object did not simply stay or go, its known surface is
also tried in these stances about the place where it was found, and the best is taken if it explains the image clearly better.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from gsi_bench_dataset.records import SceneObject
from gsi_bench_metric.detectors.tracker.config import StanceConfig
from gsi_bench_metric.detectors.tracker.follow import Found, about
from gsi_bench_metric.detectors.tracker.likelihood import Cloud
from gsi_bench_metric.detectors.tracker.surface import Surface
from gsi_bench_metric.detectors.tracker.views import Views
from gsi_bench_metric.geometry.poses import extent_along

__all__ = ["Stance", "other_stance", "stances"]

Array = NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class Stance:
    """A way to stand.

    Attributes:
        name: what it is.
        turn: (3, 3) in the object's own axes, applied before it is set down.
        stretch: (3,) factors along the object's own axes.
    """

    name: str
    turn: Array
    stretch: Array


def stances(surface: Surface, up: Array, config: StanceConfig) -> Iterator[Stance]:
    """All others than the upright one of its own shape; fallen ways that a turn about the vertical makes alike come once.

    Args:
        surface: of the object.
        up: (3,) unit vector against gravity, camera frame.
        config: the numbers.
    """
    own = np.array(surface.thing.rotation_matrix).T @ up  # the vertical in the object's own axes
    upright = int(np.abs(own).argmax())
    level = [axis for axis in range(3) if axis != upright]
    ways = [(level[0], 1.0)] if surface.thing.symmetry == "continuous" else [(a, s) for a in level for s in (1.0, -1.0)]
    for axis, sign in ways:
        yield Stance("toppled", _about(axis, sign * math.pi / 2), np.ones(3))
    yield Stance("upside down", _about(level[0], math.pi), np.ones(3))
    for factor in config.stretches:
        shape = np.full(3, 1 / math.sqrt(factor))
        shape[upright] = factor
        yield Stance("stretched", np.eye(3), shape)


def other_stance(views: Views, found: Found, up: Array) -> tuple[Found, Surface] | None:
    """The stance that explains the image clearly better than a pose does, and the object in it; None where none does.

    Args:
        views: the object and the edited image.
        found: the best upright pose, about which stances are tried.
        up: (3,) unit vector against gravity, camera frame.
    """
    config = views.config.stance
    if found.likeness > config.upright_likeness:
        return None
    best: tuple[Found, Surface] | None = None
    for stance in stances(views.surface, up, config):
        tried = _stood(views, stance, up)
        verdict = about(tried, found)
        if _is_better(verdict, found, config) and (best is None or verdict.score > best[0].score):
            best = verdict, tried.surface
    return best


def _is_better(stood: Found, upright: Found, config: StanceConfig) -> bool:
    """Whether a stance explains clearly more than standing upright; or hardly less, and looks clearly more like the object:
    of its other sides, which the source does not show, a stance explains nothing."""
    if stood.score > upright.score + config.clearly:
        return stood.evidence > config.evidence and stood.likeness > config.likeness
    hardly_less = stood.score > upright.score - config.hardly_less and stood.seen > config.in_part
    more = stood.evidence > upright.evidence + config.more_evidence and stood.likeness > upright.likeness + config.more_like
    return hardly_less and more and stood.evidence > config.sure


def _stood(views: Views, stance: Stance, up: Array) -> Views:
    """The views of an object in another stance: its points moved, their colours as they were seen."""
    surface = views.surface
    thing = _thing_in(surface, stance, up)
    own = np.array(surface.thing.rotation_matrix)
    onto = own @ stance.turn @ np.diag(stance.stretch) @ own.T  # camera frame, about the box's centre
    height = extent_along(np.array(thing.bbox_3d), np.array(thing.rotation_matrix), up)
    local = views.axes @ onto @ views.axes.T
    centres = views.axes @ (np.array(surface.thing.bbox_3d[:3]) - surface.base), np.array([0.0, 0.0, height / 2])
    seen = [_all_round(cloud) for cloud in views.clouds] if surface.thing.symmetry == "continuous" else views.clouds
    clouds = tuple(_moved(cloud, local, *centres) for cloud in seen)
    moved = dataclasses.replace(surface, thing=thing, height=height)
    return dataclasses.replace(views, surface=moved, clouds=clouds, further=None)


def _thing_in(surface: Surface, stance: Stance, up: Array) -> SceneObject:
    """The object with its base where it was."""
    thing = surface.thing
    rotation = np.array(thing.rotation_matrix) @ stance.turn
    size = np.array(thing.bbox_3d[3:6]) * stance.stretch
    box = np.array([*thing.bbox_3d[:3], *size, 0.0])
    centre = surface.base + up * extent_along(box, rotation, up) / 2
    yaw = math.atan2(rotation[0, 2], rotation[2, 2])
    numbers = (*centre.tolist(), *size.tolist(), yaw)
    return dataclasses.replace(thing, bbox_3d=numbers, rotation_matrix=tuple(map(tuple, rotation.tolist())))


def _moved(cloud: Cloud, local: Array, before: Array, after: Array) -> Cloud:
    """Points under a linear map about the box's centre; areas grow as surfaces do (the cofactor matrix)."""
    onto = torch.tensor(local, dtype=torch.float32, device=cloud.points.device)
    shift = [torch.tensor(c, dtype=torch.float32, device=cloud.points.device) for c in (before, after)]
    areas = cloud.normals @ torch.linalg.inv(onto) * torch.linalg.det(onto)
    length = areas.norm(dim=-1, keepdim=True).clamp(min=1e-9)
    points = (cloud.points - shift[0]) @ onto.T + shift[1]
    return dataclasses.replace(cloud, points=points, normals=areas / length, weight=cloud.weight * length[..., 0])


def _all_round(cloud: Cloud) -> Cloud:
    """With the far side of what looks the same from all sides: what was seen, half a turn about the vertical on."""
    half = cloud.points.new_tensor([-1.0, -1.0, 1.0])
    behind = dataclasses.replace(cloud, points=cloud.points * half, normals=cloud.normals * half)
    both = (torch.cat([getattr(part, f.name) for part in (cloud, behind)], 1) for f in dataclasses.fields(cloud))
    return Cloud(*both)


def _about(axis: int, angle: float) -> Array:
    """Turn about one of the axes x, y, z."""
    c, s = math.cos(angle), math.sin(angle)
    i, j = ((1, 2), (2, 0), (0, 1))[axis]
    turn = np.eye(3)
    turn[i, i] = turn[j, j] = c
    turn[i, j], turn[j, i] = -s, s
    return turn
