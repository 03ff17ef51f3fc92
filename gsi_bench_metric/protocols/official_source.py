"""What the official protocol needs of a source image, whatever the edit: computed once for all edits that follow each other."""

from __future__ import annotations

import threading
from collections import OrderedDict
from functools import cached_property

import torch
from torch import Tensor

from gsi_bench_dataset.records import EncodedImage
from gsi_bench_metric.images import RGB, load_rgb, reference_view
from gsi_bench_metric.perceptual import LpipsAlex, content_scaled
from gsi_bench_metric.viewpoint import ViewpointKeypoints, keypoints

__all__ = ["Source", "SourceCache"]

# Features of one 896-pixel picture take 33 MB. Plans come in sample order, so edits of one picture follow each other.
_KEPT = 4


class Source:
    """A decoded source image, RGB uint8 (H, W, 3), and what follows from it alone."""

    def __init__(self, rgb: RGB, network: LpipsAlex, device: torch.device):
        self.rgb = rgb
        self._network = network
        self._device = device

    @cached_property
    def view(self) -> Tensor:
        """The reference's evaluated window (1, 3, h, w), float32 BGR."""
        return reference_view(torch.tensor(self.rgb)[None].to(self._device))

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
        self._kept: OrderedDict[bytes, Source] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, image: EncodedImage) -> Source:
        """The source of an encoded image.

        Raises:
            ImageError: it cannot be read.
        """
        with self._lock:
            source = self._kept.pop(image.bytes, None)
            if source is None:
                source = Source(load_rgb(image), self._network, self._device)
            self._kept[image.bytes] = source
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return source
