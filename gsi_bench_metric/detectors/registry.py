"""Names of detectors, as `--detector` takes them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from gsi_bench_dataset.safety.names import printable
from gsi_bench_metric.detectors.base import DTYPES, Detector, DetectorError, DetectorOptions
from gsi_bench_metric.registry import Registry

if TYPE_CHECKING:
    from gsi_bench_metric.detectors.tracker.config import TrackerConfig

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
    return DETECTORS[name](DetectorOptions(detections, device, dtype, config))
