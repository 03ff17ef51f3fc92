"""What makers of furniture groups share: looks of kinds, ids that count up over a whole floor, things on their places."""

from __future__ import annotations

import numpy as np

from gsi_bench_builders.assets.looks import Looks
from gsi_bench_builders.composition.interiors.floor import Floor, upright
from gsi_bench_builders.interiors import WALLS, Opening, Plan, Wall
from gsi_bench_builders.scene import AssetInfo, Thing

__all__ = ["Maker", "door_in", "wall_behind"]

_DOOR_M, _DOOR_Z = 0.86, 2.04


class Maker:
    """Draws groups for a floor."""

    def __init__(self, floor: Floor, rng: np.random.Generator, looks: Looks):
        self.floor, self.rng, self._looks = floor, rng, looks
        self._given: dict[str, int] = {}

    def look(self, name: str) -> AssetInfo:
        """An asset of a kind."""
        return self._looks.draw(name, self.rng)

    def chance(self, share: float) -> bool:
        """True in this share of the cases."""
        return bool(self.rng.random() < share)

    def one_of(self, names: str) -> AssetInfo:
        """An asset of one of the kinds separated by `|`."""
        return self.look(str(self.rng.choice(names.split("|"))))

    def new_id(self, info: AssetInfo) -> str:
        """`<noun>_<number>`, never given before."""
        self._given[info.category] = self._given.get(info.category, 0) + 1
        return f"{info.category.replace(' ', '_')}_{self._given[info.category]}"

    def stand(self, info: AssetInfo, x: float, y: float, turn_deg: float = 0.0, on: Thing | None = None) -> Thing:
        """A thing of an asset, upright with the middle of its base at a point of the floor or of what carries it."""
        z = 0.0 if on is None else float(on.receptacle_outline()[0, 2])
        return upright(self.new_id(info), info, (x, y, z), turn_deg, None if on is None else on.id)

    def loose(self, info: AssetInfo) -> Thing:
        """A thing that has no place yet."""
        return Thing(self.new_id(info), info, (0.0, 0.0, 0.0))


def door_in(wall: Wall, span: tuple[float, float], rng: np.random.Generator, swing: float = _DOOR_M) -> Opening:
    """A door near one end of a wall."""
    low, high = span
    at = low + 0.15 if rng.random() < 0.5 else high - 0.15 - _DOOR_M
    room = max(0.0, high - low - _DOOR_M - 0.3)
    at += float(rng.uniform(0, min(0.3, room))) * (1 if at < (low + high) / 2 - _DOOR_M / 2 else -1)
    return Opening("door", wall, (round(at, 2), round(at + _DOOR_M, 2)), (0.0, _DOOR_Z), swing)


def wall_behind(plan: Plan, thing: Thing) -> Wall | None:
    """The wall that something stands with its back at."""
    for wall in WALLS:
        corners = thing.corners()[:, 0 if wall in ("east", "west") else 1]
        reach = corners.max() if wall in ("east", "north") else corners.min()
        back = np.array(thing.rotation)[:2, 1]
        outwards = {"south": (0, -1), "east": (1, 0), "north": (0, 1), "west": (-1, 0)}[wall]
        if abs(reach - plan.face(wall)) < 0.06 and float(back @ np.array(outwards)) > 0.9:
            return wall
    return None
