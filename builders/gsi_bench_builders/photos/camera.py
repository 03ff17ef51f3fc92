"""The camera of a photograph: two focal lengths and a principal point of its own; turned and resized with its image."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gsi_bench_builders.photos.limits import FAR, LIMITS
from gsi_bench_builders.scene import UP, Camera, Matrix3, matrix3
from gsi_bench_dataset.records import camera_problems

__all__ = ["PhotoCamera", "is_rotation", "levelled", "quarter_turns"]

Array = NDArray[np.float64]
_SQUARE = 1e-2  # entries of R·Rᵀ - 1: corpora write rotations with few digits


@dataclasses.dataclass(frozen=True)
class PhotoCamera(Camera):
    """A pinhole camera as photographs have it; `focal` is along the width.

    Attributes:
        focal_y: along the height, pixels.
        centre: principal point, pixels; the centre of the first pixel is (0.5, 0.5).
    """

    focal_y: float = 1.0
    centre: tuple[float, float] = (0.0, 0.0)

    @classmethod
    def of(cls, k: ArrayLike, rotation: ArrayLike, position: Sequence[float], size: tuple[int, int]) -> PhotoCamera:
        """From K (3×3, pixels), the rows right, down, forward in the world (3×3), the centre and (width, height).

        Raises:
            ValueError: no camera has these; says what is odd.
        """
        m, turn = np.asarray(k, dtype=np.float64), np.asarray(rotation, dtype=np.float64)
        x, y, z = (float(v) for v in position)
        if not (np.abs([*m.ravel(), *turn.ravel(), x, y, z, *map(float, size)]) < FAR).all():
            raise ValueError(f"expected a camera of numbers below {FAR:g}")
        problems = camera_problems(matrix3(m))
        if min(size) <= 0:
            problems.append(f"expected an image, found {size[0]}×{size[1]} pixels")
        if not is_rotation(turn):
            problems.append(f"expected a rotation, found {turn.round(3).tolist()}")
        if problems:
            raise ValueError("; ".join(problems))
        middle = (float(m[0, 2]), float(m[1, 2]))
        return cls((x, y, z), matrix3(turn), float(m[0, 0]), *size, focal_y=float(m[1, 1]), centre=middle)

    @property
    def intrinsics(self) -> Matrix3:
        """K, pixels."""
        return ((self.focal, 0.0, self.centre[0]), (0.0, self.focal_y, self.centre[1]), (0.0, 0.0, 1.0))

    def flat_axes(self) -> tuple[Array, Array]:
        """Its right and forward directions on the ground, at right angles: a photograph that is held askew stays readable.

        Raises:
            ValueError: it looks straight up or down.
        """
        forward = np.array(self.rotation[2]) * (1, 1, 0)
        if np.linalg.norm(forward) < 1e-6:
            raise ValueError("a camera that looks straight down has no forward on the ground")
        forward = forward / np.linalg.norm(forward)
        right: Array = np.cross(forward, UP)
        return right, np.asarray(forward)

    def resized(self, width: int, height: int) -> PhotoCamera:
        """The camera of the image in another size."""
        across, along = width / self.width, height / self.height
        return dataclasses.replace(
            self,
            focal=self.focal * across,
            focal_y=self.focal_y * along,
            centre=(self.centre[0] * across, self.centre[1] * along),
            width=width,
            height=height,
        )

    def turned(self, quarters: int) -> PhotoCamera:
        """The camera of the image turned counter-clockwise by quarter turns, as `np.rot90` turns it."""
        found = self
        for _ in range(quarters % 4):
            right, down, forward = (np.array(row) for row in found.rotation)
            found = dataclasses.replace(
                found,
                rotation=matrix3(np.stack([down, -right, forward])),
                focal=found.focal_y,
                focal_y=found.focal,
                centre=(found.centre[1], found.width - found.centre[0]),
                width=found.height,
                height=found.width,
            )
        return found


def is_rotation(matrix: Array) -> bool:
    """Whether a 3×3 matrix of finite numbers turns and no more: its rows are at right angles, of length 1, no mirror image."""
    return bool(np.abs(matrix @ matrix.T - np.eye(3)).max() <= _SQUARE and np.linalg.det(matrix) > 0)


def quarter_turns(camera: Camera) -> int:
    """By how many quarter turns counter-clockwise the image comes upright; 0 where the camera looks straight up or down."""
    right, down = camera.rotation[0][2], camera.rotation[1][2]
    if math.hypot(right, down) < LIMITS.turned_share:
        return 0
    # How far the vertical points up in the image, after each turn.
    return int(np.argmax([-down + 1e-9, right, down, -right]))


def levelled(up: ArrayLike) -> Matrix3:
    """Rows right, down, forward of a camera in a world whose z is up and whose y is forward, from the vertical it sees.

    Args:
        up: unit vector against gravity in the camera's frame (x right, y down, z forward).

    >>> levelled((0.0, -1.0, 0.0))[1]
    (0.0, 0.0, -1.0)
    """
    vertical = np.asarray(up, dtype=np.float64)
    vertical = vertical / np.linalg.norm(vertical)
    forward = np.array([0.0, 0.0, 1.0]) - vertical[2] * vertical
    if np.linalg.norm(forward) < 1e-6:
        forward = np.array([0.0, -1.0, 0.0]) + vertical[1] * vertical  # straight down: the image's top is forward
    forward = forward / np.linalg.norm(forward)
    right = np.cross(forward, vertical)
    return matrix3(np.stack([right, forward, vertical], axis=1) + 0.0)
