"""Tables, floors and walls: what surrounds the objects of a scene."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from gsi_bench_builders.assets.library import Part
from gsi_bench_builders.assets.rooms.furniture import with_another_top
from gsi_bench_builders.assets.rooms.styles import bathroom, coffee, desk, dining, dressing, kitchen, studio
from gsi_bench_builders.scene import Room, Support

__all__ = ["STYLES", "room_parts"]

STYLES: Mapping[str, Callable[[Support, np.random.Generator], Sequence[tuple[str, Sequence[Part]]]]] = {
    "dining": dining,
    "coffee": coffee,
    "kitchen": kitchen,
    "desk": desk,
    "dressing": dressing,
    "bathroom": bathroom,
    "studio": studio,
}


def room_parts(room: Room, support: Support) -> list[tuple[str, Sequence[Part]]]:
    """Named pieces of a room, world coordinates, with the top of the support where `support` says; names are unique.

    Raises:
        KeyError: no such style.
    """
    if room.style not in STYLES:
        raise KeyError(f"no room style {room.style!r}; there are {', '.join(STYLES)}")
    pieces = STYLES[room.style](support, np.random.default_rng(room.seed))
    if room.top is not None:
        pieces = with_another_top(pieces, np.random.default_rng(room.top))
    seen: dict[str, int] = {}
    named = []
    for name, parts in pieces:
        seen[name] = seen.get(name, 0) + 1
        named.append((name if seen[name] == 1 else f"{name} {seen[name]}", parts))
    return named
