"""The Chinese sentences that are written: what is asked -> the ways to say it.

Slots as in English, and {q}: the new size in percent of the old. The first pattern of each is the plainest.
"""

from __future__ import annotations

from collections.abc import Mapping

from gsi_bench_dataset.language.chinese import move, place, remove, rotate, scale, view

__all__ = ["PATTERNS", "TAILS"]

PATTERNS: Mapping[str, tuple[str, ...]] = {
    **move.PATTERNS,
    **place.PATTERNS,
    **rotate.PATTERNS,
    **scale.PATTERNS,
    **remove.PATTERNS,
    **view.PATTERNS,
}
TAILS = ("，其他物体保持不变", "，其余部分保持不变", "，其他一切保持原样", "，不要改动其他物体")
