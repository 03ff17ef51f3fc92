"""Which photographs of a place are taken: far apart, sharp, and with boxes in them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage  # type: ignore[import-untyped]

from gsi_bench_builders.photos.camera import PhotoCamera
from gsi_bench_builders.photos.source import Capture, PhotoError, PhotoFrame, PhotoSource

__all__ = ["boxes_in_view", "choose_frame", "sharpness"]

LOOKED_AT = 6  # photographs of a stretch whose sharpness is compared
_SIDE = 320  # pixels: blur of a hand shows in it, noise does not


def sharpness(rgb: NDArray[np.uint8]) -> float:
    """How sharp an image is: the variance of the Laplacian of its brightness, relative to its contrast."""
    grey = rgb.astype(np.float32).mean(axis=2)
    return float(ndimage.laplace(grey).var() / max(float(grey.var()), 1.0))


def boxes_in_view(capture: Capture, camera: PhotoCamera) -> int:
    """How many boxes have their centre in the image."""
    if not capture.boxes:
        return 0
    pixels = camera.project(np.array([box.centre for box in capture.boxes]))
    with np.errstate(invalid="ignore"):
        shown = (pixels >= 0).all(axis=1) & (pixels < (camera.width, camera.height)).all(axis=1)
    return int(shown.sum())


def choose_frame(source: PhotoSource, capture: Capture, part: int, parts: int) -> PhotoFrame:
    """The photograph of one of `parts` stretches of a capture: the sharpest of some of its middle with a box in view.

    Taking the middle of each stretch keeps photographs of neighbouring stretches apart.

    Raises:
        PhotoError: the capture has fewer photographs than stretches, or none of the stretch shows a box.
    """
    frames = capture.frames
    if part >= len(frames):
        raise PhotoError("no_frame", f"{capture.id}: {len(frames)} usable photographs, {parts} are asked for")
    stretch = _middle(frames, part, min(parts, len(frames)))
    seen = [(boxes_in_view(capture, frame.camera), frame) for frame in stretch]
    shown = [frame for count, frame in seen if count]
    if not shown:
        raise PhotoError("no_box_in_view", f"{capture.id}: of {len(capture.boxes)} boxes, in {_names(stretch)}")
    if len(shown) == 1:
        return shown[0]
    picked = [shown[i] for i in np.unique(np.linspace(0, len(shown) - 1, LOOKED_AT).round().astype(int))]
    scored, problem = [], None
    for frame in picked:
        try:
            scored.append((sharpness(source.pixels(capture, frame, _SIDE, depth=False).rgb), frame))
        except PhotoError as error:
            problem = error
    if not scored:
        raise problem or PhotoError("photo_missing", f"{capture.id}: {_names(picked)}")
    return max(scored, key=lambda pair: pair[0])[1]


def _middle(frames: Sequence[PhotoFrame], part: int, parts: int) -> Sequence[PhotoFrame]:
    """The middle half of a stretch, at least one photograph."""
    low, high = part * len(frames) / parts, (part + 1) * len(frames) / parts
    quarter = (high - low) / 4
    first = min(int(np.ceil(low + quarter)), int((low + high) / 2))
    return frames[first : max(first + 1, int(high - quarter))]


def _names(frames: Sequence[PhotoFrame]) -> str:
    return frames[0].name if len(frames) == 1 else f"{frames[0].name} to {frames[-1].name}"
