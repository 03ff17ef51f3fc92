"""The least that scoring can cost: library kernels on the unique work, called one after the other, nothing around them.

Every picture is decoded once, AlexNet sees every evaluated window once (a source's once for all its edits), SIFT sees a
picture once. What is prepared from one kernel for the next (resizing to the evaluated window, float conversions, masks) is
not counted.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from skimage.metrics import structural_similarity
from torch import Tensor

from gsi_bench_dataset.records import Sample
from gsi_bench_metric.imaging.images import load_rgb, reference_view
from gsi_bench_metric.imaging.locality import moments, ssim
from gsi_bench_metric.imaging.perceptual import LpipsAlex, content_scaled
from gsi_bench_metric.imaging.viewpoint import keypoints, same_viewpoint
from gsi_bench_metric.protocols.official.operations import parse_operation

# Shown beside the others, not part of the sum.
FOR_INFORMATION = ("resize to the evaluated window", "scikit-image SSIM")

T = TypeVar("T")


class Kernels:
    """Runs the kernels on edits and adds up the seconds of each kind."""

    def __init__(self) -> None:
        self._network = LpipsAlex.pretrained()

    @torch.inference_mode()
    def seconds(self, samples: Sequence[Sample], predictions: Path, scikit_image: bool = False) -> dict[str, float]:
        """Seconds by kernel, all edits together. Samples of one source must follow each other."""
        clock = Clock()
        encoded = b""
        for sample in samples:
            if sample.image.bytes != encoded:
                encoded = sample.image.bytes
                source = clock.time("decoding", load_rgb, sample.image)
                window, features = self._window(clock, source)
                sums = clock.time("SSIM", moments, window)
                points = None
            edited = clock.time("decoding", load_rgb, predictions / f"{sample.id}.png")
            edited_window, edited_features = self._window(clock, edited)
            size = (window.shape[-2], window.shape[-1])
            clock.time("LPIPS heads", self._network.distance_map, features, edited_features, size)
            clock.time("SSIM", ssim, sums, edited_window, torch.ones(1, *size, dtype=torch.bool))
            if scikit_image:
                a, b = (np.ascontiguousarray(w[0].permute(1, 2, 0).numpy()) for w in (window, edited_window))
                clock.time(
                    "scikit-image SSIM",
                    lambda a, b: structural_similarity(a, b, data_range=b.max() - b.min(), channel_axis=-1, full=True),
                    a,
                    b,
                )
            operation = parse_operation(sample.prompt)
            if operation == "rotate":
                points = points or clock.time("SIFT", keypoints, source)
                clock.time("matching", same_viewpoint, points, clock.time("SIFT", keypoints, edited))
            if operation == "view":
                self._view(clock, edited, sample)
        return dict(clock.total)

    def _window(self, clock: Clock, rgb: np.ndarray) -> tuple[Tensor, list[Tensor]]:
        pixels = torch.tensor(rgb)[None]
        window = clock.time("resize to the evaluated window", reference_view, pixels)
        return window, clock.time("AlexNet", self._network.features, content_scaled(window))

    def _view(self, clock: Clock, edited: np.ndarray, sample: Sample) -> None:
        """The comparison with the ground truth, in full size."""
        truth = clock.time("decoding", load_rgb, sample.edited_image)
        a, b = (torch.tensor(x)[None].permute(0, 3, 1, 2).float().contiguous() for x in (edited, truth))
        clock.time("SSIM of views", lambda a, b: ssim(a, b, dtype=torch.float64), a, b)
        features = [clock.time("AlexNet", self._network.features, content_scaled(x)) for x in (a, b)]
        clock.time("LPIPS heads", self._network.distance_map, *features, (a.shape[-2], a.shape[-1]))


class Clock:
    """Adds up the seconds of calls by name."""

    def __init__(self) -> None:
        self.total: dict[str, float] = defaultdict(float)

    def time(self, name: str, function: Callable[..., T], *arguments: object) -> T:
        start = time.perf_counter()
        result = function(*arguments)
        self.total[name] += time.perf_counter() - start
        return result


def limit(seconds: dict[str, float]) -> float:
    """The sum that scoring is compared with."""
    return sum(value for name, value in seconds.items() if name not in FOR_INFORMATION)
