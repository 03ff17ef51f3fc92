"""What every edit must keep: nothing cuts through anything, hangs over an edge or is hidden. Cheap checks come first."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gsi_bench_builders.edits.base import EditOptions, Rejected
from gsi_bench_builders.engine import Coverage, Probe
from gsi_bench_builders.scene import Camera, Scene, Thing

__all__ = ["Search", "footprint", "inside_polygon", "rectangle"]

Points = NDArray[np.float64]


@dataclasses.dataclass
class Search:
    """A scene in which edits are looked for.

    Attributes:
        min_target_px: smallest shorter side of a target's picture.
    """

    scene: Scene
    probe: Probe
    rng: np.random.Generator
    options: EditOptions
    min_target_px: float

    def __post_init__(self) -> None:
        self._coverage: dict[str, Coverage] = {}

    def coverage(self, thing_id: str) -> Coverage:
        """How much of a thing is seen before any edit."""
        if thing_id not in self._coverage:
            self._coverage[thing_id] = self.probe.coverage(self.scene, thing_id)
        return self._coverage[thing_id]

    def pick_target(self, *, movable: bool = True) -> Thing:
        """A thing that an instruction may be about; `movable`: one that nothing stands on counts too, with its load."""
        named = [t for t in self.scene.things if t.info.nameable and (t.is_upright or not movable)]
        if not named:
            raise Rejected("no_candidate")
        thing = named[int(self.rng.integers(len(named)))]
        seen = self.coverage(thing.id)
        if seen.touches_edge:
            raise Rejected("out_of_frame")
        if seen.share < self.options.visible_share:
            raise Rejected("hidden_before")
        if seen.shorter_side_px < self.min_target_px:
            raise Rejected("too_small")
        return thing

    def with_load(self, thing: Thing) -> list[Thing]:
        """A thing and all that stands on it."""
        return [thing, *self.scene.carried_by(thing.id)]

    def check_standing(self, after: Scene, changed: Sequence[str]) -> None:
        """Changed things stand wholly on what carries them, apart from all others."""
        for thing_id in changed:
            thing = after.thing(thing_id)
            if thing.on is None and not self._on_support(after, thing):
                raise Rejected("off_support")
            if thing.on is not None and not self._on_carrier(after, thing):
                raise Rejected("off_support")
        self._check_boxes(after, changed)
        if self.probe.touching(after, changed):
            raise Rejected("collision")

    def check_seen(self, after: Scene, target: str) -> None:
        """The target is in frame, large enough and seen well enough; what was seen of others is not hidden."""
        pixels = after.camera.project(after.thing(target).corners())
        if not _in_frame(pixels, after.camera):
            raise Rejected("out_of_frame")
        seen = self.probe.coverage(after, target)
        if seen.touches_edge:
            raise Rejected("out_of_frame")
        if seen.share < self.options.visible_share:
            raise Rejected("hidden_after")
        if seen.shorter_side_px < self.min_target_px:
            raise Rejected("too_small")
        covers = rectangle(after, target)
        for thing in after.things:
            if thing.id != target and _overlap(covers, rectangle(after, thing.id)) > 0:
                now, former = self.probe.coverage(after, thing.id), self.coverage(thing.id)
                if now.visible_px < (1 - self.options.hidden_share) * former.visible_px:
                    raise Rejected("hides_another")

    def check_changes(self, after: Scene, target: str) -> None:
        """The target's rectangle in the picture is another one than before."""
        if _iou(rectangle(self.scene, target), rectangle(after, target)) > self.options.changed_iou:
            raise Rejected("barely_changes")

    def _on_support(self, scene: Scene, thing: Thing) -> bool:
        flat, margin = footprint(thing), self.options.margin_m
        (x1, x2), (y1, y2) = scene.support.x, scene.support.y
        low, high = flat.min(axis=0), flat.max(axis=0)
        return bool((low >= (x1 + margin, y1 + margin)).all() and (high <= (x2 - margin, y2 - margin)).all())

    def _on_carrier(self, scene: Scene, thing: Thing) -> bool:
        carrier = scene.thing(thing.on or "")
        before = self.scene.thing(thing.on or "") if thing.on in {t.id for t in self.scene.things} else carrier
        if carrier != before:
            return True  # it was carried along
        if carrier.info.receptacle is None:
            return False
        return inside_polygon(footprint(thing), carrier.receptacle_outline()[:, :2])

    def _check_boxes(self, after: Scene, changed: Sequence[str]) -> None:
        moved = set(changed)
        for thing_id in changed:
            thing = after.thing(thing_id)
            others = [t for t in after.things if t.id not in moved and not _related(after, thing, t)]
            if others and _boxes_meet(thing, others, self.options.clearance_m):
                raise Rejected("collision")


def footprint(thing: Thing) -> Points:
    """Corners of a thing's box on the ground, 8×2."""
    return np.asarray(thing.corners()[:, :2])


def inside_polygon(points: Points, outline: Points) -> bool:
    """Whether all points (n×2) lie in a convex polygon (m×2, either sense)."""
    side = np.roll(outline, -1, axis=0) - outline
    offset = points[:, None] - outline[None]
    turn = side[None, :, 0] * offset[..., 1] - side[None, :, 1] * offset[..., 0]
    return bool((turn >= -1e-9).all() or (turn <= 1e-9).all())


def rectangle(scene: Scene, thing_id: str) -> Points:
    """x1, y1, x2, y2 around a thing's projected box, pixels."""
    pixels = scene.camera.project(scene.thing(thing_id).corners())
    return np.concatenate([pixels.min(axis=0), pixels.max(axis=0)])


def _related(scene: Scene, a: Thing, b: Thing) -> bool:
    """Whether one stands on the other, directly or not: such boxes may overlap, surfaces are looked at."""
    return b.id in _carriers(scene, a) or a.id in _carriers(scene, b)


def _carriers(scene: Scene, thing: Thing) -> set[str]:
    found: set[str] = set()
    while thing.on is not None and thing.on not in found:
        found.add(thing.on)
        thing = scene.thing(thing.on)
    return found


def _boxes_meet(thing: Thing, others: Sequence[Thing], clearance: float) -> bool:
    """Whether an oriented box comes nearer than `clearance` to any other: separating axes, all pairs at once.

    15 candidate axes (Gottschalk et al. 1996). Along an axis that separates, the gap is at most the distance.
    """
    a = np.array(thing.rotation).T
    b = np.stack([np.array(t.rotation).T for t in others])
    cross = np.cross(a[None, :, None], b[:, None, :]).reshape(len(others), 9, 3)
    axes = np.concatenate([np.broadcast_to(a, b.shape), b, cross], axis=1)
    length = np.linalg.norm(axes, axis=-1)
    usable = length > 1e-9
    axes = axes / np.where(usable, length, 1)[..., None]
    half_a, half_b = np.array(thing.size) / 2, np.array([t.size for t in others]) / 2
    reach_a = (np.abs(axes @ a.T) * half_a).sum(axis=-1)
    reach_b = (np.abs(np.einsum("nij,nkj->nik", axes, b)) * half_b[:, None]).sum(axis=-1)
    apart = np.array([t.position for t in others]) - thing.position
    gap = np.abs(np.einsum("nij,nj->ni", axes, apart)) - reach_a - reach_b
    widest = np.where(usable, gap, -np.inf).max(axis=1)
    return bool((widest < clearance).any())


def _in_frame(pixels: Points, camera: Camera) -> bool:
    return bool(np.isfinite(pixels).all() and (pixels >= 0).all() and (pixels <= (camera.width, camera.height)).all())


def _overlap(a: Points, b: Points) -> float:
    sides = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    return float(np.prod(np.maximum(sides, 0)))


def _iou(a: Points, b: Points) -> float:
    both = _overlap(a, b)
    return both / (float(np.prod(a[2:] - a[:2])) + float(np.prod(b[2:] - b[:2])) - both)
