"""Which models of Sweet Home 3D play which of our kinds. Only models that were looked at, drawn by this package, are here."""

from __future__ import annotations

import dataclasses
import math
from typing import Literal

from gsi_bench_builders.scene import Symmetry

__all__ = ["CHOSEN", "Chosen", "Surface"]


@dataclasses.dataclass(frozen=True)
class Surface:
    """Where others can stand on or in a model, metres, own axes around the centre of its box.

    Attributes:
        height: above its base.
        x, y: extents; of a round one those of the circle's square.
    """

    height: float
    x: tuple[float, float]
    y: tuple[float, float]
    relation: Literal["on", "in"] = "on"
    is_round: bool = False

    def outline(self) -> tuple[tuple[float, float], ...]:
        """A convex polygon, counter-clockwise."""
        (x0, x1), (y0, y1) = self.x, self.y
        if not self.is_round:
            return ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
        steps = [2 * math.pi * n / 16 for n in range(16)]
        a, b = (x1 - x0) / 2, (y1 - y0) / 2
        return tuple(((x0 + x1) / 2 + a * math.cos(t), (y0 + y1) / 2 + b * math.sin(t)) for t in steps)


@dataclasses.dataclass(frozen=True)
class Chosen:
    """A model.

    Attributes:
        archive, model: the catalogue's file without its suffix, and the last part of the model's id in it.
        kind: of ours that it plays: names, hold and places are that kind's.
        symmetry: of its looks, see `scene.Symmetry`.
        colour: a word of `assets.colours` that fits the whole; None where none does.
        surface: where others can stand.
        turn_deg: counter-clockwise from above, to bring its front to -y.
        also: nouns that fit parts of it, beside those of its kind.
    """

    archive: str
    model: str
    kind: str
    symmetry: Symmetry = "none"
    colour: str | None = None
    surface: Surface | None = None
    turn_deg: float = 0.0
    also: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        """Of the model among all."""
        return f"{self.archive}/{self.model}"


CHOSEN: tuple[Chosen, ...] = ()
