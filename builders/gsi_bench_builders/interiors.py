"""What encloses a scene that is a whole room: walls with their openings, inner walls, lamps. Frozen and engine-neutral.

World frame `N` as in `scene`: metres, x right, y forward, z up, the floor at z = 0. Walls are named by the side of the room
that they stand on: south is that of the smallest y, west that of the smallest x.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["WALLS", "Lamp", "Opening", "Partition", "Plan", "Wall"]

Span: TypeAlias = tuple[float, float]
Wall: TypeAlias = Literal["south", "east", "north", "west"]
WALLS: tuple[Wall, ...] = ("south", "east", "north", "west")
# Into the room, seen from the wall.
_INWARDS: dict[str, tuple[float, float]] = {
    "south": (0.0, 1.0),
    "east": (-1.0, 0.0),
    "north": (0.0, -1.0),
    "west": (1.0, 0.0),
}


@dataclasses.dataclass(frozen=True)
class Opening:
    """A door or a window in an outer wall.

    Attributes:
        span: from where to where along the wall: x for south and north, y for east and west.
        z: from which height to which.
        swing: of a door, how far its leaf reaches into the room where it opens; 0 for a window.
    """

    kind: Literal["door", "window"]
    wall: Wall
    span: Span
    z: Span
    swing: float = 0.0


@dataclasses.dataclass(frozen=True)
class Partition:
    """An inner wall: a block from the floor to the ceiling, or to `height`."""

    x: Span
    y: Span
    height: float | None = None


@dataclasses.dataclass(frozen=True)
class Plan:
    """A room seen from above; `x` and `y` are the inner faces of its outer walls.

    Attributes:
        height: of the ceiling.
        openings: doors and windows.
        partitions: inner walls.
    """

    x: Span
    y: Span
    height: float
    openings: tuple[Opening, ...] = ()
    partitions: tuple[Partition, ...] = ()

    def face(self, wall: Wall) -> float:
        """The coordinate of a wall's inner face across its own direction."""
        return {"south": self.y[0], "east": self.x[1], "north": self.y[1], "west": self.x[0]}[wall]

    def along(self, wall: Wall) -> Span:
        """From where to where a wall goes."""
        return self.x if wall in ("south", "north") else self.y

    def point(self, wall: Wall, along: float, inwards: float = 0.0) -> tuple[float, float]:
        """World x, y of a place at a wall: `along` its direction, `inwards` metres off its face."""
        (nx, ny), face = _INWARDS[wall], self.face(wall)
        if wall in ("south", "north"):
            return along, face + ny * inwards
        return face + nx * inwards, along

    def swept(self, opening: Opening) -> NDArray[np.float64]:
        """What a door's leaf sweeps, as a rectangle, counter-clockwise, 4×2."""
        corners = [self.point(opening.wall, a, d) for a, d in _corners(opening.span, (0.0, opening.swing))]
        low, high = np.min(corners, axis=0), np.max(corners, axis=0)
        return np.array([(low[0], low[1]), (high[0], low[1]), (high[0], high[1]), (low[0], high[1])])

    def holds(self, point: Sequence[float], clearance: float) -> bool:
        """Whether a point (x, y, z) is in the room and this far from its walls, floor and ceiling."""
        x, y, z = point
        inside = self.x[0] + clearance <= x <= self.x[1] - clearance and self.y[0] + clearance <= y <= self.y[1] - clearance
        free = all(
            not (p.x[0] - clearance < x < p.x[1] + clearance and p.y[0] - clearance < y < p.y[1] + clearance)
            for p in self.partitions
            if p.height is None or z < p.height + clearance
        )
        return inside and free and clearance <= z <= self.height - clearance


@dataclasses.dataclass(frozen=True)
class Lamp:
    """A rectangle that shines to one side; what it looks like itself is not seen.

    Attributes:
        position: its middle, world.
        towards: the direction that it shines in, world.
        size: width and height.
        power: watts, as Blender counts them for an area.
        warmth: -1 (blue) ... 1 (orange).
        mirrored: whether shiny surfaces show it.
    """

    position: tuple[float, float, float]
    towards: tuple[float, float, float]
    size: tuple[float, float]
    power: float
    warmth: float = 0.0
    mirrored: bool = False


def _corners(first: Span, second: Span) -> list[tuple[float, float]]:
    return [(a, b) for a in first for b in second]
