"""Metric depth by a transformers model: Depth Anything (V2 metric), ZoeDepth, Depth Pro.

None of them is told the camera, so their scale is that of the known boxes afterwards (`scale.py`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional

from gsi_bench_metric.seeing.base import Depth, DepthEstimator, View
from gsi_bench_metric.seeing.options import Options, SeeingError
from gsi_bench_metric.seeing.transformers_model import load, name_of, processor, state_of

__all__ = ["TransformersDepth", "make"]

_KINDS = ("depth_anything", "zoedepth", "depth_pro")
_EXAMPLE = "depth-anything/Depth-Anything-V2-Metric-Indoor-Small-hf"


class TransformersDepth:
    """Depth of whole images, those of one size together.

    Args:
        options: `weights` names a folder or a Hub repository.

    Raises:
        SeeingError: the model cannot be loaded, or does not give metres.
    """

    to_scale = False

    def __init__(self, options: Options) -> None:
        config, self._model, self._device = load("transformers", options, _EXAMPLE, "AutoModelForDepthEstimation", _KINDS)
        if config.model_type == "depth_anything" and config.depth_estimation_type != "metric":
            raise SeeingError(
                f"{options.weights}: gives relative depth, which knows no metres; take a metric one, such as {_EXAMPLE}"
            )
        self._kind = config.model_type
        self._processor = processor(options)
        self.name = name_of(options)
        self.key = state_of(options, config, self._device)

    def estimate(self, views: Sequence[View], numbers: Sequence[NDArray[np.int64] | None]) -> list[Depth]:
        """See `DepthEstimator`."""
        found: list[Depth] = [np.zeros(view.shape, np.float32) for view in views]
        for shape in sorted({view.shape for view in views}):
            where = [i for i, view in enumerate(views) if view.shape == shape]
            for i, depth in zip(where, self._depths([views[i] for i in where]), strict=True):
                found[i] = depth
        return found

    @torch.inference_mode()
    def _depths(self, views: Sequence[View]) -> list[Depth]:
        inputs = self._processor([Image.fromarray(view.rgb) for view in views], return_tensors="pt").to(self._device)
        outputs = self._model(**inputs)
        if self._kind == "zoedepth":
            found = list(_without_padding(outputs.predicted_depth, views[0].shape, padded=bool(self._processor.do_pad)))
        else:
            sizes = [view.shape for view in views]
            told = self._processor.post_process_depth_estimation(outputs, target_sizes=sizes)
            found = [one["predicted_depth"] for one in told]
        return [depth.float().cpu().numpy() for depth in found]


def _without_padding(depth: Tensor, shape: tuple[int, int], *, padded: bool) -> Tensor:
    """ZoeDepth's depths (n, h, w) at the images' size (n, H, W), without the border that its processor puts round images.

    transformers' own way needs torchvision, even with the PIL processor.
    """
    border = [int(math.sqrt(side / 2) * 3) if padded else 0 for side in shape]
    size = [side + 2 * more for side, more in zip(shape, border, strict=True)]
    whole = functional.interpolate(depth[:, None], size, mode="bicubic", align_corners=False)[:, 0]
    return whole[:, border[0] : border[0] + shape[0], border[1] : border[1] + shape[1]]


def make(options: Options) -> DepthEstimator:
    """An estimator that a transformers model makes.

    Raises:
        SeeingError: it cannot be loaded.
    """
    return TransformersDepth(options)
