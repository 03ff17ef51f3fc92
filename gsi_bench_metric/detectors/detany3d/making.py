"""DetAny3D as the registry makes it: what it lacks is said in the user's words."""

from __future__ import annotations

from gsi_bench_metric.detectors.base import Detector, DetectorError, DetectorOptions
from gsi_bench_metric.detectors.detany3d.errors import DetAny3DError
from gsi_bench_metric.detectors.detany3d.files.terms import EXTRA

__all__ = ["make"]


def make(options: DetectorOptions) -> Detector:
    """The detector with the converted weights of this machine.

    Raises:
        DetectorError: a file of detections is given; or libraries or weights are lacking.
    """
    options.refuse_config("detany3d")
    options.refuse_detections("detany3d", "looks at the images itself")
    try:
        from gsi_bench_metric.detectors.detany3d import detector  # noqa: PLC0415 - of the extra, which may be lacking
    except ImportError as error:
        raise DetectorError(f"detector 'detany3d' needs more than is installed ({error}): {EXTRA}") from error
    try:
        return detector.make(device=options.device, dtype=options.dtype)
    except DetAny3DError as error:
        raise DetectorError(f"detector 'detany3d': {error}") from error
