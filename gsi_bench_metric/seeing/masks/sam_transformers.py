"""SAM and SAM 2 as transformers has them, asked by the rectangles of the projected boxes: one pass an image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional

from gsi_bench_metric.seeing.base import Mask, Segmenter, View
from gsi_bench_metric.seeing.options import Options
from gsi_bench_metric.seeing.transformers_model import load, name_of, processor, state_of

__all__ = ["TransformersSam", "make"]

_EXAMPLE = "facebook/sam-vit-base or facebook/sam2.1-hiera-small"
# ImageNet's, which SAM 2 was trained with.
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class TransformersSam:
    """Masks of SAM or SAM 2, for the device that `options` names.

    SAM 2's own image processor needs torchvision; what it does (the image as a square, ImageNet's normalisation) is done here.

    Raises:
        SeeingError: the model cannot be loaded.
    """

    def __init__(self, options: Options) -> None:
        config, self._model, self._device = load(
            "sam-transformers", options, _EXAMPLE, "AutoModelForMaskGeneration", ("sam", "sam2")
        )
        self._second = config.model_type == "sam2"
        self._processor: Any = None if self._second else processor(options)
        self.name = name_of(options)
        self.key = state_of(options, config, self._device)

    def segment(self, views: Sequence[View]) -> list[list[Mask | None]]:
        """See `Segmenter`."""
        return [self._masks(view) for view in views]

    def _masks(self, view: View) -> list[Mask | None]:
        rectangles = [view.rectangle(number) for number in range(len(view.things))]
        asked = np.array([r for r in rectangles if r is not None], dtype=np.float32).reshape(-1, 4)
        if not len(asked):
            return [None] * len(rectangles)
        found = iter(self._second_masks(view, asked) if self._second else self._first_masks(view, asked))
        return [None if r is None else next(found) for r in rectangles]

    @torch.inference_mode()
    def _first_masks(self, view: View, boxes: NDArray[np.float32]) -> NDArray[np.bool_]:
        inputs = self._processor(Image.fromarray(view.rgb), return_tensors="pt")
        (height, width), (h, w) = inputs["original_sizes"][0].tolist(), inputs["reshaped_input_sizes"][0].tolist()
        prompts = torch.tensor(boxes * np.array([w / width, h / height] * 2, np.float32))[None]
        pixels = inputs["pixel_values"].to(self._device)
        outputs = self._model(pixel_values=pixels, input_boxes=prompts.to(self._device))
        best = _best(outputs.pred_masks[0], outputs.iou_scores[0])
        side = pixels.shape[-1]
        whole = functional.interpolate(best[None], (side, side), mode="bilinear", align_corners=False)[..., :h, :w]
        return _at_size(whole, view.shape)

    @torch.inference_mode()
    def _second_masks(self, view: View, boxes: NDArray[np.float32]) -> NDArray[np.bool_]:
        side = self._model.prompt_encoder.input_image_size
        pixels = torch.tensor(view.rgb).permute(2, 0, 1)[None].float().to(self._device) / 255
        pixels = functional.interpolate(pixels, (side, side), mode="bilinear", align_corners=False, antialias=True)
        mean, std = (torch.tensor(v, device=self._device).view(3, 1, 1) for v in (_MEAN, _STD))
        height, width = view.shape
        prompts = torch.tensor(boxes * np.array([side / width, side / height] * 2, np.float32))[None]
        outputs = self._model(pixel_values=(pixels - mean) / std, input_boxes=prompts.to(self._device))
        return _at_size(_best(outputs.pred_masks[0], outputs.iou_scores[0])[None], view.shape)


def _best(masks: Tensor, scores: Tensor) -> Tensor:
    """Of the masks (n, m, h, w) of each object the one that scores (n, m) best: (n, h, w)."""
    return masks[torch.arange(len(masks), device=masks.device), scores.argmax(-1)]


def _at_size(masks: Tensor, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Logits (1, n, h, w) as masks (n, H, W)."""
    return np.asarray((functional.interpolate(masks, shape, mode="bilinear", align_corners=False)[0] > 0).cpu().numpy())


def make(options: Options) -> Segmenter:
    """SAM or SAM 2 by transformers.

    Raises:
        SeeingError: it cannot be loaded.
    """
    return TransformersSam(options)
