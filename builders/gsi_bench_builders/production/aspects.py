"""Shapes that images may have."""

from __future__ import annotations

__all__ = ["ASPECTS", "MIXED"]

# Width : height, by the words of `--aspect`.
ASPECTS: dict[str, tuple[int, int]] = {"1:1": (1, 1), "4:3": (4, 3), "3:2": (3, 2), "16:9": (16, 9), "3:4": (3, 4)}
MIXED = "mixed"  # each scene one of them
