"""Living rooms and studios: their plans and their groups of furniture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gsi_bench_builders.assets.looks import Looks
from gsi_bench_builders.assets.rooms.shells import ROD_M, ROD_Z
from gsi_bench_builders.composition.interiors.floor import Floats, Floor, Group, opposite, rectangle, upright
from gsi_bench_builders.composition.interiors.maker import Maker, door_in, wall_behind
from gsi_bench_builders.footprints import footprint
from gsi_bench_builders.interiors import WALLS, Opening, Partition, Plan, Wall
from gsi_bench_builders.polygons import gap
from gsi_bench_builders.scene import Thing

__all__ = ["draw_plan", "furnish"]


def draw_plan(rng: np.random.Generator, *, studio: bool) -> Plan:
    """A rectangle with a door, one or two windows, and in a studio perhaps an inner wall."""
    w, d = (
        (float(rng.uniform(4.6, 5.8)), float(rng.uniform(4.2, 5.0)))
        if studio
        else (float(rng.uniform(4.0, 5.2)), float(rng.uniform(3.6, 4.6)))
    )
    w, d, h = round(w, 2), round(d, 2), round(float(rng.uniform(2.5, 2.7)), 2)
    x, y = (-w / 2, w / 2), (-d / 2, d / 2)
    walls: list[Wall] = [WALLS[i] for i in rng.permutation(4)]
    spans = {"south": x, "north": x, "east": y, "west": y}
    openings = [door_in(walls[0], spans[walls[0]], rng)]
    for wall in walls[1 : 3 if rng.random() < 0.6 else 2]:
        low, high = spans[wall]
        wide = round(float(rng.uniform(1.0, 1.6)), 2)
        at = float(rng.uniform(low + 0.75 + wide / 2, high - 0.75 - wide / 2)) if high - low > wide + 1.5 else (low + high) / 2
        sill = 0.9 if rng.random() < 0.75 else 0.35
        openings.append(Opening("window", wall, (round(at - wide / 2, 2), round(at + wide / 2, 2)), (sill, 2.12)))
    partitions: tuple[Partition, ...] = ()
    if studio and rng.random() < 0.7:
        partitions = tuple(p for p in [_stub(x, y, openings, rng)] if p)
    return Plan(x, y, h, tuple(openings), partitions)


def _stub(
    x: tuple[float, float], y: tuple[float, float], openings: Sequence[Opening], rng: np.random.Generator
) -> Partition | None:
    """A short wall that sets the bed apart, off a wall without an opening there."""
    for _ in range(12):
        at, deep = float(rng.uniform(-0.4, 0.4)), round(float(rng.uniform(1.2, 1.7)), 2)
        wall: Wall = "north" if rng.random() < 0.5 else "south"
        if any(o.wall == wall and o.span[0] - 0.5 < at < o.span[1] + 0.5 for o in openings):
            continue
        span = (y[1] - deep, y[1]) if wall == "north" else (y[0], y[0] + deep)
        return Partition((round(at - 0.05, 3), round(at + 0.05, 3)), span)
    return None


def furnish(floor: Floor, rng: np.random.Generator, *, studio: bool, looks: Looks) -> bool:
    """Puts the groups of a living room onto a floor; False where the main ones find no room."""
    maker = _Living(floor, rng, looks)
    order: list[Wall] = [WALLS[i] for i in rng.permutation(4)]
    if studio and floor.against_wall(maker.sleeping(), order, rng) is None:
        return False
    wall = floor.against_wall(maker.sitting(), order, rng)
    if wall is None:
        return False
    floor.against_wall(maker.media(), [opposite(wall), *order], rng)
    wishes = ["dining", "work", "storage", "storage", "reading"] if not studio else ["work", "dining", "storage", "wardrobe"]
    for name in [wishes[i] for i in rng.permutation(len(wishes))][: int(rng.integers(2, 4))]:
        if name == "dining":
            floor.in_the_open(maker.dining(), rng, (0.0, 90.0))
        else:
            floor.against_wall(getattr(maker, name)(), order, rng)
    for _ in range(2):
        floor.against_wall(maker.corner(), order, rng, tries=30)
    maker.on_the_walls()
    return True


class _Living(Maker):
    """Groups of a living room."""

    def sitting(self) -> Group:
        """A sofa with a coffee table before it, perhaps on a rug, with an armchair, a lamp or a side table."""
        rng = self.rng
        sofa, table = self.look("sofa"), self.look("coffee table")
        w, d = sofa.size[0], sofa.size[1]
        things = [self.stand(sofa, 0.0, -d / 2)]
        near = -d - float(rng.uniform(0.34, 0.42))
        middle = near - table.size[1] / 2
        if rng.random() < 0.65:
            rug = self.look("rug")
            carpet = self.stand(rug, 0.0, min(-d - 0.06 - rug.size[1] / 2, middle))
            things += [carpet, self.stand(table, float(rng.normal(0, 0.05)), middle, on=carpet)]
            low = carpet.position[1] - rug.size[1] / 2
        else:
            things.append(self.stand(table, float(rng.normal(0, 0.05)), middle))
            low = middle - table.size[1] / 2
        side = -1 if rng.random() < 0.5 else 1
        reach = max(w, things[1].size[0]) / 2
        if rng.random() < 0.6:
            seat = self.look("armchair")
            turn = -side * (90 - float(rng.uniform(5, 25)))
            x = side * (reach + 0.12 + seat.size[1] / 2)
            things.append(self.stand(seat, x, middle + float(rng.uniform(-0.1, 0.1)), turn))
        beside = -side if rng.random() < 0.7 else side
        for name in ("side table", "floor lamp"):
            if rng.random() < 0.7:
                found = self.look(name)
                things.append(self.stand(found, beside * (w / 2 + 0.06 + found.size[0] / 2), -0.08 - found.size[1] / 2))
                beside = -beside
        zones = (rectangle((-w / 2, w / 2), (min(low, middle - table.size[1] / 2 - 0.45), -d)),)
        return Group(tuple(things), zones, tall=False)

    def media(self) -> Group:
        """A television on its unit, with room before it."""
        unit, screen = self.look("tv stand"), self.look("television")
        w, d, _ = unit.size
        base = self.stand(unit, 0.0, -d / 2)
        things = [base]
        if screen.size[0] < w - 0.06:
            things.append(self.stand(screen, 0.0, -d / 2 + 0.02, on=base))
        return Group(tuple(things), (rectangle((-w / 2, w / 2), (-d - 0.5, -d)),), tall=True)

    def dining(self) -> Group:
        """A table with two to four chairs, room behind each."""
        rng = self.rng
        table = self.look("dining table")
        w, d, _ = table.size
        things, seat = [self.stand(table, 0.0, 0.0)], self.look("chair")
        places = [(-w / 4, -1), (w / 4, -1), (-w / 4, 1), (w / 4, 1)] if rng.random() < 0.6 else [(0.0, -1), (0.0, 1)]
        out = float(rng.uniform(0.06, 0.16))
        for x, side in places:
            if rng.random() < 0.9:
                turn = (180.0 if side < 0 else 0.0) + float(rng.normal(0, 5))
                things.append(self.stand(seat, x + float(rng.normal(0, 0.02)), side * (d / 2 + out + seat.size[1] / 2), turn))
        reach = d / 2 + 0.55
        return Group(tuple(things), (rectangle((-w / 2, w / 2), (-reach, reach)),))

    def work(self) -> Group:
        """A desk with its chair."""
        rng = self.rng
        desk, seat = self.look("desk"), self.look("office chair" if rng.random() < 0.7 else "chair")
        w, d, _ = desk.size
        out = float(rng.uniform(0.02, 0.2))
        chair = self.stand(seat, float(rng.normal(0, 0.06)), -d - out - seat.size[1] / 2, 180.0 + float(rng.normal(0, 20)))
        zone = rectangle((-w / 2, w / 2), (-d - 0.75, -d))
        return Group((self.stand(desk, 0.0, -d / 2), chair), (zone,))

    def sleeping(self) -> Group:
        """A bed with what stands beside it."""
        rng = self.rng
        bed = self.look("bed")
        w, d, _ = bed.size
        things = [self.stand(bed, 0.0, -d / 2)]
        stand = self.look("nightstand")
        sides = (-1, 1) if rng.random() < 0.5 else (int(rng.choice([-1, 1])),)
        for side in sides:
            things.append(self.stand(stand, side * (w / 2 + 0.06 + stand.size[0] / 2), -stand.size[1] / 2))
        if rng.random() < 0.4:
            bench = self.look("bench")
            things.append(self.stand(bench, 0.0, -d - 0.08 - bench.size[1] / 2))
        way = 0.55
        zones: list[Floats] = [
            rectangle(
                (side * w / 2, side * w / 2 + side * way) if side > 0 else (-w / 2 - way, -w / 2), (-d, -stand.size[1] - 0.05)
            )
            for side in sides
        ]
        return Group(tuple(things), tuple(zones), tall=True)

    def storage(self) -> Group:
        """Something against the wall that things stand on."""
        found = self.look(str(self.rng.choice(["bookshelf", "sideboard", "dresser", "console table", "bookshelf"])))
        w, d, h = found.size
        return Group((self.stand(found, 0.0, -d / 2),), (rectangle((-w / 2, w / 2), (-d - 0.55, -d)),), tall=h > 0.95)

    def wardrobe(self) -> Group:
        """With room for its doors."""
        found = self.look("wardrobe")
        w, d, _ = found.size
        return Group((self.stand(found, 0.0, -d / 2),), (rectangle((-w / 2, w / 2), (-d - 0.65, -d)),), tall=True)

    def reading(self) -> Group:
        """An armchair with an ottoman or a side table, and a lamp."""
        rng = self.rng
        seat = self.look("armchair")
        w, d, _ = seat.size
        things = [self.stand(seat, 0.0, -d / 2 - 0.06, float(rng.normal(0, 8)))]
        if rng.random() < 0.6:
            rest = self.look("ottoman")
            things.append(self.stand(rest, float(rng.normal(0, 0.05)), -d - 0.25 - rest.size[1] / 2))
        found = self.look("floor lamp" if rng.random() < 0.5 else "side table")
        side = 1 if rng.random() < 0.5 else -1
        things.append(self.stand(found, side * (w / 2 + 0.12 + found.size[0] / 2), -0.1 - found.size[1] / 2))
        return Group(tuple(things), (rectangle((-w / 2, w / 2), (-d - 0.5, -d)),))

    def corner(self) -> Group:
        """A single piece that fills a place."""
        name = str(self.rng.choice(["house plant", "storage basket", "ottoman", "stool", "storage box", "house plant"]))
        found = self.look(name)
        return Group((self.stand(found, 0.0, -found.size[1] / 2 - 0.03, float(self.rng.normal(0, 15))),), tall=False)

    def on_the_walls(self) -> None:
        """Curtains beside windows, pictures over furniture, perhaps a clock."""
        rng, floor = self.rng, self.floor
        self._curtains()
        over = [t for t in floor.things if t.info.category in ("sofa", "sideboard", "bed", "dresser", "console table", "desk")]
        for thing in over:
            wall = wall_behind(floor.plan, thing)
            if wall is not None and rng.random() < 0.75:
                info = self.look("painting")
                along = thing.position[0] if wall in ("north", "south") else thing.position[1]
                z = max(1.5, float(thing.corners()[:, 2].max()) + 0.2 + info.size[2] / 2)
                floor.hang(self.loose(info), wall, along, min(z, floor.plan.height - 0.45))
        for _ in range(3):
            info = self.look("painting" if rng.random() < 0.7 else "wall clock")
            wall = WALLS[int(rng.integers(4))]
            low, high = floor.plan.along(wall)
            floor.hang(
                self.loose(info),
                wall,
                float(rng.uniform(low + 0.5, high - 0.5)),
                float(rng.uniform(1.5, 1.65)),
            )

    def _curtains(self) -> None:
        for opening in self.floor.plan.openings:
            if opening.kind == "window" and self.rng.random() < 0.75:
                info = self.look("curtain")
                for at in (opening.span[0] - 0.1 - info.size[0] / 2 + 0.08, opening.span[1] + 0.1 + info.size[0] / 2 - 0.08):
                    x, y = self.floor.plan.point(opening.wall, at, ROD_M)
                    turn = {"north": 0.0, "east": -90.0, "south": 180.0, "west": 90.0}[opening.wall]
                    hung = upright(self.new_id(info), info, (x, y, ROD_Z - 0.015 - info.size[2]), turn)
                    self._hang_curtain(hung)

    def _hang_curtain(self, thing: Thing) -> None:
        """Where furniture stands at the wall there is no curtain."""
        outline = footprint(thing)
        (x0, x1), (y0, y1) = self.floor.plan.x, self.floor.plan.y
        low, high = outline.min(axis=0), outline.max(axis=0)
        inside = low[0] >= x0 and high[0] <= x1 and low[1] >= y0 and high[1] <= y1
        if inside and all(gap(outline, o) >= 0.005 for o in self.floor.outlines):
            self.floor.things.append(thing)
            self.floor.outlines.append(outline)
