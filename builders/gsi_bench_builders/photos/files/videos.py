"""Single frames of videos, by OpenCV."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gsi_bench_builders.photos.source import PhotoError
from gsi_bench_dataset.safety.files import FileProblemError, printable_path, require_regular

__all__ = ["video_frame", "video_size"]

_MAX_BYTES = 64 * 2**30


def video_size(path: Path) -> tuple[int, int]:
    """(width, height) of a video's frames, as they are meant to be seen.

    Raises:
        PhotoError: see `video_frame`.
    """
    frame = video_frame(path, 0)
    return frame.shape[1], frame.shape[0]


def video_frame(path: Path, number: int) -> NDArray[np.uint8]:
    """A frame (H×W×3 RGB) by its number, from 0.

    Raises:
        PhotoError: OpenCV is not installed, or the file or the frame is not there or cannot be decoded.
    """
    try:
        import cv2  # noqa: PLC0415 - photographs that are images need none of it
    except ImportError as error:
        said = f"{printable_path(path)}: frames of videos need OpenCV: pip install opencv-python-headless"
        raise PhotoError("photo_unreadable", said) from error
    try:
        require_regular(path, _MAX_BYTES)
    except FileNotFoundError as error:
        raise PhotoError("photo_missing", printable_path(path)) from error
    except (FileProblemError, OSError) as error:
        raise PhotoError("photo_unreadable", str(error)) from error
    video = cv2.VideoCapture(str(path))
    try:
        if not video.isOpened():
            said = "OpenCV cannot decode this video here; unpack it to images (docs/fine.md) and build again"
            raise PhotoError("photo_unreadable", f"{printable_path(path)}: {said}")
        video.set(cv2.CAP_PROP_POS_FRAMES, number)
        if round(video.get(cv2.CAP_PROP_POS_FRAMES)) != number:
            # A jump that does not arrive is made on foot, from the beginning.
            video.release()
            video = cv2.VideoCapture(str(path))
            for _ in range(number):
                if not video.grab():
                    break
        there, frame = video.read()
        if not there or frame is None:
            raise PhotoError("photo_missing", f"{printable_path(path)}: no frame {number}")
        return np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), dtype=np.uint8)
    finally:
        video.release()
