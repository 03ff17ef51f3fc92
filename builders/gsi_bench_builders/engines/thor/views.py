"""Where to look from: rooms, candidate views, what each promises, and which of them differ. Pure functions.

Places come from Unity (`GetReachablePositions`). What a view is worth is found in three steps, each dearer than the one before:
from boxes alone, from what Unity calls visible, from a drawn image. Equal generators give equal views.
"""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from gsi_bench_builders.engines.thor.conversions import AgentView, camera_of
from gsi_bench_builders.engines.thor.metadata import ThorObject
from gsi_bench_builders.engines.thor.shots import Shot, bounds_of, box_corners
from gsi_bench_builders.scene import Vector3

__all__ = ["ViewOptions", "candidates", "distinct", "is_free", "promise", "rooms_of", "usable"]


@dataclasses.dataclass(frozen=True)
class ViewOptions:
    """Numbers of the sampling; the reference's unless a reason is given.

    Attributes:
        room_m: a place belongs to the room whose middle is nearer than this.
        fewest_places: rooms with fewer are none.
        places: tried a room.
        yaws, horizons: tried at each place, degrees.
        apart_m, apart_deg: of two views nearer and more alike than that, one is kept.
        views: kept a room.
        looked_at: views a room that Unity is asked about without an image; the reference draws all 1200.
        drawn: views a room of which an image is drawn.
        least_share, most_share: of the image that a target may cover: less is no target, more is no object in a room.
        unique_px: another object of the category with as many pixels makes a name ambiguous.
        border_share: of a target's box in the image that may lie on the image's edge.
        least_side_m: thinner objects have boxes that say little.
        near_m, near_share: at most this share of the image may be nearer than that: no wall before the nose.
    """

    room_m: float = 1.6
    fewest_places: int = 15
    places: int = 50
    yaws: tuple[int, ...] = (0, 90, 180, 270, 45, 135, 225, 315)
    horizons: tuple[int, ...] = (0, 15, 30)
    apart_m: float = 0.6
    apart_deg: float = 45.0
    views: int = 5
    looked_at: int = 60
    drawn: int = 12
    least_share: float = 0.0015
    most_share: float = 0.25
    unique_px: int = 64
    border_share: float = 0.2
    least_side_m: float = 0.015
    near_m: float = 0.4
    near_share: float = 0.3


def rooms_of(places: Sequence[Vector3], options: ViewOptions) -> list[list[Vector3]]:
    """Places (`U`) in groups, the largest first. Each joins the group whose running middle is nearest, or opens one.

    Groups that are too small are dropped; if none is left, all places are one room.
    """
    groups: list[list[Vector3]] = []
    middles: list[NDArray[np.float64]] = []
    for place in places:
        away = [float(np.linalg.norm(middle - place)) for middle in middles]
        nearest = int(np.argmin(away)) if away else -1
        if nearest >= 0 and away[nearest] < options.room_m:
            groups[nearest].append(place)
            middles[nearest] = middles[nearest] + (np.array(place) - middles[nearest]) / len(groups[nearest])
        else:
            groups.append([place])
            middles.append(np.array(place, dtype=np.float64))
    rooms = sorted((g for g in groups if len(g) >= options.fewest_places), key=len, reverse=True)
    return rooms or ([list(places)] if places else [])


def candidates(room: Sequence[Vector3], eye_m: float, rng: np.random.Generator, options: ViewOptions) -> list[AgentView]:
    """Views from some places of a room, in a drawn order of places.

    Args:
        room: positions of the agent, `U`.
        eye_m: how far above the agent's position its camera is.
    """
    chosen = [room[i] for i in rng.permutation(len(room))[: options.places]]
    return [
        AgentView((x, y + eye_m, z), float(yaw), float(horizon))
        for x, y, z in chosen
        for yaw in options.yaws
        for horizon in options.horizons
    ]


def promise(view: AgentView, objects: Iterable[ThorObject], size: tuple[int, int, float], options: ViewOptions) -> int:
    """How many objects could be targets by their boxes alone: wholly in the image and neither too small nor too large.

    Args:
        size: width, height of the image, pixels; vertical field of view, degrees.
    """
    width, height, fov = size
    camera = camera_of(view, fov, width, height)
    boxes = [box_corners(o) for o in objects if _may_be_target(o, options)]
    if not boxes:
        return 0
    corners = np.stack(boxes)  # n×8×3
    ahead = (camera.depth(corners) > 0.1).all(axis=1)
    pixels = np.nan_to_num(camera.project(corners), nan=-1.0)
    low, high = pixels.min(axis=1), pixels.max(axis=1)
    inside = (low >= 0).all(axis=1) & (high <= (width, height)).all(axis=1)
    share = np.prod(high - low, axis=1) / (width * height)
    return int((ahead & inside & (share >= options.least_share) & (share <= options.most_share)).sum())


def _may_be_target(thing: ThorObject, options: ViewOptions) -> bool:
    return thing.loose and thing.box_source == "oriented" and min(thing.box.size) >= options.least_side_m


def distinct(scored: Sequence[tuple[int, AgentView]], options: ViewOptions, most: int) -> list[tuple[int, AgentView]]:
    """The best views of which no two are nearly the same; of equally good ones the first. Views worth nothing are dropped."""
    kept: list[tuple[int, AgentView]] = []
    for score, view in sorted(scored, key=lambda pair: -pair[0]):
        if score <= 0 or len(kept) == most:
            break
        if not any(_alike(view, other, options) for _, other in kept):
            kept.append((score, view))
    return kept


def _alike(one: AgentView, two: AgentView, options: ViewOptions) -> bool:
    turn = abs((one.yaw - two.yaw + 180) % 360 - 180)
    return math.dist(one.position, two.position) < options.apart_m and turn < options.apart_deg


def usable(shot: Shot, objects: Mapping[str, ThorObject], options: ViewOptions) -> tuple[str, ...]:
    """Objects that an edit may be asked of in an image: large enough, whole, the only one of its category that is seen."""
    counts = shot.pixels()
    kinds = Counter(
        i.split("|")[0] if i not in objects else objects[i].category for i, n in counts.items() if n >= options.unique_px
    )
    area = shot.numbers.size
    found = []
    for object_id, pixels in counts.items():
        thing = objects.get(object_id)
        if thing is None or not _may_be_target(thing, options) or kinds[thing.category] > 1:
            continue
        if options.least_share <= pixels / area <= options.most_share and _border(shot, object_id) < options.border_share:
            found.append(object_id)
    return tuple(sorted(found))


def _border(shot: Shot, object_id: str) -> float:
    """Share of the perimeter of an object's box in the image that lies on the image's edge."""
    bounds = bounds_of(shot.mask(object_id))
    if bounds is None:
        return 1.0
    x1, y1, x2, y2 = bounds
    wide, high = x2 - x1, y2 - y1
    height, width = shot.numbers.shape
    on_edge = high * ((x1 == 0) + (x2 == width)) + wide * ((y1 == 0) + (y2 == height))
    return on_edge / (2 * (wide + high))


def is_free(shot: Shot, options: ViewOptions) -> bool:
    """Whether most of the image shows something that is not right in front of the camera."""
    return float((shot.depth_m < options.near_m).mean()) <= options.near_share
