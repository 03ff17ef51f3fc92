"""Detections of a whole split in the reference's `infer_cache.json`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

from gsi_bench_dataset.records import Detection, Prediction, Sample
from gsi_bench_metric.detectors.base import DetectionItem, Detector
from gsi_bench_metric.detectors.recorded import reference_key
from gsi_bench_metric.imaging.pictures import Picture

__all__ = ["infer_cache"]

T = TypeVar("T")

_FIELDS = ("label", "bbox_3d", "bbox_2d", "rotation_matrix", "iou_score")


def infer_cache(pairs: Iterable[tuple[Sample, Prediction]], detector: Detector, chunk: int = 8) -> Iterator[tuple[str, Any]]:
    """Entries `<img_id>_<query_id>` -> detections of source and edited image, as `RecordedDetector` and the reference read.

    Raises:
        ImageError: an image cannot be read.
    """
    for some in _chunks(pairs, chunk):
        items = []
        for sample, prediction in some:
            edited = Picture(prediction.image or prediction.path or "")
            items += [
                DetectionItem(sample, "source", None, Picture(sample.image)),
                DetectionItem(sample, "edited", None, edited),
            ]
        found = [[_row(d) for d in answer or ()] for answer in detector.detect(items)]
        for (sample, _), source, edited_rows in zip(some, found[::2], found[1::2], strict=True):
            yield reference_key(sample), {"origin_result": {"detections": source}, "new_result": {"detections": edited_rows}}


def _row(detection: Detection) -> dict[str, Any]:
    plain = detection.to_json()
    return {name: plain[name] for name in _FIELDS}


def _chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    remaining = iter(items)
    while chunk := list(islice(remaining, size)):
        yield chunk
