"""Rotational symmetries of objects about the vertical: the one table of the project."""

from __future__ import annotations

import math

__all__ = ["SYMMETRY_PERIOD", "period_of", "wrapped"]

# After how much of a turn about the vertical an object looks the same again, radians; 0: after any.
SYMMETRY_PERIOD = {None: 2 * math.pi, "none": 2 * math.pi, "2-fold": math.pi, "4-fold": math.pi / 2, "continuous": 0.0}


def period_of(symmetry: str | None) -> float:
    """Turns by this look like none, radians; 0: all do. A name that is not known counts as no symmetry."""
    return SYMMETRY_PERIOD.get(symmetry, SYMMETRY_PERIOD["none"])


def wrapped(angle: float, period: float) -> float:
    """The smallest turn that looks the same: in (−period/2, period/2]; 0 where every turn does (period 0)."""
    if period == 0:
        return 0.0
    return float(angle - period * math.ceil(angle / period - 0.5))
