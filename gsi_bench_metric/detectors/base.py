"""The Detector protocol: what scoring asks of a detector."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from gsi_bench_dataset.reads import Reads
from gsi_bench_dataset.records import Detection, Sample

if TYPE_CHECKING:  # names in signatures alone: what lists names for a command line loads no network library
    from gsi_bench_metric.imaging.pictures import Picture

__all__ = ["DTYPES", "DetectionItem", "Detector", "DetectorError", "DetectorOptions"]

DTYPES = ("float32", "bfloat16")


class DetectorError(ValueError):
    """No such detector, or one that lacks something."""


@dataclasses.dataclass(frozen=True)
class DetectorOptions:
    """What a user may say about a detector; each reads its own.

    Attributes:
        detections: a file of recorded detections.
        device: where poses or networks are computed; None: as the detector likes.
        dtype: of a network's numbers, one of `DTYPES`; None: as the detector likes.
        config: the chosen numbers of a detector that has any; None: its own.
    """

    detections: Path | None = None
    device: str | None = None
    dtype: str | None = None
    config: Any = None

    def refuse_config(self, detector: str) -> None:
        """Does nothing where no numbers are given.

        Raises:
            DetectorError: some are.
        """
        if self.config is not None:
            raise DetectorError(f"detector {detector!r} has no chosen numbers; leave config out, or take tracker")

    def refuse_detections(self, detector: str, why: str) -> None:
        """Does nothing where no file is given.

        Raises:
            DetectorError: one is.
        """
        if self.detections is not None:
            raise DetectorError(f"detector {detector!r} {why}; leave --detections out")


@dataclasses.dataclass(frozen=True)
class DetectionItem:
    """One image to look at: the sample it belongs to, which view of it, the image, and the SHA-256 of its pixels.

    The sample has its identity and the fields that the detector names in `reads`, and no others.

    An image may have another size than the source; detectors bring it to the source's size, as scoring does.
    """

    sample: Sample
    view: Literal["source", "edited"]
    pixels: str | None = None
    picture: Picture | None = None


class Detector(Protocol):
    """Finds objects in images.

    Detectors that know the scene (`simulator`, `tracker`) report every known object under its `object_id`, lost ones as
    `state="absent"` with their box in the source, a further one of them as `state="duplicate"` with the same id. `sigma` has
    the seven numbers of `bbox_3d`, `confidence` is 0–1. Their rotations and sides are taken at their word, so `unobservable`
    names every freedom (`gsi_bench_dataset.vocabulary.FREEDOMS`) that the image does not show or that the detector does not
    model: position, turn, tilt, size, height, shape; in the source also presence, and `SELF_TEST` where these were measured
    wrong in the sample's own ground-truth image. One that only turns objects about the vertical says tilt, one that scales them
    by one factor says shape.
    Others report what they find of the target's class, without an id. All boxes stand in the frame of the
    camera that took the image: after a view edit, in the new camera's. One that holds gigabytes says `one_process = True`:
    then a run starts no further processes by itself.
    """

    name: str
    key: str  # everything that its answers depend on beside the item: code, weights, settings, a file's content
    needs_pixels: bool  # whether items must carry the pixel hash
    reads: Reads  # the fields of a sample that it looks at; its records' keys are made of them

    def detect(self, items: Sequence[DetectionItem]) -> list[list[Detection] | None]:
        """Detections of each item; None: no result for this image (not the same as none found)."""
        ...
