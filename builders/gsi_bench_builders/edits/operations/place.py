"""Place: an object goes on or into another that can carry it, anywhere there or at a named spot."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from gsi_bench_builders.edits import wording
from gsi_bench_builders.edits.aiming import others, targets
from gsi_bench_builders.edits.base import Candidate, Effect, Rejection, Stage, draw, ground_direction
from gsi_bench_builders.edits.geometry import in_image
from gsi_bench_builders.footprints import swept_footprint
from gsi_bench_builders.frames import camera_region
from gsi_bench_builders.polygons import clip_below, depth_inside
from gsi_bench_builders.scene import Scene, Thing
from gsi_bench_dataset.records import Operation

__all__ = ["SPOTS", "Place", "admissible_region", "propose"]

# Spots that words can name; sides as the camera sees them.
SPOTS = ("center", "left", "right", "front", "behind")
# "The left edge" admits this part of the way across, from the left; "the center" this part around the middle.
_EDGE_SHARE, _CENTER_SHARE = 1 / 3, 0.5
_TRIES = 30


@dataclasses.dataclass(frozen=True)
class Place(Candidate):
    """A target's base centre goes to `point` (x, y, world) on a receptacle; `spot` is one of `SPOTS` or None (anywhere).

    The point is one of many that obey the words, so two placements that differ in it only are the same edit.
    """

    kind: ClassVar[str] = "place"
    effect: ClassVar[Effect] = "place"
    target: str
    receptacle: str
    spot: str | None
    point: tuple[float, float] = dataclasses.field(compare=False)

    def spoken_of(self) -> dict[str, str]:
        """What the target goes on or into."""
        return {"receptacle": self.receptacle}

    def check(self, stage: Stage) -> Rejection | None:
        """Both have names that such a sentence can hold; the target is elsewhere and carries nothing; the receptacle stands,
        and a named part of it is in the image; furniture stays on the floor.
        """
        names, scene = stage.names, stage.scene
        # "Put the mug on the plate in the bowl" has two meanings.
        if any(id_ not in names or names[id_].trailing for id_ in (self.target, self.receptacle)):
            return Rejection("ambiguous")
        if scene.carried_by(self.target):
            return Rejection("carried_load")
        if not scene.thing(self.receptacle).is_upright:
            return Rejection("not_upright")
        if self._lifts_furniture(stage):
            return Rejection("stays_on_floor")
        region = admissible_region(scene, scene.thing(self.receptacle), self.spot)
        if self.spot is not None and not in_image(scene.camera, region):
            return Rejection("out_of_sight")  # nobody knows where its left edge is
        return Rejection("already_there") if scene.thing(self.target).on == self.receptacle else None

    def _lifts_furniture(self, stage: Stage) -> bool:
        """A floor lamp may go onto a rug, and a cushion onto a sofa, but no floor lamp onto a sofa."""
        scene, options = stage.scene, stage.options
        target, surface = scene.thing(self.target), _surface_z(scene.thing(self.receptacle))
        stands = max(target.size) >= options.scale_below_m and target.base_z - scene.support.z < options.on_floor_m
        return stands and surface - scene.support.z >= options.on_floor_m

    def unsaid(self, stage: Stage) -> bool:
        """The reference always names a spot."""
        return super().unsaid(stage) or self.spot is None

    def apply(self, scene: Scene) -> Scene:
        """The target on the receptacle's surface; its turn stays."""
        target = scene.thing(self.target)
        surface = _surface_z(scene.thing(self.receptacle))
        x, y, _ = target.position
        placed = target.moved((self.point[0] - x, self.point[1] - y, surface - target.base_z))
        return scene.with_things([dataclasses.replace(placed, on=self.receptacle)])

    def operation(self, stage: Stage) -> Operation:
        """With the region that the words admit for the base's centre, in the camera frame."""
        region = admissible_region(stage.scene, stage.scene.thing(self.receptacle), self.spot)
        return Operation(
            kind="place",
            direction=self.spot,
            frame=None if self.spot in (None, "center") else "camera",
            receptacle=stage.names[self.receptacle].noun,
            region=camera_region(stage.scene.camera, region),
        )

    def describe(self, stage: Stage, rng: np.random.Generator) -> tuple[str, str]:
        """Such as "Put the apple on the plate."."""
        receptacle = stage.scene.thing(self.receptacle).info.receptacle
        if receptacle is None:
            raise ValueError(f"{self.receptacle} is no receptacle")
        slots = wording.target_slots(stage.names[self.target], None) | wording.other_slots(stage.names[self.receptacle])
        return wording.say(f"place/{self.spot or receptacle.relation}", slots, rng, stage.options.phrasing)


def propose(stage: Stage, rng: np.random.Generator) -> Place | Rejection:
    """A random target, receptacle, perhaps a spot, and a point there at which the target's whole base is carried."""
    receptacle = draw(tuple(t for t in others(stage) if t.info.receptacle is not None and t.info.receptacle.is_plain), rng)
    if receptacle is None:
        return Rejection("no_candidate")
    target = draw(tuple(t for t in targets(stage, "place") if t.id != receptacle.id), rng)
    if target is None:
        return Rejection("no_candidate")
    # Only a surface has edges that one can name; "in the left edge of the bowl" means nothing.
    relation = receptacle.info.receptacle.relation if receptacle.info.receptacle else "on"
    spot = SPOTS[int(rng.integers(len(SPOTS)))] if rng.random() < stage.options.spot_share and relation == "on" else None
    if relation == "in" and stage.options.phrasing != "ours":
        spot = "center"  # the reference always names a spot, of bowls too
    region = admissible_region(stage.scene, receptacle, spot)[:, :2]
    outline = receptacle.receptacle_outline()[:, :2]
    base = swept_footprint(target) - target.position[:2]
    points = rng.uniform(region.min(axis=0), region.max(axis=0), size=(_TRIES, 2))
    carried = depth_inside(points[:, None] + base, outline).min(axis=1) >= stage.options.receptacle_margin_m
    good = points[carried & (depth_inside(points, region) >= 0)]
    if not len(good):
        return Rejection("does_not_fit")
    return Place(target.id, receptacle.id, spot, (float(good[0, 0]), float(good[0, 1])))


def _surface_z(receptacle: Thing) -> float:
    return float(receptacle.receptacle_outline()[0, 2])


def admissible_region(scene: Scene, receptacle: Thing, spot: str | None) -> NDArray[np.float64]:
    """Corners (world, n×3) of where a base's centre obeys the words; see `SPOTS`."""
    outline = receptacle.receptacle_outline()
    if spot is None:
        return outline
    if spot == "center":
        middle = outline.mean(axis=0)
        return np.asarray(middle + _CENTER_SHARE * (outline - middle))
    outwards = ground_direction(scene, spot)[:2]
    reach = outline[:, :2] @ outwards
    limit = float(reach.max() - _EDGE_SHARE * (reach.max() - reach.min()))
    return clip_below(outline, -outwards, -limit)
