"""The Detector protocol: what scoring asks of a detector."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Literal, Protocol

from gsi_bench_dataset.records import Detection, Sample

__all__ = ["DetectionItem", "Detector"]


@dataclasses.dataclass(frozen=True)
class DetectionItem:
    """One picture to look at: the sample it belongs to, which view of it, and the SHA-256 of its pixels."""

    sample: Sample
    view: Literal["source", "edited"]
    pixels: str | None = None


class Detector(Protocol):
    """Finds the target's class in pictures."""

    name: str
    key: str  # everything that its answers depend on beside the item: code, weights, settings, a file's content
    needs_pixels: bool  # whether items must carry the pixel hash

    def detect(self, items: Sequence[DetectionItem]) -> list[list[Detection] | None]:
        """Detections of each item; None where this detector has no word on the picture (not the same as none found)."""
        ...
