"""What a photograph shows of a board and cards: corners in pixels, by id; what is wrong with it in words. Pure.

Pixels as OpenCV counts them: the middle of the first pixel is 0, 0.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from gsi_bench_metric.photos.markers.config import MARKERS
from gsi_bench_metric.photos.markers.prints import board_of, dictionary

__all__ = ["Seen", "blurredness", "see"]

Array = NDArray[np.float64]
Grey = NDArray[np.uint8]


@dataclasses.dataclass(frozen=True)
class Seen:
    """Board and cards in one photograph.

    Attributes:
        name: of the file.
        size: (width, height), pixels.
        corners: (n, 2) of the board's inner corners, pixels.
        ids: (n,) which of them.
        cards: id -> (4, 2) corners of its marker: top left, top right, bottom right, bottom left as printed.
        problems: why it cannot be used.
    """

    name: str
    size: tuple[int, int]
    corners: Array
    ids: NDArray[np.int64]
    cards: Mapping[int, Array]
    problems: tuple[str, ...]


def see(name: str, grey: Grey) -> Seen:
    """Board and cards in a grey image (H, W)."""
    height, width = grey.shape
    parameters = cv2.aruco.DetectorParameters()
    parameters.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
    found, numbers, _ = cv2.aruco.ArucoDetector(dictionary(), parameters).detectMarkers(grey)
    ids = [] if numbers is None else [int(number) for number in numbers.ravel()]
    markers = [corner.reshape(4, 2).astype(np.float64) for corner in found]
    corners, which = _board_corners(grey, [m for m, i in zip(markers, ids, strict=True) if i < MARKERS.first_card], ids)
    cards = {i: marker for i, marker in zip(ids, markers, strict=True) if _is_card(i)}
    return Seen(name, (width, height), corners, which, cards, tuple(_problems(grey, ids, len(corners))))


def _board_corners(grey: Grey, markers: list[Array], ids: list[int]) -> tuple[Array, NDArray[np.int64]]:
    of_board = np.array([i for i in ids if i < MARKERS.first_card], dtype=np.int32)
    nothing = np.zeros((0, 2)), np.zeros(0, dtype=np.int64)
    if not len(of_board) or of_board.max() >= _board_markers():
        return nothing
    detector = cv2.aruco.CharucoDetector(board_of(MARKERS.marker_m))
    corners, which, _, _ = detector.detectBoard(
        grey, markerCorners=[m[None].astype(np.float32) for m in markers], markerIds=of_board
    )
    if corners is None:  # type: ignore[unreachable, unused-ignore] # OpenCV's stubs do not tell
        return nothing  # type: ignore[unreachable, unused-ignore]
    return corners.reshape(-1, 2).astype(np.float64), which.ravel().astype(np.int64)


def _problems(grey: Grey, ids: list[int], corners: int) -> list[str]:
    problems = []
    twice = sorted({i for i in ids if ids.count(i) > 1})
    if twice:
        what = "cards" if any(map(_is_card, twice)) else "markers"
        problems.append(f"the {what} {', '.join(map(str, twice))} are seen more than once: two boards, or two prints of a card")
    strange = sorted({i for i in ids if not _is_card(i) and i >= _board_markers()})
    if strange:
        problems.append(f"the markers {', '.join(map(str, strange))} belong to another board; leave only one in view")
    elif corners < MARKERS.least_corners and not twice:
        total = (MARKERS.columns - 1) * (MARKERS.rows - 1)
        blurred = "; it is blurred: hold the camera still" if blurredness(grey) > MARKERS.blurred else ""
        least = MARKERS.least_corners
        problems.append(f"{corners} of the board's {total} corners are seen, at least {least} are needed{blurred}")
    return problems


def blurredness(grey: Grey) -> float:
    """What a further slight blur leaves of the steepest gradients, 0–1, at 1000 pixels of the longer side.

    It takes much from a sharp photograph and little from one that is blurred already, whatever both show.
    """
    scale = 1000 / max(grey.shape)
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).astype(np.float32)
    sharp, soft = (_steepest(np.asarray(image)) for image in (small, cv2.GaussianBlur(small, (0, 0), MARKERS.blur_px)))
    return soft / max(sharp, 1e-6)


def _steepest(image: NDArray[Any]) -> float:
    across, down = cv2.Sobel(image, cv2.CV_32F, 1, 0), cv2.Sobel(image, cv2.CV_32F, 0, 1)
    return float(np.percentile(np.hypot(across, down), 99.5))


def _is_card(number: int) -> bool:
    return MARKERS.first_card <= number < MARKERS.first_card + MARKERS.most_cards


def _board_markers() -> int:
    return MARKERS.columns * MARKERS.rows // 2
