"""Where a camera stands in a room: on free floor, at eye height, near enough to things that can be edited."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from gsi_bench_builders.composition.interiors.floor import Floor
from gsi_bench_builders.polygons import clip, hull
from gsi_bench_builders.scene import Camera, Thing

__all__ = ["ViewRules", "choose_view", "judge_view", "near_share", "seen_things"]

Floats = NDArray[np.float64]
_CELLS = 96
_NEAR_M = 0.05
# A box: its corners in the order of `Thing.corners`.
_FACES = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))


@dataclasses.dataclass(frozen=True)
class ViewRules:
    """What makes a view.

    Attributes:
        height_m: of the camera above the floor.
        fov_deg: of the image's larger side; focal lengths vary so.
        distance_m: from what it looks at, along the floor.
        body_m: free floor around its foot.
        wall_m: from walls.
        side: of a target's image, share of the image's width.
        share: of a target that must be seen.
        wanted: targets in a view, at least.
        near_m, near_share: no more than this share of the image may be nearer than that.
        pitch_deg: down from the horizontal, smallest and largest.
        tries: candidate views.
    """

    height_m: tuple[float, float] = (1.2, 1.6)
    fov_deg: tuple[float, float] = (44.0, 68.0)
    distance_m: tuple[float, float] = (1.0, 2.6)
    body_m: float = 0.2
    wall_m: float = 0.3
    side: float = 0.072
    share: float = 0.65
    wanted: int = 5
    near_m: float = 0.55
    near_share: float = 0.08
    pitch_deg: tuple[float, float] = (3.0, 30.0)
    tries: int = 90


def choose_view(
    floor: Floor, things: Sequence[Thing], rng: np.random.Generator, size: int, rules: ViewRules, *, focuses: int = 3
) -> Camera | None:
    """The best of some views; None where none is good enough.

    Args:
        focuses: of the places worth looking at, how many are tried: fewer give rooms more different views.
    """
    free = floor.free_cells(rules.body_m)
    x, y = floor.grid()
    cells = [(float(x[j]), float(y[i])) for i, j in np.argwhere(free) if floor.plan.holds((x[j], y[i], 1.0), rules.wall_m)]
    found = _focuses(things)
    if not cells or not found:
        return None
    places = [found[i] for i in rng.permutation(len(found))[:focuses]]
    best: tuple[float, Camera] | None = None
    for _ in range(rules.tries):
        focus = places[int(rng.integers(len(places)))]
        near = [c for c in cells if rules.distance_m[0] <= math.dist(c, focus[:2]) <= rules.distance_m[1]]
        if not near:
            continue
        at = near[int(rng.integers(len(near)))]
        height = float(rng.uniform(*rules.height_m))
        # A little above what is looked at: the room is seen, and not the floor before it.
        target = focus + rng.normal(0, (0.12, 0.12, 0.05)) + (0.0, 0.0, float(rng.uniform(0.0, 0.3)))
        camera = Camera.look_at((*at, height), target.tolist(), float(rng.uniform(*rules.fov_deg)), size, size)
        score = judge_view(floor, things, camera, rules)
        if score is not None and (best is None or score > best[0]):
            best = (score, camera)
    return best[1] if best else None


def _focuses(things: Sequence[Thing]) -> list[Floats]:
    """Points worth looking at: surfaces that carry things, weighted by how many."""
    found = []
    for carrier in things:
        load = [t for t in things if t.on == carrier.id and t.info.hold == "free"]
        if load:
            middle = np.mean([t.position for t in load], axis=0)
            found += [middle] * min(len(load), 2)
    found += [np.array(t.position) for t in things if t.info.hold == "free" and t.on is None and max(t.size) < 1.0]
    return found


def judge_view(floor: Floor, things: Sequence[Thing], camera: Camera, rules: ViewRules) -> float | None:
    """How good a view is; None where it breaks a rule."""
    pitch = math.degrees(math.asin(-camera.rotation[2][2]))
    if not floor.plan.holds(camera.position, rules.wall_m * 0.99) or not rules.pitch_deg[0] <= pitch <= rules.pitch_deg[1]:
        return None
    if near_share(things, camera, rules.near_m) > rules.near_share:
        return None
    seen = seen_things(floor, things, camera)
    good = [t for t, (share, side, whole) in seen.items() if whole and share >= rules.share and side >= rules.side]
    targets = [t for t in good if t.info.nameable and t.info.hold == "free"]
    if len({t.info.category for t in targets}) < rules.wanted:
        return None
    filled = np.zeros((_CELLS, _CELLS), dtype=bool)
    for thing in seen:
        if thing.size[2] > 0.03:
            filled |= _mask(camera, thing.corners())
    carriers = sum(t.info.receptacle is not None for t in good)
    shown = sum(share >= 0.5 and side >= 0.05 for share, side, _ in seen.values())
    # The sums are of small gains: a seventh target says less than a third. A bare floor or wall shows no room.
    score = math.sqrt(len(targets)) + 0.2 * min(carriers, 3) + 0.07 * min(shown, 14) + 1.8 * min(float(filled.mean()), 0.5)
    score += 0.6 * _facing(camera, [t for t, (share, _, _) in seen.items() if share >= 0.3 and max(t.size) > 0.5])
    return score - 0.04 * max(pitch - 20.0, 0.0) - 2.0 * near_share(things, camera, 2 * rules.near_m)


def _facing(camera: Camera, things: Sequence[Thing]) -> float:
    """How much furniture turns its front to the camera: 1 all, -1 none; a row of it seen along a wall shows little."""
    turned = []
    for thing in things:
        away = np.array(camera.position)[:2] - thing.position[:2]
        turned.append(float(-np.array(thing.rotation)[:2, 1] @ away / max(float(np.linalg.norm(away)), 1e-9)))
    return float(np.mean(turned)) if turned else 0.0


def seen_things(floor: Floor, things: Sequence[Thing], camera: Camera) -> dict[Thing, tuple[float, float, bool]]:
    """(visible share, shorter side as share of the image's width, wholly in the image) of each thing that is seen at all."""
    walls = [_mask(camera, _block(p.x, p.y, p.height or floor.plan.height)) for p in floor.plan.partitions]
    masks = [_mask(camera, t.corners()) for t in things]
    depths = [_depth(camera, t) for t in things]
    wall_depths = [float(camera.depth(np.array([sum(p.x) / 2, sum(p.y) / 2, 1.0]))) for p in floor.plan.partitions]
    found = {}
    for i, thing in enumerate(things):
        if not masks[i].any():
            continue
        chain = _chain(thing, things)
        free = masks[i].copy()
        for j, other in enumerate(things):
            if j != i and other.id not in chain and thing.id != other.on and other.size[2] > 0.03 and depths[j] < depths[i]:
                free &= ~masks[j]
        for mask, depth in zip(walls, wall_depths, strict=True):
            if depth < depths[i]:
                free &= ~mask
        pixels = camera.project(thing.corners()) / camera.width
        if not np.isfinite(pixels).all():
            continue
        low, high = pixels.min(axis=0), pixels.max(axis=0)
        top = camera.height / camera.width
        whole = bool((low >= 0.012).all() and high[0] <= 0.988 and high[1] <= top - 0.012)
        found[thing] = (float(free.sum() / max(masks[i].sum(), 1)), float((high - low).min()), whole)
    return found


def near_share(things: Sequence[Thing], camera: Camera, near_m: float) -> float:
    """Share of the image that shows something nearer than a distance."""
    total = np.zeros((_CELLS, _CELLS), dtype=bool)
    for thing in things:
        corners = thing.corners()
        if np.linalg.norm(np.array(thing.position) - camera.position) - np.linalg.norm(thing.size) / 2 < near_m:
            depth = camera.depth(corners)
            if depth.min() < near_m:
                total |= _mask(camera, corners)
    return float(total.mean())


def _chain(thing: Thing, things: Sequence[Thing]) -> set[str]:
    """All that carries it."""
    by_id = {t.id: t for t in things}
    found, at = set(), thing
    while at.on is not None:
        found.add(at.on)
        at = by_id[at.on]
    return found


def _depth(camera: Camera, thing: Thing) -> float:
    return float(camera.depth(np.array(thing.position)))


def _block(x: tuple[float, float], y: tuple[float, float], z: float) -> Floats:
    return np.array([(a, b, c) for a in x for b in y for c in (0.0, z)])


def _mask(camera: Camera, corners: Floats) -> NDArray[np.bool_]:
    """Which cells of a coarse raster over the image a box (8×3) covers, as far as it is before the camera."""
    depth = camera.depth(corners)
    if depth.max() < _NEAR_M:
        return np.zeros((_CELLS, _CELLS), dtype=bool)
    cut = [clip(corners[list(face)], _NEAR_M - depth[list(face)]) for face in _FACES]
    pixels = camera.project(np.concatenate(cut)) * (_CELLS / camera.width)
    outline = hull(np.clip(pixels, -1e4, 1e4))
    image = Image.new("1", (_CELLS, _CELLS))
    if len(outline) >= 3:
        ImageDraw.Draw(image).polygon([tuple(p) for p in outline.tolist()], fill=1)
    return np.asarray(image, dtype=bool)
