"""The tracker as the registry makes it."""

from __future__ import annotations

from gsi_bench_metric.detectors.base import Detector, DetectorOptions
from gsi_bench_metric.detectors.tracker.config import TRACKER
from gsi_bench_metric.detectors.tracker.tracker import TrackerDetector

__all__ = ["make", "make_boxes_alone"]

_LOOKS = "looks at the images itself"


def make(options: DetectorOptions) -> Detector:
    """With all that the samples tell.

    Raises:
        DetectorError: a file of detections is given.
    """
    options.refuse_detections("tracker", _LOOKS)
    return TrackerDetector(options.device or "cpu", config=options.config or TRACKER)


def make_boxes_alone(options: DetectorOptions) -> Detector:
    """Without depth and masks, as with photographs.

    Raises:
        DetectorError: a file of detections is given.
    """
    options.refuse_detections("tracker-boxes", _LOOKS)
    return TrackerDetector(options.device or "cpu", boxes_alone=True, config=options.config or TRACKER)
