"""A floor under arrangement: what stands where, and what must stay free so that doors open and people walk."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gsi_bench_builders.footprints import footprint
from gsi_bench_builders.interiors import WALLS, Plan, Wall
from gsi_bench_builders.polygons import gap
from gsi_bench_builders.scene import AssetInfo, Thing

__all__ = ["APART_M", "Floats", "Floor", "Group", "meets_hung", "opposite", "rectangle", "upright"]

Floats = NDArray[np.float64]

APART_M = 0.02  # between what stands on the floor
WALL_GAP_M = 0.022  # between furniture and the wall behind it: its skirting is 16 mm deep
_CELL_M = 0.1
_WALK_M = 0.26  # half of the width that a person needs
_TURN_DEG = {"north": 0.0, "east": -90.0, "south": 180.0, "west": 90.0}


def rectangle(x: tuple[float, float], y: tuple[float, float]) -> Floats:
    """Its corners, counter-clockwise, 4×2."""
    return np.array([(x[0], y[0]), (x[1], y[0]), (x[1], y[1]), (x[0], y[1])])


def upright(
    thing_id: str, info: AssetInfo, base: tuple[float, float, float], turn_deg: float = 0.0, on: str | None = None
) -> Thing:
    """An asset that stands with the middle of its base at a point; turned counter-clockwise from above."""
    x, y, z = base
    thing = Thing(thing_id, info, (x, y, z + info.size[2] / 2), on=on)
    return thing.turned(math.radians(turn_deg)) if turn_deg else thing


@dataclasses.dataclass(frozen=True)
class Group:
    """Furniture that is used together, around the origin: its back towards +y, people before it.

    Attributes:
        things: those with `on` None stand on the floor, or hang on the wall behind (base above the floor).
        zones: rectangles (4×2) that nothing else may stand in: seats, drawers, ways.
        tall: it would stand in front of a window.
    """

    things: tuple[Thing, ...]
    zones: tuple[Floats, ...] = ()
    tall: bool = False

    def placed(self, turn_deg: float, at: tuple[float, float]) -> Group:
        """Turned about the origin, then shifted."""
        angle = math.radians(turn_deg)
        turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        things = tuple(t.turned(angle, about=(0.0, 0.0, 0.0)).moved((*at, 0.0)) for t in self.things)
        return Group(things, tuple(z @ turn.T + at for z in self.zones), self.tall)

    @property
    def outlines(self) -> list[Floats]:
        """Footprints of what stands on the floor."""
        return [footprint(t) for t in self.things if t.on is None and t.base_z < 0.05]


class Floor:
    """A plan that fills up; `things` in the order of placing."""

    def __init__(self, plan: Plan, wall_gap: float = WALL_GAP_M):
        self.plan, self._wall_gap = plan, wall_gap
        self.things: list[Thing] = []
        self.outlines: list[Floats] = []
        self.zones: list[Floats] = [plan.swept(o) for o in plan.openings if o.kind == "door"]
        self._solid = [rectangle(p.x, p.y) for p in plan.partitions]

    def fits(self, group: Group) -> bool:
        """Whether a placed group keeps apart from all that stands there, and neither needs what the other has."""
        (x0, x1), (y0, y1) = self.plan.x, self.plan.y
        outlines = group.outlines
        for outline in outlines:
            if outline[:, 0].min() < x0 or outline[:, 0].max() > x1 or outline[:, 1].min() < y0 or outline[:, 1].max() > y1:
                return False
        mine, zones = outlines, group.zones
        there = [*self.outlines, *self._solid]
        return (
            all(gap(a, b) >= APART_M for a in mine for b in there)
            and all(gap(a, b) >= 0 for a in mine for b in self.zones)
            and all(gap(a, b) >= 0 for a in zones for b in there)
            and all(self._in_room(z) for z in zones)
            and not (group.tall and self._before_window(group))
            and not any(meets_hung(t, self.things) for t in group.things)
        )

    def add(self, group: Group) -> None:
        """Puts a placed group there."""
        self.things += group.things
        self.outlines += group.outlines
        self.zones += group.zones

    def against_wall(
        self, group: Group, walls: Sequence[Wall], rng: np.random.Generator, tries: int = 40, *, ends: bool = False
    ) -> Wall | None:
        """Places a group with its back at one of the walls (those first named first), anywhere along it; None: no room.

        Args:
            ends: only with its own left side in the corner of two walls.
        """
        points = np.concatenate([*(t.corners()[:, :2] for t in group.things), *group.zones])
        left, right = float(points[:, 0].min()), float(points[:, 0].max())
        for wall in walls:
            low, high = self.plan.along(wall)
            for _ in range(tries):
                turn = _TURN_DEG[wall]
                # Along its wall a group may extend to either side of its origin.
                a, b = (left, right) if wall in ("north", "west") else (-right, -left)
                if low - a > high - b:
                    break
                corner = low - a + self._wall_gap if wall in ("north", "west") else high - b - self._wall_gap
                along = corner if ends else float(rng.uniform(low - a, high - b))
                at = self.plan.point(wall, along, self._wall_gap)
                placed = group.placed(turn, at)
                if self.fits(placed):
                    self.add(placed)
                    return wall
        return None

    def in_the_open(self, group: Group, rng: np.random.Generator, turns: Sequence[float], tries: int = 80) -> bool:
        """Places a group anywhere, turned by one of some angles."""
        (x0, x1), (y0, y1) = self.plan.x, self.plan.y
        for _ in range(tries):
            at = (float(rng.uniform(x0 + 0.3, x1 - 0.3)), float(rng.uniform(y0 + 0.3, y1 - 0.3)))
            placed = group.placed(float(rng.choice(np.asarray(turns))), at)
            if self.fits(placed):
                self.add(placed)
                return True
        return False

    def lay(self, thing: Thing) -> bool:
        """Lays something flat on free floor, ways included; False where furniture stands there or the room ends."""
        outline = footprint(thing)
        clear = all(gap(outline, o) >= APART_M for o in [*self.outlines, *self._solid])
        doors = [self.plan.swept(o) for o in self.plan.openings if o.kind == "door"]
        if not clear or not self._in_room(outline) or any(gap(outline, d) < 0 for d in doors):
            return False
        self.things.append(thing)
        self.outlines.append(outline)
        return True

    def hang(self, thing: Thing, wall: Wall, along: float, z: float, *, below: float = 0.0, off: float = 0.002) -> bool:
        """Hangs something on a wall, its middle at a height, where nothing taller stands before it and no opening is.

        Args:
            below: metres under it that must be free too.
            off: distance of its back from the wall.
        """
        half = thing.size[0] / 2 + 0.06
        low, high = self.plan.along(wall)
        if along - half < low or along + half > high:
            return False
        for opening in self.plan.openings:
            margin = 0.6 if opening.kind == "window" and opening.z[0] < 1.2 else 0.1
            if opening.wall == wall and along + half > opening.span[0] - margin and along - half < opening.span[1] + margin:
                return False
        x, y = self.plan.point(wall, along, thing.size[1] / 2 + off)
        placed = dataclasses.replace(thing, position=(x, y, z)).turned(math.radians(_TURN_DEG[wall]))
        near = footprint(placed)
        grown = rectangle((near[:, 0].min() - 0.05, near[:, 0].max() + 0.05), (near[:, 1].min() - 0.1, near[:, 1].max() + 0.1))
        bottom = z - thing.size[2] / 2 - below
        for other in self.things:
            top = other.corners()[:, 2].max()
            if top > bottom - 0.05 and gap(grown, footprint(other)) < 0:
                return False
        for part in self._solid:
            if gap(grown, part) < 0:
                return False
        self.things.append(placed)
        return True

    def number(self, noun: str) -> str:
        """The id of the next thing of a noun."""
        taken = sum(t.info.category == noun for t in self.things)
        return f"{noun.replace(' ', '_')}_{taken + 1}"

    def is_walkable(self) -> bool:
        """Whether one gets from every door to before all furniture: the free floor is one piece, but for small corners."""
        free = self.free_cells(_WALK_M)
        if not free.any():
            return False
        label = _flooded(free)
        sizes = np.bincount(label[free])
        return bool(sizes[1:].max() >= 0.8 * sizes[1:].sum())

    def free_cells(self, radius: float) -> NDArray[np.bool_]:
        """Which cells of a grid over the room a round person can stand on, rows along y."""
        x, y = self.grid()
        points = np.stack(np.meshgrid(x, y), axis=-1)
        (x0, x1), (y0, y1) = self.plan.x, self.plan.y
        inside = (points[..., 0] >= x0 + radius) & (points[..., 0] <= x1 - radius)
        inside &= (points[..., 1] >= y0 + radius) & (points[..., 1] <= y1 - radius)
        flat = [o for t, o in self._standing() if t.size[2] > 0.03]
        for outline in [*flat, *self._solid]:
            inside &= _distance(points, outline) >= radius
        return inside

    def grid(self) -> tuple[Floats, Floats]:
        """Coordinates of the cells' middles."""
        (x0, x1), (y0, y1) = self.plan.x, self.plan.y
        return np.arange(x0 + _CELL_M / 2, x1, _CELL_M), np.arange(y0 + _CELL_M / 2, y1, _CELL_M)

    def _standing(self) -> list[tuple[Thing, Floats]]:
        return [(t, footprint(t)) for t in self.things if (t.on is None and t.base_z < 0.05) or (t.on or "").startswith("rug_")]

    def _in_room(self, zone: Floats) -> bool:
        (x0, x1), (y0, y1) = self.plan.x, self.plan.y
        low, high = zone.min(axis=0), zone.max(axis=0)
        return bool(low[0] >= x0 - 0.01 and high[0] <= x1 + 0.01 and low[1] >= y0 - 0.01 and high[1] <= y1 + 0.01)

    def _before_window(self, group: Group) -> bool:
        for opening in self.plan.openings:
            if opening.kind != "window":
                continue
            corners = [self.plan.point(opening.wall, a, d) for a in opening.span for d in (0.0, 0.35)]
            low, high = np.min(corners, axis=0), np.max(corners, axis=0)
            front = rectangle((low[0], high[0]), (low[1], high[1]))
            if any(gap(o, front) < 0 for o in group.outlines):
                return True
        return False


def meets_hung(thing: Thing, things: Sequence[Thing]) -> bool:
    """Whether something reaches up to what hangs on a wall where it would stand."""
    outline, top = footprint(thing), float(thing.corners()[:, 2].max())
    hung = (t for t in things if t.on is None and t.base_z >= 0.05 and t.base_z < top + 0.02)
    return any(gap(outline, footprint(t)) < 0.005 and t.corners()[:, 2].max() > thing.base_z for t in hung)


def opposite(wall: Wall) -> Wall:
    """The wall across the room."""
    return WALLS[(WALLS.index(wall) + 2) % 4]


def _distance(points: Floats, outline: Floats) -> Floats:
    """Of points (…×2) from a convex outline, 0 inside."""
    start, side = outline, np.roll(outline, -1, axis=0) - outline
    off = points[..., None, :] - start
    part = np.clip((off * side).sum(-1) / np.maximum((side**2).sum(-1), 1e-12), 0, 1)
    away = np.linalg.norm(off - part[..., None] * side, axis=-1).min(axis=-1)
    cross = side[:, 0] * off[..., 1] - side[:, 1] * off[..., 0]
    within = (cross >= 0).all(axis=-1) | (cross <= 0).all(axis=-1)
    return np.asarray(np.where(within, 0.0, away))


def _flooded(free: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Numbers of connected pieces (four neighbours), 0 where nothing is free."""
    label = np.zeros(free.shape, dtype=np.int64)
    count = 0
    for start in np.argwhere(free):
        if label[tuple(start)]:
            continue
        count += 1
        stack = [tuple(start)]
        label[stack[0]] = count
        while stack:
            i, j = stack.pop()
            for k, m in ((i + 1, j), (i - 1, j), (i, j + 1), (i, j - 1)):
                if 0 <= k < free.shape[0] and 0 <= m < free.shape[1] and free[k, m] and not label[k, m]:
                    label[k, m] = count
                    stack.append((k, m))
    return label
