"""Everything of one photograph that words name, for `boxes.json`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gsi_bench_metric.detectors.detany3d.grounding import TextDetector
from gsi_bench_metric.detectors.detany3d.predictor import Camera, Predictor, box_prompts
from gsi_bench_metric.detectors.detany3d.preprocessing import frame_of
from gsi_bench_metric.imaging.images import RGB
from gsi_bench_metric.marking.photographs import Found, UnusableError

__all__ = ["find_objects"]

Array = NDArray[np.float64]


def find_objects(
    predictor: Predictor, text: TextDetector, rgb: RGB, nouns: Sequence[str], K: Array | None
) -> tuple[list[Found], Array]:
    """What is found of each noun, and the camera that it is told for.

    Args:
        predictor: DetAny3D.
        text: who finds 2D boxes of words.
        rgb: (H, W, 3).
        nouns: class names.
        K: (3, 3), source pixels; None: the network's own guess.

    Raises:
        UnusableError: the image is too thin.
        DetAny3DError: an empty noun, or something is lacking.
    """
    frame = frame_of((rgb.shape[0], rgb.shape[1]), predictor.network.config)
    if min(frame.tokens) == 0:
        raise UnusableError("the image is too thin for the detector")
    (encoding,) = predictor.encode([rgb])
    asked = None if K is None else Camera(K).in_frame(frame)
    guess = frame.source_camera(encoding.K[0].double().cpu().numpy())
    found = []
    for noun in nouns:
        seen = text.find(rgb, noun)
        if not seen.phrases:
            continue
        boxes = predictor.boxes(encoding, box_prompts(seen.boxes, frame), asked)
        found += [
            Found(noun, float(boxes.iou[i]), seen.boxes[i], boxes.boxes_3d[i, :6], boxes.rotations[i])
            for i in range(len(seen.phrases))
        ]
    return found, guess if K is None else np.asarray(K, dtype=np.float64)
