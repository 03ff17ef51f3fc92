"""The English sentences that are written: what is asked -> the ways to say it.

Every pattern has one meaning and begins with a word that the released evaluation reads as its operation. Slots: {t} target,
{r} other object, {d} distance, {a} degrees, {p} percent, {f} factor. The first pattern of each is the plainest.
"""

from __future__ import annotations

from collections.abc import Mapping

from gsi_bench_dataset.language.english import move, place, remove, rotate, scale, view

__all__ = ["PATTERNS", "TAILS"]

PATTERNS: Mapping[str, tuple[str, ...]] = {
    **move.PATTERNS,
    **place.PATTERNS,
    **rotate.PATTERNS,
    **scale.PATTERNS,
    **remove.PATTERNS,
    **view.PATTERNS,
}
TAILS = (
    ", while keeping everything else unchanged",
    ", while keeping all other objects unchanged",
    " and leave everything else as it is",
    ", leaving all other objects untouched",
    ", keeping the rest of the scene the same",
)
