"""Names of detectors, as `--detector` takes them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from gsi_bench_dataset.safety.names import printable
from gsi_bench_metric.detectors.base import Detector
from gsi_bench_metric.detectors.detany3d.errors import DetAny3DError
from gsi_bench_metric.detectors.detany3d.files.terms import EXTRA

__all__ = ["DETECTORS", "DetectorError", "make_detector"]


class DetectorError(ValueError):
    """No such detector, or one that lacks something."""


def _recorded(path: Path | None, _: str | None, __: str | None) -> Detector:
    from gsi_bench_metric.detectors.recorded import RecordedDetector  # noqa: PLC0415 - a detector loads when asked for

    if path is None:
        raise DetectorError("detector 'recorded' needs --detections: an infer_cache.json or a detections .jsonl")
    return RecordedDetector.from_file(path)


def _simulator(path: Path | None, _: str | None, __: str | None) -> Detector:
    from gsi_bench_metric.detectors.simulator import SimulatorDetector  # noqa: PLC0415

    if path is not None:
        raise DetectorError("detector 'simulator' reads the samples' own objects; leave --detections out")
    return SimulatorDetector()


def _tracker(path: Path | None, device: str | None, __: str | None, *, boxes_alone: bool = False) -> Detector:
    from gsi_bench_metric.detectors.tracker.tracker import TrackerDetector  # noqa: PLC0415

    if path is not None:
        raise DetectorError("detector 'tracker' looks at the pictures itself; leave --detections out")
    return TrackerDetector(device or "cpu", boxes_alone=boxes_alone)


def _detany3d(path: Path | None, device: str | None, dtype: str | None) -> Detector:
    if path is not None:
        raise DetectorError("detector 'detany3d' looks at the pictures itself; leave --detections out")
    try:
        from gsi_bench_metric.detectors.detany3d.detector import make  # noqa: PLC0415
    except ImportError as error:
        raise DetectorError(f"detector 'detany3d' needs more than is installed ({error}): {EXTRA}") from error
    try:
        return make(device=device, dtype=dtype)
    except DetAny3DError as error:
        raise DetectorError(f"detector 'detany3d': {error}") from error


DTYPES = ("float32", "bfloat16")
DETECTORS: dict[str, Callable[[Path | None, str | None, str | None], Detector]] = {
    "recorded": _recorded,
    "simulator": _simulator,
    "tracker": _tracker,
    "tracker-boxes": partial(_tracker, boxes_alone=True),
    "detany3d": _detany3d,
}


def make_detector(name: str, detections: Path | None = None, device: str | None = None, dtype: str | None = None) -> Detector:
    """The detector of that name; `device` is for those that compute, `dtype` for those that run a network.

    Raises:
        DetectorError: unknown, of another type of numbers, or lacking its file, weights or libraries.
    """
    if dtype not in (None, *DTYPES):
        raise DetectorError(f"--dtype {printable(dtype)}: expected one of {', '.join(DTYPES)}")
    if name in DETECTORS:
        return DETECTORS[name](detections, device, dtype)
    raise DetectorError(f"no detector {printable(name)}; expected one of {', '.join(sorted(DETECTORS))}")
