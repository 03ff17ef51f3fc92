"""Which files below a folder are photographs."""

from __future__ import annotations

import os
from pathlib import Path

from gsi_bench_dataset.safety.names import is_plain_path

__all__ = ["MASKS", "SUFFIXES", "photographs_below"]

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")
MASKS = "masks"  # folder of images of object numbers, right in that of the photographs


def photographs_below(folder: Path, but: frozenset[str] = frozenset()) -> list[str]:
    """Their paths below the folder, in order; what is hidden, and images of object numbers, are none.

    Args:
        folder: with folders in it, or without.
        but: paths that are known to be something else.
    """
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith(".") and not (Path(place) == folder and f == MASKS))
        relative = Path(place).relative_to(folder)
        found += [(relative / n).as_posix() for n in names if Path(n).suffix.lower() in SUFFIXES and not n.startswith(".")]
    return sorted(file for file in found if is_plain_path(file) and file not in but)
