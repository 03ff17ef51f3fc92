"""The Detector protocol and the registry behind `--detector`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, Protocol

from gsi_bench_dataset.records import Detection, Sample

__all__ = ["DETECTORS", "DetectionItem", "Detector", "DetectorError", "make_detector"]


class DetectorError(ValueError):
    """No such detector, or one that lacks something."""


@dataclasses.dataclass(frozen=True)
class DetectionItem:
    """One picture to look at: the sample it belongs to, which view of it, and the SHA-256 of its pixels."""

    sample: Sample
    view: Literal["source", "edited"]
    pixels: str | None = None


class Detector(Protocol):
    """Finds the target's class in pictures."""

    name: str
    needs_pixels: bool  # whether items must carry the pixel hash

    def detect(self, items: Sequence[DetectionItem]) -> list[list[Detection] | None]:
        """Detections of each item; None where this detector has no word on the picture (not the same as none found)."""
        ...


def _recorded(path: Path | None) -> Detector:
    from gsi_bench_metric.detectors.recorded import RecordedDetector  # noqa: PLC0415 - a detector loads when asked for

    if path is None:
        raise DetectorError("detector 'recorded' needs --detections: an infer_cache.json or a detections .jsonl")
    return RecordedDetector.from_file(path)


DETECTORS: dict[str, Callable[[Path | None], Detector]] = {"recorded": _recorded}
_PLANNED = {"tracker": "the weight-free tracker", "detany3d": "the paper's detector"}


def make_detector(name: str, detections: Path | None = None) -> Detector:
    """The detector of that name.

    Raises:
        DetectorError: unknown, not in this version, or lacking its file.
    """
    if name in DETECTORS:
        return DETECTORS[name](detections)
    if name in _PLANNED:
        raise DetectorError(
            f"detector {name!r} ({_PLANNED[name]}) is not in this version (docs/status.md); use detector='recorded' with a "
            "file of detections"
        )
    raise DetectorError(f"no detector {name!r}; expected one of {', '.join(sorted(DETECTORS))}")
