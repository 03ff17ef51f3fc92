"""Tables, floors and walls: what surrounds the objects of a scene; whole rooms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from gsi_bench_builders.assets.library import Part
from gsi_bench_builders.assets.rooms.furniture import with_another_top
from gsi_bench_builders.assets.rooms.shells import apartment, washroom
from gsi_bench_builders.assets.rooms.styles import bathroom, coffee, desk, dining, dressing, kitchen, studio
from gsi_bench_builders.assets.rooms.training_shells import loft, wetroom
from gsi_bench_builders.assets.rooms.training_tables import atelier, bistro, boudoir, galley, lounge, spa
from gsi_bench_builders.interiors import Plan
from gsi_bench_builders.scene import Room, Support

__all__ = ["INTERIORS", "STYLES", "TRAINING_STYLES", "room_parts"]

STYLES: Mapping[str, Callable[[Support, np.random.Generator], Sequence[tuple[str, Sequence[Part]]]]] = {
    "dining": dining,
    "coffee": coffee,
    "kitchen": kitchen,
    "desk": desk,
    "dressing": dressing,
    "bathroom": bathroom,
    "studio": studio,
    "bistro": bistro,
    "lounge": lounge,
    "galley": galley,
    "atelier": atelier,
    "boudoir": boudoir,
    "spa": spa,
}

# Whole rooms, made from their plans.
INTERIORS: Mapping[str, Callable[[Plan, np.random.Generator], Sequence[tuple[str, Sequence[Part]]]]] = {
    "apartment": apartment,
    "washroom": washroom,
    "loft": loft,
    "wetroom": wetroom,
}

# What stands in the place of a style of test splits in training sets, which have none of those.
TRAINING_STYLES: Mapping[str, str] = {
    "dining": "bistro",
    "coffee": "lounge",
    "kitchen": "galley",
    "desk": "atelier",
    "dressing": "boudoir",
    "bathroom": "spa",
    "apartment": "loft",
    "washroom": "wetroom",
}


def room_parts(room: Room, support: Support) -> list[tuple[str, Sequence[Part]]]:
    """Named pieces of a room, world coordinates, with the top of the support where `support` says; names are unique.

    Raises:
        KeyError: no such style.
    """
    known: Mapping[str, object] = STYLES if room.plan is None else INTERIORS
    if room.style not in known:
        raise KeyError(f"no room style {room.style!r}; there are {', '.join(known)}")
    rng = np.random.default_rng(room.seed)
    pieces = STYLES[room.style](support, rng) if room.plan is None else INTERIORS[room.style](room.plan, rng)
    if room.top is not None:
        pieces = with_another_top(pieces, np.random.default_rng(room.top))
    seen: dict[str, int] = {}
    named = []
    for name, parts in pieces:
        seen[name] = seen.get(name, 0) + 1
        named.append((name if seen[name] == 1 else f"{name} {seen[name]}", parts))
    return named
