"""The camera of photographs with a board: its lens over a set of them, and where it stood in each. Pure.

Pixels as OpenCV counts them (see `seeing`); metres; board frame of `prints`; OpenCV camera frame.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from gsi_bench_metric.photos.markers.config import MARKERS
from gsi_bench_metric.photos.markers.prints import board_of
from gsi_bench_metric.photos.markers.seeing import Seen

__all__ = ["CameraError", "Lens", "Stand", "calibrated", "lens_of_focal", "on_table", "stand_of"]

Array = NDArray[np.float64]


class CameraError(ValueError):
    """Photographs that do not tell the camera; the message says why."""


@dataclasses.dataclass(frozen=True)
class Lens:
    """How the camera sees.

    Attributes:
        K: (3, 3), pixels.
        distortion: (5,) OpenCV's k1, k2, p1, p2, k3.
        size: (width, height) of the photographs that it is for, pixels.
        error_px: root mean square of the board's corners; None: it was not calibrated.
        views: photographs that it was calibrated on.
    """

    K: Array
    distortion: Array
    size: tuple[int, int]
    error_px: float | None = None
    views: int = 0


@dataclasses.dataclass(frozen=True)
class Stand:
    """Where the camera stood.

    Attributes:
        rotation: (3, 3) board -> camera.
        translation: (3,) the board's origin in the camera's frame, metres.
        error_px: root mean square of the board's corners.
    """

    rotation: Array
    translation: Array
    error_px: float

    @property
    def up(self) -> Array:
        """(3,) the table's normal towards the camera, camera frame: against gravity where the table is level."""
        return np.asarray(-self.rotation[:, 2])

    @property
    def centre(self) -> Array:
        """(3,) of the camera, board frame."""
        return np.asarray(-self.rotation.T @ self.translation)

    def to_camera(self, point: Array) -> Array:
        """A point (3,) of the board's frame in the camera's."""
        return np.asarray(self.rotation @ point + self.translation)


def lens_of_focal(focal_px: float, size: tuple[int, int]) -> Lens:
    """A lens without distortion, its axis through the middle of the image."""
    width, height = size
    K = np.array([[focal_px, 0, (width - 1) / 2], [0, focal_px, (height - 1) / 2], [0, 0, 1.0]])
    return Lens(K, np.zeros(5), size)


def calibrated(views: Sequence[Seen], marker_length_m: float) -> Lens:
    """The lens from photographs of the board from several sides; its axis is taken to go through the image's middle.

    Raises:
        CameraError: too few of them, all from one side, of several sizes, or not of one lens.
    """
    usable = [view for view in views if not view.problems and len(view.corners) >= MARKERS.least_corners]
    sizes = sorted({view.size for view in usable})
    if len(sizes) > 1:
        told = ", ".join(f"{w}×{h}" for w, h in sizes)
        raise CameraError(f"photographs of several sizes ({told}); take all with one camera, all upright or all lying")
    if len(usable) < MARKERS.least_views:
        raise CameraError(
            f"{len(usable)} photographs show the board well enough to calibrate the camera, at least {MARKERS.least_views} are "
            "needed; add some from other sides to the folder `calibration`, or give --focal-mm"
        )
    board, size = board_of(marker_length_m), sizes[0]
    points = [np.asarray(board.getChessboardCorners(), dtype=np.float32)[view.ids] for view in usable]
    pixels = [view.corners.astype(np.float32) for view in usable]
    start = lens_of_focal(float(max(size)), size).K
    flags = cv2.CALIB_USE_INTRINSIC_GUESS | cv2.CALIB_FIX_PRINCIPAL_POINT | cv2.CALIB_FIX_ASPECT_RATIO
    flags |= cv2.CALIB_ZERO_TANGENT_DIST | cv2.CALIB_FIX_K3
    error, K, distortion, turns, _ = cv2.calibrateCamera(points, pixels, size, start, np.zeros(5), flags=flags)
    normals = [cv2.Rodrigues(turn)[0][:, 2] for turn in turns]
    widest = max(math.degrees(math.acos(float(np.clip(a @ b, -1, 1)))) for a in normals for b in normals)
    if widest < MARKERS.least_tilt_deg:
        raise CameraError(
            f"all photographs look at the board from nearly one side ({widest:.0f}° between them, at least "
            f"{MARKERS.least_tilt_deg:g}° are needed): the focal length cannot be told; add some from other sides to the "
            "folder `calibration`, or give --focal-mm"
        )
    if error > _limit_px(size):
        raise CameraError(
            f"the board's corners miss their places by {error:.1f} pixels, at most {_limit_px(size):.1f} are allowed: "
            "photographs of several cameras or zooms, a bent board, or blur"
        )
    coefficients = np.asarray(distortion, dtype=np.float64).ravel()[:5]
    return Lens(np.asarray(K, dtype=np.float64), coefficients, size, float(error), len(usable))


def stand_of(view: Seen, lens: Lens, marker_length_m: float) -> Stand:
    """Where the camera stood when it took a photograph.

    Raises:
        CameraError: the board is not seen well enough.
    """
    if view.problems:
        raise CameraError("; ".join(view.problems))
    if view.size != lens.size:
        wanted, found = (f"{w}×{h}" for w, h in (lens.size, view.size))
        raise CameraError(f"{found} pixels, the camera was calibrated for {wanted}; take all photographs alike")
    points = np.asarray(board_of(marker_length_m).getChessboardCorners(), dtype=np.float64)[view.ids]
    good, turn, shift = cv2.solvePnP(points, view.corners, lens.K, lens.distortion, flags=cv2.SOLVEPNP_IPPE)
    if not good:
        raise CameraError("the board's place cannot be worked out of its corners")
    turn, shift = cv2.solvePnPRefineLM(points, view.corners, lens.K, lens.distortion, turn, shift)
    shown = cv2.projectPoints(points, turn, shift, lens.K, lens.distortion)[0].reshape(-1, 2)
    error = float(np.sqrt(((shown - view.corners) ** 2).sum(axis=1).mean()))
    if error > _limit_px(view.size):
        raise CameraError(
            f"the board's corners miss their places by {error:.1f} pixels, at most {_limit_px(view.size):.1f} are allowed: it "
            "is bent, blurred, or another camera or zoom took the photograph"
        )
    return Stand(np.asarray(cv2.Rodrigues(turn)[0]), np.asarray(shift, dtype=np.float64).ravel(), error)


def on_table(pixels: Array, stand: Stand, lens: Lens) -> Array:
    """Where the rays of pixels (n, 2) meet the table: (n, 2) x, y of the board's frame, metres."""
    rays = cv2.undistortPoints(pixels.reshape(-1, 1, 2), lens.K, lens.distortion).reshape(-1, 2)
    ways = np.concatenate([rays, np.ones((len(rays), 1))], axis=1) @ stand.rotation  # in the board's frame
    centre = stand.centre
    return np.asarray((centre - ways * (centre[2] / ways[:, 2:]))[:, :2])


def _limit_px(size: tuple[int, int]) -> float:
    return MARKERS.most_error_px * max(1.0, max(size) / 1600)
