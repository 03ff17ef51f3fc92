"""A photograph as edits ask about it: how much of a box is seen, and what a box would cut through.

Answers come from depth where it is known, else from the boxes. What an edit takes away leaves the unknown behind it.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gsi_bench_builders.engine import Coverage
from gsi_bench_builders.photos.camera import PhotoCamera
from gsi_bench_builders.photos.limits import LIMITS
from gsi_bench_builders.photos.seeing import box_samples, clean_depth, depth_at, holds, ray_spans, sampled, world_points
from gsi_bench_builders.scene import Scene, Thing

__all__ = ["PhotoView"]

_WORK_SIDE = 384  # pixels of the depth that questions are answered from; finer would cost and not tell more


class PhotoView:
    """The pixels of a photograph and what follows from them.

    Attributes:
        camera: of `rgb`.
        rgb: H×W×3 uint8.
        depth_m: H×W float32 along the viewing axis, 0 where not known; None where nothing is.
        told: columns that the photograph's source knows.
        points: seen points in the world, n×3; None without depth.
    """

    def __init__(
        self,
        camera: PhotoCamera,
        rgb: NDArray[np.uint8],
        depth_m: NDArray[np.float32] | None,
        told: Mapping[str, Any],
    ):
        self.camera, self.rgb, self.depth_m, self.told = camera, rgb, depth_m, dict(told)
        scale = min(1.0, _WORK_SIDE / max(camera.width, camera.height))
        width, height = max(1, round(camera.width * scale)), max(1, round(camera.height * scale))
        self._work = camera.resized(width, height)
        self._scale = camera.width / width
        self._depth = None if depth_m is None else sampled(depth_m, (width, height))
        self.points = self._points[0] if self._depth is not None else None

    @functools.cached_property
    def _points(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        if self._depth is None:
            return np.zeros((0, 3)), np.zeros((0, 2))
        return world_points(self._work, clean_depth(self._depth), LIMITS.points)

    def problem(self, thing: Thing) -> str | None:
        """Why a box is not in the photograph, one of `source.REASONS`; None where it is."""
        if not np.isfinite(thing.size).all() or min(thing.size) <= 0:
            return "no_size"
        if self.camera.depth(np.array(thing.position)) <= 0:
            return "behind_camera"
        samples = box_samples(self._work, thing)
        if samples is None:
            return None  # it reaches behind the camera: known to be there, and no target
        if not samples.inside.any():
            return "not_in_image"
        if self._depth is None:
            return None
        seen = depth_at(self._depth, samples.pixels[samples.inside])
        known, noise = seen > 0, LIMITS.noise(float(samples.enter.mean()))
        if known.sum() < LIMITS.least_points:
            return None
        behind = float((seen > samples.leave[samples.inside] + noise)[known].mean())
        within = float(
            (np.abs(seen - np.clip(seen, samples.enter[samples.inside], samples.leave[samples.inside])) <= noise)[known].mean()
        )
        return "not_in_depth" if behind >= LIMITS.behind_share and within < LIMITS.shown_share else None

    def depth_ratio(self, things: Sequence[Thing]) -> float | None:
        """Median of the depth seen at boxes over these boxes' own; None where there is none."""
        if self._depth is None:
            return None
        ratios: list[float] = []
        for thing in things:
            samples = box_samples(self._work, thing)
            if samples is None or not samples.inside.any():
                continue
            seen = depth_at(self._depth, samples.pixels[samples.inside])
            middle = (samples.enter + samples.leave)[samples.inside] / 2
            ratios += (seen[seen > 0] / middle[seen > 0]).tolist()
        return float(np.median(ratios)) if len(ratios) >= LIMITS.least_points else None

    def coverage(self, scene: Scene, thing_id: str, before: Scene) -> Coverage:
        """How much of an object is seen in a state of the scene `before`, which the photograph shows."""
        thing = scene.thing(thing_id)
        samples = None if thing.info.part_of_room else box_samples(self._work, thing)
        if samples is None:
            return Coverage(0.0, 1.0, 0.0, True)
        open_ = samples.inside.copy()
        pixels = samples.pixels[open_]
        # Of what stands where it was photographed, the front may be anywhere in its box. What it would meet elsewhere is in
        # its way where it reaches into the nearer half of the box.
        stands = thing in before.things
        front = samples.enter if stands else (samples.enter + samples.leave) / 2
        open_[open_] = ~self._hidden(scene, thing, before, pixels, front[samples.inside])
        shown = samples.pixels[open_]
        side = float((np.ptp(shown, axis=0) + samples.step).min()) if len(shown) else 0.0
        area = samples.area * self._scale**2
        return Coverage(float(open_.sum()) * area, len(open_) * area, side * self._scale, samples.cut)

    def depths_at(self, scene: Scene, thing_id: str, pixels: NDArray[np.float64], before: Scene) -> NDArray[np.float64]:
        """Depths (n,) of the front of an object's box at pixels (n×2) of the photograph, in another state of `before`.

        inf beside it, where something nearer hides it, and outside of the photograph.
        """
        thing, places = scene.thing(thing_id), pixels / self._scale
        first, last = ray_spans(self._work, thing, places)
        met = np.isfinite(first) & (pixels >= 0).all(axis=1) & (pixels < (self.camera.width, self.camera.height)).all(axis=1)
        front = first if thing in before.things else (first + last) / 2
        met[met] = ~self._hidden(scene, thing, before, places[met], front[met])
        return np.where(met, first, np.inf)

    def _hidden(
        self, scene: Scene, thing: Thing, before: Scene, pixels: NDArray[np.float64], front: NDArray[np.float64]
    ) -> Any:
        """Which pixels (n×2) show something nearer than a depth (n) of the box."""
        old = {t.id: t for t in before.things}
        new = {t.id: t for t in scene.things}
        changed = [t for t in before.things if new.get(t.id) != t]
        seen = np.zeros(len(pixels)) if self._depth is None else depth_at(self._depth, pixels)
        for gone in changed:  # what is seen of it is seen no more: what is behind it is not known
            first, last = ray_spans(self._work, gone, pixels)
            noise = LIMITS.noise_m + LIMITS.noise_share * seen
            seen = np.where((seen >= first - noise) & (seen <= last + noise), 0.0, seen)
        known = seen > 0
        slack = LIMITS.noise_m + LIMITS.noise_share * front
        hidden = known & (seen < front - slack)
        for other in scene.things:
            if other.id == thing.id or other.info.part_of_room or other.on == thing.id or other.id == thing.on:
                continue
            first, _ = ray_spans(self._work, other, pixels)
            with np.errstate(invalid="ignore"):
                nearer = first < front - slack
            # Of what stands where it stood the depth tells; a box is larger than what is in it.
            hidden |= nearer & (~known if old.get(other.id) == other else True)
        return hidden

    def touching(self, scene: Scene, ids: Sequence[str], before: Scene) -> list[tuple[str, str]]:
        """Pairs (one of `ids`, another object or "room") that would cut through each other in a state of `before`."""
        old = {t.id: t for t in before.things}
        found = []
        for id_ in ids:
            thing = scene.thing(id_)
            for other in scene.things:
                apart = other.id in ids or other.id == thing.on or other.info.part_of_room
                if self.points is None and not apart and _deeper(old.get(id_), thing, other):
                    found.append((id_, other.id))
            if self._meets_points(thing, [old[i] for i in ids if i in old]):
                found.append((id_, "room"))
        return found

    def _meets_points(self, thing: Thing, gone: Sequence[Thing]) -> bool:
        """Whether something that is seen, and that the edit leaves where it is, lies in a box."""
        if self.points is None:
            return False
        near = np.linalg.norm(self.points - thing.position, axis=1) <= np.linalg.norm(thing.size) / 2
        points = self.points[near]
        flesh = min(LIMITS.flesh_m, 0.15 * min(thing.size))
        foot = min(LIMITS.lift_m, 0.4 * thing.size[2])
        inside = points[holds(thing, points, -flesh, foot)]
        for moved in gone:
            inside = inside[~holds(moved, inside, LIMITS.noise_m)]
        # A box of few pixels is not full of points: what counts is a share of those that it would show.
        return len(inside) >= LIMITS.least_points


def _deeper(old: Thing | None, new: Thing, other: Thing) -> bool:
    """Whether a box reaches further into another than it did."""
    now = _overlap(new, other)
    return now > LIMITS.flesh_m and (old is None or now > _overlap(old, other) + LIMITS.flesh_m)


def _overlap(one: Thing, other: Thing) -> float:
    """The least of the lengths by which two upright boxes overlap along the axes of either; below 0: they are apart."""
    axes = np.concatenate([np.array(one.rotation).T, np.array(other.rotation).T])
    between = np.abs(axes @ (np.array(one.position) - other.position))
    reach = sum(np.abs(axes @ np.array(t.rotation)) @ (np.array(t.size) / 2) for t in (one, other))
    return float((reach - between).min())
