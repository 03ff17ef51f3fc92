"""Names of detectors, as `--detector` takes them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from gsi_bench_dataset.safety.names import printable
from gsi_bench_metric.detectors.base import Detector
from gsi_bench_metric.detectors.detany3d.errors import DetAny3DError
from gsi_bench_metric.detectors.detany3d.files.terms import EXTRA

if TYPE_CHECKING:
    from gsi_bench_metric.detectors.tracker.config import TrackerConfig

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


def _tracker(
    path: Path | None,
    device: str | None,
    __: str | None,
    *,
    boxes_alone: bool = False,
    config: TrackerConfig | None = None,
) -> Detector:
    from gsi_bench_metric.detectors.tracker.config import TRACKER  # noqa: PLC0415
    from gsi_bench_metric.detectors.tracker.tracker import TrackerDetector  # noqa: PLC0415

    if path is not None:
        raise DetectorError("detector 'tracker' looks at the pictures itself; leave --detections out")
    return TrackerDetector(device or "cpu", boxes_alone=boxes_alone, config=config or TRACKER)


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


_TRACKERS = {"tracker": False, "tracker-boxes": True}  # whether boxes alone are known
DTYPES = ("float32", "bfloat16")
DETECTORS: dict[str, Callable[[Path | None, str | None, str | None], Detector]] = {
    "recorded": _recorded,
    "simulator": _simulator,
    **{name: partial(_tracker, boxes_alone=alone) for name, alone in _TRACKERS.items()},
    "detany3d": _detany3d,
}


def make_detector(
    name: str,
    detections: Path | None = None,
    device: str | None = None,
    dtype: str | None = None,
    *,
    config: TrackerConfig | None = None,
) -> Detector:
    """The detector of that name.

    Args:
        name: one of `DETECTORS`.
        detections: the file of recorded ones.
        device: for those that compute.
        dtype: for those that run a network.
        config: the chosen numbers of the tracker; None: its own.

    Raises:
        DetectorError: unknown, of another type of numbers, lacking its file, weights or libraries, or given numbers it has not.
    """
    if dtype not in (None, *DTYPES):
        raise DetectorError(f"--dtype {printable(dtype)}: expected one of {', '.join(DTYPES)}")
    if config is not None and name in DETECTORS:
        if name not in _TRACKERS:
            raise DetectorError(f"detector {name!r} has no chosen numbers; leave config out, or take {' or '.join(_TRACKERS)}")
        return _tracker(detections, device, dtype, boxes_alone=_TRACKERS[name], config=config)
    if name in DETECTORS:
        return DETECTORS[name](detections, device, dtype)
    raise DetectorError(f"no detector {printable(name)}; expected one of {', '.join(sorted(DETECTORS))}")
