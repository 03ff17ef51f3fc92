"""From an image to the network's input, and back from its pixels."""

from __future__ import annotations

import dataclasses

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor
from torch.nn import functional

from gsi_bench_metric.detectors.detany3d.config import Config
from gsi_bench_metric.detectors.detany3d.errors import DetAny3DError
from gsi_bench_metric.detectors.detany3d.network.layers import resize
from gsi_bench_metric.imaging.images import RGB

__all__ = ["Frame", "frame_of", "preprocess"]

Array = NDArray[np.float64]

_SAM_MEAN, _SAM_STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
_DINO_MEAN, _DINO_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclasses.dataclass(frozen=True)
class Frame:
    """Where an image lands: resized, then centre-cropped. All pairs are (rows, columns)."""

    source: tuple[int, int]
    resized: tuple[int, int]
    cropped: tuple[int, int]
    crop_start: tuple[int, int]
    tokens: tuple[int, int]

    def boxes(self, boxes: Array) -> NDArray[np.int32]:
        """Source boxes (N, 4) as prompts: scaled and truncated.

        The crop is not subtracted and nothing is clamped: so the network was asked in the paper. In float32, as
        there: 180 * 0.7 is 126 in it, and 125.99… in float64, which truncation would turn into another box.
        """
        return (np.asarray(boxes, dtype=np.float32) * self._scale(2).astype(np.float32)).astype(np.int32)

    def camera(self, K: ArrayLike) -> Array:
        """A matrix (3, 3) in source pixels, in this frame's."""
        scaled = np.asarray(K, dtype=np.float64).copy()
        scaled[:2] *= self._scale(1)[:, None]
        scaled[0, 2] -= self.crop_start[1]
        scaled[1, 2] -= self.crop_start[0]
        return scaled

    def source_camera(self, K: ArrayLike) -> Array:
        """A matrix (3, 3) in this frame's pixels, in the source's: what `camera` undoes."""
        whole = np.asarray(K, dtype=np.float64).copy()
        whole[0, 2] += self.crop_start[1]
        whole[1, 2] += self.crop_start[0]
        whole[:2] /= self._scale(1)[:, None]
        return whole

    def points(self, points: Array) -> Array:
        """Source points (..., 2) in this frame."""
        return np.asarray(points, dtype=np.float64) * self._scale(1) - self.crop_start[::-1]

    def to_source(self, points: Array) -> Array:
        """Points (..., 2) of this frame in source pixels."""
        out: Array = (np.asarray(points, dtype=np.float64) + self.crop_start[::-1]) / self._scale(1)
        return out

    def _scale(self, repeats: int) -> Array:
        factors = (self.resized[1] / self.source[1], self.resized[0] / self.source[0])
        return np.array(factors * repeats)


def frame_of(size: tuple[int, int], config: Config) -> Frame:
    """The frame of an image of `size` = (height, width); its tokens may come to none (see `preprocess`)."""
    scale = config.pad / max(size)
    resized = (int(size[0] * scale + 0.5), int(size[1] * scale + 0.5))
    patch = config.dino.patch_size
    cropped = (resized[0] // patch * patch, resized[1] // patch * patch)
    tokens = (cropped[0] // config.sam.patch_size, cropped[1] // config.sam.patch_size)
    start = (resized[0] // 2 - cropped[0] // 2, resized[1] // 2 - cropped[1] // 2)
    return Frame(size, resized, cropped, start, tokens)


def preprocess(rgb: RGB, config: Config, device: torch.device | str = "cpu") -> tuple[Tensor, Tensor, Frame]:
    """RGB uint8 (H, W, 3) -> the padded image for SAM (1, 3, P, P), the cropped one for DINO (1, 3, h', w'), the frame.

    Raises:
        DetAny3DError: not an RGB uint8 image, or too thin.
    """
    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3 or 0 in rgb.shape:
        raise DetAny3DError(f"expected an RGB image (H, W, 3) of uint8, found shape {rgb.shape} of {rgb.dtype}")
    frame = frame_of((rgb.shape[0], rgb.shape[1]), config)
    if min(frame.tokens) == 0:
        raise DetAny3DError(
            f"an image of {rgb.shape[1]}×{rgb.shape[0]} is too thin: brought to {config.pad} pixels, its short side has "
            f"{min(frame.resized)}, and one token needs {config.sam.patch_size}; pad or crop it first"
        )
    picture = torch.tensor(rgb).to(device).permute(2, 0, 1)[None].float()
    # On numbers, not on bytes: PIL would round to 0..255 in between.
    picture = resize(picture, frame.resized, antialias=True)
    (top, left), (height, width) = frame.crop_start, frame.cropped
    picture = picture[:, :, top : top + height, left : left + width]
    sam = functional.pad(_normed(picture, _SAM_MEAN, _SAM_STD), (0, config.pad - width, 0, config.pad - height))
    return sam, _normed(picture / 255, _DINO_MEAN, _DINO_STD), frame


def _normed(picture: Tensor, mean: tuple[float, ...], std: tuple[float, ...]) -> Tensor:
    return (picture - picture.new_tensor(mean).view(3, 1, 1)) / picture.new_tensor(std).view(3, 1, 1)
