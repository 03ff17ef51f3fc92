"""What the official protocol needs of a source image, whatever the edit: computed once for all edits that follow each other."""

from __future__ import annotations

from functools import cached_property

import torch
from torch import Tensor

from gsi_bench_dataset.records import EncodedImage
from gsi_bench_metric.imaging.images import RGB, reference_view
from gsi_bench_metric.imaging.locality import Moments, moments
from gsi_bench_metric.imaging.perceptual import LpipsAlex, content_scaled
from gsi_bench_metric.imaging.pictures import Picture
from gsi_bench_metric.imaging.viewpoint import ViewpointKeypoints, keypoints
from gsi_bench_metric.recent import Recent

__all__ = ["Source", "SourceCache"]

# Features of one 896-pixel image take 33 MB. Plans come in sample order, so edits of one image follow each other.
_KEPT = 4


class Source:
    """A source image and what follows from it alone, computed when it is asked for."""

    def __init__(self, image: EncodedImage, network: LpipsAlex, device: torch.device):
        self.picture = Picture(image)
        self._network = network
        self._device = device

    @property
    def rgb(self) -> RGB:
        """The decoded image (H, W, 3), RGB uint8."""
        return self.picture.rgb()

    @cached_property
    def view(self) -> Tensor:
        """The reference's evaluated window (1, 3, h, w), float32 BGR."""
        return reference_view(torch.tensor(self.rgb)[None].to(self._device))

    @cached_property
    def moments(self) -> Moments:
        """Window sums of the window for SSIM."""
        return moments(self.view)

    @cached_property
    def features(self) -> list[Tensor]:
        """LPIPS features of the window, five stages, each (1, C, h', w')."""
        return self._network.features(content_scaled(self.view))

    @cached_property
    def keypoints(self) -> ViewpointKeypoints:
        """SIFT key points of the whole image."""
        return keypoints(self.rgb)


class SourceCache:
    """The last few sources, by the bytes of their files. `get` may be called by several threads."""

    def __init__(self, network: LpipsAlex, device: torch.device):
        self._network = network
        self._device = device
        self._kept: Recent[bytes, Source] = Recent(_KEPT)

    def get(self, image: EncodedImage) -> Source:
        """The source of an encoded image; it is decoded when its pixels are asked for."""
        return self._kept.get(image.bytes, lambda: Source(image, self._network, self._device))
