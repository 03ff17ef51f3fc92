"""Names of detectors, as `--detector` takes them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gsi_bench_dataset.safety.names import printable
from gsi_bench_metric.detectors.base import DTYPES, Detector, DetectorError, DetectorOptions
from gsi_bench_metric.registry import Registry

__all__ = ["DETECTORS", "DetectorError", "make_detector"]

DETECTORS: Registry[Callable[[DetectorOptions], Detector]] = Registry(
    "detector",
    {
        "recorded": "gsi_bench_metric.detectors.recorded:make",
        "simulator": "gsi_bench_metric.detectors.simulator:make",
        "tracker": "gsi_bench_metric.detectors.tracker.making:make",
        "tracker-boxes": "gsi_bench_metric.detectors.tracker.making:make_boxes_alone",
        "detany3d": "gsi_bench_metric.detectors.detany3d.making:make",
    },
    DetectorError,
)


def make_detector(name: str, detections: Path | None = None, device: str | None = None, dtype: str | None = None) -> Detector:
    """The detector of that name; `device` is for those that compute, `dtype` for those that run a network.

    Raises:
        DetectorError: unknown, of another type of numbers, or lacking its file, weights or libraries.
    """
    if dtype not in (None, *DTYPES):
        raise DetectorError(f"--dtype {printable(dtype)}: expected one of {', '.join(DTYPES)}")
    return DETECTORS[name](DetectorOptions(detections, device, dtype))
