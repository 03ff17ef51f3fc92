"""A box proposed by a detector, where one with weights is installed: DetAny3D, asked for what the marked rectangle holds."""

from __future__ import annotations

import logging
from typing import Protocol

import numpy as np

from gsi_bench_metric.detectors import DetectorError, make_detector
from gsi_bench_metric.imaging.images import RGB
from gsi_bench_metric.photos.standing import Matrix, Proposal, Rectangle, ground_under
from gsi_bench_space.problem import OwnError

__all__ = ["Proposer", "find_proposer"]

logger = logging.getLogger(__name__)


class Proposer(Protocol):
    """Proposes a box for what a rectangle holds."""

    def __call__(self, rgb: RGB, rectangle: Rectangle, K: Matrix) -> Proposal:
        """See `DetAny3DProposer`."""
        ...


def find_proposer(device: str | None = None) -> Proposer | None:
    """DetAny3D where its weights are on this machine; None, and a line in the log, where not. Nothing is downloaded."""
    try:
        from gsi_bench_metric.detectors.detany3d.files.weights import weights_file  # noqa: PLC0415 - needs the extra `detany3d`
    except ImportError as error:
        logger.info("boxes are proposed from the ground plane: DetAny3D needs more than is installed (%s)", error)
        return None
    if not weights_file().is_file():
        logger.info("boxes are proposed from the ground plane: DetAny3D's weights are not installed")
        return None
    try:
        return DetAny3DProposer(make_detector("detany3d", device=device))
    except DetectorError as error:
        logger.warning("boxes are proposed from the ground plane: %s", error)
        return None


class DetAny3DProposer:
    """The network of a DetAny3D detector, loaded at the first question.

    Args:
        detector: a `DetAny3DDetector`, or what has a `predictor` as it.
    """

    def __init__(self, detector: object):
        self._detector = detector

    def __call__(self, rgb: RGB, rectangle: Rectangle, K: Matrix) -> Proposal:
        """The box that the detector sees in a rectangle, and the ground below it.

        Args:
            rgb: the photo (H, W, 3).
            rectangle: in its pixels.
            K: of the photo.

        Raises:
            OwnError: it sees none, or one that does not stand below the camera.
        """
        from gsi_bench_metric.detectors.detany3d.predictor import Camera, box_prompts  # noqa: PLC0415 - heavy, and optional
        from gsi_bench_metric.detectors.detany3d.preprocessing import frame_of  # noqa: PLC0415
        from gsi_bench_metric.detectors.detany3d.results import detections  # noqa: PLC0415

        predictor = self._detector.predictor  # type: ignore[attr-defined]
        frame = frame_of((rgb.shape[0], rgb.shape[1]), predictor.network.config)
        (encoding,) = predictor.encode([rgb])
        boxes = predictor.boxes(encoding, box_prompts(np.array([rectangle]), frame), Camera(K).in_frame(frame))
        found = next(iter(detections(boxes, ["object"])), None)
        if found is None or found.rotation_matrix is None:
            raise OwnError("own_nothing_detected")
        box, rotation = tuple(found.bbox_3d), found.rotation_matrix
        return Proposal(box, rotation, ground_under(box, rotation), "own_method_detector", (("own_assumes_upright", {}),))
