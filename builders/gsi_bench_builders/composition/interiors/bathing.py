"""Bathrooms: their plans, and their fittings with the room that people need to use them."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from gsi_bench_builders.assets.looks import Looks
from gsi_bench_builders.composition.interiors.floor import Floor, Group, rectangle
from gsi_bench_builders.composition.interiors.maker import Maker, door_in, wall_behind
from gsi_bench_builders.interiors import WALLS, Opening, Plan, Wall
from gsi_bench_builders.scene import Thing

__all__ = ["WALL_GAP_M", "draw_plan", "furnish"]

WALL_GAP_M = 0.012  # tiles stand 9 mm out from the wall
_USE_M = 0.6  # before a toilet, a basin
_STEP_M = 0.5  # before a tub
# Of a rail's bar: behind the front of its box, and above its lowest point. A towel's bend rises above the bar's middle.
_BAR_M, _BAR_Z_M, _BEND_M = 0.011, 0.025, 0.021


def draw_plan(rng: np.random.Generator) -> Plan:
    """A small rectangle with a door and perhaps a high window."""
    w, d, h = (round(float(rng.uniform(*r)), 2) for r in ((2.5, 3.4), (2.2, 3.0), (2.4, 2.6)))
    x, y = (-w / 2, w / 2), (-d / 2, d / 2)
    walls: list[Wall] = [WALLS[i] for i in rng.permutation(4)]
    spans = {"south": x, "north": x, "east": y, "west": y}
    openings = [door_in(walls[0], spans[walls[0]], rng)]
    if rng.random() < 0.7:
        low, high = spans[walls[1]]
        wide = round(float(rng.uniform(0.6, 0.9)), 2)
        at = float(rng.uniform(low + 0.3 + wide / 2, high - 0.3 - wide / 2))
        openings.append(Opening("window", walls[1], (round(at - wide / 2, 2), round(at + wide / 2, 2)), (1.35, 2.1)))
    return Plan(x, y, h, tuple(openings))


def furnish(floor: Floor, rng: np.random.Generator, looks: Looks) -> bool:
    """Puts a bathroom's fittings onto a floor; False where a basin, a toilet and a tub or shower find no room."""
    maker = _Bath(floor, rng, looks)
    order: list[Wall] = [WALLS[i] for i in rng.permutation(4)]
    wet = [maker.tub, maker.shower] if maker.chance(0.6) else [maker.shower, maker.tub]
    if not any(floor.against_wall(group(), order, rng, ends=True) for group in wet):
        return False
    vanity = maker.washing()
    if floor.against_wall(vanity, order, rng) is None or floor.against_wall(maker.toilet(), order, rng) is None:
        return False
    maker.mirrors()
    maker.roll_holder()
    maker.rails(order)
    if maker.chance(0.75):
        floor.against_wall(maker.storage(), order, rng)
    for name in ("trash can", "laundry basket", "step stool", "stool", "storage basket"):
        if maker.chance(0.6 if name != "stool" else 0.25):
            floor.against_wall(maker.single(name), order, rng, tries=30)
    maker.mats()
    maker.pictures()
    return True


class _Bath(Maker):
    """Groups of a bathroom."""

    def tub(self) -> Group:
        """A tub with room to step in."""
        info = self.look("bathtub")
        w, d, _ = info.size
        return Group((self.stand(info, 0.0, -d / 2),), (rectangle((-w / 2, w / 2), (-d - _STEP_M, -d)),))

    def shower(self) -> Group:
        """A shower, open to the front."""
        info = self.look("shower")
        w, d, _ = info.size
        return Group((self.stand(info, 0.0, -d / 2),), (rectangle((-w / 2, w / 2), (-d - _USE_M, -d)),), tall=True)

    def washing(self) -> Group:
        """A wash stand with room before it."""
        info = self.look("vanity")
        w, d, _ = info.size
        return Group((self.stand(info, 0.0, -d / 2),), (rectangle((-w / 2, w / 2), (-d - _USE_M, -d)),))

    def toilet(self) -> Group:
        """A toilet with its brush, room beside and before it."""
        info = self.look("toilet")
        w, d, _ = info.size
        things = [self.stand(info, 0.0, -d / 2)]
        side = 1 if self.chance(0.5) else -1
        if self.chance(0.8):
            brush = self.look("toilet brush")
            things.append(self.stand(brush, side * (w / 2 + 0.1 + brush.size[0] / 2), -0.04 - brush.size[1] / 2))
        zones = (rectangle((-w / 2 - 0.1, w / 2 + 0.1), (-d - _USE_M, -d)),)
        return Group(tuple(things), zones)

    def storage(self) -> Group:
        """A cabinet or a rack."""
        info = self.one_of("bathroom cabinet|shelving unit")
        w, d, _ = info.size
        return Group((self.stand(info, 0.0, -d / 2),), (rectangle((-w / 2, w / 2), (-d - 0.45, -d)),))

    def single(self, name: str) -> Group:
        """One thing at a wall."""
        info = self.look(name)
        return Group((self.stand(info, 0.0, -info.size[1] / 2 - 0.02, float(self.rng.normal(0, 8))),))

    def mirrors(self) -> None:
        """Over the wash stand."""
        for thing in [t for t in self.floor.things if t.info.category == "vanity"]:
            wall = wall_behind(self.floor.plan, thing)
            if wall is None:
                continue
            along = thing.position[0] if wall in ("north", "south") else thing.position[1]
            bottom = float(thing.corners()[:, 2].max()) + 0.06
            for _ in range(6):
                info = self.look("mirror")
                fits = info.size[0] < thing.size[0] - 0.1 and bottom + info.size[2] < self.floor.plan.height - 0.1
                if fits and self.floor.hang(self.loose(info), wall, along, bottom + info.size[2] / 2, off=WALL_GAP_M):
                    break

    def roll_holder(self) -> None:
        """On the wall beside the toilet, at a sitter's hand."""
        for thing in [t for t in self.floor.things if t.info.category == "toilet"]:
            wall = wall_behind(self.floor.plan, thing)
            if wall is None:
                continue
            along = thing.position[0] if wall in ("north", "south") else thing.position[1]
            for step in (0.32, -0.32, 0.38, -0.38):
                if self.floor.hang(self.loose(self.look("toilet roll holder")), wall, along + step, 0.72, off=WALL_GAP_M):
                    return

    def rails(self, order: list[Wall]) -> None:
        """One or two rails on free pieces of wall, mostly with a towel."""
        wanted = 1 if self.chance(0.6) else 2
        for wall in order:
            low, high = self.floor.plan.along(wall)
            for _ in range(10):
                if wanted == 0:
                    return
                rail = self.loose(self.look("towel rail"))
                at = float(self.rng.uniform(low + 0.4, high - 0.4))
                if self.floor.hang(rail, wall, at, float(self.rng.uniform(1.12, 1.25)), below=0.66, off=WALL_GAP_M):
                    wanted -= 1
                    if self.chance(0.85):
                        self._drape(self.floor.things[-1])

    def _drape(self, rail: Thing) -> None:
        info = self.look("bath towel")
        own = np.array(rail.rotation)
        room = max(0.0, rail.size[0] / 2 - info.size[0] / 2 - 0.03)
        aside = float(self.rng.uniform(-room, room))
        bar = np.array(rail.position) + own @ np.array([aside, _BAR_M - rail.size[1] / 2, 0.0])
        z = rail.base_z + _BAR_Z_M + _BEND_M - info.size[2] / 2
        towel = self.loose(info)
        self.floor.things.append(dataclasses.replace(towel, position=(float(bar[0]), float(bar[1]), z), rotation=rail.rotation))

    def mats(self) -> None:
        """Before the tub, the shower or the basin."""
        for noun in ("bathtub", "shower", "vanity"):
            for thing in [t for t in self.floor.things if t.info.category == noun]:
                if self.chance(0.55):
                    info = self.look("bath mat")
                    front = np.array(thing.rotation)[:2, 1] * -(thing.size[1] / 2 + info.size[1] / 2 + 0.06)
                    heading = math.degrees(math.atan2(thing.rotation[1][0], thing.rotation[0][0]))
                    at = np.array(thing.position[:2]) + front + self.rng.normal(0, 0.03, 2)
                    self.floor.lay(self.stand(info, float(at[0]), float(at[1]), heading + float(self.rng.normal(0, 3))))
        if self.chance(0.5):
            info = self.look("bathroom scale")
            free = np.argwhere(self.floor.free_cells(0.2))
            x, y = self.floor.grid()
            for index in self.rng.permutation(len(free))[:30]:
                i, j = free[index]
                turn = float(self.rng.choice([0, 90, 180, 270])) + float(self.rng.normal(0, 5))
                if self.floor.lay(self.stand(info, float(x[j]), float(y[i]), turn)):
                    return

    def pictures(self) -> None:
        """A print on a free piece of wall."""
        for _ in range(2):
            wall = WALLS[int(self.rng.integers(4))]
            low, high = self.floor.plan.along(wall)
            info, at = self.look("painting"), float(self.rng.uniform(low + 0.4, high - 0.4))
            if info.size[0] < 0.7 and self.chance(0.5):
                self.floor.hang(self.loose(info), wall, at, 1.6, off=WALL_GAP_M)
